//! The grants of a policy: the agents, and the rights on each.

use std::hash::{Hash, Hasher};

use super::rights::Rights;
use crate::ids::AgentId;

/// The rights on one agent.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Grant {
    pub(super) agent: AgentId,
    pub(super) rights: Rights,
}

/// Grants in the order of their agents' IDs, each agent once. Immutable, in one slice: as a map, one agent would take
/// a kilobyte.
#[derive(Eq, PartialOrd, Ord)]
pub(super) struct Grants(Box<[Grant]>);

// Written by hand, so that tests can count the work.
impl PartialEq for Grants {
    fn eq(&self, other: &Self) -> bool {
        #[cfg(test)]
        crate::access_tokens::work_counter::look_at(self.0.len().min(other.0.len()));
        self.0 == other.0
    }
}

impl Hash for Grants {
    fn hash<H: Hasher>(&self, state: &mut H) {
        #[cfg(test)]
        crate::access_tokens::work_counter::look_at(self.0.len());
        self.0.hash(state);
    }
}

impl Grants {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn first(&self) -> Option<&Grant> {
        self.0.first()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Grant> {
        let grants = self.0.iter();
        #[cfg(test)]
        let grants = grants.inspect(|_| crate::access_tokens::work_counter::look_at(1));
        grants
    }

    pub(super) fn get(&self, agent: &str) -> Option<&Rights> {
        let place = find(&self.0, agent)?;
        Some(&self.0[place].rights)
    }

    pub(super) fn is_subset_of(&self, other: &Self) -> bool {
        // Both are sorted, so the search goes on after the last match.
        let mut others = &*other.0;
        self.iter().all(|grant| {
            let Some(place) = find_near(others, grant.agent.as_str()) else {
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

/// The index of the grant for an agent.
fn find(grants: &[Grant], agent: &str) -> Option<usize> {
    let order = |grant: &Grant| grant.agent.as_str().cmp(agent);
    grants.binary_search_by(order).ok()
}

/// The same, by exponential search from the start. Comparing two similar policies takes one pass, and a small policy
/// is found in a large one without a look at all of it.
fn find_near(grants: &[Grant], agent: &str) -> Option<usize> {
    let mut end = 1;
    while end < grants.len() && grants[end - 1].agent.as_str() < agent {
        end *= 2;
    }
    let start = end / 2;
    let place = find(&grants[start..end.min(grants.len())], agent)?;
    Some(start + place)
}

impl From<Vec<Grant>> for Grants {
    /// Sorts grants, and merges those for the same agent.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(agents: impl Iterator<Item = usize>) -> Grants {
        let grants = agents.map(|number| Grant {
            agent: AgentId::new(format!("agent-{number:02}")).unwrap(),
            rights: Rights::default(),
        });
        grants.collect::<Vec<_>>().into()
    }

    #[test]
    fn an_agent_is_found_at_any_position_and_an_absent_one_is_not() {
        for count in 0..20 {
            // The even numbers are present.
            let grants = grants((0..count).map(|place| 2 * place));
            for number in 0..2 * count + 2 {
                let place = (number % 2 == 0 && number < 2 * count).then_some(number / 2);
                let agent = format!("agent-{number:02}");
                assert_eq!(find_near(&grants.0, &agent), place, "{agent} of {count}");
                assert_eq!(grants.get(&agent).is_some(), place.is_some(), "{agent}");
            }
        }
    }

    #[test]
    fn a_subset_is_found_and_nothing_else_passes_for_one() {
        let chosen = |bits: usize| (0..7).filter(move |place| bits >> place & 1 == 1);
        for (one, other) in (0..128).flat_map(|one| (0..128).map(move |other| (one, other))) {
            let is_subset = grants(chosen(one)).is_subset_of(&grants(chosen(other)));
            assert_eq!(is_subset, one & other == one, "{one:b}, {other:b}");
        }
    }
}
