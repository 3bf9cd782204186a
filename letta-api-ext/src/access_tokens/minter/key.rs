//! The keys of the cache: subject, web origin and policy.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use equivalent::Equivalent;

use super::policies::{Interned, Policies, PolicyId};
use super::sync::Arc;
use crate::access_tokens::policy::AccessPolicy;
use crate::ids::AgentId;
use crate::ids::Origin;

/// What a token was minted for. The policy is interned, so comparing two keys is cheap.
#[derive(Clone)]
pub(super) struct Key {
    /// Whom it is for. `None` for a token that is shared.
    pub(super) subject: Option<String>,
    /// `None` for the minter's own origin. That is the common case, and needs neither a hash nor a comparison.
    pub(super) origin: Option<Origin>,
    pub(super) policy: Arc<Interned>,
    hash: u64,
}

/// The same, borrowed, so that a lookup does not allocate. It has the same hash as the [`Key`].
#[derive(Clone, Copy)]
pub(super) struct KeyRef<'a> {
    pub(super) subject: Option<&'a str>,
    pub(super) origin: Option<&'a Origin>,
    pub(super) policy: &'a AccessPolicy,
    pub(super) hash: u64,
}

impl Key {
    pub(super) fn new(policies: &Policies, key: &KeyRef<'_>) -> Arc<Self> {
        Arc::new(Self {
            subject: key.subject.map(str::to_owned),
            origin: key.origin.cloned(),
            policy: policies.intern(key.policy),
            hash: key.hash,
        })
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
            && self.subject == other.subject
            && self.origin == other.origin
            && Arc::ptr_eq(&self.policy, &other.policy)
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Equivalent<Arc<Key>> for KeyRef<'_> {
    fn equivalent(&self, key: &Arc<Key>) -> bool {
        self.hash == key.hash
            && self.subject == key.subject.as_deref()
            && self.origin == key.origin.as_ref()
            && self.policy == key.policy.policy()
    }
}

/// Which tokens to revoke.
pub(super) enum Selection<'a> {
    All,
    Policies(HashMap<PolicyId, PolicySelection>),
    Agent(&'a AgentId),
    Subject(&'a str),
    /// Those of a subject whose policy names only this agent.
    #[cfg(feature = "axum")]
    SubjectOnAgent(&'a str, &'a AgentId),
}

/// All tokens that were minted or served for a policy.
pub(super) struct PolicySelection {
    pub(super) policy: Arc<Interned>,
    /// For policies that may include this one, whether they do. Computed before any lock is taken.
    pub(super) wider: HashMap<PolicyId, bool>,
}

impl Selection<'_> {
    pub(super) fn includes(&self, key: &Key) -> bool {
        match self {
            Self::All => true,
            Self::Policies(policies) => policies.contains_key(&key.policy.id()),
            Self::Agent(agent) => key.policy.policy().names(agent),
            Self::Subject(subject) => key.subject.as_deref() == Some(*subject),
            #[cfg(feature = "axum")]
            Self::SubjectOnAgent(subject, agent) => {
                key.subject.as_deref() == Some(*subject)
                    && key.policy.policy().sole_agent() == Some(*agent)
            }
        }
    }
}

impl PolicySelection {
    /// Whether a token with the policy `whole` may have been served for the selected one.
    pub(super) fn is_within(&self, whole: &Interned) -> bool {
        let known = self.wider.get(&whole.id());
        known
            .copied()
            .unwrap_or_else(|| self.is_within_by_look(whole))
    }

    pub(super) fn is_within_by_look(&self, whole: &Interned) -> bool {
        let policy = self.policy.policy();
        !policy.is_empty() && policy.is_subset_of(whole.policy())
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher as _, RandomState};

    use super::*;

    #[test]
    fn a_borrowed_key_is_the_key_and_hashes_alike() {
        let (state, policies) = (RandomState::new(), Policies::new());
        let policy: AccessPolicy = "agent-1:read_messages,?dream;agent-2:read_agent"
            .parse()
            .unwrap();
        let origin = Origin::new("https://chat.example.com").unwrap();
        let mut keys = Vec::new();
        for (subject, origin) in [
            (None, None),
            (Some(""), Some(&origin)),
            (Some("user-1"), None),
            (None, Some(&origin)),
        ] {
            let borrowed = policies.key_ref(subject, origin, &policy);
            let key = Key::new(&policies, &borrowed);
            assert_eq!(state.hash_one(&key), state.hash_one(borrowed));
            assert!(borrowed.equivalent(&key));
            assert!(Key::new(&policies, &borrowed) == key);
            assert!(
                keys.iter()
                    .all(|other: &Arc<Key>| *other != key && !borrowed.equivalent(other))
            );
            keys.push(key);
        }
    }
}
