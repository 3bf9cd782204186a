//! Conversations: threads of messages with one agent.
//!
//! An agent has a thread of its own. A conversation is another thread with the same agent. It shares the agent's memory, and
//! has messages of its own.
//!
//! ```no_run
//! # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
//! let conversation = letta.conversations().create("agent-1").summary("Tea").send().await?;
//! let messages = letta.conversation(&conversation.id).messages().await?;
//! println!("{} messages", messages.len());
//! # Ok(())
//! # }
//! ```

mod cancel;
mod compact;
mod create;
mod delete;
mod fork;
mod get;
mod handle;
mod list;
mod messages;
mod recompile;
mod update;

pub use cancel::CancelConversation;
pub use compact::CompactConversation;
pub use create::CreateConversation;
pub use delete::DeleteConversation;
pub use fork::ForkConversation;
pub use get::GetConversation;
pub use handle::ConversationHandle;
pub use list::ListConversations;
pub use messages::ListConversationMessages;
pub use recompile::RecompileConversation;
pub use update::UpdateConversation;

use letta_api::types::AgentId;

use crate::client::Letta;

impl Letta {
    /// Conversations: create and list them. For one conversation, see [`conversation`](Self::conversation).
    ///
    /// ```
    /// let conversations = letta_api_ext::Letta::local()?.conversations();
    /// let request = conversations.create("agent-1");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn conversations(&self) -> Conversations {
        Conversations {
            letta: self.clone(),
        }
    }
}

/// All conversations. From [`Letta::conversations`]. Each method returns a request, which is sent by `send()` or by awaiting
/// it.
#[derive(Clone, Debug)]
pub struct Conversations {
    letta: Letta,
}

impl Conversations {
    /// Begins a new thread with an agent.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let conversation = letta.conversations().create("agent-1").send().await?;
    /// println!("{}", conversation.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, agent: impl Into<AgentId>) -> CreateConversation {
        CreateConversation::new(self.letta.call(), agent.into())
    }

    /// Lists conversations, of one [agent](ListConversations::agent_id) or of all: a page, all pages, or conversation by
    /// conversation.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let mut conversations = letta.conversations().list().agent_id("agent-1").items();
    /// while let Some(conversation) = conversations.next().await {
    ///     println!("{:?}", conversation?.summary);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> ListConversations {
        ListConversations::new(self.letta.call())
    }
}
