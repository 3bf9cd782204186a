//! A handle to an agent.

use letta_api::types::AgentId;

use super::{DeleteAgent, GetAgent, RecompileAgent, UpdateAgent};
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

    /// The agent. Relations such as its tools and blocks are filled in only if
    /// [`include`](GetAgent::include) names them.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// use letta_api_ext::letta_api::types::AgentInclude;
    ///
    /// let agent = letta.agent("agent-1").get().include([AgentInclude::Tools]).await?;
    /// println!("{} has {} tools", agent.name, agent.tools.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> GetAgent {
        GetAgent::new(self.letta.call(), self.id.clone())
    }

    /// Changes the agent. Only what is set is sent, and the rest stays as it is. A list such as `tags` replaces the list
    /// that was there. An empty one, `Vec::<String>::new()`, empties it.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").update().name("Ada II").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn update(&self) -> UpdateAgent {
        UpdateAgent::new(self.letta.call(), self.id.clone())
    }

    /// Deletes the agent with its messages and conversations. Blocks, tools and folders that it used stay. An agent that
    /// is not there is [no error](crate::Deletion).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&self) -> DeleteAgent {
        DeleteAgent::new(self.letta.call(), self.id.clone())
    }

    /// Writes the memory as it is now into the agent's system prompt. This happens by itself between turns. Call it to
    /// have it at once.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let prompt = letta.agent("agent-1").recompile().dry_run(true).await?;
    /// println!("{prompt}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn recompile(&self) -> RecompileAgent {
        RecompileAgent::new(self.letta.call(), self.id.clone())
    }

    /// Lists the messages of the agent's own thread, or of one [conversation](super::ListAgentMessages::conversation_id).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let mut messages = letta.agent("agent-1").messages().items();
    /// while let Some(message) = messages.next().await {
    ///     println!("{:?}", message?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "messages")]
    pub fn messages(&self) -> super::ListAgentMessages {
        super::ListAgentMessages::new(self.letta.call(), self.id.clone())
    }

    /// Takes all messages but the system prompt out of the context of the agent's own thread. Memory stays. The messages
    /// can still be listed. This cannot be undone.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").reset_messages().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "messages")]
    pub fn reset_messages(&self) -> super::ResetMessages {
        super::ResetMessages::new(self.letta.call(), self.id.clone())
    }

    /// Has a model write a summary that takes the place of older messages in the context. The messages can still be
    /// listed.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let compaction = letta.agent("agent-1").compact().await?;
    /// println!("{}", compaction.summary);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "messages")]
    pub fn compact(&self) -> super::CompactMessages {
        super::CompactMessages::new(self.letta.call(), self.id.clone())
    }

    /// Asks the service to stop runs of the agent: those that are [named](super::CancelRuns::run_ids), or those that it
    /// believes to be active. What that does depends on how the turn was sent: see [`Cancellation`](crate::Cancellation).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let cancellation = letta.agent("agent-1").cancel().await?;
    /// println!("{} runs were asked to stop", cancellation.runs().len());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "messages")]
    pub fn cancel(&self) -> super::CancelRuns {
        super::CancelRuns::new(self.letta.call(), self.id.clone())
    }

    /// Lists the blocks that stand in the agent's prompt. For one of them, see [`block`](Self::block).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// for block in letta.agent("agent-1").blocks().await? {
    ///     println!("{}", block.value);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "blocks")]
    pub fn blocks(&self) -> super::ListAgentBlocks {
        super::ListAgentBlocks::new(self.letta.call(), self.id.clone())
    }

    /// Lists the tools that are attached to the agent.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// for tool in letta.agent("agent-1").tools().limit(100).await? {
    ///     println!("{}", tool.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "server-tools")]
    pub fn tools(&self) -> super::ListAgentTools {
        super::ListAgentTools::new(self.letta.call(), self.id.clone())
    }

    /// Runs one of the agent's tools, by its name, with the agent's environment variables. The agent does not learn of it.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let result = letta.agent("agent-1").run_tool("weather").args([("city", "Oslo")]).await?;
    /// println!("{:?}", result.status);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "server-tools")]
    pub fn run_tool(&self, tool: impl Into<String>) -> super::RunAgentTool {
        super::RunAgentTool::new(self.letta.call(), self.id.clone(), tool.into())
    }

    /// Decides for this agent whether a call of the tool stops the turn until somebody approves it.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").require_approval("send_mail", true).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "server-tools")]
    pub fn require_approval(
        &self,
        tool: impl Into<String>,
        is_required: bool,
    ) -> super::SetToolApproval {
        super::SetToolApproval::new(self.letta.call(), self.id.clone(), tool.into(), is_required)
    }

    pub(crate) fn letta(&self) -> &Letta {
        &self.letta
    }
}
