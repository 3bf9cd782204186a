//! Which operation of ours is which of OTHER's, and how two of them differ.
//!
//! `GET /v1/agents/{agent_id}` of ours is `GET /v1/agents/{id}/` of OTHER: names in braces and a last slash do not matter. The slash is
//! reported.

use std::collections::HashMap;

use super::changes::{self as change, Uses};
use super::comparison::{Comparison, Here, Scope};
use super::part::Part;
use super::{parameters, security};
use crate::openapi::{METHODS, Node};

/// An operation, and the path item that it stands in.
#[derive(Clone)]
pub(super) struct Operation<'a> {
    pub(super) index: usize,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) item: Part<'a>,
    pub(super) part: Part<'a>,
}

impl<'a> Operation<'a> {
    /// All of a document, in its order.
    pub(super) fn all(document: &'a Node) -> Vec<Self> {
        let mut operations = Vec::new();
        let paths = Part::root(document).member("paths");
        for (path, item) in paths.iter().flat_map(Part::members) {
            let item = item.resolved(document);
            for (method, part) in item.members() {
                if METHODS.contains(&method) {
                    operations.push(Self {
                        index: operations.len(),
                        method,
                        path,
                        item: item.clone(),
                        part,
                    });
                }
            }
        }
        operations
    }

    fn here(&self, is_ours: bool) -> Here {
        let (method, path) = (self.method.to_uppercase(), self.path.to_owned());
        let scope = if is_ours {
            Scope::Operation { method, path }
        } else {
            Scope::OtherOperation { method, path }
        };
        Here::of_operation(scope, self.index)
    }

    fn tags(&self) -> Vec<String> {
        let tags = self.part.node.get("tags").and_then(Node::as_array);
        let tags = tags.unwrap_or(&[]).iter().filter_map(Node::as_str);
        tags.map(str::to_owned).collect()
    }
}

/// A path without the names of its parameters: `/v1/things/{}`.
fn shape(path: &str) -> String {
    let mut shape = String::new();
    let mut is_within = false;
    for character in path.chars() {
        match character {
            '{' if !is_within => {
                is_within = true;
                shape.push_str("{}");
            }
            '}' => is_within = false,
            _ if is_within => {}
            other => shape.push(other),
        }
    }
    shape
}

/// A path without its last slash, which is a matter of spelling.
fn without_slash(path: &str) -> String {
    let shape = shape(path);
    shape.trim_end_matches('/').to_owned()
}

/// Pairs of one operation each, those of ours that are left, and those of OTHER.
type Matched<'a> = (
    Vec<(Operation<'a>, Operation<'a>)>,
    Vec<Operation<'a>>,
    Vec<Operation<'a>>,
);

/// Pairs operations by method and path: first by the exact path, then without the names of parameters, then without the last slash.
fn matched<'a>(mut ours: Vec<Operation<'a>>, mut other: Vec<Operation<'a>>) -> Matched<'a> {
    let mut pairs = Vec::new();
    let keys: [fn(&str) -> String; 3] = [str::to_owned, shape, without_slash];
    for key in keys {
        let mut by_key: HashMap<(&str, String), Vec<Operation<'a>>> = HashMap::new();
        // Candidates are taken from the end of the list, so it is reversed.
        for operation in other.drain(..).rev() {
            let key = (operation.method, key(operation.path));
            by_key.entry(key).or_default().push(operation);
        }
        ours.retain(|operation| {
            let candidates = by_key.get_mut(&(operation.method, key(operation.path)));
            let Some(other) = candidates.and_then(Vec::pop) else {
                return true;
            };
            pairs.push((operation.clone(), other));
            false
        });
        other = by_key.into_values().flatten().collect();
        other.sort_by_key(|operation| operation.index);
    }
    pairs.sort_by_key(|(operation, _)| operation.index);
    (pairs, ours, other)
}

impl<'a> Comparison<'a> {
    /// Compares all operations, and the schemas that they use.
    pub(super) fn operations(&mut self) {
        let (pairs, ours, other) = matched(Operation::all(self.ours), Operation::all(self.other));
        for operation in ours {
            let here = operation.here(true);
            let message = "in ours, and OTHER lacks it";
            let part = Some(&operation.part);
            self.report(change::OPERATION_REMOVED, &here, message, part, None);
        }
        for (ours, other) in pairs {
            for (reached, operation) in
                [(&mut self.reached.0, &ours), (&mut self.reached.1, &other)]
            {
                reached.insert(operation.part.way.pointer());
                reached.insert(operation.item.way.pointer().join("parameters"));
            }
            self.operation(&ours, &other);
        }
        for operation in other {
            let here = operation.here(false);
            let message = "in OTHER, and ours lacks it";
            let part = Some(&operation.part);
            self.report(change::OPERATION_ADDED, &here, message, None, part);
            if let Some((_, item)) = self.found.last_mut() {
                item.tags = operation.tags();
            }
        }
        self.work_off();
    }

    /// Compares two operations: names, credentials, parameters, body and answers.
    fn operation(&mut self, ours: &Operation<'a>, other: &Operation<'a>) {
        let here = ours.here(true);
        let places = (Some(&ours.part), Some(&other.part));
        if ours.path.ends_with('/') != other.path.ends_with('/') {
            let message = format!("the path is {} in ours, {} in OTHER", ours.path, other.path);
            self.report(change::PATH_SPELLING, &here, message, places.0, places.1);
        }
        let id = |operation: &Operation<'a>| operation.part.text("operationId");
        if id(ours) != id(other) {
            let show = |id: Option<&str>| id.map_or("not given".to_owned(), |id| format!("`{id}`"));
            let (a, b) = (show(id(ours)), show(id(other)));
            let message = format!("the operationId is {a} in ours, {b} in OTHER");
            self.report(change::OPERATION_ID, &here, message, places.0, places.1);
        }
        self.deprecated(&ours.part, &other.part, &here);
        let (a, b) = (
            security::required(self.ours, &ours.part),
            security::required(self.other, &other.part),
        );
        if a != b {
            let message = format!(
                "{} in ours, {} in OTHER",
                security::show(&a),
                security::show(&b)
            );
            self.report(change::SECURITY, &here, message, places.0, places.1);
        }
        self.parameters(
            &parameters::read(self.ours, ours),
            &parameters::read(self.other, other),
            &here,
            places,
        );
        self.body(&ours.part, &other.part, &here);
        self.responses(&ours.part, &other.part, &here);
    }

    /// Compares the mark `deprecated` of operations, parameters and headers.
    pub(super) fn deprecated(&mut self, ours: &Part<'a>, other: &Part<'a>, here: &Here) {
        let (a, b) = (ours.is_true("deprecated"), other.is_true("deprecated"));
        if a != b {
            let message = if a {
                "deprecated in ours, and not in OTHER"
            } else {
                "deprecated in OTHER, and not in ours"
            };
            self.report(change::DEPRECATED, here, message, Some(ours), Some(other));
        }
    }

    /// Compares request bodies.
    fn body(&mut self, ours: &Part<'a>, other: &Part<'a>, operation: &Here) {
        let here = operation.part("request body", Uses::REQUEST);
        let read = |part: &Part<'a>, document| {
            part.member("requestBody")
                .map(|body| body.resolved(document))
        };
        let (a, b) = (read(ours, self.ours), read(other, self.other));
        let mark = |body: &Part<'a>| {
            if body.is_true("required") {
                "required"
            } else {
                "optional"
            }
        };
        match (a, b) {
            (None, None) => {}
            (Some(body), None) => {
                let message = format!("{} in ours, and OTHER has none", mark(&body));
                let (ours, other) = (Some(&body), Some(other));
                self.report(change::BODY_REMOVED, &here, message, ours, other);
            }
            (None, Some(body)) => {
                let change = if body.is_true("required") {
                    change::REQUIRED_BODY_ADDED
                } else {
                    change::BODY_ADDED
                };
                let message = format!("{} in OTHER, and ours has none", mark(&body));
                self.report(change, &here, message, Some(ours), Some(&body));
            }
            (Some(a), Some(b)) => {
                if mark(&a) != mark(&b) {
                    let change = if b.is_true("required") {
                        change::BODY_REQUIRED
                    } else {
                        change::BODY_OPTIONAL
                    };
                    let message = format!("{} in ours, {} in OTHER", mark(&a), mark(&b));
                    self.report(change, &here, message, Some(&a), Some(&b));
                }
                self.content(&a, &b, &here);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_a_path_has_no_names() {
        for (path, expected) in [
            ("/v1/things", "/v1/things"),
            ("/v1/{a}/b/{c-d}", "/v1/{}/b/{}"),
            ("/{a}:{b}", "/{}:{}"),
            ("/a}b{", "/ab{}"),
            ("", ""),
        ] {
            assert_eq!(shape(path), expected, "{path}");
        }
    }
}
