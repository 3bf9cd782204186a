//! Lists that come in pages: what the marker `x-codegen-pages` of the overlay says, and whether the description fits.
//!
//! ```yaml
//! x-codegen-pages: after            # the short form of {next: {after: last}}
//! ```
//!
//! ```yaml
//! x-codegen-pages:
//!   items: /files                   # where the answer has its items. Left out: the answer is the list
//!   id: /id                         # where an item has its ID. '' if it is its own. Left out: /id
//!   parts: true                     # several items in a row may have one ID
//!   more: /has_more                 # where the answer says whether more follows
//!   next: {cursor: /next_cursor}    # the parameter of the query that leads on, and from what it is filled
//! ```
//!
//! A parameter is filled from `last` or `first` (the ID of that item of the page), `count` (the number of items so far), or a member of
//! the answer. If that depends on the order that was asked for, the marker names the parameter, and `next` has an entry for each of its values:
//!
//! ```yaml
//! x-codegen-pages:
//!   order: order
//!   next: {asc: {after: last}, desc: {before: first}}
//! ```
//!
//! A list whose pages cannot be told apart comes as one page: `whole: {limit: 1000}` in place of `next`.

use super::schema::{self, flag, members};
use super::{Node, Pointer, reference};
use crate::markers::{DEFAULT_ORDER, PAGES, UNION, branches_of};
use crate::openapi::media_types::is_json;

/// Parameters of the query that begin or end a page in most services.
pub const CURSORS: [&str; 4] = ["after", "before", "cursor", "offset"];

/// How the pages of a list follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    /// Where the answer has its items.
    pub items: Pointer,
    /// Where an item has its ID.
    pub id: Pointer,
    /// Whether several items in a row may have one ID.
    pub parts: bool,
    /// Where the answer says whether more follows.
    pub more: Option<Pointer>,
    /// The parameter of the query that says the order.
    pub order: Option<String>,
    /// What holds if that is left out, as [`DEFAULT_ORDER`] says.
    pub default_order: Option<String>,
    /// What leads to the next page, by the order. Empty if the list comes as one page.
    pub moves: Vec<Move>,
    /// The parameter that limits a list which comes as one page, and its value.
    pub whole: Option<(String, u32)>,
}

/// What leads to the next page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The order for which this is so. Empty if it is so for all.
    pub order: String,
    /// The parameter of the query.
    pub parameter: String,
    /// From what it is filled.
    pub from: Fill,
}

/// From what a parameter is filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fill {
    /// The ID of the last item of a page.
    Last,
    /// The ID of the first item of a page.
    First,
    /// The number of items so far.
    Count,
    /// A member of the answer.
    Answer(Pointer),
}

/// What is wrong with a marker: a sentence that begins with "it", and what to write.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// For example, "names `afetr`, which is not a parameter of the query".
    pub what: String,
    /// What to do about it.
    pub help: String,
}

/// The forms of the marker.
const FORMS: &str = "write `after` for a parameter that gets the last ID of a page; or an object with `next: {after: last}`, and if needed `items`, `id`, `parts`, `more` and `order`; or `whole: {limit: 1000}` for a list that comes as one page";

fn wrong(what: impl Into<String>, help: impl Into<String>) -> Problem {
    Problem {
        what: what.into(),
        help: help.into(),
    }
}

impl Pages {
    /// Reads the marker of an operation, if it has one that is right in itself.
    pub fn of(operation: &Node) -> Option<Self> {
        let default_order = operation.get(DEFAULT_ORDER).and_then(Node::as_str);
        Some(Self {
            default_order: default_order.map(str::to_owned),
            ..Self::read(operation.get(PAGES)?).ok()?
        })
    }

    /// Reads a marker.
    ///
    /// # Errors
    ///
    /// It does not have one of the forms.
    pub fn read(marker: &Node) -> Result<Self, Problem> {
        let mut pages = Self {
            items: Pointer::default(),
            id: Pointer::default().join("id"),
            parts: false,
            more: None,
            order: None,
            default_order: None,
            moves: Vec::new(),
            whole: None,
        };
        if let Some(parameter) = marker.as_str() {
            pages.moves.push(Move {
                order: String::new(),
                parameter: parameter.to_owned(),
                from: Fill::Last,
            });
            return Ok(pages);
        }
        let Some(members) = marker.as_object() else {
            return Err(wrong(format!("is {}", marker.value.kind()), FORMS));
        };
        let mut next = None;
        for (key, entry) in members {
            let value = &entry.node;
            match key.as_str() {
                "items" => pages.items = pointer(key, value)?,
                "id" => pages.id = pointer(key, value)?,
                "more" => pages.more = Some(pointer(key, value)?),
                "parts" => {
                    let parts = value.as_bool();
                    let is_bool = parts.ok_or_else(|| {
                        wrong("has a `parts` that is not a boolean", "write `parts: true`")
                    });
                    pages.parts = is_bool?;
                }
                "order" => {
                    let order = value.as_str().ok_or_else(|| {
                        let what = "has an `order` that is not a text";
                        wrong(what, "write the name of the parameter that says the order")
                    });
                    pages.order = Some(order?.to_owned());
                }
                "next" => next = Some(value),
                "whole" => pages.whole = Some(whole(value)?),
                _ => return Err(wrong(format!("has an unknown member `{key}`"), FORMS)),
            }
        }
        match (next, &pages.whole) {
            (Some(next), None) => pages.moves = moves(next, pages.order.is_some())?,
            (None, Some(_)) if pages.order.is_none() => {}
            (None, Some(_)) => {
                let what = "has an `order`, which leads nowhere in a list that comes as one page";
                return Err(wrong(what, "remove one of the two"));
            }
            (Some(_), Some(_)) => {
                let what = "has both `next` and `whole`";
                return Err(wrong(what, "remove one of the two"));
            }
            (None, None) => return Err(wrong("has no `next`", FORMS)),
        }
        Ok(pages)
    }

    /// The type of the items, and whether the description fits: parameters, answers and items.
    ///
    /// # Errors
    ///
    /// The first thing that does not fit. `parameters` are those of the query, each with its name.
    pub fn check(
        &self,
        document: &Node,
        operation: &Node,
        parameters: &[(&str, &Node)],
    ) -> Result<(), Problem> {
        if operation.get("requestBody").is_some() {
            let what = "is on an operation with a request body";
            return Err(wrong(
                what,
                "remove the marker: pages are asked for without a body",
            ));
        }
        let answer = self::answer(document, operation)?;
        let items = self.items(document, answer)?;
        if !self.has_ids(document, items) {
            let what = match self.id.0.as_slice() {
                [] => "takes items for their own IDs, and they are not texts or numbers".to_owned(),
                _ => format!(
                    "looks for the ID of an item at `{}`, and items have no text or number there",
                    shown(&self.id)
                ),
            };
            let help = "write the place within an item, as in `id: /id`, or `id: ''` if an item is its own ID";
            return Err(wrong(what, help));
        }
        let has_flag = |at: &Pointer| is_kind(document, answer, &at.0, &["boolean"]);
        if let Some(more) = self.more.as_ref().filter(|more| !has_flag(more)) {
            let what = format!(
                "names `{}` as the flag for more pages, and answers have no boolean there",
                shown(more)
            );
            let help = "write the place within the answer, as in `more: /has_more`, or remove it";
            return Err(wrong(what, help));
        }
        for step in &self.moves {
            let kinds: &[&str] = match step.from {
                Fill::Last | Fill::First | Fill::Answer(_) => &["string"],
                Fill::Count => &["integer", "number"],
            };
            parameter(document, parameters, &step.parameter, kinds)?;
            if let Fill::Answer(at) = &step.from
                && !is_kind(document, answer, &at.0, &["string", "integer"])
            {
                let what = format!(
                    "fills `{}` from `{}`, and answers have no text or number there",
                    step.parameter,
                    shown(at)
                );
                let help = "write the place within the answer, as in `next: {cursor: /next_cursor}`; or `last`, `first` or `count`";
                return Err(wrong(what, help));
            }
        }
        if let Some((limit, _)) = &self.whole {
            parameter(
                document,
                parameters,
                limit,
                &["integer", "number", "string"],
            )?;
        }
        self.check_order(document, operation, parameters)
    }

    fn check_order(
        &self,
        document: &Node,
        operation: &Node,
        parameters: &[(&str, &Node)],
    ) -> Result<(), Problem> {
        let Some(order) = &self.order else {
            return Ok(());
        };
        let schema = parameter(document, parameters, order, &["string", "boolean"])?;
        let values = orders(document, schema);
        let named: Vec<&str> = self.moves.iter().map(|it| it.order.as_str()).collect();
        let missing = values.iter().find(|it| !named.contains(it));
        let unknown = named.iter().find(|it| !values.contains(it));
        let what = match (missing, unknown) {
            _ if values.is_empty() => format!(
                "names `{order}` as the parameter for the order, and its values are not documented"
            ),
            (_, Some(unknown)) => {
                format!("has a rule for the order `{unknown}`, which `{order}` cannot be")
            }
            (Some(missing), None) => format!("has no rule for the order `{missing}`"),
            (None, None) if operation.get(DEFAULT_ORDER).is_none() => format!(
                "names `{order}` as the parameter for the order, and the description does not say what holds without it"
            ),
            (None, None) => return Ok(()),
        };
        let help = match values.is_empty() || missing.is_none() && unknown.is_none() {
            true => "leave out `order`, and write one rule for all orders; or correct the parameter with an overlay action".to_owned(),
            false => format!("write a rule for each of `{}`", values.join("`, `")),
        };
        Err(wrong(what, help))
    }

    /// The schema of the items of an answer.
    fn items<'a>(&self, document: &'a Node, answer: &'a Node) -> Result<&'a Node, Problem> {
        let at = shown(&self.items);
        let list = self.items.0.iter().try_fold(answer, |node, name| {
            let (property, is_required) = property(document, node, name)?;
            let is_list = is_list(document, property);
            (!is_null(document, property) && (is_required || is_list)).then_some(property)
        });
        let list = list.map(|list| reference::last(document, schema::unwrapped(list)));
        let list = list.filter(|list| is_list(document, list) && !is_null(document, list));
        let items = list.and_then(|list| schema::get(list, "items"));
        items.ok_or_else(|| {
            let what = match at.as_str() {
                "" => "takes the answer for a list, and it is none".to_owned(),
                at => format!("looks for items at `{at}`, and not every answer has a list there"),
            };
            let help = "write the place within the answer, as in `items: /files`. It leads through required members to an array that is not null";
            wrong(what, help)
        })
    }

    fn has_ids(&self, document: &Node, items: &Node) -> bool {
        is_kind(document, items, &self.id.0, &["string", "integer"])
    }
}

/// What the service takes for a parameter that is left out.
pub(crate) fn default(document: &Node, parameter: &Node) -> Option<String> {
    let default = schema::get(reference::last(document, parameter), "default")?;
    let text = default.as_str().map(str::to_owned);
    text.or_else(|| default.as_bool().map(|it| it.to_string()))
}

/// The values that a parameter for the order may have.
fn orders<'a>(document: &'a Node, parameter: &'a Node) -> Vec<&'a str> {
    let schema = reference::last(document, parameter);
    let schema = reference::last(document, schema::unwrapped(schema));
    match schema::text(schema, "type") {
        Some("boolean") => vec!["true", "false"],
        _ => schema::texts(schema).unwrap_or_default(),
    }
}

fn whole(value: &Node) -> Result<(String, u32), Problem> {
    let found = value.as_object().and_then(|members| {
        let [(name, entry)] = members.iter().collect::<Vec<_>>()[..] else {
            return None;
        };
        let limit = entry.node.to_json().as_u64()?;
        let limit = u32::try_from(limit).ok().filter(|limit| *limit > 0)?;
        Some((name.clone(), limit))
    });
    found.ok_or_else(|| {
        let help = "write the parameter that limits the page, and a number from 1, as in `whole: {limit: 1000}`";
        wrong("has a `whole` that is not a parameter with a number", help)
    })
}

/// Reads `next`: one move, or one for each order.
fn moves(next: &Node, by_order: bool) -> Result<Vec<Move>, Problem> {
    let one = "write one parameter and what it is filled from: `last`, `first`, `count`, or a place within the answer such as `/next_cursor`";
    let members = next.as_object().filter(|it| !it.is_empty());
    let members = members.ok_or_else(|| wrong("has a `next` that is not an object", one))?;
    if !by_order {
        let is_nested = members.values().any(|it| it.node.as_object().is_some());
        if is_nested {
            let what = "has a `next` for each order, and does not say which parameter is the order";
            return Err(wrong(
                what,
                "add `order: order`, with the name of the parameter",
            ));
        }
        return Ok(vec![one_move("", next, one)?]);
    }
    members
        .iter()
        .map(|(order, entry)| match entry.node.as_object() {
            Some(_) => one_move(order, &entry.node, one),
            None => {
                let what = format!("has a `next` for the order `{order}` that is not an object");
                let help = "write a rule for each order, as in `next: {asc: {after: last}, desc: {before: first}}`, or remove `order`";
                Err(wrong(what, help))
            }
        })
        .collect()
}

fn one_move(order: &str, node: &Node, help: &str) -> Result<Move, Problem> {
    let members: Vec<_> = node.as_object().into_iter().flatten().collect();
    let [(parameter, entry)] = members[..] else {
        return Err(wrong("has a `next` with several parameters", help));
    };
    let from = match entry.node.as_str() {
        Some("last") => Fill::Last,
        Some("first") => Fill::First,
        Some("count") => Fill::Count,
        Some(place) if place.starts_with('/') => Fill::Answer(pointer("next", &entry.node)?),
        _ => {
            let what = format!("does not say from what `{parameter}` is filled");
            return Err(wrong(what, help));
        }
    };
    Ok(Move {
        order: order.to_owned(),
        parameter: parameter.clone(),
        from,
    })
}

fn pointer(key: &str, value: &Node) -> Result<Pointer, Problem> {
    let text = value.as_str().filter(|it| !it.starts_with('#'));
    text.and_then(Pointer::parse).ok_or_else(|| {
        let what = format!("has a `{key}` that is not a JSON pointer");
        wrong(what, "write one, as in `/files`")
    })
}

/// A pointer as the marker has it.
fn shown(pointer: &Pointer) -> String {
    pointer.to_string().trim_start_matches('#').to_owned()
}

/// The schema of a parameter of the query, which is of one of these kinds.
fn parameter<'a>(
    document: &'a Node,
    parameters: &[(&str, &'a Node)],
    name: &str,
    kinds: &[&str],
) -> Result<&'a Node, Problem> {
    let Some((_, node)) = parameters.iter().find(|(it, _)| *it == name) else {
        let what = format!("names `{name}`, which is not a parameter of the query");
        let names: Vec<&str> = parameters.iter().map(|(name, _)| *name).collect();
        let help = match names.as_slice() {
            [] => "remove the marker: the query has no parameters".to_owned(),
            names => format!("write one of `{}`", names.join("`, `")),
        };
        return Err(wrong(what, help));
    };
    let schema = schema::get(node, "schema");
    let schema = schema.filter(|schema| is_kind(document, schema, &[], kinds));
    schema.ok_or_else(|| {
        let what = format!(
            "names the parameter `{name}`, whose type is not `{}`",
            kinds.join("` or `")
        );
        wrong(
            what,
            "write another, or correct its schema with an overlay action",
        )
    })
}

/// The schema of the JSON that an operation answers with.
fn answer<'a>(document: &'a Node, operation: &'a Node) -> Result<&'a Node, Problem> {
    let responses = operation.get("responses").and_then(Node::as_object);
    let successes = responses
        .into_iter()
        .flatten()
        .filter(|(status, _)| status.starts_with('2'));
    let mut schemas: Vec<&Node> = Vec::new();
    for (_, entry) in successes {
        let response = reference::last(document, &entry.node);
        let content = response.get("content").and_then(Node::as_object);
        for (media_type, entry) in content.into_iter().flatten() {
            if is_json(media_type) {
                schemas.extend(schema::get(&entry.node, "schema"));
            }
        }
    }
    let [schema] = schemas[..] else {
        let what = "is on an operation that does not answer with one kind of JSON";
        return Err(wrong(what, "remove the marker"));
    };
    Ok(reference::last(document, schema))
}

/// Whether this schema, or what these members lead to in it, is always or sometimes of one of these kinds. In a union, each branch that
/// is an object has it.
fn is_kind(document: &Node, schema: &Node, path: &[String], kinds: &[&str]) -> bool {
    // A description may refer to itself, and not deeper than this without members.
    fn is(document: &Node, schema: &Node, path: &[String], kinds: &[&str], depth: usize) -> bool {
        if depth == 0 {
            return false;
        }
        let name = schema::reference(schema);
        let schema = reference::last(document, schema);
        let of_branch = |branch: &Node| is(document, branch, path, kinds, depth - 1);
        if let (Some(_), Some(name)) = (schema.get(UNION), name) {
            let at = reference::place_of("schemas", &branches_of(name));
            let branches = document.pointer(&at);
            let mut branches = branches
                .into_iter()
                .flat_map(|it| members(it, "properties"));
            return branches.all(|(_, branch)| of_branch(branch));
        }
        if let Some((_, branches)) = schema::alternatives(schema) {
            return branches.iter().all(of_branch);
        }
        match path {
            [] => reference::merged(document, schema).iter().any(|part| {
                let kind = schema::text(part, "type");
                kind.is_some_and(|it| kinds.contains(&it))
                    || schema::reference(part).is_some() && of_branch(part)
            }),
            [first, rest @ ..] => property(document, schema, first)
                .is_some_and(|(it, _)| is(document, it, rest, kinds, depth - 1)),
        }
    }
    is(document, schema, path, kinds, 16)
}

/// A property of an object, with those that are merged into it, and whether it is required.
fn property<'a>(document: &'a Node, object: &'a Node, name: &str) -> Option<(&'a Node, bool)> {
    let parts = reference::merged(document, reference::last(document, object));
    let mut all = parts.iter().flat_map(|part| members(part, "properties"));
    let (_, found) = all.find(|(key, _)| *key == name)?;
    let is_required = parts.iter().any(|part| schema::requires(part, name));
    Some((found, is_required))
}

fn is_list(document: &Node, schema: &Node) -> bool {
    let schema = reference::last(document, schema::unwrapped(schema));
    schema::text(schema, "type") == Some("array")
}

fn is_null(document: &Node, schema: &Node) -> bool {
    flag(schema, "nullable") || flag(reference::last(document, schema), "nullable")
}
