//! `description.json`, read when it is first needed.
//!
//! The text is parsed once, and the schemas of an operation are compiled once, each when a request first needs it. A program that
//! serves no request does neither.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, json};

use crate::description::answers::Answers;
use crate::description::text;

/// What `cargo xtask codegen` wrote.
const TEXT: &str = include_str!("description.json");

/// How references to shared schemas begin.
const DEFINITION: &str = "#/$defs/";

/// The random part of an ID, as the service's patterns have it: whole, and the beginning alone.
const RANDOM: [&str; 2] = [
    "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "[a-fA-F0-9]{8}",
];

/// Where a relaxed schema keeps the service's pattern.
pub(super) const PATTERN: &str = "x-pattern";

/// Where a relaxed schema says that the pattern is that of an ID.
pub(super) const ID: &str = "x-id";

/// The description.
pub(super) struct Data {
    operations: HashMap<String, Arc<Operation>>,
    /// Schemas that others refer to, by name.
    definitions: Map<String, Value>,
    patterns: Mutex<HashMap<String, Arc<Validator>>>,
    answers: Answers,
}

/// An operation: what its requests are made of.
pub(super) struct Operation {
    /// The parameters in the path: an object of all of them.
    pub(super) path: Value,
    /// The parameters in the query: an object of all of them.
    pub(super) query: Value,
    pub(super) body: Option<BodySchema>,
    compiled: OnceLock<Compiled>,
}

/// What an operation says of its body.
pub(super) struct BodySchema {
    pub(super) required: bool,
    /// The schema of its JSON.
    pub(super) json: Option<Value>,
    /// The schema of its form with files.
    pub(super) form: Option<Value>,
}

/// The schemas of an operation, compiled.
pub(super) struct Compiled {
    pub(super) path: Validator,
    pub(super) query: Validator,
    pub(super) json: Option<Validator>,
    pub(super) form: Option<Validator>,
}

impl Data {
    /// The description of this package.
    pub(super) fn get() -> &'static Self {
        static DATA: OnceLock<Data> = OnceLock::new();
        DATA.get_or_init(|| Self::parse(TEXT))
    }

    fn parse(text: &str) -> Self {
        let mut whole: Value =
            serde_json::from_str(text).expect("description.json is what codegen wrote");
        let shapes = whole["answers"].take();
        let answers = Answers::read(&whole["operations"], &shapes);
        relax(&mut whole);
        let definitions = match whole["$defs"].take() {
            Value::Object(definitions) => definitions,
            _ => Map::new(),
        };
        let mut operations = HashMap::new();
        for entry in whole["operations"].as_array().into_iter().flatten() {
            let operation = Arc::new(Operation::read(entry));
            for id in entry["ids"].as_array().into_iter().flatten() {
                let id = id.as_str().unwrap_or_default().to_owned();
                operations.insert(id, operation.clone());
            }
        }
        Self {
            operations,
            definitions,
            patterns: Mutex::default(),
            answers,
        }
    }

    /// The operation of this name, as in [`letta_api::operations`].
    pub(super) fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.get(id).map(AsRef::as_ref)
    }

    /// What answers have in any case.
    pub(super) fn answers(&self) -> &Answers {
        &self.answers
    }

    /// What a schema says, behind the reference that it may be.
    pub(super) fn resolved<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        // References do not lead in circles: a test holds that.
        while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.strip_prefix(DEFINITION).unwrap_or(reference);
            schema = &self.definitions[name];
        }
        schema
    }

    /// The type that a schema names first and that is not null, however it is put together.
    pub(super) fn kind<'a>(&'a self, schema: &'a Value) -> Option<&'a str> {
        let schema = self.resolved(schema);
        let named = match &schema["type"] {
            Value::String(kind) => Some(kind.as_str()),
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).next(),
            _ => None,
        };
        named.or_else(|| {
            let parts = ["allOf", "anyOf"].map(|key| schema[key].as_array());
            let mut parts = parts.into_iter().flatten().flatten();
            parts.find_map(|part| self.kind(part).filter(|kind| *kind != "null"))
        })
    }

    /// The schema of the items of an array, however it is put together.
    pub(super) fn items<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        let schema = self.resolved(schema);
        schema.get("items").or_else(|| {
            let parts = ["allOf", "anyOf"].map(|key| schema[key].as_array());
            let mut parts = parts.into_iter().flatten().flatten();
            parts.find_map(|part| self.items(part))
        })
    }

    /// The schemas of an operation, compiled.
    pub(super) fn compiled<'a>(&self, operation: &'a Operation) -> &'a Compiled {
        operation.compiled.get_or_init(|| {
            let body = operation.body.as_ref();
            let compile = |schema: &Value| self.compile(schema);
            Compiled {
                path: compile(&operation.path),
                query: compile(&operation.query),
                json: body.and_then(|body| body.json.as_ref()).map(compile),
                form: body.and_then(|body| body.form.as_ref()).map(compile),
            }
        })
    }

    /// Whether a text has this pattern.
    pub(super) fn matches(&self, pattern: &str, text: &Value) -> bool {
        let mut patterns = self.patterns.lock().expect("nothing panics with it held");
        let validator = patterns
            .entry(pattern.to_owned())
            .or_insert_with(|| Arc::new(self.compile(&json!({"pattern": pattern}))))
            .clone();
        drop(patterns);
        validator.is_valid(text)
    }

    fn compile(&self, schema: &Value) -> Validator {
        let mut reached = BTreeMap::new();
        let mut open = BTreeSet::new();
        references(schema, &mut open);
        while let Some(name) = open.pop_first() {
            if !reached.contains_key(&name) {
                references(&self.definitions[&name], &mut open);
                reached.insert(name.clone(), self.definitions[&name].clone());
            }
        }
        let definitions: Map<String, Value> = reached.into_iter().collect();
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            // Time in the length of the text alone, whatever the pattern.
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .with_format("date-time", text::is_date)
            .build(&json!({"$defs": definitions, "allOf": [schema]}))
            .expect("description.json has valid schemas")
    }

    /// All shared schemas.
    #[cfg(test)]
    pub(super) fn definitions(&self) -> &Map<String, Value> {
        &self.definitions
    }

    /// The description, read once more.
    #[cfg(test)]
    pub(super) fn parse_again() -> Self {
        Self::parse(TEXT)
    }

    #[cfg(test)]
    pub(super) fn text_length() -> usize {
        TEXT.len()
    }
}

impl Operation {
    fn read(entry: &Value) -> Self {
        let body = entry.get("body").map(|body| BodySchema {
            required: body["required"] == true,
            json: body["content"].get("application/json").cloned(),
            form: body["content"].get("multipart/form-data").cloned(),
        });
        Self {
            path: parameters(entry, "path"),
            query: parameters(entry, "query"),
            body,
            compiled: OnceLock::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn is_compiled(&self) -> bool {
        self.compiled.get().is_some()
    }
}

/// An object that has these parameters as its members.
fn parameters(entry: &Value, place: &str) -> Value {
    let all = entry["parameters"].as_array().into_iter().flatten();
    let here: Vec<&Value> = all.filter(|it| it["in"] == place).collect();
    let schema = |it: &&Value| {
        let name = it["name"].as_str().unwrap_or_default();
        (name.to_owned(), it["schema"].clone())
    };
    let required = here.iter().filter(|it| it["required"] == true);
    let required: Vec<&Value> = required.map(|it| &it["name"]).collect();
    let properties: Map<String, Value> = here.iter().map(schema).collect();
    json!({"type": "object", "properties": properties, "required": required})
}

/// The names of the shared schemas that a schema refers to.
fn references(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|it| references(it, found)),
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.extend(reference.strip_prefix(DEFINITION).map(str::to_owned));
            }
            let within = members.iter().filter(|(key, _)| *key != "discriminator");
            within.for_each(|(_, it)| references(it, found));
        }
        _ => {}
    }
}

/// The emulator has IDs such as `agent-1`, which are shorter than the service's. The word before the `-` must be right.
///
/// Formats other than dates say nothing about what the service refuses.
fn relax(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(relax),
        Value::Object(members) => {
            let pattern = members.get("pattern").and_then(Value::as_str);
            let random =
                pattern.and_then(|it| RANDOM.into_iter().find(|random| it.contains(random)));
            if let (Some(pattern), Some(random)) = (pattern.map(str::to_owned), random) {
                members.insert("pattern".to_owned(), pattern.replace(random, ".+").into());
                members.insert(PATTERN.to_owned(), pattern.into());
                members.insert(ID.to_owned(), true.into());
                members.remove("minLength");
                members.remove("maxLength");
            }
            let is_length = |key: &str| members.get(key).is_some_and(Value::is_u64);
            if is_length("minLength") && members.get("minLength") == members.get("maxLength") {
                members.remove("minLength");
                members.remove("maxLength");
            }
            if members
                .get("format")
                .is_some_and(|it| it.is_string() && it != "date-time" && it != "binary")
            {
                members.remove("format");
            }
            members.values_mut().for_each(relax);
        }
        _ => {}
    }
}
