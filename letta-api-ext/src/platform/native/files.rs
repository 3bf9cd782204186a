//! Files on this machine: read whole, and written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::runtime;
use crate::platform::FileProblem;

type Result<T> = std::result::Result<T, FileProblem>;

/// Checks that a file can be written here, as far as that is known before it is.
pub(crate) async fn check_target(path: PathBuf, overwrite: bool) -> Result<()> {
    blocking(move || target(&path, overwrite).map(drop)).await
}

/// Writes a file. At no time does `path` name a part of it: the bytes go to a file beside it, which then gets its name.
pub(crate) async fn write_whole(path: PathBuf, bytes: Bytes, overwrite: bool) -> Result<()> {
    blocking(move || {
        let folder = target(&path, overwrite)?;
        let part = Part::write(folder, &path, &bytes)?;
        part.publish(&path, overwrite)?;
        sync_folder(folder);
        Ok(())
    })
    .await
}

/// Reads a file. What is not a file, such as a device, may have no end, and is refused.
pub(crate) async fn read_whole(path: PathBuf) -> Result<Bytes> {
    blocking(move || {
        // Looked at before it is opened: to open a pipe waits for its other end.
        if !fs::metadata(&path)?.is_file() {
            return Err(FileProblem::NoFile);
        }
        let file = File::open(&path)?;
        // A file that grows meanwhile is read up to here.
        let length = file.metadata()?.len();
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes)?;
        Ok(bytes.into())
    })
    .await
}

/// Runs what waits for a disk, away from the tasks of the runtime.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let Ok(runtime) = runtime::current() else {
        return Err(FileProblem::NoRuntime);
    };
    match runtime.spawn_blocking(work).await {
        Ok(done) => done,
        Err(stopped) => Err(io::Error::other(stopped).into()),
    }
}

/// The folder of a file that may be written.
fn target(path: &Path, overwrite: bool) -> Result<&Path> {
    if path.file_name().is_none() {
        return Err(FileProblem::NoName);
    }
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return Err(FileProblem::NoName),
    };
    if !folder.is_dir() {
        return Err(FileProblem::NoFolder);
    }
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(folder),
        Err(error) => Err(error.into()),
        Ok(found) if found.is_dir() => Err(FileProblem::IsFolder),
        Ok(_) if !overwrite => Err(FileProblem::Exists),
        Ok(_) => Ok(folder),
    }
}

/// A file that has no name of its own yet. It is deleted unless it is published.
struct Part(PathBuf);

impl Part {
    fn write(folder: &Path, path: &Path, bytes: &[u8]) -> Result<Self> {
        // A name that is random and that must be new, so no file of another's is written to.
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{:016x}.part", fastrand::u64(..)));
        let part = folder.join(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        // It may hold what people said to an agent.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&part)?;
        let part = Self(part);
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(part)
    }

    fn publish(self, path: &Path, overwrite: bool) -> Result<()> {
        if !overwrite {
            // A second name, unlike a new name, never takes the place of a file that came meanwhile.
            match fs::hard_link(&self.0, path) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    return Err(FileProblem::Exists);
                }
                // Some file systems have no second names.
                Err(_) => _ = target(path, overwrite)?,
            }
        }
        fs::rename(&self.0, path)?;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Not there any more if it was renamed.
        let _ = fs::remove_file(&self.0);
    }
}

/// Makes a new name outlast a power failure, where a folder can be opened. The file is whole either way.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> PathBuf {
        let name = format!("letta-api-ext-{:016x}", fastrand::u64(..));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_file_is_written_whole_and_replaced_only_if_that_is_asked_for() {
        let folder = folder();
        let path = folder.join("a.af");
        let write = |text: &'static str, overwrite| {
            write_whole(path.clone(), Bytes::from_static(text.as_bytes()), overwrite)
        };
        write("one", false).await.unwrap();
        let refused = write("two", false).await.unwrap_err();
        assert!(matches!(refused, FileProblem::Exists), "{refused}");
        assert_eq!(read_whole(path.clone()).await.unwrap(), "one");
        write("three", true).await.unwrap();
        assert_eq!(read_whole(path.clone()).await.unwrap(), "three");
        assert_eq!(names(&folder), ["a.af"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_came_meanwhile_is_kept_and_nothing_is_left_behind() {
        let folder = folder();
        let path = folder.join("a.af");
        let part = Part::write(&folder, &path, b"ours").unwrap();
        assert_eq!(names(&folder).len(), 1);
        assert!(!path.exists());
        fs::write(&path, "theirs").unwrap();
        let refused = part.publish(&path, false).unwrap_err();
        assert!(matches!(refused, FileProblem::Exists), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert_eq!(names(&folder), ["a.af"]);
        // A part that is given up is deleted.
        drop(Part::write(&folder, &path, b"ours").unwrap());
        assert_eq!(names(&folder), ["a.af"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn a_place_where_no_file_can_be_is_told() {
        let folder = folder();
        for (path, expected) in [
            (PathBuf::new(), "must name a file"),
            (folder.join(".."), "must name a file"),
            (folder.clone(), "must not be a folder"),
            (folder.join("none/a.af"), "must be in a folder that exists"),
        ] {
            let problem = check_target(path, true).await.unwrap_err().to_string();
            assert!(problem.contains(expected), "{problem}");
        }
        let problem = read_whole(folder.clone()).await.unwrap_err().to_string();
        assert!(problem.contains("must be a file"), "{problem}");
        let none = read_whole(folder.join("none")).await.unwrap_err();
        assert!(matches!(none, FileProblem::Io(_)), "{none}");
        fs::remove_dir_all(folder).unwrap();
    }
}
