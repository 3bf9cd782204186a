//! Getting a run.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request for a run. From [`RunHandle::get`](super::RunHandle::get).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct GetRun {
    call: Call,
    id: types::RunId,
}

impl GetRun {
    pub(super) fn new(call: Call, id: types::RunId) -> Self {
        Self { call, id }
    }

    /// Sends the request, and returns the run with its status.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`run_id`). After that: any failure of the
    /// service or the network. A run that does not exist is [not found](crate::Error::is_not_found).
    pub async fn send(self) -> Result<types::Run> {
        let outcome = self.call.api().get_run(&self.id).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(GetRun => types::Run);
