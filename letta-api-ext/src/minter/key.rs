//! What tokens are kept by: whom they are for, the web origin, and the policy.

use std::hash::Hash;

use equivalent::Equivalent;

use crate::agent_id::AgentId;
use crate::origin::Origin;
use crate::policy::AccessPolicy;

/// What a token was minted for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// Whom it is for; nothing for whoever asks.
    pub(super) subject: Option<String>,
    /// Nothing for the minter's own, which is most often the one, so that it is neither hashed nor compared.
    pub(super) origin: Option<Origin>,
    pub(super) policy: AccessPolicy,
}

/// The same, borrowed: to look for a token must not cost an allocation. Its hash is that of the [`Key`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct KeyRef<'a> {
    pub(super) subject: Option<&'a str>,
    pub(super) origin: Option<&'a Origin>,
    pub(super) policy: &'a AccessPolicy,
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self == key.as_ref()
    }
}

impl Key {
    pub(super) fn as_ref(&self) -> KeyRef<'_> {
        KeyRef {
            subject: self.subject.as_deref(),
            origin: self.origin.as_ref(),
            policy: &self.policy,
        }
    }
}

impl KeyRef<'_> {
    pub(super) fn to_key(self) -> Key {
        Key {
            subject: self.subject.map(str::to_owned),
            origin: self.origin.cloned(),
            policy: self.policy.clone(),
        }
    }
}

/// Which tokens are to be revoked.
pub(super) enum Selection<'a> {
    All,
    Policy(&'a AccessPolicy),
    Agent(&'a AgentId),
    Subject(&'a str),
}

impl Selection<'_> {
    pub(super) fn includes(&self, key: &Key) -> bool {
        match *self {
            Self::All => true,
            Self::Policy(policy) => key.policy == *policy,
            Self::Agent(agent) => key.policy.agents().any(|named| named == agent),
            Self::Subject(subject) => key.subject.as_deref() == Some(subject),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher as _, RandomState};

    use super::*;

    #[test]
    fn a_borrowed_key_is_the_key_and_hashes_alike() {
        let state = RandomState::new();
        let policy: AccessPolicy = "agent-1:read_messages,?dream;agent-2:read_agent"
            .parse()
            .unwrap();
        let origin = Origin::new("https://chat.example.com").unwrap();
        for (subject, origin) in [
            (None, None),
            (Some(String::new()), Some(origin.clone())),
            (Some("user-1".to_owned()), None),
            (None, Some(origin)),
        ] {
            let key = Key {
                subject,
                origin,
                policy: policy.clone(),
            };
            assert_eq!(state.hash_one(&key), state.hash_one(key.as_ref()));
            assert!(key.as_ref().equivalent(&key));
            assert!(key.as_ref().to_key() == key);
        }
    }
}
