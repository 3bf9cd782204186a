//! What the refine stage makes of the constructs that the description of the tokens does not have.

mod scratch;

use std::path::Path;

use quote::ToTokens;
use scratch::Scratch;
use xtask::model::Model;
use xtask::render::SourceText;
use xtask::split::Feature;
use xtask::{generate, lint, load, refine, render, split};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The code for `fixtures/wide.yaml`.
fn code() -> (Vec<SourceText>, Vec<Feature>) {
    let document = load::load(&root().join("tests/fixtures/wide.yaml")).unwrap();
    lint::lint(&document).unwrap_or_else(|failure| panic!("{failure}"));
    let model = Model::read(&document);
    let tokens = generate::generate(&document, &model).unwrap();
    let mut split = split::split(refine::refine(tokens, &model).unwrap(), &model).unwrap();
    let features = std::mem::take(&mut split.features);
    (
        render::render_all(split, render::LONGEST).unwrap(),
        features,
    )
}

/// The code that has this name: the type and its impls, the method, or the constant.
fn item(name: &str) -> String {
    fn find(items: &[syn::Item], name: &str, found: &mut Vec<String>) {
        for item in items {
            match item {
                syn::Item::Mod(module) => {
                    find(
                        module.content.as_ref().map_or(&[], |(_, items)| items),
                        name,
                        found,
                    );
                }
                syn::Item::Struct(it) if it.ident == name => {
                    found.push(it.to_token_stream().to_string())
                }
                syn::Item::Enum(it) if it.ident == name => {
                    found.push(it.to_token_stream().to_string())
                }
                syn::Item::Const(it) if it.ident == name => {
                    found.push(it.to_token_stream().to_string())
                }
                // The impls of a type that several features need.
                syn::Item::Const(it) if it.ident == "_" => {
                    if let syn::Expr::Block(it) = &*it.expr {
                        let inner = it.block.stmts.iter().filter_map(|stmt| match stmt {
                            syn::Stmt::Item(item) => Some(item.clone()),
                            _ => None,
                        });
                        find(&inner.collect::<Vec<_>>(), name, found);
                    }
                }
                syn::Item::Impl(it) => {
                    let of = it.self_ty.to_token_stream().to_string();
                    if of == name {
                        found.push(it.to_token_stream().to_string());
                    }
                    for member in &it.items {
                        if let syn::ImplItem::Fn(method) = member
                            && of == "Client"
                            && method.sig.ident == name
                        {
                            found.push(method.to_token_stream().to_string());
                        }
                    }
                }
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    for file in code().0 {
        find(
            &syn::parse_file(&file.text).unwrap().items,
            name,
            &mut found,
        );
    }
    assert!(!found.is_empty(), "there is no {name}");
    found.join("\n")
}

/// Source text without any space, for comparing.
fn squeezed(source: &str) -> String {
    source.split_whitespace().collect()
}

#[test]
fn each_construct_comes_out_as_it_should() {
    for (name, has, has_not) in [
        // Header parameters go through a map; the version that nobody asked for does not.
        (
            "get_thing",
            &[
                r#"header_map.append("X-Attempt", x_attempt.to_string().try_into()?)"#,
                r#"if let Some(value) = x_trace_id"#,
                ".headers(header_map)",
                r#"QueryParam::new("self", &self_)"#,
                "self_: Option<bool>",
            ][..],
            &[
                r#""api-version""#,
                "encode_path",
                "OperationInfo",
                "mut request",
            ][..],
        ),
        // Where there are none, there is no map.
        ("put_thing", &[".json(&body)"], &["header_map"]),
        // Each path parameter is checked by itself, and the order is the path's.
        (
            "put_thing",
            &[
                "team_id: &'a str, type_: types::Kind, body: &'a types::Thing",
                "self.baseurl, team_id_segment, type_segment",
                r#"path::segment("type", &type_)?"#,
            ],
            &[],
        ),
        // Parameters called as variables of the generated code.
        (
            "type_",
            &[
                "request_segment",
                "url_segment",
                "&operations::TYPE_",
                "match _response.status()",
            ],
            &[],
        ),
        (
            "send_form",
            &[
                ".form_urlencoded(&body)",
                "Error::InvalidRequest(\"the body cannot be written as a form\"",
            ],
            &[".json("],
        ),
        (
            "upload_file",
            &[
                "B: Into<reqwest::Body>",
                ".body(body)",
                r#"from_static("application/octet-stream")"#,
            ],
            &[],
        ),
        (
            "download_file",
            &[
                "ResponseValue<ByteStream>",
                "Ok(ResponseValue::stream(response))",
            ],
            &[],
        ),
        (
            "add_note",
            &["body: String", r#"from_static("text/plain")"#],
            &[],
        ),
        // The mark stands on the constant, whatever the method; and so does a success that is a stream.
        ("GET_THING", &[").safe_to_repeat();"], &["streaming"]),
        ("SEND_FORM", &[").safe_to_repeat();"], &["streaming"]),
        ("PUT_THING", &[], &["safe_to_repeat", "streaming"]),
        ("DOWNLOAD_FILE", &[").safe_to_repeat().streaming();"], &[]),
        ("FOLLOW_NOTES", &[").streaming();"], &["safe_to_repeat"]),
        // An error that is no JSON is a stream as well, and makes none of the operation.
        ("ADD_NOTE", &[], &["safe_to_repeat", "streaming"]),
        (
            "add_note",
            &[
                "ResponseValue<::serde_json::Value>, Error<ByteStream>",
                "Err(Error::documented(ResponseValue::stream(response)))",
            ],
            &[],
        ),
        // A closed enum has no variant for what is not known, and keeps its conversions.
        (
            "Kind",
            &[
                "Self_",
                r#"#[serde(rename = "")] X"#,
                "impl ::std::str::FromStr for Kind",
                "#[non_exhaustive]",
            ],
            &["Unknown", "KNOWN"],
        ),
        // An open one has; names that are given stand.
        (
            "State",
            &[
                "#[serde(untagged)] Unknown(::std::string::String)",
                r#"#[serde(rename = "1")] One"#,
                r#"#[serde(rename = "unknown")] NotKnown"#,
                "Self::NotKnown => \"unknown\"",
                "&[Self::On, Self::One, Self::NotKnown]",
            ],
            &["X1"],
        ),
        // A union by its tag. A branch keeps members that it does not know, and may have no others.
        (
            "Entry",
            &[
                r#"#[serde(tag = "kind")]"#,
                "#[non_exhaustive] Gone { #[doc",
                "#[serde(flatten)] unknown: ::serde_json::Map<",
                "pub fn gone() -> Self",
                "pub fn new(thing: Thing) -> Self",
                "Unknown(::serde_json::Map<",
            ],
            &[],
        ),
        (
            "Pair",
            &[
                r#"#[serde(tag = "t", content = "c")]"#,
                "Text(::std::string::String)",
                "Number(i64)",
            ],
            &["Unknown"],
        ),
        // What may be left out begins with the description's default, if it has one.
        (
            "Thing",
            &[
                "pub fn new(type_: Kind) -> Self",
                "new: defaults::default_bool::<true>()",
                "limit: defaults::default_u64::<u32, 10>()",
                "title: defaults::thing_title()",
                "pub fn with_self_(mut self",
                r#"#[serde(rename = "type")] pub type_: Kind, #[doc = " `self`"] #[serde(rename = "self""#,
                "pub parent: ::std::option::Option<::std::boxed::Box<Thing>>",
                "pub secret: ::std::option::Option<crate::Secret>",
                "#[serde(flatten)] pub extra",
            ],
            &[],
        ),
        (
            "Whole",
            &[
                "pub created: ::std::string::String",
                "pub size: ::std::option::Option<u64>",
            ],
            &[],
        ),
        (
            "Token",
            &[
                r#".field("key", &::std::format_args!("[redacted]"))"#,
                r#".field("note", &self.note)"#,
            ],
            &["derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug"],
        ),
    ] {
        let code = squeezed(&item(name));
        for source in has {
            assert!(
                code.contains(&squeezed(source)),
                "{name} has no\n{source}\nin\n{code}"
            );
        }
        for source in has_not {
            assert!(
                !code.contains(&squeezed(source)),
                "{name} has\n{source}\nin\n{code}"
            );
        }
    }
}

/// Needs a compiler and, the first time, half a minute: the crate's own sources are checked around the
/// generated code. The build is kept in the target folder for the next time.
#[test]
fn the_generated_code_compiles_without_warnings() {
    let (files, features) = code();
    Scratch::new(&files, &features).compiles_with("full,schemars");
}
