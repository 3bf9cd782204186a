//! Turns a result of the raw client into an answer, or into one of our errors.
//!
//! In goes `Result<ResponseValue<T>, letta_api::Error<E>>`. Out comes `Result<Answer<T>>`: the value with the
//! [`CallFacts`] of its call, so that errors about the value know the operation, the attempts and the secrets to
//! redact.

use std::ops::Deref;

use letta_api::{
    BodyError, InvalidPayload, InvalidRequest, Operation, Response, ResponseValue, TransportError,
};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

use crate::error::kind::{Kind, Route};
use crate::error::{Error, Result};
use crate::time::service_clock::ServiceDate;
use crate::transport::CallFacts;

/// A success, with what is known about its call.
pub(crate) struct Answer<T>(ResponseValue<T>);

impl<T: DeserializeOwned> Answer<T> {
    /// Turns a result of the raw client into an answer or an error.
    ///
    /// A success has had its effect, so its value must not be lost. If its status is not in the API description, it
    /// is decoded like the documented one.
    pub(crate) fn of<E>(outcome: Result<ResponseValue<T>, letta_api::Error<E>>) -> Result<Self> {
        Self::or_salvaged(outcome, |_| None)
    }

    /// Like [`of`](Self::of). If the body of a success is invalid, `salvage` gets it.
    pub(crate) fn or_salvaged<E>(
        outcome: Result<ResponseValue<T>, letta_api::Error<E>>,
        salvage: fn(&[u8]) -> Option<T>,
    ) -> Result<Self> {
        match outcome {
            Ok(answer) => Ok(Self(answer)),
            Err(letta_api::Error::UnexpectedResponse(response))
                if response.status().is_success() =>
            {
                let body = response.buffered_body();
                match letta_api::read_json(body).ok().or_else(|| salvage(body)) {
                    Some(value) => Ok(Self(response.with_value(value))),
                    None => Err(undocumented(&response)),
                }
            }
            Err(letta_api::Error::InvalidPayload(payload)) if payload.status().is_success() => {
                match salvage(payload.body()) {
                    Some(value) => Ok(Self(payload.with_value(value))),
                    None => Err(letta_api::Error::<E>::InvalidPayload(payload).into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl<T> From<ResponseValue<T>> for Answer<T> {
    fn from(answer: ResponseValue<T>) -> Self {
        Self(answer)
    }
}

impl<T> Answer<T> {
    /// The facts about the call. `None` if the answer came through another transport.
    pub(crate) fn facts(&self) -> Option<&CallFacts> {
        CallFacts::of(&self.0)
    }

    /// The `Date` of the answer, if it has one.
    pub(crate) fn date(&self) -> Option<ServiceDate> {
        self.facts()?.date(self.0.headers())
    }

    /// The value without the facts.
    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }

    /// The same answer with another value.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        Answer(self.0.map(change))
    }

    /// An error about the content of the answer.
    pub(crate) fn invalid(&self, problem: impl Into<String>) -> Error {
        self.error(|known| {
            Error::invalid_response(
                known.operation,
                known.status,
                known.headers,
                problem,
                known.secrets,
            )
        })
    }

    /// Makes an error about the answer from the facts about its call.
    pub(crate) fn error(&self, make: impl FnOnce(&Known<'_>) -> Error) -> Error {
        Known::of(self.facts(), self.0.status(), self.0.headers(), make)
    }
}

impl<T> Deref for Answer<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// The facts that an error about an answer is made from.
pub(crate) struct Known<'a> {
    pub(crate) operation: Option<&'static Operation>,
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    /// Texts that no message may contain.
    pub(crate) secrets: &'a [&'a str],
}

impl Known<'_> {
    /// Makes an error about an answer with this head. There are no facts if the answer came through another transport
    /// than ours.
    pub(crate) fn of(
        facts: Option<&CallFacts>,
        status: StatusCode,
        headers: &HeaderMap,
        make: impl FnOnce(&Known<'_>) -> Error,
    ) -> Error {
        let Some(facts) = facts else {
            return make(&Known {
                operation: None,
                status,
                headers,
                secrets: &[],
            });
        };
        let error = facts.with_secrets(|secrets| {
            make(&Known {
                operation: Some(facts.operation()),
                status,
                headers,
                secrets,
            })
        });
        error.after(facts.attempts_until(headers))
    }
}

/// The error for a success status that is not documented.
pub(crate) fn undocumented(response: &Response) -> Error {
    let (status, headers) = (response.status(), response.headers());
    Known::of(response.extension(), status, headers, |known| {
        let problem = match letta_api::is_html(headers, response.buffered_body()) {
            true => letta_api::HTML_NOT_JSON,
            false => "neither status nor body matches the API description",
        };
        Error::invalid_response(known.operation, status, headers, problem, known.secrets)
    })
}

/// Converts the errors of the raw client, of any operation.
///
/// For a call through [`Letta::api`](crate::Letta::api), nothing is lost: the operation, the number of attempts,
/// whether it may have happened, and what the service said. For a call through a [`letta_api::Client`] with another
/// transport, the error has what the answer says.
///
/// ```no_run
/// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
/// use letta_api_ext::letta_api::types::ListClientSideAccessTokensParams;
///
/// let params = ListClientSideAccessTokensParams::default();
/// let page = letta.api().list_client_side_access_tokens(&params).await?;
/// # Ok(())
/// # }
/// ```
impl<E> From<letta_api::Error<E>> for Error {
    fn from(error: letta_api::Error<E>) -> Self {
        let facts = error.extension::<CallFacts>().cloned();
        let about = |status, headers: &HeaderMap, make: &dyn Fn(&Known<'_>) -> Self| {
            Known::of(facts.as_ref(), status, headers, make)
        };
        let of_status = |status, headers: &HeaderMap, body: &[u8]| {
            about(status, headers, &|known| {
                Self::from_status(known.operation, status, headers, body, known.secrets)
            })
        };
        match error {
            letta_api::Error::InvalidRequest(refused) => refused.into(),
            letta_api::Error::Transport(error) => match error.downcast::<Self>() {
                // Our own transport made it, and it is complete.
                Ok(error) => error,
                Err(error) => Self::from_transport(&error, None, None, &[]),
            },
            letta_api::Error::ErrorResponse(answer) => {
                of_status(answer.status(), answer.headers(), answer.body())
            }
            letta_api::Error::UnexpectedResponse(response) if response.status().is_success() => {
                undocumented(&response)
            }
            letta_api::Error::UnexpectedResponse(response) => of_status(
                response.status(),
                response.headers(),
                response.buffered_body(),
            ),
            letta_api::Error::ResponseBody {
                response, source, ..
            } => {
                let (status, headers) = (response.status(), response.headers());
                about(status, headers, &|known| {
                    Self::from_lost_body(known.operation, status, headers, &source, known.secrets)
                })
            }
            letta_api::Error::InvalidPayload(payload) if payload.status().is_success() => {
                let (status, headers) = (payload.status(), payload.headers());
                about(status, headers, &|known| {
                    let problem = payload.problem();
                    Self::invalid_response(known.operation, status, headers, problem, known.secrets)
                })
            }
            // An error answer of undocumented form is still an error answer.
            letta_api::Error::InvalidPayload(payload) => {
                of_status(payload.status(), payload.headers(), payload.body())
            }
            // The enum may grow. Keep at least the status.
            other => match (other.status(), other.headers()) {
                (Some(status), Some(headers)) => of_status(status, headers, &[]),
                _ => {
                    let (status, route) = (None, Route::default());
                    Self::of(Kind::Interrupted { status, route })
                }
            },
        }
    }
}

/// A request of [`letta_api::Client::execute`] got no answer.
impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        letta_api::Error::<()>::Transport(error).into()
    }
}

/// [`ResponseValue::decode_json`] could not decode a body.
impl From<InvalidPayload> for Error {
    fn from(payload: InvalidPayload) -> Self {
        letta_api::Error::<()>::InvalidPayload(Box::new(payload)).into()
    }
}

/// The body of an answer was not read to its end, for instance a [`ByteStream`](letta_api::ByteStream). The error has no
/// status, operation or request ID.
///
/// ```no_run
/// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
/// use letta_api_ext::reqwest::Method;
///
/// let mut events = letta.request(Method::GET, "/v1/events").stream().await?;
/// while let Some(piece) = events.next().await {
///     println!("{} bytes", piece?.len());
/// }
/// # Ok(())
/// # }
/// ```
impl From<BodyError> for Error {
    fn from(error: BodyError) -> Self {
        Self::from_handed_body(&error)
    }
}

/// The raw client refused a parameter or the whole request.
impl From<InvalidRequest> for Error {
    fn from(refused: InvalidRequest) -> Self {
        Self::of(Kind::InvalidInput {
            field: refused.field().unwrap_or("request"),
            rule: refused.rule().into(),
            got: None,
        })
    }
}
