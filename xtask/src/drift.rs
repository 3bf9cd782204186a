//! What another description (OTHER) has that ours lacks, or says differently.
//!
//! Both are lowered to OpenAPI 3.0 first, so that null in the words of 3.0 and of 3.1 is the same. Operations are matched by
//! method and path, without the names of path parameters. Schemas are compared where operations use them, through
//! references. So it does not matter whether a schema is among the components, or what it is called there.
//! What no operation uses is not compared, nor are texts for people, examples, callbacks and links.
//!
//! Each difference has a name, and is breaking or not **for users of the SDK, if ours said what OTHER
//! says**: a program that compiles and works would no longer compile, be refused by the service, or fail to
//! read its answer. That depends on where a schema is used: a new required field breaks who sends it, and not
//! who receives it. [`CHANGES`] is the table. One thing is left out of it: methods of the raw client, letta-api,
//! take required parameters and bodies by position. So a new one, or the first optional one, changes their signatures.
//!
//! For example, if OTHER has a required property `size` in the body of a request, the report says:
//!
//! ```text
//! POST /v1/agents
//!   breaking[required-field-added] request body: size: required in OTHER, and ours lacks it (sent)
//! ```
//!
//! The overlay is taken into account by comparing twice, without it and with it. A difference only with the overlay
//! is one that it makes on purpose: the difference is *explained*, by the action that makes it. A
//! difference without the overlay is one of the description, which should say what is on the wire. An action may hide it
//! from the generator, which does not explain it. The report names that action, for whoever corrects the
//! description.
//!
//! `operations` matches operations, `parameters` and `responses` compare their parts. `schemas` compares schemas, by `view`s of
//! them, and `branches` matches the branches of unions. `comparison` holds what is found, `changes` lists what may be found, and
//! `explained` compares with the overlay.

mod branches;
mod canonical;
mod changes;
mod comparison;
mod explained;
mod notes;
mod operations;
mod parameters;
mod part;
mod responses;
mod schemas;
mod security;
mod view;

pub use changes::{Breaks, CHANGES, Change, Uses};
pub use comparison::Scope;
pub use notes::Note;

use crate::diagnostic::{Diagnostic, Failure};
use crate::lint::version;
use crate::lower::{self, Lowered};
use crate::openapi::uses::uses;
use crate::openapi::{Node, Pointer, Span};
use comparison::{Comparison, Item, Key};
use indexmap::IndexMap;
use part::Part;

/// A place in one of the two documents.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its place. After the overlay, that may be in the overlay's file.
    pub span: Span,
    /// What part it is of the lowered document.
    pub pointer: Pointer,
}

impl Place {
    fn of(part: &Part<'_>) -> Self {
        Self {
            span: part.span.clone(),
            pointer: part.way.pointer(),
        }
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.pointer == other.pointer && self.span.start == other.span.start
    }
}

/// What the overlay of ours has to do with a difference.
#[derive(Clone, Debug)]
pub enum ByOverlay {
    /// The difference is there because of this action, and is not counted.
    Explained(Span),
    /// The description itself differs, and the generator does not see it because of this action.
    Hidden(Span),
}

/// Something that is otherwise in OTHER.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Its kind.
    pub change: Change,
    /// Whether it breaks users of the SDK if ours is made to say what OTHER says.
    pub breaking: bool,
    /// Whether the schema is sent, received, or both; neither for what is no schema.
    pub uses: Uses,
    /// The operation or the component that it belongs to.
    pub scope: Scope,
    /// The way from there, such as `request body: policy[].id`. Empty for the operation or component itself.
    pub at: String,
    /// What ours says, and what OTHER says.
    pub message: String,
    /// The tags of an operation that ours lacks.
    pub tags: Vec<String>,
    /// Where, in ours and in OTHER. More than one if a component is compared with several schemas. The side that
    /// lacks something has the place where it would be, or `None`.
    pub places: Vec<(Option<Place>, Option<Place>)>,
    /// What the overlay has to do with it.
    pub overlay: Option<ByOverlay>,
}

impl Difference {
    /// Whether the overlay explains it, so that it does not count.
    pub fn is_explained(&self) -> bool {
        matches!(self.overlay, Some(ByOverlay::Explained(_)))
    }

    /// Whether it is an operation that ours lacks.
    pub fn is_lacking_operation(&self) -> bool {
        matches!(self.scope, Scope::OtherOperation { .. })
    }
}

/// All that differs.
#[derive(Debug)]
pub struct Report {
    /// The differences: by operation in the order of ours, then by component, then the operations that ours lacks.
    pub differences: Vec<Difference>,
    /// What is worth knowing and no difference: what could not be compared, other servers, another version.
    pub notes: Vec<Note>,
}

impl Report {
    /// The differences that count.
    pub fn counted(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(|it| !it.is_explained())
    }
}

/// What one comparison found.
struct Found {
    items: IndexMap<Key, Item>,
    notes: Vec<Note>,
}

/// Compares two descriptions. A part that cannot be lowered is compared as written, with a note if an operation uses it.
///
/// # Errors
///
/// A document of another version than OpenAPI 3.0 or 3.1, and an overlay that does not fit ours.
pub fn compare(ours: &Node, overlay: Option<&Node>, other: &Node) -> Result<Report, Failure> {
    let wrong: Vec<Diagnostic> = [ours, other]
        .into_iter()
        .filter_map(not_comparable)
        .collect();
    if !wrong.is_empty() {
        return Err(Failure::Diagnostics(wrong));
    }
    let other = lower::lower(other);
    let mut found = find(ours, &other);
    let overlay = match overlay {
        Some(overlay) => Some(explained::ask(ours, overlay, &other, &mut found)?),
        None => None,
    };
    let mut items: Vec<(Key, Item)> = found.items.into_iter().collect();
    items.sort_by(|(a, x), (b, y)| {
        let order = a.scope.rank().cmp(&b.scope.rank());
        order.then(x.position.cmp(&y.position))
    });
    let mut differences: Vec<Difference> = items
        .into_iter()
        .map(|(key, item)| Difference {
            change: item.change,
            breaking: item.change.is_breaking(item.uses),
            uses: item.uses,
            overlay: overlay.as_ref().and_then(|it| it.get(&key).cloned()),
            scope: key.scope,
            at: key.at,
            message: key.message,
            tags: item.tags,
            places: item.places,
        })
        .collect();
    // What breaks comes first within its operation or component.
    for group in differences.chunk_by_mut(|a, b| a.scope == b.scope) {
        group.sort_by_key(|it| !it.breaking);
    }
    Ok(Report {
        differences,
        notes: found.notes,
    })
}

/// Compares one state of ours with OTHER. Uses come from what ours does, since its users are asked about.
fn find(ours: &Node, other: &Lowered) -> Found {
    let ours = lower::lower(ours);
    let mut comparison = Comparison::new(&ours.document, &other.document);
    comparison.operations();
    let uses = uses(&ours.document);
    for (key, item) in &mut comparison.found {
        if let Scope::Schema(name) = &key.scope {
            item.uses = item.uses.and(uses.get(name).copied().unwrap_or_default());
        }
    }
    let notes = notes::all(&comparison, &ours, other);
    Found {
        items: comparison.found,
        notes,
    }
}

/// What is wrong with the version of a document. `None` if it can be compared.
fn not_comparable(document: &Node) -> Option<Diagnostic> {
    let is_read = |version: &str| version.starts_with("3.0.") || version.starts_with("3.1.");
    let (at, message, help) = version::problem(document, document, is_read)?;
    Some(Diagnostic::at(document, &at, "not-openapi", message, help))
}
