//! Splits a policy into one for each agent.

use std::collections::BTreeSet;

use super::grants::Grants;
use super::{AccessPolicy, Parts};

impl AccessPolicy {
    /// The parts, in order: one for each agent by ID, then one for each unknown grant.
    ///
    /// Not cached in the policy: with interior mutability in it, clippy would warn about every map with policies as
    /// keys.
    pub(crate) fn parts_per_agent(&self) -> Vec<Self> {
        if self.entry_count() == 1 {
            return vec![self.clone()];
        }
        let of_agents = self.parts.grants.iter().map(|grant| {
            let grants = vec![grant.clone()].into();
            Parts::new(grants, BTreeSet::new())
        });
        let unknown = self.parts.unknown.iter().map(|json| {
            let unknown = BTreeSet::from([json.clone()]);
            Parts::new(Grants::from(Vec::new()), unknown)
        });
        of_agents.chain(unknown).map(Self::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_policy_of_one_agent_gives_itself() {
        let one: AccessPolicy = "agent-1:chat".parse().unwrap();
        let part = one.per_agent().next().unwrap();
        assert!(Arc::ptr_eq(&one.parts, &part.parts));
    }

    #[test]
    fn what_allows_nothing_has_no_parts() {
        let empty = AccessPolicy::from_wire(&[]);
        assert_eq!(empty.per_agent().len(), 0);
        assert!(empty.sole_agent().is_none());
    }
}
