//! What was typed before, in a file that only its owner can read.
//!
//! Each line is a string of JSON, since what was typed may have several lines.

use std::path::PathBuf;

use crate::{environment, private};

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
        let folder = environment::folder(
            "LETTA_STATE_DIR",
            "LOCALAPPDATA",
            "XDG_STATE_HOME",
            ".local/state",
        );
        match folder {
            Some(folder) => Self::load_from(folder.join("chat_history")),
            None => Self::none(),
        }
    }

    fn load_from(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let mut entries: Vec<String> = (text.lines())
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        if entries.len() > KEPT {
            entries.drain(..entries.len() - KEPT);
            // Not at each start, and not while another program adds to it, as far as one can tell.
            if text.lines().count() > 2 * KEPT {
                let text: String = entries.iter().map(|entry| line(entry)).collect();
                let _ = private::write(&path, &text);
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
            let _ = private::append(path, &line(entry));
        }
    }
}

fn line(entry: &str) -> String {
    format!("{}\n", serde_json::Value::from(entry))
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
