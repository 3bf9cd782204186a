//! What an emulator keeps between runs, in a file.

pub(crate) mod form;
pub(crate) mod saver;
mod whole;

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use fs4::TryLockError;

use crate::state_file::form::Kept;

/// The largest file that is read, and so the largest that is written.
const LIMIT: u64 = 256 * 1024 * 1024;

/// A file of its own: no other emulator can open it.
pub(crate) struct StateFile {
    path: PathBuf,
    limit: u64,
    /// Locked until it is closed, however the process ends.
    _lock: File,
}

impl StateFile {
    /// Opens a file, and reads it. `None` if it does not exist. What cannot be read is left as it is.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Option<Kept>)> {
        Self::open_within(path, LIMIT)
    }

    fn open_within(path: &Path, limit: u64) -> io::Result<(Self, Option<Kept>)> {
        let path = resolved(path).map_err(|error| named(path, error))?;
        let told = |error| named(&path, error);
        let lock = lock(&path).map_err(told)?;
        let kept = read(&path, limit).map_err(told)?;
        let file = Self {
            path,
            limit,
            _lock: lock,
        };
        Ok((file, kept))
    }

    /// The error, with the name of the file.
    pub(crate) fn named(&self, error: io::Error) -> io::Error {
        named(&self.path, error)
    }

    /// Writes the whole, or leaves the file as it is.
    pub(crate) fn write(&self, kept: &Kept) -> io::Result<()> {
        let write = |to: &mut dyn io::Write| kept.write(&mut Bounded::new(to, self.limit));
        whole::replace(&self.path, &write).map_err(|error| named(&self.path, error))
    }
}

/// The same path, whichever way leads there: links would be replaced by what is written.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let name = path
                .file_name()
                .ok_or_else(|| invalid("this is not the name of a file"))?;
            let folder = match path.parent() {
                Some(folder) if folder != Path::new("") => folder,
                _ => Path::new("."),
            };
            let folder = folder.canonicalize().map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!("its folder cannot be opened: {error}"),
                )
            })?;
            Ok(folder.join(name))
        }
        resolved => resolved,
    }
}

/// Takes the lock, a file beside it that stays there. The state itself is replaced by each writing, and its lock with it.
fn lock(path: &Path) -> io::Result<File> {
    let lock = whole::beside(path, ".lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    whole::for_the_owner(&mut options);
    let file = options.open(&lock).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("{} cannot be opened: {error}", lock.display()),
        )
    })?;
    // By its whole name: the standard library has a method of this name since Rust 1.89.
    match fs4::FileExt::try_lock(&file) {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "another emulator keeps its state in this file: stop it, or name another file",
        )),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn read(path: &Path, limit: u64) -> io::Result<Option<Kept>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Err(invalid("this is not a file"));
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(limit));
    }
    Kept::read(&bytes).map(Some)
}

/// Ends a writing that becomes larger than what is read.
struct Bounded<'a> {
    to: &'a mut dyn io::Write,
    left: u64,
    limit: u64,
}

impl<'a> Bounded<'a> {
    fn new(to: &'a mut dyn io::Write, limit: u64) -> Self {
        let left = limit;
        Self { to, left, limit }
    }
}

impl io::Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or_else(|| too_large(self.limit))?;
        self.to.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn too_large(limit: u64) -> io::Error {
    let limit = limit / 1024 / 1024;
    invalid(&format!(
        "the state is larger than {limit} MiB: delete agents, or begin with a new file"
    ))
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn named(path: &Path, error: io::Error) -> io::Error {
    let name = path.display();
    io::Error::new(error.kind(), format!("the state file {name}: {error}"))
}

#[cfg(test)]
mod tests;
