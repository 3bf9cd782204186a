//! What is wrong with a file.

use std::fmt;
use std::io;

use crate::script::file::document::Place;

/// What is wrong, where, and what to do. Holds no text of the script.
#[derive(Debug)]
pub(crate) struct Problem {
    place: Option<Place>,
    /// The place in the document, such as `agents.agent-1.script[0]`. Empty for the whole.
    path: String,
    message: String,
}

impl Problem {
    pub(crate) fn new(place: Place, path: String, message: impl Into<String>) -> Self {
        Self {
            place: Some(place),
            path,
            message: message.into(),
        }
    }

    /// Of the text, before it is known what stands where.
    pub(crate) fn of_text(place: Place, message: impl Into<String>) -> Self {
        Self::new(place, String::new(), message)
    }

    /// Of no place in the file.
    #[cfg(not(feature = "script-files"))]
    pub(crate) fn of_file(message: impl Into<String>) -> Self {
        Self {
            place: None,
            path: String::new(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { line, column }) = self.place {
            write!(f, "{line}:{column}: ")?;
        } else {
            f.write_str(" ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl From<Problem> for io::Error {
    fn from(problem: Problem) -> Self {
        Self::new(
            io::ErrorKind::InvalidInput,
            problem.to_string().trim_start().to_owned(),
        )
    }
}

/// A name from a file as an error shows it: in full if it looks like the name of something.
pub(crate) fn shown(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.$".contains(&byte);
    if !name.is_empty() && name.len() <= 40 && name.bytes().all(is_plain) {
        format!("`{name}`")
    } else {
        format!("a name of {} bytes", name.len())
    }
}

/// The one of these that was probably meant.
pub(crate) fn meant<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > 40 {
        return None;
    }
    let name = name.to_ascii_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(&name, known), known))
        .filter(|(distance, known)| *distance <= known.len().max(name.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}
