//! Names that the generated crate has already: a description that would give them to something else is refused, with the
//! place, and the names are read from the crate's source.

use std::path::Path;

use serde_json::{Value, json};
use xtask::diagnostic::Failure;
use xtask::openapi::Source;
use xtask::{arrange, lint, load, naming, taken};

/// What the lints say of a description with this operation.
fn said(id: &str, tag: &str) -> String {
    let description = json!({
        "openapi": "3.0.3", "info": {"title": "T", "version": "1"},
        "paths": {"/v1/things": {"get": {
            "operationId": id, "tags": [tag], "x-codegen-safe-to-repeat": true,
            "responses": {"204": {"description": "Done."}},
        }}},
    });
    findings(&description)
}

fn findings(description: &Value) -> String {
    let source = Source::new("d.json", description.to_string());
    let document = arrange::arrange(load::parse(&source).unwrap());
    match lint::lint(&document) {
        Ok(()) => String::new(),
        Err(failure @ Failure::Diagnostics(_)) => failure.to_string(),
        Err(failure) => panic!("{failure}"),
    }
}

#[test]
fn no_operation_is_called_as_a_method_of_the_client() {
    assert_eq!(said("listThings", "things"), "");
    let methods = taken::client_methods();
    for name in [
        "new",
        "with_transport",
        "base_url",
        "http",
        "execute",
        "clone",
        "fmt",
    ] {
        assert!(methods.contains(name), "{name}");
    }
    for name in methods {
        let said = said(name, "things");
        assert!(
            said.contains(&format!("would become the method `{name}`")),
            "{name}: {said}"
        );
    }
    // As another case, too, and as the constant that lists all operations.
    for (id, method) in [
        ("baseUrl", "base_url"),
        ("With Transport", "with_transport"),
        ("all", "all"),
    ] {
        let said = said(id, "things");
        assert!(said.contains(&format!("`{method}`")), "{id}: {said}");
    }
}

#[test]
fn no_tag_is_called_as_a_feature_or_a_module_that_is_there() {
    let modules = naming::MODULES.iter().map(|it| (*it).to_owned());
    let features = taken::features().iter().cloned();
    for name in modules.chain(features).chain([naming::FULL.to_owned()]) {
        let said = said("listThings", &name);
        assert!(
            said.contains(&format!("the tag `{name}`")),
            "{name}: {said}"
        );
    }
    for device in ["con", "AUX", "nul", "com1", "lpt9"] {
        let said = said("listThings", device);
        assert!(
            said.contains("cannot be the name of a feature and a file"),
            "{device}: {said}"
        );
    }
    for free in [
        "console", "com", "reqwest", "bytes", "call", "scope", "support",
    ] {
        assert_eq!(said("listThings", free), "", "{free}");
    }
}

/// `naming::MODULES` has every module of `generated.rs` that is no tag's.
#[test]
fn the_modules_that_no_tag_may_have_are_those_of_the_generated_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../letta-api/src/generated.rs");
    let file = syn::parse_file(&std::fs::read_to_string(root).unwrap()).unwrap();
    let mut inline = 0;
    for item in file.items {
        if let syn::Item::Mod(module) = item
            && module.content.is_some()
        {
            assert!(naming::MODULES.contains(&module.ident.to_string().as_str()));
            inline += 1;
        }
    }
    assert_eq!(inline, 2);
}
