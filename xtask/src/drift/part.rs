//! Parts of a document with their places, and what references lead to.

use std::rc::Rc;

use crate::markers::is_extension;
use crate::openapi::limits::CHAIN;
use crate::openapi::{Node, Pointer, Span, reference};

/// The path to a value. Paths share their beginnings: most are never printed, and to copy each would take more time than
/// anything else.
#[derive(Clone, Debug, Default)]
pub(super) struct Way<'a>(Option<Rc<Step<'a>>>);

#[derive(Debug)]
struct Step<'a> {
    before: Way<'a>,
    key: Key<'a>,
}

#[derive(Debug)]
enum Key<'a> {
    Name(&'a str),
    Index(usize),
}

impl<'a> Way<'a> {
    /// The way to a member or an item.
    fn join(&self, key: Key<'a>) -> Self {
        let before = self.clone();
        Self(Some(Rc::new(Step { before, key })))
    }

    /// The whole way, made when it is asked for.
    pub(super) fn pointer(&self) -> Pointer {
        let mut parts = Vec::new();
        let mut way = self;
        while let Some(step) = &way.0 {
            parts.push(match step.key {
                Key::Name(name) => name.to_owned(),
                Key::Index(index) => index.to_string(),
            });
            way = &step.before;
        }
        parts.reverse();
        Pointer(parts)
    }
}

/// A value within a document.
#[derive(Clone, Debug)]
pub(super) struct Part<'a> {
    pub(super) node: &'a Node,
    /// Where to point for it: its key if it has one.
    pub(super) span: &'a Span,
    pub(super) way: Way<'a>,
}

impl<'a> Part<'a> {
    /// A document itself.
    pub(super) fn root(node: &'a Node) -> Self {
        Self {
            node,
            span: &node.span,
            way: Way::default(),
        }
    }

    /// A member; one that is null counts as left out, as progenitor's reader has it.
    pub(super) fn member(&self, key: &str) -> Option<Part<'a>> {
        let (key, entry) = self.node.as_object()?.get_key_value(key)?;
        (!entry.node.is_null()).then(|| self.of(key, entry))
    }

    /// All members but extensions and those that are null, in order.
    pub(super) fn members(&self) -> Vec<(&'a str, Part<'a>)> {
        let members = self.node.as_object().into_iter().flatten();
        members
            .filter(|(key, entry)| !is_extension(key) && !entry.node.is_null())
            .map(|(key, entry)| (key.as_str(), self.of(key, entry)))
            .collect()
    }

    /// All members, whatever they are called: names that the service gives, not keywords.
    pub(super) fn named(&self) -> Vec<(&'a str, Part<'a>)> {
        let members = self.node.as_object().into_iter().flatten();
        members
            .filter(|(_, entry)| !entry.node.is_null())
            .map(|(key, entry)| (key.as_str(), self.of(key, entry)))
            .collect()
    }

    fn of(&self, key: &'a str, entry: &'a crate::openapi::Entry) -> Part<'a> {
        Part {
            node: &entry.node,
            span: &entry.key,
            way: self.way.join(Key::Name(key)),
        }
    }

    /// The items of an array.
    pub(super) fn items(&self) -> Vec<Part<'a>> {
        let items = self.node.as_array().unwrap_or(&[]).iter().enumerate();
        items
            .map(|(index, node)| Part {
                node,
                span: &node.span,
                way: self.way.join(Key::Index(index)),
            })
            .collect()
    }

    /// The text of a member.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.node.get(key)?.as_str()
    }

    /// Whether a member is `true`.
    pub(super) fn is_true(&self, key: &str) -> bool {
        self.node.get(key).and_then(Node::as_bool) == Some(true)
    }

    /// What tells this part from all others of all documents that are in memory.
    pub(super) fn id(&self) -> usize {
        std::ptr::from_ref(self.node) as usize
    }

    /// What a reference here leads to, one step. `None` if this is no reference, or it leads nowhere.
    pub(super) fn target(&self, document: &'a Node) -> Option<Part<'a>> {
        let pointer = reference::pointer(self.text("$ref")?)?;
        let mut part = Part::root(document);
        for key in &pointer.0 {
            part = match part.node.as_array() {
                Some(_) => part.items().into_iter().nth(key.parse().ok()?)?,
                None => part.member(key)?,
            };
        }
        Some(part)
    }

    /// What references lead to in the end; the part itself if they lead nowhere.
    pub(super) fn resolved(self, document: &'a Node) -> Part<'a> {
        let mut part = self;
        for _ in 0..CHAIN {
            match part.target(document) {
                Some(target) => part = target,
                None => break,
            }
        }
        part
    }
}

/// The name of a component schema, if a way leads to one.
pub(super) fn component_of<'a>(part: &Part<'a>) -> Option<&'a str> {
    let (schemas, name) = part.way.0.as_deref().map(|it| (&it.before, &it.key))?;
    let (components, schemas) = schemas.0.as_deref().map(|it| (&it.before, &it.key))?;
    let (root, components) = components.0.as_deref().map(|it| (&it.before, &it.key))?;
    match (&root.0, components, schemas, name) {
        (None, Key::Name("components"), Key::Name("schemas"), Key::Name(name)) => Some(name),
        _ => None,
    }
}

/// The name of a component schema, if a pointer leads to one.
pub(super) fn component_name(at: &Pointer) -> Option<&str> {
    match at.0.as_slice() {
        [components, schemas, name] if components == "components" && schemas == "schemas" => {
            Some(name)
        }
        _ => None,
    }
}
