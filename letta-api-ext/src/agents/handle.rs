//! A handle to an agent.

use letta_api::types::AgentId;

use crate::Letta;

/// One agent. From [`Letta::agent`]. Making it sends nothing.
#[derive(Clone, Debug)]
pub struct AgentHandle {
    letta: Letta,
    id: AgentId,
}

impl Letta {
    /// A handle to the agent with this ID. It sends nothing, so the agent need not exist.
    ///
    /// Text that would name another resource, such as an empty one, is refused when a request is sent.
    ///
    /// ```
    /// use letta_api_ext::Letta;
    ///
    /// let agent = Letta::local()?.agent("agent-1");
    /// assert_eq!(agent.id().as_str(), "agent-1");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn agent(&self, id: impl Into<AgentId>) -> AgentHandle {
        AgentHandle {
            letta: self.clone(),
            id: id.into(),
        }
    }
}

impl AgentHandle {
    /// The agent's ID.
    pub fn id(&self) -> &AgentId {
        &self.id
    }

    #[allow(dead_code, reason = "what it is used by has features of its own")]
    pub(crate) fn letta(&self) -> &Letta {
        &self.letta
    }
}
