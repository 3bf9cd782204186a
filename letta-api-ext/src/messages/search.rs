//! Searching messages.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;
use crate::pages::raw::check_limit;

/// A request to search messages. From [`Messages::search`](super::Messages::search).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct SearchMessages {
    call: Call,
    body: types::SearchMessagesRequest,
}

impl SearchMessages {
    pub(super) fn new(call: Call, query: impl Into<String>) -> Self {
        Self {
            call,
            body: types::SearchMessagesRequest::new(query),
        }
    }

    fields! { body: types::SearchMessagesRequest;
        /// How to search: by meaning, by words, or by both. By default `hybrid`.
        search_mode: types::SearchMode,
        /// Search only in messages of this agent.
        agent_id: types::AgentId,
        /// Search only in this conversation.
        conversation_id: types::ConversationId,
        /// How many results there are at most. By default `50`.
        limit: i64,
        /// Only what was stored at this time or later.
        start_date: String,
        /// Only what was stored at this time or earlier.
        end_date: String,
    }

    /// Sends the request, and returns the messages found, the best first. There are no further pages.
    ///
    /// # Errors
    ///
    /// Before anything is sent: a [`limit`](Self::limit) below 1. After that: any failure of the service or the network. A server without a store for vectors, as a self-hosted one is by
    /// default, refuses every search.
    pub async fn send(self) -> Result<Vec<types::MessageSearchResult>> {
        check_limit(self.body.limit)?;
        let outcome = self.call.api().search_messages(&self.body).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(SearchMessages => Vec<types::MessageSearchResult>);
