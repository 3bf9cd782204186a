//! The ID of an agent.

use letta_api::types;

use crate::error::{Error, Result};
use crate::ids::checked_text::checked_text;

/// The ID of an agent, such as `agent-6bb462c2-e885-434a-a0e3-d08ad8d9f595`.
///
/// It is `agent-`, followed by ASCII letters, digits, `-`, `_` or `.`. The service documents the prefix. On hosted
/// and self-hosted servers, a UUID follows. The emulator has the same rule.
///
/// ```
/// use letta_api_ext::AgentId;
///
/// let id: AgentId = "agent-1".parse()?;
/// assert_eq!(id.as_str(), "agent-1");
///
/// let error = AgentId::new("1").unwrap_err();
/// assert_eq!(error.to_string(), "`agent` must begin with `agent-`; got `1`");
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
///
/// The raw client has an [`AgentId`](letta_api::types::AgentId) of its own, which holds any text, since an answer is not refused for
/// an ID of a new form. What takes the one takes the other: the ID of an answer goes into a policy, where it is
/// checked, and the ID of a policy goes into a call.
///
/// ```
/// use letta_api::types;
/// use letta_api_ext::{AccessPolicy, policy::Preset};
///
/// let id = types::AgentId::from("agent-1"); // such as `agent.id` of an answer
/// let policy = AccessPolicy::for_agent(&id, Preset::Chat)?;
/// let agent = policy.sole_agent().map(types::AgentId::from);
/// assert_eq!(agent, Some(id));
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentId(String);

impl AgentId {
    /// Parses an ID.
    ///
    /// # Errors
    ///
    /// An ID (`agent`) that does not begin with `agent-`, has nothing after it, or has another character.
    pub fn new(id: impl Into<String>) -> Result<Self> {
        let id = id.into();
        let fail = |rule| Err(Error::invalid_input("agent", rule, Some(&id)));
        let Some(rest) = id.strip_prefix("agent-") else {
            return fail("must begin with `agent-`");
        };
        if rest.is_empty() {
            return fail("must not end after `agent-`");
        }
        if !rest
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        {
            return fail("must consist of ASCII letters, digits, `-`, `_` and `.`");
        }
        Ok(Self(id))
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<types::AgentId> for AgentId {
    type Error = Error;

    fn try_from(id: types::AgentId) -> Result<Self> {
        Self::new(id)
    }
}

impl TryFrom<&types::AgentId> for AgentId {
    type Error = Error;

    fn try_from(id: &types::AgentId) -> Result<Self> {
        Self::new(id)
    }
}

impl From<AgentId> for types::AgentId {
    fn from(id: AgentId) -> Self {
        id.0.into()
    }
}

impl From<&AgentId> for types::AgentId {
    fn from(id: &AgentId) -> Self {
        id.as_str().into()
    }
}

checked_text!(
    AgentId,
    "An agent's ID, beginning with `agent-`.",
    "^agent-[A-Za-z0-9._-]+$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_an_answer_is_checked_and_one_of_ours_goes_into_a_call() {
        let raw = types::AgentId::from("agent-1");
        let ours = AgentId::try_from(&raw).unwrap();
        assert_eq!(ours.as_str(), "agent-1");
        assert_eq!(AgentId::try_from(raw.clone()).unwrap(), ours);
        assert_eq!(types::AgentId::from(&ours), raw);
        assert_eq!(types::AgentId::from(ours), raw);
    }

    #[test]
    fn an_id_of_a_form_that_is_not_known_is_refused_here_alone() {
        for (text, message) in [
            ("1", "`agent` must begin with `agent-`; got `1`"),
            (
                "6bb462c2-e885-434a-a0e3-d08ad8d9f595",
                "`agent` must begin with `agent-`; got `6bb462c2-e885-434a-a0e3-d08ad8d9f595`",
            ),
        ] {
            let raw: types::AgentId = serde_json::from_value(text.into()).unwrap();
            let error = AgentId::try_from(&raw).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert_eq!(AgentId::try_from(raw).unwrap_err().to_string(), message);
        }
    }
}
