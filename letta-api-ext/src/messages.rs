//! The messages of all agents: list them, search them, get one.
//!
//! For those of one agent, see `letta.agent(id).messages()`, and for those of a conversation
//! `letta.conversation(id).messages()`.

mod get;
mod list;
mod search;

pub use get::GetMessage;
pub use list::ListAllMessages;
pub use search::SearchMessages;

use letta_api::types::MessageId;

use crate::client::Letta;

impl Letta {
    /// The messages of all agents: list them, search them, get one.
    ///
    /// ```
    /// let messages = letta_api_ext::Letta::local()?.messages();
    /// let request = messages.search("tea").limit(10);
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn messages(&self) -> Messages {
        Messages {
            letta: self.clone(),
        }
    }
}

/// The messages of all agents. From [`Letta::messages`]. Each method returns a request, which is sent by `send()` or by
/// awaiting it.
#[derive(Clone, Debug)]
pub struct Messages {
    letta: Letta,
}

impl Messages {
    /// Lists the messages of all agents: a page, all pages, or message by message.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let mut messages = letta.messages().list().items();
    /// while let Some(message) = messages.next().await {
    ///     println!("{:?}", message?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> ListAllMessages {
        ListAllMessages::new(self.letta.call())
    }

    /// Finds messages by meaning, by words, or by both.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let found = letta.messages().search("tea").agent_id("agent-1").limit(10).await?;
    /// println!("{} messages", found.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn search(&self, query: impl Into<String>) -> SearchMessages {
        SearchMessages::new(self.letta.call(), query)
    }

    /// What is stored under this ID: one message, or several, such as reasoning and a tool call.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// for message in letta.messages().get("message-1").await? {
    ///     println!("{message:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self, id: impl Into<MessageId>) -> GetMessage {
        GetMessage::new(self.letta.call(), id.into())
    }
}
