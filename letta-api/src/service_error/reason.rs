//! Finds what an error body of any common form says: a text about the whole, and texts about single fields.
//!
//! Web frameworks have too many forms to have a type for each, but the forms are alike. Somewhere there is a text about
//! the whole refusal, the *headline* (`message`, `detail`, `title`, …). Somewhere there are *entries*, each a text
//! about one field: objects with a text and a place (`msg` and `loc`, `message` and `path`, …) in lists, or objects
//! whose member names are the fields. Their container is called `errors`, `issues`, `detail` and so on. All of it may
//! be nested. So the code looks at what a member's name usually means, and not at the framework.
//!
//! letta-api-ext prints it, without secrets. Its tests (`src/error/reason.rs` there) have the forms of each framework.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// The most entries that are kept.
pub const MAX_ENTRIES: usize = 20;

/// The longest that all entries may be together, in bytes, not counting the last one.
const MAX_LENGTH: usize = 4_000;

/// What an error body says. All of it may repeat what the request held, secrets included.
#[allow(missing_debug_implementations, reason = "it may hold a secret")]
#[derive(Default)]
pub struct Reason {
    /// The text about the whole.
    pub headline: Option<String>,
    /// The texts about single fields.
    pub entries: Vec<Entry>,
    length: usize,
    /// Whether there were more entries than are kept.
    pub has_more: bool,
    /// Whether this is inside a text that is JSON itself.
    is_within_text: bool,
}

/// What is wrong with a field.
#[allow(missing_debug_implementations, reason = "it may hold a secret")]
#[derive(PartialEq)]
pub struct Entry {
    /// The way to the field, its steps joined by dots. Empty if the text names none.
    pub field: String,
    /// What is wrong with it.
    pub text: String,
}

impl Reason {
    /// What this body says.
    pub fn of(json: &Value) -> Self {
        let mut reason = Self::default();
        reason.read(json);
        reason
    }

    fn read(&mut self, json: &Value) {
        match json {
            Value::String(text) => self.headline(text),
            Value::Object(members) => {
                self.all(members);
                // Texts about no field may stand among the fields.
                let is_told = |name: &String| {
                    let key = Key::of(name);
                    key.is_container() && !key.is(&["nonfielderrors"])
                };
                let may_be_fields = self.entries.is_empty() || !members.keys().any(is_told);
                if self.headline.is_none() && may_be_fields {
                    self.fields(members, "", Strings::Sentences);
                }
                if self.headline.is_none() && self.entries.is_empty() {
                    self.headline = lone_code(members).map(str::to_owned);
                }
            }
            other => self.reasons(other, ""),
        }
    }

    fn headline(&mut self, text: &str) {
        if !self.is_read_from(text, "") {
            self.headline = Some(text.to_owned());
        }
    }

    /// Reads a text that is JSON itself, like the message of a `ZodError`. Returns whether it had reasons.
    fn is_read_from(&mut self, text: &str, field: &str) -> bool {
        if self.is_within_text || !text.trim_start().starts_with(['[', '{']) {
            return false;
        }
        let Ok(json) = serde_json::from_str(text) else {
            return false;
        };
        let before = self.entries.len();
        self.is_within_text = true;
        self.reasons(&json, field);
        self.is_within_text = false;
        self.entries.len() > before
    }

    /// Reads an object about the refusal as a whole.
    fn all(&mut self, members: &Map<String, Value>) {
        let text = text_of(members);
        let has_text = text.is_some();
        if let Some((_, text)) = text {
            let field = place_of(members, &WHOLE_PLACES);
            match (&self.headline, field) {
                (None, None) => self.headline(&text),
                (_, field) => self.push(&field.unwrap_or_default(), &text),
            }
        }
        for (name, value) in members {
            let key = Key::of(name);
            match value {
                _ if text_in_a_language(value).is_some() => {}
                // A second text about the whole says less than the first.
                Value::String(_) if key.is_text() => {}
                Value::Object(inner) if key.is_whole() => self.all_or_reasons(inner),
                Value::Object(inner) if key.is_shell() => self.within(inner),
                _ if key.is_container() => self.reasons(value, ""),
                Value::Array(items)
                    if has_text && !key.is_noise() && items.iter().all(is_sentence) =>
                {
                    self.reasons(value, name);
                }
                Value::Array(items)
                    if key.is_shell() && items.iter().all(is_entry_with_a_place) =>
                {
                    self.reasons(value, "");
                }
                _ => {}
            }
        }
    }

    fn all_or_reasons(&mut self, members: &Map<String, Value>) {
        let has_container = || {
            members.keys().any(|name| {
                let key = Key::of(name);
                key.is_container() && !key.is_text()
            })
        };
        match is_entry(members) || has_container() {
            true => self.all(members),
            false => self.fields(members, "", Strings::All),
        }
    }

    /// Reads containers of reasons in an object that has no text itself.
    fn within(&mut self, members: &Map<String, Value>) {
        for (name, value) in members {
            let key = Key::of(name);
            match value {
                Value::Object(inner) if key.is_shell() => self.within(inner),
                Value::Array(_) | Value::Object(_) if key.is_container() => {
                    self.reasons(value, "");
                }
                _ => {}
            }
        }
    }

    /// Reads any value with reasons. They are about `field` unless they name another.
    fn reasons(&mut self, value: &Value, field: &str) {
        if self.has_more {
            return;
        }
        match value {
            Value::String(text) => self.push(field, text),
            Value::Number(number) if !field.is_empty() => self.push(field, &number.to_string()),
            Value::Object(members) => match text_in_a_language(value) {
                Some(text) => self.push(field, text),
                None => self.object(members, field),
            },
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    match item {
                        Value::Object(members)
                            if !field.is_empty()
                                && !is_entry(members)
                                && code_alone(members).is_none()
                                && text_in_a_language(item).is_none() =>
                        {
                            self.object(members, &join(field, &index.to_string()));
                        }
                        _ => self.reasons(item, field),
                    }
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, members: &Map<String, Value>, field: &str) {
        let code = (!field.is_empty()).then(|| code_alone(members)).flatten();
        match (is_entry(members), code) {
            (true, _) => self.entry(members, field),
            (false, Some(code)) => self.push(field, &code),
            (false, None) => self.fields(members, field, Strings::All),
        }
    }

    /// Reads an object about one field.
    fn entry(&mut self, members: &Map<String, Value>, around: &str) {
        let place = place_of(members, &PLACES);
        let field = place.as_deref().unwrap_or(around);
        let text = text_of(members).or_else(|| code_of(members));
        let said_by = text.as_ref().map(|(name, _)| *name);
        // Rules by name, each with its text.
        let rules = members.get("constraints").and_then(Value::as_object);
        match (text, rules) {
            (_, Some(rules)) => {
                // An entry may be nested in another, and name the rest of the path.
                let field = join(around, place.as_deref().unwrap_or_default());
                for text in rules.values().filter_map(Value::as_str) {
                    self.push(&field, text);
                }
            }
            (Some((_, text)), None) => self.push(field, &text),
            (None, None) => {}
        }
        for (name, value) in members {
            let key = Key::of(name);
            let said = said_by == Some(name);
            match value {
                Value::Array(_) if name == "children" => {
                    let field = join(around, place.as_deref().unwrap_or_default());
                    self.reasons(value, &field);
                }
                _ if said || name == "constraints" || key.is_place() => {}
                Value::Object(inner) if key.is_shell() => self.within(inner),
                Value::Array(_) | Value::Object(_) if key.is_container() => {
                    self.reasons(value, field);
                }
                _ => {}
            }
        }
    }

    /// Reads an object whose member names are fields.
    fn fields(&mut self, members: &Map<String, Value>, around: &str, strings: Strings) {
        // As in zod: the errors of an object, next to those of its members.
        let is_tree = members.get("errors").is_some_and(Value::is_array);
        for (name, value) in members {
            let key = Key::of(name);
            let is_about_fields = (key.is_container() && !key.is_text())
                || key.is_shell()
                || (is_tree && (name == "properties" || name == "items"));
            match value {
                Value::Array(_) | Value::Object(_) if is_about_fields => {
                    self.reasons(value, around);
                }
                Value::Object(_) if key.is_noise() => {}
                // Already read.
                Value::Object(_) if strings == Strings::Sentences && key.is_whole() => {}
                Value::Array(_) | Value::Object(_) => self.reasons(value, &join(around, name)),
                Value::Number(_) | Value::Bool(_) if strings == Strings::All && !key.is_noise() => {
                    self.push(&join(around, name), &value.to_string());
                }
                Value::String(text)
                    if key.is_noise() || (name == "name" && text.ends_with("Error")) => {}
                Value::String(text) if strings == Strings::All || text.contains(' ') => {
                    self.push(&join(around, name), text);
                }
                _ => {}
            }
        }
    }

    fn push(&mut self, field: &str, text: &str) {
        let entry = Entry {
            field: field.trim().to_owned(),
            text: text.trim().to_owned(),
        };
        let is_headline = entry.field.is_empty() && self.headline.as_deref() == Some(text);
        let is_told = is_headline || self.entries.contains(&entry);
        if entry.text.is_empty() || is_told || self.has_more || self.is_read_from(text, field) {
            return;
        }
        if self.entries.len() == MAX_ENTRIES || self.length > MAX_LENGTH {
            self.has_more = true;
            return;
        }
        self.length += entry.field.len() + entry.text.len();
        self.entries.push(entry);
    }
}

/// Which texts in an object of fields count as reasons.
#[derive(Clone, Copy, PartialEq)]
enum Strings {
    All,
    /// Only texts of several words: nothing else shows that the object is about errors.
    Sentences,
}

/// A member's name, in lower case and without `_`, `-` and `@`.
struct Key(String);

/// Names of a text, the best first.
const TEXTS: [&str; 19] = [
    "message",
    "msg",
    "detail",
    "errordescription",
    "defaultmessage",
    "errormessage",
    "errormsg",
    "fullmessage",
    "description",
    "reason",
    "error",
    "title",
    "summary",
    "faultstring",
    "text",
    "issue",
    "problem",
    "violation",
    "explanation",
];

/// Those of them that may also be the name of a field.
const WEAK_TEXTS: [&str; 5] = ["error", "title", "summary", "text", "description"];

/// Names of members that say which field is meant, the best first.
const PLACES: [&str; 19] = [
    "loc",
    "path",
    "instancepath",
    "datapath",
    "propertypath",
    "pointer",
    "jsonpointer",
    "field",
    "fieldname",
    "property",
    "propertyname",
    "param",
    "parameter",
    "attribute",
    "key",
    "source",
    "target",
    "name",
    "location",
];

/// Those that may stand next to a text about the whole. `path` is not one of them: there it is the request's path,
/// which may have a token.
const WHOLE_PLACES: [&str; 9] = [
    "loc",
    "pointer",
    "field",
    "fieldname",
    "property",
    "param",
    "parameter",
    "attribute",
    "target",
];

/// Names of a code, which is used if there is no text.
const CODES: [&str; 7] = [
    "code",
    "errorcode",
    "type",
    "kind",
    "rule",
    "tag",
    "keyword",
];

/// Names of containers of reasons. Other names with the same endings count too.
const CONTAINERS: [&str; 21] = [
    "error",
    "detail",
    "details",
    "message",
    "msg",
    "validation",
    "modelstate",
    "children",
    "inner",
    "rootcause",
    "causes",
    "fieldlist",
    "invalidparams",
    "zoderror",
    "fields",
    "invalidfields",
    "invalid",
    "validationerror",
    "errorchain",
    "errordetails",
    "extra",
];
const CONTAINER_ENDS: [&str; 9] = [
    "errors",
    "issues",
    "violations",
    "failures",
    "messages",
    "reasons",
    "problems",
    "parameters",
    "constraints",
];

/// Names of an object around the container.
const SHELLS: [&str; 7] = [
    "data",
    "embedded",
    "extensions",
    "response",
    "result",
    "body",
    "fault",
];

/// Names of members that are not for people, or that repeat the request.
const NOISE: [&str; 48] = [
    "apiversion",
    "arguments",
    "args",
    "bindingfailure",
    "code",
    "codes",
    "column",
    "context",
    "ctx",
    "debug",
    "docs",
    "documentationurl",
    "domain",
    "errorcode",
    "examples",
    "expected",
    "help",
    "id",
    "in",
    "input",
    "instance",
    "invalidvalue",
    "keyword",
    "line",
    "location",
    "locations",
    "method",
    "object",
    "objectname",
    "ok",
    "params",
    "path",
    "received",
    "rejectedvalue",
    "request",
    "requestid",
    "schemapath",
    "severity",
    "stack",
    "stacktrace",
    "status",
    "statuscode",
    "success",
    "timestamp",
    "trace",
    "traceid",
    "type",
    "value",
];

impl Key {
    fn of(name: &str) -> Self {
        // All known names are shorter.
        let signs = name.chars().take(40).filter(|c| !"_-@:".contains(*c));
        Self(signs.map(|c| c.to_ascii_lowercase()).collect())
    }

    fn is(&self, names: &[&str]) -> bool {
        names.contains(&self.0.as_str())
    }

    fn is_text(&self) -> bool {
        self.is(&TEXTS)
    }

    fn is_place(&self) -> bool {
        self.is(&PLACES)
    }

    /// Whether the name may be that of a text about the whole.
    fn is_whole(&self) -> bool {
        self.is(&["error", "detail", "fault", "message"])
    }

    fn is_container(&self) -> bool {
        self.is(&CONTAINERS) || CONTAINER_ENDS.iter().any(|end| self.0.ends_with(end))
    }

    fn is_shell(&self) -> bool {
        self.is(&SHELLS)
    }

    fn is_noise(&self) -> bool {
        self.is(&NOISE)
    }
}

/// The best text of an object, and its name there.
fn text_of(members: &Map<String, Value>) -> Option<(&str, Cow<'_, str>)> {
    best(members, &TEXTS, |value| {
        let text = value.as_str().or_else(|| text_in_a_language(value));
        let text = text.filter(|text| !text.trim().is_empty());
        text.map(Cow::Borrowed)
    })
}

/// The code of an object that has a place but no text.
fn code_of(members: &Map<String, Value>) -> Option<(&str, Cow<'_, str>)> {
    place_of(members, &PLACES)?;
    let number = |value: &Value| Some(Cow::Owned(value.as_number()?.to_string()));
    best(members, &TEXTS, number).or_else(|| best(members, &CODES, code))
}

fn code(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(code) => Some(Cow::Borrowed(code)),
        Value::Number(code) => Some(Cow::Owned(code.to_string())),
        _ => None,
    }
}

/// The code of an object that has nothing else.
fn code_alone(members: &Map<String, Value>) -> Option<Cow<'_, str>> {
    let says_nothing =
        |(name, value): (&String, &Value)| value.is_null() || Key::of(name).is_noise();
    if !members.iter().all(says_nothing) {
        return None;
    }
    let (_, code) = best(members, &CODES, code)?;
    (!code.contains(' ')).then_some(code)
}

/// The code of a body that has no text at all.
fn lone_code(members: &Map<String, Value>) -> Option<&str> {
    let inner = || {
        let mut inner = members.iter().filter(|(name, _)| Key::of(name).is_whole());
        inner.find_map(|(_, value)| lone_code(value.as_object()?))
    };
    let is_word = |code: &&str| code.contains(|c: char| c.is_ascii_alphabetic());
    best(members, &["code", "errorcode"], |value| {
        value.as_str().filter(is_word)
    })
    .map(|(_, code)| code)
    .or_else(inner)
}

/// The text of an object with its language, or one of several languages: `{"lang":"en","value":"is bad"}`, `{"en":"is
/// bad","de":"ist falsch"}`.
fn text_in_a_language(value: &Value) -> Option<&str> {
    let members = value.as_object()?;
    let is_english = |name: &String| {
        name.strip_prefix("en")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    };
    if let Some((_, text)) = members.iter().find(|(name, _)| is_english(name)) {
        return text.as_str();
    }
    let has_language = ["lang", "language", "locale"]
        .iter()
        .any(|name| members.get(*name).is_some_and(Value::is_string));
    if !has_language {
        return None;
    }
    let mut texts = ["value", "text", "message"].iter();
    texts.find_map(|name| members.get(*name)?.as_str())
}

fn place_of(members: &Map<String, Value>, names: &[&str]) -> Option<String> {
    best(members, names, place).map(|(_, place)| place)
}

/// The first usable member with one of these names.
fn best<'a, T>(
    members: &'a Map<String, Value>,
    names: &[&str],
    read: impl Fn(&'a Value) -> Option<T>,
) -> Option<(&'a str, T)> {
    let found = members.iter().filter_map(|(name, value)| {
        let key = Key::of(name);
        let rank = names.iter().position(|known| *known == key.0)?;
        Some((rank, (name.as_str(), read(value)?)))
    });
    found.min_by_key(|(rank, _)| *rank).map(|(_, found)| found)
}

/// The field that a value names: `policy`, `["policy", 0, "id"]`, `{"pointer": "/policy/0/id"}`.
fn place(value: &Value) -> Option<String> {
    let step = |step: &Value| match step {
        Value::String(name) => Some(name.clone()),
        Value::Number(index) => Some(index.to_string()),
        Value::Object(step) => match step.get("key")? {
            Value::String(name) => Some(name.clone()),
            Value::Number(index) => Some(index.to_string()),
            _ => None,
        },
        _ => None,
    };
    let place = match value {
        Value::String(name) => name.clone(),
        Value::Array(steps) => {
            let steps: Option<Vec<_>> = steps.iter().take(64).map(step).collect();
            steps?.join(".")
        }
        Value::Object(source) => {
            let names = ["pointer", "parameter", "header", "path", "field"];
            return names
                .iter()
                .find_map(|name| source.get(*name)?.as_str().map(str::to_owned));
        }
        _ => return None,
    };
    (!place.trim().is_empty()).then_some(place)
}

/// Whether an object is about one field. Otherwise its member names may be fields.
fn is_entry(members: &Map<String, Value>) -> bool {
    if members.get("constraints").is_some_and(Value::is_object) || members.contains_key("children")
    {
        return true;
    }
    let Some((name, _)) = text_of(members).or_else(|| code_of(members)) else {
        // A field, and a list of its problems.
        let is_text = |item: &Value| item.is_string() || text_in_a_language(item).is_some();
        let has_reasons = members.iter().any(|(name, value)| {
            let is_list = value
                .as_array()
                .is_some_and(|items| items.iter().any(is_text));
            is_list && Key::of(name).is_container()
        });
        return has_reasons && place_of(members, &PLACES).is_some();
    };
    let is_weak = Key::of(name).is(&WEAK_TEXTS);
    let has_field = || {
        members.iter().any(|(name, value)| {
            let key = Key::of(name);
            let is_known = key.is_text() || key.is_place() || key.is_container() || key.is_noise();
            !is_known && (value.is_string() || value.is_array())
        })
    };
    !(is_weak && has_field())
}

fn is_entry_with_a_place(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|members| is_entry(members) && place_of(members, &PLACES).is_some())
}

fn is_sentence(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains(' '))
}

fn join(around: &str, name: &str) -> String {
    match (around.is_empty(), name.is_empty()) {
        (true, _) => name.to_owned(),
        (_, true) => around.to_owned(),
        (false, false) => format!("{around}.{name}"),
    }
}

/// Names that mean something here, for tests that put bodies together.
pub const KNOWN_NAMES: [&[&str]; 5] = [&TEXTS, &PLACES, &CONTAINERS, &SHELLS, &NOISE];
