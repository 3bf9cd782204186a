//! What tests of minters share: an emulator and its client, in time that stands still.

use std::time::Duration;

use letta_api_emulator::{Builder, Emulator, operations};
use letta_api_ext::{
    AccessPolicy, AccessToken, Letta, RetryPolicy, TokenMinter, TokenMinterBuilder,
};

use crate::virtual_time::VirtualTime;

/// The origin that tokens are minted for.
pub const ORIGIN: &str = "https://chat.example.com";

/// An emulator, a client for it that sends each call once, and the time that both go by.
#[derive(Debug)]
pub struct Service {
    /// That of the emulator and of the client.
    pub time: VirtualTime,
    /// The service itself.
    pub emulator: Emulator,
    /// A client with the emulator's key.
    pub letta: Letta,
}

impl Service {
    /// With a clock that shows the time of this machine when it starts, and then stands still.
    pub async fn start() -> Self {
        let time = VirtualTime::stop();
        let clock = time.clock(Duration::ZERO);
        Self::start_with(time, Emulator::builder().clock(clock)).await
    }

    /// With an emulator that is set up otherwise. Its clock should go by `time`.
    ///
    /// # Panics
    ///
    /// If the emulator does not start.
    pub async fn start_with(time: VirtualTime, builder: Builder) -> Self {
        let emulator = builder.start().await.expect("loopback has a free port");
        let letta = Letta::builder()
            .api_key(emulator.api_key())
            .base_url(emulator.base_url())
            .retry(RetryPolicy::never())
            .build()
            .expect("an emulator's URL and key make a client");
        Self {
            time,
            emulator,
            letta,
        }
    }

    /// A minter for [`ORIGIN`], with all defaults.
    ///
    /// # Panics
    ///
    /// Never: the origin is valid.
    #[must_use]
    pub fn minter(&self) -> TokenMinter {
        self.builder().build().expect("the origin is valid")
    }

    /// A minter for [`ORIGIN`], to be configured.
    pub fn builder(&self) -> TokenMinterBuilder {
        TokenMinter::builder(&self.letta, ORIGIN)
    }

    /// How many creates have arrived.
    #[must_use]
    pub fn creates(&self) -> usize {
        self.emulator
            .request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN)
    }

    /// How many deletes have arrived.
    #[must_use]
    pub fn revokes(&self) -> usize {
        self.emulator
            .request_count(operations::DELETE_CLIENT_SIDE_ACCESS_TOKEN)
    }

    /// Whether the service has a record of the token.
    #[must_use]
    pub fn has(&self, token: &AccessToken) -> bool {
        let tokens = self.emulator.tokens();
        tokens
            .iter()
            .any(|known| known.secret().expose_secret() == token.expose_secret())
    }
}

/// So many seconds.
#[must_use]
pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The policy that this text says.
///
/// # Panics
///
/// If it says none.
#[must_use]
pub fn policy(text: &str) -> AccessPolicy {
    text.parse().expect("the text form of a policy")
}

/// Chatting with this agent.
///
/// # Panics
///
/// If the ID is invalid.
#[must_use]
pub fn chat(agent: &str) -> AccessPolicy {
    let builder = AccessPolicy::builder().agent(agent).chat();
    builder.build().expect("an agent's ID")
}

/// Whether these are one token.
#[must_use]
pub fn same(one: &AccessToken, other: &AccessToken) -> bool {
    one.expose_secret() == other.expose_secret()
}
