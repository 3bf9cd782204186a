//! Creating a tool, or changing the one of its name.

use letta_api::types::{self, Tool};

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to create a tool or change it. From [`ServerTools::upsert`](super::ServerTools::upsert).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct UpsertServerTool {
    call: Call,
    body: types::CreateTool,
}

impl UpsertServerTool {
    pub(super) fn new(call: Call, source_code: impl Into<String>) -> Self {
        Self {
            call,
            body: types::CreateTool::new(source_code),
        }
    }

    fields! { body: types::CreateTool;
        /// What the tool does. The model reads it, unless the schema says it.
        description: String,
        /// Tags, for filters.
        tags: [String],
        /// The language of the code: `python` or `typescript`. By default `python`. TypeScript needs a `json_schema`.
        source_type: String,
        /// The schema of the tool as models see it. By default it is read from the code.
        json_schema: {json},
        /// The schema of the arguments alone.
        args_json_schema: {json},
        /// How many characters of the result the model sees at most. By default `50000`.
        return_char_limit: i64,
        /// Python packages that the code needs.
        pip_requirements: [types::PipRequirement],
        /// npm packages that the code needs.
        npm_requirements: [types::NpmRequirement],
        /// Whether calls need approval, unless an agent says otherwise.
        default_requires_approval: bool,
        /// Whether several calls may run at once. By default `false`.
        enable_parallel_execution: bool,
    }

    /// Sends the request, and returns the tool as it is now. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Any failure of the service or the network. The service refuses code from which it can read no schema (400).
    pub async fn send(self) -> Result<Tool> {
        let outcome = self.call.api().upsert_tool(&self.body).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(UpsertServerTool => Tool);
