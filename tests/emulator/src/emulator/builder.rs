//! How an emulator is set up.

use std::collections::HashSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use letta_api::types::Identity;
use letta_api::{ApiKey, Secret};

use crate::agent::NewAgent;
use crate::clock::{Clock, SystemClock};
use crate::emulator::{Emulator, add_agent, kept, scripted};
use crate::faults::fault::Fault;
use crate::faults::present::Faults;
use crate::http::host::Hosts;
use crate::http::server::Server;
use crate::project::Projects;
use crate::script::file::ScriptFile;
use crate::service::account::{Account, Settings};
use crate::service::page::PageKey;
use crate::service::routes::routes;
use crate::tokens::rules::TokenRules;
use crate::tool::NewTool;
use crate::turns::stage::StageSettings;

/// Sets up an [`Emulator`]. Made by [`Emulator::builder`].
///
/// Nothing is checked before [`start`](Self::start).
#[must_use = "an emulator runs once `start` is awaited"]
pub struct Builder {
    api_key: Secret,
    projects: Projects,
    organization: String,
    token_rules: TokenRules,
    agents: Vec<NewAgent>,
    script_file: Option<ScriptFile>,
    tools: Vec<NewTool>,
    mcp_tools: Vec<(String, NewTool)>,
    identities: Vec<Identity>,
    state_file: Option<PathBuf>,
    faults: Vec<Fault>,
    seed: u64,
    word_delay: Duration,
    background_runs: bool,
    file_processing: Duration,
    clock: Arc<dyn Clock>,
    listen: SocketAddr,
    shutdown_grace: Duration,
    allowed_hosts: Vec<String>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            api_key: Secret::from(Emulator::DEFAULT_API_KEY),
            projects: Projects::default(),
            organization: Emulator::DEFAULT_ORGANIZATION.to_owned(),
            token_rules: TokenRules::strict(),
            agents: Vec::new(),
            script_file: None,
            tools: Vec::new(),
            mcp_tools: Vec::new(),
            identities: Vec::new(),
            state_file: None,
            faults: Vec::new(),
            seed: 0,
            word_delay: Duration::ZERO,
            background_runs: true,
            file_processing: Duration::ZERO,
            clock: Arc::new(SystemClock),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            shutdown_grace: Duration::from_secs(1),
            allowed_hosts: Vec::new(),
        }
    }

    /// The API key that clients must send. [`Emulator::DEFAULT_API_KEY`] unless set. White space at its ends is removed.
    pub fn api_key(mut self, api_key: impl Into<Secret>) -> Self {
        self.api_key = api_key.into();
        self
    }

    /// How client-side tokens are treated. [`TokenRules::strict`] unless set.
    pub fn token_rules(mut self, rules: TokenRules) -> Self {
        self.token_rules = rules;
        self
    }

    /// The ID of the organization that tokens belong to. [`Emulator::DEFAULT_ORGANIZATION`] unless set.
    ///
    /// A token has it in itself: it is `ck-let-`, and the base64 of this ID, a colon and a random UUID. An ID such as
    /// `ab~cd?` gives tokens with `+` and `/` in them.
    pub fn organization(mut self, id: impl Into<String>) -> Self {
        self.organization = id.into();
        self
    }

    /// Adds a project, by its slug.
    ///
    /// If no project is added, every project that a request names exists. Otherwise only the added projects and the
    /// default one exist, and requests that name another are answered 404.
    pub fn project(mut self, slug: impl Into<String>) -> Self {
        self.projects.add(slug.into(), None);
        self
    }

    /// Adds a project, by its slug and its ID. Requests may name it by either. Otherwise like
    /// [`project`](Self::project).
    pub fn project_with_id(mut self, slug: impl Into<String>, id: impl Into<String>) -> Self {
        self.projects.add(slug.into(), Some(id.into()));
        self
    }

    /// Adds an agent, by its ID or as a [`NewAgent`]. Agents exist only if they are added, here or by a request. They
    /// exist in every project.
    pub fn agent(mut self, agent: impl Into<NewAgent>) -> Self {
        self.agents.push(agent.into());
        self
    }

    /// Makes the agents of a file that are not added otherwise, and has all of them do what it says. It replaces an earlier
    /// file. [`scripts`](crate::scripts) describes the form.
    ///
    /// ```
    /// use letta_api_emulator::{Emulator, ScriptFile};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = ScriptFile::from_json(r#"{"agents": {"agent-1": {"name": "Ada", "script": ["Hello, I am Ada."]}}}"#)?;
    /// let emulator = Emulator::builder().script_file(file).start().await?;
    /// assert_eq!(emulator.agent("agent-1").snapshot().unwrap().name(), "Ada");
    /// # Ok(())
    /// # }
    /// ```
    pub fn script_file(mut self, file: ScriptFile) -> Self {
        self.script_file = Some(file);
        self
    }

    /// Keeps its state in this file between runs: all that the emulator holds, and the client-side tokens **with their secrets**.
    /// Only the owner can read the file (mode 0600), on systems that have such modes.
    ///
    /// A file that does not exist is made. Otherwise the emulator begins with what it holds. Agents that are
    /// [added](Self::agent) and in the file stay as the file has them. Scripts, faults, the API key, counts of requests
    /// and the events of runs in background are not kept. A run that went on when the emulator stopped has failed.
    ///
    /// The file is written as a whole or not at all: after changes, at most once a second, and at
    /// [`Emulator::shutdown`]. If the emulator is dropped or the process killed, what changed in the last second may be lost.
    /// [`Emulator::save_state`] writes at once. One emulator at a time can have a file: it holds a lock on a second file, whose
    /// name ends in `.lock`.
    ///
    /// ```
    /// use letta_api_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// let file = folder.path().join("state.json");
    /// let emulator = Emulator::builder().state_file(&file).agent("agent-1").start().await?;
    /// emulator.shutdown().await;
    ///
    /// let emulator = Emulator::builder().state_file(&file).start().await?;
    /// assert_eq!(emulator.agents()[0].id(), "agent-1");
    /// # Ok(())
    /// # }
    /// ```
    pub fn state_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_file = Some(path.into());
        self
    }

    /// Adds a tool, which agents may be given.
    ///
    /// ```
    /// use letta_api_emulator::{Emulator, NewTool};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let roll = NewTool::new("roll_dice").description("Rolls a die.").returns(4);
    /// let emulator = Emulator::builder().tool(roll).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn tool(mut self, tool: impl Into<NewTool>) -> Self {
        self.tools.push(tool.into());
        self
    }

    /// Adds a tool that a server of the Model Context Protocol offers: each server that is made with this name, by a request.
    /// No server is called.
    ///
    /// ```
    /// use letta_api_emulator::{Emulator, NewTool};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let forecast = NewTool::new("forecast").description("Says how the weather will be.").returns("Sunny.");
    /// let emulator = Emulator::builder().mcp_tool("weather", forecast).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn mcp_tool(mut self, server_name: impl Into<String>, tool: impl Into<NewTool>) -> Self {
        self.mcp_tools.push((server_name.into(), tool.into()));
        self
    }

    /// Adds an identity, which agents may be given. No operation of the SDK's makes identities.
    ///
    /// ```
    /// use letta_api::types::{Identity, IdentityType};
    /// use letta_api_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let sam = Identity::new("identity-1", "sam@example.com", "Sam", IdentityType::User, Vec::new(), Vec::new());
    /// let emulator = Emulator::builder().identity(sam).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identities.push(identity);
        self
    }

    /// Injects a [`Fault`]. To inject one while the emulator runs, see [`Emulator::inject`].
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Random seed for faults, and for the order of lists. With the same seed and the same requests in the same order, the same requests are
    /// struck. 0 unless set.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Delay before each word of an answer that is streamed by words, and before each message of another stream. Zero
    /// unless set. During a delay of more than 20 seconds, the service's pings are sent.
    pub fn word_delay(mut self, delay: Duration) -> Self {
        self.word_delay = delay;
        self
    }

    /// Whether runs in background are possible, and so resuming a stream. They are unless set to `false`: then they are
    /// answered 503, as by a server that has no store for them.
    pub fn background_runs(mut self, possible: bool) -> Self {
        self.background_runs = possible;
        self
    }

    /// How long it takes to process a file that was uploaded, by the emulator's clock. Zero unless set.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use letta_api_emulator::{Emulator, ManualClock};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let clock = ManualClock::new();
    /// let processing = Duration::from_secs(10);
    /// let emulator = Emulator::builder().clock(clock.clone()).file_processing(processing).start().await?;
    /// // An uploaded file is `parsing` now, `embedding` after 5 seconds, and `completed` after 10.
    /// clock.advance(processing);
    /// # Ok(())
    /// # }
    /// ```
    pub fn file_processing(mut self, duration: Duration) -> Self {
        self.file_processing = duration;
        self
    }

    /// The clock that it goes by. [`SystemClock`] unless set; see
    /// [`ManualClock`](crate::ManualClock) for tests, and [`SkewedClock`](crate::SkewedClock) for a
    /// service whose clock is wrong.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where to listen. `127.0.0.1:0` unless set: a free port of the operating system's choice.
    ///
    /// An address other than loopback is open to the network: the key and the tokens are then sent there without
    /// encryption. Clients that use another name for the machine than its address need [`allow_host`](Self::allow_host).
    pub fn listen(mut self, addr: SocketAddr) -> Self {
        self.listen = addr;
        self
    }

    /// How long [`Emulator::shutdown`] waits for requests that are being answered, before it closes their
    /// connections. One second by default; zero does not wait.
    pub fn shutdown_grace(mut self, grace: Duration) -> Self {
        self.shutdown_grace = grace;
        self
    }

    /// Serves requests to this host too: a name, or an address, without a port. Can be called several times.
    ///
    /// Without it, requests are served if they name `localhost`, a name that ends in `.localhost`, a loopback address,
    /// or the one address that the emulator [listens on](Self::listen). All others are answered 403. So a page of
    /// another site cannot reach the emulator through a DNS name of its own that leads to 127.0.0.1, which is called
    /// DNS rebinding.
    ///
    /// ```
    /// use letta_api_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// // For other containers, which call it by the name of its own.
    /// let emulator = Emulator::builder().allow_host("emulator").start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.allowed_hosts.push(host.into());
        self
    }

    /// Starts the server, as a task of the runtime that this is awaited on.
    ///
    /// # Errors
    ///
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): an API key that is empty or not visible ASCII;
    ///   a project name of that kind, or given twice; an organization that is empty, has a colon, or is longer than 256
    ///   bytes; an agent ID that is not `agent-` and letters,
    ///   digits, `-`, `_` and `.` after it, or given twice; an agent that is added and that the [script
    ///   file](Self::script_file) is to make; a model that is not `provider/name`; a tool whose name is not 1
    ///   to 64 letters, digits, `_` and `-`; two identities of one ID; an invalid fault; an
    ///   [allowed host](Self::allow_host) that is neither a name nor an address. The error does not hold the key.
    /// - [`InvalidData`](io::ErrorKind::InvalidData): a [state file](Self::state_file) that is cut off, has another form or
    ///   version, is larger than 256 MiB, or was written for another organization. It is left as it is. The error has its name.
    /// - [`ResourceBusy`](io::ErrorKind::ResourceBusy): another emulator has the state file.
    /// - What the operating system says if it does not let us listen, with the address:
    ///   [`AddrInUse`](io::ErrorKind::AddrInUse), for example.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, and in one without I/O and time.
    pub async fn start(self) -> io::Result<Emulator> {
        let api_key = ApiKey::new(self.api_key)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        self.projects.check()?;
        if self.organization.is_empty()
            || self.organization.len() > 256
            || self.organization.contains(':')
        {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the organization must be a text of 1 to 256 bytes without a colon",
            ));
        }
        let faults = Faults::new(self.seed);
        for fault in self.faults {
            faults.add(fault)?;
        }
        let page_key = self.listen.ip().is_loopback().then(PageKey::generate);
        let page_key = page_key.transpose().map_err(io::Error::other)?;
        let account = Arc::new(Account::new(Settings {
            api_key,
            projects: self.projects,
            organization: self.organization,
            token_rules: self.token_rules,
            faults,
            seed: self.seed,
            stage: StageSettings {
                word_delay: self.word_delay,
                background_runs: self.background_runs,
            },
            file_processing: self.file_processing,
            clock: self.clock,
            page_key,
        }));
        let mut of_file = HashSet::new();
        let mut saved_in = None;
        if let Some(path) = self.state_file {
            let (file, kept) = kept::open(path).await?;
            let is_new = kept.is_none();
            if let Some(kept) = kept {
                of_file = kept::restore(&account, kept).map_err(|error| file.named(error))?;
            }
            saved_in = Some((file, is_new));
        }
        {
            let mut world = account.stage.world();
            for tool in self.tools {
                tool.add_unless_there(&mut world)?;
            }
            for (server, tool) in self.mcp_tools {
                tool.offer(&mut world, &server)?;
            }
            let mut given = HashSet::new();
            for identity in self.identities {
                let id = identity.id.to_string();
                if !given.insert(id.clone()) {
                    let message = format!("two identities have the ID {id:?}");
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
                }
                // One that the state file has stays as it is there.
                let _ = world.identities.insert(identity);
            }
        }
        // An agent that is added twice is refused, in the file or not.
        let mut not_added = of_file.clone();
        for agent in self.agents {
            if !not_added.remove(agent.id()) {
                add_agent(&account, agent)?;
            }
        }
        if let Some(file) = &self.script_file {
            scripted::bring(&account, file, &of_file)?;
        }
        let hosts = Hosts::new(&self.allowed_hosts, self.listen)?;
        let routes = routes(Arc::clone(&account), hosts);
        let server = Server::start(self.listen, routes, self.shutdown_grace).await?;
        let saver = match saved_in {
            None => None,
            Some((file, is_new)) => {
                let saver = kept::save(&account, file, is_new);
                // A file that cannot be written is better known now.
                saver.save().await?;
                Some(saver)
            }
        };
        Ok(Emulator::new(account, server, saver))
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("listen", &self.listen)
            .field("projects", &self.projects)
            .field("token_rules", &self.token_rules)
            .field("agents", &self.agents)
            .field("script_file", &self.script_file)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
