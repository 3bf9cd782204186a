//! Finds the reason for a refusal in an error body of any common form.
//!
//! In go the headers, the body and the secrets. Out comes one line of text that is safe to print, or `None`. Web
//! frameworks have too many forms to have a type for each, but the forms are alike. Somewhere there is a text about
//! the whole refusal, the *headline* (`message`, `detail`, `title`, …). Somewhere there are *entries*, each a text
//! about one field: objects with a text and a place (`msg` and `loc`, `message` and `path`, …) in lists, or objects
//! whose member names are the fields. Their container is called `errors`, `issues`, `detail` and so on. All of it may
//! be nested. So the code looks at what a member's name usually means, and not at the framework.

use std::borrow::Cow;
use std::fmt::Write;

use reqwest::header::HeaderMap;
use serde_json::{Map, Value};

use crate::error::redact;

/// The most entries that are kept.
const MAX_ENTRIES: usize = 20;

/// The longest that all entries may be together, in bytes, not counting the last one. A longer text would be cut off
/// in any case.
const MAX_LENGTH: usize = 4_000;

/// A secret shorter than this is not looked for across two texts.
const SHORT: usize = 8;

/// The reason that a body gives for a refusal: on one line, at most 1,000 characters, without `secrets`, even if a
/// secret is spread over several texts. `None` if the body gives no reason, or it cannot be printed safely.
pub(crate) fn of(headers: &HeaderMap, body: &[u8], secrets: &[&str]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}');
    let Ok(json) = serde_json::from_str(text) else {
        return is_plain_text(headers).then(|| redact::text(text, secrets))?;
    };
    let mut reason = Reason::default();
    reason.read(&json);
    reason.to_text(secrets)
}

fn is_plain_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(reqwest::header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| {
            kind.trim_start()
                .to_ascii_lowercase()
                .starts_with("text/plain")
        })
}

#[derive(Default)]
struct Reason {
    headline: Option<String>,
    entries: Vec<Entry>,
    length: usize,
    has_more: bool,
    /// Whether this is inside a text that is JSON itself.
    is_within_text: bool,
}

#[derive(PartialEq)]
struct Entry {
    field: String,
    text: String,
}

impl Reason {
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

    fn to_text(&self, secrets: &[&str]) -> Option<String> {
        if self.entries.is_empty() {
            return redact::text(self.headline.as_deref()?, secrets);
        }
        let clean = |text: &str| match text.trim().is_empty() {
            true => Some(String::new()),
            false => redact::text(text, secrets),
        };
        let headline = clean(self.headline.as_deref().unwrap_or_default())?;
        let entries: Option<Vec<_>> = self
            .entries
            .iter()
            .map(|entry| Some((clean(&entry.field)?, clean(&entry.text)?)))
            .collect();
        let entries = entries?;
        if is_in_pieces(&headline, &entries, secrets) {
            return None;
        }
        let mut details = String::new();
        for (index, (field, text)) in entries.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            // A text often names its field itself.
            let _ = match field.is_empty() || has_word(text, field) {
                true => write!(details, "{separator}{text}"),
                false => write!(details, "{separator}{field}: {text}"),
            };
        }
        if self.has_more {
            details += "; and more";
        }
        let all = match headline.is_empty() {
            true => details,
            false => format!("{headline} ({details})"),
        };
        redact::text(&all, secrets)
    }
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).any(|(start, _)| {
        let (before, after) = (&text[..start], &text[start + word.len()..]);
        !is_part(before.chars().next_back()) && !is_part(after.chars().next())
    })
}

/// Whether a secret is spread over several texts, and in none of them alone.
fn is_in_pieces(headline: &str, entries: &[(String, String)], secrets: &[&str]) -> bool {
    let mut texts = vec![headline];
    for (field, text) in entries {
        texts.extend([field.as_str(), text.as_str()]);
    }
    // In either order, and without the replacements of bytes that are not UTF-8.
    let mut places = vec![headline];
    places.extend(entries.iter().map(|(_, text)| text.as_str()));
    let secrets: Vec<&str> = secrets
        .iter()
        .copied()
        .filter(|it| it.len() >= SHORT)
        .collect();
    let marks = |text: &str| text.matches("[redacted]").count();
    [texts, places].into_iter().any(|texts| {
        let text = texts.concat().replace('\u{fffd}', "");
        match text.trim().is_empty() {
            true => false,
            false => redact::text(&text, &secrets).is_none_or(|clean| marks(&clean) > marks(&text)),
        }
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hunter2/Key+99887766";

    fn of_json(json: &str) -> Option<String> {
        of(&HeaderMap::new(), json.as_bytes(), &[SECRET])
    }

    /// The order of members depends on a feature of serde_json, which any crate may turn on.
    fn pieces(text: &str) -> Vec<&str> {
        let mut pieces: Vec<&str> = text.split(['(', ')', ';']).map(str::trim).collect();
        pieces.sort_unstable();
        pieces
    }

    /// For each framework: a body, and the text that is read from it.
    #[test]
    fn every_form_that_frameworks_give_errors_says_field_and_reason() {
        let mut wrong = Vec::new();
        for (framework, json, says) in [
            ("text", r#""is bad""#, "is bad"),
            // The hosted service, and the self-hosted server.
            (
                "message",
                r#"{"message":"hostname is bad"}"#,
                "hostname is bad",
            ),
            ("detail", r#"{"detail":"Not Found"}"#, "Not Found"),
            (
                "trace",
                r#"{"trace_id":"t-1","detail":"[..]","examples":["a b"]}"#,
                "[..]",
            ),
            (
                "conflict",
                r#"{"detail":{"code":"C","message":"Conflict","pending_request_id":"m"}}"#,
                "Conflict",
            ),
            (
                "model",
                r#"{"error":{"type":"t","message":"Slow","detail":"d"}}"#,
                "Slow",
            ),
            (
                "limits",
                r#"{"error":"Too many","reasons":["exceeded-quota","x"],"limit":5}"#,
                "Too many (exceeded-quota; x)",
            ),
            (
                "FastAPI",
                r#"{"detail":[{"type":"missing","loc":["body","policy",0,"id"],"msg":"Field required","input":{"a":"b c"},"url":"https://x"},{"loc":["body","hostname"],"msg":"is bad"}]}"#,
                "body.policy.0.id: Field required; body.hostname: is bad",
            ),
            (
                "FastAPI, handled",
                r#"{"detail":"Invalid","body":null,"errors":[{"loc":["query","limit"],"msg":"too large"}]}"#,
                "Invalid (query.limit: too large)",
            ),
            (
                "NestJS",
                r#"{"statusCode":400,"message":["hostname must be a URL","policy should not be empty"],"error":"Bad Request"}"#,
                "Bad Request (hostname must be a URL; policy should not be empty)",
            ),
            (
                "NestJS, one",
                r#"{"statusCode":404,"message":"Cannot GET","error":"Not Found"}"#,
                "Cannot GET",
            ),
            (
                "class-validator",
                r#"{"message":[{"property":"policy","children":[{"property":"0","children":[{"property":"id","constraints":{"isString":"must be a string"},"children":[]}]}]},{"target":{},"property":"hostname","constraints":{"isUrl":"hostname must be a URL"}}]}"#,
                "policy.0.id: must be a string; hostname must be a URL",
            ),
            (
                "zod",
                r#"{"name":"ZodError","issues":[{"code":"invalid_type","expected":"string","received":"undefined","path":["policy",0,"id"],"message":"Required"}]}"#,
                "policy.0.id: Required",
            ),
            (
                "zod, wrapped",
                r#"{"success":false,"error":{"name":"ZodError","issues":[{"path":["hostname"],"message":"Invalid url"}]}}"#,
                "hostname: Invalid url",
            ),
            (
                "zod, flat",
                r#"{"formErrors":["all is bad"],"fieldErrors":{"hostname":["Required","Too short"]}}"#,
                "all is bad; hostname: Required; hostname: Too short",
            ),
            (
                "zod, format",
                r#"{"errors":{"_errors":[],"hostname":{"_errors":["Required"]},"policy":{"0":{"_errors":["bad"]},"_errors":[]}}}"#,
                "hostname: Required; policy.0: bad",
            ),
            (
                "zod, tree",
                r#"{"errors":[],"properties":{"hostname":{"errors":["Required"]},"policy":{"errors":[],"items":[null,{"errors":["is odd"]}]}}}"#,
                "hostname: Required; policy.1: is odd",
            ),
            (
                "ts-rest",
                r#"{"message":"Request validation failed","bodyErrors":{"name":"ZodError","issues":[{"path":["hostname"],"message":"Invalid"}]},"queryParameterErrors":null}"#,
                "Request validation failed (hostname: Invalid)",
            ),
            (
                "tRPC",
                r#"{"error":{"message":"Bad","code":-32600,"data":{"code":"BAD_REQUEST","httpStatus":400,"path":"a.b","zodError":{"formErrors":[],"fieldErrors":{"hostname":["Required"]}}}}}"#,
                "Bad (hostname: Required)",
            ),
            (
                "valibot",
                r#"{"issues":[{"kind":"schema","type":"string","message":"Invalid type","path":[{"type":"object","key":"policy"},{"type":"array","key":0}]}]}"#,
                "policy.0: Invalid type",
            ),
            (
                "yup",
                r#"{"name":"ValidationError","path":"hostname","errors":["hostname is a required field"],"inner":[]}"#,
                "hostname is a required field",
            ),
            (
                "joi, celebrate",
                r#"{"statusCode":400,"error":"Bad Request","message":"Validation failed","validation":{"body":{"source":"body","keys":["hostname"],"message":"\"hostname\" is required"}}}"#,
                "Validation failed (body: \"hostname\" is required)",
            ),
            (
                "joi",
                r#"{"details":[{"message":"is required","path":["policy",0],"type":"any.required","context":{"label":"x"}}]}"#,
                "policy.0: is required",
            ),
            (
                "ajv",
                r#"{"errors":[{"instancePath":"/policy/0","schemaPath":"/x","keyword":"required","params":{"missingProperty":"id"},"message":"must have required property 'id'"}]}"#,
                "/policy/0: must have required property 'id'",
            ),
            (
                "Fastify",
                r#"{"statusCode":400,"code":"FST_ERR_VALIDATION","error":"Bad Request","message":"body/hostname must be string"}"#,
                "body/hostname must be string",
            ),
            (
                "express-validator",
                r#"{"errors":[{"type":"field","value":"x y","msg":"Invalid value","path":"hostname","location":"body"}]}"#,
                "hostname: Invalid value",
            ),
            (
                "Mongoose",
                r#"{"message":"Validation failed","errors":{"hostname":{"name":"ValidatorError","message":"is required","kind":"required","path":"hostname"}}}"#,
                "Validation failed (hostname: is required)",
            ),
            (
                "Rails",
                r#"{"errors":{"hostname":["can't be blank"],"title":["is too long"],"policy.id":["is bad"]}}"#,
                "hostname: can't be blank; title: is too long; policy.id: is bad",
            ),
            (
                "Rails, list",
                r#"{"errors":["Hostname can't be blank"]}"#,
                "Hostname can't be blank",
            ),
            (
                "Rails, bare",
                r#"{"hostname":["can't be blank"]}"#,
                "hostname: can't be blank",
            ),
            (
                "Laravel",
                r#"{"message":"The given data was invalid.","errors":{"hostname":["The hostname field is required."]}}"#,
                "The given data was invalid. (The hostname field is required.)",
            ),
            (
                "JSON:API",
                r#"{"errors":[{"status":"422","title":"Invalid Attribute","detail":"must be a URL","source":{"pointer":"/data/attributes/hostname"}},{"title":"Bad","source":{"parameter":"limit"}}]}"#,
                "/data/attributes/hostname: must be a URL; limit: Bad",
            ),
            (
                "RFC 9457",
                r#"{"type":"https://x","title":"Your request is not valid.","status":422,"detail":"Two fields.","instance":"/i","errors":[{"detail":"must be positive","pointer":"/age"}]}"#,
                "Two fields. (/age: must be positive)",
            ),
            (
                "RFC 7807",
                r#"{"title":"Your parameters didn't validate.","invalid-params":[{"name":"age","reason":"must be positive"}]}"#,
                "Your parameters didn't validate. (age: must be positive)",
            ),
            (
                "invalid_params",
                r#"{"invalid_params":[{"name":"age","reason":"must be positive"}]}"#,
                "age: must be positive",
            ),
            (
                "ASP.NET",
                r#"{"type":"https://x","title":"One or more validation errors occurred.","status":400,"traceId":"00-x y","errors":{"Hostname":["The field is required."],"$.policy":["is bad"]}}"#,
                "One or more validation errors occurred. (Hostname: The field is required.; $.policy: is bad)",
            ),
            (
                "ASP.NET Web API",
                r#"{"Message":"The request is invalid.","ModelState":{"token.Hostname":["is required"]}}"#,
                "The request is invalid. (token.Hostname: is required)",
            ),
            (
                "Spring",
                r#"{"timestamp":"2026-01-01","status":400,"error":"Bad Request","message":"Validation failed","errors":[{"codes":["a b"],"arguments":[{"codes":["x"]}],"defaultMessage":"must not be null","objectName":"token","field":"hostname","rejectedValue":null,"bindingFailure":false,"code":"NotNull"}],"path":"/v1/x"}"#,
                "Validation failed (hostname: must not be null)",
            ),
            (
                "Spring, bare",
                r#"{"timestamp":"t u","status":404,"error":"Not Found","path":"/v1/secret-token"}"#,
                "Not Found",
            ),
            (
                "Quarkus",
                r#"{"title":"Constraint Violation","status":400,"violations":[{"field":"create.hostname","message":"must not be blank"}]}"#,
                "Constraint Violation (create.hostname: must not be blank)",
            ),
            (
                "Symfony",
                r#"{"title":"An error occurred","detail":"hostname: bad","violations":[{"propertyPath":"hostname","message":"This value is blank.","code":"c"}]}"#,
                "hostname: bad (hostname: This value is blank.)",
            ),
            (
                "Micronaut",
                r#"{"message":"Bad Request","_embedded":{"errors":[{"message":"hostname: must not be blank"}]}}"#,
                "Bad Request (hostname: must not be blank)",
            ),
            (
                "JAX-RS",
                r#"[{"message":"must not be null","messageTemplate":"{x y}","path":"create.hostname","invalidValue":"a b"}]"#,
                "create.hostname: must not be null",
            ),
            (
                "DRF",
                r#"{"hostname":["This field is required."],"policy":[{},{"id":["Not a valid string."]}],"non_field_errors":["All is bad"]}"#,
                "hostname: This field is required.; policy.1.id: Not a valid string.; All is bad",
            ),
            (
                "DRF, a list",
                r#"[{"id":["This field is required."]},{}]"#,
                "id: This field is required.",
            ),
            (
                "Django forms",
                r#"{"hostname":[{"message":"This field is required.","code":"required"}]}"#,
                "hostname: This field is required.",
            ),
            (
                "marshmallow",
                r#"{"code":422,"status":"Unprocessable Entity","errors":{"json":{"policy":{"0":{"id":["Missing data."]}}}}}"#,
                "json.policy.0.id: Missing data.",
            ),
            (
                "Phoenix",
                r#"{"errors":{"detail":"Not Found"}}"#,
                "Not Found",
            ),
            ("Go", r#"{"error":"hostname: is bad"}"#, "hostname: is bad"),
            (
                "OpenAI",
                r#"{"error":{"message":"is not one","type":"invalid_request_error","param":"hostname","code":null}}"#,
                "hostname: is not one",
            ),
            (
                "Azure",
                r#"{"error":{"code":"BadArgument","message":"Several","target":"token","details":[{"code":"NullValue","target":"hostname","message":"must not be null"}]}}"#,
                "token: Several; hostname: must not be null",
            ),
            (
                "Google",
                r#"{"error":{"code":400,"message":"Request invalid","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"policy.id","description":"is empty"}]}]}}"#,
                "Request invalid (policy.id: is empty)",
            ),
            (
                "AWS",
                r#"{"__type":"ValidationException","message":"2 errors","fieldList":[{"path":"/hostname","message":"is bad"}]}"#,
                "2 errors (/hostname: is bad)",
            ),
            (
                "GraphQL",
                r#"{"errors":[{"message":"is bad","path":["createToken","hostname"],"locations":[{"line":1}],"extensions":{"code":"BAD_USER_INPUT","validation":{"input.policy":["is empty"]}}}],"data":null}"#,
                "createToken.hostname: is bad; input.policy: is empty",
            ),
            (
                "GitHub",
                r#"{"message":"Validation Failed","errors":[{"resource":"Issue","field":"title","code":"missing_field"}],"documentation_url":"https://x y"}"#,
                "Validation Failed (title: missing_field)",
            ),
            (
                "OAuth",
                r#"{"error":"invalid_request","error_description":"hostname is missing"}"#,
                "hostname is missing",
            ),
            (
                "JSend",
                r#"{"status":"fail","data":{"hostname":"A hostname is required"}}"#,
                "A hostname is required",
            ),
            (
                "LoopBack",
                r#"{"error":{"statusCode":422,"name":"ValidationError","message":"Bad","details":{"codes":{"hostname":["presence"]},"messages":{"hostname":["can't be blank"]}}}}"#,
                "Bad (hostname: can't be blank)",
            ),
            (
                "Strapi",
                r#"{"data":null,"error":{"status":400,"name":"ValidationError","message":"1 error","details":{"errors":[{"path":["hostname"],"message":"is bad"}]}}}"#,
                "1 error (hostname: is bad)",
            ),
            (
                "Elasticsearch",
                r#"{"error":{"root_cause":[{"type":"parse","reason":"is bad"}],"type":"parse","reason":"is bad"},"status":400}"#,
                "is bad",
            ),
            (
                "Supabase",
                r#"{"code":"23502","details":"Failing row","hint":null,"message":"null value"}"#,
                "null value (Failing row)",
            ),
            (
                "PayPal",
                r#"{"name":"VALIDATION_ERROR","message":"Invalid request","details":[{"field":"hostname","issue":"bad format","location":"body"}]}"#,
                "Invalid request (hostname: bad format)",
            ),
            (
                "a list for each field",
                r#"{"errors":[{"field":"hostname","messages":["is bad","is long"]},{"property":"policy","errors":["x"]},{"path":["a",0],"message":["y"]}]}"#,
                "hostname: is bad; hostname: is long; policy: x; a.0: y",
            ),
            (
                "fields",
                r#"{"message":"Bad","fields":{"hostname":"is bad"}}"#,
                "Bad (hostname: is bad)",
            ),
            (
                "a list of maps",
                r#"{"errors":[{"hostname":"is bad"},{"policy":["is long"]}]}"#,
                "hostname: is bad; policy: is long",
            ),
            (
                "Jira",
                r#"{"errorMessages":["All is bad"],"errors":{"hostname":"is bad"}}"#,
                "All is bad; hostname: is bad",
            ),
            (
                "an object for each field",
                r#"{"hostname":{"message":"is bad"},"policy":[{"id":["is long"]}]}"#,
                "hostname: is bad; policy.0.id: is long",
            ),
            (
                "a field that is a part of a word",
                r#"{"errors":[{"field":"id","message":"is invalid"}]}"#,
                "id: is invalid",
            ),
            (
                "a map of texts",
                r#"{"errors":{"hostname":"is bad","title":"is long"}}"#,
                "hostname: is bad; title: is long",
            ),
            (
                "Hono, zod 4: JSON in a text",
                r#"{"success":false,"error":{"name":"ZodError","message":"[\n {\n \"code\": \"invalid_type\", \"path\": [\"hostname\"], \"message\": \"Invalid input\"\n }\n]"}}"#,
                "hostname: Invalid input",
            ),
            (
                "tRPC without a formatter",
                r#"{"error":{"message":"[{\"code\":\"too_small\",\"path\":[\"policy\",0],\"message\":\"is short\"}]","code":-32600,"data":{"code":"BAD_REQUEST","path":"a.b"}}}"#,
                "policy.0: is short",
            ),
            (
                "a text that only looks like JSON",
                r#"{"detail":"[hostname] is bad","errors":["{}","[1]"]}"#,
                "[hostname] is bad ({}; [1])",
            ),
            (
                "validator, without texts",
                r#"{"hostname":[{"code":"url","message":null,"params":{"value":"a b"}}]}"#,
                "hostname: url",
            ),
            (
                "OData",
                r#"{"error":{"code":"x","message":{"lang":"en-US","value":"No such host"}}}"#,
                "No such host",
            ),
            (
                "several languages",
                r#"{"errors":[{"field":"hostname","message":{"de":"ist falsch","en":"is bad"}},{"field":"policy","messages":[{"locale":"en","text":"is long"}]}]}"#,
                "hostname: is bad; policy: is long",
            ),
            (
                "numbers",
                r#"{"message":"Bad","errors":[{"field":"hostname","code":101},{"field":"policy","message":7}]}"#,
                "Bad (hostname: 101; policy: 7)",
            ),
            (
                "numbers and truth values by field",
                r#"{"errors":{"hostname":42,"policy":[7],"id":3,"expiry":false}}"#,
                "hostname: 42; policy: 7; expiry: false",
            ),
            (
                "Litestar",
                r#"{"status_code":400,"detail":"Validation failed","extra":[{"message":"is missing","key":"hostname","source":"body"}]}"#,
                "Validation failed (hostname: is missing)",
            ),
            (
                "FluentValidation",
                r#"[{"propertyName":"Hostname","errorMessage":"is bad","attemptedValue":"a b","severity":0}]"#,
                "Hostname: is bad",
            ),
            (
                "Huma",
                r#"{"title":"Unprocessable Entity","status":422,"detail":"validation failed","errors":[{"message":"expected string","location":"body.hostname","value":1}]}"#,
                "validation failed (body.hostname: expected string)",
            ),
            (
                "Rails, whole messages",
                r#"{"errors":[{"attribute":"host","error":"blank","full_message":"Hostname can't be blank"}]}"#,
                "host: Hostname can't be blank",
            ),
            (
                "Cloudflare",
                r#"{"success":false,"errors":[{"code":1003,"message":"Invalid","error_chain":[{"code":6103,"message":"Invalid hostname"}]}],"messages":[],"result":null}"#,
                "Invalid; Invalid hostname",
            ),
            (
                "a list in data",
                r#"{"status":"error","message":"Bad","data":[{"field":"hostname","error":"is bad"}]}"#,
                "Bad (hostname: is bad)",
            ),
            (
                "a code alone",
                r#"{"error":{"code":"invalid_hostname","status":400}}"#,
                "invalid_hostname",
            ),
        ] {
            let said = of_json(json).unwrap_or_default();
            if pieces(&said) != pieces(says) {
                wrong.push(format!("{framework}: {said}\n  expected: {says}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_body_without_a_reason_gives_none() {
        for json in [
            "",
            "null",
            "7",
            "[]",
            "{}",
            "[[[]]]",
            "{\"mess",
            "<html>bad</html>",
            r#"{"message":""}"#,
            r#"{"message":7}"#,
            r#"{"errors":[]}"#,
            r#"{"errors":[null,1,{}]}"#,
            r#"{"id":"req 1","status":"400 x"}"#,
            r#"{"foo":"bar"}"#,
        ] {
            assert_eq!(of_json(json), None, "{json}");
        }
    }

    #[test]
    fn plain_text_is_a_reason_and_html_is_not() {
        let mut headers = HeaderMap::new();
        for (kind, says) in [
            ("text/plain; charset=latin1", true),
            ("Text/Plain", true),
            ("text/html", false),
        ] {
            headers.insert("content-type", kind.parse().unwrap());
            let text = of(&headers, b"bad \xfcber", &[]);
            assert_eq!(text.as_deref(), says.then_some("bad \u{fffd}ber"), "{kind}");
        }
    }

    #[test]
    fn a_secret_in_one_text_is_cut_out_and_one_in_pieces_takes_all_with_it() {
        for (json, says) in [
            (
                format!(r#"{{"detail":[{{"loc":["body","hostname"],"msg":"no {SECRET} here"}}]}}"#),
                Some("body.hostname: no [redacted] here"),
            ),
            (
                r#"{"message":"Bad","errors":{"ck-let-abc":["is bad"],"x":["sk-let-abc is bad"]}}"#
                    .to_owned(),
                Some("Bad (ck-let-[redacted]: is bad; x: sk-let-[redacted] is bad)"),
            ),
            (
                r#"{"message":["hunter2/Key+9988","7766"]}"#.to_owned(),
                None,
            ),
            (
                r#"{"message":["hunter2/K","ey+99887766"]}"#.to_owned(),
                None,
            ),
            (
                r#"{"message":"bad sk-le","errors":["t-abcdefgh"]}"#.to_owned(),
                None,
            ),
            (r#"{"errors":{"ck-":["let-abcdefgh"]}}"#.to_owned(), None),
            (
                r#"{"errors":{"a":["ck-"],"b":["let-abcdefgh"]}}"#.to_owned(),
                None,
            ),
            (
                r#"{"detail":[{"loc":["sk-let","abc"],"msg":"is bad"}]}"#.to_owned(),
                Some("sk-let.abc: is bad"),
            ),
        ] {
            assert_eq!(of_json(&json).as_deref(), says, "{json}");
        }
    }

    #[test]
    fn however_much_there_is_it_is_cut() {
        let entry = r#"{"loc":["body","hostname"],"msg":"is bad"}"#;
        let many: Vec<String> = (0..1_000)
            .map(|n| entry.replace("bad", &n.to_string()))
            .collect();
        let text = of_json(&format!(r#"{{"detail":[{}]}}"#, many.join(","))).unwrap();
        assert!(text.ends_with("; and more"), "{text}");
        assert_eq!(text.matches("hostname").count(), MAX_ENTRIES);

        let long = "x y".repeat(100_000);
        for json in [
            format!(r#"{{"message":"{long}","errors":["{long}"]}}"#),
            format!(r#"{{"errors":{{"{long}":["{long}"]}}}}"#),
            format!(
                r#"{{"detail":[{{"loc":[{}"x"],"msg":"m"}}]}}"#,
                r#""a","#.repeat(100_000)
            ),
            format!(
                r#"{{"errors":{}"x"{}}}"#,
                r#"{"a":"#.repeat(120),
                "}".repeat(120)
            ),
            format!(r#"{{"errors":{}"x"{}}}"#, "[".repeat(120), "]".repeat(120)),
        ] {
            let text = of_json(&json).unwrap();
            assert!(text.chars().count() <= 1_000);
        }
        // Nested deeper than the JSON parser allows.
        assert_eq!(
            of_json(&format!("{}{}", "[".repeat(1_000), "]".repeat(1_000))),
            None
        );
    }

    /// Any JSON with known member names, with a secret in some texts: no panic, no text that is too long, no secret.
    #[test]
    fn whatever_the_form_it_is_short_and_has_no_secret() {
        fn any(random: &mut fastrand::Rng, depth: usize) -> Value {
            match random.u8(..if depth == 0 { 5 } else { 11 }) {
                10 => any(random, depth - 1).to_string().into(),
                0 => Value::Null,
                1 => 7.into(),
                2 => SECRET.into(),
                3 => format!("sk-let-{} is bad", random.u32(..)).into(),
                4 => "is bad".into(),
                5 | 6 => (0..random.usize(..6))
                    .map(|_| any(random, depth - 1))
                    .collect(),
                _ => {
                    let lists: [&[&str]; 6] = [
                        &TEXTS,
                        &PLACES,
                        &CONTAINERS,
                        &SHELLS,
                        &NOISE,
                        &[
                            "errors",
                            "issues",
                            "properties",
                            "constraints",
                            "hostname",
                            SECRET,
                        ],
                    ];
                    let members = (0..random.usize(..6)).map(|_| {
                        let list = random.choice(lists).unwrap();
                        let name = *random.choice(list).unwrap();
                        (name.to_owned(), any(random, depth - 1))
                    });
                    Value::Object(members.collect())
                }
            }
        }
        let mut random = fastrand::Rng::with_seed(5);
        let mut said = 0;
        for _ in 0..5_000 {
            let json = any(&mut random, 6).to_string();
            let Some(text) = of_json(&json) else { continue };
            said += 1;
            assert!(text.chars().count() <= 1_000, "{json}");
            assert!(
                !text.contains("hunter2") && !text.contains("99887766"),
                "{json}: {text}"
            );
            let keys = text.split("sk-let-").skip(1);
            assert!(
                keys.into_iter().all(|rest| rest.starts_with("[redacted]")),
                "{json}: {text}"
            );
        }
        assert!(said > 500, "{said}");
    }
}
