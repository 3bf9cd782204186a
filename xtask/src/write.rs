//! Last stage: the text is put in its place, or compared with what is there.

use std::io::Write;
use std::path::Path;

use similar::TextDiff;

use crate::diagnostic::Failure;

/// What [`write()`] did.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The file has been made or changed.
    Written,
    /// The file held this text already, and was left alone.
    Unchanged,
}

/// Puts `text` into the file at `path`: written beside it and renamed, so that nobody ever finds half
/// a file there. A file that holds the text already keeps its date.
///
/// # Errors
///
/// Where the folder cannot be made, or the file not written or renamed.
pub fn write(path: &Path, text: &str) -> Result<Outcome, Failure> {
    if std::fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(Outcome::Unchanged);
    }
    let fail = |error: std::io::Error| {
        Failure::Message(format!("cannot write {}: {error}", path.display()))
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder).map_err(fail)?;
    let mut file = tempfile::Builder::new()
        .prefix(".codegen-")
        .tempfile_in(folder)
        .map_err(fail)?;
    file.write_all(text.as_bytes()).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    // Temporary files are private to their owner. A source file is as readable as others are.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_or(0o644, |there| there.permissions().mode());
        file.as_file()
            .set_permissions(std::fs::Permissions::from_mode(mode))
            .map_err(fail)?;
    }
    file.persist(path).map_err(|error| fail(error.error))?;
    Ok(Outcome::Written)
}

/// Compares `text` with the file at `path`, taking CRLF for LF. Writes nothing.
///
/// # Errors
///
/// A file that is missing or differs, with a unified diff from what is there to what should be.
pub fn check(path: &Path, text: &str) -> Result<(), Failure> {
    let name = path.display().to_string();
    let there = match std::fs::read_to_string(path) {
        Ok(there) => there.replace("\r\n", "\n"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Failure::Message(format!("cannot read {name}: {error}"))),
    };
    if there == text {
        return Ok(());
    }
    let diff = TextDiff::from_lines(there.as_str(), text);
    let diff = diff
        .unified_diff()
        .context_radius(3)
        .header(
            &format!("{name} (as it is)"),
            &format!("{name} (as it should be)"),
        )
        .to_string();
    Err(Failure::Message(format!(
        "{diff}\n{name} is stale: run `cargo xtask codegen`"
    )))
}
