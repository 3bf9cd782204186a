//! An agent file in memory.

use std::fmt;

use bytes::Bytes;
use letta_api::types;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::{Error, Result};

const NOT_ONE: &str = "must be an agent file: a JSON object with a list of `agents`";

/// An agent file: a JSON object with a list of agents, as the service wrote it.
///
/// From an [export](crate::agents::AgentHandle::export), or from bytes or a text by `try_from`. `Debug` shows its length
/// alone: it holds what people said to an agent, and may hold secrets if somebody wrote them into it.
///
/// ```
/// use letta_api_ext::agent_files::AgentFile;
///
/// let text = r#"{"agents":[],"groups":[],"blocks":[],"files":[],"sources":[],"tools":[],"mcp_servers":[]}"#;
/// let file = AgentFile::try_from(text)?;
/// assert_eq!(file.as_bytes(), text.as_bytes());
/// assert!(file.read()?.agents.is_empty());
///
/// let error = AgentFile::try_from("{}").unwrap_err();
/// assert_eq!(error.field(), Some("file"));
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct AgentFile {
    bytes: Bytes,
}

/// As much of an agent file as the service needs to take it for one.
#[derive(Deserialize)]
struct Shape {
    #[serde(rename = "agents")]
    _agents: Vec<IgnoredAny>,
}

impl AgentFile {
    /// `None` if this is not an agent file.
    pub(super) fn of(bytes: Bytes) -> Option<Self> {
        let bytes = match bytes.trim_ascii_start() {
            // Some programs write the JSON as a text of JSON, and the service takes that too.
            [b'"', ..] => serde_json::from_slice::<String>(&bytes).ok()?.into(),
            _ => bytes,
        };
        // A list would be read as a struct too.
        let is_object = bytes.trim_ascii_start().starts_with(b"{");
        let is_file = is_object && serde_json::from_slice::<Shape>(&bytes).is_ok();
        is_file.then_some(Self { bytes })
    }

    /// The file as JSON, to the byte as the service wrote it.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let file = letta.agent("agent-1").export().await?;
    /// println!("{} bytes", file.as_bytes().len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What is in the file, as far as this version knows it. To change a file, change this and
    /// [import](crate::agents::Agents::import) it: what this version does not know is lost then.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let mut content = letta.agent("agent-1").export().await?.read()?;
    /// content.agents[0].system = Some("Be brief.".to_owned()).into();
    /// let ids = letta.agents().import(&content).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A part of the file has another form than this version knows: invalid input with the field `file`. The message says
    /// where, and shows nothing of the file.
    pub fn read(&self) -> Result<types::AgentFile> {
        serde_json::from_slice(&self.bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let rule = format!(
                "has another form at line {line}, column {column} than this version knows: use its bytes, or update"
            );
            Error::invalid_input("file", rule, None)
        })
    }

    pub(super) fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }
}

impl fmt::Debug for AgentFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentFile")
            .field("length", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

impl TryFrom<Bytes> for AgentFile {
    type Error = Error;

    fn try_from(bytes: Bytes) -> Result<Self> {
        Self::of(bytes).ok_or_else(|| Error::invalid_input("file", NOT_ONE, None))
    }
}

macro_rules! from_bytes {
    ($($type:ty, |$it:ident| $bytes:expr;)*) => {$(
        impl TryFrom<$type> for AgentFile {
            type Error = Error;

            fn try_from($it: $type) -> Result<Self> {
                Bytes::try_into($bytes)
            }
        }
    )*};
}
from_bytes! {
    Vec<u8>, |it| it.into();
    &[u8], |it| Bytes::copy_from_slice(it);
    String, |it| it.into();
    &str, |it| Bytes::copy_from_slice(it.as_bytes());
}

/// The same file. Its bytes are not copied.
impl From<&AgentFile> for AgentFile {
    fn from(file: &AgentFile) -> Self {
        file.clone()
    }
}

/// The file with this content.
impl TryFrom<&types::AgentFile> for AgentFile {
    type Error = Error;

    fn try_from(content: &types::AgentFile) -> Result<Self> {
        match serde_json::to_vec(content) {
            Ok(bytes) => bytes.try_into(),
            Err(_) => {
                let rule = "must be a value that JSON can have";
                Err(Error::invalid_input("file", rule, None))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_object_with_agents_is_an_agent_file() {
        for (text, expected) in [
            (r#"{"agents":[]}"#, true),
            ("\n {\"new\": 1.50, \"agents\": [{}]} ", true),
            (r#""{\"agents\":[]}""#, true),
            (r#"{"agents":{}}"#, false),
            (r#"{"agents":[}"#, false),
            (r#"[[]]"#, false),
            (r#""[[]]""#, false),
            (r#"{"name":"legacy"}"#, false),
            ("<html>", false),
            ("", false),
        ] {
            assert_eq!(AgentFile::try_from(text).is_ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_file_is_kept_to_the_byte_and_not_shown() {
        let text = r#"{ "agents": [{"name":"hunter2"}], "new_thing": 1.50 }"#;
        let file = AgentFile::try_from(text).unwrap();
        assert_eq!(file.as_bytes(), text.as_bytes());
        assert_eq!(format!("{file:?}"), "AgentFile { length: 53, .. }");
        let error = file.read().unwrap_err();
        assert_eq!(error.field(), Some("file"));
        assert!(error.to_string().contains("line 1"), "{error}");
        assert!(!format!("{error:?}{error}").contains("hunter2"), "{error}");
        let quoted = serde_json::to_string(text).unwrap();
        assert_eq!(AgentFile::try_from(quoted).unwrap(), file);
    }
}
