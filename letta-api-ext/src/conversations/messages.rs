//! A conversation's messages.

use letta_api::types;

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list a conversation's messages, newest first by default. From
/// [`ConversationHandle::messages`](super::ConversationHandle::messages).
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the messages
/// on them.
///
/// A server 0.16.8 ignores a cursor that it does not know, and answers with the first page.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListConversationMessages {
    call: Call,
    id: types::ConversationId,
    params: types::ListConversationMessagesParams,
}

impl ListConversationMessages {
    pub(super) fn new(call: Call, id: types::ConversationId) -> Self {
        Self {
            call,
            id,
            params: types::ListConversationMessagesParams::default(),
        }
    }

    fields! { params: types::ListConversationMessagesParams;
        /// The agent, if the conversation is `default`: its own thread.
        agent_id: types::AgentId,
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
        /// Only messages of this group.
        group_id: types::GroupId,
        /// Whether messages of failed steps are listed too.
        include_err: bool,
        /// Only messages of these types. By default all types.
        include_return_message_types: [types::MessageType],
    }
}

list!(ListConversationMessages => types::Message, |list, api|
    api.list_conversation_messages(&list.id, &list.params),
    api.list_conversation_messages_pages(&list.id, &list.params)
);
