//! What the benchmarks share: caches that are compared, filled alike, and tasks that read them.

use std::collections::HashMap;
use std::future::Future;
use std::hint::black_box;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use letta_api_emulator::Emulator;
use letta_api_ext::{AccessPolicy, AccessToken, Letta, Origin, TokenMinter};
use moka::policy::EvictionPolicy;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// The web application that tokens are for.
pub const ORIGIN: &str = "https://chat.example.com";

/// How many policies there are to be asked for.
pub const POLICIES: usize = 1_000;

/// Something that has a token for each of the policies, and is asked for one.
pub trait Contestant: Send + Sync + 'static {
    /// Gets the token for the policy of this number, which must be there.
    fn get(&self, number: usize) -> impl Future<Output = ()> + Send;
}

/// What a bare cache is asked with.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Key {
    origin: Origin,
    policy: AccessPolicy,
}

/// The minter.
#[derive(Debug)]
pub struct Minter {
    minter: TokenMinter,
    policies: Vec<AccessPolicy>,
}

/// A bare moka cache, with the minter's order of eviction.
#[derive(Debug)]
pub struct Moka {
    cache: moka::sync::Cache<Arc<Key>, Arc<AccessToken>>,
    keys: Vec<Arc<Key>>,
}

/// A map behind a lock.
#[derive(Debug)]
pub struct Locked {
    map: RwLock<HashMap<Arc<Key>, Arc<AccessToken>>>,
    keys: Vec<Arc<Key>>,
}

impl Contestant for Minter {
    async fn get(&self, number: usize) {
        let token = self.minter.token(&self.policies[number]).await;
        black_box(token).expect("a token");
    }
}

impl Contestant for Moka {
    async fn get(&self, number: usize) {
        let token = self.cache.get(&*self.keys[number]);
        black_box(token).expect("a token");
    }
}

impl Contestant for Locked {
    async fn get(&self, number: usize) {
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        let token = map.get(&*self.keys[number]).cloned();
        drop(map);
        black_box(token).expect("a token");
    }
}

/// All that are compared, with the same tokens in them.
#[derive(Debug)]
pub struct Contestants {
    /// The minter.
    pub minter: Arc<Minter>,
    /// A bare cache.
    pub moka: Arc<Moka>,
    /// A map behind a lock.
    pub locked: Arc<Locked>,
    /// It renews what falls due.
    _emulator: Emulator,
}

impl Contestants {
    /// Mints a token for each policy. None falls due for renewal while a benchmark runs.
    ///
    /// # Panics
    ///
    /// Where the emulator does not give one.
    pub async fn fill() -> Self {
        let emulator = Emulator::builder().start().await.expect("an emulator");
        let minter = TokenMinter::builder(&client(&emulator), ORIGIN)
            .lifetime(Duration::from_secs(24 * 60 * 60))
            .build()
            .expect("a minter");
        let moka: moka::sync::Cache<_, _> = moka::sync::Cache::builder()
            .max_capacity(10_000)
            .eviction_policy(EvictionPolicy::lru())
            .build();
        let mut map = HashMap::new();
        let mut policies = Vec::new();
        let mut keys = Vec::new();
        // All at the same time, so that what each reads is as much scattered in memory.
        for policy in (0..POLICIES).map(policy) {
            let token = minter.token(&policy).await.expect("a token");
            let key = || {
                Arc::new(Key {
                    origin: minter.origin().clone(),
                    policy: policy.clone(),
                })
            };
            moka.insert(key(), Arc::new(token.clone()));
            map.insert(key(), Arc::new(token));
            // Whoever asks has a policy of their own.
            keys.push(key());
            policies.push(policy);
        }
        moka.run_pending_tasks();
        Self {
            minter: Arc::new(Minter { minter, policies }),
            moka: Arc::new(Moka {
                cache: moka,
                keys: keys.clone(),
            }),
            locked: Arc::new(Locked {
                map: RwLock::new(map),
                keys,
            }),
            _emulator: emulator,
        }
    }
}

/// To chat with an agent of its own, whose ID is as long as the service's.
///
/// # Panics
///
/// Never.
#[must_use]
pub fn policy(number: usize) -> AccessPolicy {
    // An odd factor, so that no two are alike.
    let id = (number as u128 + 1).wrapping_mul(0x6bb4_62c2_e885_434a_a0e3_d08a_d8d9_f595);
    let id = format!("{id:032x}");
    let agent = format!(
        "agent-{}-{}-{}-{}-{}",
        &id[..8],
        &id[8..12],
        &id[12..16],
        &id[16..20],
        &id[20..]
    );
    let policy = AccessPolicy::builder().agent(agent).chat().build();
    policy.expect("a policy")
}

/// A runtime of two threads.
///
/// # Panics
///
/// Where the operating system gives no threads.
#[must_use]
pub fn runtime() -> Runtime {
    let mut runtime = Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all();
    runtime.build().expect("a runtime")
}

/// A client of the emulator.
///
/// # Panics
///
/// Never.
#[must_use]
pub fn client(emulator: &Emulator) -> Letta {
    let letta = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .build();
    letta.expect("a client")
}

/// How long so many tasks take, each of which gets so many tokens, of the first `keys` policies in turn.
///
/// # Panics
///
/// Where a token is not there.
pub fn time_of_gets<C: Contestant>(
    runtime: &Runtime,
    contestant: &Arc<C>,
    tasks: usize,
    keys: usize,
    gets: u64,
) -> Duration {
    runtime.block_on(async {
        let start = Instant::now();
        let mut reading = JoinSet::new();
        for task in 0..tasks {
            let contestant = contestant.clone();
            reading.spawn(async move {
                // Each begins elsewhere.
                let mut number = task * keys / tasks;
                for _ in 0..gets {
                    contestant.get(number).await;
                    number += 1;
                    if number == keys {
                        number = 0;
                    }
                }
            });
        }
        reading.join_all().await;
        start.elapsed()
    })
}
