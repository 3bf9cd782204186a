//! Writing a file as a whole or not at all: beside it, down to the disk, and then in its place.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

/// What a writing does, in this order. It may end before each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Create,
    Write,
    Sync,
    Rename,
    SyncFolder,
}

/// What writes the content.
type Content<'a> = &'a dyn Fn(&mut dyn io::Write) -> io::Result<()>;

/// Replaces the file. If that fails, it stays as it was, and nothing is left beside it.
pub(super) fn replace(path: &Path, write: Content<'_>) -> io::Result<()> {
    let replaced = attempt(path, write, &mut |_| Ok(()));
    if replaced.is_err() {
        let _ = fs::remove_file(new(path));
    }
    replaced
}

/// As [`replace`], and without cleaning up after a failure. `before` may end it before a step, as the end of the process does.
pub(super) fn attempt(
    path: &Path,
    write: Content<'_>,
    before: &mut dyn FnMut(Step) -> io::Result<()>,
) -> io::Result<()> {
    let new = new(path);
    before(Step::Create)?;
    // What a process left that ended while it wrote. Who holds the lock may remove it.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    for_the_owner(&mut options);
    let mut to = BufWriter::new(options.open(&new)?);
    before(Step::Write)?;
    write(&mut to)?;
    let file = to.into_inner().map_err(io::IntoInnerError::into_error)?;
    before(Step::Sync)?;
    file.sync_all()?;
    drop(file);
    before(Step::Rename)?;
    fs::rename(&new, path)?;
    before(Step::SyncFolder)?;
    sync_folder(path)
}

/// The file that is written before it takes the place of the other.
fn new(path: &Path) -> PathBuf {
    beside(path, ".new")
}

/// A file of the same name with an ending more.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(ending);
    path.with_file_name(name)
}

/// A file that is created can be read by its owner alone: it holds tokens.
#[cfg(unix)]
pub(super) fn for_the_owner(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;

    options.mode(0o600);
}

/// On other systems, the folder decides who can read a file.
#[cfg(not(unix))]
pub(super) fn for_the_owner(_: &mut OpenOptions) {}

/// A new name is on the disk once its folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    File::open(folder)?.sync_all()
}

/// Folders cannot be opened there.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writing_that_ends_anywhere_leaves_the_old_file_or_the_new_one() {
        let steps = [
            (Step::Create, "old"),
            (Step::Write, "old"),
            (Step::Sync, "old"),
            (Step::Rename, "old"),
            (Step::SyncFolder, "new"),
        ];
        for (last, expected) in steps {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("state.json");
            replace(&path, &|to| to.write_all(b"old")).unwrap();
            let ended = attempt(
                &path,
                &|to| to.write_all(b"new"),
                &mut |step| match step == last {
                    true => Err(io::Error::other("the process ends")),
                    false => Ok(()),
                },
            );
            assert!(ended.is_err(), "{last:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), expected, "{last:?}");
            // What it left does not disturb the next one.
            replace(&path, &|to| to.write_all(b"next")).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "next", "{last:?}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{last:?}");
        }
    }

    #[test]
    fn a_content_that_fails_half_way_leaves_the_old_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        replace(&path, &|to| to.write_all(b"old")).unwrap();
        let failed = replace(&path, &|to| {
            to.write_all(&[b'x'; 100_000])?;
            Err(io::Error::other("full"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "full");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
