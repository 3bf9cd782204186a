//! The hash of a policy, computed once for all clones: a minter looks tokens up by it.

use std::cmp::Ordering;
use std::hash::{BuildHasher as _, Hash, Hasher, RandomState};
use std::sync::{LazyLock, OnceLock};

use super::AccessPolicy;

/// std's hasher, SipHash, with random keys of this process. Users of an application may choose what stands in policies. They
/// cannot choose policies whose hashes collide, since they do not know the keys.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The hash, once somebody has asked for it. It is no part of a policy's value: all are equal.
#[derive(Default)]
pub(super) struct KeptHash(OnceLock<u64>);

impl AccessPolicy {
    /// The hash of this policy in this process, the same for all equal policies. The first call for a policy or one of its
    /// clones is linear in the number of agents.
    pub(crate) fn kept_hash(&self) -> u64 {
        let KeptHash(hash) = &self.parts.hash;
        *hash.get_or_init(|| HASHER.hash_one(self))
    }
}

impl PartialEq for KeptHash {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for KeptHash {}

impl PartialOrd for KeptHash {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for KeptHash {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl Hash for KeptHash {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_tokens::work_counter;

    fn policy(text: &str) -> AccessPolicy {
        text.parse().unwrap()
    }

    #[test]
    fn equal_policies_hash_alike_and_others_do_not() {
        let one = policy("agent-1:read_agent;agent-2:?dream");
        let again = policy("agent-2:?dream;agent-1:read_agent");
        assert_eq!(one.kept_hash(), again.kept_hash());
        for other in [
            policy("agent-1:read_agent"),
            policy("agent-1:read_agent,write_agent;agent-2:?dream"),
            policy("agent-1:read_agent;agent-2:?dream;?%7B%7D"),
            one.union(&policy("agent-3:read_agent")),
        ] {
            assert_ne!(one.kept_hash(), other.kept_hash(), "{other}");
        }
    }

    #[test]
    fn what_was_hashed_is_no_part_of_the_value() {
        let (hashed, fresh) = (policy("agent-1:chat"), policy("agent-1:chat"));
        hashed.kept_hash();
        assert_eq!(hashed, fresh);
        assert_eq!(hashed.cmp(&fresh), Ordering::Equal);
        assert_eq!(HASHER.hash_one(&hashed), HASHER.hash_one(&fresh));
        assert_eq!(format!("{hashed:?}"), format!("{fresh:?}"));
    }

    #[test]
    fn a_policy_and_its_clones_are_hashed_once() {
        let agents: Vec<_> = (0..1_000).map(|n| format!("agent-{n}:chat")).collect();
        let policy = policy(&agents.join(";"));
        let clone = policy.clone();
        work_counter::take();
        policy.kept_hash();
        assert_eq!(work_counter::take().all, 1_000);
        assert_eq!(clone.kept_hash(), policy.kept_hash());
        assert_eq!(work_counter::take().all, 0);
    }
}
