//! A handle to a conversation.

use letta_api::types::ConversationId;

use crate::Letta;

/// One conversation. From [`Letta::conversation`]. Making it sends nothing.
#[derive(Clone, Debug)]
pub struct ConversationHandle {
    letta: Letta,
    id: ConversationId,
}

impl Letta {
    /// A handle to the conversation with this ID. It sends nothing, so the conversation need not exist.
    ///
    /// Text that would name another resource, such as an empty one, is refused when a request is sent.
    ///
    /// ```
    /// use letta_api_ext::Letta;
    ///
    /// let conversation = Letta::local()?.conversation("conv-1");
    /// assert_eq!(conversation.id().as_str(), "conv-1");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn conversation(&self, id: impl Into<ConversationId>) -> ConversationHandle {
        ConversationHandle {
            letta: self.clone(),
            id: id.into(),
        }
    }
}

impl ConversationHandle {
    /// The conversation's ID.
    pub fn id(&self) -> &ConversationId {
        &self.id
    }

    #[allow(dead_code, reason = "what it is used by has features of its own")]
    pub(crate) fn letta(&self) -> &Letta {
        &self.letta
    }
}
