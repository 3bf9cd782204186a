//! Searching in an agent's passages.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::{Error, Result};

/// A request to search in an agent's passages. From [`AgentPassages::search`](super::AgentPassages::search).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct SearchAgentPassages {
    call: Call,
    id: types::AgentId,
    query: String,
    params: types::SearchAgentPassagesParams,
}

impl SearchAgentPassages {
    pub(super) fn new(call: Call, id: types::AgentId, query: String) -> Self {
        Self {
            call,
            id,
            query,
            params: types::SearchAgentPassagesParams::default(),
        }
    }

    fields! { params: types::SearchAgentPassagesParams;
        /// Only what has one of these tags.
        tags: [String],
        /// Whether one of `tags` is enough. By default it is.
        tag_match_mode: types::TagMatchMode,
        /// How many results there are at most. By default the server's own: 5 on a server 0.16.8.
        top_k: i64,
        /// Only what was stored at this time or later; RFC 3339.
        start_datetime: String,
        /// Only what was stored at this time or earlier; RFC 3339.
        end_datetime: String,
    }

    /// Sends the request, and returns what was found, the closest first.
    ///
    /// # Errors
    ///
    /// Before anything is sent: a [`top_k`](Self::top_k) below 1, or an ID that would name another resource (`agent_id`).
    /// After that: any failure of the service or the network.
    pub async fn send(self) -> Result<types::FoundAgentPassages> {
        if let Some(top_k) = self.params.top_k
            && top_k < 1
        {
            let rule = "must be at least 1";
            return Err(Error::invalid_input_got("top_k", rule, top_k.to_string()));
        }
        let outcome = self
            .call
            .api()
            .search_agent_passages(&self.id, &self.query, &self.params)
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(SearchAgentPassages => types::FoundAgentPassages);
