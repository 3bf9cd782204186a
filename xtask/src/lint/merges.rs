//! Components that are merged one into the other by `allOf`: `A: {allOf: [B, …]}`, `B: {allOf: [C, …]}` and so on.
//!
//! The generator calls itself for each of them, and takes cubic time. A few hundred would take minutes, or all of the stack. The arrange stage
//! writes out objects on the way, so that a chain may be longer than what the generator takes.

use super::context::Context;
use super::rules;
use crate::openapi::component_schemas;
use crate::openapi::limits::{MERGES, WRITTEN_OUT};
use crate::openapi::merges::Merges;
use crate::openapi::reference::place_of;

/// Reports each chain that is too long, where it becomes so. Gives whether there is one: then the rules about what is merged would
/// take long themselves.
pub(super) fn check(context: &mut Context<'_>) -> bool {
    let merges = Merges::of(context.document);
    // Of a chain that is too long, nothing was written out.
    let (most, why) = match merges.deepest() {
        0..=MERGES => return false,
        deepest if deepest > WRITTEN_OUT => (WRITTEN_OUT, ""),
        _ => (
            MERGES,
            ", and they are not all plain objects, which could be written out as one",
        ),
    };
    for (name, _) in component_schemas(context.document) {
        if merges.depth(name) != Some(most + 1) {
            continue;
        }
        let at = place_of("schemas", name).join("allOf");
        let help = format!(
            "write `{name}` out as one object, or leave its `allOf` out with {}",
            context.update(&place_of("schemas", name), "x-codegen-ignore: [allOf]")
        );
        // What it declares itself would be all that is left.
        context.report_change(
            true,
            rules::MERGES,
            &at,
            format!(
                "`{name}` is merged from more than {most} components, each with an `allOf` of the next{why}; the generator takes cubic time for them"
            ),
            help,
        );
    }
    true
}
