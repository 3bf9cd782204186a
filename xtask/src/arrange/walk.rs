//! Every schema of a description, to change it.

use super::schema::{items_mut, member_mut, members_mut};
use crate::openapi::{Node, Value};

/// Deeper than any file that was read is nested.
const DEPTH: usize = 200;

/// Where a schema stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Among the components, under a name.
    Component,
    /// It is a branch of a schema that is put together of several, or what one must not be.
    Branch,
    /// Elsewhere.
    Inline,
}

/// Gives each schema to `visit`, with the way to it, and then those within it as they are afterwards.
pub(super) fn each_schema(document: &mut Node, visit: impl FnMut(&mut Node, Place, &[String])) {
    let mut walk = Walk {
        visit,
        at: Vec::new(),
    };
    walk.outside(document);
}

struct Walk<F> {
    visit: F,
    at: Vec<String>,
}

impl<F: FnMut(&mut Node, Place, &[String])> Walk<F> {
    fn under(&mut self, key: impl ToString, work: impl FnOnce(&mut Self)) {
        if self.at.len() > DEPTH {
            return;
        }
        self.at.push(key.to_string());
        work(self);
        self.at.pop();
    }

    fn outside(&mut self, node: &mut Node) {
        match &mut node.value {
            Value::Object(members) => {
                for (key, entry) in members {
                    let node = &mut entry.node;
                    self.under(key, |this| match key.as_str() {
                        "schema" => this.schema(node, Place::Inline),
                        "schemas" => this.all(node, |this, it| this.schema(it, Place::Component)),
                        "example" | "examples" | "default" => {}
                        // A response may be the default.
                        "responses" => this.all(node, Self::outside),
                        key if key.starts_with("x-") => {}
                        _ => this.outside(node),
                    });
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.under(index, |this| this.outside(item));
                }
            }
            _ => {}
        }
    }

    fn all(&mut self, node: &mut Node, work: impl Fn(&mut Self, &mut Node)) {
        for (key, entry) in members_mut(node).into_iter().flatten() {
            self.under(key, |this| work(this, &mut entry.node));
        }
    }

    fn schema(&mut self, schema: &mut Node, place: Place) {
        if schema.as_object().is_none() {
            return;
        }
        (self.visit)(schema, place, &self.at);
        if let Some(properties) = member_mut(schema, "properties") {
            self.under("properties", |this| {
                this.all(properties, |this, it| this.schema(it, Place::Inline));
            });
        }
        for (keyword, place) in [
            ("items", Place::Inline),
            ("additionalProperties", Place::Inline),
            ("not", Place::Branch),
        ] {
            if let Some(inner) = member_mut(schema, keyword) {
                self.under(keyword, |this| this.schema(inner, place));
            }
        }
        for keyword in ["oneOf", "anyOf", "allOf"] {
            self.under(keyword, |this| {
                let branches = items_mut(member_mut(schema, keyword));
                for (index, branch) in branches.iter_mut().enumerate() {
                    this.under(index, |this| this.schema(branch, Place::Branch));
                }
            });
        }
    }
}
