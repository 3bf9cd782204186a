//! Laws of drift, over documents that nobody chose: what agrees, what differs, and that nothing makes it panic.

use crate::support::changes::places;
use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use xtask::commands::drift::to_text;
use xtask::drift::{Difference, Report, compare};
use xtask::load;
use xtask::openapi::Source;

/// A schema in OpenAPI 3.0, all inline.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"type": "string"})),
        Just(json!({"type": "string", "format": "uri", "maxLength": 20})),
        Just(json!({"type": "integer", "format": "int32", "minimum": -3})),
        Just(json!({"type": "number"})),
        Just(json!({"type": "boolean", "default": true})),
        Just(json!({})),
        prop::collection::btree_set("[a-d]", 1..4)
            .prop_map(|values| json!({"type": "string", "enum": values})),
    ];
    let whole = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_map(|items| json!({"type": "array", "items": items})),
            inner
                .clone()
                .prop_map(|it| json!({"type": "object", "additionalProperties": it})),
            object(inner.clone()),
            // Told by a tag, and by nothing but what they say.
            (
                prop::collection::vec(object(inner.clone()), 1..4),
                any::<bool>()
            )
                .prop_map(|(mut branches, has_discriminator)| {
                    for (index, branch) in branches.iter_mut().enumerate() {
                        let tag = json!({"type": "string", "enum": [format!("tag-{index}")]});
                        branch["properties"]["kind"] = tag;
                    }
                    match has_discriminator {
                        true => {
                            json!({"oneOf": branches, "discriminator": {"propertyName": "kind"}})
                        }
                        false => json!({"oneOf": branches}),
                    }
                }),
            prop::collection::vec(inner, 2..4).prop_map(|branches| json!({"anyOf": branches})),
        ]
    });
    (whole, prop::bool::weighted(0.2)).prop_map(|(mut schema, is_nullable)| {
        if is_nullable && schema.as_object().is_some_and(|it| it.contains_key("type")) {
            schema["nullable"] = true.into();
        }
        schema
    })
}

fn object(inner: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[a-e]", (inner, any::<bool>()), 0..4).prop_map(|fields| {
        let required: Vec<&String> = fields
            .iter()
            .filter(|(_, (_, is_required))| *is_required)
            .map(|(name, _)| name)
            .collect();
        let required = json!(required);
        let properties: Map<String, Value> = fields
            .iter()
            .map(|(name, (schema, _))| (name.clone(), schema.clone()))
            .collect();
        json!({"type": "object", "properties": properties, "required": required})
    })
}

fn document() -> impl Strategy<Value = Value> {
    let operation = (schema(), schema(), schema(), any::<bool>()).prop_map(
        |(parameter, body, answer, is_required)| {
            json!({
                "operationId": "do_it",
                "parameters": [{"name": "p", "in": "query", "required": is_required, "schema": parameter}],
                "requestBody": {"required": is_required, "content": {"application/json": {"schema": body}}},
                "responses": {
                    "200": {"description": "", "content": {"application/json": {"schema": answer}}},
                    "400": {"description": ""},
                },
            })
        },
    );
    prop::collection::btree_map("/[a-c]", operation, 1..3).prop_map(|paths| {
        let paths: Map<String, Value> = paths
            .into_iter()
            .map(|(path, operation)| (path, json!({"post": operation})))
            .collect();
        json!({"openapi": "3.0.3", "info": {"title": "", "version": "1"}, "paths": paths})
    })
}

/// Whether a document gets past the load stage.
fn loads(document: &Value) -> bool {
    load::parse(&Source::new("document.json", document.to_string())).is_ok()
}

fn drift(ours: &Value, other: &Value) -> Report {
    let parse = |name, value: &Value| {
        load::parse(&Source::new(name, value.to_string())).unwrap_or_else(|it| panic!("{it}"))
    };
    compare(&parse("ours.json", ours), None, &parse("other.json", other))
        .unwrap_or_else(|failure| panic!("{failure}"))
}

/// Calls with every schema of a document, the innermost first.
fn each_schema(document: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    fn within(schema: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties.values_mut().for_each(|it| within(it, visit));
        }
        for keyword in ["oneOf", "anyOf"] {
            if let Some(Value::Array(branches)) = schema.get_mut(keyword) {
                branches.iter_mut().for_each(|it| within(it, visit));
            }
        }
        for keyword in ["items", "additionalProperties"] {
            if let Some(inner) = schema.get_mut(keyword) {
                within(inner, visit);
            }
        }
        visit(schema);
    }
    let Some(Value::Object(paths)) = document.get_mut("paths") else {
        panic!("no paths");
    };
    for item in paths.values_mut() {
        let operation = &mut item["post"];
        within(&mut operation["parameters"][0]["schema"], visit);
        for at in [
            "/requestBody/content/application~1json/schema",
            "/responses/200/content/application~1json/schema",
        ] {
            if let Some(schema) = operation.pointer_mut(at) {
                within(schema, visit);
            }
        }
    }
}

/// The same, with some schemas among the components, and some within an `allOf`.
fn hoisted(document: &Value, choices: &[u8]) -> Value {
    let mut document = document.clone();
    let mut components = Map::new();
    let mut number = 0;
    each_schema(&mut document, &mut |schema| {
        let choice = choices[number % choices.len()] % 4;
        number += 1;
        let name = format!("Type{number}");
        match choice {
            0 => {}
            1 => *schema = json!({"allOf": [schema.clone()]}),
            _ => {
                components.insert(name.clone(), schema.take());
                let reference = json!({"$ref": format!("#/components/schemas/{name}")});
                *schema = match choice {
                    2 => reference,
                    _ => json!({"description": "Around it.", "allOf": [reference]}),
                };
            }
        }
    });
    document["components"] = json!({"schemas": components});
    document
}

/// The same in OpenAPI 3.1, where null is a type.
fn newer(document: &Value) -> Value {
    let mut document = document.clone();
    document["openapi"] = "3.1.0".into();
    each_schema(&mut document, &mut |schema| {
        let Some(members) = schema.as_object_mut() else {
            return;
        };
        if members.remove("nullable").is_some() {
            let kind = members["type"].clone();
            members.insert("type".to_owned(), json!([kind, "null"]));
            if let Some(Value::Array(values)) = members.get_mut("enum") {
                values.push(Value::Null);
            }
        }
        if let Some(Value::Array(values)) = members.get("enum")
            && let [value] = values.as_slice()
        {
            let value = value.clone();
            members.remove("enum");
            members.insert("const".to_owned(), value);
        }
    });
    document
}

/// A change of the meaning of the schema that is `index`th of all.
fn mutated(document: &Value, index: prop::sample::Index, kind: usize) -> Value {
    let mut count = 0;
    each_schema(&mut document.clone(), &mut |_| count += 1);
    let chosen = index.index(count);
    let mut document = document.clone();
    let mut number = 0;
    each_schema(&mut document, &mut |schema| {
        if number == chosen {
            mutate(schema, kind);
        }
        number += 1;
    });
    document
}

fn mutate(schema: &mut Value, kind: usize) {
    let members = schema.as_object_mut().unwrap();
    if members.is_empty() {
        members.insert("type".to_owned(), "boolean".into());
        return;
    }
    if let Some(Value::Array(branches)) =
        members.get_mut("oneOf").filter(|_| kind.is_multiple_of(2))
    {
        let tag = json!({"type": "string", "enum": ["another"]});
        branches.push(json!({"type": "object", "properties": {"kind": tag}}));
        return;
    }
    if let Some(Value::Object(properties)) = members.get_mut("properties") {
        let names: Vec<String> = properties.keys().cloned().collect();
        let name = names.get(kind % (names.len() + 1)).cloned();
        let Some(name) = name else {
            properties.insert("another".to_owned(), json!({}));
            return;
        };
        if kind.is_multiple_of(3) {
            properties.remove(&name);
        } else if let Some(Value::Array(required)) = members.get_mut("required") {
            match required.iter().position(|it| *it == *name) {
                Some(at) => {
                    required.remove(at);
                }
                None => required.push(name.into()),
            }
        }
        return;
    }
    if let Some(Value::Array(values)) = members.get_mut("enum") {
        match kind % 3 {
            0 => values.push("another".into()),
            1 => values[0] = "another".into(),
            _ => {
                members.remove("enum");
            }
        }
        return;
    }
    match (kind % 4, members.get("type").is_some()) {
        (0, true) => {
            let is_nullable = members.get("nullable") == Some(&Value::Bool(true));
            members.insert("nullable".to_owned(), (!is_nullable).into());
        }
        (1, true) => {
            let other = match members["type"].as_str() {
                Some("boolean") => "string",
                _ => "boolean",
            };
            members.insert("type".to_owned(), other.into());
        }
        (2, true) => {
            members.insert("minLength".to_owned(), 7.into());
        }
        _ => {
            members.insert("patternProperties".to_owned(), json!({"x": {}}));
        }
    }
}

/// A change by what it is a change of, and whether it adds, removes, or neither.
fn direction(difference: &Difference) -> (String, i8) {
    let name = difference.change.name;
    match name {
        "tighter" | "looser" => ("bound".to_owned(), 0),
        "format" | "format-removed" => ("format".to_owned(), 0),
        "values-listed" => ("values".to_owned(), 1),
        "values-not-listed" => ("values".to_owned(), -1),
        "first-response-added" => ("response".to_owned(), 1),
        "error-response-removed" => ("response".to_owned(), -1),
        "field-required" | "field-optional" => ("required".to_owned(), 0),
        _ => match (name.strip_suffix("-added"), name.strip_suffix("-removed")) {
            (Some(what), _) => (what.trim_start_matches("required-").to_owned(), 1),
            (_, Some(what)) => (what.to_owned(), -1),
            _ => (name.to_owned(), 0),
        },
    }
}

fn summary(report: &Report, sign: i8) -> BTreeMap<(String, String, i8), usize> {
    let mut summary = BTreeMap::new();
    for difference in &report.differences {
        let (what, way) = direction(difference);
        *summary
            .entry((difference.at.clone(), what, way * sign))
            .or_default() += 1;
    }
    summary
}

/// Values that are odd in most places.
fn odd() -> impl Strategy<Value = Value> {
    let values = vec![
        json!(null),
        json!(true),
        json!(false),
        json!(-1.5),
        json!(1e300),
        json!(""),
        json!("#"),
        json!([]),
        json!([null, 1, "a", []]),
        json!({}),
        json!({"": {}}),
        json!({"$ref": "#"}),
        json!({"$ref": "#/paths"}),
        json!({"$ref": "#/components/schemas/Loop"}),
        json!({"$ref": "elsewhere.yaml#/a"}),
        json!({"$ref": 1}),
        json!({"allOf": [{"$ref": "#/components/schemas/Loop"}, {"$ref": "#/components/schemas/Pool"}]}),
        json!({"oneOf": [{"$ref": "#/components/schemas/Loop"}, {}, {"type": "array", "items": {"$ref": "#/components/schemas/Pool"}}]}),
        json!({"oneOf": 1, "anyOf": {}, "allOf": "x", "type": ["a", 1], "enum": 2, "required": true}),
        json!({"discriminator": {"mapping": 1, "propertyName": 1}, "oneOf": [{"properties": {"a": {"enum": [1]}}}, 1]}),
        json!({"type": "string", "nullable": "yes", "maxLength": "x", "default": {"a": [1]}}),
    ];
    prop::sample::select(values)
}

/// A document of this workspace with odd values here and there.
fn broken() -> impl Strategy<Value = Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| load::load(&root.join(path)).unwrap().to_json();
    let mut documents = vec![
        read("tests/fixtures/tokens/letta.yaml"),
        read("tests/fixtures/wide.yaml"),
    ];
    for document in &mut documents {
        document["components"]["schemas"]["Loop"] =
            json!({"allOf": [{"$ref": "#/components/schemas/Pool"}]});
        document["components"]["schemas"]["Pool"] = json!({"anyOf": [{"$ref": "#/components/schemas/Loop"}, {"$ref": "#/components/schemas/Pool"}]});
    }
    let changes = prop::collection::vec((any::<prop::sample::Index>(), odd()), 0..5);
    (prop::sample::select(documents), changes, any::<bool>()).prop_map(
        |(mut document, changes, is_newer)| {
            for (index, value) in changes {
                let mut places = Vec::new();
                places::places(&document, "", &mut places);
                let place = &places[index.index(places.len())];
                *document.pointer_mut(place).unwrap() = value;
            }
            if document.is_object() {
                document["openapi"] = if is_newer { "3.1.0" } else { "3.0.3" }.into();
            }
            document
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_does_not_matter_where_a_schema_stands(document in document(), choices in prop::collection::vec(any::<u8>(), 1..9)) {
        for (ours, other) in [
            (&document, &document),
            (&document, &hoisted(&document, &choices)),
            (&hoisted(&document, &choices), &document),
            (&hoisted(&document, &choices), &hoisted(&document, &choices[1..].iter().chain(&[2]).copied().collect::<Vec<u8>>())),
        ] {
            let report = drift(ours, other);
            prop_assert!(report.differences.is_empty(), "{}", to_text(&report));
        }
    }

    #[test]
    fn it_does_not_matter_in_which_version_of_openapi_a_schema_is(document in document(), choices in prop::collection::vec(any::<u8>(), 1..9)) {
        for (ours, other) in [
            (&document, &newer(&document)),
            (&newer(&document), &hoisted(&document, &choices)),
        ] {
            let report = drift(ours, other);
            prop_assert!(report.differences.is_empty(), "{}", to_text(&report));
        }
    }

    #[test]
    fn a_small_change_is_always_noticed(document in document(), index: prop::sample::Index, kind in 0_usize..60, choices in prop::collection::vec(any::<u8>(), 1..9)) {
        let other = mutated(&document, index, kind);
        prop_assert!(other != document);
        for ours in [&document, &hoisted(&document, &choices)] {
            let report = drift(ours, &other);
            prop_assert!(!report.differences.is_empty());
        }
    }

    #[test]
    fn what_is_added_one_way_is_removed_the_other(document in document(), index: prop::sample::Index, kind in 0_usize..60) {
        let other = mutated(&document, index, kind);
        let (forth, back) = (drift(&document, &other), drift(&other, &document));
        prop_assert_eq!(summary(&forth, 1), summary(&back, -1), "{}\n\n{}", to_text(&forth), to_text(&back));
    }

    #[test]
    fn a_broken_document_makes_nothing_panic_and_agrees_with_itself(ours in broken(), other in broken()) {
        // The load stage follows references in place of path items, and refuses those that lead nowhere.
        prop_assume!(loads(&ours) && loads(&other));
        let report = drift(&ours, &other);
        to_text(&report);
        let report = drift(&ours, &ours);
        prop_assert!(report.differences.is_empty(), "{}", to_text(&report));
    }
}
