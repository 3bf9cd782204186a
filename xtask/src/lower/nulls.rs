//! Null: which schemas allow it, and which need `nullable` to say so.
//!
//! Pieces that allow null and nothing else (a branch, a type, a value) are removed, which makes no difference to any
//! other value. Whether null itself is valid is worked out for the schema before and after. `nullable: true`, which is null
//! or what the rest says, is added only if the two differ.
//!
//! | given | null before | after | becomes |
//! |---|---|---|---|
//! | `type: [string, 'null']` | valid | not | `type: string`, `nullable: true` |
//! | `anyOf: [{$ref: X}, {type: 'null'}]`, X an object | valid | not | `allOf: [{$ref: X}]`, `nullable: true` |
//! | `anyOf: [{$ref: X}, {type: 'null'}]`, X an enum that lists null | valid | valid | `allOf: [{$ref: X}]` |
//! | `type: object`, `anyOf: [{$ref: X}, {type: 'null'}]` | not | not | `type: object`, `allOf: [{$ref: X}]` |
//!
//! The last row is why the form of a schema is not enough: there is a null branch, and yet null is not valid.
//!
//! An answer is an `Option<bool>`, with `None` for "cannot be determined". A reference that leads nowhere, a circle of
//! references, or a keyword such as `$dynamicRef` has that answer.

use std::collections::HashMap;

use super::Lowering;
use super::draft::Draft;
use super::rules;
use crate::openapi::keywords::is_note;
use crate::openapi::limits::WALK;
use crate::openapi::schema::seen;
use crate::openapi::{Node, Pointer, Value, reference};

/// What is to be done about null in a schema.
#[derive(Default)]
pub(super) struct Plan {
    /// Whether the pieces for null are taken out.
    pub(super) strip: bool,
    /// Whether null is then to be allowed.
    pub(super) nullable: bool,
    /// Whether null is one of several types.
    pub(super) has_null_type: bool,
}

/// What schemas say about null. `None` if that cannot be determined.
#[derive(Default)]
pub(super) struct Nulls {
    /// By the name of the component. The inner `None` also marks one that is being worked out.
    components: HashMap<String, Option<bool>>,
}

/// Whether a type is null alone.
fn is_null_type(node: &Node) -> bool {
    match &node.value {
        Value::String(kind) => kind == "null",
        Value::Array(kinds) => !kinds.is_empty() && kinds.iter().all(is_null_type),
        _ => false,
    }
}

/// Whether listed values are null alone.
fn is_null_list(node: &Node) -> bool {
    node.as_array()
        .is_some_and(|values| !values.is_empty() && values.iter().all(Node::is_null))
}

/// Whether a schema allows null and nothing else, and says so in the plainest words.
pub(super) fn is_only_null(node: &Node) -> bool {
    let Some(members) = node.as_object() else {
        return false;
    };
    let mut is_restricted = false;
    for (keyword, entry) in members {
        let value = &entry.node;
        // Only these keywords restrict to null. Anything else might refuse null as well, and then the branch allows nothing.
        let is_null = match keyword.as_str() {
            _ if is_note(keyword) => continue,
            _ if seen(node, keyword).is_none() => continue,
            "type" => is_null_type(value),
            "const" => value.is_null(),
            "enum" => is_null_list(value),
            _ => return false,
        };
        // A list of types that has null among others allows more than null.
        if !is_null {
            return false;
        }
        is_restricted = true;
    }
    is_restricted
}

/// The indices of the branches that allow null alone, if others are left without them. A union of nothing but null
/// branches is left to the rule `only-null`: an empty union would allow no value at all.
pub(super) fn null_branches(branches: &[Node]) -> Vec<usize> {
    let found: Vec<usize> = (0..branches.len())
        .filter(|index| is_only_null(&branches[*index]))
        .collect();
    if found.len() == branches.len() {
        return Vec::new();
    }
    found
}

/// Both must hold. One that is false decides, whatever the other is.
fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

impl Nulls {
    /// Whether a schema allows null. With `stripped`, its own pieces for null count as gone.
    ///
    /// A schema is the conjunction of its keywords, so each gives an answer and all must agree. A keyword that is about
    /// objects or texts, such as `properties`, says nothing about null and is passed over.
    ///
    /// Schemas within are asked with `stripped` false: what is removed from them is replaced by `nullable`, so they allow
    /// afterwards what they allow now.
    fn allows(
        &mut self,
        document: &Node,
        node: &Node,
        stripped: bool,
        depth: usize,
    ) -> Option<bool> {
        if depth > WALK {
            return None;
        }
        let members = match &node.value {
            Value::Bool(value) => return Some(*value),
            Value::Object(members) => members,
            _ => return None,
        };
        let mut all = Some(true);
        for (keyword, entry) in members {
            if seen(node, keyword).is_none() {
                continue;
            }
            let value = &entry.node;
            let mut inner = |node: &Node| self.allows(document, node, false, depth + 1);
            let one = match keyword.as_str() {
                // `type: null` as a whole is not a piece: the rule `only-null` makes an enum of it, so null stays valid.
                "type" => match &value.value {
                    Value::String(kind) => Some(kind == "null"),
                    Value::Array(kinds) => {
                        let has_null = kinds.iter().any(is_null_type);
                        Some(has_null && (!stripped || is_null_type(value)))
                    }
                    _ => None,
                },
                "const" => Some(value.is_null()),
                "enum" => value.as_array().map(|values| {
                    values.iter().any(Node::is_null) && (!stripped || is_null_list(value))
                }),
                "allOf" => value.as_array().and_then(|list| {
                    let answers: Vec<Option<bool>> = list.iter().map(inner).collect();
                    answers.into_iter().reduce(and).unwrap_or(Some(true))
                }),
                "anyOf" | "oneOf" => value.as_array().and_then(|list| {
                    let gone = if stripped {
                        null_branches(list)
                    } else {
                        Vec::new()
                    };
                    let kept = list.iter().enumerate();
                    let answers: Vec<Option<bool>> = kept
                        .filter(|(index, _)| !gone.contains(index))
                        .map(|(_, it)| inner(it))
                        .collect();
                    let yes = answers.iter().filter(|it| **it == Some(true)).count();
                    let is_sure = answers.iter().all(Option::is_some);
                    // A `oneOf` of two branches that allow null refuses it. That is seldom meant, and 3.0 has no word
                    // for it: `plan` refuses such a schema.
                    match keyword.as_str() {
                        "anyOf" if yes > 0 => Some(true),
                        "oneOf" if yes > 1 => Some(false),
                        "oneOf" if is_sure => Some(yes == 1),
                        "anyOf" if is_sure => Some(false),
                        _ => None,
                    }
                }),
                // `not` is exact: what is unknown stays unknown.
                "not" => inner(value).map(|it| !it),
                "if" => match inner(value) {
                    Some(true) => seen(node, "then").map_or(Some(true), &mut inner),
                    Some(false) => seen(node, "else").map_or(Some(true), &mut inner),
                    None => None,
                },
                "$ref" => self.referred(document, value, depth),
                "$dynamicRef" | "$recursiveRef" => None,
                // About other types, or a note. `nullable` is a note in 3.1, and `leftover` deals with it.
                _ => continue,
            };
            all = and(all, one);
        }
        all
    }

    /// Whether what a reference leads to allows null, worked out once for each component.
    ///
    /// A circle of references has no answer: whether null is valid in one component would depend on whether it is valid in
    /// it. The entry is there before the component is looked at, so that the walk ends at the second visit.
    fn referred(&mut self, document: &Node, reference: &Node, depth: usize) -> Option<bool> {
        let name = reference::component(reference.as_str()?, "schemas")?;
        if let Some(known) = self.components.get(name) {
            return *known;
        }
        let node = document.get("components")?.get("schemas")?.get(name)?;
        self.components.insert(name.to_owned(), None);
        let answer = self.allows(document, node, false, depth + 1);
        self.components.insert(name.to_owned(), answer);
        answer
    }
}

/// Decides what to do about null in a schema, as it was given.
///
/// Nothing is done if the schema has no piece for null. If it cannot be determined whether null is valid before, the schema is
/// refused. It may be unclear afterwards: then `nullable` is added, which makes null valid whatever the rest says.
pub(super) fn plan(lowering: &mut Lowering<'_>, at: &Pointer, node: &Node) -> Plan {
    let has_null_type = seen(node, "type")
        .and_then(Node::as_array)
        .is_some_and(|kinds| kinds.iter().any(is_null_type) && !kinds.iter().all(is_null_type));
    let has_piece = has_null_type
        || seen(node, "enum")
            .and_then(Node::as_array)
            .is_some_and(|values| {
                values.iter().any(Node::is_null) && !values.iter().all(Node::is_null)
            })
        || ["anyOf", "oneOf"].iter().any(|keyword| {
            seen(node, keyword)
                .and_then(Node::as_array)
                .is_some_and(|branches| !null_branches(branches).is_empty())
        });
    if !has_piece {
        return Plan::default();
    }
    // Both questions are about the description as given: a component that is lowered already would answer for 3.0.
    let document = lowering.document;
    let before = lowering.nulls.allows(document, node, false, 0);
    let after = lowering.nulls.allows(document, node, true, 0);
    let nullable = match (before, after) {
        (Some(true), Some(true)) | (Some(false), Some(false)) => false,
        (Some(true), _) => true,
        (None, _) | (Some(false), _) => {
            let message = if before.is_none() {
                "it cannot be determined whether this schema allows null"
            } else {
                "null is valid in several branches here, and so in none; OpenAPI 3.0 cannot say that"
            };
            let help =
                "remove null if it is not meant: remove the list in the overlay, and add it anew";
            lowering.refuse(rules::NULL_EXCLUDED, at, message, help);
            return Plan::default();
        }
    };
    Plan {
        strip: true,
        nullable,
        has_null_type,
    }
}

/// Takes the pieces for null out of the types and values. Branches are left to whoever rewrites those.
pub(super) fn strip_values(lowering: &mut Lowering<'_>, draft: &mut Draft) {
    for keyword in ["type", "enum"] {
        let at = draft.at.join(keyword);
        let Some(Node {
            value: Value::Array(items),
            ..
        }) = draft.get_mut(keyword)
        else {
            continue;
        };
        let is_piece = |item: &Node| {
            item.is_null() && keyword == "enum" || is_null_type(item) && keyword == "type"
        };
        if items.iter().any(is_piece) && !items.iter().all(is_piece) {
            items.retain(|item| !is_piece(item));
            lowering.count(rules::NULL_TYPE, &at);
        }
    }
}

/// `nullable` in a 3.1 description: a leftover of 3.0, and meant as in 3.0. Returns what it says.
pub(super) fn leftover(lowering: &mut Lowering<'_>, draft: &mut Draft) -> bool {
    let Some(says) = draft.get("nullable").and_then(Node::as_bool) else {
        return false;
    };
    let at = draft.at.join("nullable");
    draft.take("nullable");
    if says && lowering.is_negated {
        lowering.refuse(
            rules::NEGATED,
            &at,
            "`nullable` says nothing in OpenAPI 3.1, and would say something in 3.0, within `not`",
            "remove the `not` in the overlay",
        );
        return false;
    }
    lowering.count(rules::NULLABLE, &at);
    says
}
