//! A policy split into one for each agent.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use super::grants::Grants;
use super::{AccessPolicy, Parts};

/// The parts of a policy, once somebody has asked for them. They follow from the policy, so they do not count when
/// policies are compared.
///
/// Kept, since a server asks for the tokens of the same policy again and again: from then on that costs no allocation.
#[derive(Default)]
pub(super) struct Split(OnceLock<Box<[AccessPolicy]>>);

impl AccessPolicy {
    /// The parts, in order: the agents' by ID, then those that are not known.
    pub(crate) fn parts_per_agent(&self) -> &[Self] {
        if self.entry_count() == 1 {
            return std::slice::from_ref(self);
        }
        self.parts.split.0.get_or_init(|| {
            let of_agents = self.parts.grants.iter().map(|grant| Parts {
                grants: vec![grant.clone()].into(),
                unknown: BTreeSet::new(),
                split: Split::default(),
            });
            let unknown = self.parts.unknown.iter().map(|json| Parts {
                grants: Grants::from(Vec::new()),
                unknown: BTreeSet::from([json.clone()]),
                split: Split::default(),
            });
            of_agents.chain(unknown).map(Self::from).collect()
        })
    }
}

impl PartialEq for Split {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Split {}

impl PartialOrd for Split {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Split {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl Hash for Split {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_policy_of_one_agent_gives_itself_and_a_split_is_made_once() {
        let one: AccessPolicy = "agent-1:chat".parse().unwrap();
        let part = one.per_agent().next().unwrap();
        assert!(Arc::ptr_eq(&one.parts, &part.parts));

        let several: AccessPolicy = "agent-1:chat;agent-2:read_agent".parse().unwrap();
        let clone = several.clone();
        for (part, again) in several.per_agent().zip(clone.per_agent()) {
            assert!(Arc::ptr_eq(&part.parts, &again.parts), "{part}");
            // A part keeps no split of its own.
            assert_eq!(part.per_agent().len(), 1);
            assert!(part.parts.split.0.get().is_none());
        }
    }

    #[test]
    fn a_split_does_not_count_when_policies_are_compared() {
        let text = "agent-1:chat;agent-2:read_agent";
        let (split, whole): (AccessPolicy, AccessPolicy) =
            (text.parse().unwrap(), text.parse().unwrap());
        assert_eq!(split.per_agent().len(), 2);
        assert_eq!(split, whole);
        assert_eq!(split.cmp(&whole), Ordering::Equal);
        let hash = |policy: &AccessPolicy| {
            use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
            BuildHasherDefault::<DefaultHasher>::new().hash_one(policy)
        };
        assert_eq!(hash(&split), hash(&whole));
    }

    #[test]
    fn what_allows_nothing_has_no_parts() {
        let empty = AccessPolicy::from_wire(&[]);
        assert_eq!(empty.per_agent().len(), 0);
        assert!(empty.sole_agent().is_none());
    }
}
