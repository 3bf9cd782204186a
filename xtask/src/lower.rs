//! Fourth stage: a description in OpenAPI 3.1 becomes one in 3.0.3, which is what progenitor reads.
//!
//! What 3.0 can express is rewritten. Each place is recorded, with the effect on the meaning. What 3.0 cannot
//! express is refused, all of it at once, unless the overlay leaves it out. A schema of 3.0 is read as
//! progenitor reads it: `nullable: true` is null, or whatever the rest of the schema says.
//!
//! `positions` finds the schemas, `schema` takes each through the rules, and each of the other files is a
//! family of rules. Pointers and places are those of the description as it was given.
//!
//! For example, this property of a 3.1 description
//!
//! ```yaml
//! name:
//!   type: [string, 'null']
//!   const: Ada
//!   title: Name
//! ```
//!
//! becomes this one, by the rules `null-type`, `const`, `type-list` and `title`. Null is removed and
//! `nullable` is not added, since the `const` refuses null:
//!
//! ```yaml
//! name:
//!   type: string
//!   enum: [Ada]
//! ```

mod bounds;
mod branches;
mod defaults;
mod draft;
mod explain;
mod files;
mod notes;
mod nulls;
mod parameters;
mod positions;
mod references;
mod refused;
mod rules;
mod schema;
mod tuples;
mod types;
mod values;

pub use rules::{Effect, REFUSALS, REWRITINGS, Refusal, Rewriting};

use std::collections::HashSet;

use crate::diagnostic::Diagnostic;
use crate::openapi::{Node, Pointer, Span, Value};
use crate::overlay;
use crate::parallel::in_parallel;
use rules::Refusal as Rule;

/// A description in OpenAPI 3.0, and how it came to be so.
#[derive(Debug)]
pub struct Lowered {
    /// The description.
    pub document: Node,
    /// What was rewritten.
    pub rewrites: Vec<Rewrite>,
    /// What cannot be said in OpenAPI 3.0. If there is any, the description must not be used.
    pub refusals: Vec<Diagnostic>,
}

/// Something that was rewritten.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// How.
    pub rule: Rewriting,
    /// What, in the description as it was given.
    pub pointer: Pointer,
    /// Where that stands.
    pub span: Span,
}

/// Where a schema stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Among the components, under a name.
    Component,
    /// Elsewhere.
    Inline,
}

/// What all rules share.
///
/// Two trees are in use at a time. Rules read the description as it was given, through `document`, and change a
/// copy of it. If they read the copy, an answer would depend on which schemas have been rewritten already.
struct Lowering<'a> {
    /// The description as it was given.
    document: &'a Node,
    rewrites: Vec<Rewrite>,
    refusals: Vec<Diagnostic>,
    nulls: nulls::Nulls,
    fit: defaults::Fit,
    /// The schemas of what is sent as a file.
    files: HashSet<Pointer>,
    /// Whether the schema is within `not`, where to loosen is to forbid.
    is_negated: bool,
    /// How many schemas the present one is in. Each is a frame on the stack, so there is a limit.
    depth: usize,
}

/// Lowers a description, the overlay applied. One that is not of version 3.1 is returned unchanged.
///
/// The result is complete even if there are refusals: a refused keyword stays in its schema. So the lints after
/// this stage can look at the rest, and a maintainer sees all problems in one run.
pub fn lower(document: &Node) -> Lowered {
    let version = document.get("openapi").and_then(Node::as_str);
    if !version.is_some_and(|version| version.starts_with("3.1.")) {
        return Lowered {
            document: document.clone(),
            rewrites: Vec::new(),
            refusals: Vec::new(),
        };
    }
    // The validator reads the whole description, and so does the copy. Neither needs the other.
    let (fit, mut lowered) = in_parallel(|| defaults::Fit::new(document), || document.clone());
    let mut lowering = Lowering {
        document,
        rewrites: Vec::new(),
        refusals: Vec::new(),
        nulls: nulls::Nulls::default(),
        fit,
        files: files::of(document),
        is_negated: false,
        depth: 0,
    };
    let at = Pointer::default().join("openapi");
    if let Some(node) = lowered.pointer_mut(&at) {
        node.value = Value::String("3.0.3".to_owned());
        lowering.count(rules::VERSION, &at);
    }
    positions::lower(&mut lowering, &mut lowered);
    Lowered {
        document: lowered,
        rewrites: lowering.rewrites,
        refusals: lowering.refusals,
    }
}

impl Lowering<'_> {
    /// Records that a rule was followed at a place.
    fn count(&mut self, rule: Rewriting, at: &Pointer) {
        self.rewrites.push(Rewrite {
            rule,
            pointer: at.clone(),
            span: self.document.span_of(at),
        });
    }

    /// Records that something cannot be expressed.
    fn refuse(
        &mut self,
        rule: Rule,
        at: &Pointer,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.refusals
            .push(Diagnostic::at(self.document, at, rule.name, message, help));
    }

    /// The same. `changes` if the first action in `help` changes what is sent or read.
    fn refuse_change(
        &mut self,
        changes: bool,
        rule: Rule,
        at: &Pointer,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let refusal = Diagnostic::at(self.document, at, rule.name, message, help);
        self.refusals.push(match changes {
            true => refusal.changing_the_wire(),
            false => refusal,
        });
    }

    /// An overlay action, to copy.
    fn update(&self, at: &Pointer, update: &str) -> String {
        overlay::update_action(self.document, at, update)
    }
}
