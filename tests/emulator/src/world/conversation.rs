//! A conversation with an agent.

use letta_api::types::Conversation;
use serde::{Deserialize, Serialize};

use crate::world::table::Entity;
use crate::world::thread::Thread;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ConversationRecord {
    /// `in_context_message_ids` is empty here, and filled when it is shown.
    pub(crate) conversation: Conversation,
    pub(crate) thread: Thread,
}

impl Entity for ConversationRecord {
    fn id(&self) -> &str {
        self.conversation.id.as_str()
    }
}
