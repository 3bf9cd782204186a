//! Listing an agent's tools.

use letta_api::types;

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list an agent's tools. From [`AgentHandle::tools`](super::AgentHandle::tools).
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the tools on
/// them.
///
/// The list has no pages that follow. [`pages`](Self::pages) and [`items`](Self::items) ask for up to 1,000 tools,
/// unless [`limit`](Self::limit) is set. If there are as many as that, an error follows: there may be more.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListAgentTools {
    call: Call,
    id: types::AgentId,
    params: types::ListAgentToolsParams,
}

impl ListAgentTools {
    pub(super) fn new(call: Call, id: types::AgentId) -> Self {
        Self {
            call,
            id,
            params: types::ListAgentToolsParams::default(),
        }
    }

    fields! { params: types::ListAgentToolsParams;
        /// Only what comes before the item of this ID in the list.
        before: String,
        /// Only what comes after the item of this ID in the list.
        after: String,
        /// How many items a page holds at most. By default `10`.
        limit: i64,
        /// By time: `asc` is the oldest first, `desc` the newest first.
        order: types::SortOrder,
        /// What to sort by.
        order_by: types::ItemSortField,
    }
}

list!(ListAgentTools => types::Tool, |list, api|
    api.list_agent_tools(&list.id, &list.params),
    api.list_agent_tools_pages(&list.id, &list.params)
);
