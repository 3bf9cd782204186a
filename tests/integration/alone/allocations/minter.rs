//! That a token from the cache costs no allocation of the minter's, and tokens for many agents a few for each.

use futures_util::FutureExt as _;
use letta_api_emulator::Emulator;
use letta_api_ext::{AccessPolicy, Letta, TokenMinter};

async fn minter() -> (Emulator, TokenMinter) {
    let emulator = Emulator::builder().start().await.unwrap();
    let letta = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .build()
        .unwrap();
    let minter = TokenMinter::new(&letta, "https://chat.example.com").unwrap();
    (emulator, minter)
}

/// A policy for each agent takes three, and all together two lists.
#[tokio::test]
async fn a_hit_for_each_of_many_agents_allocates_what_their_policies_take() {
    let (_emulator, minter) = minter().await;
    for agents in [2, 200] {
        let policy: Vec<_> = (0..agents).map(|n| format!("agent-{n}:chat")).collect();
        let policy: AccessPolicy = policy.join(";").parse().unwrap();
        let hit = || minter.tokens_per_agent(&policy).subject("session-7").send();
        hit().await.unwrap();
        hit().now_or_never().unwrap().unwrap();
        // The cache below keeps house about once in 64 hits, which takes a few.
        let least = (0..100)
            .map(|_| {
                let hit = || hit().now_or_never().unwrap().unwrap();
                allocation_counter::measure(|| drop(hit())).count_total
            })
            .min();
        let house_keeping = agents / 64 * 8;
        assert!(
            least <= Some(2 + 4 * agents + house_keeping),
            "{agents}: {least:?}"
        );
    }
}

#[tokio::test]
async fn a_hit_does_not_allocate() {
    let (_emulator, minter) = minter().await;
    let policy = AccessPolicy::builder()
        .agent("agent-6bb462c2-e885-434a-a0e3-d08ad8d9f595")
        .chat()
        .build()
        .unwrap();
    for subject in [None, Some("session-7")] {
        let hit = || {
            let request = minter.token(&policy);
            let request = match subject {
                Some(subject) => request.subject(subject),
                None => request,
            };
            request.into_future()
        };
        hit().await.unwrap();
        // What a thread needs once.
        hit().now_or_never().unwrap().unwrap();
        // Now and then the cache below keeps house, which is about one in 128.
        let allocating = (0..10_000)
            .filter(|_| {
                let hit = || hit().now_or_never().unwrap().unwrap();
                allocation_counter::measure(|| drop(hit())).count_total > 0
            })
            .count();
        assert!(allocating <= 100, "{subject:?}: {allocating} of 10,000");
    }
    assert_eq!(minter.counters().creates, 2);
}
