//! A file that could not be written.

use std::fmt;
use std::path::Path;

use crate::error::Error;
use crate::error::kind::{Added, Kind};
use crate::platform::FileProblem;

/// A file that could not be written after its content had come.
struct Unwritten {
    problem: FileProblem,
    path: String,
}

impl Error {
    /// A file could not be written on this machine, after the service had answered. Nothing of it was written, and what was
    /// there before is still there.
    ///
    /// A file that is refused before anything is sent is [invalid input](Self::is_invalid_input) with the field `path`.
    ///
    /// Troubleshooting: the disk is full, the folder may not be written to, or another program made a file of that name
    /// meanwhile. The message says which. Make room or choose another place, and export again.
    ///
    /// ```
    /// use letta_api_ext::Error;
    ///
    /// fn is_for_the_operator(error: &Error) -> bool {
    ///     error.is_file_not_written()
    /// }
    /// ```
    pub fn is_file_not_written(&self) -> bool {
        self.added::<Unwritten>().is_some()
    }
}

/// A file that was refused before anything was sent.
pub(super) fn refused(path: &Path, problem: &FileProblem) -> Error {
    let shown = path.to_string_lossy();
    Error::invalid_input("path", problem.to_string(), Some(&shown))
}

/// A file that could not be written.
pub(super) fn unwritten(path: &Path, problem: FileProblem) -> Error {
    Error::of(Kind::Added(Box::new(Unwritten {
        problem,
        path: path.to_string_lossy().escape_debug().to_string(),
    })))
}

impl Added for Unwritten {
    fn error_type(&self) -> &'static str {
        "file_not_written"
    }
}

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { problem, path } = self;
        write!(f, "the file was not written: `{path}` {problem}")
    }
}
