//! Whom one talks with: an agent in its own thread, or in a conversation.

use letta_api_ext::agents::AgentHandle;
use letta_api_ext::conversations::ConversationHandle;
use letta_api_ext::letta_api::types::{AgentId, ConversationId, Message, RunId, SortOrder};
use letta_api_ext::turns::{Input, PendingApproval, Turn};
use letta_api_ext::{Error, Letta};

use crate::context::Context;
use crate::failure::Failure;

/// An agent in its own thread, or in a conversation.
pub(crate) struct Thread {
    agent: AgentHandle,
    conversation: Option<ConversationHandle>,
    /// How the user calls it: what can be written after `letta chat`.
    words: String,
}

impl Thread {
    /// The thread that a command names.
    pub(crate) async fn named(
        context: &Context,
        agent: &str,
        conversation: Option<&str>,
    ) -> Result<Self, Failure> {
        let id = context.agent_id(agent).await?;
        let conversation = conversation.map(ConversationId::from);
        let mut thread = Self::new(context.letta()?, id, conversation);
        thread.words = quoted(agent);
        if let Some(conversation) = &thread.conversation {
            let id = quoted(conversation.id().as_str());
            thread.words = format!("{} --conversation {id}", thread.words);
        }
        Ok(thread)
    }

    pub(crate) fn new(letta: &Letta, agent: AgentId, conversation: Option<ConversationId>) -> Self {
        Self {
            words: agent.as_str().to_owned(),
            conversation: conversation.map(|id| letta.conversation(id)),
            agent: letta.agent(agent),
        }
    }

    pub(crate) fn agent(&self) -> &AgentHandle {
        &self.agent
    }

    /// What is written after `letta chat` for this thread.
    pub(crate) fn words(&self) -> &str {
        &self.words
    }

    pub(crate) fn turn(&self, input: impl Into<Input>) -> Turn {
        match &self.conversation {
            Some(conversation) => conversation.turn(input),
            None => self.agent.turn(input),
        }
    }

    /// The turn that was begun with this key.
    pub(crate) fn resume_turn(&self, otid: &str) -> Turn {
        match &self.conversation {
            Some(conversation) => conversation.resume_turn(otid),
            None => self.agent.resume_turn(otid),
        }
    }

    pub(crate) fn follow_run(&self, run: &RunId) -> Turn {
        match &self.conversation {
            Some(conversation) => conversation.follow_run(run),
            None => self.agent.follow_run(run),
        }
    }

    pub(crate) async fn pending_approval(&self) -> Result<Option<PendingApproval>, Error> {
        match &self.conversation {
            Some(conversation) => conversation.pending_approval().await,
            None => self.agent.pending_approval().await,
        }
    }

    /// The last messages, the oldest first.
    pub(crate) async fn last_messages(&self, count: usize) -> Result<Vec<Message>, Error> {
        let limit = i64::try_from(count).unwrap_or(i64::MAX).min(100);
        let mut items = match &self.conversation {
            Some(conversation) => {
                let list = conversation.messages().order(SortOrder::Desc);
                list.limit(limit).items()
            }
            None => {
                let list = self.agent.messages().order(SortOrder::Desc);
                list.limit(limit).items()
            }
        };
        let mut last = Vec::new();
        while last.len() < count
            && let Some(message) = items.next().await
        {
            last.push(message?);
        }
        last.reverse();
        Ok(last)
    }

    /// The messages after this one, the oldest first.
    pub(crate) async fn messages_after(&self, id: Option<&str>) -> Result<Vec<Message>, Error> {
        let mut items = match &self.conversation {
            Some(conversation) => {
                let list = conversation.messages().order(SortOrder::Asc);
                match id {
                    Some(id) => list.after(id).items(),
                    None => list.items(),
                }
            }
            None => {
                let list = self.agent.messages().order(SortOrder::Asc);
                match id {
                    Some(id) => list.after(id).items(),
                    None => list.items(),
                }
            }
        };
        let mut new = Vec::new();
        while let Some(message) = items.next().await {
            new.push(message?);
        }
        Ok(new)
    }
}

/// The text as a shell takes it for one word.
fn quoted(text: &str) -> String {
    let is_plain = |it: char| it.is_alphanumeric() || matches!(it, '-' | '_' | '.' | ':' | '@');
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_advised_can_be_given_to_a_shell() {
        for (text, expected) in [
            ("Ada", "Ada"),
            ("Ada Lovelace", "'Ada Lovelace'"),
            ("$(rm)", "'$(rm)'"),
            ("O'Neil", r"'O'\''Neil'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
