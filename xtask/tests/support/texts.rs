//! Texts that a description may hold, a description that holds them everywhere, and what must not come of them.

use proptest::prelude::*;
use pulldown_cmark::{BrokenLink, CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag};
use serde_json::{Map, Value, json};
use xtask::visible::is_hidden;

/// Texts that did harm, or might: to rustdoc, its tests, rustc, clippy, a manifest or a terminal.
pub(crate) const TEXTS: &[&str] = &[
    "Example:\n\n    curl -X POST $URL\n\n```\nnot rust at all {{{\n```\n\n~~~\nneither is this\n~~~\n\n- list\n\n      deep code\n\t\ttabbed end \\",
    "    starts with code\n    still code",
    "1. item\n\n       let x = broken(;\n\n> quoted\n>\n>     fn main( {}",
    "```json\n{\"a\": 1}\n```\n\n````\n```\nnested\n```\n````",
    "```rust\nfn main() { panic!() }\n```\n```should_panic\nfine\n```\n```compile_fail,E0308\n```",
    "```\nnever closed",
    "~~~rust\nnever closed either",
    "Reads it */ and [Missing] <b>bold, [`Client`], [types](types::Gone) and [x][y]",
    "<script>alert(1)\n\n</script> <T> Vec<Option<T>> <!-- open",
    "<details>\n\n```\ncode\n```",
    "https://example.com/a_b?c=[d] and http://localhost:8283.",
    "[`Operation`]: https://example.com\n\n[^1]: note",
    "Old Mac line.\rNext line.\r\nThird.\u{85}Fourth.\u{2028}Fifth.",
    "\u{feff}\u{202e}reversed\u{202c} \u{2066}isolated\u{2069} \u{200b}\u{1b}[2J\u{9b}31m\u{0}\u{7}\u{7f}",
    "#![allow(x)] #[doc = \"y\"] \"quoted\" 'a' \\u{1f600} {} {{}} $x r#\"raw\"# // /// //! /* /** */",
    "!/not a bang comment",
    "/ a slash",
    "* star\n  lazy\nlines\n   - over-indented\n\n   text",
    "| a | b |\n|---|:-:|\n| `x|y` | <i> [z] |",
    "Title\n=====\n\nOther\n-----\n\n***\n\n# H1\n###### H6 #",
    "a ` tick, \\` escaped, `` two ` in``, and ` open",
    "Arguments:\n- `a`: not one\n\nSends a `GET` request to `/elsewhere`",
    "- [ ] open\n- [x] done\n- [x]",
    "&lt;b&gt; &amp; &#x5b;x&#x5d; &copy",
    "\n\n  \n\t",
    ".",
    "größe 木 👩‍👩‍👧 e\u{301}\u{301}\u{301} \u{e0041}",
];

/// A description with a text in each place that has any. `index` tells its names from those of others.
pub(crate) fn description(index: usize, text: &str) -> Value {
    let path = format!("/v1/texts/{index}/{{id}}");
    let name = |of: &str| format!("{of}{index}");
    let refer = |of: &str| json!({"$ref": format!("#/components/schemas/{of}{index}")});
    let said = |schema: Value| {
        let mut schema = schema;
        schema["description"] = json!(text);
        schema["title"] = json!(text);
        schema["externalDocs"] = json!({"description": text, "url": "https://example.com"});
        schema["example"] = json!(text);
        schema
    };
    let string = || said(json!({"type": "string"}));
    let parameter = |name: &str, place: &str| {
        json!({
            "name": name, "in": place, "required": place == "path", "description": text,
            "schema": {"type": "string", "description": text}, "example": text,
        })
    };
    let operation = |id: &str, parameters: Vec<Value>| {
        json!({
            "operationId": format!("{id}{index}"),
            "x-codegen-safe-to-repeat": true,
            "tags": [format!("texts{index}")],
            "summary": text,
            "description": text,
            "externalDocs": {"description": text, "url": "https://example.com"},
            "parameters": parameters,
            "responses": {
                "200": {
                    "description": text,
                    "headers": {"X-A": {"description": text, "schema": {"type": "string"}}},
                    "content": {"application/json": {"schema": refer("Texts")}},
                },
                "404": {"description": text, "content": {"application/json": {"schema": refer("Gone")}}},
                "409": {"description": text, "content": {"application/json": {"schema": refer("Texts")}}},
            },
        })
    };
    let body = json!({
        "description": text, "required": true,
        "content": {"application/json": {"schema": refer("Texts")}},
    });
    let id = || parameter("id", "path");
    let mut get = operation("readText", vec![id(), parameter("a", "query")]);
    get["responses"]["200"]["content"]["text/event-stream"] = json!({"schema": refer("Gone")});
    let mut put = operation(
        "writeText",
        vec![
            id(),
            parameter("a", "query"),
            parameter("b", "query"),
            parameter("X-C", "header"),
        ],
    );
    put["requestBody"] = body;
    json!({
        "openapi": "3.0.3",
        "info": {"title": text, "version": "1", "description": text},
        "tags": [{"name": format!("texts{index}"), "description": text}],
        "paths": {path: {"summary": text, "description": text, "get": get, "put": put}},
        "components": {"schemas": {
            name("Texts"): said(json!({
                "type": "object",
                "required": ["plain"],
                "properties": {
                    "plain": string(),
                    "described_only": {"description": text},
                    "defaulted": said(json!({"type": "string", "default": text})),
                    "kind": said(json!({"type": "string", "enum": ["a", "b"], "default": "a"})),
                    "choice": said(refer_with_note(refer("Choice"))),
                    "tagged": said(refer_with_note(refer("Tagged"))),
                    "list": said(json!({"type": "array", "items": string()})),
                    "map": said(json!({"type": "object", "additionalProperties": string()})),
                    "inline": said(json!({"type": "object", "properties": {"deep": string()}})),
                    "whole": said(refer_with_note(refer("Merged"))),
                },
            })),
            name("Gone"): said(json!({"type": "object", "properties": {"detail": string()}})),
            name("Merged"): said(json!({"allOf": [
                refer("Gone"), said(json!({"type": "object", "properties": {"more": string()}})),
            ]})),
            name("Choice"): said(json!({"oneOf": [refer("Gone"), string(), said(json!({"type": "integer"}))]})),
            name("Tagged"): said(json!({"oneOf": [
                said(json!({"type": "object", "required": ["t"], "properties": {
                    "t": {"type": "string", "enum": ["x"]}, "plain": string(),
                }})),
                said(json!({"type": "object", "required": ["t"], "properties": {
                    "t": {"type": "string", "enum": ["y"]},
                }})),
            ]})),
        }},
    })
}

/// Adds names to such a description that are this text: of a property, a value, a tag and a parameter.
pub(crate) fn name_by(description: &mut Value, index: usize, text: &str) {
    if !text.contains(char::is_alphanumeric) {
        return;
    }
    let schemas = &mut description["components"]["schemas"];
    let values = format!("Values{index}");
    schemas[&values] = json!({"type": "string", "enum": [text, "plain"]});
    let properties = &mut schemas[format!("Texts{index}")]["properties"];
    properties[text] = json!({"type": "string"});
    properties["values"] = json!({"$ref": format!("#/components/schemas/{values}")});
    properties["by_tag"] = json!({"oneOf": [
        {"type": "object", "required": ["t"], "properties": {"t": {"type": "string", "enum": [text]}, "plain": {"type": "string"}}},
        {"type": "object", "required": ["t"], "properties": {"t": {"type": "string", "enum": ["y"]}}},
    ]});
    properties["by_kind"] = json!({"oneOf": [
        {"$ref": format!("#/components/schemas/Gone{index}")},
        {"type": "object", "required": ["t", "u"], "properties": {
            "t": {"type": "string", "enum": [text]}, "u": {"type": "string"}, "more": {"type": "object", "properties": {"a": {"type": "string"}}},
        }},
    ]});
    let path = format!("/v1/texts/{index}/{{id}}");
    for method in ["get", "put"] {
        let parameters = description["paths"][&path][method]["parameters"]
            .as_array_mut()
            .unwrap();
        parameters.push(json!({"name": text, "in": "query", "schema": {"type": "string"}}));
    }
}

/// A reference that may have notes beside it.
fn refer_with_note(reference: Value) -> Value {
    json!({"allOf": [reference]})
}

/// Adds what is in one description to another.
pub(crate) fn merge(into: &mut Value, other: &Value) {
    for part in ["paths", "components"] {
        add(&mut into[part], &other[part]);
    }
    let mut tags = into["tags"].as_array().cloned().unwrap_or_default();
    tags.extend(other["tags"].as_array().cloned().unwrap_or_default());
    into["tags"] = Value::Array(tags);
}

fn add(into: &mut Value, other: &Value) {
    if into.is_null() {
        *into = Value::Object(Map::new());
    }
    for (key, value) in other.as_object().into_iter().flatten() {
        match into.get(key) {
            Some(there) if there.is_object() && value.is_object() => add(&mut into[key], value),
            _ => into[key] = value.clone(),
        }
    }
}

/// The documentation of each item of a file: what rustdoc reads as one text.
pub(crate) fn docs_of(source: &str) -> Vec<String> {
    struct Docs(Vec<String>);

    impl<'ast> syn::visit::Visit<'ast> for Docs {
        fn visit_attribute(&mut self, attr: &'ast syn::Attribute) {
            if let syn::Meta::NameValue(meta) = &attr.meta
                && meta.path.is_ident("doc")
                && let syn::Expr::Lit(literal) = &meta.value
                && let syn::Lit::Str(text) = &literal.lit
            {
                let text = text.value();
                self.0
                    .push(text.strip_prefix(' ').unwrap_or(&text).to_owned());
            }
        }
    }

    let mut all = Vec::new();
    let file = syn::parse_file(source).expect("a generated file parses");
    // Attributes of an item come one after the other; those of different items do not.
    struct Items<'v>(&'v mut Vec<String>);
    impl Items<'_> {
        fn of(&mut self, attrs: &[syn::Attribute]) {
            let mut docs = Docs(Vec::new());
            attrs
                .iter()
                .for_each(|attr| syn::visit::Visit::visit_attribute(&mut docs, attr));
            if !docs.0.is_empty() {
                self.0.push(docs.0.join("\n"));
            }
        }
    }
    impl<'ast> syn::visit::Visit<'ast> for Items<'_> {
        fn visit_item_struct(&mut self, it: &'ast syn::ItemStruct) {
            self.of(&it.attrs);
            syn::visit::visit_item_struct(self, it);
        }
        fn visit_item_enum(&mut self, it: &'ast syn::ItemEnum) {
            self.of(&it.attrs);
            syn::visit::visit_item_enum(self, it);
        }
        fn visit_item_mod(&mut self, it: &'ast syn::ItemMod) {
            self.of(&it.attrs);
            syn::visit::visit_item_mod(self, it);
        }
        fn visit_item_const(&mut self, it: &'ast syn::ItemConst) {
            self.of(&it.attrs);
            syn::visit::visit_item_const(self, it);
        }
        fn visit_impl_item_fn(&mut self, it: &'ast syn::ImplItemFn) {
            self.of(&it.attrs);
        }
        fn visit_impl_item_const(&mut self, it: &'ast syn::ImplItemConst) {
            self.of(&it.attrs);
        }
        fn visit_item_fn(&mut self, it: &'ast syn::ItemFn) {
            self.of(&it.attrs);
        }
        fn visit_field(&mut self, it: &'ast syn::Field) {
            self.of(&it.attrs);
        }
        fn visit_variant(&mut self, it: &'ast syn::Variant) {
            self.of(&it.attrs);
            syn::visit::visit_variant(self, it);
        }
    }
    let mut items = Items(&mut all);
    items.of(&file.attrs);
    syn::visit::Visit::visit_file(&mut items, &file);
    all
}

/// With rustdoc's own options, quotation marks and all.
fn events(text: &str) -> Vec<Event<'_>> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_SMART_PUNCTUATION;
    let broken = |_: BrokenLink<'_>| Some((CowStr::from("broken"), CowStr::from("")));
    Parser::new_with_broken_link_callback(text, options, Some(broken)).collect()
}

/// What rustdoc or rustc would do more with a text than show it.
pub(crate) fn problem(text: &str) -> Option<String> {
    if let Some(c) = text.chars().find(|c| is_hidden(*c) && *c != '\n') {
        return Some(format!("{c:?} is in it"));
    }
    let defined = Parser::new_ext(text, Options::all());
    if let Some((label, _)) = defined.reference_definitions().iter().next() {
        return Some(format!("it defines the link `{label}`"));
    }
    let mut in_link = false;
    let mut in_code = false;
    for event in events(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => {
                return Some("an indented block is a test".to_owned());
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                in_code = true;
                let rust = [
                    "rust",
                    "should_panic",
                    "no_run",
                    "ignore",
                    "test_harness",
                    "compile_fail",
                ];
                let is_word = info.chars().all(|c| c.is_ascii_lowercase());
                if info.is_empty() || !is_word || rust.contains(&info.as_ref()) {
                    return Some(format!("a block of `{info}` may be a test"));
                }
            }
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => in_code = false,
            Event::Html(html) | Event::InlineHtml(html) => {
                return Some(format!("`{html}` is HTML"));
            }
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                ..
            }) => {
                in_link = true;
                let leads_out = ["http://", "https://", "mailto:"]
                    .iter()
                    .any(|scheme| dest_url.to_lowercase().starts_with(scheme));
                if !leads_out && link_type != LinkType::Email {
                    return Some(format!("a link leads to the item `{dest_url}`"));
                }
            }
            Event::End(pulldown_cmark::TagEnd::Link) => in_link = false,
            Event::Start(Tag::Image { dest_url, .. }) => {
                return Some(format!("the image `{dest_url}` is loaded"));
            }
            Event::FootnoteReference(_) | Event::Start(Tag::FootnoteDefinition(_)) => {
                return Some("a footnote".to_owned());
            }
            Event::Text(text) if !in_code => {
                let bare = ["http://", "https://"]
                    .iter()
                    .any(|it| text.to_lowercase().contains(it));
                if bare && !in_link {
                    return Some(format!("a bare URL in `{text}`"));
                }
            }
            _ => {}
        }
    }
    // What is written after it is as if it stood alone.
    let after = format!("{text}\n\nAfter [`it`].");
    let alone = "After [`it`].";
    let (all, last) = (events(&after), events(alone));
    (!all.ends_with(&last)).then(|| "it takes what comes after it".to_owned())
}

/// Pieces that mean something to a reader of Markdown, of Rust or of a terminal.
fn piece() -> impl Strategy<Value = String> {
    let marks = [
        "\n",
        "\n\n",
        "\r",
        "\r\n",
        "    ",
        "\t",
        "  ",
        "```",
        "```rust\n",
        "````\n",
        "~~~",
        "~~~\n",
        "`",
        "``",
        "- ",
        "* ",
        "+ ",
        "1. ",
        "7) ",
        "> ",
        ">",
        "# ",
        "===\n",
        "---\n",
        "***\n",
        "|",
        "|---|\n",
        "| a | b |\n|---|---|\n",
        "[",
        "]",
        "(",
        ")",
        "[x]",
        "[x](y)",
        "[x]: y\n",
        "[x][y]",
        "![i](z)",
        "[^1]",
        "[^1]: f\n",
        "<",
        ">",
        "<b>",
        "<script>",
        "</p>",
        "<!--",
        "-->",
        "<T>",
        "<br/>",
        "<https://a.example>",
        "https://b.example/c_d?e=f",
        "http://",
        "&amp;",
        "&#x5b;",
        "*",
        "**",
        "_",
        "__",
        "~~",
        "\\",
        "\\\\",
        "\\\n",
        "*/",
        "/*",
        "//",
        "///",
        "#!",
        "#![",
        "#[",
        "!",
        "\"",
        "'",
        "{",
        "}",
        "$",
        "\0",
        "\u{1b}[31m",
        "\u{7}",
        "\u{85}",
        "\u{9b}",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{feff}",
        "\u{2028}",
        "\u{e0041}",
        "[ ] ",
        "[x] ",
        "fn main() {",
        "should_panic",
        "a",
        "word ",
        "ü",
        "木",
        "1",
        "::",
        "crate::Client",
        "`types::X`",
    ];
    prop_oneof![
        8 => prop::sample::select(marks.to_vec()).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[ -~]{0,12}",
    ]
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..24).prop_map(|pieces| pieces.concat())
}
