//! What agents do: the language of scripts, and how a reply is chosen. Values alone, without HTTP and without the engine
//! that carries them out.

pub(crate) mod act;
pub(crate) mod choose;
pub(crate) mod file;
pub(crate) mod model_failure;
pub(crate) mod reply;
pub(crate) mod rule;
#[expect(
    clippy::module_inception,
    reason = "a script is what this folder is about"
)]
pub(crate) mod script;
pub(crate) mod stop_reason;
pub(crate) mod words;

/// Limits of a script. The file form has the same.
pub(crate) mod limits {
    use std::time::Duration;

    /// Bytes of one text, and of the arguments of one call as JSON.
    pub(crate) const TEXT: usize = 256 * 1024;
    /// Bytes of all texts and arguments of a script.
    pub(crate) const SCRIPT: usize = 8 * 1024 * 1024;
    pub(crate) const RULES: usize = 10_000;
    /// Acts of one reply.
    pub(crate) const ACTS: usize = 1_000;
    /// Calls of one model step.
    pub(crate) const CALLS: usize = 128;
    /// The longest name of a tool. The server takes no longer one.
    pub(crate) const TOOL_NAME: usize = 48;
    /// The longest ID of a call. The server cuts off the rest.
    pub(crate) const CALL_ID: usize = 29;
    pub(crate) const PAUSE: Duration = Duration::from_secs(24 * 60 * 60);
    /// Levels of nesting in the arguments of a call.
    pub(crate) const NESTING: usize = 32;

    /// Bytes of a file.
    pub(crate) const FILE: usize = 4 * 1024 * 1024;
    /// Levels of nesting in a file: those of the form, and those of arguments.
    pub(crate) const DOCUMENT_NESTING: usize = 16 + NESTING;
    /// Values in a file, with those that aliases repeat.
    pub(crate) const VALUES: usize = 200_000;
    /// Bytes of texts and keys in a file, with those that aliases repeat.
    pub(crate) const DOCUMENT: usize = SCRIPT;
}
