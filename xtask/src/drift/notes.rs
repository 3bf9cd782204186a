//! Notes: what is worth knowing and is not a difference. Examples are other servers, another version, and parts that could not be lowered.

use std::collections::{BTreeSet, HashSet};

use super::comparison::Comparison;
use super::part::Part;
use crate::diagnostic::Diagnostic;
use crate::lower::Lowered;
use crate::openapi::{Node, Pointer, Span};

/// Something to know that is no difference.
#[derive(Clone, Debug)]
pub struct Note {
    /// What.
    pub message: String,
    /// Where, if it is about a place.
    pub span: Option<Span>,
}

pub(super) fn all(comparison: &Comparison<'_>, ours: &Lowered, other: &Lowered) -> Vec<Note> {
    let mut notes = Vec::new();
    for (name, read) in [
        ("servers are", servers as fn(&Node) -> String),
        ("version is", version),
    ] {
        let (a, b) = (read(&ours.document), read(&other.document));
        if a != b {
            notes.push(Note {
                message: format!("the {name} {a} in ours, {b} in OTHER"),
                span: None,
            });
        }
    }
    refusals(&mut notes, "ours", &ours.refusals, &comparison.reached.0);
    refusals(&mut notes, "OTHER", &other.refusals, &comparison.reached.1);
    notes
}

/// The servers of a document in words. Their order does not count.
fn servers(document: &Node) -> String {
    let servers = Part::root(document).member("servers");
    let servers = servers.iter().flat_map(Part::items);
    let servers: BTreeSet<String> = servers
        .filter_map(|it| Some(it.text("url")?.to_owned()))
        .collect();
    if servers.is_empty() {
        return "not given".to_owned();
    }
    servers.into_iter().collect::<Vec<_>>().join(", ")
}

/// The version of a document in words.
fn version(document: &Node) -> String {
    let info = document.get("info");
    let version = info.and_then(|info| info.get("version"));
    version.map_or_else(|| "not given".to_owned(), super::canonical::short)
}

/// Those that were met on the way; of the others, how many there are.
fn refusals(
    notes: &mut Vec<Note>,
    whose: &str,
    refusals: &[Diagnostic],
    reached: &HashSet<Pointer>,
) {
    let was_met = |refusal: &&Diagnostic| {
        let mut at = refusal.pointer.clone();
        while let Some(pointer) = at {
            if reached.contains(&pointer) {
                return true;
            }
            at = pointer.parent();
        }
        false
    };
    let (met, others): (Vec<_>, Vec<_>) = refusals.iter().partition(was_met);
    for refusal in met {
        notes.push(Note {
            message: format!(
                "{}: {}; compared as it is written",
                refusal.rule, refusal.message
            ),
            span: Some(refusal.span.clone()),
        });
    }
    if !others.is_empty() {
        let places = match others.len() {
            1 => "a place".to_owned(),
            count => format!("{count} places"),
        };
        notes.push(Note {
            message: format!(
                "{whose} has {places} that OpenAPI 3.0 cannot express, in parts that no common operation uses"
            ),
            span: None,
        });
    }
}
