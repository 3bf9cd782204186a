//! One call of the generated client, and what it comes to.

use std::future::Future;
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
    /// Awaits the call. An answer of a success status that the description does not have is decoded as if
    /// it were the documented one: the call has had its effect, and what it gave must not be lost.
    pub(crate) async fn answer<T: DeserializeOwned>(
        &self,
        call: impl Future<Output = Result<ResponseValue<T>, letta_api::Error<ApiError>>>,
        secrets: &[&str],
    ) -> Result<ResponseValue<T>> {
        let response = match call.await {
            Ok(answer) => return Ok(answer),
            Err(letta_api::Error::UnexpectedResponse(response))
                if response.status().is_success() =>
            {
                response
            }
            Err(error) => return Err(self.error(error, secrets).await),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let problem = match response.bytes().await {
            Ok(body) => match serde_json::from_slice(&body) {
                Ok(value) => return Ok(ResponseValue::new(value, status, headers)),
                Err(_) => "the status is another, and so is the body",
            },
            // Only a body of another transport than ours may be unread yet.
            Err(error) => {
                let error = Error::from_lost_body(self.operation, status, &headers, error, secrets);
                return Err(error.after(self.course.attempts()));
            }
        };
        let error = Error::invalid_response(self.operation, status, &headers, problem, secrets);
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
