//! `anyOf` and `oneOf` whose null branch is removed. If one branch is left, there is no union any more.
//!
//! ```yaml
//! description: Who made it.      # given
//! anyOf:
//! - type: string
//!   maxLength: 5
//! - type: 'null'
//! ```
//!
//! ```yaml
//! description: Who made it.      # lowered; `nullable: true` is added by the schema's rules
//! type: string
//! maxLength: 5
//! ```
//!
//! If the branch is a reference, or the schema has more than notes, the branch goes into an `allOf`:
//! `anyOf: [{$ref: X}, {type: 'null'}]` becomes `allOf: [{$ref: X}]`.

use super::Lowering;
use super::draft::Draft;
use super::nulls;
use super::rules;
use crate::markers::IGNORE;
use crate::openapi::Value;
use crate::openapi::keywords::is_note;

/// The indices of the null branches of both, before anything is rewritten.
pub(super) fn nulls_of(draft: &Draft) -> Vec<(&'static str, Vec<usize>)> {
    ["anyOf", "oneOf"]
        .into_iter()
        .filter_map(|keyword| {
            let branches = draft.get(keyword)?.as_array()?;
            Some((keyword, nulls::null_branches(branches)))
        })
        .filter(|(_, found)| !found.is_empty())
        .collect()
}

/// Removes the null branches. Returns whether the only branch left allows null by a leftover `nullable`, which has to
/// move to the schema.
pub(super) fn strip(
    lowering: &mut Lowering<'_>,
    draft: &mut Draft,
    found: &[(&'static str, Vec<usize>)],
) -> bool {
    let mut nullable = false;
    for (keyword, indices) in found {
        let at = draft.at.join(keyword);
        let Some(Value::Array(branches)) = draft.get_mut(keyword).map(|it| &mut it.value) else {
            continue;
        };
        let mut index = 0;
        branches.retain(|_| {
            index += 1;
            !indices.contains(&(index - 1))
        });
        // By now the other branches are lowered. So what is left of one goes into its place and is not looked at again.
        let is_single = branches.len() == 1;
        for index in indices {
            lowering.count(rules::NULL_BRANCH, &at.join(index));
        }
        // A tag of one branch is still a tag.
        if is_single && !(*keyword == "oneOf" && draft.get("discriminator").is_some()) {
            nullable |= collapse(lowering, draft, keyword);
        }
    }
    nullable
}

/// Puts the only branch that is left in the place of the union.
fn collapse(lowering: &mut Lowering<'_>, draft: &mut Draft, keyword: &str) -> bool {
    let Some(Value::Array(mut branches)) = draft.take(keyword).map(|it| it.node.value) else {
        return false;
    };
    let Some(branch) = branches.pop() else {
        return false;
    };
    // Keywords of the branch may be put next to notes, and next to nothing else: `maxLength: 3` outside and `maxLength: 5` inside
    // both hold, and an object has one member of a name.
    let is_plain = draft.members.keys().all(|key| is_note(key));
    let is_reference = branch.get("$ref").is_some();
    if !is_plain || is_reference || branch.as_object().is_none() {
        draft.and(branch, false);
        return false;
    }
    let Value::Object(members) = branch.value else {
        return false;
    };
    let mut nullable = false;
    for (name, entry) in members {
        if name == "nullable" {
            nullable = entry.node.as_bool() == Some(true);
            continue;
        }
        match draft.members.get_mut(&name) {
            None => {
                draft.members.insert(name, entry);
            }
            // What is ignored in the branch has moved here with it.
            Some(outer) if name == IGNORE => {
                if let (Value::Array(outer), Value::Array(inner)) =
                    (&mut outer.node.value, entry.node.value)
                {
                    outer.extend(inner);
                }
            }
            // Both have a note of this name, such as a description. The outer one is about the whole.
            Some(_) => {
                lowering.rewrites.push(super::Rewrite {
                    rule: rules::OUTER_NOTE,
                    pointer: draft.at.join(&name),
                    span: entry.key,
                });
            }
        }
    }
    nullable
}
