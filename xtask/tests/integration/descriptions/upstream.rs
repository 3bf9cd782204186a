//! The service's whole published description: it comes out as code that compiles, with no operation left out.
//! Runs if the variable `LETTA_UPSTREAM_DESCRIPTION` names it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::support::scratch::Scratch;
use crate::support::scratch::upstream::generated;
use xtask::openapi;
use xtask::openapi::Node;

/// The description, or nothing, and a word about it.
fn upstream() -> Option<PathBuf> {
    let path = std::env::var_os("LETTA_UPSTREAM_DESCRIPTION").map(PathBuf::from);
    if path.is_none() {
        println!("skipped: LETTA_UPSTREAM_DESCRIPTION names no description");
    }
    path
}

#[test]
fn every_operation_has_a_method_and_streams_have_a_second() {
    let Some(path) = upstream() else { return };
    let generated = generated(&path);
    let mut methods = BTreeSet::new();
    for file in &generated.files {
        for item in syn::parse_file(&file.text).unwrap().items {
            if let syn::Item::Impl(block) = item {
                methods.extend(block.items.into_iter().filter_map(|item| match item {
                    syn::ImplItem::Fn(method) if method.sig.asyncness.is_some() => {
                        Some(method.sig.ident.to_string())
                    }
                    _ => None,
                }));
            }
        }
    }
    let (mut described, mut streams) = (0, 0);
    for (at, operation) in openapi::operations(&generated.description) {
        described += 1;
        let id = operation.get("operationId").and_then(Node::as_str).unwrap();
        let method = xtask::naming::method_name(id);
        assert!(methods.contains(&method), "{at} has no method `{method}`");
        let content = operation.get("responses").unwrap();
        let answers = content.as_object().unwrap().values();
        let media: Vec<&str> = answers
            .filter_map(|it| it.node.get("content")?.as_object())
            .flat_map(|it| it.keys().map(String::as_str))
            .collect();
        if media.contains(&"application/json") && media.contains(&"text/event-stream") {
            let second = &generated.model.operations[&method].event_stream;
            let second = &second.as_ref().unwrap().method;
            assert!(methods.contains(second), "{at} has no method `{second}`");
            streams += 1;
        }
    }
    assert!(described > 250 && streams > 5, "{described}, {streams}");
    assert_eq!(methods.len(), described + streams);
}

#[test]
fn the_code_compiles_whole_and_by_tag_and_no_file_is_long() {
    let Some(path) = upstream() else { return };
    let generated = generated(&path);
    for file in &generated.files {
        let lines = file.text.lines().count();
        assert!(lines <= 10_000, "{} has {lines} lines", file.path);
    }
    let scratch = Scratch::new(&generated.files, &generated.features);
    scratch.compiles_with("full,multipart,schemars");
    for feature in ["messages", "client-side-access-tokens"] {
        scratch.compiles_with(feature);
    }
}
