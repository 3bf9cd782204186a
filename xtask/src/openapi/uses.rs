//! Which component schemas of a description are sent, which are received, and which are both.
//!
//! `readOnly` and `writeOnly` depend on it, and so does what drift calls breaking. For example, `Agent` below is both: it is sent
//! as the body of the request, and received within `AgentPage`, which is received only.
//!
//! ```yaml
//! paths:
//!   /agents:
//!     post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Agent'}}}}}
//!     get: {responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/AgentPage'}}}}}}
//! components:
//!   schemas:
//!     Agent: {type: object}
//!     AgentPage: {type: array, items: {$ref: '#/components/schemas/Agent'}}
//! ```

use std::collections::{HashMap, HashSet};

use super::walk::{self, Kind, Reach, Then};
use super::{Node, Pointer, operations, reference};
use crate::markers::{UNION, branches_of};

/// Whether a schema is sent or received. A change may break who sends a value, and not who receives it: a new required
/// property is an example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// It is sent: in a parameter or the body of a request.
    pub request: bool,
    /// It is received: in an answer.
    pub answer: bool,
}

impl Uses {
    /// Sent only.
    pub const REQUEST: Self = Self {
        request: true,
        answer: false,
    };
    /// Received only.
    pub const ANSWER: Self = Self {
        request: false,
        answer: true,
    };
    /// Both.
    pub const BOTH: Self = Self {
        request: true,
        answer: true,
    };

    /// Used as either of the two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            request: self.request || other.request,
            answer: self.answer || other.answer,
        }
    }

    /// Whether this has all uses that the other has.
    pub fn covers(self, other: Self) -> bool {
        self.and(other) == self
    }

    /// Whether an inline schema at this place is sent or received. `of_components` are the uses of components, which are those of
    /// what is in them. A component that no operation leads to may be either.
    pub fn at(at: &[String], of_components: &HashMap<String, Self>) -> Self {
        let at: Vec<&str> = at.iter().map(String::as_str).collect();
        match at.as_slice() {
            ["components", "schemas", name, ..] => {
                of_components.get(*name).copied().unwrap_or(Self::BOTH)
            }
            ["components", "responses", ..] | ["paths", _, _, "responses", ..] => Self::ANSWER,
            ["components", "requestBodies" | "parameters", ..]
            | ["paths", _, "parameters", ..]
            | ["paths", _, _, "requestBody" | "parameters", ..] => Self::REQUEST,
            _ => Self::BOTH,
        }
    }

    /// `request`, `answer` or `both`. `None` if it has neither use.
    pub fn name(self) -> Option<&'static str> {
        match (self.request, self.answer) {
            (true, true) => Some("both"),
            (true, false) => Some("request"),
            (false, true) => Some("answer"),
            (false, false) => None,
        }
    }
}

/// The uses of each component schema that any operation leads to. A component that no operation leads to is missing.
pub fn uses(document: &Node) -> HashMap<String, Uses> {
    let mut reach = Reached {
        document,
        seen: HashSet::new(),
        waiting: Vec::new(),
        uses: HashMap::new(),
    };
    for (at, operation) in operations(document) {
        let item = at.parent().and_then(|at| document.pointer(&at));
        for holder in item.into_iter().chain([operation]) {
            let listed = holder.get("parameters").and_then(Node::as_array);
            for parameter in listed.unwrap_or(&[]) {
                reach.within(parameter, Kind::Parameter, true);
            }
        }
        if let Some(body) = operation.get("requestBody") {
            reach.within(body, Kind::RequestBody, true);
        }
        let responses = operation.get("responses").and_then(Node::as_object);
        for (_, response) in responses.into_iter().flatten() {
            reach.within(&response.node, Kind::Response, false);
        }
    }
    while let Some((node, kind, is_request)) = reach.waiting.pop() {
        reach.within(node, kind, is_request);
    }
    reach.uses
}

/// What has been reached so far. What a reference leads to waits in a list: to call oneself for each would take as much stack as
/// references follow each other.
struct Reached<'a> {
    document: &'a Node,
    /// What references led to already, and in which direction.
    seen: HashSet<(Pointer, bool)>,
    waiting: Vec<(&'a Node, Kind, bool)>,
    uses: HashMap<String, Uses>,
}

impl<'a> Reached<'a> {
    /// Follows all references in an object of a description. The object itself may be a reference.
    fn within(&mut self, node: &'a Node, kind: Kind, is_request: bool) {
        walk::each_of(node, kind, Reach::V3_1, |node, place| {
            // Examples are data, and no stage follows a link.
            if matches!(place.kind, Kind::Link | Kind::Example) {
                return Then::Past;
            }
            let Some(at) = reference::text(node).and_then(reference::pointer) else {
                return Then::Within;
            };
            let Some(target) = self.document.pointer(&at) else {
                return Then::Within;
            };
            if self.seen.insert((at.clone(), is_request)) {
                if let [components, schemas, name] = at.0.as_slice()
                    && components == "components"
                    && schemas == "schemas"
                {
                    let uses = match is_request {
                        true => Uses::REQUEST,
                        false => Uses::ANSWER,
                    };
                    let before = self.uses.entry(name.clone()).or_default();
                    *before = before.and(uses);
                    // The arrange stage has moved its branches.
                    if target.get(UNION).is_some() {
                        self.branches(name, is_request);
                    }
                }
                self.waiting.push((target, place.kind, is_request));
            }
            // In OpenAPI 3.1, what stands next to a reference holds as well.
            Then::Within
        });
    }

    /// Follows the branches of a union that was set aside. They wait as well.
    fn branches(&mut self, union: &str, is_request: bool) {
        let at = Pointer(vec![
            "components".to_owned(),
            "schemas".to_owned(),
            branches_of(union),
        ]);
        if let Some(parts) = self.document.pointer(&at) {
            self.waiting.push((parts, Kind::Schema, is_request));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::Source;

    #[test]
    fn a_name_that_looks_like_data_is_a_name() {
        let text = "openapi: 3.0.3\npaths:\n  /a:\n    post:\n      requestBody: {$ref: '#/components/requestBodies/default'}\n      \
                    responses:\n        default: {content: {application/json: {schema: {properties: {example: {$ref: '#/components/schemas/A'}, \
                    default: {properties: {enum: {$ref: '#/components/schemas/B'}}}}, example: {$ref: '#/components/schemas/D'}}}}}\n\
                    components:\n  requestBodies: {default: {content: {application/json: {schema: {$ref: '#/components/schemas/C'}}}}}\n  \
                    schemas: {A: {}, B: {}, C: {items: {$ref: '#/components/schemas/A'}}, D: {}}\n";
        let document = crate::load::parse(&Source::new("d.yaml", text)).unwrap();
        let mut found: Vec<_> = uses(&document).into_iter().collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(
            found,
            [
                ("A".to_owned(), Uses::BOTH),
                ("B".to_owned(), Uses::ANSWER),
                ("C".to_owned(), Uses::REQUEST),
            ]
        );
    }
}
