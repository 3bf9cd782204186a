//! One turn at a time: turns with the same target, by all clones of a client, wait for each other.
//!
//! The paths of agents have no lock at the service. Two turns there run at the same time, and are stored in the order in which they
//! end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Lock, OwnedMutexGuard};

use super::target::Target;

/// The turns of a client that are under way. Shared by all its clones.
#[derive(Default)]
pub(crate) struct Queue {
    // An entry is there as long as somebody holds its lock or waits for it.
    locks: Arc<Mutex<HashMap<Target, Arc<Lock<()>>>>>,
}

/// The right to a turn. The next one gets it when this is dropped.
pub(crate) struct Place {
    guard: Option<OwnedMutexGuard<()>>,
    _entry: Entry,
}

/// Removes an entry that nobody needs any more.
struct Entry {
    locks: Arc<Mutex<HashMap<Target, Arc<Lock<()>>>>>,
    target: Target,
}

impl Queue {
    /// Waits for the turns before this one. Dropping the future leaves the queue.
    pub(crate) async fn place(&self, target: &Target) -> Place {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            locks.entry(target.clone()).or_default().clone()
        };
        let entry = Entry {
            locks: self.locks.clone(),
            target: target.clone(),
        };
        let guard = Some(lock.lock_owned().await);
        Place {
            guard,
            _entry: entry,
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.locks.lock().unwrap().len()
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
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        // Clones are made under this lock alone, so one reference is the map's own.
        if locks
            .get(&self.target)
            .is_some_and(|lock| Arc::strong_count(lock) == 1)
        {
            locks.remove(&self.target);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use letta_api::types::AgentId;

    use super::*;

    fn agent(number: u32) -> Target {
        Target::Agent(AgentId::from(format!("agent-{number}")))
    }

    #[tokio::test(start_paused = true)]
    async fn turns_of_one_agent_wait_and_others_do_not() {
        let queue = Arc::new(Queue::default());
        let first = queue.place(&agent(1)).await;
        let _other = queue.place(&agent(2)).await;
        let second = tokio::spawn({
            let queue = queue.clone();
            async move { drop(queue.place(&agent(1)).await) }
        });
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert!(!second.is_finished());
        drop(first);
        second.await.unwrap();
        assert_eq!(queue.len(), 1, "the other agent's alone");
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_leaves_nothing_behind() {
        let queue = Queue::default();
        let first = queue.place(&agent(1)).await;
        for _ in 0..3 {
            let agent = agent(1);
            let waiting = tokio::time::timeout(Duration::from_secs(1), queue.place(&agent));
            assert!(waiting.await.is_err());
        }
        assert_eq!(queue.len(), 1);
        drop(first);
        assert_eq!(queue.len(), 0);
        drop(queue.place(&agent(1)).await);
    }
}
