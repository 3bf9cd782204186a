//! Listing an agent's blocks.

use letta_api::types;

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list an agent's blocks. From [`AgentHandle::blocks`](super::AgentHandle::blocks).
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the blocks on
/// them.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListAgentBlocks {
    call: Call,
    id: types::AgentId,
    params: types::ListAgentBlocksParams,
}

impl ListAgentBlocks {
    pub(super) fn new(call: Call, id: types::AgentId) -> Self {
        Self {
            call,
            id,
            params: types::ListAgentBlocksParams::default(),
        }
    }

    fields! { params: types::ListAgentBlocksParams;
        /// Only what comes before the item of this ID in the list.
        before: String,
        /// Only what comes after the item of this ID in the list.
        after: String,
        /// How many items a page holds at most. By default `100`.
        limit: i64,
        /// By time: `asc` is the oldest first, `desc` the newest first.
        order: types::SortOrder,
        /// What to sort by.
        order_by: types::ItemSortField,
    }
}

list!(ListAgentBlocks => types::Block, |list, api|
    api.list_agent_blocks(&list.id, &list.params),
    api.list_agent_blocks_pages(&list.id, &list.params)
);
