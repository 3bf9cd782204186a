//! Operations without a name: they get one of their method and path, `get-agents-by-agent-id`.

use std::collections::HashSet;

use super::build::{entry, members_mut, string};
use crate::naming::method_name;
use crate::openapi::{Node, Pointer, operations};

/// Adds the missing names. Names are compared as methods, since two names may become one method.
pub(super) fn arrange(document: &mut Node) {
    let id = |operation: &Node| operation.given("operationId").is_some();
    let mut taken: HashSet<String> = operations(document)
        .filter_map(|(_, operation)| Some(method_name(operation.get("operationId")?.as_str()?)))
        .collect();
    let nameless: Vec<Pointer> = operations(document)
        .filter(|(_, operation)| operation.as_object().is_some() && !id(operation))
        .map(|(at, _)| at)
        .collect();
    for at in nameless {
        let [_, path, method] = at.0.as_slice() else {
            continue;
        };
        let name = name(method, path);
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

/// The method and the words of the path, with `by-` before a parameter.
pub(crate) fn name(method: &str, path: &str) -> String {
    let mut words = vec![method.to_owned()];
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let mut rest = part;
        while let Some((before, after)) = rest.split_once('{') {
            words.extend((!before.is_empty()).then(|| before.to_owned()));
            let (parameter, after) = after.split_once('}').unwrap_or((after, ""));
            words.push(format!("by-{parameter}"));
            rest = after;
        }
        words.extend((!rest.is_empty()).then(|| rest.to_owned()));
    }
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_of_the_method_and_the_path() {
        for (method, path, expected) in [
            ("get", "/v1/agents/{agent_id}", "get_v1_agents_by_agent_id"),
            ("post", "/", "post"),
            ("get", "/a/{b}.json", "get_a_by_b_json"),
            ("put", "/{a}:{b}", "put_by_a_by_b"),
        ] {
            assert_eq!(method_name(&name(method, path)), expected);
        }
    }
}
