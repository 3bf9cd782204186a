//! The schema of a tool's input, in the form that every model takes.
//!
//! In goes the JSON Schema of a type, or one that the application read. Out comes an object's schema of few keywords:
//!
//! | what | what becomes of it | why |
//! |---|---|---|
//! | `$ref` | its target | Gemini takes no references |
//! | a type that contains itself | an error | it cannot be written out |
//! | `oneOf` | `anyOf`; texts become one `enum` | Gemini takes no other union |
//! | `anyOf` beside anything | its description goes into the branches | Gemini takes `anyOf` only alone |
//! | `anyOf` beside or instead of the fields | one object with all fields, and a list of the sets that belong together | Anthropic takes no union at the top |
//! | a list of types | `anyOf`; without `null` if the field may be left out | Gemini takes one type |
//! | `const`, `enum` | texts stay; of other values, the description tells | Gemini takes only texts |
//! | `allOf` | merged | as for `anyOf` |
//! | `prefixItems` | `items`, a length, and the order in the description | Gemini takes one kind of items |
//! | `patternProperties` | `additionalProperties` | the same |
//! | `default`, `multipleOf`, exclusive bounds, `uniqueItems` | the description tells | the same |
//! | `format` of numbers | left out | Gemini takes few, and schemars writes others |
//! | `title`, `$schema`, anything else | left out | the service's Google client refuses what it does not know |
//!
//! The top has always `properties` and `required`, which the service reads.

use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::alternatives;

/// Most levels of schemas in each other.
const DEPTH_LIMIT: usize = 48;

/// Most schemas in one, after references are replaced by their targets.
const SIZE_LIMIT: usize = 5_000;

/// Longest name of a field, in bytes.
const FIELD_LIMIT: usize = 64;

/// Formats of text that OpenAI and Anthropic name. The service removes what Gemini does not take.
const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "time",
    "uuid",
];

/// What is wrong with a schema: the rest of a sentence that begins with the tools.
pub(super) type Result<T> = std::result::Result<T, String>;

pub(super) type Object = Map<String, Value>;

/// What is known about a tool's input.
#[derive(Debug)]
pub(super) struct Parameters {
    pub(super) schema: Object,
    /// The type's name.
    pub(super) title: Option<String>,
    /// The type's documentation.
    pub(super) description: Option<String>,
    /// Whether the input is `()` or a unit struct, which is written as an object without fields.
    pub(super) is_unit: bool,
}

impl Parameters {
    /// Those of a type that has no schema for a model.
    pub(super) fn named(title: &str) -> Self {
        Self {
            schema: Object::new(),
            title: Some(title.to_owned()),
            description: None,
            is_unit: false,
        }
    }

    /// Takes the type's documentation. What else a model must be told stays in the schema.
    pub(super) fn take_description(&mut self) -> Option<String> {
        let description = self.description.take()?;
        if let Some(Value::String(text)) = self.schema.remove("description") {
            let rest = text.strip_prefix(description.trim_end()).unwrap_or(&text);
            let rest = rest.trim_start_matches('.').trim_start();
            if !rest.is_empty() {
                self.schema.insert("description".into(), rest.into());
            }
        }
        Some(description)
    }
}

/// The schema of a type, as it is deserialized.
pub(super) fn of_type<T: JsonSchema>() -> Result<Parameters> {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    of_value(&schema.to_value())
}

/// A schema that was read or written by hand.
pub(super) fn of_value(root: &Value) -> Result<Parameters> {
    let text = |key: &str| root.get(key)?.as_str().map(str::to_owned);
    let mut cleaner = Cleaner {
        root,
        under_way: Vec::new(),
        size: 0,
    };
    let clean = cleaner.clean(root, 0)?;
    let is_unit = clean.is_type("null");
    let mut schema = match is_unit {
        true => Object::new(),
        false => alternatives::as_object(clean)?,
    };
    schema.insert("type".into(), "object".into());
    for (key, empty) in [("properties", json!({})), ("required", json!([]))] {
        schema.entry(key).or_insert(empty);
    }
    check_names(&schema)?;
    Ok(Parameters {
        schema,
        title: text("title"),
        description: text("description"),
        is_unit,
    })
}

/// Anthropic refuses other names of fields at the top, and all tools of the request with them.
fn check_names(schema: &Object) -> Result<()> {
    let properties = schema.get("properties").and_then(Value::as_object);
    for name in properties.into_iter().flat_map(Map::keys) {
        let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if name.is_empty() || name.len() > FIELD_LIMIT || !name.bytes().all(is_valid) {
            let shown: String = name.chars().take(FIELD_LIMIT).collect();
            return Err(format!(
                "must have fields with names of 1 to 64 letters, digits, `_`, `.` or `-`, unlike `{}`",
                shown.escape_debug()
            ));
        }
    }
    Ok(())
}

/// A schema without what models refuse. It is not finished: `null` is apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Clean {
    pub(super) keywords: Object,
    /// Whether `null` is allowed as well.
    pub(super) is_nullable: bool,
    /// Whether nothing is allowed.
    pub(super) is_never: bool,
}

impl Clean {
    pub(super) fn of(keywords: Object) -> Self {
        Self {
            keywords,
            ..Self::default()
        }
    }

    pub(super) fn never() -> Self {
        Self {
            is_never: true,
            ..Self::default()
        }
    }

    pub(super) fn kind(&self) -> Option<&str> {
        self.keywords.get("type")?.as_str()
    }

    pub(super) fn is_type(&self, kind: &str) -> bool {
        self.kind() == Some(kind)
    }

    /// Whether it allows everything. It may have a description.
    pub(super) fn is_any(&self) -> bool {
        !self.is_never && self.keywords.keys().all(|key| key == "description")
    }

    pub(super) fn branches(&self) -> Option<&[Value]> {
        Some(self.keywords.get("anyOf")?.as_array()?)
    }

    pub(super) fn description(&self) -> Option<&str> {
        self.keywords.get("description")?.as_str()
    }

    pub(super) fn describe(&mut self, description: Option<String>) {
        match description {
            Some(text) => self.keywords.insert("description".into(), text.into()),
            None => self.keywords.remove("description"),
        };
    }

    pub(super) fn take_description(&mut self) -> Option<String> {
        match self.keywords.remove("description")? {
            Value::String(description) => Some(description),
            _ => None,
        }
    }

    /// The schema as it is sent, with `null` if it is allowed.
    pub(super) fn finish(mut self) -> Value {
        if self.is_nullable && !self.is_any() {
            let description = self.keywords.remove("description");
            let mut branches = match self.keywords.remove("anyOf") {
                Some(Value::Array(branches)) => branches,
                _ => vec![Value::Object(std::mem::take(&mut self.keywords))],
            };
            branches.push(json!({"type": "null"}));
            self.keywords.insert("anyOf".into(), branches.into());
            if let Some(description) = description {
                self.keywords.insert("description".into(), description);
            }
        }
        alternatives::move_description(&mut self.keywords);
        Value::Object(self.keywords)
    }

    /// The schema of a field that may be left out: leaving it out says what `null` would say.
    fn finish_optional(mut self) -> Value {
        self.is_nullable = false;
        self.finish()
    }
}

/// Joins sentences.
pub(super) fn join(first: Option<&str>, then: &str) -> String {
    let Some(first) = first.map(str::trim_end).filter(|text| !text.is_empty()) else {
        return then.to_owned();
    };
    if then.starts_with("- ") {
        return format!("{first}\n{then}");
    }
    let end = match first.ends_with(['.', '!', '?', ':', ';']) {
        true => "",
        false => ".",
    };
    format!("{first}{end} {then}")
}

struct Cleaner<'a> {
    root: &'a Value,
    /// The references that led here.
    under_way: Vec<&'a str>,
    size: usize,
}

impl<'a> Cleaner<'a> {
    fn clean(&mut self, schema: &'a Value, depth: usize) -> Result<Clean> {
        self.size += 1;
        if depth > DEPTH_LIMIT {
            return Err(format!(
                "must have an input that nests at most {DEPTH_LIMIT} levels deep"
            ));
        }
        if self.size > SIZE_LIMIT {
            return Err(format!(
                "must have an input of at most {SIZE_LIMIT} schemas, each use of a type counted"
            ));
        }
        let schema = match schema {
            Value::Bool(true) => return Ok(Clean::default()),
            Value::Bool(false) => return Ok(Clean::never()),
            Value::Object(schema) => schema,
            _ => return Err("must have a schema of objects and booleans".to_owned()),
        };
        let mut clean = self.own(schema, depth)?;
        if let Some(description) = schema.get("description").and_then(Value::as_str) {
            let text = match clean.description() {
                Some(note) => join(Some(description), note),
                None => description.to_owned(),
            };
            clean.describe(Some(text));
        }
        if let Some(Value::String(reference)) = schema.get("$ref") {
            let target = self.target(reference, depth)?;
            clean = alternatives::both(clean, target)?;
        }
        for part in list(schema, "allOf") {
            let part = self.clean(part, depth + 1)?;
            clean = alternatives::both(clean, part)?;
        }
        for key in ["anyOf", "oneOf"] {
            let mut branches = Vec::new();
            for branch in list(schema, key) {
                branches.push(self.clean(branch, depth + 1)?);
            }
            if !branches.is_empty() {
                clean = alternatives::both(clean, alternatives::one_of(branches))?;
            }
        }
        if let Some(default) = schema
            .get("default")
            .filter(|default| says_something(default))
        {
            let note = join(clean.description(), &format!("Default: {default}."));
            clean.describe(Some(note));
        }
        Ok(clean)
    }

    /// What a reference names, cleaned.
    fn target(&mut self, reference: &'a str, depth: usize) -> Result<Clean> {
        let (name, target) = match reference.strip_prefix('#') {
            Some("") => (self.root_name(), Some(self.root)),
            Some(pointer) => {
                let name = reference.rsplit('/').next().unwrap_or(reference);
                let pointer = percent_decode_str(pointer).decode_utf8_lossy();
                (name, self.root.pointer(&pointer))
            }
            None => (reference, None),
        };
        let Some(target) = target else {
            return Err(format!(
                "must have a schema that is complete, but it refers to `{}`",
                name.escape_debug()
            ));
        };
        // The root is under way without a reference.
        if self.under_way.contains(&reference) || std::ptr::eq(target, self.root) {
            return Err(format!(
                "must not have a recursive input: `{}` contains itself, and models take no references",
                name.escape_debug()
            ));
        }
        self.under_way.push(reference);
        let clean = self.clean(target, depth + 1);
        self.under_way.pop();
        clean
    }

    fn root_name(&self) -> &'a str {
        let title = self.root.get("title").and_then(Value::as_str);
        title.unwrap_or("the input")
    }

    /// What a schema says without its references, its parts and its branches.
    fn own(&mut self, schema: &'a Object, depth: usize) -> Result<Clean> {
        let values: Option<Vec<&Value>> = match (schema.get("const"), schema.get("enum")) {
            (Some(value), _) => Some(vec![value]),
            (None, Some(Value::Array(values))) => Some(values.iter().collect()),
            _ => None,
        };
        let kinds = kinds(schema, values.as_deref());
        if kinds.is_empty() {
            return Ok(Clean::default());
        }
        let mut branches = Vec::new();
        for kind in kinds {
            let values = values.as_ref().map(|values| {
                let values = values.iter().copied();
                let fit = |value: &&Value| is_of(kind, value);
                values.filter(fit).collect::<Vec<&Value>>()
            });
            if values.as_ref().is_some_and(Vec::is_empty) {
                continue;
            }
            branches.push(self.of_kind(schema, kind, values, depth)?);
        }
        Ok(alternatives::one_of(branches))
    }

    /// What a schema says about values of a type.
    fn of_kind(
        &mut self,
        schema: &'a Object,
        kind: &'a str,
        values: Option<Vec<&Value>>,
        depth: usize,
    ) -> Result<Clean> {
        let mut out = Object::new();
        let mut notes = Vec::new();
        out.insert("type".into(), kind.into());
        let mut copy = |keys: &[&str]| {
            for key in keys {
                if let Some(value) = schema.get(*key) {
                    out.insert((*key).into(), value.clone());
                }
            }
        };
        match kind {
            "string" => {
                copy(&["minLength", "maxLength", "pattern"]);
                let format = schema.get("format").and_then(Value::as_str);
                if let Some(format) = format.filter(|format| FORMATS.contains(format)) {
                    out.insert("format".into(), format.into());
                }
                if let Some(values) = values {
                    out.insert("enum".into(), json!(values));
                }
            }
            "integer" | "number" => {
                copy(&["minimum", "maximum"]);
                exclusive_bounds(schema, kind, &mut out, &mut notes);
                if let Some(step) = schema.get("multipleOf") {
                    notes.push(format!("A multiple of {step}."));
                }
                notes.extend(values.map(|values| one_of_values(&values)));
            }
            "boolean" => {
                let values = values.filter(|values| values.len() == 1);
                notes.extend(values.map(|values| one_of_values(&values)));
            }
            "array" => {
                copy(&["minItems", "maxItems"]);
                self.items(schema, &mut out, &mut notes, depth)?;
                if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
                    notes.push("No two items are the same.".to_owned());
                }
            }
            "object" => {
                copy(&["minProperties", "maxProperties"]);
                self.properties(schema, &mut out, depth)?;
            }
            _ => {}
        }
        let mut clean = Clean::of(out);
        if !notes.is_empty() {
            clean.describe(Some(notes.join(" ")));
        }
        Ok(clean)
    }

    fn items(
        &mut self,
        schema: &'a Object,
        out: &mut Object,
        notes: &mut Vec<String>,
        depth: usize,
    ) -> Result<()> {
        let prefix = list(schema, "prefixItems");
        let mut items = Vec::new();
        for item in prefix {
            items.push(self.clean(item, depth + 1)?);
        }
        let rest = match schema.get("items") {
            Some(rest) => self.clean(rest, depth + 1)?,
            None if prefix.is_empty() => Clean::default(),
            None => Clean::never(),
        };
        if !prefix.is_empty() {
            let names: Vec<String> = items.iter().map(name_of).collect();
            let more = match rest.is_never {
                true => "",
                false => ", and more",
            };
            notes.push(format!("Items in this order: {}{more}.", names.join(", ")));
            out.entry("minItems").or_insert(prefix.len().into());
            if rest.is_never {
                out.entry("maxItems").or_insert(prefix.len().into());
            }
        }
        if !rest.is_never {
            items.push(rest);
        }
        let items = match items.is_empty() {
            true => Clean::default(),
            false => alternatives::one_of(items),
        };
        out.insert("items".into(), items.finish());
        Ok(())
    }

    fn properties(&mut self, schema: &'a Object, out: &mut Object, depth: usize) -> Result<()> {
        let mut properties = Object::new();
        let required: Vec<&str> = list(schema, "required")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        if let Some(Value::Object(fields)) = schema.get("properties") {
            for (name, field) in fields {
                let field = self.clean(field, depth + 1)?;
                if field.is_never {
                    continue;
                }
                let field = match required.contains(&name.as_str()) {
                    true => field.finish(),
                    false => field.finish_optional(),
                };
                properties.insert(name.clone(), field);
            }
        }
        out.insert("properties".into(), properties.into());
        if !required.is_empty() {
            out.insert("required".into(), required.into());
        }
        let mut others = Vec::new();
        if let Some(Value::Object(patterns)) = schema.get("patternProperties") {
            for pattern in patterns.values() {
                others.push(self.clean(pattern, depth + 1)?);
            }
        }
        if let Some(other) = schema.get("additionalProperties") {
            others.push(self.clean(other, depth + 1)?);
        }
        if !others.is_empty() {
            let others = alternatives::one_of(others);
            let others = match (others.is_never, others.is_any()) {
                (true, _) => Value::Bool(false),
                (_, true) => Value::Bool(true),
                _ => others.finish(),
            };
            out.insert("additionalProperties".into(), others);
        }
        Ok(())
    }
}

/// The types that a schema allows. None if it allows all.
fn kinds<'a>(schema: &'a Object, values: Option<&[&Value]>) -> Vec<&'a str> {
    const TYPES: &[&str] = &[
        "string", "integer", "number", "boolean", "array", "object", "null",
    ];
    const HINTS: &[(&str, &[&str])] = &[
        (
            "object",
            &[
                "properties",
                "required",
                "additionalProperties",
                "patternProperties",
            ],
        ),
        ("array", &["items", "prefixItems"]),
        ("string", &["pattern", "minLength", "maxLength"]),
        (
            "number",
            &[
                "minimum",
                "maximum",
                "exclusiveMinimum",
                "exclusiveMaximum",
                "multipleOf",
            ],
        ),
    ];
    let known = |kind: &str| TYPES.iter().copied().find(|known| *known == kind);
    match schema.get("type") {
        Some(Value::String(kind)) => return known(kind).into_iter().collect(),
        Some(Value::Array(kinds)) => {
            let kinds = kinds.iter().filter_map(Value::as_str);
            return kinds.filter_map(known).collect();
        }
        _ => {}
    }
    if let Some(values) = values {
        let is_used = |kind: &&str| {
            // A whole number is an integer already.
            *kind != "number" || values.iter().any(|value| value.is_f64())
        };
        let mut kinds: Vec<&str> = TYPES.iter().copied().filter(is_used).collect();
        if kinds.contains(&"number") {
            kinds.retain(|kind| *kind != "integer");
        }
        kinds.retain(|kind| values.iter().any(|value| is_of(kind, value)));
        return kinds;
    }
    let hinted = HINTS.iter().filter(|(_, keys)| {
        let mut keys = keys.iter();
        keys.any(|key| schema.contains_key(*key))
    });
    hinted.map(|(kind, _)| *kind).collect()
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => value.is_null(),
    }
}

/// Whether a default tells a model more than that the field may be left out.
fn says_something(default: &Value) -> bool {
    match default {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn exclusive_bounds(schema: &Object, kind: &str, out: &mut Object, notes: &mut Vec<String>) {
    let bounds = [
        ("exclusiveMinimum", "minimum", 1, "Greater"),
        ("exclusiveMaximum", "maximum", -1, "Less"),
    ];
    for (exclusive, inclusive, step, word) in bounds {
        let Some(bound) = schema.get(exclusive).filter(|bound| bound.is_number()) else {
            continue;
        };
        let next = bound.as_i64().and_then(|bound| bound.checked_add(step));
        match next.filter(|_| kind == "integer") {
            Some(next) => {
                out.entry(inclusive).or_insert(next.into());
            }
            None => notes.push(format!("{word} than {bound}.")),
        }
    }
}

fn one_of_values(values: &[&Value]) -> String {
    let texts: Vec<String> = values.iter().map(|value| value.to_string()).collect();
    match texts.as_slice() {
        [text] => format!("Always {text}."),
        _ => format!("One of: {}.", texts.join(", ")),
    }
}

/// What an item of a tuple is, in a word.
fn name_of(item: &Clean) -> String {
    if let Some(description) = item.description() {
        return description.trim_end_matches('.').to_owned();
    }
    item.kind().unwrap_or("a value").to_owned()
}

fn list<'a>(schema: &'a Object, key: &str) -> &'a [Value] {
    let list = schema.get(key).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}
