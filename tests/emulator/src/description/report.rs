//! What is wrong with a value that a schema does not take, in the words of the server.
//!
//! `jsonschema` has said that the value is invalid. It gathers all errors of a value, with those of every branch of a union, and a body
//! may hold a hundred thousand wrong items. So this goes through schema and value by itself, and stops at [`MOST`] findings.
//!
//! A union is read by its discriminator, if it has one. Otherwise its best branch is told about: one of the right type, with the right
//! constants, with the fewest findings.

use serde_json::{Map, Value};

use crate::description::data::{Data, ID, PATTERN};
use crate::description::finding::{Finding, Loc};
use crate::description::{python, text};

/// The most that is told about one request.
pub(super) const MOST: usize = 16;

/// What is said of something that must be an object with certain members.
pub(super) const OBJECT: (&str, &str) = (
    "model_attributes_type",
    "Input should be a valid dictionary or object to extract fields from",
);

/// A report on one value.
pub(super) struct Report<'a> {
    data: &'a Data,
    loc: Vec<Loc>,
    found: Vec<Finding>,
    most: usize,
    /// How many values were looked at, for the tests of how much work there is.
    looked_at: usize,
}

impl<'a> Report<'a> {
    /// What is wrong with a value that is found here.
    pub(super) fn of(data: &'a Data, here: &str, schema: &Value, value: &Value) -> Self {
        let mut report = Self::new(data, vec![here.into()], MOST);
        report.value(schema, value);
        report
    }

    fn new(data: &'a Data, loc: Vec<Loc>, most: usize) -> Self {
        Self {
            data,
            loc,
            found: Vec::new(),
            most,
            looked_at: 0,
        }
    }

    pub(super) fn found(self) -> Vec<Finding> {
        self.found
    }

    #[cfg(test)]
    pub(super) fn looked_at(&self) -> usize {
        self.looked_at
    }

    fn is_full(&self) -> bool {
        self.found.len() >= self.most
    }

    fn tell(&mut self, finding: Finding) {
        if !self.is_full() && !self.found.contains(&finding) {
            self.found.push(finding);
        }
    }

    fn finding(&self, kind: &'static str, message: impl Into<String>, input: &Value) -> Finding {
        Finding::new(kind, &self.loc, message, input)
    }

    fn within(&mut self, step: Loc, schema: &Value, value: &Value) {
        self.loc.push(step);
        self.value(schema, value);
        self.loc.pop();
    }

    fn value(&mut self, schema: &Value, value: &Value) {
        if self.is_full() {
            return;
        }
        self.looked_at += 1;
        let schema = self.data.resolved(schema);
        for part in list(schema, "allOf") {
            self.value(part, value);
        }
        if let Some(branches) = schema["anyOf"].as_array() {
            match schema.get("discriminator") {
                Some(discriminator) => self.tagged(discriminator, branches, value),
                None => self.union(branches, value),
            }
            return;
        }
        if !self.has_type(schema, value) || !self.is_one_of(schema, value) {
            return;
        }
        match value {
            Value::String(text) => self.text(schema, value, text),
            Value::Number(_) => self.number(schema, value),
            Value::Array(items) => self.array(schema, value, items),
            Value::Object(members) => self.object(schema, value, members),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// One of several, told apart by a member.
    fn tagged(&mut self, discriminator: &Value, branches: &[Value], value: &Value) {
        let nullable = branches.iter().any(|it| it["type"] == "null");
        if nullable && value.is_null() {
            return;
        }
        let Value::Object(members) = value else {
            let (kind, message) = OBJECT;
            self.tell(self.finding(kind, message, value));
            return;
        };
        let name = discriminator["propertyName"].as_str().unwrap_or_default();
        let quoted = python::string(&python::string(name));
        let default = &discriminator["default"];
        let tag = members.get(name);
        let tag = match default.is_string() {
            true => Some(tag.filter(|it| !it.is_null()).unwrap_or(default)),
            false => tag,
        };
        let Some(tag) = tag else {
            let message = format!(
                "Unable to extract tag using discriminator {}",
                python::string(name)
            );
            let finding = self.finding("union_tag_not_found", message, value);
            self.tell(finding.with("discriminator", quoted));
            return;
        };
        let mapping = discriminator["mapping"].as_object();
        let branch = tag.as_str().and_then(|tag| mapping?.get(tag));
        let Some(branch) = branch.and_then(Value::as_str) else {
            if default.is_string() {
                // The server knows no discriminator here, and tells about the constants.
                let tags: Vec<&str> = mapping.into_iter().flatten().map(|it| &**it.0).collect();
                let schema = serde_json::json!({"enum": tags});
                return self.within(name.into(), &schema, tag);
            }
            let tags = mapping.into_iter().flatten();
            let tags: Vec<String> = tags.map(|(tag, _)| python::string(tag)).collect();
            let expected = tags.join(", ");
            let found = python::value(&python::value(tag).into());
            let found = found.trim_matches('"');
            let message = format!(
                "Input tag {found} found using {} does not match any of the expected tags: {expected}",
                python::string(name)
            );
            let finding = self.finding("union_tag_invalid", message, value);
            let finding = finding.with("discriminator", quoted);
            let finding = finding.with("tag", python::value(tag));
            self.tell(finding.with("expected_tags", python::string(&expected)));
            return;
        };
        let branch = serde_json::json!({"$ref": branch});
        self.value(&branch, value);
    }

    /// One of several that nothing tells apart.
    fn union(&mut self, branches: &[Value], value: &Value) {
        let mut best: Option<((bool, bool, usize), Vec<Finding>)> = None;
        for branch in branches {
            let mut report = Report::new(self.data, self.loc.clone(), MOST);
            report.value(branch, value);
            self.looked_at += report.looked_at;
            let found = report.found;
            if found.is_empty() {
                return;
            }
            let is_null = branch["type"] == "null";
            let here = self.loc.len();
            let is_other = is_null || found.iter().any(|it| it.loc.len() == here);
            let has_other_constant = found.iter().any(
                |it| matches!(&it.loc[here..], [Loc::Name(name)] if self.is_constant(branch, name)),
            );
            let distance = (is_other, has_other_constant, found.len());
            if best.as_ref().is_none_or(|(least, _)| distance < *least) {
                best = Some((distance, found));
            }
        }
        for finding in best.into_iter().flat_map(|(_, found)| found) {
            self.tell(finding);
        }
    }

    /// Whether the schema of an object has only one value for this member.
    fn is_constant(&self, schema: &Value, name: &str) -> bool {
        let property = &self.data.resolved(schema)["properties"][name];
        list(self.data.resolved(property), "enum").len() == 1
    }

    fn has_type(&mut self, schema: &Value, value: &Value) -> bool {
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => return true,
        };
        if kinds.iter().any(|kind| is_of(kind, value)) {
            return true;
        }
        let kind = kinds.into_iter().find(|kind| *kind != "null");
        let (kind, message) = match (kind.unwrap_or("null"), value) {
            ("string", _) if schema["format"] == "date-time" => {
                ("datetime_type", "Input should be a valid datetime")
            }
            ("string", _) => ("string_type", "Input should be a valid string"),
            ("integer", Value::String(it)) if text::integer(it).is_none() => (
                "int_parsing",
                "Input should be a valid integer, unable to parse string as an integer",
            ),
            ("integer", Value::Number(_)) => (
                "int_from_float",
                "Input should be a valid integer, got a number with a fractional part",
            ),
            ("integer", _) => ("int_type", "Input should be a valid integer"),
            ("number", Value::String(it)) if text::number(it).is_none() => (
                "float_parsing",
                "Input should be a valid number, unable to parse string as a number",
            ),
            ("number", _) => ("float_type", "Input should be a valid number"),
            ("boolean", Value::String(it)) if text::boolean(it).is_none() => (
                "bool_parsing",
                "Input should be a valid boolean, unable to interpret input",
            ),
            ("boolean", _) => ("bool_type", "Input should be a valid boolean"),
            ("array", _) => ("list_type", "Input should be a valid list"),
            ("object", _) if schema.get("properties").is_some() => OBJECT,
            ("object", _) => ("dict_type", "Input should be a valid dictionary"),
            _ => ("none_required", "Input should be None"),
        };
        self.tell(self.finding(kind, message, value));
        false
    }

    fn is_one_of(&mut self, schema: &Value, value: &Value) -> bool {
        let Some(values) = schema["enum"].as_array() else {
            return true;
        };
        if values.contains(value) {
            return true;
        }
        let printed: Vec<String> = values
            .iter()
            .filter(|it| !it.is_null())
            .map(python::value)
            .collect();
        let expected = match printed.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => "None".to_owned(),
        };
        let in_body = self.loc.first() == Some(&"body".into());
        let kind = match printed.len() > 1 && in_body {
            true => "enum",
            false => "literal_error",
        };
        let finding = self.finding(kind, format!("Input should be {expected}"), value);
        self.tell(finding.with("expected", python::string(&expected)));
        false
    }

    fn text(&mut self, schema: &Value, value: &Value, text: &str) {
        if schema["format"] == "date-time" && !text::is_date(text) {
            let error = match text.len() < 10 {
                true => "input is too short",
                false => "invalid character in year",
            };
            let message = format!("Input should be a valid datetime or date, {error}");
            let finding = self.finding("datetime_from_date_parsing", message, value);
            self.tell(finding.with("error", python::string(error)));
        }
        let length = text.chars().count() as u64;
        for (key, kind, name, word) in [
            ("minLength", "string_too_short", "min_length", "at least"),
            ("maxLength", "string_too_long", "max_length", "at most"),
        ] {
            let Some(bound) = schema[key].as_u64() else {
                continue;
            };
            let is_wrong = match key {
                "minLength" => length < bound,
                _ => length > bound,
            };
            if is_wrong {
                let message = format!("String should have {word} {}", counted(bound, "character"));
                let finding = self.finding(kind, message, value);
                self.tell(finding.with(name, bound.to_string()));
            }
        }
        if let Some(pattern) = schema["pattern"].as_str()
            && !self.data.matches(pattern, value)
        {
            let stated = schema[PATTERN].as_str().unwrap_or(pattern);
            let message = format!("String should match pattern {}", python::string(stated));
            let mut finding = self.finding("string_pattern_mismatch", message, value);
            finding = finding.with("pattern", python::string(stated));
            if schema[ID] == true {
                finding.id_pattern = Some(stated.to_owned());
            }
            self.tell(finding);
        }
    }

    fn number(&mut self, schema: &Value, value: &Value) {
        let number = value.as_f64().unwrap_or_default();
        for (key, kind, name, words) in [
            (
                "minimum",
                "greater_than_equal",
                "ge",
                "greater than or equal to",
            ),
            ("exclusiveMinimum", "greater_than", "gt", "greater than"),
            ("maximum", "less_than_equal", "le", "less than or equal to"),
            ("exclusiveMaximum", "less_than", "lt", "less than"),
        ] {
            let Some(bound) = schema[key].as_f64() else {
                continue;
            };
            let is_right = match name {
                "ge" => number >= bound,
                "gt" => number > bound,
                "le" => number <= bound,
                _ => number < bound,
            };
            if !is_right {
                let bound = schema[key].to_string();
                let message = format!("Input should be {words} {bound}");
                let finding = self.finding(kind, message, value);
                self.tell(finding.with(name, bound));
            }
        }
        if let Some(step) = schema["multipleOf"].as_f64()
            && (number / step).fract() != 0.0
        {
            let step = schema["multipleOf"].to_string();
            let message = format!("Input should be a multiple of {step}");
            let finding = self.finding("multiple_of", message, value);
            self.tell(finding.with("multiple_of", step));
        }
    }

    fn array(&mut self, schema: &Value, value: &Value, items: &[Value]) {
        let length = items.len() as u64;
        for (key, kind, name, word) in [
            ("minItems", "too_short", "min_length", "at least"),
            ("maxItems", "too_long", "max_length", "at most"),
        ] {
            let Some(bound) = schema[key].as_u64() else {
                continue;
            };
            let is_wrong = match key {
                "minItems" => length < bound,
                _ => length > bound,
            };
            if is_wrong {
                let bounded = counted(bound, "item");
                let message =
                    format!("List should have {word} {bounded} after validation, not {length}");
                let finding = self.finding(kind, message, value);
                let finding = finding.with("field_type", "'List'");
                let finding = finding.with(name, bound.to_string());
                self.tell(finding.with("actual_length", length.to_string()));
            }
        }
        if let Some(each) = schema.get("items") {
            for (at, item) in items.iter().enumerate() {
                if self.is_full() {
                    return;
                }
                self.within(Loc::Index(at), each, item);
            }
        }
    }

    fn object(&mut self, schema: &Value, value: &Value, members: &Map<String, Value>) {
        let properties = schema["properties"].as_object();
        for name in list(schema, "required").iter().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                self.loc.push(name.into());
                self.tell(self.finding("missing", "Field required", value));
                self.loc.pop();
            }
        }
        for (name, property) in properties.into_iter().flatten() {
            if let Some(member) = members.get(name) {
                self.within(name.as_str().into(), property, member);
            }
        }
        let Some(others) = schema.get("additionalProperties") else {
            return;
        };
        for (name, member) in members {
            if self.is_full() {
                return;
            }
            if properties.is_some_and(|it| it.contains_key(name)) {
                continue;
            }
            if *others == false {
                self.loc.push(name.as_str().into());
                self.tell(self.finding(
                    "extra_forbidden",
                    "Extra inputs are not permitted",
                    member,
                ));
                self.loc.pop();
            } else {
                self.within(name.as_str().into(), others, member);
            }
        }
    }
}

/// Whether a value is of this type of JSON Schema.
fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|it| it.fract() == 0.0)
        }
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

fn list<'v>(schema: &'v Value, key: &str) -> &'v [Value] {
    schema[key].as_array().map_or(&[], Vec::as_slice)
}

fn counted(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}
