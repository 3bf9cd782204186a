//! Searching tools.

use letta_api::types::{self, ToolSearchResult};

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;
use crate::pages::raw::check_limit;

/// A request to search tools. From [`ServerTools::search`](super::ServerTools::search). All filters must match.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct SearchServerTools {
    call: Call,
    body: types::SearchToolsRequest,
}

impl SearchServerTools {
    pub(super) fn new(call: Call, query: impl Into<String>) -> Self {
        Self {
            call,
            body: types::SearchToolsRequest::new().with_query(query),
        }
    }

    fields! { body: types::SearchToolsRequest;
        /// What to look for, in words.
        query: String,
        /// How to search: by meaning, by words, or by both. By default `hybrid`.
        search_mode: types::SearchMode,
        /// Only tools of these types, such as `custom`.
        tool_types: [String],
        /// Only tools with one of these tags.
        tags: [String],
        /// How many results there are at most. By default `50`.
        limit: i64,
    }

    /// Sends the request, and returns what was found, the best first.
    ///
    /// # Errors
    ///
    /// Before anything is sent: a [`limit`](Self::limit) below 1. After that: any failure of the service or the network. A
    /// server that does not embed its tools refuses the search (400).
    pub async fn send(self) -> Result<Vec<ToolSearchResult>> {
        check_limit(self.body.limit)?;
        let outcome = self.call.api().search_tools(&self.body).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(SearchServerTools => Vec<ToolSearchResult>);
