//! What it costs that several replicas of a backend each mint their own tokens: real minters against the emulator, in
//! time that is moved on from one page load to the next.
//!
//! ```console
//! $ cargo run --release -p letta-api-tests --example replicas
//! ```
//!
//! An argument is a number of users, in place of 100 and 1,000.

use std::time::Duration;

use fastrand::Rng;
use letta_api_emulator::Emulator;
use letta_api_ext::{AccessPolicy, Letta, TokenMinter};
use letta_api_tests::virtual_time::VirtualTime;

/// Each user loads a page this often on the average, at random moments.
const BETWEEN_LOADS: Duration = Duration::from_secs(60);

/// What is measured, after one lifetime for the caches to fill.
const MEASURED: Duration = Duration::from_secs(30 * 60);

#[derive(Clone, Copy)]
struct Scenario {
    replicas: usize,
    users: usize,
    lifetime: Duration,
    /// A user's page loads all go to the same replica, and not each to any.
    is_sticky: bool,
}

struct Outcome {
    loads: u64,
    /// Loads that had to wait for a token.
    waits: u64,
    /// Tokens that the service was asked for.
    creates: u64,
    live: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let users: Vec<usize> = std::env::args()
        .skip(1)
        .map(|text| text.parse().expect("an argument is a number of users"))
        .collect();
    let users = if users.is_empty() {
        vec![100, 1_000]
    } else {
        users
    };
    let time = VirtualTime::stop();
    println!(
        "| replicas | users | lifetime | routing | loads/min | creates/min | expected | at most | live tokens | hit rate |"
    );
    println!("|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|");
    for lifetime in [5, 15].map(|minutes| Duration::from_secs(minutes * 60)) {
        for users in users.iter().copied() {
            for replicas in [1, 2, 5, 10] {
                for is_sticky in [true, false] {
                    // With one replica it is all the same.
                    if replicas > 1 || is_sticky {
                        let scenario = Scenario {
                            replicas,
                            users,
                            lifetime,
                            is_sticky,
                        };
                        print_row(scenario, &scenario.run(&time).await);
                    }
                }
            }
        }
    }
    println!(
        "\nA replica mints for a user again when that user asks once 50 to 67 % of the token's life have gone, so that \
         expected are pairs / (7/12 lifetime + time between a pair's loads), and at most pairs / (1/2 lifetime)."
    );
    println!(
        "What a hit rate lacks of 100 % are page loads that waited for a create; the other creates were renewals, for \
         which nobody waited."
    );
}

impl Scenario {
    async fn run(self, time: &VirtualTime) -> Outcome {
        // The minters draw from this thread's generator when they renew.
        fastrand::seed(1);
        let mut rng = Rng::with_seed(2);
        let emulator = Emulator::builder().clock(time.clock(Duration::ZERO));
        let emulator = emulator.start().await.expect("an emulator");
        let letta = Letta::builder()
            .api_key(emulator.api_key())
            .base_url(emulator.base_url())
            .build()
            .expect("a client");
        let minters: Vec<TokenMinter> = (0..self.replicas)
            .map(|_| {
                let minter = TokenMinter::builder(&letta, "https://chat.example.com");
                minter.lifetime(self.lifetime).build().expect("a minter")
            })
            .collect();
        let policies: Vec<AccessPolicy> = (0..self.users)
            .map(|user| {
                let policy = AccessPolicy::builder().agent(format!("agent-{user}"));
                policy.chat().build().expect("a policy")
            })
            .collect();

        let start = time.elapsed();
        let mut outcome = Outcome {
            loads: 0,
            waits: 0,
            creates: 0,
            live: 0,
        };
        let mean = BETWEEN_LOADS.as_secs_f64() / self.users as f64;
        while time.elapsed() - start < self.lifetime + MEASURED {
            // Gaps of a Poisson process.
            let gap = -mean * (1.0 - rng.f64()).ln();
            time.advance(Duration::from_secs_f64(gap)).await;
            let user = rng.usize(..self.users);
            let any = rng.usize(..self.replicas);
            let replica = if self.is_sticky {
                user % self.replicas
            } else {
                any
            };
            let (creates, renewals) = load(&minters[replica], &policies[user]).await;
            if time.elapsed() - start >= self.lifetime {
                outcome.loads += 1;
                outcome.waits += creates;
                outcome.creates += creates + renewals;
            }
        }
        outcome.live = emulator.token_count().live;
        outcome
    }
}

/// Loads a page: the tokens that were created because of it, for it to wait for and ahead of need. They are all
/// there afterwards, though a real request takes as long as it takes, and no time by the clock that is moved.
async fn load(minter: &TokenMinter, policy: &AccessPolicy) -> (u64, u64) {
    let before = minter.counters();
    let served = minter.token(policy).await.expect("a token");
    // A renewal that is due begins.
    tokio::task::yield_now().await;
    let after = minter.counters();
    let renewals = after.renewals - before.renewals;
    if renewals > 0 {
        // Until it has landed.
        while minter.token(policy).await.expect("a token").expose_secret() == served.expose_secret()
        {
            assert_eq!(minter.counters().failures, 0);
            tokio::task::yield_now().await;
        }
    }
    (after.creates - before.creates, renewals)
}

fn print_row(scenario: Scenario, outcome: &Outcome) {
    let Scenario {
        replicas, users, ..
    } = scenario;
    let minutes = |time: Duration| time.as_secs_f64() / 60.0;
    let per_minute = |count: u64| count as f64 / minutes(MEASURED);
    // Users by the replicas that each of them gets to.
    let (pairs, routing) = match scenario.is_sticky {
        true => (users, "sticky"),
        false => (users * replicas, "random"),
    };
    let lifetime = minutes(scenario.lifetime);
    let between_loads = minutes(BETWEEN_LOADS) * pairs as f64 / users as f64;
    let loads = per_minute(outcome.loads);
    println!(
        "| {replicas} | {users} | {lifetime} min | {} | {loads:.0} | {:.1} | {:.1} | {:.1} | {} | {:.1} % |",
        if replicas == 1 { "–" } else { routing },
        per_minute(outcome.creates),
        pairs as f64 / (lifetime * 7.0 / 12.0 + between_loads),
        loads.min(pairs as f64 / (lifetime / 2.0)),
        outcome.live,
        100.0 * (1.0 - outcome.waits as f64 / outcome.loads as f64),
    );
}
