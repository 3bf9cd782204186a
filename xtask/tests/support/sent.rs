//! A test made of a description: the value of each constructor of a type that is sent has the fields that the description requires,
//! and no others.
//!
//! What is required is read from the description as given, before the arrange stage. What there is to call is read from the
//! generated code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use quote::ToTokens;
use serde_json::{Map, Value, json};
use syn::{FnArg, Item, ItemEnum, ItemImpl, ItemStruct, Pat, Type};
use xtask::arrange;
use xtask::markers::{CONSTANT, REPLACE};
use xtask::model::Model;
use xtask::openapi::schema::{flag, get, items, members, texts};
use xtask::openapi::{Node, Pointer, reference};
use xtask::output::render::SourceText;

/// What the test is made of.
pub(crate) struct Made<'a> {
    /// The description before the arrange stage, and after it.
    pub(crate) given: &'a Node,
    pub(crate) arranged: &'a Node,
    pub(crate) model: &'a Model,
    pub(crate) files: &'a [SourceText],
}

/// The source of the test, and how many constructors it calls.
pub(crate) fn test(made: &Made<'_>) -> (String, usize) {
    let mut types = Types::default();
    for file in made.files {
        types.add(syn::parse_file(&file.text).unwrap().items);
    }
    let mut out = String::from(BEGIN);
    let mut count = 0;
    for (name, schema) in &made.model.schemas {
        if !schema.uses.request || schema.upload || schema.replace.is_some() {
            continue;
        }
        let at = Pointer(vec![
            "components".to_owned(),
            "schemas".to_owned(),
            schema.name.clone(),
        ]);
        let constructors = types.constructors(name);
        if constructors.is_empty() {
            continue;
        }
        let origin = arrange::origin(made.arranged, &at);
        let given = made.given.pointer(&origin);
        let given = given.unwrap_or_else(|| panic!("{name} was not at {origin}"));
        let given = reference::last(made.given, given);
        let arranged = made.arranged.pointer(&at).unwrap();
        // Those that tell the branches of a union apart.
        let constants: Vec<&str> = reference::merged(made.arranged, arranged)
            .into_iter()
            .flat_map(|part| members(part, "properties"))
            .filter(|(_, property)| property.get(CONSTANT).is_some())
            .map(|(name, _)| name)
            .collect();
        for constructor in constructors {
            let given = match &constructor.tag {
                Some((tag, value)) => branch(given, tag, value),
                None => given,
            };
            let object = Object::of(made.given, given);
            let mut required: BTreeSet<&str> = object.required.clone();
            required.retain(|it| !schema.not_sent.iter().any(|name| name == it));
            let required: Vec<&str> = required.into_iter().collect();
            let mut arguments = Vec::new();
            for (wire, ty) in &constructor.arguments {
                let property = object.properties.get(wire.as_str());
                let property =
                    property.unwrap_or_else(|| panic!("{name} is not described with {wire}"));
                let json = sample(made.given, property, 0).to_string();
                arguments.push(format!("sample::<{ty}>({json:?})"));
            }
            let call = format!("{name}::{}({})", constructor.method, arguments.join(", "));
            let shown = format!("{name}::{}", constructor.method);
            writeln!(
                out,
                "        checked.check({shown:?}, &{call}, &{required:?}, &{constants:?});"
            )
            .unwrap();
            count += 1;
        }
        if types.defaults.contains(name) {
            let required: Vec<&str> = Vec::new();
            let shown = format!("{name}::default");
            writeln!(
                out,
                "        checked.check({shown:?}, &{name}::default(), &{required:?}, &{constants:?});"
            )
            .unwrap();
        }
    }
    out.push_str(END);
    (out, count)
}

// A type may be called as anything that code has in scope. So the calls are by themselves.
const BEGIN: &str = r##"//! Made of the description by `xtask/tests/support/sent.rs`.
#![allow(deprecated, unused_imports)]

#[test]
fn what_is_not_set_is_not_sent() {
    let mut checked = checked::Checked::default();
    calls::all(&mut checked);
    checked.finish();
}

mod checked {
    pub(crate) trait Sent {
        fn json(&self) -> serde_json::Value;
    }

    impl<T: serde::Serialize> Sent for T {
        fn json(&self) -> serde_json::Value {
            serde_json::to_value(self).unwrap()
        }
    }

    pub(crate) fn sample<T: serde::de::DeserializeOwned>(json: &str) -> T {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    #[derive(Default)]
    pub(crate) struct Checked {
        wrong: Vec<String>,
    }

    impl Checked {
        pub(crate) fn check(&mut self, name: &str, value: &dyn Sent, required: &[&str], constants: &[&str]) {
            let sent = value.json();
            let sent = sent.as_object().unwrap_or_else(|| panic!("{name}: {sent}"));
            let missing: Vec<&&str> = required.iter().filter(|it| !sent.contains_key(**it)).collect();
            let is_allowed = |it: &&String| required.contains(&it.as_str()) || constants.contains(&it.as_str());
            let more: Vec<&String> = sent.keys().filter(|it| !is_allowed(it)).collect();
            if !missing.is_empty() || !more.is_empty() {
                self.wrong.push(format!("{name} lacks {missing:?} and has {more:?} more"));
            }
        }

        pub(crate) fn finish(self) {
            assert!(self.wrong.is_empty(), "{:#?}", self.wrong);
        }
    }
}

mod calls {
    use letta_api::types::*;

    use super::checked::sample;

    pub(super) fn all(checked: &mut super::checked::Checked) {
"##;

const END: &str = "    }\n}\n";

/// What the generated code has.
#[derive(Default)]
struct Types {
    structs: BTreeMap<String, ItemStruct>,
    enums: BTreeMap<String, ItemEnum>,
    impls: BTreeMap<String, Vec<ItemImpl>>,
    defaults: BTreeSet<String>,
}

/// A function that makes a value.
struct Constructor {
    method: String,
    /// The name on the wire and the type of each argument.
    arguments: Vec<(String, String)>,
    /// For a branch of a union: the tag, and its value.
    tag: Option<(String, String)>,
}

impl Types {
    fn add(&mut self, items: Vec<Item>) {
        for item in items {
            match item {
                Item::Mod(module) => self.add(module.content.unwrap_or_default().1),
                // The impls of a type that several features need.
                Item::Const(it) if it.ident == "_" => {
                    if let syn::Expr::Block(it) = *it.expr {
                        let inner = it.block.stmts.into_iter().filter_map(|stmt| match stmt {
                            syn::Stmt::Item(item) => Some(item),
                            _ => None,
                        });
                        self.add(inner.collect());
                    }
                }
                Item::Struct(it) => {
                    self.structs.insert(it.ident.to_string(), it);
                }
                Item::Enum(it) => {
                    self.enums.insert(it.ident.to_string(), it);
                }
                Item::Impl(it) => {
                    let name = it.self_ty.to_token_stream().to_string();
                    match &it.trait_ {
                        None => self.impls.entry(name).or_default().push(it),
                        Some((path, ..)) if path.segments.last().unwrap().ident == "Default" => {
                            self.defaults.insert(name);
                        }
                        Some(_) => {}
                    }
                }
                _ => {}
            }
        }
    }

    /// The constructors of a type.
    fn constructors(&self, name: &str) -> Vec<Constructor> {
        let mut found = Vec::new();
        for block in self.impls.get(name).into_iter().flatten() {
            for item in &block.items {
                let syn::ImplItem::Fn(method) = item else {
                    continue;
                };
                let takes_self = method.sig.receiver().is_some();
                let makes_self = method.sig.output.to_token_stream().to_string() == "-> Self";
                if takes_self || !makes_self {
                    continue;
                }
                let Some(syn::Stmt::Expr(syn::Expr::Struct(value), None)) =
                    method.block.stmts.last()
                else {
                    continue;
                };
                let variant = value.path.segments.last().unwrap().ident.to_string();
                let (fields, tag) = match (self.structs.get(name), self.enums.get(name)) {
                    (Some(item), _) => (&item.fields, None),
                    (None, Some(item)) => {
                        let mut variants = item.variants.iter();
                        let variant = variants.find(|it| it.ident == variant).unwrap();
                        let tag = serde(&item.attrs, "tag").expect("a tag");
                        let value = serde(&variant.attrs, "rename");
                        let value = value.unwrap_or_else(|| variant.ident.to_string());
                        (&variant.fields, Some((tag, value)))
                    }
                    (None, None) => continue,
                };
                let wire = |argument: &str| {
                    let mut fields = fields.iter();
                    let field = fields.find(|it| *it.ident.as_ref().unwrap() == argument);
                    let plain = argument.trim_start_matches("r#").to_owned();
                    serde(&field.unwrap().attrs, "rename").unwrap_or(plain)
                };
                let arguments = method.sig.inputs.iter().map(|input| match input {
                    FnArg::Typed(it) => match &*it.pat {
                        Pat::Ident(pat) => (wire(&pat.ident.to_string()), argument_type(&it.ty)),
                        _ => unreachable!(),
                    },
                    FnArg::Receiver(_) => unreachable!(),
                });
                found.push(Constructor {
                    method: method.sig.ident.to_string(),
                    arguments: arguments.collect(),
                    tag,
                });
            }
        }
        found
    }
}

/// The type of a value that an argument takes.
fn argument_type(ty: &Type) -> String {
    let ty = match ty {
        Type::ImplTrait(it) => match &it.bounds[0] {
            syn::TypeParamBound::Trait(it) => match &it.path.segments.last().unwrap().arguments {
                syn::PathArguments::AngleBracketed(it) => it.args.to_token_stream(),
                _ => unreachable!(),
            },
            _ => unreachable!(),
        },
        ty => ty.to_token_stream(),
    };
    ty.to_string().replace("crate ::", "letta_api ::")
}

/// The text of an argument of serde.
fn serde(attrs: &[syn::Attribute], name: &str) -> Option<String> {
    let mut found = None;
    for attr in attrs.iter().filter(|it| it.path().is_ident("serde")) {
        attr.parse_nested_meta(|meta| {
            if let Ok(value) = meta.value() {
                let text: syn::LitStr = value.parse()?;
                if meta.path.is_ident(name) {
                    found = Some(text.value());
                }
            }
            Ok(())
        })
        .unwrap();
    }
    found
}

/// The branch of a union whose tag has this value.
fn branch<'a>(union: &'a Node, tag: &str, value: &str) -> &'a Node {
    let mut branches = items(union, "oneOf").iter().chain(items(union, "anyOf"));
    let is_it = |branch: &&Node| {
        members(branch, "properties")
            .any(|(name, property)| name == tag && texts(property).is_some_and(|it| it == [value]))
    };
    branches
        .find(is_it)
        .unwrap_or_else(|| panic!("no branch has the {tag} {value}"))
}

/// What all parts of an object say.
#[derive(Default)]
struct Object<'a> {
    properties: BTreeMap<&'a str, &'a Node>,
    required: BTreeSet<&'a str>,
}

impl<'a> Object<'a> {
    fn of(document: &'a Node, schema: &'a Node) -> Self {
        let mut object = Self::default();
        for part in reference::merged(document, schema) {
            object.properties.extend(members(part, "properties"));
            let required = items(part, "required").iter().filter_map(Node::as_str);
            object.required.extend(required);
        }
        let properties = &object.properties;
        object.required.retain(|name| properties.contains_key(name));
        object
    }
}

/// A value of a schema.
fn sample(document: &Node, schema: &Node, depth: usize) -> Value {
    let schema = reference::last(document, schema);
    assert!(depth < 50, "a value without an end");
    if schema.get(REPLACE).is_some() {
        return json!("x");
    }
    for keyword in ["example", "default"] {
        if let Some(value) = get(schema, keyword) {
            return value.to_json();
        }
    }
    if let Some(value) = items(schema, "enum").first() {
        return value.to_json();
    }
    for keyword in ["oneOf", "anyOf"] {
        if let Some(branch) = items(schema, keyword).first() {
            return sample(document, branch, depth + 1);
        }
    }
    if let [one] = items(schema, "allOf") {
        return sample(document, one, depth + 1);
    }
    let text = |keyword: &str| get(schema, keyword).and_then(Node::as_str);
    match (text("type"), text("format")) {
        (Some("string"), Some("date-time")) => json!("2026-01-02T03:04:05Z"),
        (Some("string"), Some("date")) => json!("2026-01-02"),
        (Some("string"), Some("uuid")) => json!("67e55044-10b1-426f-9247-bb680e5fe0c8"),
        (Some("string"), Some("ip" | "ipv4")) => json!("127.0.0.1"),
        (Some("string"), Some("ipv6")) => json!("::1"),
        (Some("string"), _) => json!("x"),
        (Some("integer"), _) => json!(1),
        (Some("number"), _) => json!(1.5),
        (Some("boolean"), _) => json!(true),
        (Some("array"), _) => {
            let least = get(schema, "minItems").map(Node::to_json);
            let least = least.and_then(|it| it.as_u64()).unwrap_or(0);
            let item = || sample(document, get(schema, "items").unwrap(), depth + 1);
            (0..least).map(|_| item()).collect()
        }
        _ if flag(schema, "nullable") && get(schema, "type").is_none() => Value::Null,
        _ => {
            let object = Object::of(document, schema);
            let required = object.required.iter();
            let members = required.map(|name| {
                let value = sample(document, object.properties[name], depth + 1);
                ((*name).to_owned(), value)
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
    }
}
