//! One call of the generated client, and what it comes to.

use std::sync::Arc;

use letta_api::types::ApiError;
use letta_api::{Operation, ResponseValue};
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::transport::Course;

/// A call about to be made. From [`Letta::call`](crate::Letta::call).
pub(crate) struct Call {
    /// The client to make it with, once.
    pub(crate) api: letta_api::Client,
    pub(crate) operation: &'static Operation,
    pub(crate) course: Arc<Course>,
}

impl Call {
    /// What an outcome comes to. A success has had its effect, and what it gave must not be lost: one of a status that
    /// the description does not have is decoded as if it were the documented one, and one whose body is not
    /// as documented is put to `salvage`.
    pub(crate) async fn answer<T: DeserializeOwned>(
        &self,
        outcome: Result<ResponseValue<T>, letta_api::Error<ApiError>>,
        salvage: fn(&[u8]) -> Option<T>,
        secrets: &[&str],
    ) -> Result<ResponseValue<T>> {
        // Boxed where it fails: a future is as large as its largest part.
        let response = match outcome {
            Ok(answer) => return Ok(answer),
            Err(letta_api::Error::UnexpectedResponse(response))
                if response.status().is_success() =>
            {
                response
            }
            Err(letta_api::Error::InvalidPayload(payload)) if payload.status().is_success() => {
                return match salvage(payload.body()) {
                    Some(value) => {
                        let (status, headers) = (payload.status(), payload.headers().clone());
                        Ok(ResponseValue::new(value, status, headers))
                    }
                    None => {
                        let error = letta_api::Error::InvalidPayload(payload);
                        Err(Box::pin(self.error(error, secrets)).await)
                    }
                };
            }
            Err(error) => return Err(Box::pin(self.error(error, secrets)).await),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let error = match Box::pin(response.bytes()).await {
            Ok(body) => {
                let value = letta_api::read_json(&body).ok();
                if let Some(value) = value.or_else(|| salvage(&body)) {
                    return Ok(ResponseValue::new(value, status, headers));
                }
                let problem = match letta_api::is_html(&headers, &body) {
                    true => letta_api::HTML_NOT_JSON,
                    false => "neither status nor body is as the API description has it",
                };
                Error::invalid_response(self.operation, status, &headers, problem, secrets)
            }
            // Only a body of another transport than ours may be unread yet.
            Err(error) => Error::from_lost_body(self.operation, status, &headers, &error, secrets),
        };
        Err(error.after(self.course.attempts()))
    }

    /// What a failed call comes to.
    pub(crate) async fn error(&self, error: letta_api::Error<ApiError>, secrets: &[&str]) -> Error {
        let error = Error::from_api(error, self.operation, secrets).await;
        error.after(self.course.attempts())
    }

    /// An answer whose content makes no sense.
    pub(crate) fn invalid<T>(
        &self,
        answer: &ResponseValue<T>,
        problem: &str,
        secrets: &[&str],
    ) -> Error {
        let (status, headers) = (answer.status(), answer.headers());
        let error = Error::invalid_response(self.operation, status, headers, problem, secrets);
        error.after(self.course.attempts())
    }
}
