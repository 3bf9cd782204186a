//! Beside the stages: the requests of a description as data, for a program that checks requests.
//!
//! The emulator (`tests/emulator`) refuses what the description does not allow. It cannot read the description itself, since it is
//! published without it. This writes a file of what the check needs: for each operation its names, method, path, parameters and
//! bodies, and the schemas that those reach. What only people read is left out. Of answers, the file has what `requests/answers.rs` says.
//!
//! The facts are those of the description before the overlay, which changes them for the sake of generated code. The names are
//! those after it.
//!
//! Schemas are JSON Schema (2020-12):
//!
//! | OpenAPI 3.0 | here |
//! |---|---|
//! | `{type: string, nullable: true}` | `{type: [string, 'null']}` |
//! | `{allOf: [{$ref: X}], nullable: true}` | `{anyOf: [{$ref: X}, {type: 'null'}]}` |
//! | `oneOf` | `anyOf`: the service takes the first branch that fits |
//! | a union whose branches each have a constant of their own under one name | the same with a `discriminator`; see `constants` |
//! | a `discriminator` with a mapping | stays, and its property is required |
//! | a property with `readOnly` | a property that may be anything, and is not required |
//! | `#/components/schemas/X` | `#/$defs/X` |
//!
//! A file begins like this. Each operation and each schema has a line, so that a diff shows what changed:
//!
//! ```text
//! {"@generated":"…",
//! "operations":[
//! {"ids":["attach_block"],"method":"PATCH","path":"/v1/agents/{agent_id}/…","parameters":[{"in":"path","name":"agent_id","schema":{"$ref":"#/$defs/AgentId"}}]},
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::diagnostic::Failure;
use crate::model::{Model, Operation};
use crate::openapi::{Node, component_schemas, reference, schema};
use crate::output::render::JSON_HEADER;
use crate::requests::answers::Schemas;

mod answers;

/// How a reference to a component schema begins in a description.
const COMPONENT: &str = "#/components/schemas/";

/// How the same reference begins in the file.
const DEFINITION: &str = "#/$defs/";

/// Keywords of schemas that say nothing about which values are valid.
const NOTES: [&str; 9] = [
    "default",
    "deprecated",
    "description",
    "example",
    "examples",
    "externalDocs",
    "title",
    "writeOnly",
    "xml",
];

/// Keywords that mean the same in JSON Schema and hold no schema.
const PLAIN: [&str; 14] = [
    "enum",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "type",
    "uniqueItems",
];

/// The text of the file, for the operations of the model. `facts` is the description before the overlay.
///
/// # Errors
///
/// The description has what the file cannot say.
pub fn requests(facts: &Node, model: &Model) -> Result<String, Failure> {
    let mut operations = Vec::new();
    let mut reached = BTreeSet::new();
    let schemas = Schemas::of(facts);
    for (name, operation) in &model.operations {
        let (path, node) = nodes(facts, name, operation)?;
        let mut line = request(facts, name, operation, path, node)?;
        for member in line.values() {
            references(member, &mut reached);
        }
        let answers = schemas.describe(node, &mut line);
        answers.map_err(|what| unexpected(name, &what))?;
        operations.push(line);
    }
    let definitions = definitions(facts, reached)?;
    let answers = schemas.reached(&mut operations)?;
    let operations: Vec<String> = operations
        .into_iter()
        .map(|line| Value::from(line).to_string())
        .collect();
    Ok(format!(
        "{JSON_HEADER}\"operations\":[\n{}\n],\n\"$defs\":{{\n{}\n}},\n\"answers\":{{\n{}\n}}}}\n",
        operations.join(",\n"),
        lines(&definitions),
        lines(&answers),
    ))
}

/// A line for each.
fn lines(named: &BTreeMap<String, Value>) -> String {
    let lines = named
        .iter()
        .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())));
    lines.collect::<Vec<_>>().join(",\n")
}

/// The path of an operation, and the operation, before the overlay.
fn nodes<'a>(
    facts: &'a Node,
    name: &str,
    operation: &Operation,
) -> Result<(&'a Node, &'a Node), Failure> {
    let path = facts
        .get("paths")
        .and_then(|paths| paths.get(&operation.path))
        .map(|path| reference::last(facts, path));
    let node = path.and_then(|path| path.get(&operation.method.to_lowercase()));
    path.zip(node)
        .ok_or_else(|| unexpected(name, "the overlay added it"))
}

/// What an operation says of its requests.
fn request(
    facts: &Node,
    name: &str,
    operation: &Operation,
    path: &Node,
    node: &Node,
) -> Result<Map<String, Value>, Failure> {
    let mut ids = vec![name.to_owned()];
    if let Some(stream) = &operation.event_stream
        && stream.method != name
    {
        ids.push(stream.method.clone());
    }
    let mut line = Map::new();
    line.insert("ids".to_owned(), ids.into());
    line.insert("method".to_owned(), operation.method.clone().into());
    line.insert("path".to_owned(), operation.path.clone().into());
    let parameters = parameters(facts, path, node).map_err(|what| unexpected(name, &what))?;
    if !parameters.is_empty() {
        line.insert("parameters".to_owned(), parameters.into());
    }
    if let Some(body) = node.get("requestBody") {
        let body = reference::last(facts, body);
        let mut content = Map::new();
        for (media, entry) in body
            .get("content")
            .and_then(Node::as_object)
            .into_iter()
            .flatten()
        {
            let schema = entry.node.get("schema").map(Node::to_json);
            let schema = schema_of(&schema.unwrap_or_else(|| json!({})));
            let schema = schema.map_err(|what| unexpected(name, &what))?;
            content.insert(media.clone(), schema);
        }
        let required = body.get("required").and_then(Node::as_bool) == Some(true);
        line.insert(
            "body".to_owned(),
            json!({"required": required, "content": content}),
        );
    }
    Ok(line)
}

/// The parameters of an operation and of its path, in their order. Headers are left out: each is a text that may be missing.
fn parameters(facts: &Node, path: &Node, operation: &Node) -> Result<Vec<Value>, String> {
    let mut found: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut parameters: Vec<Value> = Vec::new();
    let lists = [path, operation].map(|it| it.get("parameters").and_then(Node::as_array));
    for node in lists.into_iter().flatten().flatten() {
        let node = reference::last(facts, node);
        let text = |key: &str| node.get(key).and_then(Node::as_str).unwrap_or_default();
        let (place, name) = (text("in"), text("name"));
        if !matches!(place, "path" | "query") {
            continue;
        }
        let schema = node.get("schema").map(Node::to_json);
        let schema = schema_of(&schema.unwrap_or_else(|| json!({})))?;
        let mut parameter = json!({"in": place, "name": name, "schema": schema});
        if place == "query" && node.get("required").and_then(Node::as_bool) == Some(true) {
            parameter["required"] = true.into();
        }
        // An operation's own takes the place of the path's.
        let key = (place.to_owned(), name.to_owned());
        match found.get(&key) {
            Some(at) => parameters[*at] = parameter,
            None => {
                found.insert(key, parameters.len());
                parameters.push(parameter);
            }
        }
    }
    Ok(parameters)
}

/// The component schemas of these names, and those that they reach.
fn definitions(
    facts: &Node,
    mut reached: BTreeSet<String>,
) -> Result<BTreeMap<String, Value>, Failure> {
    let components: BTreeMap<&str, &Node> = component_schemas(facts).collect();
    let mut definitions = BTreeMap::new();
    while let Some(name) = reached.pop_first() {
        if definitions.contains_key(&name) {
            continue;
        }
        let node = components
            .get(name.as_str())
            .ok_or_else(|| unexpected(&name, "there is no such schema"))?;
        let mut schema = schema_of(&node.to_json()).map_err(|what| unexpected(&name, &what))?;
        constants(&components, &mut schema);
        references(&schema, &mut reached);
        definitions.insert(name, schema);
    }
    Ok(definitions)
}

/// Gives a union without a discriminator one, if each of its branches is a component that has a constant of its own under one
/// name, such as `type`.
///
/// If the first branch has the constant as its default, a value without it is of the first branch, and of no other. The service does
/// so with messages: those without a `type` are plain ones, although no branch requires it. Other unions stay as they are, unless
/// all branches require it.
fn constants(components: &BTreeMap<&str, &Node>, schema: &mut Value) {
    let branches = schema["anyOf"].as_array();
    let Some(branches) = branches.filter(|_| schema.get("discriminator").is_none()) else {
        return;
    };
    let branches: Option<Vec<(&str, &Node)>> = branches
        .iter()
        .map(|branch| {
            let reference = branch.get("$ref")?.as_str()?;
            let node = components.get(reference.strip_prefix(DEFINITION)?)?;
            Some((reference, *node))
        })
        .collect();
    let Some([(_, first), ..]) = branches.as_deref() else {
        return;
    };
    let names = schema::members(first, "properties").map(|(name, _)| name);
    for name in names.map(str::to_owned).collect::<Vec<_>>() {
        let mut mapping = Map::new();
        for (reference, branch) in branches.iter().flatten() {
            let property = branch.get("properties").and_then(|it| it.get(&name));
            let values = property.map_or(&[][..], |it| schema::items(it, "enum"));
            if let [only] = values
                && let Some(only) = only.as_str()
            {
                mapping.insert(only.to_owned(), (*reference).into());
            }
        }
        if mapping.len() != branches.iter().flatten().count() {
            continue;
        }
        let default = first
            .get("properties")
            .and_then(|it| it.get(&name)?.get("default"));
        let default = default.and_then(Node::as_str).map(str::to_owned);
        let mut branches = branches.iter().flatten();
        let mut discriminator = json!({"propertyName": name, "mapping": mapping});
        if branches.all(|(_, branch)| schema::requires(branch, &name)) {
            schema["required"] = json!([name]);
        } else if default.is_none() || default.as_ref() != mapping.keys().next() {
            continue;
        } else {
            discriminator["default"] = default.into();
            let others = schema["anyOf"].as_array_mut();
            for other in others.into_iter().flatten().skip(1) {
                *other = json!({"allOf": [other.take()], "required": [name]});
            }
        }
        schema["discriminator"] = discriminator;
        return;
    }
}

/// The names of the schemas that a value refers to.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix(DEFINITION) {
                found.insert(name.to_owned());
            }
        }
        Value::Array(items) => items.iter().for_each(|it| references(it, found)),
        Value::Object(members) => members.values().for_each(|it| references(it, found)),
        _ => {}
    }
}

/// A schema as JSON Schema.
fn schema_of(schema: &Value) -> Result<Value, String> {
    let Value::Object(members) = schema else {
        return Ok(schema.clone());
    };
    let is_set = |key: &str| members.get(key) == Some(&true.into());
    if is_set("readOnly") {
        return Ok(json!({}));
    }
    let mut made = Map::new();
    for (key, value) in members {
        match key.as_str() {
            "$ref" => {
                made.insert(key.clone(), referred(value)?.into());
            }
            "oneOf" | "anyOf" | "allOf" => {
                let branches = list(value, schema_of)?;
                let key = if key == "oneOf" { "anyOf" } else { key };
                if made.insert(key.to_owned(), branches).is_some() {
                    return Err("it has both `oneOf` and `anyOf`".to_owned());
                }
            }
            "properties" => {
                let properties = value.as_object().into_iter().flatten();
                let properties = properties.map(|(name, it)| Ok((name.clone(), schema_of(it)?)));
                let properties = properties.collect::<Result<Map<_, _>, String>>()?;
                made.insert(key.clone(), properties.into());
            }
            "items" | "not" => {
                made.insert(key.clone(), schema_of(value)?);
            }
            "additionalProperties" => {
                let schema = schema_of(value)?;
                if schema != json!(true) && schema != json!({}) {
                    made.insert(key.clone(), schema);
                }
            }
            "required" => {
                let names = required(value, members.get("properties"));
                if !names.is_empty() {
                    made.insert(key.clone(), names.into());
                }
            }
            // Without a mapping, the branches themselves say what they are.
            "discriminator" => {
                if let Some(discriminator) = discriminator(value)? {
                    made.insert(key.clone(), discriminator);
                }
            }
            "exclusiveMinimum" | "exclusiveMaximum" | "nullable" | "readOnly" => {}
            key if PLAIN.contains(&key) => {
                made.insert(key.to_owned(), value.clone());
            }
            key if NOTES.contains(&key) || key.starts_with("x-") => {}
            key => {
                return Err(format!(
                    "a schema has `{key}`, which no request is checked by"
                ));
            }
        }
    }
    for (exclusive, bound) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        if is_set(exclusive)
            && let Some(bound) = made.remove(bound)
        {
            made.insert(exclusive.to_owned(), bound);
        }
    }
    if let Some(tag) = made
        .get("discriminator")
        .and_then(|it| it["propertyName"].as_str())
    {
        let tag = json!([tag]);
        made.insert("required".to_owned(), tag);
    }
    Ok(with_null(unwrapped(made), is_set("nullable")))
}

/// `allOf: [X]` alone is X.
fn unwrapped(mut schema: Map<String, Value>) -> Map<String, Value> {
    let alone = schema.len() == 1 && schema.get("allOf").is_some_and(|it| it[1].is_null());
    match schema.get_mut("allOf").map(|it| it[0].take()) {
        Some(Value::Object(only)) if alone => only,
        Some(first) => {
            schema["allOf"][0] = first;
            schema
        }
        None => schema,
    }
}

/// The schema, and null if that is `nullable`.
fn with_null(mut schema: Map<String, Value>, nullable: bool) -> Value {
    if !nullable || schema.is_empty() {
        return schema.into();
    }
    let null_schema = json!({"type": "null"});
    let combines = ["$ref", "allOf", "anyOf"]
        .iter()
        .any(|it| schema.contains_key(*it));
    if !combines {
        if let Some(kind) = schema.get_mut("type") {
            *kind = json!([kind.take(), "null"]);
        }
        if let Some(Value::Array(values)) = schema.get_mut("enum")
            && !values.contains(&Value::Null)
        {
            values.push(Value::Null);
        }
        return schema.into();
    }
    match schema.get_mut("anyOf") {
        Some(Value::Array(branches)) => {
            branches.push(null_schema);
            schema.into()
        }
        _ => json!({"anyOf": [schema, null_schema]}),
    }
}

/// What must be there, without what a request does not send.
fn required(names: &Value, properties: Option<&Value>) -> Vec<Value> {
    let is_sent = |name: &&Value| {
        let property = properties.and_then(|it| it.get(name.as_str()?));
        property.and_then(|it| it.get("readOnly")) != Some(&true.into())
    };
    let names = names.as_array().into_iter().flatten();
    names.filter(is_sent).cloned().collect()
}

/// How the branches of a union are told apart, if the description says where each value of the tag leads.
fn discriminator(value: &Value) -> Result<Option<Value>, String> {
    let Some(mapping) = value["mapping"].as_object() else {
        return Ok(None);
    };
    let mapping = mapping
        .iter()
        .map(|(tag, to)| Ok((tag.clone(), referred(to)?.into())));
    let mapping = mapping.collect::<Result<Map<_, _>, String>>()?;
    Ok(Some(
        json!({"propertyName": value["propertyName"], "mapping": mapping}),
    ))
}

fn referred(to: &Value) -> Result<String, String> {
    let name = to.as_str().and_then(|it| it.strip_prefix(COMPONENT));
    name.map(|name| format!("{DEFINITION}{name}"))
        .ok_or_else(|| format!("{to} is not a reference to a component schema"))
}

fn list(value: &Value, each: fn(&Value) -> Result<Value, String>) -> Result<Value, String> {
    value.as_array().into_iter().flatten().map(each).collect()
}

fn unexpected(name: &str, what: &str) -> Failure {
    Failure::Message(format!(
        "`{name}` cannot be described for the emulator: {what}\nSee xtask/src/requests.rs and xtask/src/requests/answers.rs."
    ))
}
