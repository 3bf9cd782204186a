//! What was decided on the way from a description to code (`cargo xtask codegen --report FILE`): as text, as JSON, and as a page.
//!
//! A finding stops the generator. A decision does not, and somebody may want another one:
//!
//! - fields that are any JSON, by reason, with what would type them;
//! - unions that no tag tells apart, which are read by their shape;
//! - operations, parameters and answers that are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::arrange;
use crate::markers::{FROM, REPLACE, STYLE, UNION, union_of};
use crate::openapi::schema::{get, ignored, items, members, text};
use crate::openapi::walk::{self, Kind, Reach, Then};
use crate::openapi::{Node, Pointer, newer_operations, operations, reference};
use crate::select::Selection;
use crate::told::count;
use crate::visible::{visible, visible_json};

/// The type that takes any JSON.
const ANY: &str = "serde_json::Value";

/// What was decided.
#[derive(Debug, Default)]
pub struct Report {
    /// The operations that have a method.
    pub operations: usize,
    /// The actions of the overlay.
    pub actions: usize,
    /// What is any JSON.
    pub any_json: Vec<Decision>,
    /// Unions that are read by their shape.
    pub by_shape: Vec<Decision>,
    /// What has no code.
    pub left_out: Vec<Decision>,
}

/// One thing that was decided.
#[derive(Debug, PartialEq, Eq)]
pub struct Decision {
    /// Where, as a JSON pointer into the description.
    pub at: String,
    /// Its file, line and column.
    pub place: String,
    /// Why.
    pub reason: String,
    /// What would change it.
    pub instead: String,
}

/// How many lines of one reason are shown as text. JSON and the page have all.
const SHOWN: usize = 20;

/// Reads what was decided. `facts` is the description before the overlay, `given` after it and without what it does not choose (`selection`), and
/// `arranged` what the generator saw.
#[must_use]
pub fn report(
    facts: &Node,
    given: &Node,
    arranged: &Node,
    selection: &Selection,
    actions: usize,
) -> Report {
    Report {
        operations: operations(arranged).count(),
        actions,
        any_json: any_json(given, arranged),
        by_shape: by_shape(given, arranged),
        left_out: left_out(facts, given, arranged, selection),
    }
}

/// A decision about a place of the description.
fn decision(document: &Node, at: &Pointer, reason: String, instead: &str) -> Decision {
    Decision {
        at: at.to_string(),
        place: document.span_of(at).place(),
        reason,
        instead: instead.to_owned(),
    }
}

/// Schemas that say nothing of their values, as the generator sees them.
fn any_json(given: &Node, arranged: &Node) -> Vec<Decision> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    walk::each(arranged, Reach::V3_0, |node, place| {
        // `additionalProperties: false` stands in the place of a schema.
        if place.kind != Kind::Schema || node.as_object().is_none() || node.get(UNION).is_some() {
            return Then::Within;
        }
        // A field of the types of a union's branches is told of by its own place.
        let holder = place.at.iter().find_map(|part| union_of(part));
        if holder.is_some() && place.at.len() == 3 {
            return Then::Within;
        }
        let Some((reason, instead)) = why_any(node) else {
            return Then::Within;
        };
        let origin = arrange::origin(arranged, &place.pointer());
        // What was lowered is found by what is left of the way to it.
        let mut at = origin;
        while given.pointer(&at).is_none()
            && let Some(parent) = at.parent()
        {
            at = parent;
        }
        if seen.insert(at.to_string()) {
            found.push(decision(given, &at, reason, instead));
        }
        Then::Within
    });
    found
}

/// Why a schema is any JSON, and what would type it. `None` if it is typed.
fn why_any(schema: &Node) -> Option<(String, &'static str)> {
    if let Some(replaced) = schema.get(REPLACE) {
        let ty = replaced.get("type").and_then(Node::as_str)?;
        return ty.ends_with(ANY).then(|| {
            let reason = "the overlay puts any JSON in its place".to_owned();
            (
                reason,
                "describe it as one object, or as a `oneOf` with a tag",
            )
        });
    }
    let says = |keyword: &str| get(schema, keyword).is_some();
    if schema.get("$ref").is_some()
        || ["oneOf", "anyOf", "allOf", "enum", "not"]
            .iter()
            .any(|it| says(it))
    {
        return None;
    }
    let hidden: Vec<&str> = ignored(schema)
        .filter(|it| {
            [
                "type",
                "oneOf",
                "anyOf",
                "allOf",
                "enum",
                "not",
                "properties",
            ]
            .contains(it)
        })
        .collect();
    match text(schema, "type") {
        None if !hidden.is_empty() => {
            let reason = format!("the overlay ignores {}", hidden.join(", "));
            Some((
                reason,
                "describe it as one object, or as a `oneOf` with a tag",
            ))
        }
        None if members(schema, "properties").next().is_none() => Some((
            "the description says nothing of its type".to_owned(),
            "add a `type` with an action of the overlay",
        )),
        Some("object")
            if members(schema, "properties").next().is_none()
                && get(schema, "additionalProperties")
                    .and_then(Node::as_object)
                    .is_none_or(indexmap::IndexMap::is_empty) =>
        {
            Some((
                "it is an object of which no property is described".to_owned(),
                "add `properties`, or `additionalProperties` with the type of the values",
            ))
        }
        _ => None,
    }
}

/// Unions with several branches of one kind of JSON that no tag tells apart.
fn by_shape(given: &Node, arranged: &Node) -> Vec<Decision> {
    let mut found = Vec::new();
    let schemas = arranged.get("components").and_then(|it| it.get("schemas"));
    for (name, entry) in schemas.and_then(Node::as_object).into_iter().flatten() {
        let Some(union) = entry.node.get(UNION) else {
            continue;
        };
        let mut of_kind: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for branch in items(union, "branches") {
            // A tag that is known is always looked at first.
            if !items(branch, "tags").is_empty() || !items(branch, "texts").is_empty() {
                continue;
            }
            let variant = text(branch, "variant").unwrap_or_default();
            for kind in items(branch, "kinds").iter().filter_map(Node::as_str) {
                of_kind.entry(kind).or_default().push(variant);
            }
        }
        let alike: BTreeSet<&str> = of_kind
            .values()
            .filter(|variants| variants.len() > 1)
            .flatten()
            .copied()
            .collect();
        if alike.is_empty() {
            continue;
        }
        let pointer = Pointer(vec![
            "components".to_owned(),
            "schemas".to_owned(),
            name.clone(),
        ]);
        let at = arrange::origin(arranged, &pointer);
        let alike: Vec<&str> = alike.into_iter().collect();
        found.push(decision(
            given,
            &at,
            format!(
                "{} are told apart by the members that they require, and the first that fits is taken",
                alike.join(", ")
            ),
            "give each branch a property of one value of its own, or add a `discriminator`",
        ));
    }
    found
}

/// What the description has and the code has not.
fn left_out(facts: &Node, given: &Node, arranged: &Node, selection: &Selection) -> Vec<Decision> {
    let of_choice = selection.left_out.iter().map(|it| Decision {
        at: it.at.to_string(),
        place: it.span.place(),
        reason: it.reason.clone(),
        instead: it.instead.to_owned(),
    });
    let mut found: Vec<Decision> = of_choice.collect();
    let not_chosen: BTreeSet<String> = found.iter().map(|it| it.at.clone()).collect();
    let kept: BTreeSet<String> = operations(given).map(|(at, _)| at.to_string()).collect();
    for (at, _) in operations(facts) {
        let [_, path, method] = at.0.as_slice() else {
            continue;
        };
        if not_chosen.contains(&at.to_string()) {
            continue;
        }
        if !kept.contains(&at.to_string()) {
            let reason = format!(
                "the operation `{} {path}`: the overlay removes it",
                method.to_uppercase()
            );
            found.push(decision(facts, &at, reason, "drop the action"));
            continue;
        }
        if let Some(operation) = facts.pointer(&at) {
            lost(facts, given, arranged, &at, operation, &mut found);
        }
    }
    for (at, method) in newer_operations(facts) {
        let path = at.0.get(1).map_or("", String::as_str);
        let reason = format!(
            "the operation `{method} {path}`: OpenAPI 3.2 adds this method, and no code is made of it"
        );
        found.push(decision(
            facts,
            &at,
            reason,
            "call it without the generated code",
        ));
    }
    found
}

/// The parameters and answers of an operation that are left out.
fn lost(
    facts: &Node,
    given: &Node,
    arranged: &Node,
    at: &Pointer,
    operation: &Node,
    found: &mut Vec<Decision>,
) {
    let names = |document: &Node| -> BTreeSet<(String, String)> {
        let holders = [
            document.pointer(at),
            at.parent().and_then(|it| document.pointer(&it)),
        ];
        let listed = holders.into_iter().flatten();
        let listed =
            listed.flat_map(|it| it.get("parameters").and_then(Node::as_array).unwrap_or(&[]));
        listed
            .filter_map(|it| {
                let it = reference::last(document, it);
                let text = |key: &str| it.get(key).and_then(Node::as_str);
                // The arrange stage has made a header of it.
                let is_cookie = text(STYLE) == Some("cookie");
                let place = if is_cookie { "cookie" } else { text("in")? };
                Some((place.to_owned(), text("name")?.to_owned()))
            })
            .collect()
    };
    let (before, overlaid, after) = (names(facts), names(given), names(arranged));
    for (place, name) in before.difference(&after) {
        let (reason, instead) = match overlaid.contains(&(place.clone(), name.clone())) {
            true => (
                "OpenAPI says that it is ignored",
                "nothing: the client sends this header by itself",
            ),
            false => ("the overlay removes it", "drop the action"),
        };
        let reason = format!("the {place} parameter `{name}`: {reason}");
        found.push(decision(facts, at, reason, instead));
    }
    let of_arranged = arranged.pointer(at);
    let answers = operation.get("responses").and_then(Node::as_object);
    for (status, entry) in answers
        .into_iter()
        .flatten()
        .filter(|(key, _)| !key.starts_with("x-"))
    {
        let responses = of_arranged.and_then(|it| it.get("responses"));
        let listed = at.join("responses").join(status);
        let Some(now) = responses.and_then(|it| it.get(status)) else {
            let any = responses
                .and_then(Node::as_object)
                .map_or(0, indexmap::IndexMap::len);
            let is_success = status == "default" && any > 0 || status.eq_ignore_ascii_case("2xx");
            let has_own = answers.is_some_and(|it| it.keys().any(|key| key.starts_with('2')));
            if is_success && !has_own {
                continue;
            }
            let reason = format!(
                "the answer `{status}`: it arrives as unexpected, with its status and its body"
            );
            let instead = "say its statuses, or put `x-codegen-one-error: true` on the description";
            found.push(decision(facts, &listed, reason, instead));
            continue;
        };
        media_types(facts, &entry.node, arranged, now, &listed, found);
    }
    let body = |it: Option<&'_ Node>| it.and_then(|it| it.get("requestBody")).cloned();
    if let (Some(before), Some(after)) = (body(Some(operation)), body(of_arranged)) {
        media_types(
            facts,
            &before,
            arranged,
            &after,
            &at.join("requestBody"),
            found,
        );
    }
}

/// The media types that a body or an answer had and has no more. Events have a method of their own, and forms are shown to the generator
/// as JSON.
fn media_types(
    facts: &Node,
    before: &Node,
    arranged: &Node,
    after: &Node,
    at: &Pointer,
    found: &mut Vec<Decision>,
) {
    let names = |document: &Node, node: &Node| -> BTreeSet<String> {
        let content = reference::last(document, node)
            .get("content")
            .and_then(Node::as_object);
        content
            .into_iter()
            .flat_map(|it| it.keys().cloned())
            .collect()
    };
    // JSON under another name is known by the place that it was moved from.
    let renamed = |document: &Node, node: &Node| -> BTreeSet<String> {
        let content = reference::last(document, node).get("content");
        let all = content.and_then(Node::as_object).into_iter().flatten();
        all.map(|(name, entry)| {
            let from = entry.node.get(FROM).and_then(Node::as_str);
            let from = from.and_then(Pointer::parse);
            let given = from.as_ref().and_then(|it| it.last());
            given.unwrap_or(name).to_owned()
        })
        .collect()
    };
    let (before, after) = (names(facts, before), renamed(arranged, after));
    if before.len() < 2 || after.is_empty() {
        return;
    }
    for name in before
        .difference(&after)
        .filter(|it| !it.starts_with("text/event-stream"))
    {
        let reason = format!("the media type `{name}` of a body that has others");
        found.push(decision(facts, at, reason, "make another operation of it"));
    }
}

impl Report {
    /// The parts: a title, what it means, and the decisions.
    fn parts(&self) -> [(&'static str, &'static str, &[Decision]); 3] {
        [
            (
                "Any JSON",
                "Values are kept as they are. A caller has to look into them.",
                &self.any_json,
            ),
            (
                "Unions by shape",
                "No tag tells these branches apart. A value is never taken for a branch whose required members it lacks.",
                &self.by_shape,
            ),
            (
                "Left out",
                "The description has these, and the code has not.",
                &self.left_out,
            ),
        ]
    }

    /// As the ending of a file's name asks for: `.json`, `.html`, or any other for text.
    #[must_use]
    pub fn for_file(&self, path: &Path) -> String {
        let ending = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
        match ending.as_deref().and_then(std::ffi::OsStr::to_str) {
            Some("json") => self.to_json(),
            Some("html" | "htm") => self.to_page(),
            _ => self.to_text(),
        }
    }

    /// In lines, by reason. Of many, the first ones.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = format!(
            "{}; {}\n",
            count(self.operations, "operation"),
            count(self.actions, "overlay action")
        );
        for (title, meaning, decisions) in self.parts() {
            let _ = writeln!(out, "\n{title}: {}", decisions.len());
            if decisions.is_empty() {
                continue;
            }
            let _ = writeln!(out, "{meaning}");
            for ((reason, instead), places) in by_reason(decisions) {
                let _ = writeln!(out, "\n  {reason} ({})\n  instead: {instead}", places.len());
                for it in places.iter().take(SHOWN) {
                    let _ = writeln!(out, "    {}  {}", it.place, it.at);
                }
                if let Some(more) = places.len().checked_sub(SHOWN).filter(|it| *it > 0) {
                    let _ = writeln!(out, "    … and {more} more");
                }
            }
        }
        visible(&out).into_owned()
    }

    /// One object, with all places.
    #[must_use]
    pub fn to_json(&self) -> String {
        let list = |decisions: &[Decision]| -> Value {
            decisions
                .iter()
                .map(|it| json!({"at": it.at, "place": it.place, "reason": it.reason, "instead": it.instead}))
                .collect()
        };
        let json = json!({
            "operations": self.operations,
            "actions": self.actions,
            "anyJson": list(&self.any_json),
            "unionsByShape": list(&self.by_shape),
            "leftOut": list(&self.left_out),
        });
        visible_json(&format!("{json:#}\n")).into_owned()
    }

    /// A page that stands alone: no script, and nothing from elsewhere.
    #[must_use]
    pub fn to_page(&self) -> String {
        let mut out = String::from(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>What was decided</title>\n<style>\n\
             body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }\n\
             code { font-size: 0.9em; overflow-wrap: anywhere; }\nsummary { cursor: pointer; }\n\
             @media (prefers-color-scheme: dark) { body { background: #111; color: #ddd; } }\n</style>\n<h1>What was decided</h1>\n",
        );
        let _ = writeln!(
            out,
            "<p>{}; {}</p>",
            count(self.operations, "operation"),
            count(self.actions, "overlay action")
        );
        for (title, meaning, decisions) in self.parts() {
            let _ = writeln!(
                out,
                "<h2>{title}: {}</h2>\n<p>{meaning}</p>",
                decisions.len()
            );
            for ((reason, instead), places) in by_reason(decisions) {
                let _ = writeln!(
                    out,
                    "<details><summary>{} ({})</summary>\n<p>Instead: {}</p>\n<ul>",
                    escaped(reason),
                    places.len(),
                    escaped(instead)
                );
                for it in places {
                    let _ = writeln!(
                        out,
                        "<li>{} <code>{}</code></li>",
                        escaped(&it.place),
                        escaped(&it.at)
                    );
                }
                out += "</ul></details>\n";
            }
        }
        visible(&(out + "</html>\n")).into_owned()
    }
}

/// Decisions of one reason together, in the order of the first of each.
fn by_reason(decisions: &[Decision]) -> Vec<((&str, &str), Vec<&Decision>)> {
    let mut groups: indexmap::IndexMap<(&str, &str), Vec<&Decision>> = indexmap::IndexMap::new();
    for it in decisions {
        groups
            .entry((&it.reason, &it.instead))
            .or_default()
            .push(it);
    }
    groups.into_iter().collect()
}

/// Text in HTML. It comes from a description, which somebody else has written.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            c => out.push(c),
        }
    }
    out
}
