//! Fields and arguments that have a name of their own in Rust (`x-codegen-field`).
//!
//! typify and progenitor make the name of a field or argument of what goes over the wire, and know no other. Two that would have one name do not
//! compile. So they get a name that nothing else has, and in what they write, it is replaced: in code by the name in Rust, and in texts by
//! the one on the wire.
//!
//! | | property | field |
//! |---|---|---|
//! | given | `createdAt`, with `x-codegen-field: created_at_camel` | |
//! | as typify sees it | `xMadeName0z` | `#[serde(rename = "xMadeName0z")] x_made_name0z: String` |
//! | replaced | | `#[serde(rename = "createdAt")] created_at_camel: String` |

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToPascalCase, ToSnakeCase};
use indexmap::IndexMap;
use proc_macro2::{Group, Ident, Literal, TokenStream, TokenTree};
use syn::Lit;

use crate::markers::FIELD;
use crate::openapi::reference::{last, merged};
use crate::openapi::schema::{items, members, text};
use crate::openapi::walk::{self, Kind, Reach, Then};
use crate::openapi::{Entry, METHODS, Node, Pointer, Value};

/// How names that stand for others begin. The letter at the end keeps the first of them out of the tenth.
const BEGINS: &str = "xMadeName";
const ENDS: &str = "z";

/// What has a name of its own.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct GivenNames {
    /// The names that stand for others begin so.
    begins: String,
    /// Each name on the wire with its name in Rust, in order. Its place in the list is its number.
    pairs: Vec<(String, String)>,
}

impl GivenNames {
    /// Those of a description.
    pub(super) fn of(document: &Node) -> Self {
        let mut pairs: BTreeSet<(String, String)> = BTreeSet::new();
        let mut begins = BEGINS.to_owned();
        let mut see = |name: &str, node: &Node| {
            if let Some(field) = text(node, FIELD) {
                pairs.insert((name.to_owned(), field.to_owned()));
            }
            // Nobody calls anything so. If somebody does, theirs is still another.
            while name.starts_with(&begins) {
                begins.push('x');
            }
        };
        walk::each(document, Reach::V3_0, |node, place| {
            match place.kind {
                Kind::Schema => {
                    for (name, property) in members(node, "properties") {
                        see(name, property);
                    }
                }
                Kind::Parameter => {
                    if let Some(name) = text(node, "name") {
                        see(name, node);
                    }
                }
                _ => {}
            }
            Then::Within
        });
        Self {
            begins,
            pairs: pairs.into_iter().collect(),
        }
    }

    /// What stands for a name on the wire that has this name in Rust.
    fn stands_for(&self, wire: &str, field: &str) -> Option<String> {
        let pair = (wire.to_owned(), field.to_owned());
        let number = self.pairs.binary_search(&pair).ok()?;
        Some(format!("{}{number}{ENDS}", self.begins))
    }

    /// The description with other names in their place. `None` if nothing has a name of its own.
    pub(super) fn hide(&self, document: &Node) -> Option<Node> {
        if self.pairs.is_empty() {
            return None;
        }
        let mut hidden = document.clone();
        self.hide_in_paths(document, &mut hidden);
        walk::each_mut(&mut hidden, Reach::V3_0, |node, place| {
            match place.kind {
                Kind::Schema => {
                    // What a branch of an `allOf` requires may be declared in another, or in a component.
                    let parts = match items(node, "allOf").len() {
                        0 | 1 => vec![&*node],
                        _ => merged(document, node),
                    };
                    let names = self.names(&parts);
                    if !names.is_empty() {
                        rename(node, &names);
                    }
                }
                Kind::Parameter => {
                    let name = text(node, "name").zip(text(node, FIELD));
                    if let Some(other) = name.and_then(|(it, field)| self.stands_for(it, field))
                        && let Value::Object(members) = &mut node.value
                        && let Some(name) = members.get_mut("name")
                    {
                        name.node.value = Value::String(other);
                    }
                }
                _ => {}
            }
            Then::Within
        });
        Some(hidden)
    }

    /// Gives parameters of path items to their operations, and other names to the variables of path templates.
    ///
    /// An operation's parameter takes the place of its path item's with the same name and place. progenitor would not see that they are the same if
    /// one of them has another name. Operations of one path may have other names for one variable. Each then is under its own template.
    fn hide_in_paths(&self, document: &Node, hidden: &mut Node) {
        let Some(Value::Object(paths)) = hidden
            .pointer_mut(&Pointer::default().join("paths"))
            .map(|it| &mut it.value)
        else {
            return;
        };
        for (path, mut entry) in std::mem::take(paths) {
            let moved = self.hide_in_item(document, &path, &mut entry.node);
            paths.insert(path, entry);
            paths.extend(moved);
        }
    }

    /// As [`Self::hide_in_paths`], for one of them. Gives the operations whose template has other names, by that.
    fn hide_in_item(
        &self,
        document: &Node,
        path: &str,
        item: &mut Node,
    ) -> IndexMap<String, Entry> {
        let mut moved: IndexMap<String, Entry> = IndexMap::new();
        let shared = items(item, "parameters");
        let operations = METHODS
            .into_iter()
            .filter_map(|method| Some((method, item.get(method)?)))
            .filter(|(_, operation)| operation.as_object().is_some());
        let all: Vec<(&str, Vec<Node>)> = operations
            .map(|(method, operation)| {
                let own = items(operation, "parameters");
                let is_own = |it: &&Node| own.iter().any(|own| is_same(document, own, it));
                let inherited = shared.iter().filter(|it| !is_own(it));
                (method, inherited.chain(own).cloned().collect())
            })
            .collect();
        let is_given = |it: &Node| text(last(document, it), FIELD).is_some();
        let listed = shared.iter().chain(all.iter().flat_map(|(_, it)| it));
        if !listed.into_iter().any(is_given) {
            return moved;
        }
        let span = item.span.clone();
        let entry = |node: Node| Entry {
            key: span.clone(),
            node,
        };
        let node = |value: Value| Node {
            value,
            span: span.clone(),
        };
        let Value::Object(item) = &mut item.value else {
            return moved;
        };
        item.shift_remove("parameters");
        for (method, parameters) in all {
            let template = self.template(document, path, &parameters);
            if let Some(there) = item.get_mut(method)
                && let Value::Object(operation) = &mut there.node.value
                && !parameters.is_empty()
            {
                let parameters = entry(node(Value::Array(parameters)));
                operation.insert("parameters".to_owned(), parameters);
            }
            if template == path {
                continue;
            }
            let others = moved
                .entry(template)
                .or_insert_with(|| entry(node(Value::Object(IndexMap::new()))));
            if let Some((method, operation)) = item.shift_remove_entry(method)
                && let Value::Object(others) = &mut others.node.value
            {
                others.insert(method, operation);
            }
        }
        moved
    }

    /// A path template with the names that parameters have for progenitor.
    fn template(&self, document: &Node, path: &str, parameters: &[Node]) -> String {
        let mut template = path.to_owned();
        for parameter in parameters.iter().map(|it| last(document, it)) {
            if text(parameter, "in") == Some("path")
                && let Some((name, field)) = text(parameter, "name").zip(text(parameter, FIELD))
                && let Some(other) = self.stands_for(name, field)
            {
                template = template.replace(&format!("{{{name}}}"), &format!("{{{other}}}"));
            }
        }
        template
    }

    /// What stands for the properties of these schemas that have a name of their own.
    fn names(&self, parts: &[&Node]) -> BTreeMap<String, String> {
        let properties = parts.iter().flat_map(|part| members(part, "properties"));
        properties
            .filter_map(|(name, property)| {
                let other = self.stands_for(name, text(property, FIELD)?)?;
                Some((name.to_owned(), other))
            })
            .collect()
    }

    /// The code with the names that were given.
    pub(super) fn reveal(&self, code: TokenStream) -> TokenStream {
        if self.pairs.is_empty() {
            return code;
        }
        Revealed::of(self).tokens(code)
    }
}

/// Whether two parameters have the same name and place, so that one takes the place of the other.
fn is_same(document: &Node, one: &Node, other: &Node) -> bool {
    let of = |it| {
        let it = last(document, it);
        text(it, "name").zip(text(it, "in"))
    };
    of(one).is_some() && of(one) == of(other)
}

/// Renames the properties of an object, and of the branches that are merged into it in place. A branch that was renamed already
/// has no such names any more.
fn rename(schema: &mut Node, names: &BTreeMap<String, String>) {
    let Value::Object(keywords) = &mut schema.value else {
        return;
    };
    if let Some(properties) = keywords.get_mut("properties")
        && let Value::Object(properties) = &mut properties.node.value
    {
        *properties = std::mem::take(properties)
            .into_iter()
            .map(|(name, entry): (String, Entry)| match names.get(&name) {
                Some(other) => (other.clone(), entry),
                None => (name, entry),
            })
            .collect();
    }
    if let Some(required) = keywords.get_mut("required")
        && let Value::Array(required) = &mut required.node.value
    {
        for name in required {
            if let Some(other) = name.as_str().and_then(|it| names.get(it)) {
                name.value = Value::String(other.clone());
            }
        }
    }
    if let Some(branches) = keywords.get_mut("allOf")
        && let Value::Array(branches) = &mut branches.node.value
    {
        for branch in branches.iter_mut().filter(|it| it.get("$ref").is_none()) {
            rename(branch, names);
        }
    }
}

/// Puts names back into code.
struct Revealed<'a> {
    given: &'a GivenNames,
    /// How the names that stand for others begin: as they are, as a field, as a type.
    begins: [String; 3],
}

impl<'a> Revealed<'a> {
    fn of(given: &'a GivenNames) -> Self {
        Self {
            given,
            begins: [
                given.begins.clone(),
                given.begins.to_snake_case(),
                given.begins.to_pascal_case(),
            ],
        }
    }

    fn tokens(&self, code: TokenStream) -> TokenStream {
        code.into_iter().map(|token| self.token(token)).collect()
    }

    fn token(&self, token: TokenTree) -> TokenTree {
        match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), self.tokens(group.stream()));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            TokenTree::Ident(ident) => match self.text(&ident.to_string(), false) {
                Some(name) => TokenTree::Ident(Ident::new(&name, ident.span())),
                None => TokenTree::Ident(ident),
            },
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if !self.begins.iter().any(|it| text.contains(it.as_str())) {
                    return TokenTree::Literal(literal);
                }
                match Lit::new(literal.clone()) {
                    Lit::Str(text) => match self.text(&text.value(), true) {
                        Some(text) => TokenTree::Literal(Literal::string(&text)),
                        None => TokenTree::Literal(literal),
                    },
                    _ => TokenTree::Literal(literal),
                }
            }
            token => token,
        }
    }

    /// A name or a text with the names that were given. `None` if it has none of them.
    fn text(&self, text: &str, is_text: bool) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        'text: while !rest.is_empty() {
            for (form, begins) in self.begins.iter().enumerate() {
                if let Some((number, after)) = rest
                    .strip_prefix(begins.as_str())
                    .and_then(|it| it.split_once(ENDS))
                    && let Some((wire, field)) = number
                        .parse()
                        .ok()
                        .and_then(|it: usize| self.given.pairs.get(it))
                {
                    match form {
                        0 if is_text => out.push_str(wire),
                        2 => out.push_str(&field.to_pascal_case()),
                        _ => out.push_str(field),
                    }
                    rest = after;
                    continue 'text;
                }
            }
            let next = rest.chars().next().map_or(0, char::len_utf8);
            out.push_str(&rest[..next]);
            rest = &rest[next..];
        }
        (out != text).then_some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load;
    use crate::openapi::Source;

    fn document(text: &str) -> Node {
        load::parse(&Source::new("d.yaml", text.to_owned())).unwrap()
    }

    const GIVEN: &str = "
openapi: 3.0.3
components:
  parameters:
    Id: {name: id, in: query, x-codegen-field: id_query, schema: {type: string}}
  schemas:
    Thing:
      type: object
      required: [createdAt]
      properties:
        created_at: {type: string}
        createdAt: {type: string, x-codegen-field: created_at_camel}
    More:
      allOf:
      - $ref: '#/components/schemas/Thing'
      - {type: object, required: [createdAt], properties: {createdAt: {}, a: {}}}
";

    #[test]
    fn what_has_a_name_of_its_own_is_hidden_with_all_that_is_the_same_property() {
        let given = document(GIVEN);
        let names = GivenNames::of(&given);
        assert_eq!(names.pairs.len(), 2);
        let hidden = names.hide(&given).unwrap().to_json();
        let schemas = &hidden["components"]["schemas"];
        let thing = &schemas["Thing"];
        assert_eq!(thing["required"], serde_json::json!(["xMadeName0z"]));
        let properties: Vec<&String> = thing["properties"].as_object().unwrap().keys().collect();
        assert_eq!(properties, ["created_at", "xMadeName0z"]);
        let branch = &schemas["More"]["allOf"][1];
        assert_eq!(branch["required"], serde_json::json!(["xMadeName0z"]));
        assert!(branch["properties"].get("xMadeName0z").is_some());
        let parameter = &hidden["components"]["parameters"]["Id"];
        assert_eq!(parameter["name"], "xMadeName1z");
    }

    #[test]
    fn code_has_the_name_in_rust_and_texts_have_the_one_on_the_wire() {
        let names = GivenNames::of(&document(GIVEN));
        let code: TokenStream = r#"
            #[serde(rename = "xMadeName0z", default = "defaults::thing_x_made_name0z")]
            pub x_made_name0z: ThingXMadeName0z,
            query("xMadeName1z", &x_made_name1z, "xMadeName99z", xMade)
        "#
        .parse()
        .unwrap();
        let expected: TokenStream = r#"
            #[serde(rename = "createdAt", default = "defaults::thing_created_at_camel")]
            pub created_at_camel: ThingCreatedAtCamel,
            query("id", &id_query, "xMadeName99z", xMade)
        "#
        .parse()
        .unwrap();
        assert_eq!(names.reveal(code).to_string(), expected.to_string());
    }

    #[test]
    fn a_description_may_have_such_names_itself() {
        let given = document(&GIVEN.replace("a: {}", "xMadeName0z: {}"));
        let names = GivenNames::of(&given);
        assert_eq!(names.begins, "xMadeNamex");
        let code: TokenStream = "x_made_name0z x_made_namex0z".parse().unwrap();
        let revealed = names.reveal(code).to_string();
        assert_eq!(revealed, "x_made_name0z created_at_camel");
    }

    #[test]
    fn without_any_nothing_is_copied() {
        let names = GivenNames::of(&document("openapi: 3.0.3"));
        assert!(names.hide(&document("openapi: 3.0.3")).is_none());
    }
}
