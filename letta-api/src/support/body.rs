//! Request bodies that may be left out.

/// Called by generated code. Without a value, the request has no body and no `Content-Type`.
#[allow(dead_code, reason = "whether this is used is up to the description")]
pub(crate) fn json_if_any(
    request: reqwest::RequestBuilder,
    body: Option<impl serde::Serialize>,
) -> reqwest::RequestBuilder {
    match body {
        Some(body) => request.json(&body),
        None => request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: Option<&str>) -> reqwest::Request {
        let request = reqwest::Client::new().post("https://example.com");
        json_if_any(request, body).build().unwrap()
    }

    #[test]
    fn what_is_left_out_is_not_sent() {
        let without = request(None);
        assert!(without.body().is_none());
        assert!(!without.headers().contains_key("content-type"));

        let with = request(Some("a"));
        assert_eq!(with.body().unwrap().as_bytes(), Some(&br#""a""#[..]));
        assert_eq!(with.headers()["content-type"], "application/json");
    }
}
