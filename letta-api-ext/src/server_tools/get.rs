//! Getting a tool.

use letta_api::types::{self, ToolId};

use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request for a tool. From [`ServerToolHandle::get`](super::ServerToolHandle::get).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct GetServerTool {
    call: Call,
    id: ToolId,
}

impl GetServerTool {
    pub(super) fn new(call: Call, id: ToolId) -> Self {
        Self { call, id }
    }

    /// Sends the request, and returns the tool.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`tool_id`). After that: any failure of the
    /// service or the network. A tool that does not exist is [not found](crate::Error::is_not_found).
    pub async fn send(self) -> Result<types::Tool> {
        let outcome = self.call.api().get_tool(&self.id).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(GetServerTool => types::Tool);
