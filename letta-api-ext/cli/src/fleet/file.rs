//! The file of a fleet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode as _, MarkedYaml, Scalar, YamlData};

use crate::failure::Failure;
use crate::input;

/// What a file asks for.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) agents: Vec<Wish>,
}

/// What one agent should be like. What is `None` stays as it is.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    pub(crate) name: String,
    pub(crate) model: Option<String>,
    pub(crate) embedding: Option<String>,
    pub(crate) system: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) timezone: Option<String>,
    pub(crate) context_window_limit: Option<i64>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) memory: Vec<BlockWish>,
    pub(crate) tools: Option<Vec<String>>,
    pub(crate) folders: Option<Vec<String>>,
}

/// What a block of an agent's memory should be like.
#[derive(Debug, Default)]
pub(crate) struct BlockWish {
    pub(crate) label: String,
    pub(crate) value: String,
    pub(crate) description: Option<String>,
    pub(crate) limit: Option<i64>,
    pub(crate) read_only: Option<bool>,
    /// The value is the agent's once the block is there.
    pub(crate) keep: bool,
}

const OF_FILE: &[&str] = &["agents"];
const OF_AGENT: &[&str] = &[
    "name",
    "model",
    "embedding",
    "system",
    "description",
    "timezone",
    "context_window_limit",
    "tags",
    "memory",
    "tools",
    "folders",
];
const OF_BLOCK: &[&str] = &["value", "file", "description", "limit", "read_only", "keep"];
const OF_TEXT: &[&str] = &["file"];

/// Reads a file, or the standard input for `-`. All mistakes are told at once.
pub(crate) async fn read(path: &Path) -> Result<Fleet, Failure> {
    let text = input::file(path).await?;
    let (shown, folder) = match path.as_os_str() == "-" {
        true => ("the standard input".to_owned(), PathBuf::new()),
        false => {
            let folder = path.parent().unwrap_or(Path::new(""));
            (path.display().to_string(), folder.to_owned())
        }
    };
    parse(&text, &shown, &folder)
}

fn parse(text: &str, shown: &str, folder: &Path) -> Result<Fleet, Failure> {
    let documents = MarkedYaml::load_from_str(text)
        .map_err(|error| Failure::usage(format!("{shown} is not YAML: {error}")))?;
    let [root] = &documents[..] else {
        let count = documents.len();
        let message = format!("{shown} must be one document of YAML, and has {count}");
        return Err(Failure::usage(message).advise(SEE_HELP));
    };
    let mut reader = Reader {
        shown,
        folder,
        mistakes: Vec::new(),
    };
    let agents = reader.fleet(root);
    match reader.mistakes.is_empty() {
        true => Ok(Fleet { agents }),
        false => Err(Failure::usage(reader.mistakes.join("\n")).advise(SEE_HELP)),
    }
}

const SEE_HELP: &str = "`letta apply --help` shows what a file looks like. Nothing was changed.";

struct Reader<'a> {
    shown: &'a str,
    folder: &'a Path,
    mistakes: Vec<String>,
}

type Node<'a> = MarkedYaml<'a>;
type Members<'n, 'a> = Vec<(String, &'n Node<'a>)>;

impl Reader<'_> {
    fn mistake(&mut self, at: &Node<'_>, what: impl std::fmt::Display) {
        let line = at.span.start.line();
        self.mistakes.push(format!("{}:{line}: {what}", self.shown));
    }

    fn fleet(&mut self, root: &Node<'_>) -> Vec<Wish> {
        let mut agents = Vec::new();
        let Some(members) = self.members(root, "the file", Some(OF_FILE)) else {
            return agents;
        };
        let Some((_, list)) = members.first() else {
            self.mistake(root, "the file must have `agents`");
            return agents;
        };
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        for item in self.items(list, "agents").unwrap_or_default() {
            let Some(wish) = self.agent(item) else {
                continue;
            };
            match lines.get(&wish.name) {
                Some(line) => {
                    let what = format!(
                        "`{}` is in line {line}, too. Names find the agents, so each is there once",
                        wish.name
                    );
                    self.mistake(item, what);
                }
                None => {
                    lines.insert(wish.name.clone(), item.span.start.line());
                    agents.push(wish);
                }
            }
        }
        agents
    }

    fn agent(&mut self, node: &Node<'_>) -> Option<Wish> {
        let members = self.members(node, "an agent", Some(OF_AGENT))?;
        let mut wish = Wish::default();
        for (name, value) in &members {
            match &**name {
                "name" => wish.name = self.word(value, name)?,
                "model" => wish.model = self.word(value, name),
                "embedding" => wish.embedding = self.word(value, name),
                "system" => wish.system = self.text(value, name),
                "description" => wish.description = self.text(value, name),
                "timezone" => wish.timezone = self.word(value, name),
                "context_window_limit" => wish.context_window_limit = self.number(value, name),
                "tags" => wish.tags = self.words(value, name),
                "memory" => wish.memory = self.memory(value)?,
                "tools" => wish.tools = self.words(value, name),
                "folders" => wish.folders = self.words(value, name),
                // `members` has told it.
                _ => {}
            }
        }
        match wish.name.is_empty() {
            true => {
                self.mistake(node, "an agent must have a `name`");
                None
            }
            false => Some(wish),
        }
    }

    fn memory(&mut self, node: &Node<'_>) -> Option<Vec<BlockWish>> {
        let members = self.members(node, "memory", None)?;
        let blocks = members.iter();
        let blocks = blocks.filter_map(|(label, value)| self.block(label, value));
        Some(blocks.collect())
    }

    fn block(&mut self, label: &str, node: &Node<'_>) -> Option<BlockWish> {
        let mut block = BlockWish {
            label: label.to_owned(),
            ..BlockWish::default()
        };
        if !matches!(node.data, YamlData::Mapping(_)) {
            block.value = self.string(node, label, "must be a text, or have a `value`")?;
            return Some(block);
        }
        let members = self.members(node, "a block", Some(OF_BLOCK))?;
        let mut values = 0;
        for (name, value) in &members {
            match &**name {
                "value" | "file" => {
                    values += 1;
                    block.value = match &**name {
                        "value" => self.string(value, name, MUST_BE_TEXT)?,
                        _ => self.content(value)?,
                    };
                }
                "description" => block.description = self.word(value, name),
                "limit" => block.limit = self.number(value, name),
                "read_only" => block.read_only = self.flag(value, name),
                "keep" => block.keep = self.flag(value, name).unwrap_or_default(),
                _ => {}
            }
        }
        if values != 1 {
            let what = format!("the block `{label}` must have either a `value` or a `file`");
            self.mistake(node, what);
        }
        Some(block)
    }

    /// The members of a mapping. One that is not among the `known` is a mistake.
    fn members<'n, 'a>(
        &mut self,
        node: &'n Node<'a>,
        of: &str,
        known: Option<&[&str]>,
    ) -> Option<Members<'n, 'a>> {
        let YamlData::Mapping(map) = &node.data else {
            self.mistake(node, format!("{of} must have members, as in `name: value`"));
            return None;
        };
        let mut members = Vec::new();
        for (name, value) in map {
            let Some(text) = name.data.as_str() else {
                self.mistake(name, format!("the name of a member of {of} must be a text"));
                continue;
            };
            match known {
                Some(known) if !known.contains(&text) => {
                    let what = format!("`{text}` is not a member of {of}{}", meant(text, known));
                    self.mistake(name, what);
                }
                _ => members.push((text.to_owned(), value)),
            }
        }
        Some(members)
    }

    fn items<'n, 'a>(&mut self, node: &'n Node<'a>, of: &str) -> Option<&'n [Node<'a>]> {
        match &node.data {
            YamlData::Sequence(items) => Some(items),
            _ => {
                self.mistake(node, format!("`{of}` must be a list"));
                None
            }
        }
    }

    fn string(&mut self, node: &Node<'_>, of: &str, rule: &str) -> Option<String> {
        match &node.data {
            YamlData::Value(Scalar::String(text)) => Some(text.to_string()),
            _ => {
                self.mistake(node, format!("`{of}` {rule}"));
                None
            }
        }
    }

    /// A text that is not empty.
    fn word(&mut self, node: &Node<'_>, of: &str) -> Option<String> {
        let text = self.string(node, of, MUST_BE_TEXT)?;
        match text.trim().is_empty() {
            true => {
                self.mistake(node, format!("`{of}` must not be empty"));
                None
            }
            false => Some(text),
        }
    }

    fn words(&mut self, node: &Node<'_>, of: &str) -> Option<Vec<String>> {
        let items = self.items(node, of)?;
        let words = items.iter().filter_map(|item| self.word(item, of));
        let mut words: Vec<String> = words.collect();
        words.sort();
        words.dedup();
        Some(words)
    }

    /// A text, or `file:` and the name of a file that has it.
    fn text(&mut self, node: &Node<'_>, of: &str) -> Option<String> {
        match &node.data {
            YamlData::Mapping(_) => {
                let members = self.members(node, &format!("`{of}`"), Some(OF_TEXT))?;
                self.content(members.first()?.1)
            }
            _ => self.string(node, of, MUST_BE_TEXT),
        }
    }

    /// What is in the file that a node names, beside the file of the fleet.
    fn content(&mut self, node: &Node<'_>) -> Option<String> {
        let path = self.folder.join(self.word(node, "file")?);
        match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) => {
                self.mistake(
                    node,
                    format!("`{}` cannot be read: {error}", path.display()),
                );
                None
            }
        }
    }

    fn number(&mut self, node: &Node<'_>, of: &str) -> Option<i64> {
        match &node.data {
            YamlData::Value(Scalar::Integer(number)) if *number > 0 => Some(*number),
            _ => {
                self.mistake(node, format!("`{of}` must be a whole number above 0"));
                None
            }
        }
    }

    fn flag(&mut self, node: &Node<'_>, of: &str) -> Option<bool> {
        match &node.data {
            YamlData::Value(Scalar::Boolean(flag)) => Some(*flag),
            _ => {
                self.mistake(node, format!("`{of}` must be true or false"));
                None
            }
        }
    }
}

const MUST_BE_TEXT: &str = "must be a text. Put it in quotes";

/// The known name that was probably meant.
fn meant(text: &str, known: &[&str]) -> String {
    let distance = |name: &&&str| strsim::osa_distance(text, name);
    let nearest = known.iter().min_by_key(distance);
    match nearest.filter(|name| distance(name) <= name.len() / 2) {
        Some(name) => format!(". Did you mean `{name}`?"),
        None => format!(". It has: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Fleet, String> {
        parse(text, "fleet.yaml", Path::new("")).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_file_says_what_agents_are_like() {
        let fleet = read(
            "agents:\n- name: Ada\n  tags: [b, a, b]\n  context_window_limit: 9000\n  memory:\n    human: 'Name: Sam'\n    \
             notes: {value: '', keep: true, limit: 500}\n",
        )
        .unwrap();
        let [ada] = &fleet.agents[..] else {
            panic!("{fleet:?}")
        };
        assert_eq!(ada.name, "Ada");
        assert_eq!(
            ada.tags.as_deref(),
            Some(&["a".to_owned(), "b".to_owned()][..])
        );
        assert_eq!(ada.context_window_limit, Some(9000));
        assert_eq!(ada.memory[0].value, "Name: Sam");
        assert!(ada.memory[1].keep && ada.memory[1].limit == Some(500));
        assert!(ada.tools.is_none() && ada.model.is_none());
        // JSON is YAML.
        assert_eq!(
            read(r#"{"agents": [{"name": "Ada"}]}"#)
                .unwrap()
                .agents
                .len(),
            1
        );
    }

    #[test]
    fn each_mistake_is_told_with_its_line() {
        for (text, expected) in [
            (
                "agents: [{name: Ada, modle: x}]",
                "fleet.yaml:1: `modle` is not a member of an agent. Did you mean `model`?",
            ),
            (
                "agent: []",
                "fleet.yaml:1: `agent` is not a member of the file. Did you mean `agents`?",
            ),
            (
                "agents:\n- name: Ada\n- name: Ada\n",
                "fleet.yaml:3: `Ada` is in line 2, too.",
            ),
            (
                "agents:\n- model: x\n",
                "fleet.yaml:2: an agent must have a `name`",
            ),
            (
                "agents:\n- name: 5\n",
                "fleet.yaml:2: `name` must be a text. Put it in quotes",
            ),
            (
                "agents:\n- name: ' '\n",
                "fleet.yaml:2: `name` must not be empty",
            ),
            (
                "agents:\n- name: A\n  tags: x\n",
                "fleet.yaml:3: `tags` must be a list",
            ),
            (
                "agents:\n- name: A\n  memory: {h: 1}\n",
                "fleet.yaml:3: `h` must be a text, or have a `value`",
            ),
            (
                "agents:\n- name: A\n  memory: {h: {}}\n",
                "the block `h` must have either a `value` or a `file`",
            ),
            (
                "agents:\n- name: A\n  memory: {h: {value: a, limit: 0}}\n",
                "`limit` must be a whole number above 0",
            ),
            (
                "agents:\n- name: A\n  memory: {h: {value: a, keep: yes please}}\n",
                "`keep` must be true or false",
            ),
            (
                "agents:\n- name: A\n  system: {file: not-there.txt}\n",
                "fleet.yaml:3: `not-there.txt` cannot be read",
            ),
            (
                "agents:\n- Ada\n",
                "fleet.yaml:2: an agent must have members",
            ),
            ("agents: {}\n", "`agents` must be a list"),
            ("", "must be one document"),
            ("agents: [", "fleet.yaml is not YAML"),
            ("{}", "the file must have `agents`"),
        ] {
            let message = read(text).expect_err(text);
            assert!(message.contains(expected), "{text}: {message}");
        }
        let message = read("agents:\n- name: A\n  modle: x\n- name: B\n  memry: {}\n").unwrap_err();
        assert_eq!(message.lines().count(), 2, "{message}");
    }
}
