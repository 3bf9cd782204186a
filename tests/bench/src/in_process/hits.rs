//! A token from the minter's cache, against the same from bare caches that are filled alike; and what many tasks get that
//! ask at once for a token that is not there.

use std::collections::HashMap;
use std::future::Future;
use std::hint::black_box;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use letta_api_bench_caller::ORIGIN;
use letta_api_emulator::{Emulator, Fault, operations};
use letta_api_ext::{AccessPolicy, AccessToken, Letta, Origin, TokenMinter};
use moka::policy::EvictionPolicy;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use super::policies::agent;
use crate::Result;

/// The contestants, in the order of [`Contestants::time_of_gets`].
pub const NAMES: [&str; 3] = ["minter", "moka", "RwLock<HashMap>"];

/// How many policies there are to be asked for.
pub const POLICIES: usize = 1_000;

/// How long the emulator takes to create a token, so that all have asked before it is there.
pub const LATENCY: Duration = Duration::from_millis(100);

/// Something that has a token for each of the policies, and is asked for one.
trait Contestant: Send + Sync + 'static {
    /// Gets the token for the policy of this number, which must be there.
    fn get(&self, number: usize) -> impl Future<Output = ()> + Send;
}

/// What a bare cache is asked with.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    origin: Origin,
    policy: AccessPolicy,
}

#[derive(Debug)]
struct Minter {
    minter: TokenMinter,
    policies: Vec<AccessPolicy>,
}

/// With the minter's order of eviction.
#[derive(Debug)]
struct Moka {
    cache: moka::sync::Cache<Arc<Key>, Arc<AccessToken>>,
    keys: Vec<Arc<Key>>,
}

#[derive(Debug)]
struct Locked {
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
    minter: Arc<Minter>,
    moka: Arc<Moka>,
    locked: Arc<Locked>,
    /// It would renew what falls due.
    _emulator: Emulator,
}

impl Contestants {
    /// Mints a token for each of so many policies. None falls due for renewal while a benchmark runs.
    ///
    /// # Errors
    ///
    /// Where the emulator does not start, or does not give one.
    pub async fn fill(policies: usize) -> Result<Self> {
        let emulator = Emulator::builder().start().await?;
        let minter = TokenMinter::builder(&client(&emulator)?, ORIGIN)
            .lifetime(Duration::from_secs(24 * 60 * 60))
            .build()?;
        let moka: moka::sync::Cache<_, _> = moka::sync::Cache::builder()
            .max_capacity(10_000)
            .eviction_policy(EvictionPolicy::lru())
            .build();
        let mut map = HashMap::new();
        let mut all = Vec::new();
        let mut keys = Vec::new();
        // All at the same time, so that what each reads is as much scattered in memory.
        for number in 0..policies {
            let policy = AccessPolicy::builder()
                .agent(agent(number))
                .chat()
                .build()?;
            let token = minter.token(&policy).await?;
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
            all.push(policy);
        }
        moka.run_pending_tasks();
        Ok(Self {
            minter: Arc::new(Minter {
                minter,
                policies: all,
            }),
            moka: Arc::new(Moka {
                cache: moka,
                keys: keys.clone(),
            }),
            locked: Arc::new(Locked {
                map: RwLock::new(map),
                keys,
            }),
            _emulator: emulator,
        })
    }

    /// How long so many tasks take, each of which gets so many tokens of this contestant, of the first `keys` policies in
    /// turn.
    ///
    /// # Panics
    ///
    /// Where there is no contestant of this number, or a token is not there.
    #[must_use]
    pub fn time_of_gets(&self, runtime: &Runtime, which: usize, gets: &Gets) -> Duration {
        match which {
            0 => runtime.block_on(time_of_gets(&self.minter, gets)),
            1 => runtime.block_on(time_of_gets(&self.moka, gets)),
            2 => runtime.block_on(time_of_gets(&self.locked, gets)),
            _ => panic!("no contestant has the number {which}"),
        }
    }

    /// Gets the first token so often of this contestant, in the task and on the thread that it is called on.
    ///
    /// # Panics
    ///
    /// As [`time_of_gets`](Self::time_of_gets).
    pub async fn get_here(&self, which: usize, gets: u64) {
        for _ in 0..gets {
            match which {
                0 => self.minter.get(0).await,
                1 => self.moka.get(0).await,
                2 => self.locked.get(0).await,
                _ => panic!("no contestant has the number {which}"),
            }
        }
    }
}

/// What is got.
#[derive(Clone, Debug)]
pub struct Gets {
    /// How many tasks get at the same time.
    pub tasks: usize,
    /// Of how many policies.
    pub keys: usize,
    /// How many each of the tasks gets.
    pub each: u64,
}

async fn time_of_gets<C: Contestant>(contestant: &Arc<C>, gets: &Gets) -> Duration {
    let Gets { tasks, keys, each } = *gets;
    let start = Instant::now();
    let mut reading = JoinSet::new();
    for task in 0..tasks {
        let contestant = contestant.clone();
        reading.spawn(async move {
            // Each begins elsewhere.
            let mut number = task * keys / tasks;
            for _ in 0..each {
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
}

/// How long it takes until so many tasks have a token that none had before.
///
/// # Errors
///
/// Where one of them gets none, or not exactly one was created for all.
pub async fn miss(tasks: u64) -> Result<Duration> {
    let latency = Fault::latency(LATENCY).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    let emulator = Emulator::builder().fault(latency).start().await?;
    let minter = TokenMinter::new(&client(&emulator)?, ORIGIN)?;
    let policy = AccessPolicy::builder().agent(agent(0)).chat().build()?;
    let policy = Arc::new(policy);
    let start = Instant::now();
    let mut asking = JoinSet::new();
    for _ in 0..tasks {
        let (minter, policy) = (minter.clone(), policy.clone());
        asking.spawn(async move { minter.token(&policy).await.map(drop) });
    }
    let outcomes = asking.join_all().await;
    let took = start.elapsed();
    for outcome in outcomes {
        outcome?;
    }
    let created = emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    if created != 1 {
        return Err(format!("{tasks} tasks that want one token made {created} creates").into());
    }
    let counters = minter.counters();
    if counters.creates != 1 || counters.hits + counters.waits != tasks - 1 {
        return Err(format!("the minter miscounts {tasks} tasks: {counters:?}").into());
    }
    Ok(took)
}

/// A runtime of two threads, or of the one that it is made on.
///
/// # Errors
///
/// Where the operating system gives no threads.
pub fn runtime(has_threads: bool) -> Result<Runtime> {
    let mut runtime = match has_threads {
        true => Builder::new_multi_thread(),
        false => Builder::new_current_thread(),
    };
    Ok(runtime.worker_threads(2).enable_all().build()?)
}

fn client(emulator: &Emulator) -> Result<Letta> {
    Ok(Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .build()?)
}
