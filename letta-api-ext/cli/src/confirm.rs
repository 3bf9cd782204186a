//! Asking before something that cannot be undone.

use std::fmt;
use std::io::{IsTerminal as _, Write as _};

use crate::failure::{Failure, Kind};
use crate::terminal::clean;

/// Whether somebody can be asked.
pub(crate) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks before something that cannot be undone. With `is_sure` (`--yes`), nothing is asked. Another thread waits for
/// the answer, so that Ctrl-C is heard meanwhile.
///
/// # Errors
///
/// The answer is no, or nobody can be asked.
pub(crate) async fn confirm(question: &str, is_sure: bool) -> Result<(), Failure> {
    if is_sure {
        return Ok(());
    }
    if !can_ask() {
        let message =
            format!("not done: \"{question}\" cannot be asked, since this is not a terminal");
        return Err(Failure::usage(message).advise("Add --yes to do it."));
    }
    {
        let mut out = std::io::stderr().lock();
        write!(out, "{} [y/N] ", clean(question))?;
        out.flush()?;
    }
    let unread =
        |error: &dyn fmt::Display| Failure::other(format!("the answer could not be read: {error}"));
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    let line = line.await.map_err(|error| unread(&error))?;
    let line = line.map_err(|error| unread(&error))?;
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new(
            Kind::Other,
            "not done: the answer was not yes",
        )),
    }
}
