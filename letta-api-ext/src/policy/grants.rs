//! The grants of a policy: which agents, and the rights on each.

use super::rights::Rights;
use crate::agent_id::AgentId;

/// The rights on one agent.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Grant {
    pub(super) agent: AgentId,
    pub(super) rights: Rights,
}

/// Grants in the order of their agents' IDs, each agent once. They do not change, and lie side by side: as a map, one
/// agent would take a kilobyte.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Grants(Box<[Grant]>);

impl Grants {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Grant> {
        self.0.iter()
    }

    pub(super) fn get(&self, agent: &str) -> Option<&Rights> {
        let place = find(&self.0, agent).ok()?;
        Some(&self.0[place].rights)
    }

    pub(super) fn is_subset_of(&self, other: &Self) -> bool {
        // What is before an agent that was found cannot be one that follows it.
        let mut others = &*other.0;
        self.0.iter().all(|grant| {
            let Ok(place) = find(others, grant.agent.as_str()) else {
                return false;
            };
            let is_within = grant.rights.is_subset_of(&others[place].rights);
            others = &others[place + 1..];
            is_within
        })
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        self.0
            .iter()
            .chain(&other.0)
            .cloned()
            .collect::<Vec<_>>()
            .into()
    }
}

/// Where the grant for an agent is, or would be.
fn find(grants: &[Grant], agent: &str) -> Result<usize, usize> {
    grants.binary_search_by(|grant| grant.agent.as_str().cmp(agent))
}

impl From<Vec<Grant>> for Grants {
    /// Puts them in order, and joins those for the same agent.
    fn from(mut grants: Vec<Grant>) -> Self {
        if !grants.is_sorted_by(|one, next| one.agent < next.agent) {
            grants.sort_by(|one, other| one.agent.cmp(&other.agent));
            grants.dedup_by(|next, one| {
                let is_same = next.agent == one.agent;
                if is_same {
                    one.rights.join(std::mem::take(&mut next.rights));
                }
                is_same
            });
        }
        Self(grants.into())
    }
}
