//! Going through a description: which member holds what.
//!
//! One table says, for each kind of object in OpenAPI, which members hold which others. Everything else in a
//! description is a text, a number, an extension or data of the service, and no stage looks into that: an example may
//! hold an object with the key `$ref` or `schema` that has no meaning.
//!
//! The table knows more than progenitor looks at. [`Reach`] says how much of it a walk is about.
//!
//! For this description, a walk visits the objects that the comments name:
//!
//! ```yaml
//!                                  # Description
//! paths:
//!   /agents:                       # PathItem
//!     get:                         # Operation
//!       responses:
//!         '200':                   # Response
//!           content:
//!             application/json:    # MediaType
//!               schema:            # Schema, Inline
//!                 properties:
//!                   example: {}    # Schema, Inline: here, `example` is a name
//!                 example: {a: 1}  # not visited: here, it is a keyword, and its value is data
//! components:
//!   schemas:
//!     Agent: {not: {}}             # Schema, Component; then Schema, Branch
//! ```

use super::limits::WALK;
use super::{METHODS, Node, Pointer, Value};
use crate::markers::is_extension;

/// What an object of a description is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The description itself.
    Description,
    /// `components`.
    Components,
    /// What stands under a path.
    PathItem,
    /// What stands under a method.
    Operation,
    /// A parameter.
    Parameter,
    /// A header of a response, or of a part of a form.
    Header,
    /// A request body.
    RequestBody,
    /// A response.
    Response,
    /// What stands under a media type.
    MediaType,
    /// How a part of a form is written.
    Encoding,
    /// A schema.
    Schema,
    /// A map from expressions to path items.
    Callback,
    /// An example that has a name.
    Example,
    /// A link.
    Link,
    /// A way to be let in.
    SecurityScheme,
}

impl Kind {
    /// The part of `components` that holds these under names. `None` for what has no names.
    pub fn components(self) -> Option<&'static str> {
        Some(match self {
            Self::Schema => "schemas",
            Self::Parameter => "parameters",
            Self::Header => "headers",
            Self::RequestBody => "requestBodies",
            Self::Response => "responses",
            Self::Callback => "callbacks",
            Self::Example => "examples",
            Self::Link => "links",
            Self::SecurityScheme => "securitySchemes",
            Self::PathItem => "pathItems",
            _ => return None,
        })
    }
}

impl Kind {
    /// What stands under names in this part of `components`.
    pub fn of_components(part: &str) -> Option<Self> {
        match row(Self::Components, part)?.0 {
            Holds::Named(kind) => Some(kind),
            _ => None,
        }
    }
}

/// How a member holds others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// It is one.
    One(Kind),
    /// It is a list of them.
    List(Kind),
    /// It is an object that has them under names, whatever those are.
    Named(Kind),
    /// The same, and a name that begins as an extension does is one. Paths, statuses and expressions do not.
    Keyed(Kind),
}

/// How much of a description a walk is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// What progenitor looks at. Not headers, callbacks and `encoding`, nor the `content` of a parameter.
    Generated,
    /// All that OpenAPI 3.0 has.
    V3_0,
    /// With what OpenAPI 3.1 adds.
    V3_1,
}

/// What a member of an object of this kind holds, and from which reach on. `None` if it holds no others.
///
/// This is the only place that knows the structure of OpenAPI. A kind of object that is missing here is seen by no lint, and
/// not lowered, arranged or compared.
fn row(kind: Kind, key: &str) -> Option<(Holds, Reach)> {
    use Holds::{Keyed, List, Named, One};
    use Reach::{Generated, V3_0, V3_1};
    Some(match (kind, key) {
        (Kind::Description, "paths") => (Keyed(Kind::PathItem), Generated),
        (Kind::Description, "webhooks") => (Named(Kind::PathItem), V3_1),
        (Kind::Description, "components") => (One(Kind::Components), Generated),

        (Kind::Components, "schemas") => (Named(Kind::Schema), Generated),
        (Kind::Components, "parameters") => (Named(Kind::Parameter), Generated),
        (Kind::Components, "requestBodies") => (Named(Kind::RequestBody), Generated),
        (Kind::Components, "responses") => (Named(Kind::Response), Generated),
        (Kind::Components, "headers") => (Named(Kind::Header), V3_0),
        (Kind::Components, "callbacks") => (Named(Kind::Callback), V3_0),
        (Kind::Components, "examples") => (Named(Kind::Example), V3_0),
        (Kind::Components, "links") => (Named(Kind::Link), V3_0),
        (Kind::Components, "securitySchemes") => (Named(Kind::SecurityScheme), V3_0),
        (Kind::Components, "pathItems") => (Named(Kind::PathItem), V3_1),

        (Kind::PathItem | Kind::Operation, "parameters") => (List(Kind::Parameter), Generated),
        (Kind::PathItem, method) if METHODS.contains(&method) => (One(Kind::Operation), Generated),
        (Kind::Operation, "requestBody") => (One(Kind::RequestBody), Generated),
        (Kind::Operation, "responses") => (Keyed(Kind::Response), Generated),
        (Kind::Operation, "callbacks") => (Named(Kind::Callback), V3_0),

        (Kind::Parameter, "schema") => (One(Kind::Schema), Generated),
        (Kind::Header, "schema") => (One(Kind::Schema), V3_0),
        (Kind::Parameter | Kind::Header, "content") => (Named(Kind::MediaType), V3_0),
        (Kind::RequestBody | Kind::Response, "content") => (Named(Kind::MediaType), Generated),
        (Kind::Response | Kind::Encoding, "headers") => (Named(Kind::Header), V3_0),
        (Kind::Response, "links") => (Named(Kind::Link), V3_0),
        (Kind::MediaType, "schema") => (One(Kind::Schema), Generated),
        (Kind::MediaType, "encoding") => (Named(Kind::Encoding), V3_0),
        (Kind::Parameter | Kind::Header | Kind::MediaType, "examples") => {
            (Named(Kind::Example), V3_0)
        }

        (Kind::Schema, "properties") => (Named(Kind::Schema), Generated),
        (Kind::Schema, "items" | "additionalProperties" | "not") => (One(Kind::Schema), Generated),
        (Kind::Schema, "oneOf" | "anyOf" | "allOf") => (List(Kind::Schema), Generated),
        (Kind::Schema, "prefixItems") => (List(Kind::Schema), V3_1),
        (
            Kind::Schema,
            "if"
            | "then"
            | "else"
            | "contains"
            | "propertyNames"
            | "unevaluatedProperties"
            | "unevaluatedItems"
            | "contentSchema",
        ) => (One(Kind::Schema), V3_1),
        (Kind::Schema, "patternProperties" | "dependentSchemas" | "$defs") => {
            (Named(Kind::Schema), V3_1)
        }
        _ => return None,
    })
}

/// What a member of an object of this kind holds. `None` if it holds none of these, or none that this reach is about.
pub fn holds(kind: Kind, key: &str, reach: Reach) -> Option<Holds> {
    // Each key of a callback is an expression, so no member is known by its name. The walks deal with those.
    if kind == Kind::Callback {
        return None;
    }
    let (holds, from) = row(kind, key)?;
    (from <= reach).then_some(holds)
}

/// The role of a schema in its place. Rules differ by it: the title of an inline schema would name its type, for example, and the
/// title of a component does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// It is a component: it stands under a name.
    Component,
    /// It is one of those that another schema is put together of, or what another must not be.
    Branch,
    /// Whatever else.
    Inline,
}

/// Where a walk is.
#[derive(Clone, Copy, Debug)]
pub struct Place<'w> {
    /// What stands there.
    pub kind: Kind,
    /// What it is for.
    pub position: Position,
    /// The way to it from the description.
    pub at: &'w [String],
}

impl Place<'_> {
    /// The way to it, to keep.
    pub fn pointer(&self) -> Pointer {
        Pointer(self.at.to_vec())
    }
}

/// Whether a walk goes on to what an object holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It does.
    Within,
    /// It goes on with what comes after the object.
    Past,
}

/// What members of an object of this kind are, where they stand under `key`.
fn position(kind: Kind, key: &str) -> Position {
    match (kind, key) {
        (Kind::Components, _) => Position::Component,
        (Kind::Schema, "not" | "oneOf" | "anyOf" | "allOf") => Position::Branch,
        _ => Position::Inline,
    }
}

/// Gives each object to `visit`, in the order of the file. An object comes before those that it holds. References are not
/// followed: what they lead to is visited in its own place.
pub fn each<'a>(document: &'a Node, reach: Reach, visit: impl FnMut(&'a Node, Place<'_>) -> Then) {
    each_of(document, Kind::Description, reach, visit);
}

/// As [`each`], of an object that is not the description.
pub fn each_of<'a>(
    node: &'a Node,
    kind: Kind,
    reach: Reach,
    mut visit: impl FnMut(&'a Node, Place<'_>) -> Then,
) {
    step(
        node,
        kind,
        Position::Inline,
        reach,
        &mut Vec::new(),
        &mut visit,
    );
}

/// One object, and then those that it holds.
fn step<'a>(
    node: &'a Node,
    kind: Kind,
    position: Position,
    reach: Reach,
    at: &mut Vec<String>,
    visit: &mut impl FnMut(&'a Node, Place<'_>) -> Then,
) {
    if at.len() > WALK || visit(node, Place { kind, position, at }) == Then::Past {
        return;
    }
    let mut under = |key: &str, node, kind, position, at: &mut Vec<String>| {
        at.push(key.to_owned());
        step(node, kind, position, reach, at, visit);
        at.pop();
    };
    for (key, entry) in node.as_object().into_iter().flatten() {
        let position = self::position(kind, key);
        if kind == Kind::Callback {
            if !is_extension(key) {
                under(key, &entry.node, Kind::PathItem, position, at);
            }
            continue;
        }
        let Some(holds) = holds(kind, key, reach) else {
            continue;
        };
        if let Holds::One(kind) = holds {
            under(key, &entry.node, kind, position, at);
            continue;
        }
        at.push(key.clone());
        match (&entry.node.value, holds) {
            (Value::Array(items), Holds::List(kind)) => {
                for (index, item) in items.iter().enumerate() {
                    under(&index.to_string(), item, kind, position, at);
                }
            }
            (Value::Object(members), Holds::Named(kind) | Holds::Keyed(kind)) => {
                for (name, entry) in members {
                    if matches!(holds, Holds::Named(_)) || !is_extension(name) {
                        under(name, &entry.node, kind, position, at);
                    }
                }
            }
            _ => {}
        }
        at.pop();
    }
}

/// As [`each`], to change the objects. The walk goes on with what an object holds after the change.
pub fn each_mut(
    document: &mut Node,
    reach: Reach,
    mut visit: impl FnMut(&mut Node, Place<'_>) -> Then,
) {
    let at = &mut Vec::new();
    step_mut(
        document,
        Kind::Description,
        Position::Inline,
        reach,
        at,
        &mut visit,
    );
}

/// As [`each_mut`], of an object that is not the description.
pub fn each_mut_of(
    node: &mut Node,
    kind: Kind,
    reach: Reach,
    mut visit: impl FnMut(&mut Node, Place<'_>) -> Then,
) {
    step_mut(
        node,
        kind,
        Position::Inline,
        reach,
        &mut Vec::new(),
        &mut visit,
    );
}

/// As [`step`]. Rust has no way to write both at once.
fn step_mut(
    node: &mut Node,
    kind: Kind,
    position: Position,
    reach: Reach,
    at: &mut Vec<String>,
    visit: &mut impl FnMut(&mut Node, Place<'_>) -> Then,
) {
    if at.len() > WALK || visit(node, Place { kind, position, at }) == Then::Past {
        return;
    }
    let Value::Object(members) = &mut node.value else {
        return;
    };
    let mut under = |key: &str, node: &mut Node, kind, position, at: &mut Vec<String>| {
        at.push(key.to_owned());
        step_mut(node, kind, position, reach, at, visit);
        at.pop();
    };
    for (key, entry) in members {
        let position = self::position(kind, key);
        if kind == Kind::Callback {
            if !is_extension(key) {
                under(key, &mut entry.node, Kind::PathItem, position, at);
            }
            continue;
        }
        let Some(holds) = holds(kind, key, reach) else {
            continue;
        };
        if let Holds::One(kind) = holds {
            under(key, &mut entry.node, kind, position, at);
            continue;
        }
        at.push(key.clone());
        match (&mut entry.node.value, holds) {
            (Value::Array(items), Holds::List(kind)) => {
                for (index, item) in items.iter_mut().enumerate() {
                    under(&index.to_string(), item, kind, position, at);
                }
            }
            (Value::Object(members), Holds::Named(kind) | Holds::Keyed(kind)) => {
                for (name, entry) in members {
                    if matches!(holds, Holds::Named(_)) || !is_extension(name) {
                        under(name, &mut entry.node, kind, position, at);
                    }
                }
            }
            _ => {}
        }
        at.pop();
    }
}

/// Gives each schema that the generator might see to `visit`, wherever OpenAPI 3.0 has one, and then those within it as
/// they are afterwards.
pub fn each_schema_mut(document: &mut Node, mut visit: impl FnMut(&mut Node, Position, &[String])) {
    each_mut(document, Reach::V3_0, |node, place| {
        if place.kind != Kind::Schema {
            return Then::Within;
        }
        if node.as_object().is_none() {
            return Then::Past;
        }
        visit(node, place.position, place.at);
        Then::Within
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::Source;

    fn read(text: &str) -> Node {
        crate::load::parse(&Source::new("d.yaml", text)).unwrap()
    }

    fn schemas(text: &str, reach: Reach) -> Vec<String> {
        let mut found = Vec::new();
        each(&read(text), reach, |_, place| {
            if place.kind == Kind::Schema {
                found.push(format!("{:?} {}", place.position, place.at.join("/")));
            }
            Then::Within
        });
        found
    }

    #[test]
    fn names_that_look_like_keywords_are_names() {
        let text = "components:\n  schemas:\n    default: {properties: {example: {properties: {not: {not: {}}}}, \
                    properties: {not: {}}, x-a: {}, enum: {oneOf: [{}]}}}\n    not: {}\n    example: {default: {properties: {a: {}}}}\n  \
                    parameters: {default: {schema: {}}, example: {schema: {}}}\n";
        assert_eq!(
            schemas(text, Reach::Generated),
            [
                "Component components/schemas/default",
                "Inline components/schemas/default/properties/example",
                "Inline components/schemas/default/properties/example/properties/not",
                "Branch components/schemas/default/properties/example/properties/not/not",
                "Inline components/schemas/default/properties/properties",
                "Branch components/schemas/default/properties/properties/not",
                "Inline components/schemas/default/properties/x-a",
                "Inline components/schemas/default/properties/enum",
                "Branch components/schemas/default/properties/enum/oneOf/0",
                "Component components/schemas/not",
                "Component components/schemas/example",
                "Inline components/parameters/default/schema",
                "Inline components/parameters/example/schema",
            ]
        );
    }

    #[test]
    fn a_walk_goes_as_far_as_its_reach() {
        let text = "paths: {/a: {get: {parameters: [{schema: {}, content: {a/b: {schema: {}}}}], \
                    callbacks: {on: {x-e: {post: {parameters: [{schema: {}}]}}, e: {post: {requestBody: {content: {a/b: {schema: {}}}}}}}}, \
                    responses: {x-r: {content: {a/b: {schema: {}}}}, default: {headers: {H: {schema: {}}}, content: {a/b: {schema: {prefixItems: [{}]}}}}}}}, \
                    x-p: {get: {parameters: [{schema: {}}]}}}\nwebhooks: {w: {post: {parameters: [{schema: {}}]}}}\n";
        let generated = [
            "Inline paths//a/get/parameters/0/schema",
            "Inline paths//a/get/responses/default/content/a/b/schema",
        ];
        assert_eq!(schemas(text, Reach::Generated), generated);
        assert_eq!(
            schemas(text, Reach::V3_0),
            [
                generated[0],
                "Inline paths//a/get/parameters/0/content/a/b/schema",
                "Inline paths//a/get/callbacks/on/e/post/requestBody/content/a/b/schema",
                "Inline paths//a/get/responses/default/headers/H/schema",
                generated[1],
            ]
        );
        let newer = schemas(text, Reach::V3_1);
        assert_eq!(newer.len(), 7, "{newer:?}");
    }

    #[test]
    fn both_walks_go_the_same_way() {
        let wide = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/wide.yaml");
        let mut wide = crate::load::load(wide.as_ref()).unwrap();
        for reach in [Reach::Generated, Reach::V3_0, Reach::V3_1] {
            let (mut one, mut other) = (Vec::new(), Vec::new());
            each(&wide, reach, |_, place| {
                one.push((place.kind, place.position, place.pointer()));
                Then::Within
            });
            each_mut(&mut wide, reach, |_, place| {
                other.push((place.kind, place.position, place.pointer()));
                Then::Within
            });
            assert_eq!(one, other);
            assert!(one.len() > 100);
        }
    }
}
