//! Second stage: the actions of an overlay are applied to a description.
//!
//! OpenAPI Overlay Specification 1.0, with two rules of our own. An action whose target matches
//! nothing is an error, so that an overlay cannot become out of date unnoticed. An array that meets an array in a
//! merge is an error too: the specification leaves open whether it replaces or appends, and tools
//! differ. There is one exception. Lists of `x-codegen-ignore` are joined: each is a set of ours, and lints advise to add to it.
//!
//! ```yaml
//! actions:
//! - target: $.paths.*.get                    # any number of matches
//!   update: {x-codegen-safe-to-repeat: true} # merged into each
//! - target: $.paths['/v1/agents'].post.requestBody
//!   remove: true
//! ```
//!
//! An action with `x-codegen-may-match-nothing: true` is passed over if it matches nothing. It is for overlays that are used with several
//! descriptions, such as the one that `cargo xtask init` begins.
//!
//! After the first action, the value `true` has its place in the overlay's file. So a finding about it names that line.

use serde_json_path::JsonPath;

use crate::diagnostic::{Diagnostic, Failure};
use crate::markers::{IGNORE, MAY_MATCH_NOTHING, is_extension};
use crate::openapi::{Entry, Node, Pointer, Value};

/// Applies `overlay` to `description`. Returns the number of actions.
///
/// # Errors
///
/// A file that is not an overlay, and actions that cannot be applied: an invalid JSONPath, no match, or a
/// match of another kind than the update. All problems of the overlay itself are reported at once. Then
/// actions are applied in order, up to the first that fails.
pub fn apply(description: &mut Node, overlay: &Node) -> Result<usize, Failure> {
    let actions = read(overlay)?;
    // JSONPath works on plain JSON. That is a copy, and every change is made to both: to make the copy anew for each action
    // takes seconds for a large description.
    let mut json = description.to_json();
    for action in &actions {
        action.apply(description, &mut json)?;
    }
    Ok(actions.len())
}

/// An action of an overlay, ready to be applied.
pub(crate) struct Action<'a> {
    pub(crate) target: &'a Node,
    path: JsonPath,
    change: Change<'a>,
    /// Whether it is no error if it matches nothing.
    may_match_nothing: bool,
}

/// What an action does to each match.
enum Change<'a> {
    Update(&'a Node),
    Remove,
}

/// The actions of an overlay, in order.
pub(crate) fn read(overlay: &Node) -> Result<Vec<Action<'_>>, Failure> {
    let mut problems = Vec::new();
    let mut problem = |pointer: &Pointer, message: String, help: &str| {
        problems.push(Diagnostic::at(overlay, pointer, "overlay", message, help));
    };
    let root = Pointer::default();

    match overlay.get("overlay").and_then(Node::as_str) {
        Some(version) if version == "1.0" || version.starts_with("1.0.") => {}
        Some(version) => problem(
            &root.join("overlay"),
            format!("Overlay version {version} is not supported"),
            "write the overlay for version 1.0.0 of the Overlay Specification",
        ),
        None => problem(
            &root,
            "the file has no `overlay` version, so it is not an overlay".to_owned(),
            "begin it with `overlay: 1.0.0`",
        ),
    }
    for field in ["title", "version"] {
        if overlay
            .get("info")
            .and_then(|info| info.get(field))
            .and_then(Node::as_str)
            .is_none()
        {
            problem(
                &root.join("info"),
                format!("`info.{field}` is missing or not a string"),
                "the Overlay Specification requires it",
            );
        }
    }
    for key in overlay.as_object().into_iter().flat_map(|it| it.keys()) {
        if !matches!(key.as_str(), "overlay" | "info" | "extends" | "actions") && !is_extension(key)
        {
            problem(
                &root.join(key),
                format!("an overlay has no field `{key}`"),
                "remove it, or begin it with `x-`",
            );
        }
    }

    let list = root.join("actions");
    let items = overlay
        .get("actions")
        .and_then(Node::as_array)
        .unwrap_or(&[]);
    if items.is_empty() {
        problem(
            &list,
            "`actions` is missing, empty or not an array".to_owned(),
            "the Overlay Specification requires at least one action",
        );
    }
    let mut actions = Vec::new();
    for (number, item) in items.iter().enumerate() {
        let at = list.join(number);
        for key in item.as_object().into_iter().flat_map(|it| it.keys()) {
            if !matches!(key.as_str(), "target" | "description" | "update" | "remove")
                && !is_extension(key)
            {
                problem(
                    &at.join(key),
                    format!("an action has no field `{key}`"),
                    "remove it, or begin it with `x-`",
                );
            }
        }
        let Some(target) = item.get("target") else {
            problem(
                &at,
                "an action without `target`".to_owned(),
                "add a JSONPath",
            );
            continue;
        };
        let path = match target.as_str().map(JsonPath::parse) {
            Some(Ok(path)) => path,
            Some(Err(error)) => {
                problem(
                    &at.join("target"),
                    format!("the target is not a JSONPath: {}", error.message()),
                    "see RFC 9535; names that are not identifiers go in brackets, ['like-this']",
                );
                continue;
            }
            None => {
                problem(
                    &at.join("target"),
                    format!("the target is {}, not a string", target.value.kind()),
                    "give a JSONPath",
                );
                continue;
            }
        };
        // The specification says that `update` has no effect if `remove` is true.
        let change = match (item.get("remove").map(Node::as_bool), item.get("update")) {
            (Some(Some(true)), _) => Change::Remove,
            (None | Some(Some(false)), Some(update)) => Change::Update(update),
            (Some(None), _) => {
                problem(
                    &at.join("remove"),
                    "`remove` is not a boolean".to_owned(),
                    "write `true` or `false`",
                );
                continue;
            }
            (None | Some(Some(false)), None) => {
                problem(
                    &at,
                    "an action that neither updates nor removes".to_owned(),
                    "add `update` or `remove: true`",
                );
                continue;
            }
        };
        let may_match_nothing = match item.get(MAY_MATCH_NOTHING).map(Node::as_bool) {
            None => false,
            Some(Some(it)) => it,
            Some(None) => {
                problem(
                    &at.join(MAY_MATCH_NOTHING),
                    format!("`{MAY_MATCH_NOTHING}` is not a boolean"),
                    "write `true` or `false`",
                );
                continue;
            }
        };
        actions.push(Action {
            target,
            path,
            change,
            may_match_nothing,
        });
    }
    if problems.is_empty() {
        Ok(actions)
    } else {
        Err(Failure::Diagnostics(problems))
    }
}

/// Replaces a value, or removes it if there is no new one.
fn replace(json: &mut serde_json::Value, pointer: &Pointer, value: Option<serde_json::Value>) {
    let Some((last, parts)) = pointer.0.split_last() else {
        *json = value.unwrap_or_default();
        return;
    };
    let holder = parts.iter().try_fold(json, |json, part| match json {
        serde_json::Value::Object(members) => members.get_mut(part),
        serde_json::Value::Array(items) => items.get_mut(part.parse::<usize>().ok()?),
        _ => None,
    });
    match (holder, value) {
        (Some(serde_json::Value::Object(members)), Some(value)) => {
            members.insert(last.clone(), value);
        }
        (Some(serde_json::Value::Object(members)), None) => {
            members.shift_remove(last);
        }
        (Some(serde_json::Value::Array(items)), value) => {
            if let Ok(index) = last.parse::<usize>() {
                match value {
                    Some(value) => items[index] = value,
                    None => {
                        items.remove(index);
                    }
                }
            }
        }
        _ => unreachable!("a match is held by an object or an array"),
    }
}

impl Action<'_> {
    /// What is merged into the target. `None` if the action removes it.
    pub(crate) fn update(&self) -> Option<&Node> {
        match self.change {
            Change::Update(update) => Some(update),
            Change::Remove => None,
        }
    }

    /// The places that it acts on. `json` is a copy of the description.
    pub(crate) fn places(&self, json: &serde_json::Value) -> Vec<Pointer> {
        let located = self.path.query_located(json).dedup();
        located
            .locations()
            .map(|location| {
                Pointer::parse(&location.to_json_pointer()).expect("a JSON pointer parses")
            })
            .collect()
    }

    /// Changes the description, and `json`, which is its copy.
    pub(crate) fn apply(
        &self,
        description: &mut Node,
        json: &mut serde_json::Value,
    ) -> Result<(), Failure> {
        let mut matches = self.places(json);
        if matches.is_empty() && self.may_match_nothing {
            return Ok(());
        }
        if matches.is_empty() {
            return Err(self.error(
                "the target matches nothing in the description".to_owned(),
                "correct the target, drop the action if the description has changed, or mark it \
                 `x-codegen-may-match-nothing: true`",
            ));
        }
        if let Change::Remove = self.change {
            // From the last to the first, so that the indices of items that are still to be removed stay right.
            matches.reverse();
        }
        for pointer in &matches {
            let node = description.pointer_mut(pointer).ok_or_else(|| {
                self.error(format!("{pointer} is gone already"), "narrow the target")
            })?;
            if !matches!(node.value, Value::Object(_) | Value::Array(_)) {
                return Err(self.error(
                    format!(
                        "the target matches {} at {pointer}; an overlay acts on objects and arrays",
                        node.value.kind()
                    ),
                    "target the object that holds it, and give the new value in `update`",
                ));
            }
            match self.change {
                Change::Update(update) => {
                    self.update_node(node, update, pointer)?;
                    let keys = update.as_object().into_iter().flat_map(|it| it.keys());
                    match node.as_object() {
                        // Only the members of the update are copied. The others have not changed, and may be the whole description.
                        Some(members) => {
                            for key in keys {
                                let member = members[key].node.to_json();
                                replace(json, &pointer.join(key), Some(member));
                            }
                        }
                        None => replace(json, pointer, Some(node.to_json())),
                    }
                }
                Change::Remove => {
                    self.remove(description, pointer)?;
                    replace(json, pointer, None);
                }
            }
        }
        Ok(())
    }

    /// Appends to an array, or merges into an object.
    fn update_node(
        &self,
        node: &mut Node,
        update: &Node,
        pointer: &Pointer,
    ) -> Result<(), Failure> {
        match (&mut node.value, &update.value) {
            (Value::Array(items), _) => items.push(update.clone()),
            (Value::Object(_), Value::Object(_)) => self.merge(node, update, pointer)?,
            _ => {
                return Err(self.error(
                    format!(
                        "the target matches an object at {pointer}, and the update is {}",
                        update.value.kind()
                    ),
                    "give an object",
                ));
            }
        }
        Ok(())
    }

    /// Merges member by member. What the specification leaves open is an error.
    fn merge(&self, node: &mut Node, update: &Node, pointer: &Pointer) -> Result<(), Failure> {
        let (Value::Object(members), Value::Object(changes)) = (&mut node.value, &update.value)
        else {
            unreachable!("merge is called with two objects");
        };
        for (key, change) in changes {
            let at = pointer.join(key);
            let Some(Entry { node: member, .. }) = members.get_mut(key) else {
                members.insert(key.clone(), change.clone());
                continue;
            };
            match (&member.value, &change.node.value) {
                (Value::Object(_), Value::Object(_)) => self.merge(member, &change.node, &at)?,
                // Two findings about one schema each name a keyword to ignore. Both actions may be copied.
                (Value::Array(_), Value::Array(more)) if key == IGNORE => {
                    if let Value::Array(items) = &mut member.value {
                        for item in more {
                            let is_there = |it: &Node| it.to_json() == item.to_json();
                            if !items.iter().any(is_there) {
                                items.push(item.clone());
                            }
                        }
                    }
                }
                (Value::Array(_), Value::Array(_)) => {
                    return Err(self.error(
                        format!("{at} is an array already, and so is the update's"),
                        "to append, target the array; to replace it, remove it in an action before",
                    ));
                }
                // Nothing is lost, and there is no other way: an overlay cannot remove a null.
                (Value::Null, _) => {
                    members.insert(key.clone(), change.clone());
                }
                (Value::Object(_) | Value::Array(_), _)
                | (_, Value::Object(_) | Value::Array(_)) => {
                    return Err(self.error(
                        format!(
                            "{at} is {}, and the update's is {}",
                            member.value.kind(),
                            change.node.value.kind()
                        ),
                        "remove it in an action before, to put another kind of value there",
                    ));
                }
                _ => {
                    members.insert(key.clone(), change.clone());
                }
            }
        }
        Ok(())
    }

    /// Removes a match from the object or array that holds it.
    fn remove(&self, description: &mut Node, pointer: &Pointer) -> Result<(), Failure> {
        let (Some(parent), Some(last)) = (pointer.parent(), pointer.last()) else {
            return Err(self.error(
                "the target is the whole description".to_owned(),
                "remove a part of it",
            ));
        };
        let parent = description
            .pointer_mut(&parent)
            .expect("what holds a match exists");
        match &mut parent.value {
            Value::Object(members) => {
                members.shift_remove(last);
            }
            Value::Array(items) => {
                items.remove(last.parse().expect("an item's pointer ends in its index"));
            }
            _ => unreachable!("a match is held by an object or an array"),
        }
        Ok(())
    }

    /// A problem of this action, at the line of its target.
    fn error(&self, message: String, help: &str) -> Failure {
        let span = &self.target.span;
        Diagnostic::in_source(&span.source, span.start..span.end, "overlay", message, help).into()
    }
}

/// An action that changes the value at `at`, for a maintainer to copy.
pub(crate) fn update_action(document: &Node, at: &Pointer, update: &str) -> String {
    let path = json_path(document, at);
    format!("`{{target: {path}, update: {{{update}}}}}`")
}

/// An action that removes the value at `at`. It must be an object or an array, since an overlay can remove nothing else.
pub(crate) fn remove_action(document: &Node, at: &Pointer) -> String {
    format!("`{{target: {}, remove: true}}`", json_path(document, at))
}

/// A JSONPath (RFC 9535), in quotes if it needs them in YAML's flow style.
pub(crate) fn json_path(document: &Node, at: &Pointer) -> String {
    let mut path = "$".to_owned();
    let mut node = Some(document);
    let mut before = None;
    for part in &at.0 {
        match node.map(|node| &node.value) {
            // The schemas of `prefixItems` become one schema when they are lowered. So an action for one is for all of them.
            Some(Value::Array(_)) if before == Some("prefixItems") => path.push_str("[*]"),
            Some(Value::Array(items)) => path.push_str(&item(items, part)),
            _ if is_name(part) => path.push_str(&format!(".{part}")),
            _ => path.push_str(&format!("[{}]", quoted(part))),
        }
        node = node.and_then(|node| node.pointer(&Pointer(vec![part.clone()])));
        before = Some(part.as_str());
    }
    // In YAML's flow style, a text with brackets or braces needs quotes.
    if path.contains(['[', '{']) {
        serde_json::Value::from(path).to_string()
    } else {
        path
    }
}

/// The part of a JSONPath that selects an item of a list. A parameter is selected by its name, since its index changes when another is removed.
fn item(items: &[Node], index: &str) -> String {
    let of = |item: &Node| {
        let text = |key: &str| item.get(key)?.as_str().map(quoted);
        let by_name = text("name").zip(text("in"));
        let by_name = by_name.map(|(name, place)| format!("[?@.name=={name}&&@.in=={place}]"));
        let by_reference = || {
            let target = item.get("$ref")?.as_str()?;
            let is_parameter = target.starts_with("#/components/parameters/");
            is_parameter.then(|| format!("[?@['$ref']=={}]", quoted(target)))
        };
        by_name.or_else(by_reference)
    };
    let selector = index
        .parse()
        .ok()
        .and_then(|index: usize| of(items.get(index)?));
    selector
        .filter(|own| {
            items
                .iter()
                .filter(|it| of(it).as_ref() == Some(own))
                .count()
                == 1
        })
        .unwrap_or_else(|| format!("[{index}]"))
}

/// A name in single quotes, as JSONPath has them.
fn quoted(name: &str) -> String {
    let mut text = "'".to_owned();
    for c in name.chars() {
        match c {
            '\'' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text + "'"
}

/// Whether a name needs no quotes in JSONPath and YAML.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A text for YAML's flow style, in quotes if it could be read as something else.
pub(crate) fn yaml_text(text: &str) -> String {
    let is_taken = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        .iter()
        .any(|it| text.eq_ignore_ascii_case(it));
    if is_name(text) && !is_taken {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load;
    use crate::openapi::Source;

    fn apply_text(description: &str, actions: &str) -> Result<String, String> {
        let parse = |name, text: &str| load::parse(&Source::new(name, text)).unwrap();
        let mut description = parse("d.yaml", description);
        let overlay =
            format!("overlay: 1.0.0\ninfo: {{title: t, version: v}}\nactions:\n{actions}");
        apply(&mut description, &parse("o.yaml", &overlay))
            .map_err(|failure| failure.to_string())?;
        Ok(description.to_json().to_string())
    }

    #[test]
    fn actions_update_append_and_remove() {
        for (description, actions, result) in [
            (
                "a: {b: 1}",
                "- {target: $.a, update: {b: 2, c: 3}}",
                r#"{"a":{"b":2,"c":3}}"#,
            ),
            (
                "a: {b: null, c: null}",
                "- {target: $.a, update: {b: {d: 1}, c: [2]}}",
                r#"{"a":{"b":{"d":1},"c":[2]}}"#,
            ),
            (
                "a: {b: {c: 1}}",
                "- {target: $, update: {a: {b: {d: 2}}}}",
                r#"{"a":{"b":{"c":1,"d":2}}}"#,
            ),
            (
                "a: [{x: 1}]",
                "- {target: $.a, update: {x: 2}}",
                r#"{"a":[{"x":1},{"x":2}]}"#,
            ),
            ("a: [1]", "- {target: $.a, update: 2}", r#"{"a":[1,2]}"#),
            (
                "a: [{x: 1}, {x: 2}, {x: 1}, {x: 3}]",
                "- {target: '$.a[?@.x == 1 || @.x == 3]', remove: true}",
                r#"{"a":[{"x":2}]}"#,
            ),
            (
                "a: {b: {}}\nc: 1",
                "- {target: $.a, remove: true, update: {z: 1}}",
                r#"{"c":1}"#,
            ),
            (
                "a: {x: [1]}",
                "- {target: $.a.x, remove: true}\n- {target: $.a, update: {x: [2]}}",
                r#"{"a":{"x":[2]}}"#,
            ),
            // The advice of two findings about one schema.
            (
                "a: {x-codegen-ignore: [b]}",
                "- {target: $.a, update: {x-codegen-ignore: [c, b]}}\n- {target: $.a, update: {x-codegen-ignore: [d]}}",
                r#"{"a":{"x-codegen-ignore":["b","c","d"]}}"#,
            ),
            (
                "a: {}",
                "- {target: $.b, update: {x: 1}, x-codegen-may-match-nothing: true}\n- {target: $.a, remove: true, x-codegen-may-match-nothing: true}",
                "{}",
            ),
            (
                "a/b: {c~d: {}}",
                "- {target: \"$['a/b']['c~d']\", update: {e: 1}}",
                r#"{"a/b":{"c~d":{"e":1}}}"#,
            ),
        ] {
            assert_eq!(
                apply_text(description, actions).as_deref(),
                Ok(result),
                "{actions}"
            );
        }
    }

    #[test]
    fn an_action_that_cannot_be_applied_is_an_error_at_its_line() {
        for (description, actions, says) in [
            ("a: {}", "- {target: $.b, update: {}}", "matches nothing"),
            (
                "a: {}",
                "- {target: $.b, update: {}, x-codegen-may-match-nothing: false}",
                "matches nothing",
            ),
            (
                "a: {}",
                "- {target: $.b, update: {}, x-codegen-may-match-nothing: often}",
                "not a boolean",
            ),
            ("a: {}", "- {target: 'a b', update: {}}", "not a JSONPath"),
            ("a: 1", "- {target: $.a, remove: true}", "a number at #/a"),
            (
                "a: {}",
                "- {target: $.a, update: 1}",
                "the update is a number",
            ),
            (
                "a: {b: [1]}",
                "- {target: $.a, update: {b: [2]}}",
                "to append, target the array",
            ),
            (
                "a: {b: [1]}",
                "- {target: $.a, update: {b: 2}}",
                "#/a/b is an array",
            ),
            ("a: {}", "- {target: $, remove: true}", "whole description"),
            ("a: {}", "- {target: $.a}", "neither updates nor removes"),
            (
                "a: {}",
                "- {target: $.a, remove: yes please}",
                "not a boolean",
            ),
            ("a: {}", "- {update: {}}", "without `target`"),
            ("a: {}", "- {target: $.a, updte: {}}", "no field `updte`"),
            ("a: {b: {c: {}}}", "- {target: '$..*', remove: true}", ""),
        ] {
            let outcome = apply_text(description, actions);
            if says.is_empty() {
                assert_eq!(outcome.as_deref(), Ok("{}"));
                continue;
            }
            let message = outcome.unwrap_err();
            assert!(message.contains(says), "{actions} gave\n{message}");
            assert!(message.contains("o.yaml:4:"), "{message}");
        }
    }

    #[test]
    fn an_action_that_is_printed_finds_its_place_whatever_its_name() {
        let names = [
            "plain",
            "a/b",
            "a~1b",
            "it's",
            "say \"it\"",
            "back\\slash",
            "\\'",
            "{id}",
            "[0]",
            "a: b, c # d",
            "é",
            "\u{1f600}",
            " ",
            "",
            "0",
            "null",
            "true",
            "-1",
            "a.b",
            "$",
            "@",
            "*",
            "line\nbreak",
            "tab\t",
            "\u{7}",
            "\u{7f}",
            "\u{85}",
            "\u{2028}",
            "<<",
            "`x`",
        ];
        let inner: serde_json::Map<_, _> = names
            .iter()
            .map(|it| (it.to_string(), serde_json::json!({})))
            .collect();
        let all: serde_json::Map<_, _> = names
            .iter()
            .map(|it| (it.to_string(), inner.clone().into()))
            .collect();
        let text = serde_json::Value::from(all).to_string();
        let given = load::parse(&Source::new("d.json", text)).unwrap();
        let outer = names.iter().cycle().skip(7);
        for (name, outer) in names.into_iter().zip(outer) {
            let at = Pointer(vec![(*outer).to_owned(), name.to_owned()]);
            let update = format!("{}: 1", yaml_text(name));
            let action = update_action(&given, &at, &update);
            let text = apply_to(
                &mut given.clone(),
                &format!("- {}", action.trim_matches('`')),
            );
            let changed = text.unwrap_or_else(|error| panic!("{action}: {error}"));
            let mut expected = given.to_json();
            expected[*outer][name][name] = 1.into();
            assert_eq!(changed, expected, "{action}");
        }
    }

    /// The description with these actions.
    fn apply_to(description: &mut Node, actions: &str) -> Result<serde_json::Value, String> {
        let overlay =
            format!("overlay: 1.0.0\ninfo: {{title: t, version: v}}\nactions:\n{actions}\n");
        let overlay = load::parse(&Source::new("o.yaml", overlay)).map_err(|it| it.to_string())?;
        apply(description, &overlay).map_err(|it| it.to_string())?;
        Ok(description.to_json())
    }

    #[test]
    fn what_the_overlay_adds_points_to_the_overlay() {
        let parse = |name, text: &str| load::parse(&Source::new(name, text)).unwrap();
        let mut description = parse("d.yaml", "a: {b: 1}\n");
        let overlay = parse(
            "o.yaml",
            "overlay: 1.0.0\ninfo: {title: t, version: v}\nactions:\n- target: $.a\n  update:\n    c: 2\n",
        );
        apply(&mut description, &overlay).unwrap();
        let span = description.span_of(&Pointer::parse("/a/c").unwrap());
        assert_eq!(span.source.path.to_str(), Some("o.yaml"));
        assert_eq!(span.line_column(), (6, 5));
    }

    #[test]
    fn a_file_that_is_not_an_overlay_is_refused_with_all_that_is_wrong() {
        let source = Source::new("o.yaml", "overlay: 2.0.0\nactions: []\nother: 1\n");
        let overlay = load::parse(&source).unwrap();
        let mut description = load::parse(&Source::new("d.yaml", "a: 1")).unwrap();
        let message = apply(&mut description, &overlay).unwrap_err().to_string();
        for says in [
            "2.0.0",
            "info.title",
            "info.version",
            "`other`",
            "`actions`",
            "5 errors",
        ] {
            assert!(message.contains(says), "{says} is missing in\n{message}");
        }
    }
}
