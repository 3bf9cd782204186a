//! What was typed before, in a file that only its owner can read.
//!
//! Each line is a string of JSON, since what was typed may have several lines.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// How many entries are kept.
pub(super) const KEPT: usize = 1_000;

/// What was typed before, and where it is kept.
pub(super) struct History {
    entries: Vec<String>,
    /// `None` if nothing is kept.
    path: Option<PathBuf>,
}

impl History {
    /// Nothing is read, and nothing is kept.
    pub(super) fn none() -> Self {
        Self {
            entries: Vec::new(),
            path: None,
        }
    }

    /// What the file has. One that cannot be read is as good as none: it must not stop a conversation.
    pub(super) fn load() -> Self {
        match folder() {
            Some(folder) => Self::load_from(folder.join("chat_history")),
            None => Self::none(),
        }
    }

    fn load_from(path: PathBuf) -> Self {
        let mut text = String::new();
        let _ = File::open(&path).and_then(|mut file| file.read_to_string(&mut text));
        let mut entries: Vec<String> = (text.lines())
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        if entries.len() > KEPT {
            entries.drain(..entries.len() - KEPT);
            // Not at each start, and not while another program adds to it, as far as one can tell.
            if text.lines().count() > 2 * KEPT {
                let _ = rewrite(&path, &entries);
            }
        }
        Self {
            entries,
            path: Some(path),
        }
    }

    pub(super) fn entries(&self) -> &[String] {
        &self.entries
    }

    /// Adds what was typed. If it cannot be kept, only the next start will know.
    pub(super) fn add(&mut self, entry: &str) {
        if let Some(path) = &self.path {
            let _ = append(path, entry);
        }
    }
}

/// The folder for what a program keeps between its starts.
fn folder() -> Option<PathBuf> {
    let variable = |name: &str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    if let Some(folder) = variable("LETTA_STATE_DIR") {
        return Some(folder);
    }
    let usual = match cfg!(windows) {
        true => variable("LOCALAPPDATA")?,
        false => variable("XDG_STATE_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| Some(variable("HOME")?.join(".local").join("state")))?,
    };
    Some(usual.join("letta"))
}

fn append(path: &Path, entry: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = private().append(true).open(path)?;
    restrict(&file)?;
    // In one write, so that two programs do not mix their lines.
    file.write_all(line(entry).as_bytes())
}

fn rewrite(path: &Path, entries: &[String]) -> io::Result<()> {
    let new = path.with_extension(format!("{}.new", std::process::id()));
    let text: String = entries.iter().map(|entry| line(entry)).collect();
    let mut file = private().write(true).truncate(true).open(&new)?;
    file.write_all(text.as_bytes())?;
    std::fs::rename(&new, path)
}

fn line(entry: &str) -> String {
    format!("{}\n", serde_json::Value::from(entry))
}

/// Makes files that only their owner can read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Takes the rights of others away, from a file that was there before.
#[cfg(unix)]
fn restrict(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_there_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state").join("chat_history");
        let typed = ["Hello", "two\nlines", "\"quoted\"\\"];
        let mut history = History::load_from(path.clone());
        assert!(history.entries().is_empty());
        typed.iter().for_each(|entry| history.add(entry));
        assert_eq!(History::load_from(path).entries(), typed);
    }

    #[test]
    fn the_newest_entries_are_kept_in_a_file_that_does_not_grow() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chat_history");
        let text: String = (0..2 * KEPT + 1).map(|n| line(&n.to_string())).collect();
        std::fs::write(&path, text).unwrap();
        let newest = (2 * KEPT).to_string();
        assert_eq!(
            History::load_from(path.clone()).entries().last(),
            Some(&newest)
        );
        let left = std::fs::read_to_string(&path).unwrap();
        assert_eq!(left.lines().count(), KEPT);
        assert_eq!(History::load_from(path).entries().last(), Some(&newest));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it_even_if_they_could_before() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        for is_there in [false, true] {
            let path = folder.path().join(is_there.to_string());
            if is_there {
                std::fs::write(&path, "").unwrap();
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            }
            History::load_from(path.clone()).add("Hello");
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{is_there}");
        }
    }
}
