//! Listing an agent's passages.

use letta_api::types;

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list an agent's passages. From [`AgentPassages::list`](super::AgentPassages::list).
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the passages on
/// them. They move on by `after` if the oldest come first, and by `before` if the newest do. An agent that does not exist has no
/// passages.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListAgentPassages {
    call: Call,
    id: types::AgentId,
    params: types::ListAgentPassagesParams,
}

impl ListAgentPassages {
    pub(super) fn new(call: Call, id: types::AgentId) -> Self {
        Self {
            call,
            id,
            params: types::ListAgentPassagesParams::default(),
        }
    }

    fields! { params: types::ListAgentPassagesParams;
        /// Only what comes after the item of this ID in the list.
        after: String,
        /// Only what comes before the item of this ID in the list.
        before: String,
        /// How many items a page holds at most. By default `100`.
        limit: i64,
        /// Only what has this text, in any case.
        search: String,
        /// Whether the oldest come first. By default `true`.
        ascending: bool,
    }
}

list!(ListAgentPassages => types::Passage, |list, api|
    api.list_agent_passages(&list.id, &list.params),
    api.list_agent_passages_pages(&list.id, &list.params)
);
