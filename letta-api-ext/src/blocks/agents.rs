//! The agents that have a block.

use letta_api::types::{self, BlockId};

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list the agents that have a block. From [`BlockHandle::agents`](super::BlockHandle::agents). [`send`](Self::send) returns
/// one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the agents on them.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListBlockAgents {
    call: Call,
    id: BlockId,
    params: types::ListBlockAgentsParams,
}

impl ListBlockAgents {
    pub(super) fn new(call: Call, id: BlockId) -> Self {
        Self {
            call,
            id,
            params: types::ListBlockAgentsParams::default(),
        }
    }

    fields! { params: types::ListBlockAgentsParams;
        /// Only what comes before the item of this ID in the list.
        before: String,
        /// Only what comes after the item of this ID in the list.
        after: String,
        /// How many items a page holds at most. By default `50`.
        limit: i64,
        /// By time: `asc` is the oldest first, `desc` the newest first.
        order: types::SortOrder,
        /// What to sort by.
        order_by: types::ItemSortField,
        /// Relations to fill in. What is not named is empty or null. By default `[]`.
        include: [types::AgentInclude],
    }
}

list!(ListBlockAgents => types::AgentState, |list, api|
    api.list_block_agents(&list.id, &list.params),
    api.list_block_agents_pages(&list.id, &list.params)
);
