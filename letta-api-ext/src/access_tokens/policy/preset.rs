//! Rights that are often given together.

use std::fmt;

use letta_api::types::AccessRight;

/// Rights that are often given together, under one name.
///
/// A preset can be used wherever rights are given: in [`AccessPolicy::for_agent`], [`AccessPolicy::from_grants`], and
/// [`PolicyBuilder::preset`]. The [text form](crate::policy#the-text-form) knows the names, as in `agent-1:chat`. A
/// policy keeps the rights and not the name, so it is always printed with its rights.
///
/// ```
/// use letta_api_ext::{AccessPolicy, policy::Preset};
///
/// let policy = AccessPolicy::for_agent("agent-1", Preset::Chat)?;
/// assert_eq!(policy, "agent-1:chat".parse()?);
/// assert_eq!(policy.to_string(), "agent-1:read_messages,write_messages");
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
///
/// A preset and another right:
///
/// ```
/// use letta_api_ext::{AccessPolicy, AccessRight, policy::Preset};
///
/// let rights = Preset::Chat.into_iter().chain([AccessRight::ReadAgent]);
/// let policy = AccessPolicy::for_agent("agent-1", rights)?;
/// assert_eq!(policy, "agent-1:chat,read_agent".parse()?);
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
///
/// [`AccessPolicy::for_agent`]: crate::AccessPolicy::for_agent
/// [`AccessPolicy::from_grants`]: crate::AccessPolicy::from_grants
/// [`PolicyBuilder::preset`]: crate::policy::PolicyBuilder::preset
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Preset {
    /// `chat`: what a chat page needs. `read_messages` and `write_messages`.
    Chat,
    /// `read_only`: everything that changes nothing. `read_messages` and `read_agent`.
    ReadOnly,
    /// `all_rights`: every right that this version knows. A browser rarely needs all of them.
    AllRights,
}

impl Preset {
    /// All presets.
    pub const ALL: &'static [Self] = &[Self::Chat, Self::ReadOnly, Self::AllRights];

    /// The name in the text form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::ReadOnly => "read_only",
            Self::AllRights => "all_rights",
        }
    }

    /// The rights that it stands for.
    #[must_use]
    pub fn rights(self) -> &'static [AccessRight] {
        const CHAT: &[AccessRight] = &[AccessRight::ReadMessages, AccessRight::WriteMessages];
        const READ_ONLY: &[AccessRight] = &[AccessRight::ReadMessages, AccessRight::ReadAgent];
        match self {
            Self::Chat => CHAT,
            Self::ReadOnly => READ_ONLY,
            Self::AllRights => AccessRight::KNOWN,
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|preset| preset.as_str() == name)
    }
}

impl IntoIterator for Preset {
    type Item = AccessRight;
    type IntoIter = std::iter::Cloned<std::slice::Iter<'static, AccessRight>>;

    fn into_iter(self) -> Self::IntoIter {
        self.rights().iter().cloned()
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
