//! Listing messages of all agents.

use letta_api::types;

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list the messages of all agents. From [`Messages::list`](super::Messages::list).
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the messages
/// on them.
///
/// Of the newest messages, a page has the oldest first. [`items`](Self::items) turns them round, so that they come in
/// the order that was asked for.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListAllMessages {
    call: Call,
    params: types::ListAllMessagesParams,
}

impl ListAllMessages {
    pub(super) fn new(call: Call) -> Self {
        Self {
            call,
            params: types::ListAllMessagesParams::default(),
        }
    }

    fields! { params: types::ListAllMessagesParams;
        /// Only what comes before the item of this ID in the list.
        before: String,
        /// Only what comes after the item of this ID in the list.
        after: String,
        /// How many items a page holds at most. By default `100`.
        limit: i64,
        /// By time: `asc` is the oldest first, `desc` the newest first.
        order: types::SortOrder,
        /// Only messages of this conversation.
        conversation_id: types::ConversationId,
        /// Only messages of these types. By default all types.
        include_return_message_types: [types::MessageType],
    }
}

list!(ListAllMessages => types::Message, |list, api|
    api.list_all_messages(&list.params),
    api.list_all_messages_pages(&list.params)
);
