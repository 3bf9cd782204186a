//! Names of components that are one in Rust.
//!
//! `agent-state` and `AgentState` are both the type `AgentState`, so one would replace the other. A schema `String` would hide Rust's own.

use std::collections::{HashMap, HashSet};

use super::context::Context;
use super::rules;
use super::type_words::proposal;
use crate::markers::NAME;
use crate::naming::type_name;
use crate::openapi::{Pointer, component_schemas};

/// Names that generated code uses without a path. A type of that name would hide the one of Rust's prelude.
pub(super) const PRELUDE: [&str; 6] = ["Default", "Err", "None", "Ok", "Some", "String"];

/// Names must differ in Rust. Of two that do not, the one that is spelled as its type keeps it, else the first.
pub(super) fn check(context: &mut Context<'_>) {
    let at = Pointer::default().join("components").join("schemas");
    let document = context.document;
    let mut all: Vec<(&str, String)> = component_schemas(document)
        .map(|(name, _)| (name, type_name(name)))
        .collect();
    let mut taken: HashSet<String> = PRELUDE.map(str::to_owned).into();
    taken.extend(all.iter().map(|(_, ty)| ty.clone()));
    all.sort_by_key(|(name, ty)| name != ty);
    let mut seen: HashMap<String, &str> = HashMap::new();
    for (name, ty) in all {
        let message = if PRELUDE.contains(&ty.as_str()) {
            format!(
                "the schema `{name}` would become the type `{ty}`, and hide Rust's own; its generated code would not compile"
            )
        } else if let Some(other) = seen.get(&ty) {
            format!("the schemas `{other}` and `{name}` would both become the type `{ty}`")
        } else {
            seen.insert(ty, name);
            continue;
        };
        let at = at.join(name);
        let free = proposal(&[format!("{ty}Schema")], &mut taken);
        let action = context.update(&at, &format!("{NAME}: {free}"));
        let help = format!("give it a name that is free with {action}, or a better one");
        context.report(rules::TYPE_NAME, &at, message, help);
    }
}
