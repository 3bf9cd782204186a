//! The description as it is written: operations, their parameters, and the examples.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

use crate::kept::{self, Difference};

/// The files of the description.
#[derive(Debug)]
pub struct Description {
    files: BTreeMap<String, Value>,
    /// The defaults of properties, by their names, as JSON.
    defaults: BTreeSet<(String, String)>,
}

/// A value in a file of the description.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    file: &'a str,
    value: &'a Value,
}

/// An operation.
#[derive(Debug)]
pub struct Operation {
    /// Its first tag.
    pub tag: String,
    /// The HTTP method, in capitals.
    pub method: String,
    /// The path with its parameters in braces.
    pub path: String,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// The media types of its body, and the example of each.
    pub bodies: Vec<Content>,
    /// Whether the body must be there.
    pub needs_body: bool,
    /// The content of each documented answer.
    pub answers: Vec<(String, Vec<Content>)>,
}

/// A parameter.
#[derive(Debug)]
pub struct Parameter {
    /// Its name on the wire.
    pub name: String,
    /// `path`, `query` or `header`.
    pub place: String,
    /// Whether it must be there.
    pub required: bool,
    /// A value for it: its example, or one that its schema allows.
    pub value: Value,
    /// Whether `value` is its example.
    pub has_example: bool,
}

/// Content in one media type.
#[derive(Debug)]
pub struct Content {
    /// The media type.
    pub media: String,
    /// The example.
    pub example: Option<Value>,
    /// The names of the properties of its schema that are files.
    pub files: Vec<String>,
}

impl Description {
    /// Reads all files of `openapi/`.
    ///
    /// # Panics
    ///
    /// A file cannot be read.
    pub fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi");
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(&folder).expect("the folder is there") {
            let path: PathBuf = entry.expect("the folder can be read").path();
            if path.extension().is_some_and(|it| it == "yaml") {
                let text = std::fs::read_to_string(&path).expect("the file can be read");
                let yaml = Yaml::load_from_str(&text).expect("it is YAML");
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                files.insert(name.into_owned(), json(&yaml[0]));
            }
        }
        let mut defaults = BTreeSet::new();
        files
            .values()
            .for_each(|it| find_defaults(it, &mut defaults));
        Self { files, defaults }
    }

    /// All operations, in the order of `letta.yaml`.
    pub fn operations(&self) -> Vec<Operation> {
        let root = self.file("letta.yaml");
        let mut found = Vec::new();
        for (path, item) in members(&root.value["paths"]) {
            let item = self.followed(Place {
                value: item,
                ..root
            });
            for (method, operation) in members(item.value) {
                if operation.get("responses").is_some() {
                    let shared = item.value.get("parameters");
                    let place = Place {
                        value: operation,
                        ..item
                    };
                    found.push(self.operation(path, method, shared, place));
                }
            }
        }
        found
    }

    /// How an answer that was read and written again differs from what came, a line for each difference.
    ///
    /// A member that is null or empty is read as one that is left out. One that is left out is read as its default, if the description
    /// has one, and a list or a map as empty.
    pub fn differences(&self, before: &Value, after: &Value) -> Vec<String> {
        let differences = kept::differences(before, after).into_iter();
        let told = differences
            .filter(|it| !matches!(it, Difference::LostEmpty(_)) && !self.is_default(it));
        told.map(|it| it.to_string()).collect()
    }

    /// The members that the description says may be null and that a JSON answer of an operation does not have at all: where each is
    /// missing. A self-hosted server writes them all.
    pub fn lacking(&self, method: &str, path: &str, answer: &Value) -> Vec<String> {
        let root = self.file("letta.yaml");
        let item = self.followed(Place {
            value: &root.value["paths"][path],
            ..root
        });
        let responses = &item.value[method.to_lowercase()]["responses"];
        let mut lacking = Vec::new();
        for (_, response) in members(responses).filter(|(status, _)| status.starts_with('2')) {
            let response = self.followed(Place {
                value: response,
                ..item
            });
            let schema = &response.value["content"]["application/json"]["schema"];
            let schema = Place {
                value: schema,
                ..response
            };
            self.find_lacking(schema, answer, "", &mut lacking);
        }
        lacking
    }

    fn find_lacking(&self, schema: Place<'_>, value: &Value, at: &str, found: &mut Vec<String>) {
        let schema = self.followed(schema);
        let inside = |value| Place { value, ..schema };
        for part in items(&schema.value["allOf"]) {
            self.find_lacking(inside(part), value, at, found);
        }
        let branches = ["oneOf", "anyOf"].map(|key| items(&schema.value[key]));
        for branch in branches.into_iter().flatten() {
            if self.fits(inside(branch), value) {
                self.find_lacking(inside(branch), value, at, found);
                break;
            }
        }
        for (place, item) in items(value).enumerate() {
            let each = inside(&schema.value["items"]);
            self.find_lacking(each, item, &format!("{at}[{place}]"), found);
        }
        let Some(present) = value.as_object() else {
            return;
        };
        for (name, property) in members(&schema.value["properties"]) {
            let at = format!("{at}.{name}");
            match present.get(name) {
                Some(member) => self.find_lacking(inside(property), member, &at, found),
                None if property["nullable"] == true => found.push(at),
                None => {}
            }
        }
    }

    /// Whether a value may be of this branch of a union.
    fn fits(&self, branch: Place<'_>, value: &Value) -> bool {
        let branch = self.followed(branch).value;
        let is_of_kind = match branch["type"].as_str() {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            _ => false,
        };
        let mut required = items(&branch["required"]).filter_map(Value::as_str);
        let mut properties = members(&branch["properties"]);
        is_of_kind
            && required.all(|name| value.get(name).is_some())
            && properties.all(|(name, property)| {
                let allowed = property["enum"].as_array();
                let has = value.get(name).filter(|it| !it.is_null());
                allowed
                    .zip(has)
                    .is_none_or(|(allowed, has)| allowed.contains(has))
            })
    }

    pub(crate) fn is_default(&self, difference: &Difference) -> bool {
        let Difference::Added(path, value) = difference else {
            return false;
        };
        let name = path.last().map_or("", String::as_str);
        kept::is_empty(value)
            || self
                .defaults
                .contains(&(name.to_owned(), value.to_string()))
    }

    fn operation(
        &self,
        path: &str,
        method: &str,
        shared: Option<&Value>,
        operation: Place<'_>,
    ) -> Operation {
        let value = operation.value;
        let inside = |value| Place { value, ..operation };
        let lists = shared.into_iter().chain(value.get("parameters"));
        let parameters = lists.flat_map(items).map(|it| self.parameter(inside(it)));
        let body = value.get("requestBody").map(|it| self.followed(inside(it)));
        let answers = members(&value["responses"]).map(|(status, answer)| {
            let answer = self.followed(inside(answer));
            (status.to_owned(), self.contents(answer))
        });
        Operation {
            tag: value["tags"][0].as_str().unwrap_or_default().to_owned(),
            method: method.to_uppercase(),
            path: path.to_owned(),
            parameters: parameters.collect(),
            bodies: body.map_or_else(Vec::new, |it| self.contents(it)),
            needs_body: body.is_some_and(|it| it.value["required"] == true),
            answers: answers.collect(),
        }
    }

    fn parameter(&self, place: Place<'_>) -> Parameter {
        let parameter = self.followed(place);
        let text = |key: &str| parameter.value[key].as_str().unwrap_or_default().to_owned();
        let example = parameter.value.get("example");
        let value = example.cloned().unwrap_or_else(|| {
            let schema = &parameter.value["schema"];
            let schema = Place {
                value: schema,
                ..parameter
            };
            self.allowed(schema)
        });
        Parameter {
            name: text("name"),
            place: text("in"),
            required: parameter.value["required"] == true,
            has_example: example.is_some(),
            value,
        }
    }

    /// A value that a schema of a parameter allows. A text has what must be escaped in a URL.
    fn allowed(&self, schema: Place<'_>) -> Value {
        let schema = self.followed(schema);
        let inside = |value| Place { value, ..schema };
        let value = schema.value;
        if let Some(last) = items(&value["enum"]).last() {
            return last.clone();
        }
        for key in ["allOf", "anyOf", "oneOf"] {
            if let Some(first) = items(&value[key]).next() {
                return self.allowed(inside(first));
            }
        }
        match value["type"].as_str() {
            Some("boolean") => true.into(),
            Some("integer" | "number") => 7.into(),
            Some("array") => {
                let item = self.allowed(inside(&value["items"]));
                let other = match &item {
                    Value::String(text) if value["items"].get("enum").is_none() => {
                        format!("{text}2").into()
                    }
                    item => item.clone(),
                };
                vec![item, other].into()
            }
            _ if value["format"] == "date-time" => "2026-03-01T12:00:00+01:00".into(),
            _ => "a b&c=d/é+%,".into(),
        }
    }

    fn contents(&self, holder: Place<'_>) -> Vec<Content> {
        let contents = members(&holder.value["content"]).map(|(media, content)| {
            let schema = self.followed(Place {
                value: &content["schema"],
                ..holder
            });
            let properties = members(&schema.value["properties"]);
            let files = properties.filter(|(_, it)| it["format"] == "binary");
            Content {
                media: media.to_owned(),
                example: content.get("example").cloned(),
                files: files.map(|(name, _)| name.to_owned()).collect(),
            }
        });
        contents.collect()
    }

    fn file(&self, name: &str) -> Place<'_> {
        let (file, value) = self
            .files
            .get_key_value(name)
            .unwrap_or_else(|| panic!("there is no file {name}"));
        Place { file, value }
    }

    /// What references lead to.
    fn followed<'a>(&'a self, place: Place<'a>) -> Place<'a> {
        let mut place = place;
        for _ in 0..10 {
            let Some(reference) = place.value.get("$ref").and_then(Value::as_str) else {
                return place;
            };
            let (file, pointer) = reference.split_once('#').expect("it has a fragment");
            let file = self.file(if file.is_empty() { place.file } else { file });
            let value = file.value.pointer(pointer);
            let value = value.unwrap_or_else(|| panic!("{reference} leads nowhere"));
            place = Place { value, ..file };
        }
        panic!("references go in a circle")
    }
}

/// The defaults of all properties within a value.
fn find_defaults(value: &Value, found: &mut BTreeSet<(String, String)>) {
    for (name, property) in members(&value["properties"]) {
        if let Some(default) = property.get("default") {
            found.insert((name.to_owned(), default.to_string()));
        }
    }
    members(value).for_each(|(_, it)| find_defaults(it, found));
    items(value).for_each(|it| find_defaults(it, found));
}

/// YAML as JSON.
fn json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Boolean(it)) => (*it).into(),
        Yaml::Value(Scalar::Integer(it)) => (*it).into(),
        Yaml::Value(Scalar::FloatingPoint(it)) => it.into_inner().into(),
        Yaml::Value(Scalar::String(it)) => it.to_string().into(),
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Sequence(items) => items.iter().map(json).collect(),
        Yaml::Mapping(members) => {
            let members = members.iter().map(|(name, value)| {
                let name = match json(name) {
                    Value::String(name) => name,
                    name => name.to_string(),
                };
                (name, json(value))
            });
            Value::Object(members.collect::<Map<String, Value>>())
        }
        other => panic!("the description has YAML of another kind: {other:?}"),
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.as_str(), value))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
