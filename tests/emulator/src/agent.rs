//! Agents and messages as tests see them.

use std::fmt;
use std::io;
use std::time::SystemTime;

use jiff::Timestamp;
use letta_api::types::{
    AgentState, AssistantContent, AssistantContentPart, Message as ApiMessage, UserContent,
    UserContentPart,
};

use crate::clock::system_time;
use crate::id;
use crate::resources::agents;
use crate::world::World;
use crate::world::agent::AgentRecord;
use crate::world::thread::StoredMessage;

/// An agent to be made. `Debug` shows no texts, in which anything may stand.
///
/// ```
/// use letta_api_emulator::{Emulator, NewAgent};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let emulator = Emulator::builder()
///     .agent("agent-1")
///     .agent(NewAgent::new("agent-2").name("Ada").description("Knows engines."))
///     .start()
///     .await?;
/// assert_eq!(emulator.agent("agent-2").snapshot().unwrap().name(), "Ada");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "an agent is there once it is given to an emulator"]
pub struct NewAgent {
    id: String,
    name: String,
    description: Option<String>,
    system: Option<String>,
    parallel_tool_calls: bool,
}

impl NewAgent {
    /// With this ID: `agent-`, and letters, digits, `-`, `_` and `.` after it, which is the rule of the SDK's `AgentId`. The
    /// name is the ID unless set.
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        Self {
            name: id.clone(),
            id,
            description: None,
            system: None,
            parallel_tool_calls: false,
        }
    }

    /// With an ID of the emulator's choice, as the service chooses them.
    pub fn with_generated_id() -> Self {
        Self::new(id::generate("agent"))
    }

    /// What it is called.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// What it is for. Nothing unless set.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Its system prompt, which is also its first message.
    pub fn system(mut self, system: impl Into<String>) -> Self {
        self.system = Some(system.into());
        self
    }

    /// Lets it call several tools in one step. Otherwise, all calls of a step but the first are dropped, as the service does.
    pub fn parallel_tool_calls(mut self) -> Self {
        self.parallel_tool_calls = true;
        self
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The agent, as the emulator keeps it.
    pub(crate) fn into_record(self, now: Timestamp) -> io::Result<AgentRecord> {
        self.check()?;
        let mut state = agents::new_state(&self.id, &self.name, now);
        state.description = self.description;
        if let Some(system) = self.system {
            state.system = system;
        }
        let mut agent = AgentRecord::new(state);
        agent.parallel_tool_calls = self.parallel_tool_calls;
        Ok(agent)
    }

    /// Refuses an ID that a policy of the SDK's could not name, and a name that the service would refuse.
    fn check(&self) -> io::Result<()> {
        let message = if !id::is_agent_id(&self.id) {
            format!(
                "the agent ID {:?} is not `agent-` and letters, digits, `-`, `_` and `.` after it",
                self.id
            )
        } else if self.name.trim().is_empty() {
            format!("the name of {:?} is empty", self.id)
        } else {
            return Ok(());
        };
        Err(io::Error::new(io::ErrorKind::InvalidInput, message))
    }
}

impl From<&str> for NewAgent {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl From<String> for NewAgent {
    fn from(id: String) -> Self {
        Self::new(id)
    }
}

impl fmt::Debug for NewAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAgent")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// An agent of an emulator, as it was when asked for. `Debug` shows no texts, in which anything may stand.
#[derive(Clone)]
pub struct Agent {
    state: AgentState,
    messages: Vec<Message>,
}

impl Agent {
    pub(crate) fn of(world: &World, agent: &AgentRecord) -> Self {
        Self {
            state: agents::shown(world, agent),
            messages: agent
                .thread
                .messages
                .iter()
                .flat_map(Message::all_of)
                .collect(),
        }
    }

    /// Its ID, `agent-…`.
    pub fn id(&self) -> &str {
        self.state.id.as_str()
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// What it is for.
    pub fn description(&self) -> Option<&str> {
        self.state.description.as_deref()
    }

    /// Its system prompt, as it is now.
    pub fn system(&self) -> &str {
        &self.state.system
    }

    /// The model that it says it has.
    pub fn model(&self) -> &str {
        self.state.model.as_deref().unwrap_or_default()
    }

    /// Its tags.
    pub fn tags(&self) -> &[String] {
        &self.state.tags
    }

    /// When it was made, by the emulator's clock.
    pub fn created_at(&self) -> SystemTime {
        let created = self.state.created_at.as_deref().unwrap_or_default();
        created.parse().map_or(SystemTime::UNIX_EPOCH, system_time)
    }

    /// All of it, as the service shows it: its blocks, tools and the rest.
    pub fn state(&self) -> &AgentState {
        &self.state
    }

    /// The messages of its own thread, oldest first. The first is the system prompt that it was made with.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("id", &self.id())
            .field("messages", &self.messages)
            .finish_non_exhaustive()
    }
}

/// A message to or from an agent. `Debug` shows how long the text is, and not the text, in which anything
/// may stand.
#[derive(Clone)]
pub struct Message {
    id: String,
    date: Timestamp,
    text: String,
    message: ApiMessage,
}

/// What a [`Message`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageKind {
    /// Of the one who made the agent, or the application.
    System,
    /// Of the user.
    User,
    /// Of the agent: what it thinks.
    Reasoning,
    /// Of the agent: what it says.
    Assistant,
    /// Of the agent: it calls tools.
    ToolCall,
    /// What tools gave.
    ToolReturn,
    /// Of the agent: it calls tools that wait for an approval or for the client.
    ApprovalRequest,
    /// The answer to that.
    ApprovalResponse,
    /// A summary of earlier messages, or anything else.
    Other,
}

impl MessageKind {
    /// As the service writes it in `message_type`: `user_message`, for example.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system_message",
            Self::User => "user_message",
            Self::Reasoning => "reasoning_message",
            Self::Assistant => "assistant_message",
            Self::ToolCall => "tool_call_message",
            Self::ToolReturn => "tool_return_message",
            Self::ApprovalRequest => "approval_request_message",
            Self::ApprovalResponse => "approval_response_message",
            Self::Other => "other",
        }
    }
}

impl Message {
    fn all_of(message: &StoredMessage) -> impl Iterator<Item = Self> {
        message.shown.iter().map(|shown| Self {
            id: message.id.to_string(),
            date: message.date,
            text: text(shown),
            message: shown.clone(),
        })
    }

    /// Its ID, `message-…`. What an agent thought and what it said in one step have the same.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it is.
    pub fn kind(&self) -> MessageKind {
        match &self.message {
            ApiMessage::SystemMessage(_) => MessageKind::System,
            ApiMessage::UserMessage(_) => MessageKind::User,
            ApiMessage::ReasoningMessage(_) => MessageKind::Reasoning,
            ApiMessage::AssistantMessage(_) => MessageKind::Assistant,
            ApiMessage::ToolCallMessage(_) => MessageKind::ToolCall,
            ApiMessage::ToolReturnMessage(_) => MessageKind::ToolReturn,
            ApiMessage::ApprovalRequestMessage(_) => MessageKind::ApprovalRequest,
            ApiMessage::ApprovalResponseMessage(_) => MessageKind::ApprovalResponse,
            _ => MessageKind::Other,
        }
    }

    /// What is said, thought or given. Empty if it is not a text. Parts that are not text are named in brackets.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// When it was said, by the emulator's clock.
    pub fn date(&self) -> SystemTime {
        system_time(self.date)
    }

    /// All of it, as the service shows it.
    pub fn message(&self) -> &ApiMessage {
        &self.message
    }
}

/// The text of a message. Empty if it has none.
pub(crate) fn message_text(message: &ApiMessage) -> String {
    text(message)
}

fn text(message: &ApiMessage) -> String {
    match message {
        ApiMessage::SystemMessage(message) => message.content.clone(),
        ApiMessage::UserMessage(message) => match &message.content {
            UserContent::Text(text) => text.clone(),
            UserContent::Parts(parts) => parts
                .iter()
                .map(|part| match part {
                    UserContentPart::TextContent(part) => part.text.clone(),
                    UserContentPart::ImageContent(_) => "[image]".to_owned(),
                    _ => "[part]".to_owned(),
                })
                .collect(),
            _ => String::new(),
        },
        ApiMessage::AssistantMessage(message) => match &message.content {
            AssistantContent::Text(text) => text.clone(),
            AssistantContent::Parts(parts) => parts
                .iter()
                .map(|part| match part {
                    AssistantContentPart::TextContent(part) => part.text.clone(),
                    _ => "[part]".to_owned(),
                })
                .collect(),
            _ => String::new(),
        },
        ApiMessage::ReasoningMessage(message) => message.reasoning.clone(),
        ApiMessage::ToolReturnMessage(message) => message.tool_return.clone(),
        _ => String::new(),
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("kind", &self.kind())
            .field("text", &format_args!("{} bytes", self.text.len()))
            .finish_non_exhaustive()
    }
}
