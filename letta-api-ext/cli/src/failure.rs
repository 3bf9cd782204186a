//! Why a command failed: the exit code, what is wrong, and what to do next.

use std::fmt;
use std::process::ExitCode;

use letta_api_ext::Error;

use crate::terminal::{Style, clean};

/// What kind of failure it is. The exit code says it to scripts.
///
/// The numbers are in the help of the program and in the README. They do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Whoever reads the output has closed it. Not a failure of this program.
    BrokenPipe = 0,
    Other = 1,
    /// Wrong command line, file or setting. Nothing was sent.
    Usage = 2,
    Refused = 3,
    NotFound = 4,
    Unreachable = 5,
    /// The agent is busy, or waits for an approval.
    Busy = 6,
    Limit = 7,
    /// There are changes, and the caller wanted to know.
    Changes = 8,
    Interrupted = 130,
}

/// Why a command failed. Nothing in it is secret.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
    advice: Option<String>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            advice: None,
        }
    }

    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self::new(Kind::Other, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// It has been told already, or need not be.
    pub(crate) fn silent(kind: Kind) -> Self {
        Self::new(kind, "")
    }

    /// What to do next. A short sentence.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Puts what was being done before the message.
    pub(crate) fn during(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Prints it to the standard error, and gives the exit code.
    pub(crate) fn report(&self, style: Style) -> ExitCode {
        if !self.message.is_empty() {
            // Nobody may be reading any more, which changes nothing.
            let _ = self.print(style);
        }
        ExitCode::from(self.kind as u8)
    }

    fn print(&self, style: Style) -> std::io::Result<()> {
        use std::io::Write as _;

        let mut out = std::io::stderr().lock();
        writeln!(out, "{} {}", style.bad("error:"), clean(&self.message))?;
        match &self.advice {
            Some(advice) => writeln!(out, "{} {}", style.strong("help:"), clean(advice)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = kind_of(&error);
        let mut failure = Self::new(kind, error.to_string());
        failure.advice = advice_on(kind, &error);
        failure
    }
}

impl From<std::io::Error> for Failure {
    /// A failure of the standard output.
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::silent(Kind::BrokenPipe),
            _ => Self::other(format!("the output could not be written: {error}")),
        }
    }
}

fn kind_of(error: &Error) -> Kind {
    let status = error.status().map(|status| status.as_u16());
    match error {
        _ if error.is_invalid_input() => Kind::Usage,
        _ if status == Some(402) || error.is_quota_exceeded() || error.is_rate_limited() => {
            Kind::Limit
        }
        _ if error.is_unauthorized() || error.is_forbidden() => Kind::Refused,
        _ if error.is_not_found() => Kind::NotFound,
        _ if error.is_busy() || error.is_pending_approval() => Kind::Busy,
        _ if error.is_connect() || error.is_timeout() || error.is_deadline_exceeded() => {
            Kind::Unreachable
        }
        // The connection broke.
        _ if error.status().is_none() && error.is_retryable() => Kind::Unreachable,
        // A proxy did not reach the server, or the server is not ready.
        _ if matches!(status, Some(502..=504 | 520..=526)) => Kind::Unreachable,
        _ => Kind::Other,
    }
}

fn advice_on(kind: Kind, error: &Error) -> Option<String> {
    let advice = match kind {
        Kind::Refused if error.is_unauthorized() => {
            "Check the key: LETTA_API_KEY, --key-file or the profile. `letta profile list` shows which one is used."
        }
        Kind::Refused => "The key does not allow this. Use another one: --key-file or --profile.",
        Kind::NotFound => {
            "Check the name or the ID, and the server: `letta profile list` shows which one is used."
        }
        Kind::Unreachable if may_have_changed(error) => {
            "It may have happened. Look before you repeat it."
        }
        Kind::Unreachable => {
            "Check the address of the server (--base-url, LETTA_BASE_URL or the profile) and the network."
        }
        Kind::Busy if error.is_pending_approval() => {
            "The agent waits for an approval: decide in `letta chat AGENT`."
        }
        Kind::Busy => "Wait until the agent is done: `letta runs --active` shows what it does.",
        Kind::Limit if error.status().is_some_and(|it| it.as_u16() == 402) => {
            "Add credits, raise the limit, or use another account."
        }
        Kind::Limit => match error.retry_after() {
            Some(wait) => return Some(format!("Try again in {} s.", wait.as_secs().max(1))),
            None => "Try again later, or raise the limit.",
        },
        Kind::Other if may_have_changed(error) => {
            "It may have happened. Look before you repeat it."
        }
        _ => return None,
    };
    Some(advice.to_owned())
}

/// Whether something may be different now. What only reads changes nothing.
fn may_have_changed(error: &Error) -> bool {
    let operation = error.operation().unwrap_or_default();
    let reads = ["get_", "list_", "search_", "export_"];
    error.may_have_happened() && !reads.iter().any(|start| operation.starts_with(start))
}
