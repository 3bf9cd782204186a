//! Values made from a schema: one that it takes, and many that it does not.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::description::data::{Data, ID};
use crate::description::tests::data;

/// A value that a schema does not take, and where it does not.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    pub(super) value: Value,
    /// The way to what is wrong, by dots.
    pub(super) at: Vec<String>,
    pub(super) why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// A required member was left out.
    LeftOut,
    /// A value of another type.
    Type,
    /// A value that an enum does not have.
    Unknown,
}

/// The smallest value that a schema takes. Of a union, the first branch.
pub(super) fn minimal(schema: &Value) -> Value {
    let data = data();
    let schema = data.resolved(schema);
    if let Some(first) = schema["anyOf"].get(0) {
        return match schema["discriminator"]["mapping"].as_object() {
            Some(mapping) => {
                let (tag, branch) = mapping.iter().next().unwrap();
                tagged(&schema["discriminator"], tag, branch)
            }
            None => branch(first),
        };
    }
    if let Some(part) = schema["allOf"].get(0) {
        let own = schema.get("pattern").is_some() || schema.get("enum").is_some();
        return if own { text(schema) } else { minimal(part) };
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match data.kind(schema) {
        Some("string") => text(schema),
        Some("integer") => schema["minimum"].as_i64().unwrap_or(1).into(),
        Some("number") => schema["minimum"].as_f64().unwrap_or(0.5).into(),
        Some("boolean") => true.into(),
        Some("array") => {
            let count = schema["minItems"].as_u64().unwrap_or(0);
            (0..count).map(|_| minimal(&schema["items"])).collect()
        }
        Some("object") => {
            let mut members = Map::new();
            for name in schema["required"].as_array().into_iter().flatten() {
                let name = name.as_str().unwrap();
                members.insert(name.to_owned(), minimal(&schema["properties"][name]));
            }
            members.into()
        }
        _ => json!({"any": "thing"}),
    }
}

/// A branch of a union, with the constants that tell it apart.
fn branch(schema: &Value) -> Value {
    let mut value = minimal(schema);
    if let Value::Object(members) = &mut value {
        for name in constants(schema) {
            let property = &data().resolved(schema)["properties"][&name];
            members.insert(name, data().resolved(property)["enum"][0].clone());
        }
    }
    value
}

/// The members of an object that may have one value only, apart from null.
fn constants(schema: &Value) -> Vec<String> {
    let properties = data().resolved(schema)["properties"].as_object();
    let is_constant = |property: &Value| {
        let values = data().resolved(property)["enum"].as_array();
        let values = values.into_iter().flatten();
        values.filter(|it| !it.is_null()).count() == 1
    };
    let constants = properties.into_iter().flatten();
    let constants = constants.filter(|(_, property)| is_constant(property));
    constants.map(|(name, _)| name.clone()).collect()
}

fn tagged(discriminator: &Value, tag: &str, branch: &Value) -> Value {
    let mut value = minimal(&json!({"$ref": branch}));
    value[discriminator["propertyName"].as_str().unwrap()] = tag.into();
    value
}

/// A text that a schema takes.
fn text(schema: &Value) -> Value {
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if schema["format"] == "date-time" {
        return "2026-03-01T12:00:00Z".into();
    }
    let pattern = schema["pattern"].as_str();
    if schema[ID] == true {
        let pattern = pattern
            .unwrap()
            .trim_start_matches('^')
            .trim_end_matches('$');
        let first = pattern.replace(['(', ')'], "|");
        let first = first.split('|').find(|it| !it.is_empty()).unwrap();
        let rest = match pattern.contains("(job|run)") {
            true => "-1",
            false => "",
        };
        return format!("{}{rest}", first.replace(".+", "1")).into();
    }
    let length = schema["minLength"].as_u64().unwrap_or(1).max(1);
    let texts = ["a".repeat(length as usize), "http://a".to_owned()];
    let fits = |text: &Value| pattern.is_none_or(|it| data().matches(it, text));
    texts.map(Value::from).into_iter().find(fits).unwrap()
}

/// Values that a schema does not take: each required member left out, each member with a wrong type, each enum with an unknown
/// value, as deep as the schema goes. Each shared schema is gone into once.
pub(super) fn wrongs(schema: &Value) -> Vec<Wrong> {
    let mut found = Vec::new();
    Makes {
        data: data(),
        seen: BTreeSet::new(),
    }
    .wrongs(schema, &mut found);
    found
}

struct Makes {
    data: &'static Data,
    seen: BTreeSet<String>,
}

impl Makes {
    fn wrongs(&mut self, schema: &Value, found: &mut Vec<Wrong>) {
        self.leaf(schema, found);
        self.inner(schema, &minimal(schema), found);
    }

    /// What is wrong with the value itself.
    fn leaf(&self, schema: &Value, found: &mut Vec<Wrong>) {
        let mut kinds = BTreeSet::new();
        self.kinds(schema, &mut kinds);
        if kinds.is_empty() {
            return;
        }
        let takes =
            |kind: &str| kinds.contains(kind) || kind == "integer" && kinds.contains("number");
        for (kind, value) in [
            ("array", json!([[]])),
            ("object", json!({"zzz": []})),
            ("boolean", json!(true)),
            ("integer", json!(5)),
            ("string", json!("no such value")),
            ("null", json!(null)),
        ] {
            if !takes(kind) {
                found.push(Wrong {
                    value,
                    at: Vec::new(),
                    why: Why::Type,
                });
            }
        }
        if self.is_enum(schema) {
            found.push(Wrong {
                value: json!("no such value"),
                at: Vec::new(),
                why: Why::Unknown,
            });
        }
    }

    /// The types that a schema takes.
    fn kinds(&self, schema: &Value, kinds: &mut BTreeSet<String>) {
        let schema = self.data.resolved(schema);
        let named = match &schema["type"] {
            Value::Array(kinds) => kinds.clone(),
            Value::Null => Vec::new(),
            kind => vec![kind.clone()],
        };
        kinds.extend(named.iter().filter_map(|it| it.as_str()).map(str::to_owned));
        for part in ["allOf", "anyOf"] {
            for part in schema[part].as_array().into_iter().flatten() {
                self.kinds(part, kinds);
            }
        }
    }

    /// Whether all texts that a schema takes are those of an enum.
    fn is_enum(&self, schema: &Value) -> bool {
        let schema = self.data.resolved(schema);
        let of = |key: &str| schema[key].as_array().into_iter().flatten();
        let has_text = |schema: &Value| {
            let mut kinds = BTreeSet::new();
            self.kinds(schema, &mut kinds);
            kinds.contains("string")
        };
        if schema.get("enum").is_some_and(|it| it[0].is_string()) {
            return true;
        }
        let mut with_text = of("allOf")
            .chain(of("anyOf"))
            .filter(|it| has_text(it))
            .peekable();
        with_text.peek().is_some() && with_text.all(|it| self.is_enum(it))
    }

    /// What is wrong with what is in the value.
    fn inner(&mut self, schema: &Value, base: &Value, found: &mut Vec<Wrong>) {
        if let Some(Value::String(name)) = schema.get("$ref")
            && !self.seen.insert(name.clone())
        {
            return;
        }
        let schema = self.data.resolved(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.inner(part, base, found);
        }
        if let Some(mapping) = schema["discriminator"]["mapping"].as_object() {
            let discriminator = &schema["discriminator"];
            let name = discriminator["propertyName"].as_str().unwrap();
            for (tag, to) in mapping {
                let base = tagged(discriminator, tag, to);
                let mut within = Vec::new();
                self.inner(&json!({"$ref": to}), &base, &mut within);
                // A wrong tag is told about the union: `refuses.rs` has a test of its own for it.
                within.retain(|it| it.at.first().is_none_or(|it| it != name));
                found.extend(within);
            }
            return;
        }
        for part in schema["anyOf"].as_array().into_iter().flatten() {
            let base = branch(part);
            let mut within = Vec::new();
            self.inner(part, &base, &mut within);
            // Without a constant, it may be of another branch, and is told about as that.
            let constants = constants(part);
            let is_optional = |name: &String| minimal(part).get(name).is_none();
            within.retain(|it| match it.at.first() {
                Some(name) if constants.contains(name) => {
                    it.why != Why::LeftOut && !is_optional(name)
                }
                _ => true,
            });
            found.extend(within);
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap();
            let mut value = base.clone();
            if value
                .as_object_mut()
                .and_then(|it| it.remove(name))
                .is_some()
            {
                found.push(Wrong {
                    value,
                    at: vec![name.to_owned()],
                    why: Why::LeftOut,
                });
            }
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let mut within = Vec::new();
            self.wrongs(property, &mut within);
            for mut wrong in within {
                let mut value = base.clone();
                value[name] = wrong.value;
                wrong.value = value;
                wrong.at.insert(0, name.clone());
                found.push(wrong);
            }
        }
        if let Some(items) = schema.get("items") {
            let mut within = Vec::new();
            self.wrongs(items, &mut within);
            for mut wrong in within {
                wrong.value = json!([wrong.value]);
                wrong.at.insert(0, "0".to_owned());
                found.push(wrong);
            }
        }
        if let Some(others) = schema
            .get("additionalProperties")
            .filter(|it| it.is_object())
        {
            let mut within = Vec::new();
            self.wrongs(others, &mut within);
            for mut wrong in within {
                let mut value = base.clone();
                value["zzz"] = wrong.value;
                wrong.value = value;
                wrong.at.insert(0, "zzz".to_owned());
                found.push(wrong);
            }
        }
    }
}
