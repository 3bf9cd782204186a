//! Identifiers, as the service makes them: a word for the kind, and a UUID of version 4.

/// A new one of `kind`, as in `agent-123e4567-e89b-42d3-8456-426614174000`.
pub(crate) fn generate(kind: &str) -> String {
    format!("{kind}-{}", uuid::Uuid::new_v4())
}

/// Whether an agent may have this ID: `agent-`, and at least one ASCII letter, digit, `-`, `_` or `.` after it. A policy of the
/// SDK's names no others.
pub(crate) fn is_agent_id(text: &str) -> bool {
    text.strip_prefix("agent-").is_some_and(|rest| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        !rest.is_empty() && rest.bytes().all(is_allowed)
    })
}
