//! A handle to a conversation.

use letta_api::types::ConversationId;

use super::{
    CancelConversation, CompactConversation, DeleteConversation, ForkConversation, GetConversation,
    ListConversationMessages, RecompileConversation, UpdateConversation,
};
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

    /// The conversation, with the IDs of the messages in its context.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let conversation = letta.conversation("conv-1").get().await?;
    /// println!("{:?}", conversation.summary);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> GetConversation {
        GetConversation::new(self.letta.call(), self.id.clone())
    }

    /// Changes the conversation. Only what is set is sent, and the rest stays as it is.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.conversation("conv-1").update().summary("Tea").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn update(&self) -> UpdateConversation {
        UpdateConversation::new(self.letta.call(), self.id.clone())
    }

    /// Deletes the conversation: it is not listed any more. The blocks that are its own go with it, and the agent stays. A
    /// conversation that is not there is [no error](crate::Deletion).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.conversation("conv-1").delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&self) -> DeleteConversation {
        DeleteConversation::new(self.letta.call(), self.id.clone())
    }

    /// Lists the conversation's messages.
    ///
    /// The conversation `default`, with [`agent_id`](ListConversationMessages::agent_id), is the agent's own thread.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// for message in letta.conversation("conv-1").messages().limit(20).await? {
    ///     println!("{message:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn messages(&self) -> ListConversationMessages {
        ListConversationMessages::new(self.letta.call(), self.id.clone())
    }

    /// Creates a conversation that begins with what this one has in its context. From then on, the two are apart.
    ///
    /// The conversation `default`, with [`agent_id`](ForkConversation::agent_id), is the agent's own thread.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let fork = letta.conversation("conv-1").fork().await?;
    /// println!("{}", fork.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn fork(&self) -> ForkConversation {
        ForkConversation::new(self.letta.call(), self.id.clone())
    }

    /// Has a model write a summary that takes the place of older messages in the context.
    ///
    /// The conversation `default`, with [`agent_id`](CompactConversation::agent_id), is the agent's own thread.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let compaction = letta.conversation("conv-1").compact().await?;
    /// println!("{}", compaction.summary);
    /// # Ok(())
    /// # }
    /// ```
    pub fn compact(&self) -> CompactConversation {
        CompactConversation::new(self.letta.call(), self.id.clone())
    }

    /// Writes the memory as it is now into the conversation's system prompt.
    ///
    /// The conversation `default`, with [`agent_id`](RecompileConversation::agent_id), is the agent's own thread.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let prompt = letta.conversation("conv-1").recompile().dry_run(true).await?;
    /// println!("{prompt}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn recompile(&self) -> RecompileConversation {
        RecompileConversation::new(self.letta.call(), self.id.clone())
    }

    /// Asks the service to stop the runs that are active in the conversation. What that does depends on how the turn was
    /// sent: see [`Cancellation`](crate::Cancellation). If no run is active, that is no error.
    ///
    /// The conversation `default`, with [`agent_id`](CancelConversation::agent_id), is the agent's own thread.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// use letta_api_ext::Cancellation;
    ///
    /// match letta.conversation("conv-1").cancel().await? {
    ///     Cancellation::NothingActive => println!("nothing was active"),
    ///     other => println!("{} runs were asked to stop", other.runs().len()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(&self) -> CancelConversation {
        CancelConversation::new(self.letta.call(), self.id.clone())
    }

    #[allow(dead_code, reason = "what it is used by has features of its own")]
    pub(crate) fn letta(&self) -> &Letta {
        &self.letta
    }
}
