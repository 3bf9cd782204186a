//! The parts that agents play: their scripts, and how far each has come.

use std::collections::HashMap;
use std::sync::Arc;

use crate::script::act::Act;
use crate::script::choose::Used;
use crate::script::reply::Reply;
use crate::script::script::Script;

#[derive(Default)]
pub(crate) struct Parts {
    /// By the ID of the agent.
    agents: HashMap<String, Part>,
    /// For agents without a script of their own.
    others: Option<Arc<Script>>,
}

struct Part {
    script: Arc<Script>,
    used: Used,
}

impl Part {
    fn new(script: Arc<Script>) -> Self {
        Self {
            script,
            used: Used::default(),
        }
    }
}

impl Parts {
    /// Gives an agent a script, in place of the one that it had.
    pub(crate) fn give(&mut self, agent: &str, script: Script) {
        self.agents
            .insert(agent.to_owned(), Part::new(Arc::new(script)));
    }

    /// Gives a script to all agents that have none of their own, those of the future among them. Each goes through it by
    /// itself.
    pub(crate) fn give_to_others(&mut self, script: Script) {
        self.others = Some(Arc::new(script));
    }

    /// An agent is gone.
    pub(crate) fn forget(&mut self, agent: &str) {
        self.agents.remove(agent);
    }

    /// What the agent does when this is said to it.
    pub(crate) fn choose(&mut self, agent: &str, said: &str) -> Vec<Act> {
        if let Some(script) = &self.others
            && !self.agents.contains_key(agent)
        {
            let part = Part::new(Arc::clone(script));
            self.agents.insert(agent.to_owned(), part);
        }
        let part = self.agents.get_mut(agent);
        let reply = part.and_then(|part| part.script.choose(&mut part.used, said));
        reply.map_or_else(|| vec![Act::echo()], |reply: &Reply| reply.acts().to_vec())
    }
}
