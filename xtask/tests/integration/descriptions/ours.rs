//! Our description of the service: it says what everything is, in words of its own, its names are those that people
//! would give, and its examples fit.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};
use xtask::load;

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// All files of the description as one, without the overlay.
fn ours() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/letta.yaml");
    load::load(&path).unwrap().to_json()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Each operation, with the name that an error tells.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (path, item) in members(&document["paths"]) {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                found.push((format!("{} {path}", method.to_uppercase()), operation));
            }
        }
    }
    found
}

/// What a reference leads to, or the value itself.
fn followed<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => document.pointer(&reference[1..]).unwrap(),
        None => value,
    }
}

fn is_said(value: &Value) -> bool {
    value["description"]
        .as_str()
        .is_some_and(|it| !it.is_empty())
}

#[test]
fn every_operation_parameter_answer_schema_and_field_says_what_it_is() {
    let document = ours();
    let mut silent = Vec::new();
    let operations = operations(&document);
    assert_eq!(operations.len(), 129);
    for (name, operation) in &operations {
        let words = operation["summary"]
            .as_str()
            .map_or(0, |it| it.split(' ').count());
        if !(2..=8).contains(&words) {
            silent.push(format!("{name} has a summary of {words} words"));
        }
        for parameter in items(&operation["parameters"]) {
            let parameter = followed(&document, parameter);
            if !is_said(parameter) {
                silent.push(format!("{name}: the parameter {}", parameter["name"]));
            }
        }
        for (status, answer) in members(&operation["responses"]) {
            if !is_said(followed(&document, answer)) {
                silent.push(format!("{name}: the answer {status}"));
            }
        }
    }
    for (name, schema) in members(&document["components"]["schemas"]) {
        if !is_said(schema) {
            silent.push(format!("the schema {name}"));
        }
        for (field, property) in members(&schema["properties"]) {
            // A reference says what its schema is, and a text of one value says all.
            let is_plain = property.get("$ref").is_some()
                || property["enum"].as_array().is_some_and(|it| it.len() == 1);
            if !is_plain && !is_said(property) {
                silent.push(format!("the field {name}.{field}"));
            }
        }
    }
    for tag in items(&document["tags"]) {
        if !is_said(tag) {
            silent.push(format!("the tag {}", tag["name"]));
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn what_is_deprecated_says_so_in_words_and_what_is_not_does_not() {
    let document = ours();
    let mut wrong = Vec::new();
    let says_what_holds = |it: &Value| {
        let text = it["description"].as_str().unwrap_or_default();
        text.starts_with("Deprecated") == it.get("deprecated").is_some()
    };
    for (name, schema) in members(&document["components"]["schemas"]) {
        for (field, property) in members(&schema["properties"]) {
            if !says_what_holds(property) {
                wrong.push(format!("{name}.{field}"));
            }
        }
    }
    for (name, operation) in operations(&document) {
        for parameter in items(&operation["parameters"]) {
            if !says_what_holds(followed(&document, parameter)) {
                wrong.push(format!("{name}: {parameter}"));
            }
        }
        if !says_what_holds(operation) {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn names_of_schemas_are_words_and_no_paths_of_modules() {
    let document = ours();
    for (name, _) in members(&document["components"]["schemas"]) {
        let letters: Vec<char> = name.chars().collect();
        let shouts = letters
            .windows(3)
            .any(|it| it.iter().all(char::is_ascii_uppercase));
        let is_word = letters.iter().all(char::is_ascii_alphanumeric)
            && letters[0].is_ascii_uppercase()
            && !letters[letters.len() - 1].is_ascii_digit();
        assert!(is_word && !shouts && name.len() <= 36, "{name}");
    }
}

/// The component that a schema refers to, by itself or in an `allOf` of one.
fn referred(schema: &Value) -> Option<&str> {
    let reference = match schema["allOf"].as_array() {
        Some(branches) if branches.len() == 1 => &branches[0],
        _ => schema,
    };
    let name = reference.get("$ref")?.as_str()?;
    name.strip_prefix("#/components/schemas/")
}

/// Calls `look` with each property and parameter: the component that it is in, its name, and its schema. Files of agents are left
/// out, since what they name are parts of the file.
fn each_named(value: &Value, within: &str, look: &mut impl FnMut(&str, &str, &Value)) {
    for (name, property) in members(&value["properties"]) {
        look(within, name, property);
    }
    if let (Some(name), Some(schema)) = (value["name"].as_str(), value.get("schema")) {
        look(within, name, schema);
    }
    for (key, inner) in members(value) {
        if key == "schemas" {
            for (name, schema) in members(inner) {
                if !name.starts_with("Exported") {
                    each_named(schema, name, look);
                }
            }
        } else if key != "example" {
            each_named(inner, within, look);
        }
    }
    for inner in items(value) {
        each_named(inner, within, look);
    }
}

#[test]
fn an_id_refers_to_the_component_of_its_kind() {
    let document = ours();
    let kinds: Vec<&String> = members(&document["components"]["schemas"])
        .filter(|(name, _)| name.ends_with("Id"))
        .map(|(name, schema)| {
            let keywords: Vec<&String> = members(schema).map(|(key, _)| key).collect();
            // Without a pattern: an ID of a new form is one.
            assert_eq!(keywords, ["type", "description"], "{name}");
            assert_eq!(schema["type"], "string", "{name}");
            name
        })
        .collect();
    assert_eq!(kinds.len(), 20, "{kinds:?}");

    let mut counts = std::collections::BTreeMap::from_iter(kinds.iter().map(|it| (it.as_str(), 0)));
    let mut wrong = Vec::new();
    each_named(&document, "", &mut |within, name, schema| {
        let (one, many) = (referred(schema), referred(&schema["items"]));
        for (kind, count) in &mut counts {
            if [one, many].contains(&Some(kind)) {
                *count += 1;
                continue;
            }
            let plain = name.replace('_', "").to_ascii_lowercase();
            let named = kind.to_ascii_lowercase();
            // One is published without a type.
            let is_text = schema["type"] == "string" || schema["items"]["type"] == "string";
            if is_text && (plain == named || plain == format!("{named}s")) {
                wrong.push(format!("{within}: {name} is no {kind}"));
            }
        }
    });
    for (name, operation) in operations(&document) {
        for parameter in items(&operation["parameters"]) {
            let parameter = followed(&document, parameter);
            let called = parameter["name"].as_str().unwrap();
            let is_id = called.ends_with("_id") || called.ends_with("Id");
            let kind = referred(&parameter["schema"]).filter(|it| it.ends_with("Id"));
            if parameter["in"] == "path" && is_id != kind.is_some() {
                wrong.push(format!("{name}: {called} is {kind:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (kind, count) in counts {
        assert!(count >= 2, "{kind} stands in {count} places");
    }
}

/// A schema of OpenAPI 3.0 in JSON Schema 2020-12: null is a type there.
fn as_2020(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut out: Map<String, Value> = members
                .iter()
                .map(|(name, it)| (name.clone(), as_2020(it)))
                .collect();
            if out.remove("nullable") == Some(json!(true)) {
                return json!({"anyOf": [out, {"type": "null"}]});
            }
            Value::Object(out)
        }
        Value::Array(items) => items.iter().map(as_2020).collect(),
        plain => plain.clone(),
    }
}

/// Where JSON is sent or comes back with a success, and events.
fn contents(operation: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    let body = &operation["requestBody"]["content"]["application/json"];
    if body.is_object() {
        found.push(("the body".to_owned(), body));
    }
    for (status, answer) in members(&operation["responses"]) {
        for media in ["application/json", "text/event-stream"] {
            let content = &answer["content"][media];
            if status.starts_with('2') && content.is_object() {
                found.push((format!("the answer {status} in {media}"), content));
            }
        }
    }
    found
}

#[test]
fn every_body_answer_and_event_has_an_example_that_fits_its_schema() {
    let document = ours();
    // One schema and one value with a member for each place: a validator for each would take minutes to make.
    let (mut schemas, mut examples) = (Map::new(), Map::new());
    let mut wrong = Vec::new();
    for (name, operation) in operations(&document) {
        // Their examples are held against the generated types, elsewhere.
        if operation["tags"] == json!(["clientSideAccessTokens"]) {
            continue;
        }
        for (place, content) in contents(operation) {
            let place = format!("{name}: {place}");
            match content.get("example") {
                Some(example) => {
                    schemas.insert(place.clone(), as_2020(&content["schema"]));
                    examples.insert(place, example.clone());
                }
                None => wrong.push(format!("{place} has no example")),
            }
        }
    }
    assert_eq!(examples.len(), 170);
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": {"schemas": as_2020(&document["components"]["schemas"])},
        "properties": schemas,
    });
    let validator = jsonschema::validator_for(&whole).unwrap();
    let examples = Value::Object(examples);
    let errors = validator.iter_errors(&examples);
    wrong.extend(errors.map(|it| format!("{}: {it}", it.instance_path())));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A sentence without what is only style: its words, in small letters.
fn words(sentence: &str) -> String {
    let lower = sentence.to_lowercase();
    let words = lower.split(|it: char| !it.is_alphanumeric());
    words
        .filter(|it| !it.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// All texts under these keys, but for a property that has such a name.
fn sentences(value: &Value, keys: &[&str], found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, it) in members {
                match it {
                    Value::String(text) if keys.contains(&name.as_str()) => {
                        found.insert(words(text));
                    }
                    _ if name == "example" || name == "examples" => {}
                    _ => sentences(it, keys, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|it| sentences(it, keys, found)),
        _ => {}
    }
}

/// Facts carry over from the published document, and sentences do not.
#[test]
fn no_sentence_is_that_of_the_published_document() {
    let Some(path) = std::env::var_os("LETTA_UPSTREAM_DESCRIPTION") else {
        println!("skipped: LETTA_UPSTREAM_DESCRIPTION names no description");
        return;
    };
    let published = load::load(Path::new(&path)).unwrap().to_json();
    let (mut theirs, mut own) = (BTreeSet::new(), BTreeSet::new());
    sentences(
        &published,
        &["summary", "description", "title"],
        &mut theirs,
    );
    sentences(&ours(), &["summary", "description"], &mut own);
    assert!(theirs.len() > 1000 && own.len() > 1000);
    // The title of the API, and what there are no other words for.
    let same: Vec<&String> = own.intersection(&theirs).collect();
    assert_eq!(same, ["delete a client side access token"]);
}
