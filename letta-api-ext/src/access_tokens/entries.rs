//! Warns of a token that the service may not honour for the entries of its policy.

use crate::access_tokens::policy::AccessPolicy;

/// Traces, once for a token that is about to be asked for, that its policy is not one agent's entry alone. By the service's
/// published source of 2025, every entry must allow a call, an entry allows calls on its own agent alone, and an entry of a
/// kind that the service does not know closes the whole policy. Neither IDs nor secrets are in the event.
pub(crate) fn warn_unless_one(policy: &AccessPolicy) {
    if policy.sole_agent().is_some() {
        return;
    }
    let unknown = policy.unknown_grants().count();
    tracing::warn!(
        letta.policy.entries = policy.entry_count(),
        letta.policy.unknown_entries = unknown,
        "the service may refuse every call of this token, since each entry of its policy must allow the call: ask for a \
         token of one agent's entry, with `AccessPolicy::per_agent`"
    );
}
