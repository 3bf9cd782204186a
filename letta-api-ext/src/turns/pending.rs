//! Finds a request that an earlier process left.

use letta_api::support::{one_error, path, query};
use letta_api::types::{
    AgentInclude, ApprovalRequestMessage, ListConversationMessagesParams, Message, SortOrder,
};
use letta_api::{ResponseValue, operations};
use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{Method, Request};
use serde::Deserialize;

use super::approval::PendingApproval;
use super::target::Target;
use super::transcript::{Pending, Transcript};
use super::turn::Settings;
use crate::agents::AgentHandle;
use crate::conversations::ConversationHandle;
use crate::error::Result;

impl AgentHandle {
    /// The request that this agent waits for in its own thread, such as one that an earlier process left. `None` if it waits for none.
    ///
    /// Requests in conversations are found by [`ConversationHandle::pending_approval`].
    ///
    /// # Errors
    ///
    /// Any failure of the service or the network. Options are those of the client.
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
        found(Settings::new(
            self.letta(),
            Target::Agent(self.id().clone()),
        ))
        .await
    }
}

impl ConversationHandle {
    /// The request that the agent waits for in this conversation, such as one that an earlier process left: the newest message, if it is
    /// one. `None` if it waits for none.
    ///
    /// # Errors
    ///
    /// Any failure of the service or the network. Options are those of the client.
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
        let target = Target::Conversation(self.id().clone());
        found(Settings::new(self.letta(), target)).await
    }
}

async fn found(settings: Settings) -> Result<Option<PendingApproval>> {
    let pending = find(&settings).await?;
    Ok(pending.map(|pending| PendingApproval {
        settings: Box::new(settings),
        pending,
        before: None,
    }))
}

/// What is read of an agent. The generated method reads the whole agent, with all blocks and tools, which a page in a browser would need
/// the code for.
#[derive(Deserialize)]
struct Waiting {
    #[serde(default)]
    pending_approval: Option<ApprovalRequestMessage>,
}

/// Asks the service for the request that waits.
pub(super) async fn find(settings: &Settings) -> Result<Option<Pending>> {
    let api = settings.call.api();
    let request = match &settings.target {
        Target::Agent(agent) => {
            let segment = path::segment("agent_id", agent)?;
            let mut url = path::url_of(api.base_url(), format_args!("/v1/agents/{segment}"));
            query::add(&mut url, "include", &AgentInclude::PendingApproval)?;
            let mut request = Request::new(Method::GET, url);
            let accept = HeaderValue::from_static("application/json");
            request.headers_mut().insert(ACCEPT, accept);
            let waiting: ResponseValue<Waiting> =
                one_error::json(&api, request, &operations::GET_AGENT, &[200]).await?;
            waiting.into_inner().pending_approval
        }
        Target::Conversation(conversation) => {
            let params = ListConversationMessagesParams::default()
                .with_order(SortOrder::Desc)
                .with_limit(1);
            let newest = api
                .list_conversation_messages(conversation, &params)
                .await?;
            match newest.into_inner().into_iter().next() {
                Some(Message::ApprovalRequestMessage(request)) => Some(*request),
                _ => None,
            }
        }
    };
    Ok(request.and_then(calls_of))
}

fn calls_of(request: ApprovalRequestMessage) -> Option<Pending> {
    let mut transcript = Transcript::new(false, usize::MAX);
    let message = Message::ApprovalRequestMessage(Box::new(request));
    transcript.take(message, 0, &mut drop);
    transcript
        .pending()
        .filter(|pending| !pending.calls.is_empty())
}
