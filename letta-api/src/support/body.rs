//! Request bodies that may be left out, and those that are forms.

use reqwest::RequestBuilder;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;

use crate::InvalidRequest;

/// Without a value, the request has no body and no `Content-Type`.
pub fn json_if_any(request: RequestBuilder, body: Option<impl Serialize>) -> RequestBuilder {
    match body {
        Some(body) => request.json(&body),
        None => request,
    }
}

/// Sends JSON under another name than `application/json`.
pub fn json_as(
    request: RequestBuilder,
    media_type: &'static str,
    body: &(impl Serialize + ?Sized),
) -> RequestBuilder {
    // reqwest names it only if it has no name.
    let kind = HeaderValue::from_static(media_type);
    request.header(CONTENT_TYPE, kind).json(body)
}

/// The same for a body that may be left out.
pub fn json_if_any_as(
    request: RequestBuilder,
    media_type: &'static str,
    body: Option<impl Serialize>,
) -> RequestBuilder {
    match body {
        Some(body) => json_as(request, media_type, &body),
        None => request,
    }
}

/// Sends a body as `application/x-www-form-urlencoded`.
///
/// # Errors
///
/// The value has lists or objects within it. A form cannot hold them.
pub fn form(
    request: RequestBuilder,
    body: &impl Serialize,
) -> Result<RequestBuilder, InvalidRequest> {
    let form = serde_urlencoded::to_string(body).map_err(|_| {
        let rule =
            "has a body that cannot be written as a form: a form has no lists or objects in it";
        InvalidRequest::whole(rule)
    })?;
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    Ok(request.header(CONTENT_TYPE, kind).body(form))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn post() -> RequestBuilder {
        reqwest::Client::new().post("https://example.com")
    }

    #[test]
    fn what_is_left_out_is_not_sent() {
        let without = json_if_any(post(), None::<&str>).build().unwrap();
        assert!(without.body().is_none());
        assert!(!without.headers().contains_key("content-type"));

        let with = json_if_any(post(), Some("a")).build().unwrap();
        assert_eq!(with.body().unwrap().as_bytes(), Some(&br#""a""#[..]));
        assert_eq!(with.headers()["content-type"], "application/json");
    }

    #[test]
    fn json_has_the_one_name_that_it_is_given() {
        let named = |request: RequestBuilder| {
            let request = request.build().unwrap();
            let mut names = request.headers().get_all("content-type").iter();
            let name = names.next().map(|it| it.to_str().unwrap().to_owned());
            assert!(names.next().is_none());
            let body = request
                .body()
                .and_then(|it| it.as_bytes())
                .map(<[u8]>::to_vec);
            (name, body)
        };
        let sent = (
            Some("application/vnd.api+json".to_owned()),
            Some(br#""a""#.to_vec()),
        );
        let name = "application/vnd.api+json";
        assert_eq!(named(json_as(post(), name, "a")), sent);
        assert_eq!(named(json_if_any_as(post(), name, Some("a"))), sent);
        assert_eq!(
            named(json_if_any_as(post(), name, None::<&str>)),
            (None, None)
        );
    }

    #[test]
    fn a_form_is_encoded_and_what_has_no_form_is_refused_unseen() {
        let request = form(post(), &json!({"a": "ä b&", "b": 1})).unwrap();
        let request = request.build().unwrap();
        let sent = request.body().unwrap().as_bytes().unwrap();
        assert_eq!(sent, b"a=%C3%A4+b%26&b=1");
        assert_eq!(
            request.headers()["content-type"],
            "application/x-www-form-urlencoded"
        );
        for body in [json!({"a": ["hunter2"]}), json!({"a": {"b": "hunter2"}})] {
            let refused = form(post(), &body).unwrap_err();
            assert_eq!(refused.field(), None);
            let message = refused.to_string();
            assert!(message.starts_with("the request has a body that cannot be"));
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
