//! The tokens that a minter keeps: a cache of bounded size, and ways to find them by agent and by subject.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use equivalent::Equivalent;
use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::counters::Counts;
use super::held::{Held, HeldId};
use super::key::{Key, KeyRef, Selection};
use super::sync::lock;
use crate::access_token::AccessToken;
use crate::agent_id::AgentId;
use crate::clock::Instant;
use crate::policy::AccessPolicy;

/// What is kept, up to so many tokens; then those go that have not been used for longest.
pub(super) struct Store {
    cache: Cache<Arc<Key>, Arc<Held>>,
    index: Arc<Mutex<Index>>,
    evicted: Arc<Mutex<Option<Instant>>>,
    /// When the dead were last cleared away.
    swept: Mutex<Instant>,
}

impl Equivalent<Arc<Key>> for KeyRef<'_> {
    fn equivalent(&self, key: &Arc<Key>) -> bool {
        *self == Key::as_ref(key)
    }
}

impl Store {
    pub(super) fn new(capacity: u64, counts: Arc<Counts>) -> Self {
        let index = Arc::new(Mutex::new(Index::default()));
        let evicted = Arc::new(Mutex::new(None));
        let listener = {
            let (index, evicted) = (index.clone(), evicted.clone());
            move |key: Arc<Arc<Key>>, held: Arc<Held>, cause| {
                lock(&index).remove(&key, &held);
                if cause == RemovalCause::Size && held.is_live(Instant::now()) {
                    counts.evictions.add_one();
                    tracing::debug!(
                        monotonic_counter.letta_minter_evictions = 1_u64,
                        "a live token is forgotten for want of room"
                    );
                    let mut until = lock(&evicted);
                    *until = (*until).max(Some(held.ends()));
                }
                held.wipe();
            }
        };
        let cache = Cache::builder()
            .max_capacity(capacity)
            .weigher(|_, held: &Arc<Held>| u32::try_from(held.len()).unwrap_or(u32::MAX))
            .eviction_policy(EvictionPolicy::lru())
            .eviction_listener(listener)
            .build();
        Self {
            cache,
            index,
            evicted,
            swept: Mutex::new(Instant::now()),
        }
    }

    pub(super) fn get(&self, key: &KeyRef<'_>) -> Option<Arc<Held>> {
        self.cache.get(key)
    }

    /// What allows all that `key` asks for and no more than `bound`, the narrowest first.
    pub(super) fn wider(
        &self,
        key: &KeyRef<'_>,
        bound: &AccessPolicy,
    ) -> Vec<(Arc<Key>, Arc<Held>)> {
        let mut keys: Vec<Arc<Key>> = {
            let index = lock(&self.index);
            let keys = index.naming_all(key.policy);
            keys.filter(|wider| {
                wider.subject.as_deref() == key.subject
                    && wider.origin == *key.origin
                    && key.policy.is_subset_of(&wider.policy)
                    && wider.policy.is_subset_of(bound)
            })
            .cloned()
            .collect()
        };
        keys.sort_by_cached_key(|key| {
            let rights: usize = key.policy.grants().map(|(_, rights)| rights.count()).sum();
            rights + key.policy.unknown_grants().count()
        });
        keys.into_iter()
            .filter_map(|key| Some((key.clone(), self.get(&Key::as_ref(&key))?)))
            .collect()
    }

    /// Keeps it, in place of what there is. To be called by one at a time.
    pub(super) fn insert(&self, key: Arc<Key>, held: Held) {
        let held = Arc::new(held);
        lock(&self.index).add(&key, &held);
        self.cache.insert(key, held);
    }

    /// Sees to it that no more is kept than there is room for.
    pub(super) fn settle(&self) {
        self.cache.run_pending_tasks();
    }

    /// Forgets what is selected, and gives the tokens among it that live.
    pub(super) fn take(&self, selection: &Selection<'_>, now: Instant) -> Vec<AccessToken> {
        let mut tokens = Vec::new();
        for key in self.candidates(selection) {
            let Some(held) = self.get(&Key::as_ref(&key)) else {
                continue;
            };
            let stands_in = match selection {
                Selection::Policy(policy) => held.stands_in(policy),
                _ => false,
            };
            if stands_in || selection.includes(&key) {
                tokens.extend(held.live_tokens(now));
                self.cache.invalidate(&Key::as_ref(&key));
            }
        }
        tokens
    }

    fn candidates(&self, selection: &Selection<'_>) -> Vec<Arc<Key>> {
        let index = lock(&self.index);
        match selection {
            Selection::Agent(agent) => index.naming(agent).cloned().collect(),
            Selection::Subject(subject) => index.of(subject).cloned().collect(),
            Selection::Policy(policy) if policy.agents().next().is_some() => {
                index.naming_all(policy).cloned().collect()
            }
            Selection::Policy(_) | Selection::All => index.keys.keys().cloned().collect(),
        }
    }

    /// Whether a token that was forgotten for want of room may still live.
    pub(super) fn has_forgotten_live_ones(&self, now: Instant) -> bool {
        lock(&self.evicted).is_some_and(|until| until > now)
    }

    /// The keys of what has died, if they have not been looked for for as long as `interval`.
    pub(super) fn dead(&self, interval: Duration, now: Instant) -> Vec<Arc<Key>> {
        {
            let mut swept = lock(&self.swept);
            if now.saturating_duration_since(*swept) < interval {
                return Vec::new();
            }
            *swept = now;
        }
        let index = lock(&self.index);
        let dead = index.keys.iter().filter(|(_, place)| place.ends <= now);
        dead.map(|(key, _)| key.clone()).collect()
    }

    /// Forgets it, if it has died.
    pub(super) fn bury(&self, key: &Key, now: Instant) {
        let key = key.as_ref();
        if self.get(&key).is_some_and(|held| !held.is_live(now)) {
            self.cache.invalidate(&key);
        }
    }

    /// How many tokens are kept.
    pub(super) fn len(&self) -> u64 {
        self.cache.run_pending_tasks();
        self.cache.weighted_size()
    }
}

/// The keys in the cache, by what they name.
#[derive(Default)]
struct Index {
    keys: HashMap<Arc<Key>, Place>,
    by_agent: HashMap<AgentId, HashSet<Arc<Key>>>,
    by_subject: HashMap<String, HashSet<Arc<Key>>>,
}

/// What a key stands for just now. A cache may tell of an eviction when another has come in its place already.
struct Place {
    id: HeldId,
    ends: Instant,
}

impl Index {
    fn add(&mut self, key: &Arc<Key>, held: &Held) {
        let (id, ends) = (held.id(), held.ends());
        self.keys.insert(key.clone(), Place { id, ends });
        for agent in key.policy.agents() {
            let keys = self.by_agent.entry(agent.clone()).or_default();
            keys.insert(key.clone());
        }
        if let Some(subject) = &key.subject {
            let keys = self.by_subject.entry(subject.clone()).or_default();
            keys.insert(key.clone());
        }
    }

    fn remove(&mut self, key: &Arc<Key>, held: &Held) {
        fn remove<N: Hash + Eq>(map: &mut HashMap<N, HashSet<Arc<Key>>>, name: &N, key: &Arc<Key>) {
            if let Some(keys) = map.get_mut(name) {
                keys.remove(key);
                if keys.is_empty() {
                    map.remove(name);
                }
            }
        }
        if self.keys.get(key).is_none_or(|place| place.id != held.id()) {
            return;
        }
        self.keys.remove(key);
        for agent in key.policy.agents() {
            remove(&mut self.by_agent, agent, key);
        }
        if let Some(subject) = &key.subject {
            remove(&mut self.by_subject, subject, key);
        }
    }

    fn naming(&self, agent: &AgentId) -> impl Iterator<Item = &Arc<Key>> {
        self.by_agent.get(agent).into_iter().flatten()
    }

    /// Keys that name all agents of the policy are among these.
    fn naming_all(&self, policy: &AccessPolicy) -> impl Iterator<Item = &Arc<Key>> {
        let rarest = policy
            .agents()
            .min_by_key(|agent| self.by_agent.get(*agent).map_or(0, HashSet::len));
        rarest.into_iter().flat_map(|agent| self.naming(agent))
    }

    fn of(&self, subject: &str) -> impl Iterator<Item = &Arc<Key>> {
        self.by_subject.get(subject).into_iter().flatten()
    }
}
