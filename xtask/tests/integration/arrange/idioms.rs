//! What the arrange stage makes of what descriptions say by habit, and what it leaves alone.

use serde_json::{Value, json};
use xtask::arrange::arrange;
use xtask::load;
use xtask::openapi::Source;

fn arranged(description: Value) -> Value {
    let source = Source::new("d.json", description.to_string());
    arrange(load::parse(&source).unwrap()).to_json()
}

/// The component `A` afterwards.
fn schema(schemas: Value) -> Value {
    arranged(json!({"components": {"schemas": schemas}}))["components"]["schemas"]["A"].clone()
}

#[test]
fn null_goes_from_an_enum_whose_type_no_null_has() {
    for (before, after) in [
        (
            json!({"type": "string", "enum": ["a", null]}),
            json!({"type": "string", "enum": ["a"]}),
        ),
        (
            json!({"enum": ["a", "b"]}),
            json!({"enum": ["a", "b"], "type": "string"}),
        ),
        (
            json!({"type": "string", "enum": [null]}),
            json!({"type": "string", "enum": [null]}),
        ),
        (json!({"enum": ["a", 1]}), json!({"enum": ["a", 1]})),
        (
            json!({"enum": ["a"], "not": {}}),
            json!({"enum": ["a"], "not": {}}),
        ),
    ] {
        assert_eq!(schema(json!({ "A": before })), after);
    }
}

#[test]
fn an_enum_without_a_type_that_has_null_may_be_null_where_it_is_used() {
    let schemas = json!({
        "A": {"type": "object", "properties": {"b": {"$ref": "#/components/schemas/B"}}},
        "B": {"enum": ["a", null]},
    });
    assert_eq!(
        schema(schemas)["properties"]["b"],
        json!({"nullable": true, "allOf": [{"$ref": "#/components/schemas/B"}]})
    );
}

#[test]
fn properties_beside_an_all_of_become_a_branch() {
    let b = json!({"type": "object", "properties": {"x": {"type": "string"}}});
    let refers = json!({"$ref": "#/components/schemas/B"});
    let own = json!({"y": {"type": "string"}});
    for (before, after) in [
        (
            json!({"type": "object", "allOf": [refers], "properties": own}),
            json!({"allOf": [refers, {"properties": own, "type": "object", "x-made-from": "#/components/schemas/A"}]}),
        ),
        // That all are objects says `B`.
        (
            json!({"allOf": [refers], "properties": own, "required": ["y"]}),
            json!({"allOf": [refers, {
                "properties": own, "required": ["y"], "type": "object", "x-made-from": "#/components/schemas/A",
            }]}),
        ),
        (
            json!({"type": "object", "allOf": [refers]}),
            json!({"allOf": [refers]}),
        ),
        // That is about what `B` has.
        (
            json!({"type": "object", "allOf": [refers], "required": ["x"]}),
            json!({"allOf": [refers, {"type": "object", "required": ["x"], "x-made-from": "#/components/schemas/A"}]}),
        ),
        (
            json!({"type": "object", "allOf": [refers], "minProperties": 1}),
            json!({"type": "object", "allOf": [refers], "minProperties": 1}),
        ),
        // Nobody says that these are objects.
        (
            json!({"type": "object", "allOf": [{"description": "."}]}),
            json!({"type": "object", "allOf": [{"description": "."}]}),
        ),
        (
            json!({"type": "string", "allOf": [refers]}),
            json!({"type": "string", "allOf": [refers]}),
        ),
    ] {
        assert_eq!(schema(json!({ "A": before, "B": b })), after);
    }
}

#[test]
fn what_a_branch_of_an_all_of_says_of_the_whole_goes_there() {
    let b = json!({"type": "object", "properties": {"x": {"type": "string"}}});
    let c = json!({"type": "string", "enum": ["c"]});
    let (refers, name) = (
        json!({"$ref": "#/components/schemas/B"}),
        json!({"$ref": "#/components/schemas/C"}),
    );
    let more = json!({"type": "object", "properties": {"y": {"type": "string"}}});
    let from = |index: usize| format!("#/components/schemas/A/allOf/{index}");
    for (before, after) in [
        (
            json!({"allOf": [refers, {"description": "D.", "title": "T", "nullable": true, "x-note": 1}]}),
            json!({"allOf": [refers], "description": "D."}),
        ),
        (
            json!({"allOf": [refers, {}, {"type": "object"}, {"required": []}]}),
            json!({"allOf": [refers]}),
        ),
        // What the whole says itself stands, and others keep the places that an overlay finds them at.
        (
            json!({"description": "Own.", "allOf": [{"description": "D."}, refers, more]}),
            json!({"description": "Own.", "allOf": [
                refers, {"type": "object", "properties": {"y": {"type": "string"}}, "x-made-from": from(2)},
            ]}),
        ),
        // Only what is required is left of one that requires.
        (
            json!({"allOf": [refers, {"required": ["x"], "description": "D."}]}),
            json!({"allOf": [refers, {"type": "object", "required": ["x"], "x-made-from": from(1)}], "description": "D."}),
        ),
        // A property that is declared again without a word about its values is the one that is there.
        (
            json!({"allOf": [refers, {"type": "object", "required": ["x"], "properties": {"x": {"description": "X."}}}]}),
            json!({"allOf": [refers, {"type": "object", "required": ["x"], "x-made-from": from(1)}]}),
        ),
        (
            json!({"allOf": [refers, {"type": "object", "properties": {"x": {}, "y": {"type": "string"}}}]}),
            json!({"allOf": [refers, more]}),
        ),
        // Beside an object, properties are those of an object.
        (
            json!({"allOf": [refers, {"properties": {"y": {"type": "string"}}}]}),
            json!({"allOf": [refers, more]}),
        ),
        // Of values that are no objects as well.
        (
            json!({"allOf": [name, {"type": "string", "default": "c"}]}),
            json!({"allOf": [name], "description": "By default `c`."}),
        ),
        // One in another is the same as all of them together.
        (
            json!({"allOf": [{"description": "D.", "allOf": [refers, more]}, {"required": ["y"]}]}),
            json!({"allOf": [
                refers,
                {"type": "object", "properties": {"y": {"type": "string"}}, "x-made-from": from(0) + "/allOf/1"},
                {"type": "object", "required": ["y"], "x-made-from": "#/components/schemas/A/allOf/1"},
            ]}),
        ),
        // Another type, a marker and whatever says more are left for the lints.
        (
            json!({"allOf": [refers, {"type": "string", "description": "D."}]}),
            json!({"allOf": [refers, {"type": "string", "description": "D."}]}),
        ),
        (
            json!({"allOf": [refers, {"description": "D.", "x-codegen-ignore": ["description"]}]}),
            json!({"allOf": [refers, {"description": "D.", "x-codegen-ignore": ["description"]}]}),
        ),
        (
            json!({"allOf": [name, {"required": ["x"]}]}),
            json!({"allOf": [name, {"required": ["x"]}]}),
        ),
    ] {
        assert_eq!(
            schema(json!({ "A": before, "B": b, "C": c })),
            after,
            "{before}"
        );
    }
}

#[test]
fn what_either_branch_says_of_the_use_of_a_property_is_kept() {
    let c = json!({"type": "string", "enum": ["c", "d"]});
    let refers = json!({"$ref": "#/components/schemas/C"});
    let with = |mut schema: Value, key: &str| {
        schema[key] = json!(true);
        schema
    };
    let text = json!({"type": "string"});
    let twice = |one: &Value, other: &Value| {
        let branch = |property: &Value| json!({"type": "object", "properties": {"p": property}});
        let a = json!({"allOf": [branch(one), branch(other)]});
        schema(json!({"A": a, "C": c}))
    };
    for key in ["x-codegen-sensitive", "readOnly", "writeOnly", "deprecated"] {
        for (plain, noted) in [
            (text.clone(), with(text.clone(), key)),
            (refers.clone(), with(json!({"allOf": [refers]}), key)),
            // The narrower one is kept.
            (c.clone(), with(text.clone(), key)),
            (text.clone(), with(c.clone(), key)),
        ] {
            for (one, other) in [(&plain, &noted), (&noted, &plain)] {
                let property = &twice(one, other)["properties"]["p"];
                assert_eq!(property[key], true, "{one} and {other}: {property}");
            }
        }
    }
    // A marker about the type would be lost: a lint asks.
    let replaced = json!({"type": "string", "x-codegen-replace": {"type": "crate::ids::AgentId"}});
    assert!(twice(&c, &replaced).get("properties").is_none());
}

#[test]
fn notes_beside_a_reference_go_and_its_description_stays() {
    let refers = json!({"$ref": "#/components/schemas/B"});
    for (before, after) in [
        (json!({"title": "T", "example": 1}), refers.clone()),
        (
            json!({"readOnly": true, "title": "T"}),
            json!({"readOnly": true, "allOf": [refers]}),
        ),
        (
            json!({"deprecated": true, "description": "D."}),
            json!({"description": "D.", "deprecated": true, "allOf": [refers]}),
        ),
        (
            json!({"description": "D.", "example": 1}),
            json!({"description": "D.", "allOf": [refers]}),
        ),
        // That may have been meant; a lint asks.
        (
            json!({"nullable": true}),
            json!({"nullable": true, "$ref": "#/components/schemas/B"}),
        ),
    ] {
        let mut property = before;
        property["$ref"] = json!("#/components/schemas/B");
        let a = json!({"type": "object", "properties": {"b": property}});
        let b = json!({"type": "object"});
        assert_eq!(schema(json!({ "A": a, "B": b }))["properties"]["b"], after);
    }
}

#[test]
fn a_component_that_may_be_null_says_so_where_it_is_used() {
    let refers = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let description = json!({
        "paths": {"/a": {"get": {"operationId": "a", "responses": {"200": {
            "description": "", "content": {"application/json": {"schema": refers("B")}},
        }}}}},
        "components": {"schemas": {
            "A": {"type": "object", "properties": {
                "one": refers("B"),
                "list": {"type": "array", "items": refers("Alias")},
                "choice": {"anyOf": [refers("B"), refers("C")]},
            }},
            "B": {"type": "object", "nullable": true},
            "Alias": refers("B"),
            "C": {"type": "string"},
            "Both": {"allOf": [refers("B"), refers("D")]},
            "D": {"type": "object"},
        }},
    });
    let after = arranged(description);
    let nullable = |name: &str| json!({"nullable": true, "allOf": [refers(name)]});
    let schemas = &after["components"]["schemas"];
    assert_eq!(schemas["B"], json!({"type": "object"}));
    assert_eq!(schemas["A"]["properties"]["one"], nullable("B"));
    assert_eq!(
        schemas["A"]["properties"]["list"]["items"],
        nullable("Alias")
    );
    let choice = &schemas["A"]["properties"]["choice"];
    assert_eq!(choice["nullable"], true, "{choice}");
    assert_eq!(schemas["Both"]["allOf"][0], refers("B"));
    assert_eq!(
        after["paths"]["/a"]["get"]["responses"]["200"]["content"]["application/json"]["schema"],
        nullable("B")
    );
}

#[test]
fn a_component_stays_nullable_if_a_use_of_it_would_change() {
    let refers = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let b = json!({"type": "object", "nullable": true});
    for a in [
        // Null is both, and so neither.
        json!({"oneOf": [refers("B"), refers("C")]}),
        json!({"not": refers("B")}),
        json!({"allOf": [refers("B"), {"minProperties": 1}]}),
    ] {
        let after = arranged(json!({"components": {"schemas": {"A": a, "B": b, "C": b}}}));
        assert_eq!(after["components"]["schemas"]["B"], b, "{a}");
    }
}

#[test]
fn an_operation_without_a_name_gets_one_that_is_free() {
    let after = arranged(json!({"paths": {
        "/a/{b}": {"get": {}, "put": {"operationId": "set"}},
        "/a/by-b": {"get": {}},
    }}));
    assert_eq!(after["paths"]["/a/{b}"]["get"]["operationId"], "get-a-by-b");
    assert_eq!(after["paths"]["/a/{b}"]["put"]["operationId"], "set");
    // A lint asks for a name of it.
    assert_eq!(after["paths"]["/a/by-b"]["get"], json!({}));
}
