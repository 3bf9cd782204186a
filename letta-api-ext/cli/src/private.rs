//! Files that only their owner can read.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Adds text to a file, in one write, so that two programs do not mix their lines. The rights of others are taken from a file that
/// was there before.
pub(crate) fn append(path: &Path, text: &str) -> io::Result<()> {
    create_folder_of(path)?;
    let mut file = options().append(true).open(path)?;
    restrict(&file)?;
    file.write_all(text.as_bytes())
}

/// Writes a file in one step: a file that is half written is never there.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    create_folder_of(path)?;
    let new = path.with_extension(format!("{}.new", std::process::id()));
    let opened = options().write(true).truncate(true).open(&new);
    let written = opened.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written
        .and_then(|()| std::fs::rename(&new, path))
        .inspect_err(|_| {
            let _ = std::fs::remove_file(&new);
        })
}

fn create_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn restrict(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_: &File) -> io::Result<()> {
    Ok(())
}
