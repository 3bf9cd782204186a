//! References into other files: what they lead to is brought into one description.
//!
//! The stages after this one, and the overlay, see a single description. So a path item that is a reference is put in
//! its place, and what else is in another file becomes a component: under the name that it has there, or the name of
//! the component of the first file that refers to it. Every value still knows the file that it was written in.
//!
//! For example, `openapi.yaml` with `{$ref: 'agents.yaml#/components/schemas/Agent'}` becomes a description with the component
//! `Agent` and `{$ref: '#/components/schemas/Agent'}`. `{$ref: 'agent.yaml'}`, a whole file, becomes the component `agent`.
//!
//! **Rejected**: a number for the second of two components with the same name. It would change when a path
//! moves, and with it a type that users have written down. Two components with the same name are an error.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use indexmap::IndexMap;

use super::read;
use crate::diagnostic::{Diagnostic, Failure};
use crate::openapi::limits::{FILE_BYTES, FILES, NESTING, REFERRED};
use crate::openapi::reference::{self, percent_decoded};
use crate::openapi::walk::{self, Kind, Place, Reach, Then};
use crate::openapi::{Entry, Node, Pointer, Span, Value};

/// The index of the file that was asked for. The others come after it.
const FIRST: usize = 0;

/// How deep a component stands: in `components`, in its part, under its name.
const COMPONENT_DEPTH: usize = 3;

/// Brings into a description what its references to other files lead to.
///
/// `path` is where it was read from. If it is `None`, the description is from memory. Then other files are not looked for, and references
/// to them stay, for a lint to refuse.
///
/// # Errors
///
/// All references that cannot be followed, each with its file and line.
pub(super) fn bring_in(mut document: Node, path: Option<&Path>) -> Result<Node, Failure> {
    if !has_any(&document, path.is_some()) {
        return Ok(document);
    }
    let mut files = Files::new(&document, path);
    files.name_aliases(&document);
    files.settle(&mut document, Kind::Description, FIRST, 0);
    while let Some(wanted) = files.waiting.pop() {
        let Wanted {
            kind,
            name,
            file,
            mut node,
            key,
        } = wanted;
        files.settle(&mut node, kind, file, COMPONENT_DEPTH);
        let part = kind.components().unwrap_or_default();
        files.made.push((part, name, Entry { key, node }));
    }
    if !files.problems.is_empty() {
        return Err(Failure::Diagnostics(files.problems));
    }
    files.add_components(&mut document);
    Ok(document)
}

/// Whether a description has a reference to another file, or one in place of a path item.
fn has_any(document: &Node, has_files: bool) -> bool {
    let mut found = false;
    walk::each(document, Reach::V3_1, |node, place| {
        let text = reference::text(node);
        found |= text.is_some_and(|text| {
            place.kind == Kind::PathItem && text.starts_with('#')
                || has_files && !text.starts_with('#')
        });
        found |= has_files && place.kind == Kind::Schema && mapping(node).any(is_file);
        match found {
            true => Then::Past,
            false => Then::Within,
        }
    });
    found
}

/// The targets in the mapping of a discriminator.
fn mapping(schema: &Node) -> impl Iterator<Item = &str> {
    let mapping = schema.get("discriminator").and_then(|it| it.get("mapping"));
    let members = mapping.and_then(Node::as_object).into_iter().flatten();
    members.filter_map(|(_, entry)| entry.node.as_str())
}

/// Whether a target of a mapping is in another file. It may be the plain name of a component, too.
fn is_file(target: &str) -> bool {
    let ends_so = |ending| target.ends_with(ending);
    !target.starts_with('#')
        && (target.contains(['#', '/']) || [".yaml", ".yml", ".json"].into_iter().any(ends_so))
}

/// A file that was read.
struct File {
    /// Its path from the folder of the first file.
    path: PathBuf,
    /// `None` if it cannot be read. That was reported at the first reference to it.
    node: Option<Node>,
}

/// Something that is to become a component.
struct Wanted {
    kind: Kind,
    name: String,
    file: usize,
    node: Node,
    /// Where its name stands.
    key: Span,
}

/// Where a reference leads.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Target {
    /// The index of the file.
    file: usize,
    /// The place in the file.
    at: Pointer,
}

/// All files of a description, and what is brought in from them.
struct Files {
    /// The folder of the first file, as given. `None` if there are no files.
    folder: Option<PathBuf>,
    all: Vec<File>,
    /// The bytes that all files may still have together.
    bytes_left: u64,
    /// The values that may still be copied.
    values_left: usize,
    /// The names of components that were brought in, and of those that the first file gives names to.
    names: HashMap<(Target, Kind), String>,
    /// The place that has a name already: a file, and where in it.
    taken: HashMap<(Kind, String), Span>,
    /// What is to become a component and has not been copied. A list and not a recursion, since files may refer to each other in
    /// long chains.
    waiting: Vec<Wanted>,
    /// The components that were copied: the part of `components`, the name and the value.
    made: Vec<(&'static str, String, Entry)>,
    /// The path items that are being copied at present. A reference to one of them is a circle.
    under_way: Vec<Target>,
    problems: Vec<Diagnostic>,
}

impl Files {
    /// The first file, with the names that its components have.
    fn new(document: &Node, path: Option<&Path>) -> Self {
        let mut taken = HashMap::new();
        walk::each(document, Reach::V3_1, |_, place| {
            if let [components, _, name] = place.at
                && components == "components"
            {
                let at = place.pointer();
                taken.insert((place.kind, name.clone()), document.span_of(&at));
                return Then::Past;
            }
            match place.kind {
                Kind::Description | Kind::Components => Then::Within,
                _ => Then::Past,
            }
        });
        let name = path.and_then(Path::file_name).map(PathBuf::from);
        Self {
            folder: path.map(|path| path.parent().unwrap_or(Path::new("")).to_owned()),
            all: vec![File {
                path: name.unwrap_or_default(),
                node: Some(document.clone()),
            }],
            bytes_left: FILE_BYTES.saturating_sub(document.span.source.text.len() as u64),
            values_left: REFERRED,
            names: HashMap::new(),
            taken,
            waiting: Vec::new(),
            made: Vec::new(),
            under_way: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// A component of the first file that is a reference to another file is the name of what it refers to.
    fn name_aliases(&mut self, document: &Node) {
        let mut aliases = Vec::new();
        walk::each(document, Reach::V3_1, |node, place| {
            let is_alias = is_component(&place) && place.kind != Kind::PathItem;
            if let (true, Some(text)) = (is_alias, node.get("$ref")) {
                aliases.push((place.kind, place.at[2].clone(), text));
            }
            Then::Within
        });
        for (kind, name, text) in aliases {
            if let Some(target) = self.target(text, FIRST).filter(|it| it.file != FIRST) {
                self.names.entry((target, kind)).or_insert(name);
            }
        }
        // Problems are reported later, when all references are followed in their order.
        self.problems.clear();
    }

    /// Follows the references in an object of this file, which stands `depth` deep in the description.
    fn settle(&mut self, node: &mut Node, kind: Kind, file: usize, depth: usize) {
        walk::each_mut_of(node, kind, Reach::V3_1, |node, place| {
            if place.kind == Kind::Schema {
                self.settle_mapping(node, file);
            }
            let Some(text) = node.get("$ref").cloned() else {
                return Then::Within;
            };
            let depth = depth + place.at.len();
            if place.kind == Kind::PathItem {
                self.path_item(node, &text, file, depth);
                return Then::Past;
            }
            // References within the first file stay. If it is from memory, there are no other files.
            let is_own = text.as_str().is_none_or(|it| it.starts_with('#'));
            if file == FIRST && (is_own || self.folder.is_none()) {
                return Then::Within;
            }
            let Some(target) = self.target(&text, file) else {
                return Then::Within;
            };
            let key = (target.clone(), place.kind);
            let own_name = self.names.get(&key);
            if file == FIRST && is_component(&place) && own_name == place.at.last() {
                // This component is the name of what it refers to, so it is replaced by that.
                if let Some(brought) = self.copy(&target, &text, depth) {
                    *node = brought;
                    self.settle(node, place.kind, target.file, depth);
                }
                return Then::Past;
            }
            if let Some(to) = self.named(target, place.kind, &text) {
                set_text(node, "$ref", to);
            }
            // In OpenAPI 3.1, keywords next to a reference apply too, and may contain references.
            Then::Within
        });
    }

    /// The same for the targets of a discriminator's mapping.
    fn settle_mapping(&mut self, schema: &mut Node, file: usize) {
        let way = Pointer(["discriminator", "mapping"].map(str::to_owned).into());
        let Some(Value::Object(members)) = schema.pointer_mut(&way).map(|it| &mut it.value) else {
            return;
        };
        for entry in members.values_mut() {
            let Some(text) = entry.node.as_str() else {
                continue;
            };
            let leads_out = is_file(text);
            if file == FIRST && (!leads_out || self.folder.is_none()) {
                continue;
            }
            let target = if leads_out {
                self.target(&entry.node, file)
            } else {
                // A reference within the file, or the plain name of a component. It may lead to nothing: a mapping may list what the union does
                // not have, which is not an error in a single file either.
                let at = match text.starts_with('#') {
                    true => reference::pointer(text),
                    false => Some(reference::place_of("schemas", text)),
                };
                let node = self.all[file].node.as_ref();
                at.filter(|at| node.is_some_and(|it| it.pointer(at).is_some()))
                    .map(|at| Target { file, at })
            };
            let named = target.and_then(|it| self.named(it, Kind::Schema, &entry.node.clone()));
            if let Some(to) = named {
                entry.node.value = Value::String(to);
            }
        }
    }

    /// Puts what a reference leads to in the place of a path item.
    fn path_item(&mut self, node: &mut Node, text: &Node, file: usize, depth: usize) {
        let leads_out = text.as_str().is_some_and(|it| !it.starts_with('#'));
        if leads_out && self.folder.is_none() {
            return;
        }
        let others = node.as_object().into_iter().flatten();
        if let Some((key, entry)) = others.into_iter().find(|(key, _)| *key != "$ref") {
            let message = format!("`{key}` stands next to the $ref of a path item");
            let help = "move it to the path item that is referred to";
            let span = &entry.key;
            let place = span.start..span.end;
            let problem = Diagnostic::in_source(&span.source, place, "reference", message, help);
            self.problems.push(problem);
            return;
        }
        let Some(target) = self.target(text, file) else {
            return;
        };
        if self.under_way.contains(&target) {
            let message = "this path item leads back to itself".to_owned();
            self.problem(text, message, "write one of the path items out");
            return;
        }
        if let Some(brought) = self.copy(&target, text, depth) {
            *node = brought;
            let file = target.file;
            self.under_way.push(target);
            self.settle(node, Kind::PathItem, file, depth);
            self.under_way.pop();
        }
    }

    /// The reference to put in the place of one that leads there.
    fn named(&mut self, target: Target, kind: Kind, text: &Node) -> Option<String> {
        if target.file == FIRST {
            return Some(target.at.to_string());
        }
        // A part of a component: the whole component is brought in, and the reference leads to the part in it.
        if let [components, part, name, within @ ..] = target.at.0.as_slice()
            && components == "components"
            && !within.is_empty()
            && let Some(kind) = Kind::of_components(part)
        {
            let whole = Target {
                file: target.file,
                at: reference::place_of(part, name),
            };
            let to = self.named(whole, kind, text)?;
            let within = Pointer(within.to_vec()).to_string();
            return Some(to + &within[1..]);
        }
        let part = kind.components()?;
        if let [components, other, _] = target.at.0.as_slice()
            && components == "components"
            && other != part
        {
            let message = format!(
                "this leads to one of the `{other}`, and one of the `{part}` is wanted here"
            );
            self.problem(text, message, "refer to one of the right kind");
            return None;
        }
        let key = (target, kind);
        if let Some(name) = self.names.get(&key) {
            return Some(reference::to_component(part, name));
        }
        let target = key.0.clone();
        let node = self.copy(&target, text, COMPONENT_DEPTH)?;
        let file = &self.all[target.file];
        let stem = file.path.file_stem().and_then(|it| it.to_str());
        let name = reference::name_of(&target.at)
            .or_else(|| reference::as_name(stem?))
            .unwrap_or_else(|| part.to_owned());
        let place = file.node.as_ref()?.span_of(&target.at);
        if let Some(other) = self.taken.get(&(kind, name.clone())) {
            let message = format!(
                "`{name}` is the name of what this leads to, at {}, and of another component, at {}",
                place.place(),
                other.place()
            );
            self.problem(
                text,
                message,
                "rename one of the two, or have both refer to one",
            );
            return None;
        }
        self.taken.insert((kind, name.clone()), place.clone());
        self.names.insert(key, name.clone());
        let to = reference::to_component(part, &name);
        self.waiting.push(Wanted {
            kind,
            name,
            file: target.file,
            node,
            key: place,
        });
        Some(to)
    }

    /// A copy of a value, for a place this deep. Depth and number of values are limited.
    fn copy(&mut self, target: &Target, text: &Node, depth: usize) -> Option<Node> {
        let file = &self.all[target.file];
        let found = file.node.as_ref()?.pointer(&target.at);
        let Some(found) = found else {
            let name = file.path.display();
            let message = format!("there is no `{}` in {name}", target.at);
            self.problem(text, message, "correct the reference");
            return None;
        };
        let (size, height) = measure(found);
        let found = found.clone();
        if depth + height > NESTING {
            let message = format!("with this, the description is nested more than {NESTING} deep");
            let help = "move parts of it to `components`, and refer to them";
            self.problem(text, message, help);
            return None;
        }
        if size > self.values_left {
            let message = format!("references add more than {REFERRED} values to the description");
            self.problem(text, message, "refer to components instead of path items");
            return None;
        }
        self.values_left -= size;
        Some(found)
    }

    /// Where a reference in a file leads. `None` if it cannot be followed; the problem has been
    /// reported then.
    fn target(&mut self, text: &Node, from: usize) -> Option<Target> {
        let Some(reference) = text.as_str() else {
            let kind = text.value.kind();
            let message = format!("the $ref is {kind}, not a text");
            self.problem(
                text,
                message,
                "write the path of a file, and a JSON pointer",
            );
            return None;
        };
        let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let Some(at) = reference::pointer(&format!("#{fragment}")) else {
            let message = format!("`#{fragment}` in `{reference}` is not a JSON pointer");
            let help = "write it as `file.yaml#/components/schemas/Name`";
            self.problem(text, message, help);
            return None;
        };
        if path.is_empty() {
            return Some(Target { file: from, at });
        }
        match self.find(path, from) {
            Ok(file) => Some(Target { file, at }),
            Err(Some((why, help))) => {
                let message = format!("`{reference}` cannot be followed: {why}");
                self.problem(text, message, help);
                None
            }
            Err(None) => None,
        }
    }

    /// The file at this path, which is read if it has not been. `None` if it cannot be read, and that was reported before.
    fn find(&mut self, path: &str, from: usize) -> Result<usize, Option<(String, &'static str)>> {
        let is_scheme = |it: &str| it.len() > 1 && it.chars().all(|c| c.is_ascii_alphanumeric());
        if path.split_once(':').is_some_and(|it| is_scheme(it.0)) || path.starts_with("//") {
            let why = "it is on another host, and nothing is fetched".to_owned();
            return Err(Some((
                why,
                "save the file next to the description, and refer to that",
            )));
        }
        let path = percent_decoded(path).unwrap_or_else(|| path.to_owned());
        let Some(path) = within(self.all[from].path.parent(), Path::new(&path)) else {
            let why = "it is outside the folder of the description, and a description must not read what is there";
            let help = "move the file into the folder of the description, or a folder in it";
            return Err(Some((why.to_owned(), help)));
        };
        if let Some(known) = self.all.iter().position(|file| file.path == path) {
            let is_read = self.all[known].node.is_some();
            return is_read.then_some(known).ok_or(None);
        }
        if self.all.len() >= FILES {
            let why = format!("the description has more than {FILES} files");
            return Err(Some((why, "put several into one file")));
        }
        let node = self.read(&path);
        let read = node.as_ref().map(|_| self.all.len()).map_err(Clone::clone);
        self.all.push(File {
            path,
            node: node.ok(),
        });
        read
    }

    /// Reads a file, if it is within the folder and the limits allow another.
    fn read(&mut self, path: &Path) -> Result<Node, Option<(String, &'static str)>> {
        let folder = self.folder.clone().unwrap_or_default();
        let full = folder.join(path);
        let own = |path: &Path| match path.as_os_str().is_empty() {
            true => Path::new(".").canonicalize(),
            false => path.canonicalize(),
        };
        // A path within the folder may be a link that leads out of it.
        if let (Ok(folder), Ok(full)) = (own(&folder), own(&full))
            && !full.starts_with(folder)
        {
            let why = "a link leads out of the folder of the description".to_owned();
            return Err(Some((why, "put the file itself there")));
        }
        match read(&full, self.bytes_left) {
            Ok(node) => {
                self.bytes_left -= node.span.source.text.len() as u64;
                Ok(node)
            }
            Err(Failure::Message(why)) => Err(Some((why, "correct the path, or add the file"))),
            // These say where in the file.
            Err(Failure::Diagnostics(problems)) => {
                self.problems.extend(problems);
                Err(None)
            }
        }
    }

    /// Reports a problem with a reference. Several steps may find the same one, and it is reported once.
    fn problem(&mut self, text: &Node, message: String, help: &str) {
        let span = &text.span;
        let is_told = |it: &Diagnostic| {
            it.message == message
                && std::sync::Arc::ptr_eq(&it.span.source, &span.source)
                && it.span.start == span.start
        };
        if !self.problems.iter().any(is_told) {
            let place = span.start..span.end;
            let problem = Diagnostic::in_source(&span.source, place, "reference", message, help);
            self.problems.push(problem);
        }
    }

    /// Adds what was brought in to the components, after those of the first file.
    fn add_components(self, document: &mut Node) {
        let span = document.span.clone();
        let empty = || Entry {
            key: span.clone(),
            node: Node {
                value: Value::Object(IndexMap::new()),
                span: span.clone(),
            },
        };
        for (part, name, entry) in self.made {
            let Value::Object(root) = &mut document.value else {
                return;
            };
            let components = root.entry("components".to_owned()).or_insert_with(empty);
            let Value::Object(components) = &mut components.node.value else {
                return;
            };
            let holder = components.entry(part.to_owned()).or_insert_with(empty);
            if let Value::Object(holder) = &mut holder.node.value {
                holder.insert(name, entry);
            }
        }
    }
}

/// Whether a walk is at a component.
fn is_component(place: &Place<'_>) -> bool {
    matches!(place.at, [components, _, _] if components == "components")
}

/// Changes a text, and leaves its place.
fn set_text(node: &mut Node, key: &str, text: String) {
    if let Value::Object(members) = &mut node.value
        && let Some(entry) = members.get_mut(key)
    {
        entry.node.value = Value::String(text);
    }
}

/// How many values there are in one, with itself, and how deep they are nested.
fn measure(node: &Node) -> (usize, usize) {
    let inner: Vec<&Node> = match &node.value {
        Value::Object(members) => members.values().map(|entry| &entry.node).collect(),
        Value::Array(items) => items.iter().collect(),
        _ => return (1, 0),
    };
    inner
        .into_iter()
        .map(measure)
        .fold((1, 0), |all, one| (all.0 + one.0, all.1.max(one.1 + 1)))
}

/// A path that begins in this folder, without `.` and `..`. `None` if it leads out of the first folder.
fn within(folder: Option<&Path>, path: &Path) -> Option<PathBuf> {
    let mut found = PathBuf::new();
    for part in folder.unwrap_or(Path::new("")).join(path).components() {
        match part {
            Component::Normal(name) => found.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !found.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(found)
}
