//! Warns about a policy that the service may not honour because of its entries.

use crate::access_tokens::policy::AccessPolicy;

/// Traces a warning, once per token, if the policy is not the entry of one agent. By the service's published source
/// of 2025, every entry must allow a call, an entry allows calls only on its own agent, and an entry of an unknown
/// kind closes the whole policy. The event has neither IDs nor secrets.
pub(crate) fn warn_unless_one(policy: &AccessPolicy) {
    if policy.sole_agent().is_some() {
        return;
    }
    let unknown = policy.unknown_grants().count();
    tracing::warn!(
        target: "letta_api_ext::access_tokens",
        { letta.policy.entries = policy.entry_count(), letta.policy.unknown_entries = unknown },
        "the service may refuse every call of this token, since each entry of its policy must allow the call: ask for a \
         token of one agent's entry, with `AccessPolicy::per_agent`"
    );
}
