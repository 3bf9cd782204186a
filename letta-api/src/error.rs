//! What can go wrong with a call.

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::failure::{InvalidRequest, TransportError};
use crate::response::{BodyError, InvalidPayload, Response, ResponseValue};

/// Why a call failed. `E` is the error body that the operation documents.
///
/// `Debug` and `Display` show the kind of the failure and the status. They never show a URL, a header, a body or a
/// secret: the service's message may repeat what it was sent. The variants and [`into_body`](Self::into_body) have what
/// the service said.
#[non_exhaustive]
pub enum Error<E = ()> {
    /// The request was refused before anything was sent.
    InvalidRequest(InvalidRequest),
    /// No answer arrived, or the [`Transport`](crate::Transport) gave up.
    Transport(TransportError),
    /// The service answered with an error that the description documents.
    ErrorResponse(Box<ResponseValue<E>>),
    /// The service answered with a status that the description does not document. The body may be
    /// unread.
    UnexpectedResponse(Response),
    /// An answer arrived, and its body broke off or is longer than the limit.
    #[non_exhaustive]
    ResponseBody {
        /// The head of the answer. The body is empty.
        response: Response,
        /// Why the body was not read.
        source: BodyError,
    },
    /// The body of a documented answer is not what the description says.
    InvalidPayload(Box<InvalidPayload>),
}

impl<E> Error<E> {
    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        Some(self.response()?.status())
    }

    /// The headers of the answer, if there was one.
    pub fn headers(&self) -> Option<&HeaderMap> {
        Some(self.response()?.headers())
    }

    /// What a [`Transport`](crate::Transport) noted in the answer as a `T`: see [`Response::extension`]. `None` if
    /// there was no answer, or no such note.
    ///
    /// ```
    /// #[derive(Clone, Debug)]
    /// struct Attempts(u32);
    ///
    /// fn attempts<E>(error: &letta_api::Error<E>) -> u32 {
    ///     error.extension().map_or(1, |Attempts(count)| *count)
    /// }
    /// ```
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.response()?.extension()
    }

    /// The answer, if there was one.
    fn response(&self) -> Option<&Response> {
        match self {
            Self::InvalidRequest(_) | Self::Transport(_) => None,
            Self::ErrorResponse(answer) => Some(answer.response()),
            Self::UnexpectedResponse(response) | Self::ResponseBody { response, .. } => {
                Some(response)
            }
            Self::InvalidPayload(payload) => Some(payload.response()),
        }
    }

    /// The body of an error answer, or of an answer that was not decoded. `None` if it could not be read. It may hold a
    /// secret, such as a token that was just made.
    pub async fn into_body(self) -> Option<Bytes> {
        match self {
            Self::ErrorResponse(answer) => Some(Bytes::copy_from_slice(answer.body())),
            Self::UnexpectedResponse(response) => response.bytes().await.ok(),
            Self::InvalidPayload(payload) => Some(payload.into_body()),
            _ => None,
        }
    }
}

impl<E> From<TransportError> for Error<E> {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

/// A request that was refused: generated code converts with `?`.
impl<E> From<InvalidRequest> for Error<E> {
    fn from(refused: InvalidRequest) -> Self {
        Self::InvalidRequest(refused)
    }
}

/// A request that could not be built: generated code converts with `?`.
impl<E> From<reqwest::Error> for Error<E> {
    fn from(error: reqwest::Error) -> Self {
        if error.is_builder() {
            let rule = "cannot be put together; its URL or its body cannot be sent";
            InvalidRequest::whole(rule).into()
        } else {
            Self::Transport(error.into())
        }
    }
}

impl<E> std::fmt::Display for Error<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InvalidRequest(refused) => write!(f, "invalid request: {refused}"),
            Self::Transport(error) => std::fmt::Display::fmt(error, f),
            Self::ErrorResponse(response) => {
                write!(f, "the service answered {}", response.status())
            }
            Self::UnexpectedResponse(response) => write!(
                f,
                "the service answered {}, which its description does not have",
                response.status()
            ),
            Self::ResponseBody { response, .. } => {
                let status = response.status();
                write!(f, "the body of a {status} answer could not be read")
            }
            Self::InvalidPayload(payload) => std::fmt::Display::fmt(payload, f),
        }
    }
}

impl<E> std::fmt::Debug for Error<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = match self {
            Self::InvalidRequest(refused) => return std::fmt::Debug::fmt(refused, f),
            Self::Transport(error) => return f.debug_tuple("Transport").field(error).finish(),
            Self::ErrorResponse(_) => f.debug_struct("ErrorResponse"),
            Self::UnexpectedResponse(_) => f.debug_struct("UnexpectedResponse"),
            Self::ResponseBody { source, .. } => {
                let mut out = f.debug_struct("ResponseBody");
                out.field("source", source);
                out
            }
            Self::InvalidPayload(payload) => {
                let mut out = f.debug_struct("InvalidPayload");
                out.field("problem", &payload.problem());
                out
            }
        };
        if let Some(status) = self.status() {
            out.field("status", &status.as_u16());
        }
        out.finish_non_exhaustive()
    }
}

impl<E> std::error::Error for Error<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Transport(error) => error.source(),
            Self::ResponseBody { source, .. } => Some(source),
            _ => None,
        }
    }
}
