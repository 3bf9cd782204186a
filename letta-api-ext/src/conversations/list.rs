//! Listing conversations.

use letta_api::types;

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list conversations. From [`Conversations::list`](super::Conversations::list). All filters must match.
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the
/// conversations on them.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListConversations {
    call: Call,
    params: types::ListConversationsParams,
}

impl ListConversations {
    pub(super) fn new(call: Call) -> Self {
        Self {
            call,
            params: types::ListConversationsParams::default(),
        }
    }

    fields! { params: types::ListConversationsParams;
        /// Only conversations with this agent.
        agent_id: types::AgentId,
        /// How many items a page holds at most. By default `50`.
        limit: i64,
        /// The last ID of the last page. Moves on in both orders; an unknown ID is a 404.
        after: String,
        /// Only conversations with this text in the summary.
        summary_search: String,
        /// By time: `asc` is the oldest first, `desc` the newest first.
        order: types::SortOrder,
        /// What to sort by.
        order_by: types::ConversationSortField,
    }
}

list!(ListConversations => types::Conversation, |list, api|
    api.list_conversations(&list.params),
    api.list_conversations_pages(&list.params)
);
