//! The agents of an account, in memory.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::agents::agent::{Agent, NewAgent};

#[derive(Default)]
pub(crate) struct AgentStore(Mutex<Agents>);

#[derive(Default)]
struct Agents {
    /// By order of making.
    agents: Vec<Agent>,
    places: HashMap<String, usize>,
}

impl AgentStore {
    /// Adds an agent, and gives it as it is then.
    pub(crate) fn add(&self, agent: NewAgent, now: Timestamp) -> io::Result<Agent> {
        agent.check()?;
        let mut agents = self.lock();
        if agents.places.contains_key(&agent.id) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("the agent {:?} already exists", agent.id),
            ));
        }
        let agent = Agent::new(agent, now);
        let place = agents.agents.len();
        agents.places.insert(agent.id().to_owned(), place);
        agents.agents.push(agent.clone());
        Ok(agent)
    }

    /// What `read` makes of the agent. `None` if it does not exist.
    pub(crate) fn read<T>(&self, id: &str, read: impl FnOnce(&Agent) -> T) -> Option<T> {
        let agents = self.lock();
        let place = *agents.places.get(id)?;
        agents.agents.get(place).map(read)
    }

    /// Changes the agent, and returns what `change` returns. `None` if it does not exist.
    pub(crate) fn change<T>(&self, id: &str, change: impl FnOnce(&mut Agent) -> T) -> Option<T> {
        let mut agents = self.lock();
        let place = *agents.places.get(id)?;
        agents.agents.get_mut(place).map(change)
    }

    /// What `read` makes of all of them, oldest first.
    pub(crate) fn read_all<T>(&self, read: impl FnOnce(&[Agent]) -> T) -> T {
        read(&self.lock().agents)
    }

    fn lock(&self) -> MutexGuard<'_, Agents> {
        // Nothing here panics half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
