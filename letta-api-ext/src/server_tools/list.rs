//! Listing tools.

use letta_api::types;

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list tools. From [`ServerTools::list`](super::ServerTools::list). All filters must match.
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the tools on them.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListServerTools {
    call: Call,
    params: types::ListToolsParams,
}

impl ListServerTools {
    pub(super) fn new(call: Call) -> Self {
        Self {
            call,
            params: types::ListToolsParams::default(),
        }
    }

    fields! { params: types::ListToolsParams;
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
        /// Only what has exactly this name.
        name: String,
        /// Only tools with one of these names.
        names: [String],
        /// Only tools with one of these IDs.
        tool_ids: [types::ToolId],
        /// Only tools with this text in the name.
        search: String,
        /// Only tools of these types, such as `custom`. An unknown type is refused (400).
        tool_types: [String],
        /// No tools of these types.
        exclude_tool_types: [String],
        /// Only the tools that the server comes with. By default `false`.
        return_only_letta_tools: bool,
    }
}

list!(ListServerTools => types::Tool, |list, api| api.list_tools(&list.params), api.list_tools_pages(&list.params));
