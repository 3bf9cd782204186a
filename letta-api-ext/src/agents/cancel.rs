//! Cancelling an agent's runs.

use letta_api::types;

use crate::client::cancellation::Cancellation;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to stop runs of an agent. From [`AgentHandle::cancel`](super::AgentHandle::cancel). What that does and
/// does not do, [`Cancellation`](crate::Cancellation#what-cancelling-does) says.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct CancelRuns {
    call: Call,
    id: types::AgentId,
    body: types::CancelRunsRequest,
}

impl CancelRuns {
    pub(super) fn new(call: Call, id: types::AgentId) -> Self {
        Self {
            call,
            id,
            body: types::CancelRunsRequest::default(),
        }
    }

    fields! { body: types::CancelRunsRequest;
        /// The runs to cancel. By default all active runs of the agent.
        run_ids: [types::RunId],
    }

    /// Sends the request, and returns what the service says of each run. An agent that has no run to cancel is no
    /// error: the [result](Cancellation) says so. Without [`run_ids`](Self::run_ids), the service may take the newest
    /// run for active, although it has ended.
    ///
    /// The request is not repeated if its answer is lost. It is safe to send it again.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`). After that: any failure of the
    /// service or the network.
    pub async fn send(self) -> Result<Cancellation> {
        let outcome = self
            .call
            .api()
            .cancel_runs(&self.id, Some(&self.body))
            .await;
        Cancellation::of(outcome)
    }
}

request!(CancelRuns => Cancellation);
