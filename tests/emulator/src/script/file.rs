//! Scripts in a file, for the program and for tests in other languages.

pub(crate) mod acts;
pub(crate) mod document;
mod form;
mod json;
mod problem;
mod read;
mod schema;
#[cfg(test)]
mod tests;
mod write;
#[cfg(feature = "script-files")]
mod yaml;

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::script::file::document::Node;
use crate::script::file::problem::Problem;
use crate::script::limits;
use crate::script::script::Script;

/// Agents and what they do, as read from a file. `Debug` shows no texts.
///
/// [`scripts`](crate::scripts) describes the form. It is YAML or JSON, and [`schema`](Self::schema) is its JSON Schema.
///
/// ```
/// use letta_api_emulator::ScriptFile;
///
/// let file = ScriptFile::from_json(
///     r#"{"agents": {"agent-1": {"name": "Ada", "script": [{"when": "hello", "reply": "Hello, I am Ada."}]}}}"#,
/// )
/// .unwrap();
/// assert_eq!(file.agent_ids().collect::<Vec<_>>(), ["agent-1"]);
///
/// let error = ScriptFile::from_json(r#"{"script": [{"repply": "Hello."}]}"#).unwrap_err();
/// assert!(error.to_string().starts_with("1:14: script[0]: `repply` is not a key of a rule. Did you mean `reply`?"));
/// ```
#[derive(Clone, Default, PartialEq)]
#[must_use = "agents do what a file says once an emulator is given it"]
pub struct ScriptFile {
    pub(crate) agents: Vec<ScriptedAgent>,
    /// What all agents do that have no script of their own.
    pub(crate) script: Option<Script>,
}

/// An agent of a file: what it is made of, if it is to be made, and what it does.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct ScriptedAgent {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) system: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) tags: Vec<String>,
    /// Whether the model may call several tools at once.
    pub(crate) parallel_tool_calls: Option<bool>,
    pub(crate) tools: Vec<ScriptedTool>,
    pub(crate) blocks: Vec<ScriptedBlock>,
    pub(crate) script: Option<Script>,
}

/// A tool at the server that an agent of a file has.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct ScriptedTool {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) requires_approval: bool,
    /// What it returns if a call does not say so.
    pub(crate) returns: Option<String>,
}

/// A memory block that an agent of a file has.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct ScriptedBlock {
    pub(crate) label: String,
    pub(crate) value: String,
    pub(crate) description: Option<String>,
}

impl ScriptFile {
    /// Reads a file. It is JSON if its name ends in `.json`, and YAML otherwise, which needs the feature `script-files`.
    /// A file of more than 4 MiB is refused.
    ///
    /// # Errors
    ///
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the file does not have the form. The error names file, line,
    ///   column, the place in the document, what is wrong and what to do. It holds no text of the script.
    /// - What the operating system says if the file cannot be read, with its name.
    pub fn read(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let name = path.display();
        let told = |error: io::Error| io::Error::new(error.kind(), format!("{name}: {error}"));
        let mut bytes = Vec::new();
        // One more than is taken, so that a file without end is known without its end.
        File::open(path)
            .and_then(|file| file.take(limits::FILE as u64 + 1).read_to_end(&mut bytes))
            .map_err(told)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            told(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the file is not UTF-8: save it as UTF-8",
            ))
        })?;
        let is_json = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
        let document = if is_json {
            json::parse(&text)
        } else {
            parse_yaml(&text)
        };
        Self::of(document).map_err(|problem| {
            let error = format!("{name}:{problem}");
            io::Error::new(io::ErrorKind::InvalidInput, error)
        })
    }

    /// Reads a text in JSON.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), without the name of a file.
    pub fn from_json(text: &str) -> io::Result<Self> {
        Ok(Self::of(json::parse(text))?)
    }

    /// Reads a text in YAML. Needs the feature `script-files`.
    ///
    /// ```
    /// use letta_api_emulator::ScriptFile;
    ///
    /// let file = ScriptFile::from_yaml(
    ///     "
    ///     script:
    ///       - when: hello
    ///         reply: Hello.
    ///       - reply:
    ///           - call: lookup_weather
    ///             with: {city: Paris}
    ///             returns: Sunny.
    ///           - text: It is sunny.
    ///     ",
    /// );
    /// assert!(file.is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), without the name of a file.
    #[cfg(feature = "script-files")]
    pub fn from_yaml(text: &str) -> io::Result<Self> {
        Ok(Self::of(yaml::parse(text))?)
    }

    /// The JSON Schema of the form, for editors. The program prints it: `letta-emulator --script-schema`.
    #[must_use]
    pub fn schema() -> Value {
        schema::schema()
    }

    /// The IDs of the agents that it names, in its order.
    pub fn agent_ids(&self) -> impl Iterator<Item = &str> {
        self.agents.iter().map(|agent| &*agent.id)
    }

    fn of(document: Result<Node, Problem>) -> Result<Self, Problem> {
        read::file(&document?)
    }
}

impl ScriptedAgent {
    /// What it does: its own script, or the one for all, with what its tools return for calls that do not say so. `None` if it
    /// does what all others do.
    pub(crate) fn part(&self, others: Option<&Script>) -> io::Result<Option<Script>> {
        let returns: HashMap<&str, &str> = self
            .tools
            .iter()
            .filter_map(|tool| Some((&*tool.name, tool.returns.as_deref()?)))
            .collect();
        let script = match (&self.script, returns.is_empty()) {
            (Some(script), _) => script,
            (None, true) => return Ok(None),
            (None, false) => match others {
                Some(script) => script,
                None => return Ok(None),
            },
        };
        script
            .returning(&returns)
            .map(Some)
            .map_err(|fault| fault.of(&self.id))
    }

    /// Whether the file says what it is made of.
    pub(crate) fn is_more_than_a_script(&self) -> bool {
        let bare = Self {
            id: self.id.clone(),
            script: self.script.clone(),
            ..Self::default()
        };
        *self != bare
    }
}

#[cfg(feature = "script-files")]
fn parse_yaml(text: &str) -> Result<Node, Problem> {
    yaml::parse(text)
}

#[cfg(not(feature = "script-files"))]
fn parse_yaml(_: &str) -> Result<Node, Problem> {
    Err(Problem::of_file(
        "this build reads JSON alone: turn on the feature `script-files`, or write JSON into a file whose name ends in \
         `.json`",
    ))
}

/// Writes the form that [`ScriptFile::from_json`] reads.
impl Serialize for ScriptFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write::file(self).serialize(serializer)
    }
}

/// Writes the form that a file has under `script`.
impl Serialize for Script {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write::script(self).serialize(serializer)
    }
}

impl fmt::Debug for ScriptFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptFile")
            .field("agents", &self.agents)
            .field("script", &self.script)
            .finish()
    }
}

impl fmt::Debug for ScriptedAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedAgent")
            .field("id", &self.id)
            .field("tools", &self.tools.len())
            .field("blocks", &self.blocks.len())
            .field("script", &self.script)
            .finish_non_exhaustive()
    }
}
