//! The token minter under everything at once: many tasks, few keys, failures, cancellations, revocations and jumps in
//! time at random, against the emulator. What must hold is checked at every step.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use letta_api_emulator::{Clock as _, Emulator, Fault, operations};
use letta_api_ext::{
    AccessPolicy, AccessToken, AgentId, Letta, MinterCounters, Origin, RetryPolicy,
    RevocationReport, TokenMinter,
};
use letta_api_tests::virtual_time::{TokioClock, VirtualTime};
use tokio::task::JoinSet;

const TASKS: usize = 10_000;
const STEPS: usize = 200;
const AGENTS: usize = 25;
const SUBJECTS: [&str; 2] = ["ada", "bob"];
/// The policies for each agent, each within the one that follows it.
const RIGHTS: [&str; 2] = ["read_messages", "read_messages,write_messages"];
const KEYS: usize = AGENTS * SUBJECTS.len() * RIGHTS.len();

const LIFETIME: Duration = Duration::from_secs(120);
/// The longest that anybody asks for.
const LONGEST: Duration = Duration::from_secs(60);

/// What all tasks share, and what they have found.
struct World {
    minter: TokenMinter,
    clock: TokioClock,
    rng: Mutex<Rng>,
    results: Mutex<Results>,
}

#[derive(Default, Debug)]
struct Results {
    served: usize,
    failed: usize,
    revoked_meanwhile: usize,
    cancelled: usize,
}

impl World {
    fn random<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        draw(&mut self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn policy(&self, agent: usize, rights: usize) -> AccessPolicy {
        format!("agent-{agent}:{}", RIGHTS[rights]).parse().unwrap()
    }

    /// One page load: asks, or is gone before it has an answer.
    async fn ask(self: Arc<Self>) {
        let (agent, rights) = self.random(|rng| (rng.usize(..AGENTS), rng.usize(..RIGHTS.len())));
        let subject = self.random(|rng| SUBJECTS[rng.usize(..SUBJECTS.len())]);
        let valid_for = self.random(|rng| Duration::from_secs(rng.u64(0..=LONGEST.as_secs())));
        let patience =
            self.random(|rng| (rng.u8(..5) == 0).then(|| Duration::from_secs(rng.u64(..4))));
        let policy = self.policy(agent, rights);
        let bound = self.policy(agent, RIGHTS.len() - 1);
        let is_wider_welcome = self.random(Rng::bool);

        let mut request = self
            .minter
            .token(&policy)
            .subject(subject)
            .valid_for(valid_for);
        if is_wider_welcome {
            request = request.up_to(&bound);
        }
        let outcome = match patience {
            Some(patience) => tokio::time::timeout(patience, request).await,
            None => Ok(request.await),
        };
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Err(_) => results.cancelled += 1,
            Ok(Ok(token)) => {
                results.served += 1;
                drop(results);
                let most = if is_wider_welcome { &bound } else { &policy };
                self.check(&token, &policy, most, valid_for);
            }
            Ok(Err(error)) if error.is_revoked() => results.revoked_meanwhile += 1,
            Ok(Err(error)) => {
                // A jump of time within a call may be longer than a token lives.
                let is_late = error.status().is_some_and(|status| status == 400);
                assert!(
                    error.is_retryable() || is_late,
                    "no other failures are injected: {error}"
                );
                results.failed += 1;
            }
        }
    }

    /// By the service's clock and the service's report, and not by what the minter thinks.
    fn check(
        &self,
        token: &AccessToken,
        least: &AccessPolicy,
        most: &AccessPolicy,
        life: Duration,
    ) {
        assert!(least.is_subset_of(token.policy()), "{token:?}");
        assert!(token.policy().is_subset_of(most), "{token:?}");
        let left = token.remaining_at(self.clock.now());
        assert!(!left.is_zero() && left >= life, "{left:?} of {life:?}");
    }
}

/// The longer a run, the more tokens there may be: for each key one at first, and another after each time for
/// which the one before is good enough for all. One that was taken away earlier is made again: by a revocation,
/// whether it succeeded or not, and for want of room.
fn most_creates(elapsed: Duration, counters: &MinterCounters, being_revoked: usize) -> u64 {
    // Lives are cut by a second, and renewals begin when half of one has passed.
    let usable = (LIFETIME - LONGEST).min(LIFETIME / 2) - Duration::from_secs(3);
    let rounds = 1 + elapsed.as_secs() / usable.as_secs();
    let revoked = counters.revocations + counters.failed_revocations + being_revoked as u64;
    KEYS as u64 * rounds + revoked + counters.evictions
}

async fn run(seed: u64, capacity: u64) {
    println!("seed {seed}, capacity {capacity}");
    fastrand::seed(seed);
    let time = VirtualTime::stop();
    // A service whose clock is not ours.
    let clock = time.clock(Duration::from_secs(5 * 3600));
    let emulator = Emulator::builder()
        .seed(seed)
        .clock(clock)
        .start()
        .await
        .unwrap();
    let letta = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let minter = TokenMinter::builder(&letta, Origin::new("https://chat.example.com").unwrap())
        .lifetime(LIFETIME)
        .valid_for(LIFETIME / 4)
        .renew_ahead(LIFETIME / 2)
        .capacity(capacity)
        .build()
        .unwrap();
    // So that the service's clock is known: the first create of a minter may take two.
    minter
        .token(&"agent-first:read_agent".parse().unwrap())
        .await
        .unwrap();

    let world = Arc::new(World {
        minter: minter.clone(),
        clock,
        rng: Mutex::new(Rng::with_seed(seed)),
        results: Mutex::default(),
    });
    let mut tasks = JoinSet::new();
    let mut revoking = JoinSet::new();
    // The keys that revocations under way have chosen: what they took is counted as revoked one by one.
    let mut being_revoked = 0;
    for step in 0..STEPS {
        for _ in 0..TASKS / STEPS {
            tasks.spawn(world.clone().ask());
        }
        if step % 7 == 3 {
            let agent = world.random(|rng| rng.usize(..AGENTS));
            let world = world.clone();
            let chosen = match agent % 3 {
                // Of one policy, and also a wider one's token that was handed out for it.
                0 | 1 => SUBJECTS.len() * RIGHTS.len(),
                _ => AGENTS * RIGHTS.len(),
            };
            being_revoked += chosen;
            revoking.spawn(async move {
                let report = match agent % 3 {
                    0 => world.minter.revoke(&world.policy(agent, 0)).await,
                    1 => {
                        let agent: AgentId = format!("agent-{agent}").parse().unwrap();
                        world.minter.revoke_agent(&agent).await
                    }
                    _ => world.minter.revoke_subject(SUBJECTS[agent % 2]).await,
                };
                (report, chosen)
            });
        }
        match step % 20 {
            5 => {
                for fault in [
                    Fault::latency(Duration::from_secs(2)).with_probability(0.5),
                    Fault::status(503).with_probability(0.2),
                    Fault::disconnect().with_probability(0.1),
                    Fault::lose_answer().with_probability(0.1),
                ] {
                    emulator.inject(fault).unwrap();
                }
            }
            12 => emulator.clear_faults(),
            _ => {}
        }
        // Some moments are long, and most are short.
        let jump = world.random(|rng| match rng.u8(..10) {
            0 => Duration::from_secs(rng.u64(30..200)),
            1..4 => Duration::from_secs(rng.u64(1..10)),
            _ => Duration::from_millis(rng.u64(..500)),
        });
        time.advance(jump).await;
        for _ in 0..10 {
            std::thread::sleep(Duration::from_micros(50));
            tokio::task::yield_now().await;
        }
        while let Some(task) = tasks.try_join_next() {
            task.unwrap();
        }
        being_revoked -= finish(&mut revoking);
        check(&minter, &time, capacity, being_revoked);
    }

    // Nobody is left waiting.
    emulator.clear_faults();
    while !tasks.is_empty() || !revoking.is_empty() {
        time.advance(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
        while let Some(task) = tasks.try_join_next() {
            task.unwrap();
        }
        being_revoked -= finish(&mut revoking);
        check(&minter, &time, capacity, being_revoked);
    }

    let report = minter.shutdown(Duration::from_secs(60)).await;
    assert!(
        report.failures().is_empty() && report.unfinished() == 0,
        "{report:?}"
    );
    let counters = minter.counters();
    let results = world.results.lock().unwrap();
    println!("{results:?}\n{counters:?}, {} s", time.elapsed().as_secs());
    assert_eq!(
        results.served + results.failed + results.revoked_meanwhile + results.cancelled,
        TASKS
    );
    for (count, what) in [
        (results.served, "served"),
        (results.failed, "failed"),
        (results.cancelled, "cancelled"),
        (counters.hits as usize, "hits"),
        (counters.waits as usize, "waits"),
        (counters.renewals as usize, "renewals"),
        (counters.unknown_outcomes as usize, "unknown outcomes"),
        (counters.revocations as usize, "revocations"),
    ] {
        assert!(count > 0, "nothing {what}");
    }
    // Every token that the minter knew is deleted. What is left is counted, each by its reason.
    let live = emulator.token_count().live;
    let known = counters.unknown_outcomes + counters.evictions + counters.failed_revocations;
    assert!(live as u64 <= known, "{live} live, {counters:?}");
    if capacity >= KEYS as u64 * 3 {
        assert_eq!(counters.evictions, 0);
    }
    // All requests were counted: those that made a token, and those that did not.
    let sent = emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN) as u64;
    assert!(
        sent <= counters.creates + counters.renewals,
        "{sent}, {counters:?}"
    );
}

/// How many keys the revocations had chosen that are over by now.
fn finish(revoking: &mut JoinSet<(RevocationReport, usize)>) -> usize {
    let mut keys = 0;
    while let Some(revoked) = revoking.try_join_next() {
        let (report, chosen) = revoked.unwrap();
        assert_eq!(report.unfinished(), 0);
        keys += chosen;
    }
    keys
}

fn check(minter: &TokenMinter, time: &VirtualTime, capacity: u64, being_revoked: usize) {
    let counters = minter.counters();
    let made = counters.creates + counters.renewals - counters.failures;
    let most = most_creates(time.elapsed(), &counters, being_revoked);
    // Failures are counted when they are known.
    let under_way = 8;
    assert!(made <= most + under_way, "{made} of {most}: {counters:?}");
    let kept = minter.token_count();
    assert!(kept <= capacity, "{kept} kept, and {capacity} allowed");
}

/// Set to the seed that a run printed, to have it again.
fn seeds() -> Vec<u64> {
    match std::env::var("STRESS_SEED") {
        Ok(seed) => vec![seed.parse().expect("STRESS_SEED is a number")],
        Err(_) => vec![1, fastrand::u64(..)],
    }
}

fn in_a_runtime(run: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(run);
}

#[test]
fn nobody_gets_a_dead_or_wider_token_and_nobody_is_forgotten() {
    for seed in seeds() {
        in_a_runtime(run(seed, 10_000));
    }
}

#[test]
fn and_so_it_is_where_there_is_room_for_less_than_half() {
    for seed in seeds() {
        in_a_runtime(run(seed, KEYS as u64 / 3));
    }
}
