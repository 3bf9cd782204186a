//! Detects requests that another site's page makes in the user's name.

use std::fmt;

use axum::http::{HeaderMap, HeaderName, StatusCode, header};

use super::problem::Problem;
use crate::error::redact;
use crate::ids::Origin;

/// Whether a page of the origin `own` sent the request with these headers.
///
/// Browsers set `Sec-Fetch-Site` and `Origin`, and no script can change them. If `Sec-Fetch-Site` is present, it must
/// be `same-origin`. `Origin` must be `own`. If `Sec-Fetch-Site` is `same-origin`, `Origin` may also be missing or
/// `null`, as in a form that was submitted by a page without a referrer. A header that is present twice makes the
/// answer `false`.
///
/// A [`TokenEndpoint`](super::TokenEndpoint) checks this itself. Check it also in the application's other routes that
/// change something, such as signing in and out, or use [`check_same_origin`], which makes the answer. Only browsers
/// are bound by it: any other program can send any header.
///
/// ```
/// use axum::http::{HeaderMap, HeaderValue, header};
/// use letta_api_ext::{Origin, token_endpoint::is_same_origin};
///
/// let own = Origin::new("https://chat.example.com")?;
/// let mut headers = HeaderMap::new();
/// assert!(!is_same_origin(&headers, &own));
/// headers.insert(header::ORIGIN, HeaderValue::from_static("https://chat.example.com"));
/// assert!(is_same_origin(&headers, &own));
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
pub fn is_same_origin(headers: &HeaderMap, own: &Origin) -> bool {
    verdict(headers, own).is_ok()
}

/// Like [`is_same_origin`], for handlers: the error is the answer, with status 403. Its [`detail`](Problem::detail)
/// says which rule the request breaks, and repeats nothing that another site sent. The headers and the origin `own`
/// are traced at WARN.
///
/// ```
/// use axum::http::HeaderMap;
/// use letta_api_ext::{Origin, token_endpoint::check_same_origin};
///
/// let own = Origin::new("https://chat.example.com")?;
/// let problem = check_same_origin(&HeaderMap::new(), &own).unwrap_err();
/// assert_eq!(
///     problem.detail(),
///     "Only a page of this application may ask for this. This request has neither an `Origin` nor a \
///      `Sec-Fetch-Site` header.",
/// );
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
///
/// # Errors
///
/// A request for which [`is_same_origin`] is `false`.
pub fn check_same_origin(headers: &HeaderMap, own: &Origin) -> Result<(), Problem> {
    let Err(rule) = verdict(headers, own) else {
        return Ok(());
    };
    tracing::event!(
        target: "letta_api_ext::token_endpoint",
        tracing::Level::WARN,
        letta.origin.configured = own.as_str(),
        http.request.header.origin = shown(headers, header::ORIGIN),
        http.request.header.sec_fetch_site = shown(headers, SEC_FETCH_SITE),
        http.response.status_code = 403_u16,
        "a request is refused as another site's: {rule} {}",
        rule.hint(),
    );
    let detail = format!("Only a page of this application may ask for this. {rule}");
    Err(Problem::new(StatusCode::FORBIDDEN, detail))
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Longest part of a header's values that is traced, in bytes.
const MOST_SHOWN: usize = 200;

/// The rule that a request breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    NoHeader,
    Unreadable(&'static str),
    /// The value of `Sec-Fetch-Site`, if it is one that browsers send.
    SentFrom(Option<&'static str>),
    NullOrigin,
    /// Whether the browser says that the page has the same origin as the address of the request.
    OtherOrigin {
        is_same_site: bool,
    },
}

impl Broken {
    /// The likely cause, if it is no attack. Not for other sites to read.
    fn hint(self) -> &'static str {
        match self {
            Self::OtherOrigin { is_same_site: true } => {
                "The browser says that the page was loaded from the address that it asks at, so the minter is for \
                 another origin than the page's: give `TokenMinter` the page's origin."
            }
            Self::OtherOrigin { .. } => {
                "If that is the page's own origin, the minter is for another one: give `TokenMinter` the page's origin."
            }
            Self::SentFrom(_) => {
                "The page that asks must be loaded from the address that it asks at."
            }
            Self::NoHeader => {
                "Browsers send them. For other callers, see `TokenEndpoint::without_cross_site_protection`."
            }
            Self::NullOrigin => "A sandboxed frame and a page from a file have no origin.",
            Self::Unreadable(_) => "A proxy may have added or changed it.",
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHeader => f.write_str(
                "This request has neither an `Origin` nor a `Sec-Fetch-Site` header.",
            ),
            Self::Unreadable(name) => write!(
                f,
                "This request's `{name}` header is there more than once, or is not plain text."
            ),
            Self::SentFrom(Some(site)) => write!(
                f,
                "This request's `Sec-Fetch-Site` header is `{site}`, and must be `same-origin`."
            ),
            Self::SentFrom(None) => {
                f.write_str("This request's `Sec-Fetch-Site` header is not `same-origin`.")
            }
            Self::NullOrigin => f.write_str("This request's `Origin` header is `null`."),
            Self::OtherOrigin { .. } => f.write_str(
                "This request's `Origin` header is not the origin that this application is configured for.",
            ),
        }
    }
}

fn verdict(headers: &HeaderMap, own: &Origin) -> Result<(), Broken> {
    let text = |name, shown| {
        let mut values = headers.get_all(name).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        match (value.to_str(), values.next()) {
            (Ok(text), None) => Ok(Some(text)),
            _ => Err(Broken::Unreadable(shown)),
        }
    };
    let site = text(SEC_FETCH_SITE, "Sec-Fetch-Site")?;
    let origin = text(header::ORIGIN, "Origin")?;
    let is_same_site = match site {
        Some("same-origin") => true,
        Some(other) => {
            let known = ["cross-site", "same-site", "none"];
            let known = known.into_iter().find(|known| *known == other);
            return Err(Broken::SentFrom(known));
        }
        None => false,
    };
    match origin {
        Some(origin) if origin == own.as_str() => Ok(()),
        None | Some("null") if is_same_site => Ok(()),
        None => Err(Broken::NoHeader),
        Some("null") => Err(Broken::NullOrigin),
        Some(_) => Err(Broken::OtherOrigin { is_same_site }),
    }
}

/// The values of a header, on one line and of limited length. `None` if the header is missing.
fn shown(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter().take(4);
    let first = values.next()?.as_bytes().to_vec();
    let all = values.fold(first, |mut all, value| {
        all.extend_from_slice(b" | ");
        all.extend_from_slice(value.as_bytes());
        all
    });
    let cut = &all[..all.len().min(MOST_SHOWN)];
    let mut text = redact::patterns(&cut.escape_ascii().to_string());
    if cut.len() < all.len() {
        text.push('…');
    }
    Some(text)
}
