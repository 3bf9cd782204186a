//! What an answer does not repeat of a request, although the server does.

use letta_api::operations::SENSITIVE_NAMES;

/// How the keys and tokens of the service begin.
const SECRETS: [&str; 2] = ["sk-let-", "ck-let-"];

/// What is written in place of a value that is not repeated.
pub(super) const HIDDEN: &str = "(not shown)";

/// Whether a text holds a key or a token of the service.
pub(super) fn is_secret(text: &str) -> bool {
    SECRETS.iter().any(|secret| {
        let mut places = text.as_bytes().windows(secret.len());
        places.any(|place| place.eq_ignore_ascii_case(secret.as_bytes()))
    })
}

/// Whether a member or a parameter of this name may hold a secret.
pub(super) fn is_sensitive(name: &str) -> bool {
    SENSITIVE_NAMES.contains(&name)
}
