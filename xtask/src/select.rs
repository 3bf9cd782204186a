//! Third stage: operations that the overlay does not choose are left out, with all that only they reach.
//!
//! ```yaml
//! - target: $
//!   update:
//!     x-codegen-operations:
//!       include:                            # nothing else. Without it: all
//!         tags: [agents]
//!         paths: [/v1/models/*, 'GET /v1/runs/**']
//!         ids: ['*_health']
//!       exclude:                            # not these, even if they are included
//!         ids: [export_agent]
//! ```
//!
//! The stages after this one see a smaller description. So nobody has to decide anything about what is left out, and it costs no time. The
//! overlay is applied before, to the whole description. So its actions hold for any choice, and may rename operations and give them tags.
//!
//! A pattern that matches no operation is an error, as an action that matches nothing is.

mod idle;
mod patterns;
mod reach;

use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Failure};
use crate::markers::{OPERATIONS, is_extension};
use crate::openapi::copies::put_copies;
use crate::openapi::walk::{Kind, Reach};
use crate::openapi::{METHODS, Node, Pointer, Span, Value, operations, path_items};
use idle::Subjects;
pub use patterns::By;
use patterns::{Candidate, Choice};
pub use reach::Hidden;

/// What became of the operations.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The operations that are left out, in the description's order.
    pub left_out: Vec<LeftOut>,
    /// How many schemas are left out of the components.
    pub schemas: usize,
}

/// An operation that is left out.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// Where it was.
    pub at: Pointer,
    /// Its place.
    pub span: Span,
    /// Why.
    pub reason: String,
    /// What would keep it.
    pub instead: &'static str,
}

/// Leaves out what the marker on the description does not choose, and removes the marker. Without one, nothing changes.
///
/// # Errors
///
/// The marker is malformed, a pattern matches nothing, or no operation is left.
pub fn select(document: &mut Node, hidden: Hidden) -> Result<Selection, Failure> {
    let Some(choice) = choice(document)? else {
        return Ok(Selection::default());
    };
    if let Value::Object(members) = &mut document.value {
        members.shift_remove(OPERATIONS);
    }
    let all: Vec<(Pointer, Candidate)> = operations(document)
        .filter_map(|(at, operation)| {
            let candidate = Candidate::of(&at, operation)?;
            Some((at, candidate))
        })
        .collect();
    choice.check(all.iter().map(|(_, it)| it))?;
    let mut left_out = Vec::new();
    for (at, candidate) in &all {
        if let Some((reason, instead)) = choice.leaves_out(candidate) {
            left_out.push(LeftOut {
                span: document.span_of(at),
                at: at.clone(),
                reason,
                instead,
            });
        }
    }
    if left_out.len() == all.len() {
        return Err(nothing_left(&choice.span, all.len()));
    }
    let schemas = remove(document, &left_out, choice.has_include(), hidden);
    Ok(Selection { left_out, schemas })
}

/// What the marker on a description says. `None` without one.
fn choice(document: &Node) -> Result<Option<Choice>, Failure> {
    let Some(marker) = document.get(OPERATIONS) else {
        return Ok(None);
    };
    let span = document.span_of(&Pointer::default().join(OPERATIONS));
    Choice::read(marker, &span).map(Some)
}

/// The operations that the marker on the description chooses. Without one, all.
///
/// # Errors
///
/// The marker is malformed, or a pattern matches nothing.
pub fn chosen(document: &Node) -> Result<HashSet<Pointer>, Failure> {
    let all = operations(document).filter_map(|(at, it)| Some((Candidate::of(&at, it)?, at)));
    let all: Vec<(Candidate, Pointer)> = all.collect();
    let Some(choice) = choice(document)? else {
        return Ok(all.into_iter().map(|(_, at)| at).collect());
    };
    choice.check(all.iter().map(|(it, _)| it))?;
    let kept = all.into_iter();
    let kept = kept.filter(|(it, _)| choice.leaves_out(it).is_none());
    Ok(kept.map(|(_, at)| at).collect())
}

/// What the marker on a description chooses, for one operation at a time. Patterns may match nothing.
#[derive(Debug)]
pub struct Chooser(Choice);

impl Chooser {
    /// `None` if there is no marker, or a malformed one.
    pub fn of(document: &Node) -> Option<Self> {
        choice(document).ok().flatten().map(Self)
    }

    /// Whether the operation at this place is chosen.
    pub fn chooses(&self, at: &Pointer, operation: &Node) -> bool {
        Candidate::of(at, operation).is_some_and(|it| self.0.leaves_out(&it).is_none())
    }
}

/// Why a pattern chooses nothing, and the names that it could be about.
#[derive(Debug)]
pub struct NoMatch {
    /// What is wrong, of the pattern.
    pub what: String,
    /// The paths, tags or IDs of the description. None if the pattern itself is malformed.
    pub known: Vec<String>,
}

/// Checks that a pattern matches an operation of a description, for patterns that do not stand in an overlay.
///
/// # Errors
///
/// It matches none, or is malformed.
pub fn check_pattern(document: &Node, by: By, text: &str) -> Result<(), NoMatch> {
    let all = operations(document).filter_map(|(at, it)| Candidate::of(&at, it));
    patterns::check(&all.collect::<Vec<_>>(), by, text)
}

/// No code would come of it.
fn nothing_left(span: &Span, count: usize) -> Failure {
    Diagnostic::in_source(
        &span.source,
        span.start..span.end,
        "marker",
        match count {
            1 => format!("`{OPERATIONS}` leaves out the only operation"),
            _ => format!("`{OPERATIONS}` leaves out all {count} operations"),
        },
        "include one, or exclude less",
    )
    .into()
}

/// Removes operations, and what nothing else reaches. Returns how many schemas that were.
fn remove(document: &mut Node, left_out: &[LeftOut], is_listed: bool, hidden: Hidden) -> usize {
    let gone: HashSet<&Pointer> = left_out.iter().map(|it| &it.at).collect();
    let is_empty = |at: &Pointer, item: &Node| {
        let mut members = item.as_object().into_iter().flatten();
        let is_kept = |key: &str| METHODS.contains(&key) && !gone.contains(&at.join(key));
        !members.any(|(key, entry)| is_kept(key) && !entry.node.is_null())
    };
    // A path without operations stays if nothing says what is wanted: a lint may have something to say about it.
    let had_any: HashSet<Pointer> = left_out.iter().filter_map(|it| it.at.parent()).collect();
    let gone_paths: HashSet<Pointer> = path_items(document)
        .filter(|(at, item)| (is_listed || had_any.contains(at)) && is_empty(at, item))
        .map(|(at, _)| at)
        .collect();
    let is_gone = |at: &[String]| {
        let begins = |length: usize| at.get(..length).map(|it| Pointer(it.to_vec()));
        begins(2).is_some_and(|it| gone_paths.contains(&it))
            || begins(3).is_some_and(|it| gone.contains(&it))
    };

    let subjects = Subjects::of(document);
    let reached = reach::reach(document, hidden, |at| is_gone(&at.0));
    if reached.leads_out {
        put_copies(document, Reach::V3_1, |at| is_gone(&at.0));
    }
    let Value::Object(members) = &mut document.value else {
        return 0;
    };
    if is_listed {
        // Requests that the service makes are no operations of a client.
        members.shift_remove("webhooks");
    }
    if let Some(paths) = members.get_mut("paths")
        && let Value::Object(paths) = &mut paths.node.value
    {
        let at = |path: &str| Pointer(vec!["paths".to_owned(), path.to_owned()]);
        paths.retain(|path, _| is_extension(path) || !gone_paths.contains(&at(path)));
        for (path, entry) in paths {
            if let Value::Object(item) = &mut entry.node.value {
                item.retain(|key, _| !gone.contains(&at(path).join(key)));
            }
        }
    }
    let mut schemas = 0;
    if let Some(components) = members.get_mut("components")
        && let Value::Object(parts) = &mut components.node.value
    {
        for (part, entry) in parts {
            // Operations name those, and do not refer to them.
            let kind = Kind::of_components(part).filter(|it| *it != Kind::SecurityScheme);
            if let (Some(_), Value::Object(named)) = (kind, &mut entry.node.value) {
                let before = named.len();
                named.retain(|name, _| reached.has(part, name));
                if part == "schemas" {
                    schemas = before - named.len();
                }
            }
        }
    }
    subjects.forget_idle(document);
    schemas
}

#[cfg(test)]
mod tests;
