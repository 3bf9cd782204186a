//! The trace of a run.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;
use crate::pages::raw::check_limit;

/// A request for the spans that the service recorded of a run. From [`RunHandle::trace`](super::RunHandle::trace).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct GetRunTrace {
    call: Call,
    id: types::RunId,
    params: types::GetRunTraceParams,
}

impl GetRunTrace {
    pub(super) fn new(call: Call, id: types::RunId) -> Self {
        Self {
            call,
            id,
            params: types::GetRunTraceParams::default(),
        }
    }

    fields! { params: types::GetRunTraceParams;
        /// How many spans there are at most. By default `1000`.
        limit: i64,
    }

    /// Sends the request, and returns the spans as the service gives them. A server needs a store for traces.
    ///
    /// # Errors
    ///
    /// Before anything is sent: a [`limit`](Self::limit) below 1, or an ID that would name another resource (`run_id`). After that: any failure of the
    /// service or the network.
    pub async fn send(self) -> Result<Vec<serde_json::Map<String, serde_json::Value>>> {
        check_limit(self.params.limit)?;
        let outcome = self.call.api().get_run_trace(&self.id, &self.params).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(GetRunTrace => Vec<serde_json::Map<String, serde_json::Value>>);
