//! Requests that another site's page makes in the user's name, and how they are told.

use axum::http::{HeaderMap, HeaderName, header};

use crate::origin::Origin;

/// Whether a page of the origin `own` sent a request with these headers.
///
/// Browsers write `Sec-Fetch-Site` and `Origin` themselves, and no script can change them. The first, where it is
/// there, must be `same-origin`. The second must be there and be `own`; where the first says `same-origin`, it may
/// also be missing, or be `null`, as it is when a page that sends no referrer submits a form. A header that is
/// there twice is not believed.
///
/// A [`TokenEndpoint`](super::TokenEndpoint) asks this by itself. Ask it for the application's other routes that
/// change something, such as signing in and out. Only browsers are bound by it: any other program sends what it
/// likes.
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
    const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    // What cannot be read, or is there twice, is none of the values that are looked for.
    let text = |name| {
        let mut values = headers.get_all(name).iter();
        let value = values.next()?;
        let alone = values.next().is_none();
        Some(value.to_str().ok().filter(|_| alone).unwrap_or("?"))
    };
    match (text(SEC_FETCH_SITE), text(header::ORIGIN)) {
        (Some("same-origin"), None | Some("null")) => true,
        (Some("same-origin") | None, Some(origin)) => origin == own.as_str(),
        _ => false,
    }
}
