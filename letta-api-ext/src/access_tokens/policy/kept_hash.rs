//! The hash of a policy, computed when it is made: a minter looks tokens up by it.

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

use super::AccessPolicy;
use super::grants::Grants;

/// std's hasher, SipHash, with random keys of this process. Users of an application may choose what stands in policies. They
/// cannot choose policies whose hashes collide, since they do not know the keys.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The hash of the parts of a policy. Linear in the number of agents.
pub(super) fn of(grants: &Grants, unknown: &BTreeSet<String>) -> u64 {
    HASHER.hash_one((grants, unknown))
}

impl AccessPolicy {
    /// The hash of this policy in this process, the same for all equal policies.
    pub(crate) fn kept_hash(&self) -> u64 {
        self.parts.hash
    }
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
        assert_eq!(HASHER.hash_one(&one), HASHER.hash_one(&again));
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
    fn a_policy_is_not_hashed_again() {
        let agents: Vec<_> = (0..1_000).map(|n| format!("agent-{n}:chat")).collect();
        let policy = policy(&agents.join(";"));
        let clone = policy.clone();
        work_counter::take();
        assert_eq!(clone.kept_hash(), policy.kept_hash());
        assert_eq!(work_counter::take().all, 0);
    }
}
