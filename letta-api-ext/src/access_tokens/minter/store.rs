//! The tokens that a minter keeps: a cache of bounded size, with an index by policy and by subject.
//!
//! In go keys with tokens. Out come tokens for a key, for a wider key, or for a [`Selection`] that is to be revoked.
//! When an entry leaves the cache, for whatever reason, its secrets are wiped and it leaves the index.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::time::Duration;

use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::counters::{Counts, count};
use super::held::{Held, HeldId};
use super::key::{Key, KeyRef, PolicySelection, Selection};
use super::policies::{Policies, PolicyId};
use super::prehashed::Prehashed;
use super::sync::{Arc, Mutex, lock};
use crate::access_tokens::policy::AccessPolicy;
use crate::access_tokens::token::AccessToken;
use crate::ids::Origin;
use crate::time::clock::Instant;

/// The cache. If it is full, the least recently used tokens are evicted.
///
/// Work that is linear in the number of agents of a policy is left to [`Policies`], before a lock is taken.
pub(super) struct Store {
    policies: Policies,
    cache: Cache<Arc<Key>, Arc<Held>, Prehashed>,
    index: Arc<Mutex<Index>>,
    evicted: Arc<Mutex<Option<Instant>>>,
    /// When expired tokens were last removed.
    swept: Mutex<Instant>,
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
                            "a live token is evicted, because the cache is full"
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
            .build_with_hasher(Prehashed::default());
        Self {
            policies: Policies::new(),
            cache,
            index,
            evicted,
            swept: Mutex::new(Instant::now()),
        }
    }

    /// The key to look a token up by.
    pub(super) fn key_ref<'a>(
        &self,
        subject: Option<&'a str>,
        origin: Option<&'a Origin>,
        policy: &'a AccessPolicy,
    ) -> KeyRef<'a> {
        self.policies.key_ref(subject, origin, policy)
    }

    /// The key to keep a token by. Linear in the number of agents, so do not call it with a lock held.
    pub(super) fn to_key(&self, key: &KeyRef<'_>) -> Arc<Key> {
        Key::new(&self.policies, key)
    }

    /// Looks up a key that may not exist in its owned form.
    pub(super) fn look_up(&self, key: &KeyRef<'_>) -> Option<Arc<Held>> {
        self.cache.get(key)
    }

    pub(super) fn get(&self, key: &Arc<Key>) -> Option<Arc<Held>> {
        self.cache.get(key)
    }

    /// The keys whose policy allows all that `key` asks for and no more than `bound`, on the same agents, the
    /// narrowest first. The agents must be the same: a service that asks every entry would allow less with a token of
    /// more agents. Linear in the number of agents, so do not call it with a lock held.
    pub(super) fn wider(&self, key: &Key, bound: &AccessPolicy) -> Vec<Arc<Key>> {
        let policy = key.policy.policy();
        let candidates = match &key.subject {
            Some(subject) => lock(&self.index).of(subject).cloned().collect(),
            None => self.naming_all(policy),
        };
        let mut keys: Vec<Arc<Key>> = candidates
            .into_iter()
            .filter(|wider| {
                let whole = wider.policy.policy();
                wider.subject == key.subject
                    && wider.origin == key.origin
                    && policy.entry_count() == whole.entry_count()
                    && policy.is_subset_of(whole)
                    && whole.is_subset_of(bound)
            })
            .collect();
        keys.sort_by_cached_key(|key| {
            let policy = key.policy.policy();
            let rights: usize = policy.grants().map(|(_, rights)| rights.count()).sum();
            rights + policy.unknown_grants().count()
        });
        keys
    }

    /// Inserts a token, or replaces the one of the same key. Only one task at a time may call it, or index and cache
    /// may differ.
    pub(super) fn insert(&self, key: Arc<Key>, held: Held) {
        let held = Arc::new(held);
        lock(&self.index).add(&key, &held);
        self.cache.insert(key, held);
    }

    /// Evicts what the cache has no room for.
    pub(super) fn settle(&self) {
        self.cache.run_pending_tasks();
    }

    /// Selects the tokens that were minted or served for these policies. Linear in the number of agents, so do not
    /// call it with a lock held.
    pub(super) fn select<'a>(
        &self,
        policies: impl IntoIterator<Item = &'a AccessPolicy>,
    ) -> Selection<'static> {
        let policies = policies.into_iter().map(|policy| {
            let selection = self.select_one(policy);
            (selection.policy.id(), selection)
        });
        Selection::Policies(policies.collect())
    }

    fn select_one(&self, policy: &AccessPolicy) -> PolicySelection {
        let mut selection = PolicySelection {
            policy: self.policies.intern(policy),
            wider: HashMap::new(),
        };
        for key in self.naming_all(policy) {
            let held = self.get(&key);
            let may_be = held.is_some_and(|held| held.stands_in(&selection.policy).is_none());
            if may_be && !selection.wider.contains_key(&key.policy.id()) {
                let is_within = selection.is_within_by_look(&key.policy);
                selection.wider.insert(key.policy.id(), is_within);
            }
        }
        selection
    }

    /// Forgets the selected entries, and returns their tokens that have not expired.
    pub(super) fn take(&self, selection: &Selection<'_>, now: Instant) -> Vec<AccessToken> {
        let mut tokens = Vec::new();
        let mut take = |key: &Arc<Key>, held: &Held| {
            let live = held.live_tokens(now);
            live.iter().for_each(AccessToken::mark_revoked);
            tokens.extend(live);
            self.cache.invalidate(key);
        };
        let Selection::Policies(policies) = selection else {
            for key in self.candidates(selection) {
                if selection.includes(&key)
                    && let Some(held) = self.get(&key)
                {
                    take(&key, &held);
                }
            }
            return tokens;
        };
        for policy in policies.values() {
            for key in self.naming_all(policy.policy.policy()) {
                let Some(held) = self.get(&key) else {
                    continue;
                };
                let stands_in = held.stands_in(&policy.policy);
                if selection.includes(&key)
                    || stands_in.unwrap_or_else(|| policy.is_within(&key.policy))
                {
                    take(&key, &held);
                }
            }
        }
        tokens
    }

    fn candidates(&self, selection: &Selection<'_>) -> Vec<Arc<Key>> {
        match selection {
            Selection::Agent(agent) => {
                let policies = self.policies.naming(agent);
                lock(&self.index).with(&policies).cloned().collect()
            }
            Selection::Subject(subject) => lock(&self.index).of(subject).cloned().collect(),
            #[cfg(feature = "axum")]
            Selection::SubjectOnAgent(subject, _) => {
                lock(&self.index).of(subject).cloned().collect()
            }
            Selection::Policies(_) | Selection::All => {
                lock(&self.index).keys.keys().cloned().collect()
            }
        }
    }

    /// Candidates: all keys whose policy names all agents of this one are among these.
    fn naming_all(&self, policy: &AccessPolicy) -> Vec<Arc<Key>> {
        match self.policies.naming_all(policy) {
            Some(policies) => lock(&self.index).with(&policies).cloned().collect(),
            None => lock(&self.index).keys.keys().cloned().collect(),
        }
    }

    /// Whether an evicted token may not have expired yet.
    pub(super) fn may_have_evicted_live_tokens(&self, now: Instant) -> bool {
        // Another thread may be in the middle of an eviction. The cache has forgotten that entry, but the listener
        // may not have recorded it.
        self.settle();
        lock(&self.evicted).is_some_and(|until| until > now)
    }

    /// The keys of expired entries. None if they were looked for less than `interval` ago.
    pub(super) fn expired(&self, interval: Duration, now: Instant) -> Vec<Arc<Key>> {
        {
            let mut swept = lock(&self.swept);
            if now.saturating_duration_since(*swept) < interval {
                return Vec::new();
            }
            *swept = now;
        }
        let index = lock(&self.index);
        let expired = index.keys.iter().filter(|(_, place)| place.ends <= now);
        expired.map(|(key, _)| key.clone()).collect()
    }

    /// Forgets an entry if all its tokens have expired.
    pub(super) fn remove_expired(&self, key: &Arc<Key>, now: Instant) {
        if self.get(key).is_some_and(|held| held.all_end() <= now) {
            self.cache.invalidate(key);
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
    by_policy: HashMap<PolicyId, HashSet<Arc<Key>>>,
    by_subject: HashMap<String, HashSet<Arc<Key>>>,
}

/// The current entry of a key. The cache may report an eviction after a new entry has taken its place, so they are
/// told apart.
struct Place {
    id: HeldId,
    ends: Instant,
}

impl Index {
    fn add(&mut self, key: &Arc<Key>, held: &Held) {
        let (id, ends) = (held.id(), held.all_end());
        self.keys.insert(key.clone(), Place { id, ends });
        let keys = self.by_policy.entry(key.policy.id()).or_default();
        keys.insert(key.clone());
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
        remove(&mut self.by_policy, &key.policy.id(), key);
        if let Some(subject) = &key.subject {
            remove(&mut self.by_subject, subject, key);
        }
    }

    /// The keys with these policies.
    fn with<'a>(&'a self, policies: &'a [PolicyId]) -> impl Iterator<Item = &'a Arc<Key>> {
        let keys = policies.iter().filter_map(|id| self.by_policy.get(id));
        keys.flatten()
    }

    fn of(&self, subject: &str) -> impl Iterator<Item = &Arc<Key>> {
        self.by_subject.get(subject).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use super::*;
    use crate::access_tokens::token::Inner;
    use crate::ids::AgentId;

    impl Store {
        fn key(&self, agent: &str) -> Arc<Key> {
            self.key_of(&format!("{agent}:read_agent").parse().unwrap())
        }

        fn key_of(&self, policy: &AccessPolicy) -> Arc<Key> {
            self.to_key(&self.key_ref(Some("ada"), None, policy))
        }
    }

    /// A token that lives for a minute, and a weak reference that shows whether its secret is still in memory.
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
            let key = self.key(agent);
            let current = self.get(&key);
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
        assert!(store.may_have_evicted_live_tokens(Instant::now()));

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

        // A token that was replaced is kept with its successor, because it still works.
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
        let held = store.get(&store.key("agent-1")).unwrap();
        let served = held.good_for(Duration::ZERO, Instant::now()).unwrap();
        store.put("agent-2");
        assert!(held.good_for(Duration::ZERO, Instant::now()).is_none());
        assert_eq!(served.expose_secret(), "ck-let-1");
        drop(served);
        assert!(!is_in_memory(&watch));
    }

    #[test]
    fn a_late_eviction_event_removes_no_new_entry_from_the_index() {
        let mut index = Index::default();
        let key = Store::new(1, Arc::default()).key("agent-1");
        let ids = [key.policy.id()];
        let [old, new] = [(); 2].map(|()| {
            let (token, _) = token();
            let (now, ends) = (Instant::now(), token.ends().unwrap());
            Held::new(token, ends, Duration::ZERO, now, Duration::ZERO, None)
        });
        index.add(&key, &old);
        index.add(&key, &new);
        index.remove(&key, &old);
        assert_eq!((index.of("ada").count(), index.with(&ids).count()), (1, 1));
        index.remove(&key, &new);
        assert!(index.keys.is_empty() && index.by_policy.is_empty() && index.by_subject.is_empty());
    }

    #[test]
    fn the_dead_are_found_and_buried() {
        let store = Store::new(9, Arc::default());
        let watch = store.put("agent-1");
        let later = Instant::now() + Duration::from_secs(61);
        assert!(
            store.expired(Duration::from_secs(99), later).is_empty(),
            "not so soon"
        );
        let expired = store.expired(Duration::from_secs(60), later);
        assert_eq!(expired.len(), 1);
        store.remove_expired(&expired[0], Instant::now());
        assert!(is_in_memory(&watch), "it lives");
        store.remove_expired(&expired[0], later);
        assert!(!is_in_memory(&watch));
    }

    #[test]
    fn what_lives_longer_than_the_one_in_its_place_is_not_forgotten() {
        let store = Store::new(9, Arc::default());
        let earlier = store.put("agent-1");
        store.put_for(Duration::from_secs(20), "agent-1");
        let later = Instant::now() + Duration::from_secs(40);
        for key in store.expired(Duration::from_secs(30), later) {
            store.remove_expired(&key, later);
        }
        assert!(is_in_memory(&earlier));
        assert_eq!(store.take(&Selection::All, later).len(), 1);

        // It is not evicted unnoticed.
        let counts = Arc::new(Counts::default());
        let store = Store::new(2, counts.clone());
        store.put("agent-1");
        store.put_for(Duration::ZERO, "agent-1");
        store.put("agent-2");
        assert_eq!(counts.read().evictions, 1);
        assert!(store.may_have_evicted_live_tokens(Instant::now() + Duration::from_secs(50)));
    }

    #[test]
    fn what_a_token_was_handed_out_for_takes_no_more_than_so_much_memory() {
        let (token, _) = token();
        let (now, ends) = (Instant::now(), token.ends().unwrap());
        let held = Held::new(token, ends, Duration::ZERO, now, Duration::ZERO, None);
        let store = Store::new(9, Arc::default());
        let whole: Vec<_> = (0..200).map(|n| format!("agent-{n}:read_agent")).collect();
        let whole = store.key_of(&whole.join(";").parse().unwrap());
        let selected = |agent: &str| {
            let policy = format!("{agent}:read_agent").parse().unwrap();
            store.select_one(&policy)
        };
        let part = |n| selected(&format!("agent-{n}"));
        let stands_in = |held: &Held, part: &PolicySelection| {
            let known = held.stands_in(&part.policy);
            known.unwrap_or_else(|| part.is_within(&whole.policy))
        };
        for n in 0..99 {
            held.stand_in_for(&part(n).policy);
            held.stand_in_for(&part(n).policy);
        }
        assert!(stands_in(&held, &part(98)) && !stands_in(&held, &part(99)));
        for n in 99..150 {
            held.stand_in_for(&part(n).policy);
        }
        assert!(held.stand_ins() <= 100);
        // A forgotten policy is still revoked, and so are the tokens that may have served it.
        for n in 0..200 {
            assert!(stands_in(&held, &part(n)));
        }
        assert!(!stands_in(&held, &selected("agent-x")));
        let (token, _) = self::token();
        let next = Held::new(
            token,
            ends,
            Duration::ZERO,
            now,
            Duration::ZERO,
            Some(&held),
        );
        assert!(stands_in(&next, &part(3)), "nor does a renewal forget it");
    }

    #[test]
    fn work_is_linear_in_the_agents_of_a_policy_and_not_done_with_a_lock_held() {
        let work = |agents: usize| {
            let store = Store::new(8, Arc::default());
            let text: Vec<_> = (0..agents)
                .map(|n| format!("agent-{n}:read_agent"))
                .collect();
            let text = text.join(";");
            let policies = [(); 3].map(|()| text.parse::<AccessPolicy>().unwrap());
            crate::access_tokens::work_counter::take();
            // Two keys, one of them used twice, each with its own policy.
            for (number, (subject, policy)) in [(None, 0), (Some("ada"), 1), (Some("ada"), 2)]
                .into_iter()
                .enumerate()
            {
                let borrowed = store.key_ref(subject, None, &policies[policy]);
                assert_eq!(store.look_up(&borrowed).is_some(), number == 2);
                let key = store.to_key(&borrowed);
                let (token, _) = token();
                let (now, ends) = (Instant::now(), token.ends().unwrap());
                let current = store.get(&key);
                let (granted, renew_in) = (Duration::ZERO, Duration::ZERO);
                let held = Held::new(token, ends, granted, now, renew_in, current.as_deref());
                store.insert(key, held);
            }
            store.wider(&store.key("agent-1"), &policies[0]);
            let one = AgentId::new("agent-7").unwrap();
            let part = "agent-7:read_agent".parse().unwrap();
            for (selection, taken) in [
                (store.select([&part]), 0),
                (store.select([&policies[0]]), 3),
                (Selection::Agent(&one), 0),
                (Selection::All, 0),
            ] {
                assert_eq!(store.take(&selection, Instant::now()).len(), taken);
            }
            // Its parts, one by one.
            for slice in policies[0].parts_per_agent().chunks(super::super::SLICE) {
                assert!(store.take(&store.select(slice), Instant::now()).is_empty());
            }
            // Others are inserted instead.
            for n in 0..3_000 {
                store.put(&format!("agent-{n}"));
            }
            let (kept, agents) = store.policies.len();
            assert!(kept < 1_500 && agents <= kept, "{kept}, {agents}");
            crate::access_tokens::work_counter::take()
        };
        let [few, many] = [1_000, 8_000].map(work);
        assert!(few.all >= 1_000, "{few:?}");
        assert!(many.all < 9 * few.all, "{few:?} {many:?}");
        assert!(many.all < 40 * 8_000, "{many:?}");
        assert!(many.most_under_a_lock <= 64, "{many:?}");
    }
}
