//! Listing archives.

use letta_api::types;

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list archives. From [`Archives::list`](super::Archives::list). All filters must match.
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the archives on them.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListArchives {
    call: Call,
    params: types::ListArchivesParams,
}

impl ListArchives {
    pub(super) fn new(call: Call) -> Self {
        Self {
            call,
            params: types::ListArchivesParams::default(),
        }
    }

    fields! { params: types::ListArchivesParams;
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
        /// Only archives that this agent has.
        agent_id: types::AgentId,
    }
}

list!(ListArchives => types::Archive, |list, api| api.list_archives(&list.params), api.list_archives_pages(&list.params));
