//! The tokens that a minter keeps: a cache of bounded size, and ways to find them by agent and by subject.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use equivalent::Equivalent;
use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::counters::{Counts, count};
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
                if cause == RemovalCause::Size {
                    let live = held.live_tokens(Instant::now());
                    for _ in &live {
                        count!(
                            counts,
                            debug,
                            evictions,
                            letta_minter_evictions,
                            "a live token is forgotten for want of room"
                        );
                    }
                    if !live.is_empty() {
                        let mut until = lock(&evicted);
                        *until = (*until).max(Some(held.all_end()));
                    }
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
            let keys = index.like(key);
            keys.filter(|wider| {
                wider.subject.as_deref() == key.subject
                    && wider.origin.as_ref() == key.origin
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
                Selection::Policy(policy) => held.stands_in(policy, &key.policy),
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
        // An eviction that another thread is in the midst of is to be known: the cache has forgotten it already.
        self.settle();
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

    /// Forgets it, if all of it has died.
    pub(super) fn bury(&self, key: &Key, now: Instant) {
        let key = key.as_ref();
        if self.get(&key).is_some_and(|held| held.all_end() <= now) {
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
        let (id, ends) = (held.id(), held.all_end());
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

    /// Keys of the same subject that name all its agents are among these.
    fn like<'a>(&'a self, key: &'a KeyRef<'_>) -> Box<dyn Iterator<Item = &'a Arc<Key>> + 'a> {
        match key.subject {
            Some(subject) => Box::new(self.of(subject)),
            None => Box::new(self.naming_all(key.policy)),
        }
    }

    fn of(&self, subject: &str) -> impl Iterator<Item = &Arc<Key>> {
        self.by_subject.get(subject).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use super::*;
    use crate::access_token::Inner;

    fn key(agent: &str) -> Arc<Key> {
        Arc::new(Key {
            subject: Some("ada".to_owned()),
            origin: None,
            policy: format!("{agent}:read_agent").parse().unwrap(),
        })
    }

    /// A token that lives for a minute, and a way to see whether its secret is still in memory.
    fn token() -> (AccessToken, Weak<Inner>) {
        token_for(Duration::from_secs(60))
    }

    fn token_for(life: Duration) -> (AccessToken, Weak<Inner>) {
        let json = r#"{"token":"ck-let-1","hostname":"","expiresAt":"","policy":{"version":"1","data":[]}}"#;
        let token = AccessToken::from_wire(serde_json::from_str(json).unwrap(), None);
        let token = token.ending(Instant::now() + life);
        let shared = token.into_shared();
        let watch = Arc::downgrade(&shared);
        (AccessToken::from_shared(shared), watch)
    }

    impl Store {
        fn put(&self, agent: &str) -> Weak<Inner> {
            self.put_for(Duration::from_secs(60), agent)
        }

        fn put_for(&self, life: Duration, agent: &str) -> Weak<Inner> {
            let (token, watch) = token_for(life);
            let (now, ends) = (Instant::now(), token.ends().unwrap());
            let key = key(agent);
            let current = self.get(&Key::as_ref(&key));
            let held = Held::new(
                token,
                ends,
                Duration::ZERO,
                now,
                Duration::ZERO,
                current.as_deref(),
            );
            self.insert(key, held);
            self.settle();
            watch
        }
    }

    fn is_in_memory(watch: &Weak<Inner>) -> bool {
        watch.strong_count() > 0
    }

    #[test]
    fn what_is_evicted_or_taken_out_is_gone_from_memory_at_once() {
        let store = Store::new(3, Arc::default());
        let tokens = ["agent-1", "agent-2", "agent-3", "agent-4"].map(|agent| store.put(agent));
        assert_eq!(
            tokens.each_ref().map(is_in_memory),
            [false, true, true, true]
        );
        assert!(store.has_forgotten_live_ones(Instant::now()));

        let agent = AgentId::new("agent-3").unwrap();
        let taken = store.take(&Selection::Agent(&agent), Instant::now());
        assert_eq!(taken.len(), 1);
        assert!(
            is_in_memory(&tokens[2]),
            "in the hands of whoever revokes it"
        );
        drop(taken);
        assert_eq!(
            tokens.each_ref().map(is_in_memory),
            [false, true, false, true]
        );

        // One that another takes the place of is kept beside it, since it lives.
        let renewed = store.put("agent-4");
        assert!(is_in_memory(&tokens[3]) && is_in_memory(&renewed));
        assert_eq!(
            store.take(&Selection::Subject("ada"), Instant::now()).len(),
            3
        );
        assert!(!is_in_memory(&tokens[3]) && !is_in_memory(&renewed));
        assert_eq!(store.len(), 0);
    }

    #[test]
    fn what_is_handed_out_stays_with_whoever_has_it() {
        let store = Store::new(1, Arc::default());
        let watch = store.put("agent-1");
        let held = store.get(&Key::as_ref(&key("agent-1"))).unwrap();
        let served = held.good_for(Duration::ZERO, Instant::now()).unwrap();
        store.put("agent-2");
        assert!(held.good_for(Duration::ZERO, Instant::now()).is_none());
        assert_eq!(served.expose_secret(), "ck-let-1");
        drop(served);
        assert!(!is_in_memory(&watch));
    }

    #[test]
    fn an_eviction_that_is_told_late_takes_nothing_new_out_of_the_index() {
        let mut index = Index::default();
        let key = key("agent-1");
        let [old, new] = [(); 2].map(|()| {
            let (token, _) = token();
            let (now, ends) = (Instant::now(), token.ends().unwrap());
            Held::new(token, ends, Duration::ZERO, now, Duration::ZERO, None)
        });
        index.add(&key, &old);
        index.add(&key, &new);
        index.remove(&key, &old);
        assert_eq!(
            (
                index.of("ada").count(),
                index.naming_all(&key.policy).count()
            ),
            (1, 1)
        );
        index.remove(&key, &new);
        assert!(index.keys.is_empty() && index.by_agent.is_empty() && index.by_subject.is_empty());
    }

    #[test]
    fn the_dead_are_found_and_buried() {
        let store = Store::new(9, Arc::default());
        let watch = store.put("agent-1");
        let later = Instant::now() + Duration::from_secs(61);
        assert!(
            store.dead(Duration::from_secs(99), later).is_empty(),
            "not so soon"
        );
        let dead = store.dead(Duration::from_secs(60), later);
        assert_eq!(dead.len(), 1);
        store.bury(&dead[0], Instant::now());
        assert!(is_in_memory(&watch), "it lives");
        store.bury(&dead[0], later);
        assert!(!is_in_memory(&watch));
    }

    #[test]
    fn what_lives_longer_than_the_one_in_its_place_is_not_forgotten() {
        let store = Store::new(9, Arc::default());
        let earlier = store.put("agent-1");
        store.put_for(Duration::from_secs(20), "agent-1");
        let later = Instant::now() + Duration::from_secs(40);
        for key in store.dead(Duration::from_secs(30), later) {
            store.bury(&key, later);
        }
        assert!(is_in_memory(&earlier));
        assert_eq!(store.take(&Selection::All, later).len(), 1);

        // Nor is it evicted without a word.
        let counts = Arc::new(Counts::default());
        let store = Store::new(2, counts.clone());
        store.put("agent-1");
        store.put_for(Duration::ZERO, "agent-1");
        store.put("agent-2");
        assert_eq!(counts.read().evictions, 1);
        assert!(store.has_forgotten_live_ones(Instant::now() + Duration::from_secs(50)));
    }

    #[test]
    fn what_a_token_was_handed_out_for_takes_no_more_than_so_much_memory() {
        let (token, _) = token();
        let (now, ends) = (Instant::now(), token.ends().unwrap());
        let held = Held::new(token, ends, Duration::ZERO, now, Duration::ZERO, None);
        let whole: Vec<_> = (0..200).map(|n| format!("agent-{n}:read_agent")).collect();
        let [whole, other]: [AccessPolicy; 2] = [
            whole.join(";").parse().unwrap(),
            "agent-x:read_agent".parse().unwrap(),
        ];
        let part = |n| -> AccessPolicy { format!("agent-{n}:read_agent").parse().unwrap() };
        for n in 0..99 {
            held.stand_in_for(&part(n));
            held.stand_in_for(&part(n));
        }
        assert!(held.stands_in(&part(98), &whole) && !held.stands_in(&part(99), &whole));
        for n in 99..150 {
            held.stand_in_for(&part(n));
        }
        assert!(held.stand_ins() <= 100);
        // What was forgotten is revoked all the same, and with it what may have been.
        for n in 0..200 {
            assert!(held.stands_in(&part(n), &whole));
        }
        assert!(!held.stands_in(&other, &whole));
        let (token, _) = self::token();
        let next = Held::new(
            token,
            ends,
            Duration::ZERO,
            now,
            Duration::ZERO,
            Some(&held),
        );
        assert!(
            next.stands_in(&part(3), &whole),
            "nor does a renewal forget it"
        );
    }
}
