//! What lower does to the meaning of schemas: instances that a validator of JSON Schema 2020-12 takes for
//! the schema as it was given are those that it takes for the lowered one, or at least are among them
//! where a rule says that it loosens.
//!
//! [`as_2020`] reads a schema of OpenAPI 3.0 as progenitor does. It knows nothing of the rules.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use xtask::load;
use xtask::lower::{Effect, Lowered, lower};
use xtask::openapi::{Node, Source};

fn parse(description: &Value) -> Node {
    load::parse(&Source::new("d.json", description.to_string()))
        .unwrap_or_else(|failure| panic!("{failure}"))
}

/// The components that schemas may refer to: one that allows null, one that does not, one that comes
/// back to itself.
fn components() -> Value {
    json!({
        "Text": {"type": "string", "minLength": 1},
        "MaybeText": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "Tree": {
            "type": "object",
            "properties": {"a": {"anyOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "null"}]}},
        },
    })
}

fn description(schema: &Value) -> Value {
    let mut schemas = components();
    schemas["Subject"] = schema.clone();
    json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}, "components": {"schemas": schemas}})
}

fn validator(description: &Value) -> jsonschema::Validator {
    let mut whole = description.clone();
    whole["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    whole["$ref"] = json!("#/components/schemas/Subject");
    jsonschema::validator_for(&whole).unwrap_or_else(|error| panic!("{error}\n{description:#}"))
}

/// A schema of OpenAPI 3.0 in JSON Schema 2020-12.
fn as_2020(schema: &Value) -> Value {
    let Value::Object(members) = schema else {
        panic!("OpenAPI 3.0 has no schema like {schema}");
    };
    // Keywords next to a reference have no effect.
    if let Some(reference) = members.get("$ref") {
        return json!({"$ref": reference});
    }
    let mut out = Map::new();
    for (keyword, value) in members {
        let list = || -> Value { value.as_array().unwrap().iter().map(as_2020).collect() };
        let flag = || value.as_bool().unwrap();
        match keyword.as_str() {
            "allOf" | "anyOf" | "oneOf" => {
                out.insert(keyword.clone(), list());
            }
            "items" | "not" => {
                out.insert(keyword.clone(), as_2020(value));
            }
            "additionalProperties" if !value.is_boolean() => {
                out.insert(keyword.clone(), as_2020(value));
            }
            "properties" => {
                let members = value.as_object().unwrap().iter();
                let members = members.map(|(name, it)| (name.clone(), as_2020(it)));
                out.insert(keyword.clone(), Value::Object(members.collect()));
            }
            "exclusiveMinimum" | "exclusiveMaximum" => {
                let plain = keyword.replace("exclusiveM", "m");
                if flag() {
                    let bound = members.get(&plain).expect("a bound next to the flag");
                    out.insert(keyword.clone(), bound.clone());
                }
            }
            "type" => {
                let kind = value.as_str().expect("one type");
                assert_ne!(kind, "null");
                out.insert(keyword.clone(), value.clone());
            }
            "nullable" => {
                flag();
            }
            "enum"
            | "required"
            | "minimum"
            | "maximum"
            | "multipleOf"
            | "minLength"
            | "maxLength"
            | "pattern"
            | "minItems"
            | "maxItems"
            | "uniqueItems"
            | "minProperties"
            | "maxProperties"
            | "additionalProperties" => {
                out.insert(keyword.clone(), value.clone());
            }
            "title" | "description" | "default" | "example" | "deprecated" | "discriminator" => {}
            other => panic!("OpenAPI 3.0 has no keyword {other}"),
        }
    }
    if members.get("nullable") == Some(&json!(true)) {
        return json!({"anyOf": [out, {"type": "null"}]});
    }
    Value::Object(out)
}

fn lowered_validator(lowered: &Lowered) -> jsonschema::Validator {
    let mut json = lowered.document.to_json();
    let schemas = json.pointer_mut("/components/schemas").unwrap();
    for schema in schemas.as_object_mut().unwrap().values_mut() {
        *schema = as_2020(schema);
    }
    validator(&json)
}

/// Values that schemas here are about, and values near those.
fn instances() -> BTreeSet<String> {
    let scalars = [
        json!(null),
        json!(true),
        json!(false),
        json!(-1),
        json!(0),
        json!(1),
        json!(2),
        json!(3),
        json!(4),
        json!(0.5),
        json!(1.5),
        json!(2.5),
        json!(1.0),
        json!(""),
        json!("a"),
        json!("b"),
        json!("ab"),
        json!("abc"),
        json!("abcd"),
    ];
    let mut all: Vec<Value> = scalars.to_vec();
    all.extend([json!([]), json!({})]);
    for one in &scalars {
        all.push(json!([one]));
        all.push(json!({"a": one}));
        all.push(json!({"b": one}));
        all.push(json!({"a": {"a": one}}));
        for two in [json!(null), json!(1), json!(2.5), json!("a"), json!({})] {
            all.push(json!([one, two]));
            all.push(json!([two, one, one]));
            all.push(json!({"a": one, "b": two}));
            all.push(json!({"a": two, "c": one}));
        }
    }
    all.iter().map(Value::to_string).collect()
}

fn instance() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        3 => Just(json!(null)),
        1 => any::<bool>().prop_map(Value::from),
        2 => (-2_i64..6).prop_map(Value::from),
        1 => (-4_i64..12).prop_map(|it| json!(it as f64 / 2.0)),
        2 => "[ab]{0,4}".prop_map(Value::from),
    ];
    scalar.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..3)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

type Schemas = BoxedStrategy<Value>;

fn kind() -> Schemas {
    prop::sample::select(vec![
        "string", "integer", "number", "boolean", "array", "object",
    ])
    .prop_map(Value::from)
    .boxed()
}

fn value() -> Schemas {
    prop::sample::select(vec![
        json!(null),
        json!(1),
        json!(1.0),
        json!(2.5),
        json!("a"),
        json!("b"),
        json!(true),
        json!([]),
        json!({}),
    ])
    .boxed()
}

/// Schemas that OpenAPI 3.0 has as well, and references.
fn plain() -> Schemas {
    let select = |list: Vec<Value>| prop::sample::select(list).boxed();
    prop_oneof![
        kind().prop_map(|kind| json!({"type": kind})),
        select(vec![
            json!({}),
            json!({"type": "string", "maxLength": 2}),
            json!({"minLength": 2}),
            json!({"type": "integer", "minimum": 1}),
            json!({"type": "object", "required": ["a"]}),
            json!({"type": "array", "maxItems": 1, "items": {}}),
            json!({"enum": ["a", 1]}),
            json!({"type": "string", "enum": ["a"]}),
        ]),
        select(vec![
            json!({"$ref": "#/components/schemas/Text"}),
            json!({"$ref": "#/components/schemas/MaybeText"}),
            json!({"$ref": "#/components/schemas/Tree"}),
        ]),
    ]
    .boxed()
}

fn only_null() -> Schemas {
    prop::sample::select(vec![
        json!({"type": "null"}),
        json!({"const": null}),
        json!({"enum": [null]}),
        json!({"type": ["null"], "title": "Null"}),
        json!({"type": "null", "const": null}),
    ])
    .boxed()
}

fn object(members: Vec<(&'static str, Value)>) -> Value {
    let members = members.into_iter();
    Value::Object(
        members
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
    )
}

/// Keywords that a schema may have in addition to those of a rule, and that differ from them.
fn beside(schema: Schemas) -> Schemas {
    let keywords = prop::sample::select(vec![
        ("minLength", json!(2)),
        ("maximum", json!(2)),
        ("minItems", json!(1)),
        ("required", json!(["a"])),
        ("properties", json!({"a": {"type": "integer"}})),
        ("description", json!("Text.")),
        ("title", json!("Title")),
        ("default", json!("a")),
        ("examples", json!([1, 2])),
        ("enum", json!(["a", null, 1, 2.5])),
        ("allOf", json!([{"type": ["string", "null", "integer"]}])),
        ("$ref", json!("#/components/schemas/MaybeText")),
        ("additionalProperties", json!(false)),
        ("uniqueItems", json!(true)),
        ("type", json!("string")),
        ("type", json!(["integer", "null", "array", "object"])),
        ("const", json!(null)),
        ("const", json!("a")),
        ("not", json!({"const": "a"})),
        (
            "anyOf",
            json!([{"type": "string"}, {"type": "null"}, {"type": "object"}]),
        ),
    ]);
    (schema, prop::collection::vec(keywords, 0..3))
        .prop_map(|(mut schema, keywords)| {
            if let Value::Object(members) = &mut schema {
                for (keyword, value) in keywords {
                    members.entry(keyword).or_insert(value);
                }
            }
            schema
        })
        .boxed()
}

/// Schemas that a rule is about, by the rule.
fn subject(rule: &str) -> Schemas {
    let number =
        || prop::sample::select(vec![json!(0), json!(1), json!(1.5), json!(2), json!(3.0)]);
    let schemas: Schemas = match rule {
        "null-branch" => (
            prop::sample::select(vec!["anyOf", "oneOf"]),
            prop::collection::vec(plain(), 1..3),
            only_null(),
            any::<prop::sample::Index>(),
        )
            .prop_map(|(keyword, mut branches, null, index)| {
                branches.insert(index.index(branches.len() + 1), null);
                object(vec![(keyword, branches.into())])
            })
            .boxed(),
        "null-type" => prop_oneof![
            kind().prop_map(|kind| json!({"type": [kind, "null"]})),
            (kind(), prop::collection::vec(value(), 1..4)).prop_map(|(kind, mut values)| {
                values.push(json!(null));
                json!({"type": [kind, "null"], "enum": values})
            }),
            prop::collection::vec(value(), 1..4).prop_map(|mut values| {
                values.push(json!(null));
                json!({"enum": values})
            }),
        ]
        .boxed(),
        "only-null" => only_null(),
        "type-list" => {
            prop::collection::vec(prop_oneof![3 => kind(), 1 => Just(json!("null"))], 1..8)
                .prop_map(|kinds| {
                    let mut once: Vec<Value> = Vec::new();
                    for kind in kinds {
                        if !once.contains(&kind) {
                            once.push(kind);
                        }
                    }
                    json!({"type": once})
                })
                .boxed()
        }
        "const" => prop_oneof![
            value().prop_map(|value| json!({"const": value})),
            (kind(), value()).prop_map(|(kind, value)| json!({"type": kind, "const": value})),
        ]
        .boxed(),
        "exclusive-bound" => (
            prop::option::of(number()),
            prop::option::of(number()),
            prop::option::of(number()),
            number(),
        )
            .prop_map(|(minimum, maximum, above, below)| {
                let mut members = vec![("exclusiveMaximum", below)];
                members.extend(minimum.map(|it| ("minimum", it)));
                members.extend(maximum.map(|it| ("maximum", it)));
                members.extend(above.map(|it| ("exclusiveMinimum", it)));
                object(members)
            })
            .boxed(),
        "tuple" => (
            plain(),
            prop::collection::vec(plain(), 0..2),
            1_usize..4,
            prop::sample::select(vec![
                None,
                Some(json!(false)),
                Some(json!(true)),
                Some(json!({})),
            ]),
            prop::option::of(0..4),
            any::<bool>(),
        )
            .prop_map(|(item, others, count, rest, limit, is_same)| {
                let mut prefix = vec![item.clone(); count];
                prefix.extend(others);
                let mut members = vec![("prefixItems", Value::from(prefix))];
                members.extend(if is_same {
                    Some(("items", item))
                } else {
                    rest.map(|it| ("items", it))
                });
                members.extend(limit.map(|it| ("maxItems", json!(it))));
                object(members)
            })
            .boxed(),
        "boolean-schema" => {
            let flag = || any::<bool>().prop_map(Value::from);
            prop_oneof![
                flag(),
                flag().prop_map(|it| json!({"properties": {"a": it}})),
                flag().prop_map(|it| json!({"items": it})),
                flag().prop_map(|it| json!({"not": it})),
                (flag(), plain()).prop_map(|(it, other)| json!({"anyOf": [it, other]})),
                (flag(), plain()).prop_map(|(it, other)| json!({"oneOf": [it, other]})),
                flag().prop_map(|it| json!({"additionalProperties": it})),
            ]
            .boxed()
        }
        "ref-siblings" => (
            prop::sample::select(vec!["Text", "MaybeText", "Tree"]),
            plain(),
        )
            .prop_map(|(name, beside)| {
                let mut schema = beside;
                schema["$ref"] = json!(format!("#/components/schemas/{name}"));
                schema["description"] = json!("Beside.");
                schema
            })
            .boxed(),
        "unevaluated" => (plain(), any::<bool>(), prop::option::of(plain()))
            .prop_map(|(property, is_open, more)| {
                let mut schema =
                    json!({"properties": {"a": property}, "unevaluatedProperties": is_open});
                if let Some(more) = more {
                    schema["additionalProperties"] = more;
                }
                schema
            })
            .boxed(),
        "no-effect" => prop::sample::select(vec![
            json!({"then": {"minLength": 3}}),
            json!({"else": false, "then": false}),
            json!({"if": {"minLength": 3}}),
            json!({"minContains": 2, "maxContains": 3}),
            json!({"propertyNames": true, "patternProperties": {}, "dependentSchemas": {}}),
            json!({"unevaluatedItems": true, "dependentRequired": {}}),
        ])
        .boxed(),
        "notes" => prop::sample::select(vec![
            json!({"title": "T", "$comment": "c", "$anchor": "a", "type": "string"}),
            json!({"contentEncoding": "base64", "contentMediaType": "image/png"}),
            json!({"contentSchema": {"type": "integer"}, "contentMediaType": "application/json"}),
            json!({"$defs": {"A": false}, "minLength": 1}),
            json!({"examples": [1], "default": 3, "maximum": 1}),
        ])
        .boxed(),
        "nullable" => (plain(), any::<bool>(), prop::option::of(only_null()))
            .prop_map(|(mut schema, nullable, null)| {
                schema["nullable"] = json!(nullable);
                match null {
                    Some(other) => json!({"anyOf": [schema, other]}),
                    None => schema,
                }
            })
            .boxed(),
        other => panic!("no schemas for {other}"),
    };
    // Within others, as well as by itself.
    prop_oneof![
        3 => beside(schemas.clone()),
        1 => schemas.clone().prop_map(|it| json!({"type": "object", "properties": {"a": it}})),
        1 => schemas.clone().prop_map(|it| json!({"type": "array", "items": it})),
        1 => beside(schemas.clone()).prop_map(|it| json!({"additionalProperties": it})),
        1 => (schemas, plain()).prop_map(|(it, other)| json!({"allOf": [it, other]})),
    ]
    .boxed()
}

/// Everything at once, in each other.
fn anything() -> Schemas {
    let leaf = prop_oneof![
        2 => plain(),
        1 => only_null(),
        1 => subject("null-type"),
        1 => subject("type-list"),
        1 => subject("const"),
        1 => subject("exclusive-bound"),
        1 => subject("ref-siblings"),
        1 => any::<bool>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let list = || prop::collection::vec(inner.clone(), 1..4);
        beside(
            prop_oneof![
                (
                    prop::sample::select(vec!["anyOf", "oneOf", "allOf"]),
                    list()
                )
                    .prop_map(|(keyword, list)| object(vec![(keyword, list.into())])),
                inner.clone().prop_map(|it| json!({"not": it})),
                inner
                    .clone()
                    .prop_map(|it| json!({"properties": {"a": it}})),
                inner.clone().prop_map(|it| json!({"items": it})),
                (inner.clone(), inner)
                    .prop_map(|(a, b)| json!({"properties": {"b": a}, "additionalProperties": b})),
            ]
            .boxed(),
        )
    })
    .boxed()
}

/// `rule`, if one is named, must have been at work.
fn agree(schema: &Value, rule: Option<&str>, more: &[Value]) -> Result<(), TestCaseError> {
    let given = description(schema);
    let lowered = lower(&parse(&given));
    if !lowered.refusals.is_empty() {
        // What cannot be lowered is not to be; but that is no way to pass everything.
        return Err(TestCaseError::reject("refused"));
    }
    if let Some(rule) = rule {
        let mut rewrites = lowered.rewrites.iter();
        prop_assert!(
            rewrites.any(|it| it.rule.name == rule && it.pointer.to_string().contains("Subject")),
            "{rule} has not been at work on {schema:#}"
        );
    }
    let before = validator(&given);
    let after = lowered_validator(&lowered);
    let loosens = lowered
        .rewrites
        .iter()
        .any(|it| it.rule.effect == Effect::Loosens);
    let fixed = INSTANCES.iter();
    for instance in fixed.chain(more) {
        let (was, is) = (before.is_valid(instance), after.is_valid(instance));
        prop_assert!(
            was == is || (loosens && is),
            "{instance} was {was}, is {is}\n{schema:#}\n{:#}",
            lowered.document.to_json()["components"]["schemas"]["Subject"]
        );
    }
    Ok(())
}

static INSTANCES: std::sync::LazyLock<Vec<Value>> = std::sync::LazyLock::new(|| {
    let all = instances();
    all.iter()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect()
});

macro_rules! laws {
    ($($name:ident: $schemas:expr, $rule:expr;)*) => {
        proptest! {
            // More with PROPTEST_CASES.
            #![proptest_config(ProptestConfig {
                failure_persistence: None,
                max_global_rejects: 10_000,
                ..ProptestConfig::default()
            })]
            $(
                #[test]
                fn $name(schema in $schemas, more in prop::collection::vec(instance(), 0..20)) {
                    agree(&schema, $rule, &more)?;
                }
            )*
        }
    };
}

laws! {
    null_branches_keep_the_meaning: subject("null-branch"), Some("null-branch");
    null_types_and_values_keep_the_meaning: subject("null-type"), None;
    only_null_keeps_the_meaning: subject("only-null"), None;
    lists_of_types_keep_the_meaning: subject("type-list"), None;
    constants_keep_the_meaning: subject("const"), Some("const");
    exclusive_bounds_keep_the_meaning: subject("exclusive-bound"), Some("exclusive-bound");
    tuples_keep_the_meaning: subject("tuple"), Some("tuple");
    booleans_keep_the_meaning: subject("boolean-schema"), None;
    siblings_of_references_keep_the_meaning: subject("ref-siblings"), Some("ref-siblings");
    unevaluated_properties_keep_the_meaning: subject("unevaluated"), None;
    what_has_no_effect_has_none: subject("no-effect"), Some("no-effect");
    notes_mean_nothing_to_validators: subject("notes"), None;
    what_is_valid_stays_so_where_nullable_is_heeded: subject("nullable"), None;
    rules_in_each_other_keep_the_meaning: anything(), None;
}

/// The laws must be able to fail: a rule that is wrong is seen.
#[test]
fn a_wrong_rewrite_would_be_seen() {
    for (given, wrong) in [
        (
            json!({"type": ["string", "null"]}),
            json!({"type": "string"}),
        ),
        (
            json!({"type": "string", "enum": ["a", null]}),
            json!({"type": "string", "enum": ["a"], "nullable": true}),
        ),
        (json!({"exclusiveMinimum": 1}), json!({"minimum": 1})),
        (
            json!({"type": ["string", "integer"]}),
            json!({"type": "string"}),
        ),
        (json!({"const": "a"}), json!({"type": "string"})),
        (
            json!({"$ref": "#/components/schemas/Text", "maxLength": 2}),
            json!({"$ref": "#/components/schemas/Text", "maxLength": 2}),
        ),
    ] {
        let before = validator(&description(&given));
        let mut lowered = lower(&parse(&description(&json!({}))));
        let mut json = lowered.document.to_json();
        json["components"]["schemas"]["Subject"] = wrong.clone();
        lowered.document = parse(&json);
        let after = lowered_validator(&lowered);
        let mut instances = INSTANCES.iter();
        assert!(
            instances.any(|it| before.is_valid(it) != after.is_valid(it)),
            "{given} as {wrong}"
        );
    }
}
