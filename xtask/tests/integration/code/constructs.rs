//! What the refine stage makes of the constructs that the description of the tokens does not have.

use crate::support::names;
use crate::support::sent;
use crate::support::texts;
use std::path::Path;

use crate::support::scratch::Scratch;
use quote::ToTokens;
use xtask::model::Model;
use xtask::openapi::{Node, Source};
use xtask::output::render;
use xtask::output::render::SourceText;
use xtask::split::Feature;
use xtask::{arrange, generate, lint, load, refine, split};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn fixture(name: &str) -> serde_json::Value {
    load::load(&root().join("tests/fixtures").join(name))
        .unwrap()
        .to_json()
}

/// `fixtures/wide.yaml`, with what `fixtures/operations.yaml` adds.
fn description() -> serde_json::Value {
    let mut both = fixture("wide.yaml");
    let more = fixture("operations.yaml");
    for part in ["/paths", "/components/responses", "/components/schemas"] {
        let members = both.pointer_mut(part).unwrap().as_object_mut().unwrap();
        for (name, value) in more.pointer(part).unwrap().as_object().unwrap() {
            members.entry(name).or_insert_with(|| value.clone());
        }
    }
    both
}

fn code() -> (Vec<SourceText>, Vec<Feature>) {
    code_of(parsed(&description()))
}

fn parsed(description: &serde_json::Value) -> Node {
    load::parse(&Source::new("d.json", description.to_string())).unwrap()
}

/// As [`description`], with what is tested only by compiling it.
fn all() -> Node {
    let mut all = description();
    for name in [
        "directions.yaml",
        "deprecated.yaml",
        "merged.yaml",
        "sent.yaml",
    ] {
        texts::merge(&mut all, &fixture(name));
    }
    texts::merge(&mut all, &names::description(&code().0));
    for (index, text) in texts::TEXTS.iter().enumerate() {
        let mut description = texts::description(index, text);
        texts::name_by(&mut description, index, text);
        texts::merge(&mut all, &description);
    }
    parsed(&all)
}

fn code_of(description: Node) -> (Vec<SourceText>, Vec<Feature>) {
    let made = make(description);
    (made.files, made.features)
}

/// A description, and what the stages make of it.
struct Made {
    given: Node,
    arranged: Node,
    model: Model,
    files: Vec<SourceText>,
    features: Vec<Feature>,
}

fn make(given: Node) -> Made {
    let document = arrange::arrange(given.clone());
    lint::lint(&document).unwrap_or_else(|failure| panic!("{failure}"));
    let model = Model::read(&document);
    let tokens = generate::generate(&document, &model).unwrap();
    let mut split = split::split(refine::refine(tokens, &model).unwrap(), &model).unwrap();
    let features = std::mem::take(&mut split.features);
    Made {
        given,
        arranged: document,
        model,
        files: render::render_all(split, render::LONGEST).unwrap(),
        features,
    }
}

impl Made {
    /// Compiles the code, and calls each constructor of what is sent.
    #[track_caller]
    fn sends_what_is_required(&self, scratch: &Scratch, features: &str, least: usize) {
        let (test, count) = sent::test(&sent::Made {
            given: &self.given,
            arranged: &self.arranged,
            model: &self.model,
            files: &self.files,
        });
        assert!(count >= least, "{count}");
        scratch.passes_text("sends_what_is_required", &test, features);
    }
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

/// Source text without any space, and its documentation without its lines, for comparing.
fn squeezed(source: &str) -> String {
    let squeezed: String = source.split_whitespace().collect();
    squeezed.replace("\"]#[doc=\"", "")
}

#[test]
fn each_construct_comes_out_as_it_should() {
    for (name, has, has_not) in [
        // Header parameters go through a map. The version is not sent.
        (
            "get_thing",
            &[
                r#"header_map.append("X-Attempt", header::value("X-Attempt", &x_attempt)?)"#,
                r#"if let Some(value) = x_trace_id"#,
                ".headers(header_map)",
                r#"header_map.append("X-Trace-Id", header::value("X-Trace-Id", &value)?)"#,
                r#"query::add(&mut url, "ids", &ids)?; query::add(&mut url, "self", &self_)?; let"#,
                "params: &'a types::GetThingParameters,)",
                "let types::GetThingParameters { x_trace_id, self_, ids } = params;",
            ][..],
            &[
                r#""api-version""#,
                "encode_path",
                "OperationInfo",
                "mut request",
                ".query(",
                "try_into",
            ][..],
        ),
        // Many optional parameters are one struct, in the description's order, and other arguments go before.
        (
            "GetThingParameters",
            &[
                "derive(Clone, Debug, Default, PartialEq)",
                r#"#[non_exhaustive] pub struct GetThingParameters {
                    #[doc = " For the logs."] pub x_trace_id: ::std::option::Option<::std::string::String>,
                    #[doc = " `self` in the query."] pub self_: ::std::option::Option<bool>,
                    #[doc = " `ids` in the query."] pub ids: ::std::option::Option<::std::vec::Vec<::std::string::String>>,
                }"#,
                "pub fn with_self_(mut self, self_: impl ::std::convert::Into<bool>) -> Self",
            ],
            &["x_attempt", "'a"],
        ),
        // The path item's come before the operation's own, types of ours are theirs, and a name that is
        // taken is not taken again.
        (
            "FollowParams",
            &[
                "pub cursor: ::std::option::Option<::std::string::String>",
                r#"String>, #[doc = " What was seen last."] pub after: ::std::option::Option<Kind>"#,
                "pub x_tags: ::std::option::Option<ThingId>",
                "pub ids: ::std::option::Option<::std::vec::Vec<ThingId>>",
            ],
            &[],
        ),
        (
            "follow",
            &[
                "(&'a self, id: &'a str, params: &'a str, parameters: &'a types::FollowParams,)",
                r#"from_static("application/json")"#,
                "ResponseValue<::serde_json::Value>, Error<types::RefusedResponse>",
                "For the answer as server-sent events, see [`follow_stream`](Self::follow_stream).",
                "call::json(self, request, &operations::FOLLOW, &[200u16], &[404u16]).await",
            ],
            &["502u16", "text/event-stream"],
        ),
        // The same call, of which the events are asked for: only the success is a stream.
        (
            "follow_stream",
            &[
                r#"from_static("text/event-stream")"#,
                "Result<ResponseValue<EventStream<types::Entry>>, Error<types::RefusedResponse>,>",
                "call::events(self, request, &operations::FOLLOW_STREAM, &[200u16], &[404u16], None,).await",
                "decodes each as a [`types::Entry`] as it arrives",
                "&operations::FOLLOW_STREAM",
            ],
            &["application/json"],
        ),
        ("FOLLOW", &["safe_to_repeat: true, streams: false"], &[]),
        (
            "FOLLOW_STREAM",
            &[r#"Operation {
                    id: "follow_stream", method: "POST", path_template: "/v1/streams/{id}", safe_to_repeat: true, streams: true,
                };"#],
            &[],
        ),
        // A name that another operation has is left to it; an inline event gets a type.
        (
            "talk",
            &[
                "body: Option<&'a types::Talk>",
                "body::json_if_any(",
                "`stream` of the body must not be `true` here.",
            ],
            &[".json("],
        ),
        (
            "talk_events",
            &[
                "body: Option<&'a types::Talk>",
                "[`types::TalkEvent`]",
                "Set `stream` of the body to `true`.",
            ],
            &[],
        ),
        (
            "TALK_EVENTS",
            &["safe_to_repeat: false, streams: true"],
            &[],
        ),
        ("TalkEvent", &["pub word:"], &[]),
        // A 204 has no content, and none is read.
        (
            "talk_stream",
            &["call::nothing(self,", "&[204u16]"],
            &["ACCEPT"],
        ),
        (
            "has_talks",
            &["call::nothing(self,", "&[200u16]"],
            &["ACCEPT"],
        ),
        // An upload, its parts in order.
        (
            "import_things",
            &[
                r#"#[cfg(feature = "multipart")]"#,
                "body: types::ImportThingsBody",
                "crate::support::file_part::send(",
                "body.into_form()?,).await?.build()?",
            ],
            &[".json("],
        ),
        (
            "ImportThingsBody",
            &[
                r#"#[cfg(feature = "multipart")] pub struct"#,
                "pub fn new(file: impl ::std::convert::Into<crate::FilePart>) -> Self",
                r#"#[doc = " By default `true`."] pub override_: ::std::option::Option<bool>"#,
                r#"form.value("override", &self.override_)?;
                form.files("file", self.file);
                form.value("self", &self.self_)?;
                form.files("more", self.more);"#,
                "pub self_: ::std::option::Option<::std::string::String>",
                r#".field("key", &::std::format_args!("[redacted]"))"#,
            ],
            &["Serialize", "serde(", "derive(", "schemars"],
        ),
        // Without header parameters, there is no map.
        ("put_thing", &[".json(&body)"], &["header_map"]),
        // Each path parameter is checked by itself, and the order is the path's.
        (
            "put_thing",
            &[
                "team_id: &'a str, type_: types::Kind, body: &'a types::Thing",
                r#"path::url_of(&self.baseurl, ::std::format_args!("/v1/teams/{}/things/{}", team_id_segment, type_segment)"#,
                // Errors name a parameter as the description does.
                r#"path::segment("teamId", &team_id)?"#,
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
                "letrequest=body::form(self.client.post(url)",
                "&body,)?.build()?",
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
                "call::stream(self, request, &operations::DOWNLOAD_FILE, &[200u16], &[",
            ],
            &[],
        ),
        (
            "add_note",
            &["body: String", r#"from_static("text/plain")"#],
            &[],
        ),
        // The mark stands on the constant, whatever the method; and so does a success that is a stream.
        ("GET_THING", &["safe_to_repeat: true, streams: false"], &[]),
        ("SEND_FORM", &["safe_to_repeat: true, streams: false"], &[]),
        ("PUT_THING", &["safe_to_repeat: false, streams: false"], &[]),
        (
            "DOWNLOAD_FILE",
            &["safe_to_repeat: true, streams: true"],
            &[],
        ),
        (
            "FOLLOW_NOTES",
            &["safe_to_repeat: false, streams: true"],
            &[],
        ),
        // An error that is no JSON is a stream as well, and makes none of the operation.
        ("ADD_NOTE", &["safe_to_repeat: false, streams: false"], &[]),
        (
            "add_note",
            &[
                "ResponseValue<::serde_json::Value>, Error<ByteStream>",
                "Err(call::error(call::arriving(response)))",
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
                "Unknown(::std::string::String)",
                "Self::One => \"1\"",
                "Self::NotKnown => \"unknown\"",
                "\"unknown\" => Self::NotKnown",
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
        // It is sent. What may be left out begins as left out, whatever the description's default.
        (
            "Thing",
            &[
                "pub fn new(type_: Kind) -> Self",
                "new: ::std::default::Default::default()",
                r#"#[doc = " By default `true`."]
                #[serde(skip_serializing_if = "::std::option::Option::is_none")]
                pub new: ::std::option::Option<bool>"#,
                r#"#[doc = " By default `10`."]"#,
                "pub limit: ::std::option::Option<u32>",
                r#"#[doc = " By default `untitled`."]"#,
                "pub tags: ::std::option::Option<::std::vec::Vec<::std::string::String>>",
                "pub words: ::std::option::Option<::std::vec::Vec<::std::string::String>>",
                r#"#[serde(default, skip_serializing_if = "crate::Nullable::is_left_out")]
                pub maybe: crate::Nullable<ThingId>"#,
                "pub fn with_maybe_null(mut self) -> Self { self.maybe = crate::Nullable::Null; self }",
                "pub must: ::std::option::Option<::std::string::String>",
                "pub fn with_self_(mut self",
                r#"#[serde(rename = "type")] pub type_: Kind, #[doc = " `self`"] #[serde(rename = "self""#,
                "pub parent: ::std::option::Option<::std::boxed::Box<Thing>>",
                "pub secret: ::std::option::Option<crate::Secret>",
                "#[serde(flatten)] pub extra",
            ],
            &["defaults::"],
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

/// Each thing that the description deprecates says so in Rust, with what the description says of it.
#[test]
fn what_is_deprecated_says_so_and_what_to_do_about_it() {
    struct Deprecated(Vec<String>);
    impl Deprecated {
        fn of(&mut self, name: impl ToString, attrs: &[syn::Attribute]) {
            for attr in attrs.iter().filter(|it| it.path().is_ident("deprecated")) {
                let note: syn::MetaNameValue = attr.parse_args().unwrap();
                let note = note.value.to_token_stream().to_string();
                self.0
                    .push(format!("{}: {}", name.to_string(), note.trim_matches('"')));
            }
        }
    }
    impl<'ast> syn::visit::Visit<'ast> for Deprecated {
        fn visit_item_struct(&mut self, it: &'ast syn::ItemStruct) {
            self.of(&it.ident, &it.attrs);
            for field in &it.fields {
                self.of(
                    format!("{}.{}", it.ident, field.ident.as_ref().unwrap()),
                    &field.attrs,
                );
            }
        }
        fn visit_item_enum(&mut self, it: &'ast syn::ItemEnum) {
            self.of(&it.ident, &it.attrs);
        }
        fn visit_item_impl(&mut self, it: &'ast syn::ItemImpl) {
            let name = it.self_ty.to_token_stream().to_string();
            for item in &it.items {
                if let syn::ImplItem::Fn(function) = item {
                    self.of(format!("{name}::{}", function.sig.ident), &function.attrs);
                }
            }
        }
    }
    let (files, _) = code_of(parsed(&fixture("deprecated.yaml")));
    let mut found = Deprecated(Vec::new());
    for file in &files {
        syn::visit::Visit::visit_file(&mut found, &syn::parse_file(&file.text).unwrap());
    }
    found.0.sort();
    let plain = "the API description marks it as deprecated";
    let guide = "Use readFresh (see the guide); soon gone.";
    let mut expected = [
        "Aged.inline: Gone soon.".to_owned(),
        format!("Aged.many: {plain}"),
        format!("Aged.may: {plain}"),
        format!("Aged.must: {plain}"),
        "Aged.part: Use fine.".to_owned(),
        "Aged::with_inline: Gone soon.".to_owned(),
        format!("Aged::with_many: {plain}"),
        format!("Aged::with_may: {plain}"),
        "Aged::with_part: Use fine.".to_owned(),
        format!("AgedChoice: {plain}"),
        format!("AgedKind: {plain}"),
        format!("AgedPart: {plain}"),
        format!("AgedPart.b: {plain}"),
        format!("AgedPart::with_b: {plain}"),
        format!("AgedWhole.b: {plain}"),
        format!("AgedWhole.more: {plain}"),
        format!("AgedWhole::with_b: {plain}"),
        format!("AgedWhole::with_more: {plain}"),
        format!("Client::read_aged: {guide}"),
        format!("Client::read_aged_stream: {guide}"),
        format!("ReadAgedParams.s: {plain}"),
        format!("ReadAgedParams::with_s: {plain}"),
        "WriteAgedParams.a: Use b.".to_owned(),
        "WriteAgedParams::with_a: Use b.".to_owned(),
    ];
    expected.sort();
    assert_eq!(found.0, expected);
    let all: String = files.iter().map(|file| file.text.as_str()).collect();
    for words in [
        "/// - `q`: What to look for. Deprecated: the API description marks it as deprecated.",
        "/// - `r`: Deprecated: the API description marks it as deprecated.",
        "/// Deprecated: the API description marks it as deprecated.",
        "/// A list: Deprecated: the API description marks it as deprecated.",
    ] {
        assert!(all.contains(words), "{words}");
    }
}

/// Written from the description, in this order, with lines that are not long.
#[test]
fn methods_are_documented_from_the_description() {
    let mut description = description();
    let get = description["paths"]["/v1/teams/{teamId}/things/{type}"]["get"]
        .as_object_mut()
        .unwrap();
    let long = "word ".repeat(30);
    get.insert("summary".to_owned(), "Get a thing.".into());
    get.insert("description".to_owned(), long.clone().into());
    get["parameters"][2] = serde_json::json!({
        "name": "self", "in": "query", "description": "Whether it is its own", "schema": {"type": "boolean", "default": true},
    });
    get["parameters"][3]["description"] = " \n".into();
    get["parameters"][3]["schema"]["default"] = serde_json::json!(["a"]);
    let (files, _) = code_of(parsed(&description));
    let docs = |name: &str| {
        let mut lines = Vec::new();
        for file in &files {
            let mut found: Vec<&str> = Vec::new();
            for line in file.text.lines().map(str::trim) {
                match line.strip_prefix("///") {
                    Some(line) => found.push(line.strip_prefix(' ').unwrap_or(line)),
                    None if line.contains(name) => {
                        lines.append(&mut found);
                    }
                    None if line.starts_with('#') => {}
                    None => found.clear(),
                }
            }
        }
        lines.join("\n")
    };
    let half = "word ".repeat(17).trim_end().to_owned();
    assert_eq!(
        docs("fn get_thing<"),
        format!(
            "Get a thing\n\n{half}\n{}\n\n\
             Sends `GET /v1/teams/{{teamId}}/things/{{type}}`. It is safe to repeat.\n\n\
             # Arguments\n\n- `params`: The optional parameters, see [`types::GetThingParameters`].\n\n\
             # Answers\n\n- `200`: It.\n\n\
             # Errors\n\n[`Error::ErrorResponse`] with [`types::RefusedResponse`], if the service answers:\n\n\
             - `404`: Refused.\n\nSee [`Error`] for what else can go wrong.",
            "word ".repeat(13).trim_end()
        )
    );
    assert_eq!(
        docs("pub self_: ::std::option::Option<bool>"),
        "Whether it is its own. Default: `true`."
    );
    assert_eq!(
        docs("pub ids: ::std::option::Option<::std::vec::Vec<::std::string::String>>"),
        "`ids` in the query. Default: `[\"a\"]`."
    );
    assert_eq!(
        docs("fn put_thing<"),
        "Sends `PUT /v1/teams/{teamId}/things/{type}`. It is not safe to repeat: a call whose\n\
         outcome is unknown may have had its effect.\n\n\
         # Arguments\n\n- `body`: What is sent, see [`types::Thing`].\n\n\
         # Answers\n\n- `204`: Done.\n\n\
         # Errors\n\nThe description documents none. See [`Error`] for what can go wrong."
    );
    // The body of an error without a schema is not read if another error has a schema.
    assert!(
        docs("fn add_note<")
            .contains("with the bytes of the body, if the service answers:\n\n- `400`: In words.")
    );
    assert_eq!(
        docs("pub struct FollowParams"),
        "The optional parameters of [`follow`](crate::Client::follow) and of\n\
         [`follow_stream`](crate::Client::follow_stream).\n\n\
         `default()` leaves all of them out, and a setter sets one."
    );
    for file in &files {
        for line in file
            .text
            .lines()
            .filter(|line| line.trim_start().starts_with("///"))
        {
            assert!(
                line.chars().count() <= 100 || !line.trim_start()[4..].contains(' '),
                "{line}"
            );
        }
    }
}

/// What one part of a merged object requires of another is not an `Option`, however deep.
#[test]
fn what_is_merged_has_all_fields_and_requires_what_any_part_does() {
    let (files, _) = code_of(parsed(&fixture("merged.yaml")));
    let mut fields = std::collections::BTreeMap::new();
    let mut items: Vec<syn::Item> = Vec::new();
    for file in &files {
        items.extend(syn::parse_file(&file.text).unwrap().items);
    }
    while let Some(item) = items.pop() {
        match item {
            syn::Item::Mod(module) => {
                items.extend(module.content.into_iter().flat_map(|(_, items)| items))
            }
            syn::Item::Struct(item) => {
                let of = |field: &syn::Field| {
                    let is_optional = field.ty.to_token_stream().to_string().contains("Option");
                    let name = field
                        .ident
                        .as_ref()
                        .map_or_else(|| "0".to_owned(), |it| it.to_string());
                    if is_optional {
                        format!("{name}?")
                    } else {
                        name
                    }
                };
                let all: Vec<String> = item.fields.iter().map(of).collect();
                fields.insert(item.ident.to_string(), all.join(" "));
            }
            _ => {}
        }
    }
    for (name, has) in [
        ("Strict", "id kind?"),
        ("Deep", "id kind more"),
        ("Beside", "id? kind"),
        ("Two", "id kind? size"),
        ("AllInline", "id kind?"),
        ("Same", "id kind?"),
        ("Base", "id? kind?"),
        (
            "All",
            "strict? deep? beside? two? noted? maybe? color? inline? named? same?",
        ),
    ] {
        assert_eq!(fields[name], has, "{name}");
    }
}

/// What belongs to a feature is not there without: an item by itself would not compile.
#[test]
fn all_that_is_of_uploads_is_behind_the_feature() {
    let mut found = 0;
    let mut items: Vec<syn::Item> = Vec::new();
    for file in code().0 {
        items.extend(syn::parse_file(&file.text).unwrap().items);
    }
    while let Some(item) = items.pop() {
        let text = item.to_token_stream().to_string();
        if !text.contains("ImportThingsBody") && !text.contains("FilePart") {
            continue;
        }
        let attrs = match item {
            syn::Item::Mod(module) => {
                items.extend(module.content.into_iter().flat_map(|(_, items)| items));
                continue;
            }
            syn::Item::Impl(block) if block.self_ty.to_token_stream().to_string() == "Client" => {
                for member in block.items {
                    let text = member.to_token_stream().to_string();
                    if let syn::ImplItem::Fn(method) = member
                        && text.contains("ImportThingsBody")
                    {
                        assert!(method.attrs.iter().any(is_feature), "{text}");
                        found += 1;
                    }
                }
                continue;
            }
            syn::Item::Impl(block) => block.attrs,
            syn::Item::Struct(item) => item.attrs,
            _ => continue,
        };
        assert!(attrs.iter().any(is_feature), "{text}");
        found += 1;
    }
    assert_eq!(found, 5, "the method, the struct, and three impls");
}

fn is_feature(attr: &syn::Attribute) -> bool {
    squeezed(&attr.to_token_stream().to_string()) == r#"#[cfg(feature="multipart")]"#
}

/// Needs a compiler and, the first time, a minute: the crate's own sources are compiled around the
/// generated code, and `calls.rs` calls it. The build is kept in the target folder for the next time.
#[test]
#[ignore = "slow, it builds a whole crate: add -- --ignored"]
fn the_generated_code_compiles_without_warnings_and_sends_what_it_should() {
    let made = make(all());
    let scratch = Scratch::new(&made.files, &made.features);
    let with = "full,schemars,multipart";
    for test in ["calls", "directions", "deprecated", "sent"] {
        let source = root().join("tests/calls").join(test).with_extension("rs");
        scratch.passes(test, &source, with);
    }
    made.sends_what_is_required(&scratch, with, 40);
    scratch.documents_cleanly(with);
}

/// The lint that keeps types from hiding what generated code uses by a bare name knows all of that.
#[test]
fn no_type_may_have_a_name_that_generated_types_use_without_a_path() {
    let unions = load::load(&root().join("tests/fixtures/unions.yaml")).unwrap();
    let mut used = names::bare_names(&code().0);
    used.extend(names::bare_names(&code_of(unions).0));
    assert!(used.contains("Ok"), "{used:?}");
    for name in used {
        let description = serde_json::json!({
            "openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": {},
            "components": {"schemas": {&name: {"type": "object", "properties": {"a": {"type": "string"}}}}},
        });
        let document = arrange::arrange(parsed(&description));
        assert!(
            lint::lint(&document).is_err(),
            "a schema may be called `{name}`"
        );
    }
}

/// Names that the lints keep from tags and variants are those that generated code adds.
#[test]
fn what_generated_code_adds_to_what_is_described_is_known_to_the_lints() {
    let (files, features) = code();
    let of_tags: Vec<String> = features
        .iter()
        .map(|it| xtask::naming::module_name(&it.name))
        .collect();
    let generated = files
        .iter()
        .find(|it| it.path == "src/generated.rs")
        .unwrap();
    let modules = syn::parse_file(&generated.text)
        .unwrap()
        .items
        .into_iter()
        .filter_map(|item| match item {
            syn::Item::Mod(module) => Some(module.ident.to_string()),
            _ => None,
        });
    let added: Vec<String> = modules.filter(|name| !of_tags.contains(name)).collect();
    assert!(
        !added.is_empty()
            && added
                .iter()
                .all(|name| xtask::naming::MODULES.contains(&name.as_str())),
        "{added:?}"
    );

    // An open enum of the values `on`, `1` and `unknown`, which are called `On`, `One` and `NotKnown`.
    let source = item("State");
    for named in ["Unknown", "KNOWN"] {
        assert!(source.contains(named));
        let description = serde_json::json!({
            "openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": {},
            "components": {"schemas": {"A": {"type": "string", "enum": ["a"], "x-enum-varnames": [named]}}},
        });
        assert!(
            lint::lint(&arrange::arrange(parsed(&description))).is_err(),
            "{named}"
        );
    }
    let file: syn::File = syn::parse_str(&source).unwrap();
    let mut names = Vec::new();
    for item in file.items {
        match item {
            syn::Item::Enum(item) => {
                names.extend(item.variants.into_iter().map(|it| it.ident.to_string()))
            }
            syn::Item::Impl(block) if block.trait_.is_none() => {
                names.extend(block.items.iter().filter_map(|it| match it {
                    syn::ImplItem::Const(it) => Some(it.ident.to_string()),
                    _ => None,
                }))
            }
            _ => {}
        }
    }
    names.sort();
    assert_eq!(names, ["KNOWN", "NotKnown", "On", "One", "Unknown"]);
}

/// What the types do that are told apart, and made once for all that say the same.
#[test]
#[ignore = "slow, it builds a whole crate: add -- --ignored"]
fn unions_keep_what_they_do_not_know_and_are_told_apart() {
    let fixtures = root().join("tests/fixtures");
    let made = make(load::load(&fixtures.join("unions.yaml")).unwrap());
    let scratch = Scratch::new(&made.files, &made.features);
    scratch.passes("unions", &fixtures.join("unions.rs"), "full,schemars");
    made.sends_what_is_required(&scratch, "full,schemars", 3);
}
