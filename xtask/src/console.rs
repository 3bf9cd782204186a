//! What commands print: here, and nowhere else.
//!
//! A reader that has seen enough closes its end of the pipe, as `head` does. That is no failure of the command, and `println!` would panic.

use std::fmt::Display;
use std::io::{ErrorKind, Write as _, stderr, stdout};

use crate::diagnostic::Failure;

/// Prints on the standard output, as it is.
///
/// # Errors
///
/// The output cannot be written, such as to a full disk. It is none if the reader has closed the pipe.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::Message(format!(
            "error: the output cannot be written: {error}"
        ))),
        _ => Ok(()),
    }
}

/// Prints a line on the standard error. If nobody reads it, nobody can be told.
pub fn warn(line: &dyn Display) {
    let _ = writeln!(stderr().lock(), "{line}");
}
