//! The API key, from where nobody else can read it.

use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use letta_api_ext::Secret;

use crate::failure::Failure;

/// More than any key has.
const LIMIT: u64 = 64 * 1024;

/// Reads a secret from a file, or from the standard input for `-`. White space around it is dropped. At a terminal, what is
/// typed is not shown.
pub(crate) fn read(path: &Path, what: &str) -> Result<Secret, Failure> {
    match path.as_os_str() == "-" {
        true => read_stdin(what),
        false => {
            let shown = path.display();
            let failed =
                |error| Failure::usage(format!("{what} cannot be read from `{shown}`: {error}"));
            let file = std::fs::File::open(path).map_err(failed)?;
            warn_if_others_can_read(path, &file);
            read_all(file, what, &format!("`{shown}`"))
        }
    }
}

/// Reads a secret from the standard input.
pub(crate) fn read_stdin(what: &str) -> Result<Secret, Failure> {
    if !std::io::stdin().is_terminal() {
        return read_all(std::io::stdin().lock(), what, "the standard input");
    }
    let terminal = console::Term::stderr();
    terminal.write_str(&format!("{what}: "))?;
    let line = terminal
        .read_secure_line()
        .map_err(|error| Failure::usage(format!("{what} cannot be read: {error}")))?;
    checked(line, what, "the terminal")
}

fn read_all(from: impl std::io::Read, what: &str, whence: &str) -> Result<Secret, Failure> {
    let mut text = String::new();
    let read = from.take(LIMIT).read_to_string(&mut text);
    read.map_err(|error| Failure::usage(format!("{what} cannot be read from {whence}: {error}")))?;
    checked(text, what, whence)
}

fn checked(text: String, what: &str, whence: &str) -> Result<Secret, Failure> {
    let secret = Secret::new(text.trim());
    // Wiped when it is dropped.
    drop(Secret::new(text));
    match secret.expose_secret().is_empty() {
        true => Err(Failure::usage(format!(
            "{what} cannot be read from {whence}: there is none"
        ))),
        false => Ok(secret),
    }
}

#[cfg(unix)]
fn warn_if_others_can_read(path: &Path, file: &std::fs::File) {
    use std::os::unix::fs::PermissionsExt as _;

    let metadata = file.metadata();
    let is_open = metadata
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o077 != 0);
    if is_open {
        let path = path.display();
        eprintln!(
            "warning: others can read `{path}`, which holds a secret. Run: chmod 600 '{path}'"
        );
    }
}

#[cfg(not(unix))]
fn warn_if_others_can_read(_: &Path, _: &std::fs::File) {}
