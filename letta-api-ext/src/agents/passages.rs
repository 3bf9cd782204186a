//! An agent's passages.

use letta_api::types::PassageId;

use super::{
    AddAgentPassage, AgentHandle, DeleteAgentPassage, ListAgentPassages, SearchAgentPassages,
};

/// The passages of one agent: its archival memory. From [`AgentHandle::passages`]. Making it sends nothing.
#[derive(Clone, Debug)]
pub struct AgentPassages {
    agent: AgentHandle,
}

impl AgentHandle {
    /// The agent's passages: add, list, search and delete them. Making this sends nothing.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let passages = letta.agent("agent-1").passages();
    /// passages.add("Sam likes tea.").tags(["drinks"]).send().await?;
    /// for found in passages.search("what does Sam drink").await?.results {
    ///     println!("{}", found.content);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn passages(&self) -> AgentPassages {
        AgentPassages {
            agent: self.clone(),
        }
    }
}

impl AgentPassages {
    /// Stores a text in the agent's archive, which is made if the agent has none. A long text may become several
    /// passages. An agent with several archives is refused: see [`Letta::archive`](crate::Letta::archive).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let stored = letta.agent("agent-1").passages().add("Sam likes tea.").await?;
    /// println!("{} passages", stored.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn add(&self, text: impl Into<String>) -> AddAgentPassage {
        let call = self.agent.letta().call();
        AddAgentPassage::new(call, self.agent.id().clone(), text)
    }

    /// Lists the passages of all archives that the agent has: a page, all pages, or passage by passage.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let mut passages = letta.agent("agent-1").passages().list().items();
    /// while let Some(passage) = passages.next().await {
    ///     println!("{}", passage?.text);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> ListAgentPassages {
        let call = self.agent.letta().call();
        ListAgentPassages::new(call, self.agent.id().clone())
    }

    /// Finds passages by meaning, as the agent's own search tool does. For scores and other filters, see
    /// [`Archives::search_passages`](crate::archives::Archives::search_passages) with
    /// [`agent_id`](crate::archives::SearchPassages::agent_id).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let passages = letta.agent("agent-1").passages();
    /// for found in passages.search("what does Sam drink").top_k(3).await?.results {
    ///     println!("{} {}", found.timestamp, found.content);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn search(&self, query: impl Into<String>) -> SearchAgentPassages {
        let call = self.agent.letta().call();
        SearchAgentPassages::new(call, self.agent.id().clone(), query.into())
    }

    /// Deletes a passage. A passage that is not there is [no error](crate::Deletion). The service does not check that
    /// the passage is the agent's: a server 0.16.8 deletes any passage.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").passages().delete("passage-1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&self, passage: impl Into<PassageId>) -> DeleteAgentPassage {
        let call = self.agent.letta().call();
        DeleteAgentPassage::new(call, self.agent.id().clone(), passage.into())
    }
}
