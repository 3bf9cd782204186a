//! What is true of this service alone. A crate that the generator makes for another service has another file in its place.

/// How keys and tokens begin, in small letters. A key need not.
pub(crate) const KEY_PREFIXES: &[&str] = &["sk-let-", "ck-let-"];

/// The variables that configure clients.
pub(crate) const VARIABLES: &[&str] = &[
    "LETTA_API_KEY",
    "LETTA_BASE_URL",
    "LETTA_PROJECT",
    "LETTA_PROJECT_ID",
    "LETTA_SERVER_PASSWORD",
    "LETTA_SERVER_PASS",
];

/// What a placeholder for a key may speak of, in small letters.
pub(crate) const KEY_WORDS: &[&str] = &["letta", "api_key", "api-key", "apikey"];

/// What all paths of the API begin with, so that a base URL need not end with it.
pub(crate) const VERSION: &str = "/v1";
