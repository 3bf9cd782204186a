//! Searching in passages.

use letta_api::types::{self, PassageSearchResult};

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::{Error, Result};
use crate::pages::raw::check_limit;

/// A request to search in passages. From [`Archives::search_passages`](super::Archives::search_passages) and
/// [`ArchiveHandle::search_passages`](super::ArchiveHandle::search_passages). All filters must match.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct SearchPassages {
    call: Call,
    body: types::SearchPassagesRequest,
}

impl SearchPassages {
    pub(super) fn new(call: Call, query: impl Into<String>) -> Self {
        Self {
            call,
            body: types::SearchPassagesRequest::new().with_query(query),
        }
    }

    fields! { body: types::SearchPassagesRequest;
        /// What to look for, in words. With an empty text, all passages match that the filters let through, and come in
        /// the order of their dates.
        query: String,
        /// Search only in the archives of this agent.
        agent_id: types::AgentId,
        /// Search only in this archive.
        archive_id: types::ArchiveId,
        /// Only passages with one of these tags.
        tags: [String],
        /// Whether one of `tags` is enough. By default `any`.
        tag_match_mode: types::TagMatchMode,
        /// How many results there are at most, from 1 to 100. By default `50`.
        limit: i64,
        /// Only what was stored at this time or later.
        start_date: String,
        /// Only what was stored at this time or earlier.
        end_date: String,
    }

    /// Sends the request, and returns what was found, the closest first.
    ///
    /// # Errors
    ///
    /// Before anything is sent: a [`limit`](Self::limit) below 1, or both an agent and an archive (`agent_id`). After
    /// that: any failure of the service or the network. An agent or an archive that does not exist is [not
    /// found](crate::Error::is_not_found).
    pub async fn send(self) -> Result<Vec<PassageSearchResult>> {
        check_limit(self.body.limit)?;
        if self.body.agent_id.value().is_some() && self.body.archive_id.value().is_some() {
            // The service would search the agent's archives, and pass over the archive.
            let rule = "must not be set together with `archive_id`: set one of them";
            return Err(Error::invalid_input("agent_id", rule, None));
        }
        let outcome = self.call.api().search_passages(&self.body).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(SearchPassages => Vec<PassageSearchResult>);
