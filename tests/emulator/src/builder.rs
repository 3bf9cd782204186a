//! How an emulator is set up.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use letta_api::{ApiKey, Secret};

use crate::account::Account;
use crate::clock::{Clock, SystemClock};
use crate::emulator::Emulator;
use crate::project::Projects;
use crate::routes::routes;
use crate::server::Server;

/// Sets up an [`Emulator`]. Made by [`Emulator::builder`].
///
/// Nothing is checked before [`start`](Self::start).
#[must_use = "an emulator runs once `start` is awaited"]
pub struct Builder {
    api_key: Secret,
    projects: Projects,
    clock: Arc<dyn Clock>,
    listen: SocketAddr,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            api_key: Secret::from(Emulator::DEFAULT_API_KEY),
            projects: Projects::default(),
            clock: Arc::new(SystemClock),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        }
    }

    /// The one API key that is let in. [`Emulator::DEFAULT_API_KEY`] unless set. White space round it
    /// is dropped.
    pub fn api_key(mut self, api_key: impl Into<Secret>) -> Self {
        self.api_key = api_key.into();
        self
    }

    /// Adds a project, by its slug.
    ///
    /// Unless one is added, every project is there that a request names. From the first on, only those
    /// added are, beside the default one, and requests that name others are answered 404.
    pub fn project(mut self, slug: impl Into<String>) -> Self {
        self.projects.add(slug.into(), None);
        self
    }

    /// Adds a project, by its slug and its ID, so that requests may name it by either. Else as
    /// [`project`](Self::project).
    pub fn project_with_id(mut self, slug: impl Into<String>, id: impl Into<String>) -> Self {
        self.projects.add(slug.into(), Some(id.into()));
        self
    }

    /// Where the time is taken from. [`SystemClock`] unless set; see
    /// [`ManualClock`](crate::ManualClock) for tests.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where to listen. `127.0.0.1:0` unless set: a free port of the operating system's choice.
    ///
    /// What listens on another address than loopback is open to the network: it takes the key, and
    /// answers with tokens, in clear.
    pub fn listen(mut self, addr: SocketAddr) -> Self {
        self.listen = addr;
        self
    }

    /// Starts the server, as a task of the runtime that this is awaited on.
    ///
    /// # Errors
    ///
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): an API key that is empty or not visible ASCII;
    ///   a project name of that kind, or given twice. The error does not hold the key.
    /// - What the operating system says where it does not let us listen, with the address:
    ///   [`AddrInUse`](io::ErrorKind::AddrInUse), for one.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, and in one without I/O and time.
    pub async fn start(self) -> io::Result<Emulator> {
        let api_key = ApiKey::new(self.api_key)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        self.projects.check()?;
        let account = Arc::new(Account::new(api_key, self.projects, self.clock));
        let server = Server::start(self.listen, routes(Arc::clone(&account))).await?;
        Ok(Emulator::new(account, server))
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("listen", &self.listen)
            .field("projects", &self.projects)
            .finish_non_exhaustive()
    }
}
