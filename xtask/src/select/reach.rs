//! What the operations that are kept lead to: components, by references, and the kinds of a schema by their `allOf`.

use std::collections::{HashMap, HashSet};

use crate::markers::{IGNORE, REPLACE};
use crate::openapi::reference::{component, place_of};
use crate::openapi::schema::{extends, get, ignored, items, reference};
use crate::openapi::walk::{self, Kind, Reach, Then};
use crate::openapi::{Node, Pointer, component_schemas, path_items, reference as references};

/// What markers hide from the generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// It leads to nothing: the generator does not look at it.
    Skipped,
    /// It is a part of the description, which is written without its markers.
    Followed,
}

/// What was reached.
pub(super) struct Reached {
    /// The components, by their part and name.
    components: HashSet<(String, String)>,
    /// Whether something that is kept refers to a part of something that is not.
    pub(super) leads_out: bool,
}

impl Reached {
    /// Whether something that is kept leads to this component.
    pub(super) fn has(&self, part: &str, name: &str) -> bool {
        self.components
            .contains(&(part.to_owned(), name.to_owned()))
    }
}

/// Follows all references from the paths, without what is gone.
pub(super) fn reach(
    document: &Node,
    hidden: Hidden,
    is_gone: impl Fn(&Pointer) -> bool,
) -> Reached {
    let parents = parents(document);
    let mut search = Search {
        document,
        hidden,
        everywhere: match hidden {
            Hidden::Skipped => ignored(document).collect(),
            Hidden::Followed => HashSet::new(),
        },
        children: match parents.is_empty() {
            true => HashMap::new(),
            false => children(document),
        },
        parents,
        reached: Reached {
            components: HashSet::new(),
            leads_out: false,
        },
        seen: HashSet::new(),
        used: HashSet::new(),
        waiting: Vec::new(),
    };
    for (at, item) in path_items(document).filter(|(at, _)| !is_gone(at)) {
        search.within(item, Kind::PathItem, &at, &is_gone);
    }
    while let Some((at, kind)) = search.waiting.pop() {
        if let Some(node) = document.pointer(&at) {
            search.within(node, kind, &at, &is_gone);
        }
    }
    search.reached
}

/// The components with a discriminator and no `oneOf`. If such a schema is used, those that extend it may come in its place.
fn parents(document: &Node) -> HashSet<&str> {
    let is_parent = |schema: &Node| {
        get(schema, "discriminator").is_some()
            && get(schema, "oneOf").is_none()
            && get(schema, "anyOf").is_none()
            && schema.get(REPLACE).is_none()
    };
    component_schemas(document)
        .filter(|(_, schema)| is_parent(schema))
        .map(|(name, _)| name)
        .collect()
}

/// Which components extend each component.
fn children(document: &Node) -> HashMap<&str, Vec<&str>> {
    let mut children: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, schema) in component_schemas(document) {
        for extended in items(schema, "allOf").iter().filter_map(reference) {
            children.entry(extended).or_default().push(name);
        }
    }
    children
}

/// A search under way. What a reference leads to waits in a list: to call oneself for each would take as much stack as
/// references follow each other.
struct Search<'a> {
    document: &'a Node,
    hidden: Hidden,
    /// The keywords that are hidden in all schemas.
    everywhere: HashSet<&'a str>,
    parents: HashSet<&'a str>,
    children: HashMap<&'a str, Vec<&'a str>>,
    reached: Reached,
    seen: HashSet<Pointer>,
    /// Components whose kinds were reached.
    used: HashSet<&'a str>,
    waiting: Vec<(Pointer, Kind)>,
}

impl<'a> Search<'a> {
    /// Follows all references in an object of the description.
    fn within(
        &mut self,
        root: &'a Node,
        kind: Kind,
        root_at: &Pointer,
        is_gone: &impl Fn(&Pointer) -> bool,
    ) {
        // Keywords of the schemas that the walk is in, which it does not look into.
        let mut past: Vec<Vec<String>> = Vec::new();
        walk::each_of(root, kind, Reach::V3_1, |node, place| {
            // Those of schemas that the walk has left.
            while let Some([schema @ .., _]) = past.last().map(Vec::as_slice)
                && !place.at.starts_with(schema)
            {
                past.pop();
            }
            if past.iter().any(|it| place.at.starts_with(it)) {
                return Then::Past;
            }
            // What a reference leads to may be in an operation that is left out. The walk has begun within it then.
            if place.kind == Kind::Operation && root_at.0.len() + place.at.len() == 3 {
                let at = Pointer([root_at.0.as_slice(), place.at].concat());
                if is_gone(&at) {
                    return Then::Past;
                }
            }
            if place.kind == Kind::Schema && self.hidden == Hidden::Skipped {
                if node.get(REPLACE).is_some() {
                    return Then::Past;
                }
                if node.get(IGNORE).is_some() || !self.everywhere.is_empty() {
                    let keywords = ignored(node).chain(self.everywhere.iter().copied());
                    // Only those that a walk looks into.
                    let holds = |it: &&str| walk::holds(Kind::Schema, it, Reach::V3_1).is_some();
                    let keywords = keywords.filter(|it| node.get(it).is_some() && holds(it));
                    past.extend(keywords.map(|it| {
                        let mut at = place.at.to_vec();
                        at.push(it.to_owned());
                        at
                    }));
                }
            }
            if place.kind == Kind::Schema {
                self.mapping(node);
            }
            if let Some(at) = references::text(node).and_then(references::pointer) {
                let is_extension =
                    place.kind == Kind::Schema && is_extension(root, root_at, place.at);
                self.follow(&at, place.kind, is_extension, is_gone);
            }
            // In OpenAPI 3.1, what stands next to a reference holds as well.
            Then::Within
        });
    }

    /// Follows a reference.
    fn follow(
        &mut self,
        at: &Pointer,
        kind: Kind,
        is_extension: bool,
        is_gone: &impl Fn(&Pointer) -> bool,
    ) {
        self.reached.leads_out |= is_gone(at);
        // A part of a component comes with the whole.
        if let [components, part, name, ..] = at.0.as_slice()
            && components == "components"
            && let Some(kind) = Kind::of_components(part)
        {
            let is_whole = at.0.len() == 3;
            self.component(part, name, kind);
            if part == "schemas" && is_whole && !is_extension {
                self.kinds_of(name);
            }
        } else if self.seen.insert(at.clone()) {
            self.waiting.push((at.clone(), kind));
        }
    }

    /// A component that is reached.
    fn component(&mut self, part: &str, name: &str, kind: Kind) {
        let key = (part.to_owned(), name.to_owned());
        if self.reached.components.insert(key) {
            self.waiting.push((place_of(part, name), kind));
        }
    }

    /// The kinds of a schema that is used by something else than them, and the kinds of those.
    fn kinds_of(&mut self, name: &str) {
        let mut waiting: Vec<&'a str> = self.parents.get(name).copied().into_iter().collect();
        while let Some(next) = waiting.pop() {
            if !self.used.insert(next) {
                continue;
            }
            let children = self.children.get(next).cloned().unwrap_or_default();
            for child in &children {
                self.component("schemas", child, Kind::Schema);
            }
            waiting.extend(children);
        }
    }

    /// The schemas that the discriminator of a union names.
    fn mapping(&mut self, union: &'a Node) {
        let is_union = union.get("oneOf").is_some() || union.get("anyOf").is_some();
        let mapping = get(union, "discriminator").filter(|_| is_union);
        let mapping = mapping.and_then(|it| it.get("mapping")?.as_object());
        for (_, entry) in mapping.into_iter().flatten() {
            let target = entry.node.as_str().unwrap_or_default();
            let name = component(target, "schemas").unwrap_or(target);
            if self.document.pointer(&place_of("schemas", name)).is_some() {
                self.component("schemas", name, Kind::Schema);
            }
        }
    }
}

/// Whether the reference at this place extends what it refers to, and does not use it.
fn is_extension(root: &Node, root_at: &Pointer, at: &[String]) -> bool {
    let [holder @ .., all_of, _] = at else {
        return false;
    };
    let is_component = holder.is_empty() && root_at.0.len() == 3 && root_at.0[0] == "components";
    let holder = || root.pointer(&Pointer(holder.to_vec()));
    all_of == "allOf" && (is_component || holder().is_some_and(extends))
}
