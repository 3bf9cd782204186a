//! What an error of the HTTP client tells: `fetch` tells next to nothing, so that a page cannot explore the network.
//!
//! The error holds what JavaScript threw, as text. That may have a stack with the addresses of scripts, or the URL of the
//! request. None of it is printed.

use std::borrow::Cow;
use std::error::Error;

/// Why a page gets no answer. The browser's console has the reason.
const NO_ANSWER: &str = "a browser does not tell a page why. Usual causes: the service cannot be reached, or the network is \
                         down; the service does not allow this page's origin (CORS), which may be how it refuses a token; or \
                         something in the browser blocked the request, such as an extension or a content security policy. \
                         The browser's console names the cause";

/// Why a browser takes no request.
const NOT_SENT: &str = "a browser refuses it: its URL must hold no user name and no password, its method must not be CONNECT, \
                        TRACE or TRACK, and its headers must be ASCII";

/// Whether no connection was made. A browser does not tell.
pub(crate) fn is_connect(_: &reqwest::Error) -> bool {
    false
}

/// Whether the name of the host could not be resolved. A browser does not tell.
pub(crate) fn is_dns(_: &reqwest::Error) -> bool {
    false
}

/// Why there is no answer, if the platform does not tell.
pub(crate) fn untold(error: &reqwest::Error) -> Option<Cow<'static, str>> {
    (error.is_request() && !error.is_timeout()).then_some(NO_ANSWER.into())
}

/// Whether it is certain that no server worked on the request. A browser does not tell.
pub(crate) fn is_unprocessed(_: &reqwest::Error) -> bool {
    false
}

/// What to print in place of an error. `None` if it may be printed itself.
pub(crate) fn substitute(error: &(dyn Error + 'static)) -> Option<String> {
    let text = match error.downcast_ref::<reqwest::Error>() {
        Some(error) if error.is_builder() => NOT_SENT,
        Some(error) if error.is_timeout() => "timed out",
        Some(error) if error.is_request() => "no answer",
        Some(_) => "the body broke off",
        // What a script threw, or of another library.
        None => "unknown",
    };
    Some(text.to_owned())
}
