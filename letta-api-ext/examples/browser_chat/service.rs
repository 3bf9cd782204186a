//! Which service it is, and which user chats to which of its agents.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use letta_api_emulator::{Emulator, NewAgent};
use letta_api_ext::{AgentId, Letta};

use crate::settings::variable;

/// As slow as a model that thinks, so that one can watch the words arrive.
const WORD_DELAY: Duration = Duration::from_millis(60);

/// The agent that a user chats to.
#[derive(Clone)]
pub(crate) struct Agent {
    pub(crate) id: AgentId,
    pub(crate) name: String,
}

pub(crate) enum Service {
    /// The real service. Your own application would look up the user's agent here. This example has one agent, which
    /// all users share.
    Letta(Agent),
    /// The emulator in this process, where each user gets an agent.
    Emulator {
        emulator: Emulator,
        agents: Mutex<HashMap<String, Agent>>,
    },
}

/// The real service if there is a key for it, and otherwise the emulator.
pub(crate) async fn connect() -> Result<(Letta, Service), Box<dyn std::error::Error>> {
    if variable("LETTA_API_KEY")?.is_some() {
        let letta = Letta::from_env()?;
        let id = variable("LETTA_AGENT_ID")?.ok_or(
            "LETTA_AGENT_ID must be set if LETTA_API_KEY is: the ID of the agent that users chat to",
        )?;
        let agent = Agent {
            id: AgentId::new(id)?,
            name: variable("LETTA_AGENT_NAME")?.unwrap_or_else(|| "Agent".to_owned()),
        };
        return Ok((letta, Service::Letta(agent)));
    }
    let emulator = Emulator::builder().word_delay(WORD_DELAY).start().await?;
    let letta = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .build()?;
    let agents = Mutex::default();
    Ok((letta, Service::Emulator { emulator, agents }))
}

impl Service {
    pub(crate) fn is_emulator(&self) -> bool {
        matches!(self, Self::Emulator { .. })
    }

    /// The agent of the user of this name.
    pub(crate) fn agent_of(&self, user: &str) -> Result<Agent, Box<dyn std::error::Error>> {
        match self {
            Self::Letta(agent) => Ok(agent.clone()),
            Self::Emulator { emulator, agents } => {
                let mut agents = agents.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(agent) = agents.get(user) {
                    return Ok(agent.clone());
                }
                let new = NewAgent::with_generated_id().name(format!("{user}’s agent"));
                let made = emulator.create_agent(new)?;
                let agent = Agent {
                    id: AgentId::new(made.id())?,
                    name: made.name().to_owned(),
                };
                agents.insert(user.to_owned(), agent.clone());
                Ok(agent)
            }
        }
    }
}
