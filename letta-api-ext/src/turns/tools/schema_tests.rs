//! The schemas of types, in full, and what is refused.
#![allow(dead_code, reason = "the types are for their schemas")]

use std::collections::{BTreeMap, HashMap, HashSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::schema::{of_type, of_value};

fn schema_of<T: JsonSchema>() -> Value {
    Value::Object(of_type::<T>().unwrap().schema)
}

fn problem_of<T: JsonSchema>() -> String {
    of_type::<T>().unwrap_err()
}

/// The schema of an object with one field.
fn rewritten(field: Value) -> Value {
    let whole = json!({"type": "object", "properties": {"a": field}, "required": ["a"]});
    of_value(&whole).unwrap().schema["properties"]["a"].clone()
}

#[derive(JsonSchema, Deserialize)]
struct Place {
    /// A city, in English
    city: String,
    country: Option<String>,
}

#[derive(JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unit {
    Celsius,
    Fahrenheit,
}

#[derive(JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Style {
    /// Few words
    Short,
    /// All there is
    Long,
    Other,
}

/// A shape.
#[derive(JsonSchema, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Shape {
    /// A round one
    Circle {
        radius: f64,
    },
    Square {
        side: f64,
        label: Option<String>,
    },
    Point,
}

#[derive(JsonSchema, Deserialize)]
#[serde(untagged)]
enum Who {
    Id(u32),
    Name(String),
    Place(Place),
}

#[derive(JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Change {
    Set { value: String },
    Clear,
}

#[derive(JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Either {
    Left(u8),
    Right { text: String },
}

fn place() -> Value {
    json!({
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "A city, in English"},
            "country": {"type": "string"},
        },
        "required": ["city"],
    })
}

#[test]
fn a_nested_struct_is_written_out() {
    #[derive(JsonSchema)]
    struct Trip {
        /// Where it begins
        from: Place,
        to: Place,
        via: Option<Place>,
        /// Where to rest
        rest: Option<Place>,
    }

    let described = |description: &str| {
        let mut place = place();
        place["description"] = description.into();
        place
    };
    let expected = json!({
        "type": "object",
        "properties": {
            "from": described("Where it begins"),
            "to": place(),
            "via": place(),
            "rest": described("Where to rest"),
        },
        "required": ["from", "to"],
    });
    assert_eq!(schema_of::<Trip>(), expected);
}

#[test]
fn enums_of_units_are_one_list_of_texts() {
    #[derive(JsonSchema)]
    struct Input {
        unit: Unit,
        maybe: Option<Unit>,
        /// How to write
        style: Style,
    }

    let expected = json!({
        "type": "object",
        "properties": {
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            "maybe": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            "style": {
                "type": "string",
                "enum": ["other", "short", "long"],
                "description": "How to write\n- `short`: Few words\n- `long`: All there is",
            },
        },
        "required": ["unit", "style"],
    });
    assert_eq!(schema_of::<Input>(), expected);
}

#[test]
fn a_tagged_enum_is_a_union_within_and_one_object_at_the_top() {
    #[derive(JsonSchema)]
    struct Drawing {
        shapes: Vec<Shape>,
    }

    let kind = |text: &str| json!({"type": "string", "enum": [text]});
    let shapes = json!({"anyOf": [
        {
            "type": "object",
            "description": "A shape. A round one",
            "properties": {"kind": kind("circle"), "radius": {"type": "number"}},
            "required": ["kind", "radius"],
        },
        {
            "type": "object",
            "description": "A shape.",
            "properties": {
                "kind": kind("square"),
                "label": {"type": "string"},
                "side": {"type": "number"},
            },
            "required": ["kind", "side"],
        },
        {
            "type": "object",
            "description": "A shape.",
            "properties": {"kind": kind("point")},
            "required": ["kind"],
        },
    ]});
    let drawing = schema_of::<Drawing>();
    assert_eq!(drawing["properties"]["shapes"]["items"], shapes);

    let top = json!({
        "type": "object",
        "description": "A shape. Give one of these sets of fields:\n\
            - `kind` \"circle\", `radius`: A round one\n\
            - `kind` \"square\", `side`, `label` (optional)\n\
            - `kind` \"point\"",
        "properties": {
            "kind": {"type": "string", "enum": ["circle", "square", "point"]},
            "label": {"type": "string"},
            "radius": {"type": "number"},
            "side": {"type": "number"},
        },
        "required": ["kind"],
    });
    assert_eq!(schema_of::<Shape>(), top);
}

#[test]
fn an_enum_with_the_variant_as_a_field_is_one_object_at_the_top() {
    let expected = json!({
        "type": "object",
        "description": "Give one of these sets of fields:\n- `left`\n- `right`",
        "properties": {
            "left": {"type": "integer", "minimum": 0, "maximum": 255},
            "right": {
                "type": "object",
                "properties": {"text": {"type": "string"}},
                "required": ["text"],
            },
        },
        "required": [],
    });
    assert_eq!(schema_of::<Either>(), expected);
}

#[test]
fn an_untagged_enum_is_a_union_and_tells_null_apart_only_if_needed() {
    #[derive(JsonSchema)]
    struct Input {
        /// Whom to ask
        who: Who,
        maybe: Option<Who>,
        all: Vec<Option<Who>>,
        changes: Vec<Change>,
    }

    let schema = schema_of::<Input>();
    let id = json!({"type": "integer", "minimum": 0});
    let name = json!({"type": "string"});
    let mut told = [id.clone(), name.clone(), place()];
    for branch in &mut told {
        branch["description"] = "Whom to ask".into();
    }
    let properties = &schema["properties"];
    assert_eq!(properties["who"], json!({"anyOf": told}));
    let plain = json!({"anyOf": [id, name, place()]});
    assert_eq!(properties["maybe"], plain);
    let all = json!({"anyOf": [id, name, place(), {"type": "null"}]});
    assert_eq!(properties["all"], json!({"type": "array", "items": all}));
    let set = json!({
        "type": "object",
        "properties": {"value": {"type": "string"}},
        "required": ["value"],
    });
    let set = json!({
        "type": "object",
        "properties": {"set": set},
        "required": ["set"],
        "additionalProperties": false,
    });
    let clear = json!({"type": "string", "enum": ["clear"]});
    let mut branches = properties["changes"]["items"]["anyOf"]
        .as_array()
        .unwrap()
        .clone();
    branches.sort_by_key(|branch| branch["type"].to_string());
    assert_eq!(branches, [set, clear]);
}

#[test]
fn collections_and_numbers_have_what_all_models_take() {
    #[derive(JsonSchema)]
    struct Input {
        tags: Vec<String>,
        set: HashSet<u8>,
        by_name: HashMap<String, f32>,
        by_number: BTreeMap<u32, Place>,
        pair: (f64, String),
        same: [i32; 2],
        anything: Value,
        object: Map<String, Value>,
        count: u32,
        signed: i64,
        not_zero: std::num::NonZeroU8,
        yes: bool,
        letter: char,
        gaps: Vec<Option<u16>>,
    }

    let expected = json!({
        "tags": {"type": "array", "items": {"type": "string"}},
        "set": {
            "type": "array",
            "items": {"type": "integer", "minimum": 0, "maximum": 255},
            "description": "No two items are the same.",
        },
        "by_name": {
            "type": "object",
            "properties": {},
            "additionalProperties": {"type": "number"},
        },
        "by_number": {"type": "object", "properties": {}, "additionalProperties": place()},
        "pair": {
            "type": "array",
            "items": {"anyOf": [{"type": "number"}, {"type": "string"}]},
            "minItems": 2,
            "maxItems": 2,
            "description": "Items in this order: number, string.",
        },
        "same": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
        "anything": {},
        "object": {"type": "object", "properties": {}, "additionalProperties": true},
        "count": {"type": "integer", "minimum": 0},
        "signed": {"type": "integer"},
        "not_zero": {"type": "integer", "minimum": 1, "maximum": 255},
        "yes": {"type": "boolean"},
        "letter": {"type": "string", "minLength": 1, "maxLength": 1},
        "gaps": {
            "type": "array",
            "items": {"anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 65535},
                {"type": "null"},
            ]},
        },
    });
    let schema = schema_of::<Input>();
    for (name, expected) in expected.as_object().unwrap() {
        assert_eq!(&schema["properties"][name], expected, "{name}");
    }
}

#[test]
fn attributes_of_serde_and_schemars_hold() {
    #[derive(JsonSchema, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Input {
        #[serde(rename = "where")]
        place: String,
        /// How many days
        #[serde(default = "one")]
        how_many: u8,
        #[serde(default)]
        tags: Vec<String>,
        #[serde(skip)]
        hidden: String,
        #[schemars(length(min = 1, max = 9), regex(pattern = "^a"))]
        text: String,
        #[schemars(range(min = 1, max = 5), description = "Stars")]
        stars: i32,
        #[schemars(extend("format" = "date-time", "x-own" = 1))]
        when: String,
        #[schemars(extend("format" = "uri"))]
        link: String,
        #[schemars(title = "A title", example = &"b")]
        titled: String,
    }
    fn one() -> u8 {
        1
    }

    let expected = json!({
        "type": "object",
        "properties": {
            "where": {"type": "string"},
            "howMany": {
                "type": "integer",
                "minimum": 0,
                "maximum": 255,
                "description": "How many days. Default: 1.",
            },
            "tags": {"type": "array", "items": {"type": "string"}},
            "text": {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a"},
            "stars": {"type": "integer", "minimum": 1, "maximum": 5, "description": "Stars"},
            "when": {"type": "string", "format": "date-time"},
            "link": {"type": "string"},
            "titled": {"type": "string"},
        },
        "required": ["where", "text", "stars", "when", "link", "titled"],
        "additionalProperties": false,
    });
    assert_eq!(schema_of::<Input>(), expected);
}

#[test]
fn what_is_flattened_is_among_the_fields() {
    #[derive(JsonSchema)]
    struct Input {
        title: String,
        #[serde(flatten)]
        place: Place,
    }
    #[derive(JsonSchema)]
    struct Drawn {
        #[serde(flatten)]
        shape: Shape,
        color: String,
    }

    let expected = json!({
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "city": {"type": "string", "description": "A city, in English"},
            "country": {"type": "string"},
        },
        "required": ["title", "city"],
    });
    assert_eq!(schema_of::<Input>(), expected);

    let drawn = schema_of::<Drawn>();
    let names: Vec<&String> = drawn["properties"].as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 5, "{names:?}");
    assert_eq!(drawn["required"], json!(["color", "kind"]));
    let kinds = json!({"type": "string", "enum": ["circle", "square", "point"]});
    assert_eq!(drawn["properties"]["kind"], kinds);
    let description = drawn["description"].as_str().unwrap();
    assert!(description.contains("- `kind` \"point\""), "{description}");
    assert_eq!(drawn.get("anyOf"), None);
    assert_eq!(drawn.get("oneOf"), None);
}

#[test]
fn no_input_is_an_object_without_fields() {
    #[derive(JsonSchema)]
    struct Nothing;
    #[derive(JsonSchema)]
    struct Empty {}

    let empty = json!({"type": "object", "properties": {}, "required": []});
    assert_eq!(schema_of::<()>(), empty);
    assert_eq!(schema_of::<Nothing>(), empty);
    assert_eq!(schema_of::<Empty>(), empty);
    assert!(of_type::<()>().unwrap().is_unit);
    assert!(!of_type::<Empty>().unwrap().is_unit);
    // An input that may be left out as a whole.
    assert_eq!(schema_of::<Option<Place>>(), place());
}

#[test]
fn an_input_that_no_model_takes_is_refused_with_the_reason() {
    #[derive(JsonSchema)]
    struct Tree {
        children: Vec<Tree>,
    }
    #[derive(JsonSchema)]
    struct Holder {
        tree: Option<Box<Node>>,
    }
    #[derive(JsonSchema)]
    struct Node {
        next: Option<Box<Node>>,
    }
    #[derive(JsonSchema)]
    struct City(String);
    #[derive(JsonSchema)]
    struct Named {
        #[serde(rename = "two words")]
        field: String,
    }

    let recursive = |name: &str| {
        format!(
            "must not have a recursive input: `{name}` contains itself, and models take no references"
        )
    };
    assert_eq!(problem_of::<Tree>(), recursive("Tree"));
    assert_eq!(problem_of::<Holder>(), recursive("Node"));
    let object = |is: &str| {
        format!(
            "must have an input that is an object with named fields, such as a struct, but this one is {is}"
        )
    };
    assert_eq!(problem_of::<City>(), object("string"));
    assert_eq!(problem_of::<Vec<Place>>(), object("array"));
    assert_eq!(problem_of::<u8>(), object("integer"));
    assert_eq!(problem_of::<Value>(), object("anything"));
    assert_eq!(problem_of::<Unit>(), object("string"));
    assert_eq!(problem_of::<Change>(), object("sometimes something else"));
    let name = "must have fields with names of 1 to 64 letters, digits, `_`, `.` or `-`, unlike `two words`";
    assert_eq!(problem_of::<Named>(), name);
}

#[test]
fn what_a_schema_by_hand_says_is_kept_or_told() {
    let cases = [
        // (as it is read, as it is sent)
        (
            json!({"const": "a"}),
            json!({"type": "string", "enum": ["a"]}),
        ),
        (
            json!({"const": 7}),
            json!({"type": "integer", "description": "Always 7."}),
        ),
        (
            json!({"enum": [1, 2.5], "description": "Size"}),
            json!({"type": "number", "description": "Size. One of: 1, 2.5."}),
        ),
        (
            json!({"enum": ["a", null]}),
            json!({"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}),
        ),
        (
            json!({"const": true}),
            json!({"type": "boolean", "description": "Always true."}),
        ),
        (
            json!({"type": ["string", "integer", "null"], "minLength": 1, "minimum": 2}),
            json!({"anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "integer", "minimum": 2},
                {"type": "null"},
            ]}),
        ),
        (
            json!({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10}),
            json!({"type": "integer", "minimum": 1, "maximum": 9}),
        ),
        (
            json!({"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5}),
            json!({"type": "number", "description": "Greater than 0. A multiple of 0.5."}),
        ),
        (
            json!({"allOf": [{"type": "string", "minLength": 1}, {"maxLength": 2}], "title": "T"}),
            json!({"type": "string", "minLength": 1, "maxLength": 2}),
        ),
        (
            json!({"allOf": [
                {"properties": {"b": {"type": "string"}}, "required": ["b"], "additionalProperties": false},
                {"properties": {"c": {"type": "integer"}}, "required": ["c"]},
            ]}),
            json!({
                "type": "object",
                "properties": {"b": {"type": "string"}, "c": {"type": "integer"}},
                "required": ["b", "c"],
                "additionalProperties": false,
            }),
        ),
        (
            json!({
                "type": "object",
                "properties": {"b": {"type": "string"}, "c": {"type": "string"}},
                "anyOf": [{"required": ["b"]}, {"required": ["c"]}],
            }),
            json!({
                "type": "object",
                "properties": {"b": {"type": "string"}, "c": {"type": "string"}},
                "description": "Give one of these sets of fields:\n- `b`\n- `c`",
            }),
        ),
        (
            json!({"type": "array"}),
            json!({"type": "array", "items": {}}),
        ),
        (json!(true), json!({})),
        (
            json!({"type": "new", "description": "d"}),
            json!({"description": "d"}),
        ),
        (json!({"anyOf": [{"type": "string"}, true]}), json!({})),
        (
            json!({"type": "object", "properties": {"never": false, "b": {}}, "propertyNames": {}, "if": {}}),
            json!({"type": "object", "properties": {"b": {}}}),
        ),
    ];
    for (given, expected) in cases {
        assert_eq!(rewritten(given.clone()), expected, "{given}");
    }
}

#[test]
fn references_of_a_schema_by_hand_are_followed() {
    let schema = json!({
        "type": "object",
        "properties": {
            "a": {"$ref": "#/$defs/a~1b%20c", "description": "First"},
            "b": {"$ref": "#/definitions/B"},
        },
        "$defs": {"a/b c": {"type": "string", "description": "Text"}},
        "definitions": {"B": {"$ref": "#/$defs/a~1b%20c"}},
    });
    let expected = json!({
        "type": "object",
        "properties": {
            "a": {"type": "string", "description": "First. Text"},
            "b": {"type": "string", "description": "Text"},
        },
        "required": [],
    });
    assert_eq!(Value::Object(of_value(&schema).unwrap().schema), expected);

    for reference in ["#/$defs/Gone", "https://example.com/schema", "other.json"] {
        let schema = json!({"type": "object", "properties": {"a": {"$ref": reference}}});
        let problem = of_value(&schema).unwrap_err();
        let begin = "must have a schema that is complete, but it refers to `";
        assert!(problem.starts_with(begin), "{problem}");
    }
}

#[test]
fn a_schema_by_hand_is_bounded() {
    let mut deep = json!({"type": "string"});
    for _ in 0..100 {
        deep = json!({"type": "object", "properties": {"a": deep}});
    }
    let problem = of_value(&deep).unwrap_err();
    assert_eq!(
        problem,
        "must have an input that nests at most 48 levels deep"
    );

    // Each definition uses the next one ten times.
    let mut definitions = Map::new();
    for level in 0..10 {
        let next = json!({"$ref": format!("#/$defs/{}", level + 1)});
        let fields: Map<String, Value> = (0..10).map(|n| (format!("f{n}"), next.clone())).collect();
        definitions.insert(
            level.to_string(),
            json!({"type": "object", "properties": fields}),
        );
    }
    definitions.insert("10".into(), json!({"type": "string"}));
    let wide = json!({"$ref": "#/$defs/0", "$defs": definitions});
    let problem = of_value(&wide).unwrap_err();
    let expected = "must have an input of at most 5000 schemas, each use of a type counted";
    assert_eq!(problem, expected);

    let contradictory = json!({"type": "object", "properties": {"a": {"allOf": [{"type": "string"}, {"type": "object"}]}}});
    let problem = of_value(&contradictory).unwrap_err();
    assert!(problem.contains("hold together"), "{problem}");

    // Twenty pairs of alternatives are a million combinations.
    let object = |name: String| json!({"type": "object", "properties": {name.clone(): {}}, "required": [name]});
    let pair = |n: u8| json!({"anyOf": [object(format!("a{n}")), object(format!("b{n}"))]});
    let crossed: Vec<Value> = (0..20).map(pair).collect();
    let problem = of_value(&json!({"allOf": crossed})).unwrap_err();
    let expected = "must have an input of at most 100 alternatives that are combinations of others";
    assert_eq!(problem, expected);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 1024, ..Default::default() })]

    /// Whatever is read, a schema that is sent has only keywords that models take.
    #[test]
    fn a_schema_that_is_sent_has_only_what_models_take(schema in any_schema()) {
        let whole = json!({
            "type": "object",
            "properties": {"a": schema, "b": {"$ref": "#/properties/a"}},
            "$defs": {"a": schema},
        });
        for schema in [schema, whole] {
            if let Ok(parameters) = of_value(&schema) {
                check(&Value::Object(parameters.schema), true);
            }
        }
    }
}

fn check(schema: &Value, is_top: bool) {
    const TAKEN: &[&str] = &[
        "type",
        "properties",
        "required",
        "additionalProperties",
        "minProperties",
        "maxProperties",
        "items",
        "minItems",
        "maxItems",
        "enum",
        "minLength",
        "maxLength",
        "pattern",
        "format",
        "minimum",
        "maximum",
        "anyOf",
        "description",
    ];
    let schema = schema.as_object().unwrap();
    for key in schema.keys() {
        assert!(TAKEN.contains(&key.as_str()), "{key}");
    }
    if is_top {
        assert_eq!(schema["type"], "object");
        assert!(schema["properties"].is_object() && schema["required"].is_array());
    }
    if let Some(branches) = schema.get("anyOf") {
        assert_eq!(schema.len(), 1, "`anyOf` is alone");
        let branches = branches.as_array().unwrap();
        assert!(branches.len() > 1 && !is_top);
        for branch in branches {
            check(branch, false);
        }
    }
    if let Some(kind) = schema.get("type") {
        assert!(kind.is_string(), "{kind}");
    }
    if let Some(values) = schema.get("enum") {
        assert_eq!(schema["type"], "string");
        assert!(values.as_array().unwrap().iter().all(Value::is_string));
    }
    if let Some(items) = schema.get("items") {
        check(items, false);
    }
    if let Some(others @ Value::Object(_)) = schema.get("additionalProperties") {
        check(others, false);
    }
    for field in schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        check(field.1, false);
    }
}

/// Schemas, and what is nearly one.
fn any_schema() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::collection::{hash_map, vec};
    use proptest::prelude::*;

    let keys = prop::sample::select(vec![
        "type",
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
        "items",
        "prefixItems",
        "anyOf",
        "oneOf",
        "allOf",
        "$ref",
        "const",
        "enum",
        "default",
        "description",
        "minimum",
        "exclusiveMinimum",
        "format",
        "a",
        "$defs",
        "title",
        "not",
        "uniqueItems",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec![
            "string",
            "integer",
            "number",
            "boolean",
            "array",
            "object",
            "null",
            "a",
            "#",
            "#/$defs/a",
            "#/properties/a",
            "",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 80, 6, move |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => hash_map(keys.clone(), inner, 0..6).prop_map(|fields| {
                let fields = fields.into_iter().map(|(key, value)| (key.to_owned(), value));
                Value::Object(fields.collect())
            }),
        ]
    })
}
