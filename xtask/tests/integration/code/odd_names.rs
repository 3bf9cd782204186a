//! Names that are one in Rust, JSON under other names and tags that are no texts: `init` finds names that are free, and what is on the wire stays.
//! `calls/odd_names.rs` says how, value by value.

use std::path::Path;

use xtask::commands::init::{self, Only};
use xtask::openapi::{Node, Source};
use xtask::{load, overlay};

use crate::support::pipeline::{self, Code};
use crate::support::scratch::Scratch;

fn given() -> Node {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/odd_names.yaml");
    load::load(&file).unwrap()
}

/// The overlay that `init` writes, and the code with it.
fn made(given: &Node) -> (String, Code) {
    let (text, report) = init::starter(given, "odd_names.yaml", &Only::default()).unwrap();
    assert!(report.left.is_empty(), "{:#?}", report.left);
    let mut whole = given.clone();
    let actions = load::parse(&Source::new("overlay.yaml", text.clone())).unwrap();
    overlay::apply(&mut whole, &actions).unwrap();
    let code = pipeline::run(&whole).unwrap_or_else(|failure| panic!("{failure}"));
    (text, code)
}

#[test]
fn a_name_that_is_taken_gets_another_which_the_overlay_tells() {
    let (overlay, code) = made(&given());
    assert!(!overlay.contains("Any JSON"), "{overlay}");
    for line in overlay.lines().filter(|it| it.contains("remove: true")) {
        assert!(line.contains("application/xml"), "{line}");
    }
    assert!(!overlay.contains("x-codegen-ignore"), "{overlay}");
    // Nothing else is decided than names, and what each description has to say.
    assert!(!overlay.contains("required: true"), "{overlay}");
    for name in [
        "{x-codegen-name: PetSchema}",
        "{x-codegen-field: id_query}",
        "{x-codegen-field: created_at_camel}",
        "{x-codegen-field: at_type}",
        "{x-codegen-field: owner_id_camel}",
        "{x-codegen-field: pet_type_camel}",
        "{x-codegen-field: x_dash_y}",
        "{x-codegen-field: tenant_id_header}",
    ] {
        assert!(overlay.contains(name), "{name} is not in {overlay}");
    }
    assert_eq!(code.operations, 8);
}

#[test]
#[ignore = "slow, it builds a whole crate: add -- --ignored"]
fn odd_names_compile_and_are_right_on_the_wire() {
    let (_, code) = made(&given());
    let scratch = Scratch::new(&code.files, &code.features);
    let calls = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calls/odd_names.rs");
    scratch.passes("odd_names", &calls, "full");
    scratch.documents_cleanly("full");
}
