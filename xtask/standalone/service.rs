//! What is true of this service alone.

/// How keys and tokens begin, in small letters. The description does not say.
pub(crate) const KEY_PREFIXES: &[&str] = &[];

/// The variables that configure programs.
pub(crate) const VARIABLES: &[&str] = &[
    "@PREFIX@_API_KEY",
    "@PREFIX@_BASE_URL",
    "@PREFIX@_USER",
    "@PREFIX@_PASSWORD",
];

/// What a placeholder for a key may speak of, in small letters.
pub(crate) const KEY_WORDS: &[&str] = &["api_key", "api-key", "apikey"];

/// What a base URL need not end with. Nothing: paths are appended to it as the description has them.
pub(crate) const VERSION: &str = "";
