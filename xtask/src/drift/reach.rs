//! Which component schemas of a document are sent, which are received, and which are both.

use std::collections::{HashMap, HashSet};

use super::changes::Uses;
use super::operations::Operation;
use super::part::{Part, component_of};
use crate::openapi::{Node, Value};

/// Members that hold data, in which a `$ref` is none.
const DATA: [&str; 5] = ["example", "examples", "default", "enum", "const"];
/// Deeper than any file that was read is nested.
const DEPTH: usize = 300;

/// The uses of each component that any operation leads to.
pub(crate) fn uses(document: &Node) -> HashMap<String, Uses> {
    let mut reach = Reach {
        document,
        seen: HashSet::new(),
        todo: Vec::new(),
        uses: HashMap::new(),
    };
    for operation in Operation::all(document) {
        for holder in [&operation.item, &operation.part] {
            reach.start(holder.member("parameters"), true);
        }
        reach.start(operation.part.member("requestBody"), true);
        reach.start(operation.part.member("responses"), false);
    }
    while let Some((part, is_request)) = reach.todo.pop() {
        if let Some(name) = component_of(&part) {
            let uses = if is_request {
                Uses::REQUEST
            } else {
                Uses::ANSWER
            };
            let before = reach.uses.entry(name.to_owned()).or_default();
            *before = before.and(uses);
        }
        reach.walk(&part, is_request, false, 0);
    }
    reach.uses
}

struct Reach<'a> {
    document: &'a Node,
    seen: HashSet<(usize, bool)>,
    todo: Vec<(Part<'a>, bool)>,
    uses: HashMap<String, Uses>,
}

impl<'a> Reach<'a> {
    fn start(&mut self, part: Option<Part<'a>>, is_request: bool) {
        if let Some(part) = part
            && self.seen.insert((part.id(), is_request))
        {
            self.todo.push((part, is_request));
        }
    }

    fn walk(&mut self, part: &Part<'a>, is_request: bool, has_names: bool, depth: usize) {
        if depth > DEPTH {
            return;
        }
        match &part.node.value {
            Value::Object(_) => {
                if !has_names {
                    self.start(part.target(self.document), is_request);
                }
                for (key, member) in part.named() {
                    if has_names || !DATA.contains(&key) && !key.starts_with("x-") {
                        let names = !has_names && matches!(key, "properties" | "headers");
                        self.walk(&member, is_request, names, depth + 1);
                    }
                }
            }
            Value::Array(_) => {
                for item in part.items() {
                    self.walk(&item, is_request, false, depth + 1);
                }
            }
            _ => {}
        }
    }
}
