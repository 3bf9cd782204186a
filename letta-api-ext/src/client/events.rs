//! Errors of the raw client's streams of events.

use std::fmt;

use letta_api::EventError;

use crate::error::Error;
use crate::error::kind::{Added, Kind};

/// An event that was not read.
struct InvalidEvent {
    /// What is wrong with it. It shows nothing of the event.
    problem: String,
}

impl Added for InvalidEvent {
    fn error_type(&self) -> &'static str {
        "invalid_event"
    }

    fn is_invalid_response(&self) -> bool {
        true
    }

    fn may_have_happened(&self) -> bool {
        true
    }
}

impl fmt::Display for InvalidEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

/// An event of an [`EventStream`](letta_api::EventStream) was not read. The error has no status, operation or request ID, and
/// shows nothing of the event.
///
/// If the body broke off, it is an error as for any other body. Otherwise it is an [invalid
/// response](Error::is_invalid_response), and the stream goes on.
impl From<EventError> for Error {
    fn from(error: EventError) -> Self {
        match error.lost_to() {
            Some(body) => Self::from_handed_body(body),
            None => Self::of(Kind::Added(Box::new(InvalidEvent {
                problem: error.to_string(),
            }))),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use letta_api::EventStream;

    use super::*;

    async fn error_of(body: &'static str, limit: usize) -> Error {
        let body = Bytes::from_static(body.as_bytes());
        let mut events = EventStream::<u8>::new(body.into()).with_event_limit(limit);
        events.next().await.unwrap().unwrap_err().into()
    }

    #[tokio::test]
    async fn an_event_that_was_not_read_is_an_invalid_response_that_shows_nothing_of_it() {
        for (body, limit, said) in [
            (
                "data: \"hunter2\"\n\n",
                100,
                "not what the description says",
            ),
            ("data: {\"a\": \"hunter2\"}\n\n", 10, "longer than 10 bytes"),
        ] {
            let error = error_of(body, limit).await;
            assert!(error.is_invalid_response() && error.may_have_happened());
            assert!(!error.is_retryable() && !error.is_timeout());
            let message = error.to_string();
            assert!(message.contains(said), "{message}");
            assert!(
                !format!("{error} {error:?}").contains("hunter2"),
                "{message}"
            );
        }
    }
}
