//! Components that may be null, and that the arrange stage could not arrange (`arrange/nullable.rs`).

use super::context::Context;
use super::describe;
use super::rules;
use super::schema::{Role, Schema};

/// What the arrange stage could not move to the uses of a component.
pub(super) fn check(context: &mut Context<'_>, schema: &Schema<'_>) {
    if schema.role != Role::Component || !schema.flag("nullable") || is_any(schema) {
        return;
    }
    let what = describe::schema(context.document, &schema.at);
    // An answer that has null there would be refused.
    context.report_change(
        true,
        rules::NULLABLE_COMPONENT,
        &schema.at.join("nullable"),
        format!("{what} may be null, and would become a wrapper around an option, which markers do not reach"),
        format!(
            "say it where it is used, as `{{nullable: true, allOf: [{{$ref: …}}]}}`, and here {}",
            context.update(&schema.at, "x-codegen-ignore: [nullable]")
        ),
    );
}

/// Any JSON is null already.
fn is_any(schema: &Schema<'_>) -> bool {
    ["type", "oneOf", "allOf", "anyOf", "not"]
        .iter()
        .all(|keyword| schema.get(keyword).is_none())
}
