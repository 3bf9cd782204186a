//! Changing a tool.

use letta_api::types::{self, ToolId};

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::client::update;
use crate::error::Result;

/// A request to change a tool. From [`ServerToolHandle::update`](super::ServerToolHandle::update). Only what is set is sent.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct UpdateServerTool {
    call: Call,
    id: ToolId,
    body: types::UpdateTool,
}

impl UpdateServerTool {
    pub(super) fn new(call: Call, id: ToolId) -> Self {
        Self {
            call,
            id,
            body: types::UpdateTool::new(),
        }
    }

    fields! { body: types::UpdateTool;
        /// What the tool does. The model reads it.
        description: String,
        /// Tags, for filters.
        tags: [String],
        /// The code. The schema stays as it is: set `json_schema` too if the arguments change.
        source_code: String,
        /// The language of the code.
        source_type: String,
        /// The schema of the tool as models see it.
        json_schema: {json},
        /// The schema of the arguments alone.
        args_json_schema: {json},
        /// How many characters of the result the model sees at most.
        return_char_limit: i64,
        /// Python packages that the code needs.
        pip_requirements: [types::PipRequirement],
        /// npm packages that the code needs.
        npm_requirements: [types::NpmRequirement],
        /// Anything that the caller wants to keep with it. It replaces what was there.
        metadata: {json},
        /// Whether calls need approval, unless an agent says otherwise.
        default_requires_approval: bool,
        /// Whether several calls may run at once. By default `false`.
        enable_parallel_execution: bool,
    }

    /// Sends the request, and returns the tool as it is now. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an update that sets nothing (`update`), or an ID that would name another resource
    /// (`tool_id`). After that: any failure of the service or the network. The service
    /// refuses code that does not have the tool's name in it, and a schema with the name of another tool.
    pub async fn send(self) -> Result<types::Tool> {
        update::check(&self.body)?;
        let outcome = self.call.api().update_tool(&self.id, &self.body).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(UpdateServerTool => types::Tool);
