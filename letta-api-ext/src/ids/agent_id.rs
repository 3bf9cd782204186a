//! The ID of an agent.

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

checked_text!(
    AgentId,
    "An agent's ID, beginning with `agent-`.",
    "^agent-[A-Za-z0-9._-]+$"
);
