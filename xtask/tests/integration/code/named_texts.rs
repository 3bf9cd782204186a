//! Texts with a name, such as IDs: one call of letta-api's macro each, and types of their own wherever they stand.

use std::path::Path;

use xtask::model::Model;
use xtask::{arrange, generate, lint, load, output::render, refine, split};

use crate::support::scratch::Scratch;

fn made() -> (Vec<render::SourceText>, Vec<split::Feature>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/named_texts.yaml");
    let document = arrange::arrange(load::load(&file).unwrap());
    lint::lint(&document).unwrap_or_else(|failure| panic!("{failure}"));
    let model = Model::read(&document);
    let tokens = generate::generate(&document, &model).unwrap();
    let mut split = split::split(refine::refine(tokens, &model).unwrap(), &model).unwrap();
    let features = std::mem::take(&mut split.features);
    let files = render::render_all(split, render::LONGEST).unwrap();
    (files, features)
}

/// All generated code, without any space.
fn code() -> String {
    let files = made().0;
    let texts = files.iter().map(|file| file.text.as_str());
    texts.flat_map(str::split_whitespace).collect()
}

#[track_caller]
fn assert_has(code: &str, part: &str) {
    let squeezed: String = part.split_whitespace().collect();
    assert!(code.contains(&squeezed), "there is no `{part}` in {code}");
}

#[test]
fn a_named_text_is_a_private_field_and_one_call_of_the_macro() {
    let code = code();
    for name in ["CrewId", "MemberId", "CrewCode", "CrewNote"] {
        assert_has(&code, &format!("pub struct {name}(::std::string::String);"));
        let call = format!("crate::support::named_text::named_text!({name});");
        assert_has(&code, &call);
        assert_eq!(code.matches(&call).count(), 1);
        for other in [
            format!("From<{name}>for::std::string::String"),
            format!("From<::std::string::String>for{name}"),
            format!("Displayfor{name}"),
            format!("Dereffor{name}"),
            format!("FromStrfor{name}"),
        ] {
            assert!(!code.contains(&other), "{other}");
        }
    }
    assert_has(&code, "/// A crew's ID, `crew-…`.");
}

#[test]
fn another_name_for_a_named_text_holds_it() {
    let code = code();
    assert_has(&code, "pub struct CrewName(pub CrewId);");
    assert_has(&code, "impl ::std::convert::From<CrewName> for CrewId");
    assert!(!code.contains("named_text!(CrewName)"));
}

#[test]
fn parameters_and_fields_have_the_type_and_texts_are_taken_for_it() {
    let code = code();
    for part in [
        "crew_id: &'a types::CrewId, member_id: &'a types::MemberId, seen_by: &'a types::CrewId,",
        r#"path::segment("crew_id", &crew_id)?"#,
        "pub friend_id: ::std::option::Option<MemberId>",
        "pub friend_ids: ::std::option::Option<::std::vec::Vec<MemberId>>",
        "pub x_crew: ::std::option::Option<CrewId>",
        "pub id: MemberId",
        "pub boss_id: ::std::option::Option<MemberId>",
        "pub cook: crate::Nullable<MemberId>",
        "pub note: crate::Nullable<CrewNote>",
        "pub fn new(captain: impl ::std::convert::Into<MemberId>) -> Self",
        "pub fn with_mate(mut self, mate: impl ::std::convert::Into<MemberId>) -> Self",
        "pub fn leave(id: impl ::std::convert::Into<MemberId>) -> Self",
        // Read as texts are, without a buffer.
        "0usize => members.text(&mut slot_0)?,",
        "_ => members.texts(&mut slot_1)?,",
    ] {
        assert_has(&code, part);
    }
}

/// A type that several features reach has one condition for all that the macro writes.
#[test]
fn the_call_of_the_macro_has_the_condition_of_its_type() {
    let code = code();
    assert_has(
        &code,
        r#"#[cfg(any(feature = "crews", feature = "more"))]
        const _: () = { crate::support::named_text::named_text!(CrewId); };"#,
    );
}

#[test]
#[ignore = "slow, it builds a whole crate: add -- --ignored"]
fn named_texts_compile_and_are_sent_and_read_as_texts() {
    let (files, features) = made();
    let scratch = Scratch::new(&files, &features);
    let calls = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calls/named_texts.rs");
    scratch.passes("named_texts", &calls, "full,schemars");
    scratch.documents_cleanly("full,schemars");
    // Without any feature, there is no named text, and nothing that is left unused.
    scratch.compiles_with("rustls");
}
