//! Which types an operation needs: those that its code mentions, those that they mention, and so on.
//!
//! Each item is searched once, for paths that lead to a type. A name by itself says nothing: a variant may have the
//! name of a type. This follows the generated Rust and not the references of the description: what counts is whether the
//! code compiles, and the two differ (merged schemas, inline types, replaced ones).
//!
//! For `fn list_agents(…) -> Result<ResponseValue<types::AgentPage>, …>` with `struct AgentPage { items: Vec<Agent> }`, these are
//! `AgentPage`, `Agent`, and all that `Agent` mentions. If `Agent` has a field with
//! `#[serde(default = "defaults::agent_name")]`, so is the function `defaults::agent_name`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Ident, Item, ItemImpl, Macro, Meta, Path};

use super::{Operation, unexpected};
use crate::diagnostic::Failure;
use crate::naming::is_type_name;

/// A unit that features turn on: a type with its impls, a helper module of typify's, or a function of such a module.
#[derive(Debug)]
pub(super) struct Part {
    /// `Agent`, `error`, or `defaults::agent_name`.
    pub(super) name: String,
    /// The definition, and what implements something for it.
    pub(super) items: Vec<Item>,
    /// The features that need it, in order.
    pub(super) features: BTreeSet<String>,
}

/// typify's functions that make the description's defaults.
pub(super) const DEFAULTS: &str = "defaults";

/// Which parts each part mentions.
pub(super) type AllMentions = HashMap<String, BTreeSet<String>>;

/// Sorts items into parts, by name, and returns what each part mentions.
///
/// Definitions come first. An impl, or a macro that writes some, is added to the part that it belongs to, and what it mentions counts as mentioned by that.
pub(super) fn parts(items: Vec<Item>) -> Result<(BTreeMap<String, Part>, AllMentions), Failure> {
    let mut parts = BTreeMap::new();
    let mut impls = Vec::new();
    for item in items {
        let name = match item {
            // Later: an impl may come before the type that it is for.
            Item::Impl(_) | Item::Macro(_) => {
                impls.push(item);
                continue;
            }
            // One part for each function: a default is only needed where its field is.
            Item::Mod(module) if module.ident == DEFAULTS => {
                for item in module.content.into_iter().flat_map(|(_, items)| items) {
                    let Item::Fn(function) = &item else {
                        return Err(unexpected(
                            "`defaults` holds something that is not a function",
                        ));
                    };
                    let name = format!("{DEFAULTS}::{}", function.sig.ident);
                    add(&mut parts, name, item)?;
                }
                continue;
            }
            Item::Struct(ref it) => it.ident.to_string(),
            Item::Enum(ref it) => it.ident.to_string(),
            Item::Type(ref it) => it.ident.to_string(),
            Item::Mod(ref it) => it.ident.to_string(),
            _ => return Err(unexpected("an item of the types has no name")),
        };
        add(&mut parts, name, item)?;
    }

    // What definitions mention decides to which type an impl belongs, so it is needed before impls are looked at.
    let of_definitions: AllMentions = parts
        .iter()
        .map(|(name, part)| (name.clone(), mentions(&parts, &part.items)))
        .collect();
    let mut all = of_definitions.clone();
    for item in impls {
        let owner = match &item {
            Item::Impl(block) => owner(block, &parts, &of_definitions),
            // `named_text!(AgentId)`: a macro that writes the impls of the type that it names.
            item => mentions(&parts, std::slice::from_ref(item))
                .into_iter()
                .next(),
        };
        let owner =
            owner.ok_or_else(|| unexpected("an impl is not for a type of the description"))?;
        let of_impl = mentions(&parts, std::slice::from_ref(&item));
        all.entry(owner.clone()).or_default().extend(of_impl);
        let part = parts.get_mut(&owner).expect("an owner is a part");
        part.items.push(item);
    }
    Ok((parts, all))
}

/// Adds the definition of a part. Two of one name would be one type, so that is an error.
fn add(parts: &mut BTreeMap<String, Part>, name: String, item: Item) -> Result<(), Failure> {
    let part = Part {
        name: name.clone(),
        items: vec![item],
        features: BTreeSet::new(),
    };
    match parts.insert(name, part) {
        None => Ok(()),
        Some(part) => Err(unexpected(&format!("`{}` is there twice", part.name))),
    }
}

/// The type that an impl belongs to: the one that contains the other types in its head, so that the impl exists
/// only if all of them do. `impl From<Branch> for Union` belongs to the union, and so does
/// `impl From<Union> for Branch`.
fn owner(
    block: &ItemImpl,
    parts: &BTreeMap<String, Part>,
    mentions: &AllMentions,
) -> Option<String> {
    let mut head = Mentions::new(parts, Scope::Types);
    head.visit_type(&block.self_ty);
    if let Some((path, _)) = &block.trait_ {
        head.visit_path(path);
    }
    // The types in the head: for `impl From<Branch> for Union`, both.
    let names = head.found;
    let holds_others = |name: &&String| {
        let held = mentions.get(*name);
        names
            .iter()
            .all(|other| other == *name || held.is_some_and(|held| held.contains(other)))
    };
    let of_self = || {
        let mut only = Mentions::new(parts, Scope::Types);
        only.visit_type(&block.self_ty);
        only.found.into_iter().next()
    };
    names
        .iter()
        .find(holds_others)
        .cloned()
        .or_else(of_self)
        .or_else(|| names.iter().next().cloned())
}

/// Gives each part the features of the operations that reach it.
///
/// The walk is one for each feature and not for each operation, and it visits a part once. So the work grows with the number of
/// features times the number of types, and not with the number of operations.
pub(super) fn mark(
    parts: &mut BTreeMap<String, Part>,
    mentions: &AllMentions,
    operations: &[Operation],
) -> Result<(), Failure> {
    // The parts that the operations of each feature mention. From there, one walk for each feature.
    let mut roots: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for operation in operations {
        let mut found = Mentions::new(parts, Scope::Client);
        found.visit_impl_item_fn(&operation.method);
        // The type of events in a stream is read by the caller, and is in no signature.
        for name in &operation.extra_types {
            if !parts.contains_key(name) {
                return Err(unexpected(&format!(
                    "`{}` needs the type `{name}`, and there is no type of that name",
                    operation.method.sig.ident
                )));
            }
            found.found.insert(name.clone());
        }
        for feature in &operation.features {
            roots
                .entry(feature)
                .or_default()
                .extend(found.found.iter().cloned());
        }
    }
    for (feature, roots) in roots {
        let mut next: Vec<String> = roots.into_iter().collect();
        while let Some(name) = next.pop() {
            let part = parts.get_mut(&name).expect("what is mentioned is a part");
            // A part that has the feature already was visited in this walk, and so was all that it mentions.
            if part.features.insert(feature.to_owned()) {
                next.extend(mentions.get(&name).into_iter().flatten().cloned());
            }
        }
    }
    Ok(())
}

/// The parts that items mention.
fn mentions(parts: &BTreeMap<String, Part>, items: &[Item]) -> BTreeSet<String> {
    let mut mentions = Mentions::new(parts, Scope::Types);
    for item in items {
        mentions.visit_item(item);
    }
    mentions.found
}

/// In which code a path is. The same path leads to different things.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    /// Among the types: `Agent` is one.
    Types,
    /// In a method of the client: `types::Agent` is one, and `Error` is the client's.
    Client,
}

/// The parts that code mentions.
struct Mentions<'p> {
    parts: &'p BTreeMap<String, Part>,
    scope: Scope,
    found: BTreeSet<String>,
}

impl<'p> Mentions<'p> {
    fn new(parts: &'p BTreeMap<String, Part>, scope: Scope) -> Self {
        Self {
            parts,
            scope,
            found: BTreeSet::new(),
        }
    }

    /// Adds the part that a path leads to, if it leads to one. `way` are the names in the path.
    fn resolve(&mut self, way: &[String]) {
        let mut is_type = self.scope == Scope::Types;
        let mut way = way;
        // `types::Agent`, `super::Agent`, `self::Agent` and `crate::types::Agent` all lead to `Agent`.
        while let [first, rest @ ..] = way {
            match first.as_str() {
                "types" => is_type = true,
                "super" | "self" => {}
                "crate" if rest.first().is_some_and(|next| next == "types") => {}
                _ => break,
            }
            way = rest;
        }
        if !is_type {
            return;
        }
        let name = match way {
            [module, function, ..] if module == DEFAULTS => format!("{DEFAULTS}::{function}"),
            // A variable may have the name of a module.
            [only] if !is_type_name(only) => return,
            [name, ..] => name.clone(),
            [] => return,
        };
        if self.parts.contains_key(&name) {
            self.found.insert(name);
        }
    }

    /// The tokens of a macro have no known syntax, so any path in them counts. One too many only makes a type exist without need; one too few
    /// would not compile.
    fn tokens(&mut self, tokens: &TokenStream) {
        // A path in tokens is names with two colons between. Anything else ends it.
        let mut way: Vec<String> = Vec::new();
        let mut colons = 0;
        let mut is_absolute = false;
        for token in tokens.clone() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) => {
                    if colons != 2 || (way.is_empty() && !is_absolute) {
                        self.end(&mut way, is_absolute);
                        is_absolute = colons == 2;
                    }
                    way.push(plain(&ident));
                    colons = 0;
                }
                other => {
                    self.end(&mut way, is_absolute);
                    (colons, is_absolute) = (0, false);
                    if let TokenTree::Group(group) = other {
                        self.tokens(&group.stream());
                    }
                }
            }
        }
        self.end(&mut way, is_absolute);
    }

    /// The end of a path among tokens. One that begins with `::` is of another crate.
    fn end(&mut self, way: &mut Vec<String>, is_absolute: bool) {
        if !is_absolute {
            self.resolve(way);
        }
        way.clear();
    }

    /// Paths in texts, as in `#[serde(default = "defaults::agent_name")]`.
    fn texts(&mut self, tokens: &TokenStream) {
        let mut key = None;
        for token in tokens.clone() {
            match token {
                TokenTree::Ident(ident) => key = Some(ident.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == '=' => {}
                TokenTree::Literal(literal) => {
                    // Names on the wire are not paths, and a path that begins with `::` is of another crate.
                    let is_path = key.take().is_some_and(|key| {
                        !matches!(
                            key.as_str(),
                            "rename" | "alias" | "tag" | "content" | "rename_all"
                        )
                    });
                    let text = literal.to_string();
                    if is_path
                        && !text.starts_with("\"::")
                        && let Ok(text) = syn::parse_str::<syn::LitStr>(&text)
                        && let Ok(path) = text.parse::<Path>()
                    {
                        self.visit_path(&path);
                    }
                }
                TokenTree::Group(group) => self.texts(&group.stream()),
                TokenTree::Punct(_) => key = None,
            }
        }
    }
}

impl<'ast> Visit<'ast> for Mentions<'_> {
    fn visit_path(&mut self, path: &'ast Path) {
        // Code holds many paths, and few of them lead to the types.
        let may_lead = || match (self.scope, path.segments.first()) {
            (_, None) => false,
            (Scope::Types, Some(first)) => path.segments.len() > 1 || first.ident != "Self",
            (Scope::Client, Some(first)) => {
                let ways = ["types", "super", "self", "crate"];
                ways.iter().any(|way| first.ident == way)
            }
        };
        if path.leading_colon.is_none() && may_lead() {
            let way: Vec<String> = path.segments.iter().map(|it| plain(&it.ident)).collect();
            self.resolve(&way);
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        self.tokens(&mac.tokens);
    }

    fn visit_attribute(&mut self, attr: &'ast Attribute) {
        if let Meta::List(list) = &attr.meta
            && list.path.is_ident("serde")
        {
            self.texts(&list.tokens);
        }
    }
}

/// A name without `r#`.
fn plain(ident: &Ident) -> String {
    let text = ident.to_string();
    match text.strip_prefix("r#") {
        Some(plain) => plain.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn all_parts() -> BTreeMap<String, Part> {
        let items = parse_quote! {
            struct Agent;
            struct Block;
            mod error { pub struct ConversionError; }
            mod defaults { fn agent_name() {} }
        };
        let file: syn::File = items;
        parts(file.items).unwrap().0
    }

    #[track_caller]
    fn assert_mentions<const N: usize>(item: Item, names: [&str; N]) {
        let found = mentions(&all_parts(), &[item]);
        assert_eq!(found, names.map(str::to_owned).into());
    }

    #[test]
    fn a_path_to_a_type_counts_wherever_it_stands() {
        assert_mentions(
            parse_quote!(
                struct S {
                    a: ::std::vec::Vec<Agent>,
                }
            ),
            ["Agent"],
        );
        assert_mentions(
            parse_quote!(
                struct S(super::Agent, crate::types::Block);
            ),
            ["Agent", "Block"],
        );
        assert_mentions(
            parse_quote!(
                struct S {
                    #[serde(rename = "Block", default = "defaults::agent_name")]
                    a: u8,
                }
            ),
            ["defaults::agent_name"],
        );
        assert_mentions(
            parse_quote!(
                fn f() {
                    format!("{}", Agent::new(::std::mem::size_of::<Block>()))
                }
            ),
            ["Agent", "Block"],
        );
        assert_mentions(
            parse_quote!(impl T for S { type Err = self::error::ConversionError; }),
            ["error"],
        );
    }

    #[test]
    fn a_name_that_leads_elsewhere_does_not_count() {
        assert_mentions(
            parse_quote!(
                enum E {
                    Agent,
                    Block(u8),
                }
            ),
            [],
        );
        assert_mentions(
            parse_quote!(
                fn f(error: u8) -> E {
                    g(error);
                    E::Agent
                }
            ),
            [],
        );
        assert_mentions(
            parse_quote!(
                fn f() {
                    matches!(x.y, Self::Agent | ::other::Block)
                }
            ),
            [],
        );
        assert_mentions(
            parse_quote!(
                struct S {
                    #[serde(tag = "Agent")]
                    a: crate::Block,
                    b: ::Agent,
                }
            ),
            [],
        );
        assert_mentions(
            parse_quote!(
                #[doc = "Agent"]
                struct S;
            ),
            [],
        );
    }

    #[test]
    fn an_impl_belongs_to_the_type_that_holds_the_others() {
        let file: syn::File = parse_quote! {
            struct Inner;
            struct Outer(Inner);
            impl From<Outer> for Inner {}
            impl From<Inner> for Outer {}
            impl From<Outer> for String {}
        };
        let (parts, _) = parts(file.items).unwrap();
        assert_eq!(parts["Inner"].items.len(), 1);
        assert_eq!(parts["Outer"].items.len(), 4);

        let file: syn::File = parse_quote!(impl Foreign {});
        assert!(super::parts(file.items).is_err());
    }

    #[test]
    fn a_macro_that_writes_impls_belongs_to_the_type_that_it_names() {
        let file: syn::File = parse_quote! {
            crate::support::named_text::named_text!(AgentId);
            struct AgentId(String);
            struct Agent(AgentId);
        };
        let (parts, all) = parts(file.items).unwrap();
        assert_eq!(parts["AgentId"].items.len(), 2);
        assert_eq!(parts["Agent"].items.len(), 1);
        assert_eq!(all["Agent"], ["AgentId".to_owned()].into());

        let file: syn::File = parse_quote!(named_text!(Foreign););
        assert!(super::parts(file.items).is_err());
    }
}
