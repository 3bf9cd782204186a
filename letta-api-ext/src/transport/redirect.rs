//! Decides where a redirect leads, and whether a request may follow it.

use letta_api::Response;
use reqwest::Method;
use reqwest::header::LOCATION;
use url::Url;

use crate::error::kind::Redirect;
use crate::error::wiped_url::WipedUrl;
use crate::platform;

/// Why a redirect to another origin is not followed.
pub(crate) const LEAVES_ORIGIN: &str = "a request does not leave its origin; check the base URL";

/// Redirects that are errors.
impl Redirect {
    pub(super) fn to_nowhere(from: &Url) -> Self {
        Self::new(from, from, "no request can be sent there")
    }

    pub(super) fn too_many(at: &Url) -> Self {
        Self::new(at, at, "too many redirects in a row")
    }

    pub(super) fn followed_by_client(from: &Url, to: &Url) -> Self {
        let rule = "the HTTP client, which should leave redirects alone, followed one; make it with \
                    `redirect::Policy::none()`";
        Self::new(from, to, rule)
    }

    pub(super) fn given_up_by_client(at: &Url) -> Self {
        let rule = "the HTTP client, which should leave redirects alone, followed some and gave up; make it \
                    with `redirect::Policy::none()`";
        Self::new(at, at, rule)
    }
}

/// Whether the answer to a request to `url` came from a forbidden place: the HTTP client followed a redirect to
/// another origin, or with an unknown method. A browser always follows redirects.
pub(super) fn is_foreign(url: &Url, answered: &Url, method: &Method) -> bool {
    if url == answered {
        return false;
    }
    let may_follow = platform::FOLLOWS_REDIRECTS || *method == Method::GET;
    !may_follow || url.origin() != answered.origin()
}

/// Whether two URLs have the same path. A slash at the end is ignored.
pub(super) fn is_same_path(one: &Url, other: &Url) -> bool {
    one.path().trim_end_matches('/') == other.path().trim_end_matches('/')
}

/// The target of an answer's redirect. `None` if it does not redirect, or does not say where to.
///
/// 307 and 308 keep the method; 303 makes it GET; 301 and 302 make POST into GET, and keep others.
pub(super) fn target(
    url: &Url,
    method: &Method,
    response: &Response,
) -> Option<Result<WipedUrl, Redirect>> {
    let keeps_method = match response.status().as_u16() {
        307 | 308 => true,
        301 | 302 => *method != Method::POST,
        303 => *method == Method::GET || *method == Method::HEAD,
        _ => return None,
    };
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let mut target = WipedUrl::join(url, location)?;
    // The origin of `blob:https://a.b/c` is that of `https://a.b`.
    if target.origin() != url.origin() || target.scheme() != url.scheme() {
        return Some(Err(Redirect::new(url, &target, LEAVES_ORIGIN)));
    }
    if !keeps_method {
        let rule = "it would turn the request into a GET";
        return Some(Err(Redirect::new(url, &target, rule)));
    }
    // A user name in a URL would replace the key.
    let _ = target.set_username("");
    let _ = target.set_password(None);
    target.set_fragment(None);
    Some(Ok(target))
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::*;

    fn redirect(method: &Method, status: u16, location: &str) -> Option<Result<String, String>> {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, location.parse().unwrap());
        let response = Response::new(StatusCode::from_u16(status).unwrap(), headers, "");
        let url = Url::parse("https://api.letta.com/v1/agents?limit=2").unwrap();
        let target = target(&url, method, &response)?;
        Some(match target {
            Ok(url) => Ok(url.to_string()),
            Err(refused) => Err(format!(
                "{} to {}: {}",
                refused.from, refused.to, refused.rule
            )),
        })
    }

    #[test]
    fn a_redirect_within_the_origin_is_followed() {
        for (location, target) in [
            ("/v1/agents/", "https://api.letta.com/v1/agents/"),
            (
                "agents/?limit=2#x",
                "https://api.letta.com/v1/agents/?limit=2",
            ),
            ("https://api.letta.com:443/x", "https://api.letta.com/x"),
            ("https://user:pw@API.letta.com/x", "https://api.letta.com/x"),
            ("//api.letta.com/x", "https://api.letta.com/x"),
        ] {
            for (method, status) in [
                (Method::GET, 301),
                (Method::GET, 303),
                (Method::POST, 307),
                (Method::DELETE, 302),
                (Method::DELETE, 308),
            ] {
                let found = redirect(&method, status, location);
                assert_eq!(found, Some(Ok(target.to_owned())), "{method} {location}");
            }
        }
    }

    #[test]
    fn a_redirect_to_another_origin_is_refused() {
        for (location, to) in [
            ("https://evil.example/x", "https://evil.example"),
            ("http://api.letta.com/v1/agents", "http://api.letta.com"),
            ("https://api.letta.com:8443/", "https://api.letta.com:8443"),
            (
                "https://api.letta.com@evil.example/",
                "https://evil.example",
            ),
            ("//evil.example", "https://evil.example"),
            ("data:text/plain,x", "null"),
            ("blob:https://api.letta.com/x", "https://api.letta.com"),
        ] {
            let refused = redirect(&Method::GET, 308, location).unwrap().unwrap_err();
            let names = format!("https://api.letta.com to {to}:");
            assert!(refused.starts_with(&names), "{refused}");
        }
    }

    #[test]
    fn a_redirect_that_changes_the_method_is_refused() {
        for (method, status) in [
            (Method::POST, 301),
            (Method::POST, 302),
            (Method::POST, 303),
            (Method::DELETE, 303),
            (Method::PATCH, 303),
        ] {
            let refused = redirect(&method, status, "/v1/x").unwrap().unwrap_err();
            assert!(
                refused.contains("into a GET"),
                "{method} {status}: {refused}"
            );
        }
    }

    #[test]
    fn an_answer_without_a_target_is_no_redirect() {
        for (status, location) in [
            (300, "/x"),
            (304, "/x"),
            (305, "/x"),
            (200, "/x"),
            (307, "https://"),
        ] {
            assert_eq!(
                redirect(&Method::GET, status, location),
                None,
                "{status} {location}"
            );
        }
    }
}
