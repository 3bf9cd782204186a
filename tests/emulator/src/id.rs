//! Identifiers, as the service makes them: a word for the kind, and a UUID of version 4.

/// A new one of `kind`, as in `agent-123e4567-e89b-42d3-8456-426614174000`.
pub(crate) fn generate(kind: &str) -> String {
    format!("{kind}-{}", uuid::Uuid::new_v4())
}
