//! Attaching an identity to an agent, and detaching it.

use letta_api::types::{AgentId, IdentityId};

use super::AgentHandle;
use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::Result;

impl AgentHandle {
    /// Links the agent to an identity: someone or something outside that it belongs to.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").attach_identity("identity-1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn attach_identity(&self, identity: impl Into<IdentityId>) -> AttachIdentity {
        AttachIdentity {
            call: self.letta().call(),
            agent: self.id().clone(),
            identity: identity.into(),
        }
    }

    /// Takes an identity from the agent. The identity itself stays.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").detach_identity("identity-1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn detach_identity(&self, identity: impl Into<IdentityId>) -> DetachIdentity {
        DetachIdentity {
            call: self.letta().call(),
            agent: self.id().clone(),
            identity: identity.into(),
        }
    }
}

/// A request to give an agent an identity. From [`AgentHandle::attach_identity`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct AttachIdentity {
    call: Call,
    agent: AgentId,
    identity: IdentityId,
}

impl AttachIdentity {
    /// Sends the request. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`, `identity_id`). After that: any failure of
    /// the service or the network.
    pub async fn send(self) -> Result<()> {
        let outcome = self
            .call
            .api()
            .attach_identity(&self.agent, &self.identity)
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(AttachIdentity => ());

/// A request to take an identity from an agent. From [`AgentHandle::detach_identity`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct DetachIdentity {
    call: Call,
    agent: AgentId,
    identity: IdentityId,
}

impl DetachIdentity {
    /// Sends the request. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`, `identity_id`). After that: any failure of
    /// the service or the network.
    pub async fn send(self) -> Result<()> {
        let outcome = self
            .call
            .api()
            .detach_identity(&self.agent, &self.identity)
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(DetachIdentity => ());
