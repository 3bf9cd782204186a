//! The messages of a run.

use letta_api::types;

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list what was said in a run. From [`RunHandle::messages`](super::RunHandle::messages).
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the messages
/// on them.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListRunMessages {
    call: Call,
    id: types::RunId,
    params: types::ListRunMessagesParams,
}

impl ListRunMessages {
    pub(super) fn new(call: Call, id: types::RunId) -> Self {
        Self {
            call,
            id,
            params: types::ListRunMessagesParams::default(),
        }
    }

    fields! { params: types::ListRunMessagesParams;
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

list!(ListRunMessages => types::Message, |list, api|
    api.list_run_messages(&list.id, &list.params),
    api.list_run_messages_pages(&list.id, &list.params)
);
