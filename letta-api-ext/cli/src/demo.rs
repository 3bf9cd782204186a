//! An agent to try the program with: an emulator in this process, without an account.

use std::time::Duration;

use letta_api_emulator::{Builder, Emulator, ScriptFile};
use letta_api_ext::Letta;
use letta_api_ext::letta_api::types::AgentId;

use crate::failure::Failure;

/// What whoever tries it is told.
pub(crate) const ABOUT: &str = "\
A demonstration: the agent follows a script, in this process. No model is asked.
Ask about the weather, have a file deleted, or hear a story. Ctrl-C stops it.";

const AGENT: &str = "agent-1";

/// As slow as a model, so that one can watch the words come.
pub(crate) const WORD_DELAY: Duration = Duration::from_millis(30);

/// An emulator with the agent, and a client for it.
pub(crate) struct Demo {
    emulator: Emulator,
    letta: Letta,
}

impl Demo {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let emulator = with_agent(Emulator::builder().word_delay(WORD_DELAY))?;
        let emulator = emulator
            .start()
            .await
            .map_err(|error| not_started(&error))?;
        let letta = Letta::builder()
            .api_key(emulator.api_key())
            .base_url(emulator.base_url())
            .build()?;
        Ok(Self { emulator, letta })
    }

    pub(crate) fn letta(&self) -> &Letta {
        &self.letta
    }

    pub(crate) fn agent_id(&self) -> AgentId {
        AgentId::from(AGENT)
    }

    pub(crate) async fn end(self) {
        self.emulator.shutdown().await;
    }
}

/// Adds the agent of the demonstration.
pub(crate) fn with_agent(builder: Builder) -> Result<Builder, Failure> {
    let file = ScriptFile::from_yaml(include_str!("demo.yaml"));
    let file = file.map_err(|error| not_started(&error))?;
    Ok(builder.script_file(file))
}

pub(crate) fn not_started(error: &std::io::Error) -> Failure {
    Failure::other(format!("the emulator could not start: {error}"))
}
