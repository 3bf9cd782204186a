//! References (`$ref`): what one says, and what it leads to. All stages use this module to follow them.
//!
//! There are two ways to follow one, because stages see different descriptions:
//!
//! | | may lead to | by |
//! |---|---|---|
//! | load | other files | `load/files.rs` |
//! | overlay, lower, and arrange itself | any part of the description, such as `#/paths/~1a/get/responses/200` | [`pointer()`] |
//! | after arrange | components of the kind that is wanted in their place | [`resolve`], [`References`] |
//!
//! The load stage brings other files into the tree. The arrange stage replaces references to parts without a name. So the last
//! row holds for every reference that is right, and the generator follows no others.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::limits::MERGES;
use super::{Node, Pointer};

/// The text of the reference that stands in place of a value. `None` if it is no reference, or no text.
pub fn text(node: &Node) -> Option<&str> {
    node.get("$ref")?.as_str()
}

/// The name of the component that a reference leads to, if it leads to one of this kind (`schemas`, `responses`, …).
pub fn component<'a>(reference: &'a str, kind: &str) -> Option<&'a str> {
    let name = reference
        .strip_prefix("#/components/")?
        .strip_prefix(kind)?
        .strip_prefix('/')?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

/// The name of the component of this kind that a node refers to.
pub fn referred<'a>(node: &'a Node, kind: &str) -> Option<&'a str> {
    component(text(node)?, kind)
}

/// The place of a component.
pub fn place_of(kind: &str, name: &str) -> Pointer {
    Pointer(["components", kind, name].map(str::to_owned).into())
}

/// The reference to a component.
pub fn to_component(kind: &str, name: &str) -> String {
    format!("#/components/{kind}/{name}")
}

/// Where in its own file a reference leads. `None` if it leads out of it, or its fragment is not a JSON pointer.
///
/// A reference is a URI, so its fragment may be percent-encoded: `#/paths/~1agents~1%7Bid%7D`.
pub fn pointer(reference: &str) -> Option<Pointer> {
    let fragment = reference.strip_prefix('#')?;
    Pointer::parse(&percent_decoded(fragment)?)
}

/// A text with `%41` read as `A`. `None` if what comes of it is not UTF-8.
pub fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16).map(|it| it as u8);
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let encoded = (bytes[at] == b'%').then(|| {
            let high = digit(bytes.get(at + 1))?;
            Some(high * 16 + digit(bytes.get(at + 2))?)
        });
        match encoded.flatten() {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            // A `%` without two digits is a plain character.
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}

/// Parts of a pointer that say what kind of thing is there, and not what it is called.
const STRUCTURE: [&str; 18] = [
    "components",
    "schemas",
    "definitions",
    "$defs",
    "properties",
    "paths",
    "content",
    "schema",
    "parameters",
    "responses",
    "requestBodies",
    "headers",
    "examples",
    "links",
    "callbacks",
    "securitySchemes",
    "allOf",
    "pathItems",
];

/// A name for what a pointer leads to, made of the names on the way: `X` for `#/components/schemas/X`, and `X_y` for its
/// property `y`. `None` if there are no names on the way.
pub fn name_of(at: &Pointer) -> Option<String> {
    // `application/json` in a name would tell a reader nothing.
    let says = |part: &&String| {
        let is_media_type = part.contains('/') && !part.starts_with('/');
        !STRUCTURE.contains(&part.as_str()) && !is_media_type
    };
    let parts: Vec<&str> = at.0.iter().filter(says).map(String::as_str).collect();
    as_name(&parts.join("_"))
}

/// A text as OpenAPI allows a component to be called. `None` if nothing of it is left.
pub fn as_name(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let words = text.split(|c| !allowed(c)).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("_");
    let name = name.trim_matches('_');
    match name.chars().next()? {
        c if c.is_ascii_alphabetic() => Some(name.to_owned()),
        _ => Some(format!("x_{name}")),
    }
}

/// Follows references from a place to a component of this kind. A node that is no reference is its own target.
/// `None` if a reference is wrong, or they go in a circle.
///
/// Use this for one question, or for a description that changes in between. [`References`] remembers what it has followed.
pub fn resolve<'a>(
    document: &'a Node,
    at: &Pointer,
    node: &'a Node,
    kind: &str,
) -> Option<(Pointer, &'a Node)> {
    let (mut at, mut node) = (at.clone(), node);
    let mut seen = HashSet::new();
    while node.get("$ref").is_some() {
        let name = referred(node, kind)?;
        if !seen.insert(name) {
            return None;
        }
        at = place_of(kind, name);
        node = document.pointer(&at)?;
    }
    Some((at, node))
}

/// What a node refers to in the end, wherever in the description that is. If references lead to nothing or in a circle, this is
/// the last node that they lead to. So a caller that only looks at keywords need not handle a failure: lints report it.
pub fn last<'a>(document: &'a Node, node: &'a Node) -> &'a Node {
    let mut node = node;
    let mut seen = HashSet::new();
    while let Some(text) = text(node)
        && seen.insert(text)
        && let Some(next) = pointer(text).and_then(|at| document.pointer(&at))
    {
        node = next;
    }
    node
}

/// A schema and all that is merged into it by `allOf`, through references. Each schema comes once, so that circles end.
///
/// For `Agent: {allOf: [{$ref: Base}, {properties: {a: {}}}]}`, these are `Agent`, `Base` and the inline branch. If the schema
/// itself is a reference, it is another name of a component, and nothing is merged into it. What is more than [`MERGES`] deep, which a lint
/// refuses, is left out: from each link of a chain, all of it would be looked at again.
pub fn merged<'a>(document: &'a Node, schema: &'a Node) -> Vec<&'a Node> {
    let mut found = Vec::new();
    let mut seen: HashSet<*const Node> = HashSet::new();
    let mut waiting = vec![(schema, 0)];
    while let Some((schema, depth)) = waiting.pop() {
        if seen.insert(schema) {
            found.push(schema);
            let branches = super::schema::items(schema, "allOf").iter();
            let branches = branches.filter(|_| depth < MERGES);
            waiting.extend(branches.map(|branch| (last(document, branch), depth + 1)));
        }
    }
    found
}

/// Components that refer to each other, one after the other: `A: {$ref: B}`, `B: {$ref: C}`, `C: {type: object}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain<'a> {
    /// The component at the end, which is no reference.
    pub last: &'a str,
    /// How many references lead to it.
    pub length: usize,
}

/// Where the references of a description lead.
///
/// Chains that were followed are remembered. Without that, a chain of 1,000 components is followed again from each of
/// its links, which is what `tests/linear.rs` is about.
#[derive(Debug)]
pub struct References<'a> {
    document: &'a Node,
    /// By kind and name of the first component. `None` if the chain has no end.
    followed: RefCell<HashMap<(String, &'a str), Option<Chain<'a>>>>,
    /// References that were followed so far.
    #[cfg(test)]
    steps: std::cell::Cell<usize>,
}

impl<'a> References<'a> {
    /// Those of this description.
    pub fn of(document: &'a Node) -> Self {
        Self {
            document,
            followed: RefCell::default(),
            #[cfg(test)]
            steps: std::cell::Cell::default(),
        }
    }

    /// The component schema of this name.
    pub fn schema(&self, name: &str) -> Option<&'a Node> {
        self.document.get("components")?.get("schemas")?.get(name)
    }

    /// The component schema that references from the one of this name lead to, which is no reference.
    pub fn last_schema(&self, name: &'a str) -> Option<&'a Node> {
        self.schema(self.chain(name, "schemas")?.last)
    }

    /// As the function [`resolve`].
    pub fn resolve(&self, at: &Pointer, node: &'a Node, kind: &str) -> Option<(Pointer, &'a Node)> {
        if node.get("$ref").is_none() {
            return Some((at.clone(), node));
        }
        let at = place_of(kind, self.chain(referred(node, kind)?, kind)?.last);
        let node = self.document.pointer(&at)?;
        Some((at, node))
    }

    /// The chain of references that begins with this component. `None` if it leads nowhere, or in a circle.
    pub fn chain(&self, first: &'a str, kind: &str) -> Option<Chain<'a>> {
        let key = |name: &'a str| (kind.to_owned(), name);
        // The chain is followed up to a component whose chain is known, or to its end. Then each link on the way back is
        // one longer than the next.
        let mut links = Vec::new();
        let mut seen = HashSet::new();
        let mut name = first;
        let mut found = loop {
            if let Some(known) = self.followed.borrow().get(&key(name)) {
                break *known;
            }
            #[cfg(test)]
            self.steps.set(self.steps.get() + 1);
            if !seen.insert(name) {
                break None;
            }
            links.push(name);
            let Some(node) = self.document.pointer(&place_of(kind, name)) else {
                break None;
            };
            if node.get("$ref").is_none() {
                break Some(Chain {
                    last: name,
                    length: 0,
                });
            }
            match referred(node, kind) {
                Some(next) => name = next,
                None => break None,
            }
        };
        let mut followed = self.followed.borrow_mut();
        for name in links.into_iter().rev() {
            if let Some(chain) = found.as_mut().filter(|chain| chain.last != name) {
                chain.length += 1;
            }
            followed.insert(key(name), found);
        }
        found
    }

    /// Whether references from this component come back to one of their own, and do not merely end at nothing.
    pub fn is_circle(&self, first: &str, kind: &str) -> bool {
        let mut seen = HashSet::new();
        let mut name = first;
        while seen.insert(name) {
            let node = self.document.pointer(&place_of(kind, name));
            match node.and_then(|node| referred(node, kind)) {
                Some(next) => name = next,
                None => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::openapi::{Entry, Source, Span, Value};

    fn node(value: Value) -> Node {
        let source: Arc<Source> = Source::new("d.json", "");
        Node {
            value,
            span: Span::whole(&source),
        }
    }

    fn object(members: Vec<(String, Node)>) -> Node {
        let entry = |node: Node| Entry {
            key: node.span.clone(),
            node,
        };
        let members = members.into_iter().map(|(key, node)| (key, entry(node)));
        node(Value::Object(members.collect()))
    }

    fn refer(text: &str) -> Node {
        object(vec![(
            "$ref".to_owned(),
            node(Value::String(text.to_owned())),
        )])
    }

    fn document(schemas: Vec<(String, Node)>) -> Node {
        let components = object(vec![("schemas".to_owned(), object(schemas))]);
        object(vec![("components".to_owned(), components)])
    }

    /// `C0` refers to `C1`, and so on; in this order, or the other way around.
    fn chain(length: usize, backwards: bool) -> Node {
        let link = |number: usize| {
            let next = refer(&to_component("schemas", &format!("C{}", number + 1)));
            (format!("C{number}"), next)
        };
        let mut links: Vec<_> = (0..length).map(link).collect();
        links.push((format!("C{length}"), object(Vec::new())));
        if backwards {
            links.reverse();
        }
        document(links)
    }

    #[test]
    fn each_link_of_a_chain_is_followed_once() {
        for backwards in [false, true] {
            for length in [1, 100, 200, 400, 10_000] {
                let document = chain(length, backwards);
                let references = References::of(&document);
                for (name, node) in crate::openapi::component_schemas(&document) {
                    let at = place_of("schemas", name);
                    let (to, _) = references.resolve(&at, node, "schemas").unwrap();
                    assert_eq!(to.last(), Some(format!("C{length}").as_str()));
                }
                let steps = references.steps.get();
                assert!(steps <= length + 1, "{steps} steps");
                let last = format!("C{length}");
                let expected = Chain {
                    last: &last,
                    length,
                };
                assert_eq!(references.chain("C0", "schemas"), Some(expected));
            }
        }
    }

    #[test]
    fn both_ways_to_follow_a_reference_agree() {
        let text = |name: &str| to_component("schemas", name);
        let document = document(vec![
            ("Plain".to_owned(), object(Vec::new())),
            ("Alias".to_owned(), refer(&text("Plain"))),
            ("Circle".to_owned(), refer(&text("Round"))),
            ("Round".to_owned(), refer(&text("Circle"))),
            ("Into".to_owned(), refer(&text("Circle"))),
            ("Lost".to_owned(), refer(&text("Nobody"))),
            ("Other".to_owned(), refer("#/components/responses/Plain")),
            (
                "File".to_owned(),
                refer("other.yaml#/components/schemas/Plain"),
            ),
        ]);
        let references = References::of(&document);
        for (name, leads_to, is_circle) in [
            ("Plain", Some("Plain"), false),
            ("Alias", Some("Plain"), false),
            ("Circle", None, true),
            ("Into", None, true),
            ("Lost", None, false),
            ("Other", None, false),
            ("File", None, false),
        ] {
            let at = place_of("schemas", name);
            let node = document.pointer(&at).unwrap();
            let expected = leads_to.map(|name| place_of("schemas", name));
            let found = references.resolve(&at, node, "schemas").map(|it| it.0);
            assert_eq!(found, expected, "{name}");
            let found = resolve(&document, &at, node, "schemas").map(|it| it.0);
            assert_eq!(found, expected, "{name}");
            assert_eq!(references.is_circle(name, "schemas"), is_circle, "{name}");
        }
    }

    #[test]
    fn a_fragment_is_percent_decoded_and_then_unescaped() {
        for (text, parts) in [
            ("#/a/b", Some(vec!["a", "b"])),
            ("#", Some(vec![])),
            ("#/paths/~1v1~1%7Bid%7D", Some(vec!["paths", "/v1/{id}"])),
            ("#/a%7E1b", Some(vec!["a/b"])),
            ("#/100%25/50%", Some(vec!["100%", "50%"])),
            ("#/%c3%bc", Some(vec!["ü"])),
            ("#/%ff", None),
            ("#a", None),
            ("other.yaml#/a", None),
            ("", None),
        ] {
            let parts: Option<Vec<String>> =
                parts.map(|parts| parts.into_iter().map(str::to_owned).collect());
            assert_eq!(pointer(text).map(|it| it.0), parts, "{text}");
        }
    }
}
