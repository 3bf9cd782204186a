//! What many descriptions have and typify has no form for: it comes out whole, is written as OpenAPI says, and values that the description
//! does not know are kept. `calls/idioms.rs` says how, value by value.

use std::path::Path;

use serde_json::json;
use xtask::diagnostic::Failure;
use xtask::load;
use xtask::openapi::Source;

use crate::support::pipeline::{self, Code};
use crate::support::scratch::Scratch;

fn made() -> Code {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/idioms.yaml");
    pipeline::run(&load::load(&file).unwrap()).unwrap_or_else(|failure| panic!("{failure}"))
}

#[test]
fn each_idiom_becomes_the_code_that_says_it() {
    let code = made();
    assert_eq!(code.operations, 5);
    let texts = code.files.iter().map(|file| file.text.as_str());
    let code: String = texts.flat_map(str::split_whitespace).collect();
    for part in [
        r#"styled::deep(&mut url, "filter", &filter)?;"#,
        r#"styled::deep(&mut url, "meta", &meta)?;"#,
        r#"styled::joined(&mut url, "ids", ",", &ids)?;"#,
        r#"styled::joined(&mut url, "piped", "|", &piped)?;"#,
        r#"styled::joined(&mut url, "spaced", " ", &spaced)?;"#,
        r#"query::add(&mut url, "plain", &plain)?;"#,
        r#"styled::as_json(&mut url, "where", &where_)?;"#,
        r#"styled::header("X-List", false, &value)?"#,
        r#"styled::header("X-Object", false, &value)?"#,
        r#"styled::header("X-Pairs", true, &value)?"#,
        r#"styled::header_json("X-Json", &value)?"#,
        r#"header::value("X-Count", &value)?"#,
        r#"styled::reserved(&mut url, "raw", &raw)?;"#,
        r#"styled::reserved(&mut url, "raws", &raws)?;"#,
        r#"cookie::add(&mut header_map, "session", &value);"#,
        r#"cookie::add(&mut header_map, "id", &id);"#,
        r#"styled::segment("ids", false, &ids)?;"#,
        r#"styled::segment("point", true, &point)?;"#,
        "/// `session` in the cookie.",
        r#""application/json, application/vnd.rule+json""#,
        "pub parent: ::std::option::Option<Base>,",
        "&[200u16, 201u16, 202u16, 203u16], &[]",
        "PetItself(::std::boxed::Box<PetItself>),",
        "Self::UnknownValue => \"unknown\",",
        "/// Always `2`.",
        "/// One of `1`, `2` and `3`.",
        "pub fn new(id: impl ::std::convert::Into<::std::string::String>)",
    ] {
        let squeezed: String = part.split_whitespace().collect();
        assert!(code.contains(&squeezed), "there is no `{part}` in {code}");
    }
    for header in ["\"Accept\"", "\"content-type\"", "\"Authorization\""] {
        assert!(!code.contains(header), "{header}");
    }
}

/// A description of one operation that answers with `Pet`, and these schemas.
fn with(schemas: &serde_json::Value) -> Code {
    run(schemas).unwrap_or_else(|failure| panic!("{schemas}\n{failure}"))
}

/// The same, or what is wrong with it.
fn run(schemas: &serde_json::Value) -> Result<Code, Failure> {
    let description = serde_json::json!({
        "openapi": "3.0.3", "info": {"title": "T", "version": "1"},
        "paths": {"/pets": {"get": {
            "operationId": "read_pet", "x-codegen-safe-to-repeat": true, "tags": ["pets"],
            "responses": {"200": {"description": "It.", "content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Pet"},
            }}}},
        }}},
        "components": {"schemas": schemas},
    });
    let source = Source::new("d.json", description.to_string());
    pipeline::run(&load::parse(&source).unwrap())
}

#[test]
fn a_schema_and_its_kinds_are_taken_in_every_form() {
    let pet = json!({"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}, "name": {"type": "string"}}, "discriminator": {"propertyName": "kind"}});
    let refers = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let cat = json!({"allOf": [refers("Pet"), {"type": "object", "properties": {"claws": {"type": "integer"}}}]});
    for (what, schemas, is_union) in [
        ("no kinds", json!({"Pet": pet}), false),
        ("a kind", json!({"Pet": pet, "Cat": cat}), true),
        (
            "a parent that is a tag only",
            json!({"Cat": cat, "Pet": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}, "discriminator": {"propertyName": "kind", "mapping": {"any": "Pet"}}}}),
            true,
        ),
        (
            "a kind that says its tag",
            json!({"Pet": pet, "Cat": {"allOf": [refers("Pet"), {"type": "object", "properties": {"kind": {"type": "string", "enum": ["cat"]}}}]}}),
            true,
        ),
        (
            "a kind with nothing of its own",
            json!({"Pet": pet, "Cat": {"allOf": [refers("Pet")]}}),
            true,
        ),
        (
            "a field that may be null and an extension in place",
            json!({"Pet": pet, "Cat": {"allOf": [refers("Pet"), {"type": "object", "properties": {
                "friend": {"nullable": true, "allOf": [refers("Pet")]},
                "other": {"allOf": [refers("Pet"), {"type": "object", "properties": {"more": {"type": "string"}}}]},
            }}]}}),
            true,
        ),
        (
            "names that are taken",
            json!({"Pet": pet, "Cat": cat, "PetBase": {"type": "object", "properties": {"x": {"type": "string"}}}}),
            true,
        ),
        (
            "a kind of two",
            json!({"Pet": pet, "Tool": {"type": "object", "properties": {"use": {"type": "string"}, "size": {"type": "integer"}}, "discriminator": {"propertyName": "use"}},
                "Cat": {"allOf": [refers("Pet"), refers("Tool")], "type": "object", "properties": {"tool": refers("Tool")}}}),
            true,
        ),
    ] {
        let code = with(&schemas);
        let texts: String = code.files.iter().map(|file| file.text.as_str()).collect();
        assert_eq!(texts.contains("pub enum Pet "), is_union, "{what}: {texts}");
        // A kind is made with its tag, and without a word about it.
        if schemas.get("Cat").is_some() {
            let squeezed: String = texts.split_whitespace().collect();
            assert!(squeezed.contains("\"kind\""), "{what}: {texts}");
        }
    }
}

/// Whatever the branches say of it, values have to fit all of them.
#[test]
fn a_property_that_several_branches_declare_is_the_narrower_one() {
    let kind = json!({"$ref": "#/components/schemas/Kind"});
    for (one, other, expected) in [
        (
            json!({"type": "string"}),
            json!({"type": "string", "description": "Words."}),
            Some("/// Words. | pub x: ::std::option::Option<::std::string::String>"),
        ),
        (
            json!({"type": "integer"}),
            json!({"type": "integer", "format": "int32"}),
            Some("pub x: ::std::option::Option<i32>"),
        ),
        (
            json!({"type": "integer", "format": "int32"}),
            json!({"type": "integer"}),
            Some("pub x: ::std::option::Option<i32>"),
        ),
        (
            json!({"type": "string"}),
            json!({"type": "string", "enum": ["a", "b"]}),
            Some("pub x: ::std::option::Option<PetX>"),
        ),
        (
            json!({"type": "string", "enum": ["a", "b"]}),
            json!({"enum": ["b", "a"], "type": "string"}),
            Some("pub x: ::std::option::Option<PetX>"),
        ),
        (
            kind.clone(),
            kind.clone(),
            Some("pub x: ::std::option::Option<Kind>"),
        ),
        (
            kind.clone(),
            json!({"allOf": [kind], "description": "Words."}),
            Some("/// Words. | pub x: ::std::option::Option<Kind>"),
        ),
        (
            kind.clone(),
            json!({"type": "string", "enum": ["b"]}),
            Some("pub x: ::std::string::String"),
        ),
        (
            json!({"type": "array", "items": {"type": "string"}}),
            json!({"type": "array", "items": {"type": "string"}}),
            Some("pub x: ::std::vec::Vec<::std::string::String>"),
        ),
        (
            json!({}),
            json!({"type": "boolean"}),
            Some("pub x: ::std::option::Option<bool>"),
        ),
        (
            json!({"type": "boolean"}),
            json!({"type": "boolean", "nullable": true}),
            Some("pub x: ::std::option::Option<bool>"),
        ),
        (json!({"type": "string"}), json!({"type": "integer"}), None),
        (kind.clone(), json!({"type": "string", "enum": ["d"]}), None),
        (
            json!({"type": "integer", "format": "int32"}),
            json!({"type": "integer", "format": "int64"}),
            None,
        ),
        (
            json!({"type": "array", "items": {"type": "string"}}),
            json!({"type": "array", "items": {}}),
            None,
        ),
    ] {
        let schemas = json!({
            "Kind": {"type": "string", "enum": ["a", "b", "c"]},
            "Base": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "x": one}},
            "Pet": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"type": "object", "properties": {"x": other, "y": {"type": "string"}}}]},
        });
        let code = run(&schemas);
        let Some(expected) = expected else {
            let told = code.map(|_| ()).unwrap_err().to_string();
            assert!(told.contains("both have `x`"), "{schemas}\n{told}");
            continue;
        };
        let code = code.unwrap_or_else(|failure| panic!("{schemas}\n{failure}"));
        let texts = code.files.iter().map(|file| file.text.as_str());
        let code: String = texts.flat_map(str::split_whitespace).collect();
        let pet = code.split_once("pubstructPet{").unwrap().1;
        let pet = pet.split_once('}').unwrap().0;
        let expected: String = expected.split_whitespace().collect();
        for part in expected.split('|') {
            assert!(pet.contains(part), "{part} is not in {pet}");
        }
        assert!(
            pet.contains("pubid:::std::string::String") && pet.contains("puby:"),
            "{pet}"
        );
    }
}

#[test]
#[ignore = "slow, it builds a whole crate: add -- --ignored"]
fn idioms_compile_and_are_right_on_the_wire() {
    let code = made();
    let scratch = Scratch::new(&code.files, &code.features);
    let calls = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calls/idioms.rs");
    scratch.passes("idioms", &calls, "full");
    scratch.documents_cleanly("full");
}
