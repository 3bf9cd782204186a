//! Listing folders.

use letta_api::types;

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list folders. From [`Folders::list`](super::Folders::list).
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the folders on them.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListFolders {
    call: Call,
    params: types::ListFoldersParams,
}

impl ListFolders {
    pub(super) fn new(call: Call) -> Self {
        Self {
            call,
            params: types::ListFoldersParams::default(),
        }
    }

    fields! { params: types::ListFoldersParams;
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
    }
}

list!(ListFolders => types::Folder, |list, api| api.list_folders(&list.params), api.list_folders_pages(&list.params));
