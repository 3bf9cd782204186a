//! Which service an example talks to: a real one if the environment names it, and otherwise the emulator in this process.

use std::process::ExitCode;
use std::time::Duration;

use letta_api_emulator::{Emulator, Script};
use letta_api_ext::agents::CreateAgent;
use letta_api_ext::{Letta, LettaBuilder};

pub(crate) type Failure = Box<dyn std::error::Error>;

pub(crate) struct Service {
    pub(crate) letta: Letta,
    /// It lives as long as this value.
    pub(crate) emulator: Option<Emulator>,
}

impl Service {
    /// With `LETTA_API_KEY`, the hosted service. With `LETTA_BASE_URL`, the server there, without a key if there is none.
    pub(crate) async fn connect() -> Result<Self, Failure> {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if is_set("LETTA_API_KEY") || is_set("LETTA_BASE_URL") {
            let builder = LettaBuilder::from_env();
            let letta = match is_set("LETTA_API_KEY") {
                true => builder.build()?,
                false => builder.without_api_key().build()?,
            };
            println!("Service   {}", letta.api().base_url());
            return Ok(Self {
                letta,
                emulator: None,
            });
        }
        // As slow as a model, so that one can watch the words come.
        let emulator = Emulator::builder()
            .word_delay(Duration::from_millis(30))
            .file_processing(Duration::from_secs(1))
            .start()
            .await?;
        println!("Service   the emulator, at {}", emulator.base_url());
        println!("          (set LETTA_API_KEY or LETTA_BASE_URL to talk to a real one)");
        let letta = Letta::builder()
            .api_key(emulator.api_key())
            .base_url(emulator.base_url())
            .build()?;
        Ok(Self {
            letta,
            emulator: Some(emulator),
        })
    }

    /// A request for an agent of this example. A real one needs a model: `LETTA_MODEL`, or that of OpenAI.
    pub(crate) fn new_agent(&self, name: &str) -> CreateAgent {
        self.letta
            .agents()
            .create()
            .name(name)
            .model(setting("LETTA_MODEL", "openai/gpt-4.1"))
            .embedding(embedding())
    }

    /// What the agent does if it is the emulator's. A real one has a model, and decides by itself.
    pub(crate) fn script(&self, agent: &str, script: impl Into<Script>) -> Result<(), Failure> {
        match &self.emulator {
            Some(emulator) => Ok(emulator.agent(agent).script(script)?),
            None => Ok(()),
        }
    }
}

/// The model that embeds files and memories.
pub(crate) fn embedding() -> String {
    setting("LETTA_EMBEDDING", "openai/text-embedding-3-small")
}

fn setting(name: &str, default: &str) -> String {
    let set = std::env::var(name).ok().filter(|value| !value.is_empty());
    set.unwrap_or_else(|| default.to_owned())
}

/// What is said to the agent: the arguments of the program, or this text. Others may suit a real model better.
#[allow(
    dead_code,
    reason = "one of the examples reads its arguments otherwise"
)]
pub(crate) fn words(default: &str) -> String {
    let given: Vec<String> = std::env::args().skip(1).collect();
    match given.is_empty() {
        true => default.to_owned(),
        false => given.join(" "),
    }
}

/// The end of an example.
pub(crate) fn exit(ended: Result<(), Failure>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
