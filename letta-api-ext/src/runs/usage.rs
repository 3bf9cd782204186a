//! What a run used.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request for the tokens that a run used. From [`RunHandle::usage`](super::RunHandle::usage).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct GetRunUsage {
    call: Call,
    id: types::RunId,
}

impl GetRunUsage {
    pub(super) fn new(call: Call, id: types::RunId) -> Self {
        Self { call, id }
    }

    /// Sends the request, and returns how many tokens all steps of the run took together.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`run_id`). After that: any failure of the
    /// service or the network.
    pub async fn send(self) -> Result<types::RunUsage> {
        let outcome = self.call.api().get_run_usage(&self.id).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(GetRunUsage => types::RunUsage);
