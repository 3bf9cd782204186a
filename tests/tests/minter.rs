//! The token minter against the emulator, in time that stands still.

use std::time::Duration;

use letta_api_emulator::{Emulator, Operation};
use letta_api_ext::{AccessPolicy, Letta, TokenMinter};
use letta_api_tests::virtual_time::VirtualTime;

const ORIGIN: &str = "https://chat.example.com";

/// An emulator, a client for it, and the time that both go by.
struct Service {
    time: VirtualTime,
    emulator: Emulator,
    letta: Letta,
}

impl Service {
    async fn start() -> Self {
        Self::start_ahead(Duration::ZERO).await
    }

    /// Its clock is ahead of the machine's.
    async fn start_ahead(ahead: Duration) -> Self {
        let time = VirtualTime::stop();
        let emulator = Emulator::builder()
            .clock(time.clock(ahead))
            .start()
            .await
            .unwrap();
        let letta = Letta::builder()
            .api_key(emulator.api_key())
            .base_url(emulator.base_url())
            .build()
            .unwrap();
        Self {
            time,
            emulator,
            letta,
        }
    }

    fn minter(&self) -> TokenMinter {
        TokenMinter::new(&self.letta, ORIGIN).unwrap()
    }

    fn creates(&self) -> u64 {
        self.emulator.request_count(Operation::CreateToken) as u64
    }
}

fn chat(agent: &str) -> AccessPolicy {
    AccessPolicy::builder().agent(agent).chat().build().unwrap()
}

#[tokio::test]
async fn a_token_is_minted_once_and_served_until_too_little_is_left() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    let first = minter.token(&policy).await.unwrap();
    assert_eq!(first.policy(), &policy);
    assert!(
        first.remaining() >= Duration::from_secs(298),
        "{:?}",
        first.remaining()
    );
    for _ in 0..10 {
        let again = minter.token(&policy).await.unwrap();
        assert_eq!(again.expose_secret(), first.expose_secret());
    }
    assert_eq!(service.creates(), 1);
    service.time.advance(Duration::from_secs(250)).await;
    let second = minter.token(&policy).await.unwrap();
    assert_ne!(second.expose_secret(), first.expose_secret());
    assert_eq!(service.creates(), 2);
}
