//! Agents and messages as tests see them.

use std::fmt;
use std::io;
use std::time::SystemTime;

use jiff::Timestamp;
use letta_api::types::{
    AgentState, AssistantContent, AssistantContentPart, Message as ApiMessage, UserContent,
    UserContentPart,
};

use serde_json::{Map, Value, json};

use crate::clock::system_time;
use crate::id;
use crate::resources::{agents, blocks};
use crate::tool::NewTool;
use crate::world::World;
use crate::world::agent::AgentRecord;
use crate::world::thread::StoredMessage;

/// An agent to be made. `Debug` shows no texts, in which anything may stand.
///
/// ```
/// use letta_api_emulator::{Emulator, NewAgent, NewTool};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let ada = NewAgent::new("agent-2")
///     .name("Ada")
///     .model("openai/gpt-4.1")
///     .tag("engines")
///     .memory("human", "Name: Sam")
///     .tool(NewTool::new("roll_dice").returns("4"))
///     .tool_requiring_approval("delete_file");
/// let emulator = Emulator::builder().agent("agent-1").agent(ada).start().await?;
/// let ada = emulator.agent("agent-2").snapshot().unwrap();
/// assert_eq!(ada.state().blocks[0].value, "Name: Sam");
/// assert_eq!(ada.state().tools.len(), 2);
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
    model: Option<String>,
    tags: Vec<String>,
    metadata: Map<String, Value>,
    memory: Vec<Memory>,
    /// With whether calls wait for an approval.
    tools: Vec<(NewTool, bool)>,
    parallel_tool_calls: bool,
}

/// Refuses an ID that no agent could have.
pub(crate) fn check_id(id: &str) -> io::Result<()> {
    match id::is_agent_id(id) {
        true => Ok(()),
        false => Err(invalid(format!(
            "the agent ID {id:?} is not `agent-` and letters, digits, `-`, `_` and `.` after it"
        ))),
    }
}

/// A block of memory to be made.
#[derive(Clone)]
struct Memory {
    label: String,
    value: String,
    description: Option<String>,
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
            model: None,
            tags: Vec::new(),
            metadata: Map::new(),
            memory: Vec::new(),
            tools: Vec::new(),
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

    /// Its system prompt, which is also its first message, with the blocks of its memory behind it.
    pub fn system(mut self, system: impl Into<String>) -> Self {
        self.system = Some(system.into());
        self
    }

    /// The handle of its model: a provider, `/` and a name. `letta/letta-free` unless set.
    ///
    /// ```
    /// use letta_api_emulator::{Emulator, NewAgent};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let agent = NewAgent::new("agent-1").model("anthropic/claude-sonnet-4-5");
    /// let emulator = Emulator::builder().agent(agent).start().await?;
    /// let agent = emulator.agent("agent-1").snapshot().unwrap();
    /// assert_eq!(agent.state().llm_config.model, "claude-sonnet-4-5");
    /// # Ok(())
    /// # }
    /// ```
    pub fn model(mut self, handle: impl Into<String>) -> Self {
        self.model = Some(handle.into());
        self
    }

    /// Adds a tag. Lists of agents can be filtered by tags.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Sets a member of its metadata.
    ///
    /// ```
    /// use letta_api_emulator::{Emulator, NewAgent};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let agent = NewAgent::new("agent-1").metadata("team", "billing");
    /// let emulator = Emulator::builder().agent(agent).start().await?;
    /// let agent = emulator.agent("agent-1").snapshot().unwrap();
    /// assert_eq!(agent.state().metadata.as_ref().unwrap()["team"], "billing");
    /// # Ok(())
    /// # }
    /// ```
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }

    /// Adds a block of memory, of this label. A label that was given before is given another value.
    pub fn memory(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.remember(label.into(), value.into(), None);
        self
    }

    /// Adds a block of memory, with what it is for.
    pub(crate) fn remember(&mut self, label: String, value: String, description: Option<String>) {
        self.memory.retain(|it| it.label != label);
        self.memory.push(Memory {
            label,
            value,
            description,
        });
    }

    /// Attaches a tool: by its name, or as a [`NewTool`]. The name alone means the existing tool of that name, such as
    /// `conversation_search`, or a new one without parameters.
    pub fn tool(mut self, tool: impl Into<NewTool>) -> Self {
        self.tools.push((tool.into(), false));
        self
    }

    /// Attaches a tool, calls of which wait for an approval.
    pub fn tool_requiring_approval(mut self, tool: impl Into<NewTool>) -> Self {
        self.tools.push((tool.into(), true));
        self
    }

    /// Whether it may call several tools in one step. It may not unless set.
    pub fn parallel_tool_calls(mut self, may: bool) -> Self {
        self.parallel_tool_calls = may;
        self
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Puts the agent into the state, with its blocks and tools, and gives its ID.
    pub(crate) fn add(self, world: &mut World, now: Timestamp) -> io::Result<String> {
        self.check(world)?;
        let mut state = agents::new_state(&self.id, &self.name, now);
        state.description = self.description;
        state.tags = self.tags;
        if let Some(system) = self.system {
            state.system = system;
        }
        if !self.metadata.is_empty() {
            state.metadata = Some(self.metadata);
        }
        let mut agent = AgentRecord::new(state);
        agents::draft::set_parallel(&mut agent, self.parallel_tool_calls);
        if let Some(model) = self.model {
            agents::draft::set_handle(&mut agent, &model).map_err(|_| {
                invalid(format!(
                    "the model of {:?} is not `provider/name` of a provider of the service's",
                    self.id
                ))
            })?;
        }
        for (tool, needs_approval) in self.tools {
            let id = tool.add_unless_there(world)?;
            let Some(tool) = world.tools.get(&id) else {
                continue;
            };
            agents::attach::attach_one(&mut agent, tool);
            if needs_approval {
                let rules = agent.state.tool_rules.get_or_insert_default();
                agents::draft::require_approval(rules, tool.name.as_deref().unwrap_or_default());
            }
        }
        let mut made = Vec::new();
        for Memory {
            label,
            value,
            description,
        } in self.memory
        {
            let mut block = json!({"label": label, "value": value});
            if let Some(description) = description {
                block["description"] = description.into();
            }
            let block =
                blocks::made(&block).map_err(|_| invalid("a block of the memory is invalid"))?;
            agent.block_ids.push(block.id.clone());
            made.push(block);
        }
        agents::add_with_blocks(world, agent, made, now)
            .map_err(|_| invalid(format!("the agent {} already exists", self.id)))?;
        Ok(self.id)
    }

    /// Refuses an ID that a policy of the SDK's could not name or that is taken, and a name that the service would refuse.
    fn check(&self, world: &World) -> io::Result<()> {
        check_id(&self.id)?;
        if self.name.trim().is_empty() {
            return Err(invalid(format!("the name of {:?} is empty", self.id)));
        }
        match world.agents.contains(&self.id) {
            true => Err(invalid(format!("the agent {:?} already exists", self.id))),
            false => Ok(()),
        }
    }
}

fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message.into())
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
