//! An agent's messages.

use letta_api::types;

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list an agent's messages, newest first by default. From
/// [`AgentHandle::messages`](super::AgentHandle::messages).
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the messages
/// on them.
///
/// Of the newest messages, a page has the oldest first. [`items`](Self::items) turns them round, so that they come in
/// the order that was asked for.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListAgentMessages {
    call: Call,
    id: types::AgentId,
    params: types::ListMessagesParams,
}

impl ListAgentMessages {
    pub(super) fn new(call: Call, id: types::AgentId) -> Self {
        Self {
            call,
            id,
            params: types::ListMessagesParams::default(),
        }
    }

    fields! { params: types::ListMessagesParams;
        /// Only older messages than this one. In descending order: the first ID of the last page.
        before: String,
        /// Only newer messages than this one. In ascending order: the last ID of the last page.
        after: String,
        /// How many items a page holds at most. By default `100`.
        limit: i64,
        /// By time: `asc` is the oldest first, `desc` the newest first.
        order: types::SortOrder,
        /// What to sort by.
        order_by: types::ItemSortField,
        /// Only messages of this group.
        group_id: types::GroupId,
        /// Only messages of this conversation. By default those of the agent's own thread.
        conversation_id: types::ConversationId,
        /// Whether messages of failed steps are listed too.
        include_err: bool,
        /// Only messages of these types. By default all types.
        include_return_message_types: [types::MessageType],
    }
}

list!(ListAgentMessages => types::Message, |list, api|
    api.list_messages(&list.id, &list.params),
    api.list_messages_pages(&list.id, &list.params)
);
