//! An agent: what one is made of, and how the service shows it.

use std::fmt;
use std::io;
use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::clock::system_time;
use crate::id;
use crate::messages::message::Message;

const MODEL: &str = "letta/letta-free";
const SYSTEM: &str = "You are an agent of letta-api-emulator. Repeat what you are told.";

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
/// assert_eq!(emulator.agent("agent-2").unwrap().name(), "Ada");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "an agent is there once it is given to an emulator"]
pub struct NewAgent {
    pub(crate) id: String,
    pub(crate) profile: Profile,
}

impl NewAgent {
    /// With this ID: `agent-`, and letters, digits, `-`, `_` and `.` after it, which is the rule of the SDK's `AgentId`. The
    /// name is the ID unless set.
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        let profile = Profile::named(id.clone());
        Self { id, profile }
    }

    /// With an ID of the emulator's choice, as the service chooses them.
    pub fn with_generated_id() -> Self {
        Self::new(id::generate("agent"))
    }

    /// What it is called.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.profile.name = name.into();
        self
    }

    /// What it is for. Nothing unless set.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.profile.description = Some(description.into());
        self
    }

    /// Its system prompt, which is also its first message.
    pub fn system(mut self, system: impl Into<String>) -> Self {
        self.profile.system = system.into();
        self
    }

    /// Refuses an ID that a policy of the SDK's could not name, and a name that the service would refuse.
    pub(crate) fn check(&self) -> io::Result<()> {
        let message = if !id::is_agent_id(&self.id) {
            format!(
                "the agent ID {:?} is not `agent-` and letters, digits, `-`, `_` and `.` after it",
                self.id
            )
        } else if self.profile.name.trim().is_empty() {
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

/// What a caller may set of an agent.
#[derive(Clone)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) system: String,
    pub(crate) model: String,
    pub(crate) tags: Vec<String>,
    pub(crate) metadata: Option<Map<String, Value>>,
}

impl Profile {
    pub(crate) fn named(name: String) -> Self {
        Self {
            name,
            description: None,
            system: SYSTEM.to_owned(),
            model: MODEL.to_owned(),
            tags: Vec::new(),
            metadata: None,
        }
    }
}

/// An agent of an emulator, as it was when asked for. `Debug` shows no texts, in which anything may stand.
#[derive(Clone)]
pub struct Agent {
    id: String,
    pub(crate) profile: Profile,
    created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) messages: Vec<Message>,
}

impl Agent {
    pub(crate) fn new(agent: NewAgent, now: Timestamp) -> Self {
        let first = Message::system(&agent.profile.system, now);
        Self {
            id: agent.id,
            profile: agent.profile,
            created_at: now,
            updated_at: now,
            messages: vec![first],
        }
    }

    /// Its ID, `agent-…`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.profile.name
    }

    /// What it is for.
    pub fn description(&self) -> Option<&str> {
        self.profile.description.as_deref()
    }

    /// Its system prompt, as it is now.
    pub fn system(&self) -> &str {
        &self.profile.system
    }

    /// The model that it says it has.
    pub fn model(&self) -> &str {
        &self.profile.model
    }

    /// Its tags.
    pub fn tags(&self) -> &[String] {
        &self.profile.tags
    }

    /// When it was made, by the emulator's clock.
    pub fn created_at(&self) -> SystemTime {
        system_time(self.created_at)
    }

    /// Its messages, oldest first. The first is the system prompt that it was made with.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// As the service shows it: all that it says is always there, and what tells agents apart.
    pub(crate) fn to_wire(&self) -> Value {
        let profile = &self.profile;
        let model_name = profile.model.rsplit('/').next().unwrap_or_default();
        json!({
            "id": self.id,
            "name": profile.name,
            "description": profile.description,
            "system": profile.system,
            "agent_type": "letta_v1_agent",
            "model": profile.model,
            "llm_config": {
                "model": model_name,
                "model_endpoint_type": "openai",
                "context_window": 128_000,
                "handle": profile.model,
            },
            "memory": {"blocks": []},
            "blocks": [],
            "tools": [],
            "sources": [],
            "tags": profile.tags,
            "metadata": profile.metadata,
            "message_ids": self.messages.iter().map(Message::id).collect::<Vec<_>>(),
            // As a Python server writes it, to the microsecond.
            "created_at": format!("{:.6}", self.created_at),
            "updated_at": format!("{:.6}", self.updated_at),
        })
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("id", &self.id)
            .field("messages", &self.messages)
            .finish_non_exhaustive()
    }
}
