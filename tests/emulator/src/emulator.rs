//! The handle of a running emulator.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use letta_api::types::Run;
use letta_api::{ApiKey, Operation};

use crate::agent::{Agent, NewAgent, check_id};
use crate::faults::fault::Fault;
use crate::http::server::Server;
use crate::script::script::Script;
use crate::service::account::Account;
use crate::service::state;
use crate::state_file::saver::Saver;
use crate::tokens::store::{IssuedToken, TokenCount};

mod builder;
mod kept;
mod scripted;

pub use self::builder::Builder;

/// A running emulator. It runs until it is shut down or dropped.
///
/// Each has a port and a store of its own, so tests can run side by side; hundreds at once are fine.
/// It is a task of the runtime that it was started on, and does not outlive it.
///
/// Dropping it frees the port at once, and cuts connections off as soon as the runtime gets to it. See
/// [`shutdown`](Self::shutdown) for a gentle end.
pub struct Emulator {
    account: Arc<Account>,
    server: Server,
    saver: Option<Saver>,
}

impl Emulator {
    /// The API key of an emulator that was not given another. Known to everybody, and no secret.
    pub const DEFAULT_API_KEY: &str = "sk-let-emulator";

    /// The organization that tokens belong to, unless an emulator was given another.
    pub const DEFAULT_ORGANIZATION: &str = "org-00000000-0000-4000-8000-000000000000";

    /// For an emulator that differs from that of [`start`](Self::start).
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Starts an emulator with all defaults: a free port on 127.0.0.1, the key
    /// [`DEFAULT_API_KEY`](Self::DEFAULT_API_KEY), every project, the machine's clock.
    ///
    /// # Errors
    ///
    /// If the operating system gives no port.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, and in one without I/O and time.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    pub(crate) fn new(account: Arc<Account>, server: Server, saver: Option<Saver>) -> Self {
        Self {
            account,
            server,
            saver,
        }
    }

    /// Where it listens. The port is the one that was chosen, never 0.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// What to give a client as its base URL: `http://127.0.0.1:PORT`, without a closing slash.
    ///
    /// If it listens on every address of the machine, the URL has the loopback one.
    pub fn base_url(&self) -> String {
        let mut addr = self.addr();
        if addr.ip().is_unspecified() {
            addr.set_ip(match addr.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("http://{addr}")
    }

    /// The address of the page that shows agents, messages, runs and tokens as they change. `None` if it listens on another
    /// address than a loopback one: the page is not served then.
    ///
    /// Whoever has the address can look. It has a random key behind its `#`, made anew for each emulator. The page shows no
    /// secrets.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let emulator = letta_api_emulator::Emulator::start().await?;
    /// println!("Look at {}", emulator.page_url().unwrap());
    /// # Ok(())
    /// # }
    /// ```
    pub fn page_url(&self) -> Option<String> {
        let key = self.account.page_key.as_ref()?;
        Some(format!("{}/_emulator/#{}", self.base_url(), key.expose()))
    }

    /// The API key that is let in. Printing it is safe.
    pub fn api_key(&self) -> &ApiKey {
        &self.account.api_key
    }

    /// The tokens that were issued and not deleted, in all projects, oldest first; expired ones
    /// included.
    pub fn tokens(&self) -> Vec<IssuedToken> {
        self.account.tokens.snapshot(self.account.now())
    }

    /// How many tokens were issued and not deleted, in all projects.
    pub fn token_count(&self) -> TokenCount {
        self.account.tokens.count(self.account.now())
    }

    /// Adds an agent, by its ID or as more than that, and gives it as it is then.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): an ID that is not `agent-` and letters, digits, `-`,
    /// `_` and `.` after it, or that another agent has.
    pub fn create_agent(&self, agent: impl Into<NewAgent>) -> io::Result<Agent> {
        add_agent(&self.account, agent.into())
    }

    /// The agent with this ID: to look at, or to tell what to do.
    pub fn agent(&self, id: impl Into<String>) -> AgentHandle<'_> {
        AgentHandle {
            account: &self.account,
            id: id.into(),
        }
    }

    /// All runs, oldest first: those of agents that exist.
    pub fn runs(&self) -> Vec<Run> {
        let world = self.account.stage.world();
        world.runs.iter().map(|it| it.run.clone()).collect()
    }

    /// Waits until a run is over, and gives it as it is then. `None` if it does not exist.
    ///
    /// ```
    /// use letta_api_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let emulator = Emulator::builder().agent("agent-1").start().await?;
    /// // A client says something to the agent, and goes away.
    /// for run in emulator.runs() {
    ///     emulator.run_over(run.id.as_str()).await;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run_over(&self, id: &str) -> Option<Run> {
        let live = self.account.stage.live().run(id).cloned();
        if let Some(live) = live {
            live.over().await;
        }
        let world = self.account.stage.world();
        world.runs.get(id).map(|it| it.run.clone())
    }

    /// All agents, oldest first.
    pub fn agents(&self) -> Vec<Agent> {
        let world = self.account.stage.world();
        let agents = world.agents.iter();
        agents.map(|agent| Agent::of(&world, agent)).collect()
    }

    /// Injects a fault from now on.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the fault is invalid: a status outside 400 to 599, a
    /// probability outside 0 to 1, a rate limit for a span of zero, the event 0 of a stream, a fault of streams on an operation
    /// without streams.
    pub fn inject(&self, fault: Fault) -> io::Result<()> {
        self.account.faults.add(fault)?;
        self.account.changes.shown();
        Ok(())
    }

    /// The present faults. A fault with a limited number of [times](Fault::times) has the times that are left.
    pub fn faults(&self) -> Vec<Fault> {
        self.account.faults.present()
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.account.faults.clear();
        self.account.changes.shown();
    }

    /// How many requests of this operation have arrived, whatever they were answered. Those that are not answered yet
    /// count; preflights do not.
    pub fn request_count(&self, operation: Operation) -> usize {
        self.account.arrivals(operation)
    }

    /// All that it holds, as JSON to print or to keep: `now`, `agents` with their messages, `runs`, `mcp_servers` without
    /// what may hold a secret, `tokens` (without those deleted), `requests` by operation and by status (`none` if the connection was closed
    /// in place of an answer), `faults`. Secrets are redacted, wherever somebody may have put one; tokens are told apart
    /// by their fingerprint, which is that of the SDK's `AccessToken`.
    ///
    /// `GET /_emulator/state` answers with the same, to the API key.
    pub fn dump(&self) -> serde_json::Value {
        state::dump(&self.account)
    }

    /// Writes the [state file](Builder::state_file) now, if anything changed since it was written. Does nothing without
    /// such a file.
    ///
    /// # Errors
    ///
    /// What the operating system says if the file cannot be written, with its name;
    /// [`InvalidData`](io::ErrorKind::InvalidData) if the state is larger than 256 MiB. The file is as it was then.
    pub async fn save_state(&self) -> io::Result<()> {
        match &self.saver {
            Some(saver) => saver.save().await,
            None => Ok(()),
        }
    }

    /// Why the [state file](Builder::state_file) could not be written the last time. `None` if it could.
    ///
    /// The emulator goes on, and tries it again every second.
    pub fn state_trouble(&self) -> Option<String> {
        self.account.trouble()
    }

    /// Frees the port, lets requests finish that are being answered, closes all connections, and
    /// returns when that is done.
    ///
    /// Waits for at most [`Builder::shutdown_grace`], one second by default. What is not done by then is cut off. Then the
    /// [state file](Builder::state_file) is written, if there is one. [`save_state`](Self::save_state) before it says whether
    /// that is possible.
    pub async fn shutdown(self) {
        // A page that waits for a change is answered, and its connection can be closed.
        self.account.changes.shown();
        self.server.shutdown().await;
        let runs = self.account.stage.live().under_way();
        self.account.stage.end_turns().await;
        if let Some(saver) = self.saver {
            // What was cut off is failed in the file, even if nothing else changed.
            if !runs.is_empty() {
                self.account.changes.kept();
            }
            // Nobody is left to be told.
            let _ = saver.save().await;
        }
    }
}

/// Adds an agent, and gives it as it is then.
fn add_agent(account: &Account, agent: NewAgent) -> io::Result<Agent> {
    let mut world = account.stage.world();
    let id = agent.add(&mut world, account.now())?;
    let agent = world.agents.get(&id);
    Ok(Agent::of(&world, agent.expect("it was added")))
}

/// An agent of a running emulator. Made by [`Emulator::agent`], whether or not the agent exists.
#[derive(Clone)]
pub struct AgentHandle<'a> {
    account: &'a Account,
    id: String,
}

impl AgentHandle<'_> {
    /// The agent as it is now, with its messages. `None` if it does not exist.
    pub fn snapshot(&self) -> Option<Agent> {
        let world = self.account.stage.world();
        let agent = world.agents.get(&self.id)?;
        Some(Agent::of(&world, agent))
    }
}

impl AgentHandle<'_> {
    /// Tells the agent what to do from now on, in place of what it was told before. Without a script, it repeats what the user
    /// says. The agent need not exist yet. An agent that is deleted loses its script.
    ///
    /// ```
    /// use letta_api_emulator::{Act, Emulator, Rule};
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let emulator = Emulator::builder().agent("agent-1").start().await?;
    /// emulator.agent("agent-1").script([
    ///     Rule::new("Hello, I am Ada."),
    ///     Rule::new([
    ///         Act::call("lookup_weather", json!({"city": "Oslo"})).returns("Rain"),
    ///         Act::text("Take a coat."),
    ///     ])
    ///     .when("weather"),
    /// ])?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the script is invalid, which names the agent, the rule and the act, or
    /// if no agent can have this ID.
    pub fn script(&self, script: impl Into<Script>) -> io::Result<()> {
        check_id(&self.id)?;
        let script = script.into();
        script.check_of(&self.id)?;
        self.account.stage.parts().give(&self.id, script);
        Ok(())
    }
}

impl std::fmt::Debug for AgentHandle<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentHandle")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emulator")
            .field("addr", &self.addr())
            .field("tokens", &self.token_count())
            .finish_non_exhaustive()
    }
}
