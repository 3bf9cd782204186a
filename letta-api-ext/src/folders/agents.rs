//! The agents that have a folder.

use letta_api::types::{self, FolderId};

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list the agents that have a folder. From [`FolderHandle::agents`](super::FolderHandle::agents).
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the IDs on them.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListFolderAgents {
    call: Call,
    id: FolderId,
    params: types::ListFolderAgentsParams,
}

impl ListFolderAgents {
    pub(super) fn new(call: Call, id: FolderId) -> Self {
        Self {
            call,
            id,
            params: types::ListFolderAgentsParams::default(),
        }
    }

    fields! { params: types::ListFolderAgentsParams;
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
    }
}

list!(ListFolderAgents => types::AgentId, |list, api|
    api.list_folder_agents(&list.id, &list.params),
    api.list_folder_agents_pages(&list.id, &list.params)
);
