//! Deleting a tool.

use letta_api::types::ToolId;
use reqwest::StatusCode;

use crate::client::deletion::{Deletion, Target};
use crate::client::request::{Call, request};
use crate::error::Result;

/// The statuses by which the service says that it has no such tool. A server 0.16.8 answers 400.
const GONE: [StatusCode; 3] = [
    StatusCode::BAD_REQUEST,
    StatusCode::NOT_FOUND,
    StatusCode::GONE,
];

/// A request to delete a tool. From [`ServerToolHandle::delete`](super::ServerToolHandle::delete).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct DeleteServerTool {
    call: Call,
    id: ToolId,
}

impl DeleteServerTool {
    pub(super) fn new(call: Call, id: ToolId) -> Self {
        Self { call, id }
    }

    /// Sends the request, and repeats it if the answer is lost. A tool that is not there is no error: the
    /// [result](Deletion) says which it was.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`tool_id`). After that: any failure of the
    /// service or the network, and a 404 that is [not the service's own word](Deletion).
    pub async fn send(self) -> Result<Deletion> {
        let outcome = self.call.api().delete_tool(&self.id).await;
        let target = Target {
            kind: "Tool",
            id: self.id.as_str(),
        };
        Deletion::of_statuses(outcome, &target, &GONE)
    }
}

request!(DeleteServerTool => Deletion);
