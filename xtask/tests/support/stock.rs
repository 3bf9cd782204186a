//! What progenitor gives of a description by itself: what it panics on or refuses taken out, as little as that
//! needs, and all the rest as its own.
#![allow(dead_code, reason = "each program uses a part")]

use std::path::{Path, PathBuf};

use serde_json::Value;
use xtask::{load, lower};

const MANIFEST: &str = r#"[package]
name = "stock"
version = "0.0.0"
edition = "2021"

[workspace]

[dependencies]
bytes = "1"
chrono = { version = "0.4", default-features = false, features = ["serde"] }
futures-core = "0.3"
progenitor-client = "=0.15.1"
regress = "0.12"
reqwest = { version = "0.13", default-features = false, features = ["json", "query", "stream"] }
serde = { version = "1", features = ["derive"] }
serde_json = "1"
uuid = { version = "1", features = ["serde"] }
"#;

/// The description as progenitor takes it.
pub(crate) fn prepared(description: &Path) -> Value {
    let document = load::load(description).unwrap_or_else(|failure| panic!("{failure}"));
    let mut json = lower::lower(&document).document.to_json();
    for item in json["paths"].as_object_mut().unwrap().values_mut() {
        for operation in item.as_object_mut().unwrap().values_mut() {
            if operation.get("responses").is_some() {
                make_fit(operation);
            }
        }
    }
    schemas(&mut json);
    json
}

/// Writes the crate, and gives its folder.
pub(crate) fn write(description: &Path, folder: &Path) -> PathBuf {
    let description: openapiv3::OpenAPI = serde_json::from_value(prepared(description)).unwrap();
    let mut generator = progenitor::Generator::default();
    let tokens = generator.generate_tokens(&description).unwrap();
    let file = syn::parse2(tokens).unwrap();
    std::fs::create_dir_all(folder.join("src")).unwrap();
    std::fs::write(folder.join("Cargo.toml"), MANIFEST).unwrap();
    std::fs::write(folder.join("src/lib.rs"), prettyplease::unparse(&file)).unwrap();
    folder.to_owned()
}

fn make_fit(operation: &mut Value) {
    let operation = operation.as_object_mut().unwrap();
    // Refused.
    let body = operation.get("requestBody");
    if body.is_some_and(|body| body.pointer("/content/multipart~1form-data").is_some()) {
        operation.remove("requestBody");
    }
    let responses = operation["responses"].as_object_mut().unwrap();
    for (status, response) in responses.iter_mut() {
        let response = response.as_object_mut().unwrap();
        if status == "204" {
            // It would fail after the call was done.
            response.remove("content");
        }
        if let Some(content) = response.get_mut("content").and_then(Value::as_object_mut)
            && content.contains_key("application/json")
        {
            // It takes one.
            content.retain(|media_type, _| media_type == "application/json");
        }
    }
    // It panics on errors of several shapes.
    let mut first = None;
    responses.retain(|status, response| {
        if status.starts_with('2') {
            return true;
        }
        let shape = response.get("content").cloned().unwrap_or_default();
        let has_schema = shape.pointer("/application~1json/schema").is_some();
        has_schema && *first.get_or_insert(shape.clone()) == shape
    });
}

/// What typify refuses.
fn schemas(node: &mut Value) {
    match node {
        Value::Object(members) => {
            if let Some(Value::Array(required)) = members.get("required").cloned()
                && let Some(Value::Object(properties)) = members.get_mut("properties")
            {
                for name in required.iter().filter_map(Value::as_str) {
                    let undeclared = || serde_json::json!({"type": "string"});
                    properties.entry(name).or_insert_with(undeclared);
                }
            }
            // It makes a type of a reference with a pattern, by a name that a component may have.
            if members.contains_key("allOf") {
                members.remove("pattern");
            }
            if members.get("type").and_then(Value::as_str) == Some("boolean") {
                members.remove("enum");
            }
            members.values_mut().for_each(schemas);
        }
        Value::Array(items) => items.iter_mut().for_each(schemas),
        _ => {}
    }
}
