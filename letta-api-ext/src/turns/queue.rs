//! One turn at a time: turns with the same target, by all clones of a client, wait for each other.
//!
//! The paths of agents have no lock at the service. Two turns there run at the same time, and are stored in the order in which they
//! end.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Lock, OwnedMutexGuard};

use super::target::Target;
use crate::time::clock::{self, Instant};

/// How long the turn before may stand still until those that wait for it give up. A turn that is read is woken by pings.
const STANDSTILL: Duration = Duration::from_secs(5 * 60);

/// The turns of a client that are under way. Shared by all its clones.
pub(crate) struct Queue {
    // An entry is there as long as somebody holds its lock or waits for it.
    lanes: Lanes,
    began: Instant,
}

type Lanes = Arc<Mutex<HashMap<Target, Arc<Lane>>>>;

/// The turns with one target.
#[derive(Default)]
struct Lane {
    lock: Arc<Lock<()>>,
    /// When the turn that is under way moved last, in milliseconds since the queue was made.
    moved: AtomicU64,
}

/// The right to a turn. The next one gets it when this is dropped.
pub(crate) struct Place {
    guard: Option<OwnedMutexGuard<()>>,
    entry: Entry,
    began: Instant,
}

/// Removes an entry that nobody needs any more.
struct Entry {
    lanes: Lanes,
    target: Target,
    lane: Option<Arc<Lane>>,
}

/// The turn before stands still: nobody reads its events.
#[derive(Debug)]
pub(crate) struct Standstill;

impl Queue {
    /// Waits for the turns before this one. Dropping the future leaves the queue.
    ///
    /// # Errors
    ///
    /// The turn before stands still.
    pub(crate) async fn place(&self, target: &Target) -> Result<Place, Standstill> {
        // Declared first, so dropped last: it counts who is there.
        #[allow(
            clippy::needless_late_init,
            reason = "the order in which both are dropped"
        )]
        let entry;
        let lane = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            lanes.entry(target.clone()).or_default().clone()
        };
        entry = Entry {
            lanes: self.lanes.clone(),
            target: target.clone(),
            lane: Some(lane.clone()),
        };
        let arrived = Instant::now();
        let mut waiting = std::pin::pin!(lane.lock.clone().lock_owned());
        let guard = loop {
            let moved = self.began + Duration::from_millis(lane.moved.load(Ordering::Relaxed));
            let until = clock::after(moved.max(arrived), STANDSTILL);
            match clock::timeout_at(until, waiting.as_mut()).await {
                Ok(guard) => break guard,
                Err(_) if lane.moved_since(self.began, moved) => {}
                Err(_) => return Err(Standstill),
            }
        };
        let place = Place {
            guard: Some(guard),
            entry,
            began: self.began,
        };
        place.moves();
        Ok(place)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.lanes.lock().unwrap().len()
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            lanes: Lanes::default(),
            began: Instant::now(),
        }
    }
}

impl Lane {
    fn moved_since(&self, began: Instant, before: Instant) -> bool {
        began + Duration::from_millis(self.moved.load(Ordering::Relaxed)) > before
    }
}

impl Place {
    /// The turn moves: its events are read.
    pub(crate) fn moves(&self) {
        if let Some(lane) = &self.entry.lane {
            let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
            lane.moved.store(now, Ordering::Relaxed);
        }
    }

    /// Runs a future, and notes each time that it is polled. It is polled now and then even if nothing happens, so it stands still only if
    /// nobody polls it.
    pub(crate) async fn moving<F: Future>(place: Option<&Self>, future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        let mut alarm = Box::pin(clock::sleep(STANDSTILL / 2));
        std::future::poll_fn(|context| {
            if let Some(place) = place {
                place.moves();
                while alarm.as_mut().poll(context).is_ready() {
                    alarm = Box::pin(clock::sleep(STANDSTILL / 2));
                }
            }
            future.as_mut().poll(context)
        })
        .await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Before the entry looks whether anybody else is there.
        self.guard = None;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        self.lane = None;
        // Clones are made under this lock alone, so one reference is the map's own.
        if lanes
            .get(&self.target)
            .is_some_and(|lane| Arc::strong_count(lane) == 1)
        {
            lanes.remove(&self.target);
        }
    }
}

#[cfg(test)]
mod tests {
    use letta_api::types::AgentId;

    use super::*;

    fn agent(number: u32) -> Target {
        Target::Agent(AgentId::from(format!("agent-{number}")))
    }

    #[tokio::test(start_paused = true)]
    async fn turns_of_one_agent_wait_and_others_do_not() {
        let queue = Arc::new(Queue::default());
        let first = queue.place(&agent(1)).await.unwrap();
        let _other = queue.place(&agent(2)).await.unwrap();
        let second = tokio::spawn({
            let queue = queue.clone();
            async move { queue.place(&agent(1)).await.map(drop) }
        });
        // For hours, as long as it moves.
        for _ in 0..100 {
            tokio::time::sleep(STANDSTILL - Duration::from_secs(1)).await;
            first.moves();
            assert!(!second.is_finished());
        }
        drop(first);
        second.await.unwrap().unwrap();
        assert_eq!(queue.len(), 1, "the other agent's alone");
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_leaves_nothing_behind() {
        let queue = Queue::default();
        let first = queue.place(&agent(1)).await.unwrap();
        for _ in 0..3 {
            let agent = agent(1);
            let waiting = tokio::time::timeout(Duration::from_secs(1), queue.place(&agent));
            assert!(waiting.await.is_err());
        }
        assert_eq!(queue.len(), 1);
        drop(first);
        assert_eq!(queue.len(), 0);
        drop(queue.place(&agent(1)).await.unwrap());
        assert_eq!(queue.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_after_the_holder_has_gone_leaves_nothing_behind() {
        let queue = Queue::default();
        let agent = agent(1);
        let first = queue.place(&agent).await.unwrap();
        {
            let mut waiting = std::pin::pin!(queue.place(&agent));
            let waited = std::future::poll_fn(|context| {
                std::task::Poll::Ready(waiting.as_mut().poll(context).is_pending())
            });
            assert!(waited.await);
            drop(first);
        }
        assert_eq!(queue.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_waits_for_a_tool_for_long_does_not_stand_still() {
        let queue = Arc::new(Queue::default());
        let first = queue.place(&agent(1)).await.unwrap();
        let working = async {
            Place::moving(Some(&first), tokio::time::sleep(4 * STANDSTILL)).await;
            drop(first);
        };
        let waiting = agent(1);
        let ((), second) = tokio::join!(working, queue.place(&waiting));
        assert!(second.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_turn_that_nobody_reads_is_told() {
        let queue = Queue::default();
        let first = queue.place(&agent(1)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(3600)).await;
        let began = Instant::now();
        assert!(queue.place(&agent(1)).await.is_err());
        assert!(began.elapsed() >= STANDSTILL);
        drop(first);
        assert_eq!(queue.len(), 0);
    }
}
