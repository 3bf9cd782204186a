//! The policies in use, each kept once, and an index of them by agent.
//!
//! A policy may name thousands of agents. All work that is linear in their number (hashing, comparing, indexing) is
//! done here, once per request that finds no token, and not under a lock that other requests need. After that,
//! policies are compared by ID.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use super::key::KeyRef;
use super::prehashed::Prehashed;
use super::sync::{Arc, Mutex, lock};
use crate::access_tokens::policy::AccessPolicy;
use crate::ids::AgentId;
use crate::ids::Origin;

/// How many agents are added to the index, or removed from it, before the lock is released for others.
const SLICE: usize = 64;

/// How many policies are checked for use whenever one is added. So at most about a third of the policies in memory
/// are unused.
const SWEPT_AT_A_TIME: usize = 4;

/// How many agents of a policy are looked up, to find one that few policies name.
const LOOKED_UP: usize = 8;

/// All policies of tokens that are cached, being minted or asked for.
pub(super) struct Policies {
    /// Hashes keys and agents. Policies have a hash of their own.
    hasher: RandomState,
    table: Mutex<Table>,
    /// The policies that name an agent, by the agent's hash. Hashes may collide, so matches are checked.
    by_agent: Mutex<HashMap<u64, HashSet<PolicyId>, Prehashed>>,
}

#[derive(Default)]
struct Table {
    by_hash: HashMap<u64, Vec<Entry>, Prehashed>,
    /// All policies, in the order in which they are checked for use.
    to_sweep: VecDeque<(u64, PolicyId)>,
}

#[derive(Clone)]
struct Entry {
    interned: Arc<Interned>,
    /// Whether all its agents are in the index.
    is_indexed: bool,
}

/// A policy that is stored once. So equal policies are identical.
pub(super) struct Interned {
    id: PolicyId,
    policy: AccessPolicy,
}

/// Identifies a policy in this process.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PolicyId(u64);

impl Interned {
    pub(super) fn id(&self) -> PolicyId {
        self.id
    }

    pub(super) fn policy(&self) -> &AccessPolicy {
        &self.policy
    }
}

impl Policies {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            table: Mutex::default(),
            by_agent: Mutex::default(),
        }
    }

    /// The key of a lookup, with its hash.
    pub(super) fn key_ref<'a>(
        &self,
        subject: Option<&'a str>,
        origin: Option<&'a Origin>,
        policy: &'a AccessPolicy,
    ) -> KeyRef<'a> {
        let of_policy = policy.kept_hash();
        let hash = match (subject, origin) {
            (None, None) => of_policy,
            _ => self.hasher.hash_one((subject, origin, of_policy)),
        };
        KeyRef {
            subject,
            origin,
            policy,
            hash,
        }
    }

    /// The stored policy that equals `policy`. It is in the index on return.
    pub(super) fn intern(&self, policy: &AccessPolicy) -> Arc<Interned> {
        let hash = policy.kept_hash();
        let mut others = Vec::new();
        let entry = loop {
            let candidate = {
                let mut table = lock(&self.table);
                match table.find(hash, &others) {
                    Some(candidate) => candidate,
                    None => break table.insert(hash, policy),
                }
            };
            // Compared without the lock, since that is linear in the number of agents.
            if candidate.interned.policy == *policy {
                break candidate;
            }
            others.push(candidate);
        };
        let interned = entry.interned;
        if !entry.is_indexed {
            // Two tasks may do so at the same time, with the same result.
            self.change_index(&interned, |policies, id| {
                policies.insert(id);
            });
            lock(&self.table).set_indexed(hash, &interned);
            self.sweep();
        }
        interned
    }

    /// Candidates: all policies that name this agent are among these.
    pub(super) fn naming(&self, agent: &AgentId) -> Vec<PolicyId> {
        let agent = self.hasher.hash_one(agent);
        let by_agent = lock(&self.by_agent);
        let policies = by_agent.get(&agent);
        policies.into_iter().flatten().copied().collect()
    }

    /// Candidates: all policies that name all agents of this one are among these. `None` if it names no agent.
    pub(super) fn naming_all(&self, policy: &AccessPolicy) -> Option<Vec<PolicyId>> {
        let agents = policy.agents().take(LOOKED_UP);
        let agents: Vec<u64> = agents.map(|agent| self.hasher.hash_one(agent)).collect();
        let by_agent = lock(&self.by_agent);
        let named = agents.iter().map(|agent| by_agent.get(agent));
        let rarest = named.min_by_key(|policies| policies.map_or(0, HashSet::len))?;
        Some(rarest.into_iter().flatten().copied().collect())
    }

    /// Drops policies that are not used any more.
    fn sweep(&self) {
        let unused = lock(&self.table).sweep();
        for interned in unused {
            self.change_index(&interned, |policies, id| {
                policies.remove(&id);
            });
        }
    }

    /// Changes the index entry of each agent of a policy, one slice of agents at a time.
    fn change_index(&self, interned: &Interned, change: impl Fn(&mut HashSet<PolicyId>, PolicyId)) {
        let agents = interned.policy.agents();
        let agents: Vec<u64> = agents.map(|agent| self.hasher.hash_one(agent)).collect();
        for slice in agents.chunks(SLICE) {
            let mut by_agent = lock(&self.by_agent);
            #[cfg(test)]
            crate::access_tokens::work_counter::look_at(slice.len());
            for agent in slice {
                let policies = by_agent.entry(*agent).or_default();
                change(policies, interned.id);
                if policies.is_empty() {
                    by_agent.remove(agent);
                }
            }
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> (usize, usize) {
        let policies = lock(&self.table).to_sweep.len();
        (policies, lock(&self.by_agent).len())
    }
}

impl Table {
    /// A policy with this hash that is not among `others`.
    fn find(&self, hash: u64, others: &[Entry]) -> Option<Entry> {
        let alike = self.by_hash.get(&hash)?;
        let is_new = |one: &&Entry| {
            let mut others = others.iter();
            others.all(|other| !Arc::ptr_eq(&one.interned, &other.interned))
        };
        alike.iter().find(is_new).cloned()
    }

    fn set_indexed(&mut self, hash: u64, interned: &Arc<Interned>) {
        let mut alike = self.by_hash.get_mut(&hash).into_iter().flatten();
        if let Some(entry) = alike.find(|entry| Arc::ptr_eq(&entry.interned, interned)) {
            entry.is_indexed = true;
        }
    }

    fn insert(&mut self, hash: u64, policy: &AccessPolicy) -> Entry {
        static IDS: AtomicU64 = AtomicU64::new(0);
        let interned = Arc::new(Interned {
            id: PolicyId(IDS.fetch_add(1, Ordering::Relaxed)),
            policy: policy.clone(),
        });
        self.to_sweep.push_back((hash, interned.id));
        let entry = Entry {
            interned,
            is_indexed: false,
        };
        self.by_hash.entry(hash).or_default().push(entry.clone());
        entry
    }

    /// Removes the unused policies among the next few. Only this table holds them, so nobody else can begin to use
    /// them meanwhile.
    fn sweep(&mut self) -> Vec<Arc<Interned>> {
        let mut unused = Vec::new();
        for _ in 0..SWEPT_AT_A_TIME.min(self.to_sweep.len()) {
            let Some((hash, id)) = self.to_sweep.pop_front() else {
                break;
            };
            let Some(alike) = self.by_hash.get_mut(&hash) else {
                continue;
            };
            let is_unused =
                |one: &Entry| one.interned.id == id && Arc::strong_count(&one.interned) == 1;
            match alike.iter().position(is_unused) {
                Some(place) => {
                    unused.push(alike.swap_remove(place).interned);
                    if alike.is_empty() {
                        self.by_hash.remove(&hash);
                    }
                }
                None => self.to_sweep.push_back((hash, id)),
            }
        }
        unused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> AccessPolicy {
        text.parse().unwrap()
    }

    #[test]
    fn equal_policies_are_the_same_and_others_are_not() {
        let policies = Policies::new();
        let [one, again, other] = [
            "agent-1:read_agent;agent-2:?dream",
            "agent-2:?dream;agent-1:read_agent",
            "agent-1:read_agent",
        ]
        .map(|text| policies.intern(&policy(text)));
        assert!(Arc::ptr_eq(&one, &again) && !Arc::ptr_eq(&one, &other));
        // Even if their hashes are equal.
        let mut table = Table::default();
        let first = table.insert(7, &policy("agent-1:read_agent"));
        let second = table.insert(7, &policy("agent-2:read_agent"));
        let found = |others: &[Entry]| table.find(7, others).unwrap().interned.id;
        assert!(found(&[]) == first.interned.id);
        assert!(found(std::slice::from_ref(&first)) == second.interned.id);
        assert!(table.find(7, &[first, second]).is_none());
    }

    #[test]
    fn policies_are_found_by_each_agent_that_they_name() {
        let policies = Policies::new();
        let many: Vec<_> = (0..3 * SLICE)
            .map(|n| format!("agent-{n}:read_agent"))
            .collect();
        let many = policies.intern(&policy(&many.join(";")));
        let few = policies.intern(&policy("agent-7:read_messages"));
        for n in 0..3 * SLICE {
            let agent = AgentId::new(format!("agent-{n}")).unwrap();
            let found = policies.naming(&agent);
            assert!(found.contains(&many.id()), "{agent}");
            assert_eq!(found.contains(&few.id()), n == 7, "{agent}");
        }
        let both = policies.naming_all(&policy("agent-6:read_agent;agent-7:read_agent"));
        assert!(both.unwrap().contains(&many.id()));
        let unknown: AccessPolicy = serde_json::from_str(r#"[{"type":"project"}]"#).unwrap();
        assert!(policies.naming_all(&unknown).is_none());
    }

    #[test]
    fn what_nothing_uses_does_not_stay() {
        let policies = Policies::new();
        let used: Vec<_> = (0..90)
            .map(|n| policies.intern(&policy(&format!("agent-used-{n}:read_agent"))))
            .collect();
        for n in 0..10_000 {
            policies.intern(&policy(&format!("agent-{n}:read_agent")));
        }
        let (kept, agents) = policies.len();
        assert!((used.len()..=used.len() * 3 / 2).contains(&kept), "{kept}");
        assert_eq!(agents, kept);
        for interned in &used {
            assert!(Arc::ptr_eq(interned, &policies.intern(interned.policy())));
        }
    }
}
