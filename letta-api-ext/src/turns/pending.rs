//! Finds a request that an earlier process left.

use letta_api::types::{
    AgentInclude, ApprovalRequestMessage, GetAgentParams, ListConversationMessagesParams, Message,
    SortOrder,
};

use super::approval::PendingApproval;
use super::target::Target;
use super::transcript::Transcript;
use super::turn::Settings;
use crate::agents::AgentHandle;
use crate::conversations::ConversationHandle;
use crate::error::Result;

impl AgentHandle {
    /// The request that this agent waits for in its own thread, such as one that an earlier process left. `None` if it waits for none.
    ///
    /// Requests in conversations are found by [`ConversationHandle::pending_approval`].
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// if let Some(pending) = letta.agent("agent-1").pending_approval().await? {
    ///     pending.deny_all("The user has left.").send().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn pending_approval(&self) -> Result<Option<PendingApproval>> {
        let params = GetAgentParams::default().with_include(vec![AgentInclude::PendingApproval]);
        let agent = self.letta().api().get_agent(self.id(), &params).await?;
        let request = agent.into_inner().pending_approval;
        let settings = || Settings::new(self.letta(), Target::Agent(self.id().clone()));
        Ok(request.and_then(|request| pending(settings(), request)))
    }
}

impl ConversationHandle {
    /// The request that the agent waits for in this conversation, such as one that an earlier process left: the newest message, if it is
    /// one. `None` if it waits for none.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// if let Some(pending) = letta.conversation("conv-1").pending_approval().await? {
    ///     pending.approve_all().send().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn pending_approval(&self) -> Result<Option<PendingApproval>> {
        let params = ListConversationMessagesParams::default()
            .with_order(SortOrder::Desc)
            .with_limit(1);
        let api = self.letta().api();
        let newest = api.list_conversation_messages(self.id(), &params).await?;
        let settings = || Settings::new(self.letta(), Target::Conversation(self.id().clone()));
        Ok(match newest.into_inner().into_iter().next() {
            Some(Message::ApprovalRequestMessage(request)) => pending(settings(), *request),
            _ => None,
        })
    }
}

fn pending(settings: Settings, request: ApprovalRequestMessage) -> Option<PendingApproval> {
    let mut transcript = Transcript::new(false, usize::MAX);
    let message = Message::ApprovalRequestMessage(Box::new(request));
    transcript.take(message, 0, &mut drop);
    let pending = transcript
        .pending()
        .filter(|pending| !pending.calls.is_empty())?;
    Some(PendingApproval {
        settings: Box::new(settings),
        pending,
        before: None,
    })
}
