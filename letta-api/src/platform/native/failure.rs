//! What an error of the HTTP client tells.

use std::borrow::Cow;
use std::error::Error;

/// Whether no connection was made.
pub(crate) fn is_connect(error: &reqwest::Error) -> bool {
    error.is_connect()
}

/// Whether the name of the host could not be resolved.
pub(crate) fn is_dns(error: &reqwest::Error) -> bool {
    error.is_dns()
}

/// Why there is no answer, if the platform does not tell. A native one does.
pub(crate) fn untold(_: &reqwest::Error) -> Option<Cow<'static, str>> {
    None
}

/// Whether it is certain that no server worked on the request.
pub(crate) fn is_unprocessed(error: &reqwest::Error) -> bool {
    error.is_connect() || is_refused(error)
}

/// What to print in place of an error. `None` if it may be printed itself.
#[cfg(feature = "http2")]
pub(crate) fn substitute(error: &(dyn Error + 'static)) -> Option<String> {
    let error = error.downcast_ref::<h2::Error>()?;
    Some(match error.reason() {
        Some(reason) => format!("HTTP/2: {reason}"),
        None => "HTTP/2".to_owned(),
    })
}

/// Without the feature, errors of HTTP/2 are not read.
#[cfg(not(feature = "http2"))]
pub(crate) fn substitute(_: &(dyn Error + 'static)) -> Option<String> {
    None
}

/// Whether the server refused the stream (RFC 9113, section 8.7): this one, or all streams above an ID.
#[cfg(feature = "http2")]
fn is_refused(error: &reqwest::Error) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    let mut chain = std::iter::from_fn(|| {
        let error = next?;
        next = error.source();
        Some(error)
    });
    let refused = chain.find_map(|cause| cause.downcast_ref::<h2::Error>());
    refused.is_some_and(|error| {
        let reason = error.reason();
        error.is_remote()
            && ((error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM))
                || (error.is_go_away() && reason == Some(h2::Reason::NO_ERROR)))
    })
}

/// Without the feature, errors of HTTP/2 are not read.
#[cfg(not(feature = "http2"))]
fn is_refused(_: &reqwest::Error) -> bool {
    false
}
