//! The files of a folder.

use letta_api::types::{self, FolderId};

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list a folder's files. From [`FolderHandle::files`](super::FolderHandle::files).
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the files on them.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListFolderFiles {
    call: Call,
    id: FolderId,
    params: types::ListFolderFilesParams,
}

impl ListFolderFiles {
    pub(super) fn new(call: Call, id: FolderId) -> Self {
        Self {
            call,
            id,
            params: types::ListFolderFilesParams::default(),
        }
    }

    fields! { params: types::ListFolderFilesParams;
        /// Only what comes before the item of this ID in the list.
        before: String,
        /// Only what comes after the item of this ID in the list.
        after: String,
        /// How many items a page holds at most. By default `1000`.
        limit: i64,
        /// By time: `asc` is the oldest first, `desc` the newest first.
        order: types::SortOrder,
        /// What to sort by.
        order_by: types::ItemSortField,
        /// Whether to return the text of each file too. By default `false`.
        include_content: bool,
    }
}

list!(ListFolderFiles => types::FileMetadata, |list, api|
    api.list_folder_files(&list.id, &list.params),
    api.list_folder_files_pages(&list.id, &list.params)
);
