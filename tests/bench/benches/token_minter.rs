//! What a token from the cache costs, beside bare caches, and what 10,000 requests at once for one that is not there.
//!
//! Times are of one get by each of the tasks. For ratios of things measured at the same time, see
//! `hit_ratio.rs`.
//!
//! ```console
//! $ cargo bench -p letta-api-bench --bench token_minter
//! ```

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use letta_api_bench::{
    Contestant, Contestants, ORIGIN, POLICIES, client, policy, runtime, time_of_gets,
};
use letta_api_emulator::{Emulator, Fault, Operation};
use letta_api_ext::TokenMinter;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// How long the emulator takes to create a token, so that all have asked before it is there.
const LATENCY: Duration = Duration::from_millis(100);

fn hits(criterion: &mut Criterion) {
    let runtime = runtime();
    let Contestants {
        minter,
        moka,
        locked,
        ..
    } = &runtime.block_on(Contestants::fill());
    for keys in [1, POLICIES] {
        let mut group = criterion.benchmark_group(format!("hits/{keys}_keys"));
        for tasks in [1, 2, 8] {
            hit(&mut group, &runtime, "minter", minter, tasks, keys);
            hit(&mut group, &runtime, "moka", moka, tasks, keys);
            hit(&mut group, &runtime, "rwlock_hashmap", locked, tasks, keys);
        }
        group.finish();
    }
}

fn hit<C: Contestant>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    runtime: &Runtime,
    name: &str,
    contestant: &Arc<C>,
    tasks: usize,
    keys: usize,
) {
    group.throughput(Throughput::Elements(tasks as u64));
    group.bench_function(
        BenchmarkId::new(name, format!("{tasks}_tasks")),
        |bencher| {
            bencher.iter_custom(|gets| time_of_gets(runtime, contestant, tasks, keys, gets));
        },
    );
}

fn misses(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("misses_of_one_key/create_takes_100_ms");
    group.sample_size(10);
    for tasks in [1, 10_000] {
        group.bench_function(format!("{tasks}_tasks"), |bencher| {
            bencher.iter_custom(|rounds| {
                let times = (0..rounds).map(|_| runtime.block_on(miss(tasks)));
                times.sum()
            });
        });
    }
    group.finish();
}

/// How long it takes until all have a token that none had before. Exactly one is created.
async fn miss(tasks: u64) -> Duration {
    let latency = Fault::latency(LATENCY).on(Operation::CreateToken);
    let emulator = Emulator::builder().fault(latency).start().await;
    let emulator = emulator.expect("an emulator");
    let minter = TokenMinter::new(&client(&emulator), ORIGIN).expect("a minter");
    let policy = Arc::new(policy(0));
    let start = Instant::now();
    let mut asking = JoinSet::new();
    for _ in 0..tasks {
        let (minter, policy) = (minter.clone(), policy.clone());
        asking.spawn(async move { minter.token(&policy).await.map(drop) });
    }
    let outcomes = asking.join_all().await;
    let took = start.elapsed();
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(emulator.request_count(Operation::CreateToken), 1);
    let counters = minter.counters();
    assert_eq!((counters.creates, counters.renewals), (1, 0));
    assert_eq!(counters.hits + counters.waits, tasks - 1);
    took
}

criterion_group!(benches, hits, misses);
criterion_main!(benches);
