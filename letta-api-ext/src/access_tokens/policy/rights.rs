//! A set of rights on one agent.

use std::collections::BTreeSet;
use std::fmt;

use letta_api::types::AccessRight;

/// A set of rights, iterated in the order of [`AccessRight`]. Without unknown rights it is a number: a server keeps
/// thousands of policies, and compares them at each hit of its cache.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Rights {
    /// A bit for each right in [`AccessRight::KNOWN`], by its index there.
    known: u32,
    unknown: BTreeSet<AccessRight>,
}

const _: () = assert!(AccessRight::KNOWN.len() <= u32::BITS as usize);

impl Rights {
    pub(super) fn is_empty(&self) -> bool {
        self.known == 0 && self.unknown.is_empty()
    }

    /// Adds a right. A known right that was made as an unknown one, by its text, counts as known.
    pub(super) fn insert(&mut self, right: AccessRight) {
        match bit(&right) {
            0 => drop(self.unknown.insert(right)),
            bit => self.known |= bit,
        }
    }

    pub(super) fn contains(&self, right: &AccessRight) -> bool {
        match bit(right) {
            0 => self.unknown.contains(right),
            bit => self.known & bit != 0,
        }
    }

    pub(super) fn is_subset_of(&self, other: &Self) -> bool {
        self.known & !other.known == 0 && self.unknown.is_subset(&other.unknown)
    }

    /// Adds the rights of another set.
    pub(super) fn join(&mut self, other: Self) {
        self.known |= other.known;
        self.unknown.extend(other.unknown);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &AccessRight> {
        let known = AccessRight::KNOWN.iter().enumerate();
        let known =
            known.filter_map(|(place, right)| (self.known >> place & 1 == 1).then_some(right));
        known.chain(&self.unknown)
    }

    /// Those that this version does not know.
    pub(super) fn unknown(&self) -> impl Iterator<Item = &AccessRight> {
        self.unknown.iter()
    }
}

/// Zero for an unknown right.
fn bit(right: &AccessRight) -> u32 {
    let is_right = |known: &AccessRight| match right {
        AccessRight::Unknown(text) => known.as_str() == text,
        right => known == right,
    };
    let place = AccessRight::KNOWN.iter().position(is_right);
    place.map_or(0, |place| 1 << place)
}

impl Extend<AccessRight> for Rights {
    fn extend<I: IntoIterator<Item = AccessRight>>(&mut self, rights: I) {
        for right in rights {
            self.insert(right);
        }
    }
}

impl FromIterator<AccessRight> for Rights {
    fn from_iter<I: IntoIterator<Item = AccessRight>>(rights: I) -> Self {
        let mut out = Self::default();
        out.extend(rights);
        out
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_set_that_it_was_made_of() {
        let all = [
            AccessRight::ReadMessages,
            AccessRight::WriteAgent,
            "dream".into(),
            "fly".into(),
        ];
        let sets: Vec<BTreeSet<AccessRight>> = (0..16)
            .map(|bits| {
                let chosen = all
                    .iter()
                    .enumerate()
                    .filter(|(place, _)| bits >> place & 1 == 1);
                chosen.map(|(_, right)| right.clone()).collect()
            })
            .collect();
        for one in &sets {
            let rights: Rights = one.iter().rev().cloned().collect();
            assert!(rights.iter().eq(one));
            assert_eq!(rights.is_empty(), one.is_empty());
            assert!(
                all.iter()
                    .all(|right| rights.contains(right) == one.contains(right))
            );
            for other in &sets {
                let others: Rights = other.iter().cloned().collect();
                assert_eq!(
                    rights.is_subset_of(&others),
                    one.is_subset(other),
                    "{one:?}, {other:?}"
                );
                let mut joined = rights.clone();
                joined.join(others);
                assert!(joined.iter().eq(&(one | other)), "{one:?}, {other:?}");
            }
        }
    }
}
