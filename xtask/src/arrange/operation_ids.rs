//! Operations without a name: they get one of their method and path, `get-agents-by-agent-id`. In the names of the others, acronyms that run
//! together are taken apart, as in those of components.

use std::collections::HashSet;

use super::build::{entry, members_mut, string};
use crate::naming::{acronyms_apart, method_name, operation_name};
use crate::openapi::{Node, Pointer, Value, operations};

/// Adds the missing names. Names are compared as methods, since two names may become one method.
pub(super) fn arrange(document: &mut Node) {
    let id = |operation: &Node| operation.given("operationId").is_some();
    let mut taken: HashSet<String> = operations(document)
        .filter_map(|(_, operation)| Some(method_name(operation.get("operationId")?.as_str()?)))
        .collect();
    take_apart(document, &mut taken);
    let nameless: Vec<Pointer> = operations(document)
        .filter(|(_, operation)| operation.as_object().is_some() && !id(operation))
        .map(|(at, _)| at)
        .collect();
    for at in nameless {
        let [_, path, method] = at.0.as_slice() else {
            continue;
        };
        let name = operation_name(method, path);
        // If it is taken, a lint asks for a name.
        if !taken.insert(method_name(&name)) {
            continue;
        }
        if let Some(operation) = document.pointer_mut(&at) {
            let span = operation.span.clone();
            if let Some(members) = members_mut(operation) {
                let id = entry(string(name, &span), &span);
                members.insert("operationId".to_owned(), id);
            }
        }
    }
}

/// Takes acronyms apart, if the name is free then.
fn take_apart(document: &mut Node, taken: &mut HashSet<String>) {
    let apart: Vec<(Pointer, String)> = operations(document)
        .filter_map(|(at, operation)| {
            let id = operation.get("operationId")?.as_str()?;
            let apart = acronyms_apart(id);
            let differs = method_name(&apart) != method_name(id);
            differs.then(|| (at.join("operationId"), apart))
        })
        .collect();
    for (at, name) in apart {
        if taken.insert(method_name(&name))
            && let Some(id) = document.pointer_mut(&at)
        {
            id.value = Value::String(name);
        }
    }
}
