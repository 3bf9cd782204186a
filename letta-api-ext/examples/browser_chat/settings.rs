//! The settings of the environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

const LISTEN: &str = "CHAT_LISTEN";
const PAGE: &str = "CHAT_PAGE";
const TOKEN_SECONDS: &str = "CHAT_TOKEN_SECONDS";

/// The service's default life of a token. It is also how long a page may go on after its user has signed out: see *What
/// five minutes mean* in `main.rs`.
const DEFAULT_TOKEN_SECONDS: u64 = 5 * 60;

/// The shortest life that the minter accepts.
const SHORTEST_TOKEN_SECONDS: u64 = 10;
const LONGEST_TOKEN_SECONDS: u64 = 24 * 60 * 60;

pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) token_lifetime: Duration,
    /// The folder of the page's scripts. `None` for those in JavaScript.
    pub(crate) page: Option<PathBuf>,
}

impl Settings {
    pub(crate) fn from_env() -> Result<Self, String> {
        let listen = match variable(LISTEN)? {
            Some(text) => text.parse().map_err(|_| {
                format!("{LISTEN} must be an address and a port, like 127.0.0.1:3000; got {text:?}")
            })?,
            None => SocketAddr::from(([127, 0, 0, 1], 3000)),
        };
        // Nobody needs a password here, and nothing is encrypted.
        if !listen.ip().is_loopback() {
            return Err(format!(
                "{LISTEN} must be an address of this machine alone, like 127.0.0.1:3000; got {listen}"
            ));
        }
        let seconds = match variable(TOKEN_SECONDS)? {
            Some(text) => text
                .parse()
                .ok()
                .filter(|seconds| {
                    (SHORTEST_TOKEN_SECONDS..=LONGEST_TOKEN_SECONDS).contains(seconds)
                })
                .ok_or_else(|| {
                    format!(
                        "{TOKEN_SECONDS} must be a whole number of seconds from \
                         {SHORTEST_TOKEN_SECONDS} to {LONGEST_TOKEN_SECONDS}; got {text:?}"
                    )
                })?,
            None => DEFAULT_TOKEN_SECONDS,
        };
        Ok(Self {
            listen,
            token_lifetime: Duration::from_secs(seconds),
            page: variable(PAGE)?.map(PathBuf::from),
        })
    }
}

/// A variable of the environment. An empty one counts as not set.
pub(crate) fn variable(name: &str) -> Result<Option<String>, String> {
    match std::env::var_os(name).filter(|text| !text.is_empty()) {
        Some(text) => match text.into_string() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(format!("{name} must be valid UTF-8")),
        },
        None => Ok(None),
    }
}
