//! Names of components: allowed in OpenAPI, and different in Rust.
//!
//! `agent-state` and `AgentState` are both the type `AgentState`, so one would replace the other. A schema `String` would hide Rust's own.

use std::collections::{HashMap, HashSet};

use super::context::Context;
use super::fields::members;
use super::rules;
use super::type_words::proposal;
use crate::markers::{BRANCHES_FROM, FROM, NAME};
use crate::naming::type_name;
use crate::openapi::{Pointer, component_schemas};

/// Names that generated code uses without a path. A type of that name would hide the one of Rust's prelude.
pub(super) const PRELUDE: [&str; 6] = ["Default", "Err", "None", "Ok", "Some", "String"];

/// Names must be allowed in OpenAPI, and differ in Rust.
pub(super) fn check(context: &mut Context<'_>) {
    let at = Pointer::default().join("components");
    let document = context.document;
    for kind in ["schemas", "parameters", "requestBodies", "responses"] {
        let nodes = document.get("components").and_then(|it| it.get(kind));
        for (at, node) in members(&at.join(kind), nodes) {
            // Made of names that are in the description, for a name in Rust.
            if node.get(FROM).is_some() || node.get(BRANCHES_FROM).is_some() {
                continue;
            }
            let name = at.last().unwrap_or_default();
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            let begins_well =
                kind != "schemas" || name.starts_with(|c: char| c.is_ascii_alphabetic());
            if name.is_empty() || !name.chars().all(allowed) || !begins_well {
                context.report(
                    rules::COMPONENT_NAME,
                    &at,
                    format!("`{name}` is not a valid name for a component"),
                    "write it in ASCII letters, digits, `.`, `_` and `-`, and begin a schema's with a letter",
                );
            }
        }
    }

    let mut seen: HashMap<String, &str> = HashMap::new();
    let mut taken: HashSet<String> = PRELUDE.map(str::to_owned).into();
    taken.extend(component_schemas(document).map(|(name, _)| type_name(name)));
    for (name, _) in component_schemas(document) {
        let ty = type_name(name);
        let message = if PRELUDE.contains(&ty.as_str()) {
            format!(
                "the schema `{name}` would become the type `{ty}`, and hide Rust's own; its generated code would not compile"
            )
        } else if let Some(other) = seen.insert(ty.clone(), name) {
            format!("the schemas `{other}` and `{name}` would both become the type `{ty}`")
        } else {
            continue;
        };
        let at = at.join("schemas").join(name);
        let free = proposal(&[format!("{ty}Schema")], &mut taken);
        let action = context.update(&at, &format!("{NAME}: {free}"));
        let help = format!("give it a name that is free with {action}, or a better one");
        context.report(rules::TYPE_NAME, &at, message, help);
    }
}
