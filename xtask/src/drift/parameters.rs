//! Parameters of two operations. They are matched by place and name, and path parameters by their position in the path.

use indexmap::IndexMap;

use super::changes::{self as change, Uses};
use super::comparison::{Comparison, Here};
use super::operations::Operation;
use super::part::Part;
use crate::openapi::Node;

/// Headers that OpenAPI says to ignore as parameters.
const PASSED_OVER: [&str; 3] = ["accept", "content-type", "authorization"];

/// The parameters of an operation, those of its path item among them, by what they are matched by.
pub(super) fn read<'a>(
    document: &'a Node,
    operation: &Operation<'a>,
) -> IndexMap<(String, String), Part<'a>> {
    let in_path: Vec<&str> = operation
        .path
        .split('{')
        .skip(1)
        .filter_map(|piece| piece.split_once('}'))
        .map(|(name, _)| name)
        .collect();
    let mut parameters = IndexMap::new();
    for holder in [&operation.item, &operation.part] {
        for part in holder.member("parameters").iter().flat_map(Part::items) {
            let part = part.resolved(document);
            let (Some(name), Some(place)) = (part.text("name"), part.text("in")) else {
                continue;
            };
            let key = match place {
                "header" => name.to_ascii_lowercase(),
                "path" => match in_path.iter().position(|it| *it == name) {
                    // The key of a path parameter is its position in braces. No header or query parameter has such a name.
                    Some(index) => format!("{{{index}}}"),
                    None => name.to_owned(),
                },
                _ => name.to_owned(),
            };
            if place == "header" && PASSED_OVER.contains(&key.as_str()) {
                continue;
            }
            parameters.insert((place.to_owned(), key), part);
        }
    }
    parameters
}

/// Whether a parameter must be given. One in the path always is.
fn is_required(parameter: &Part<'_>) -> bool {
    parameter.is_true("required") || parameter.text("in") == Some("path")
}

/// How a parameter is written: style, explode, allowReserved, allowEmptyValue.
fn style(parameter: &Part<'_>) -> String {
    let usual = match parameter.text("in") {
        Some("query" | "cookie") => "form",
        _ => "simple",
    };
    let style = parameter.text("style").unwrap_or(usual);
    let explode = parameter.node.get("explode").and_then(Node::as_bool);
    let mut text = format!("`style: {style}`");
    if explode.unwrap_or(style == "form") {
        text.push_str(", exploded");
    }
    for flag in ["allowReserved", "allowEmptyValue"] {
        if parameter.is_true(flag) {
            text.push_str(&format!(", `{flag}`"));
        }
    }
    text
}

impl<'a> Comparison<'a> {
    /// Compares parameters that were matched, and reports those of one side.
    pub(super) fn parameters(
        &mut self,
        ours: &IndexMap<(String, String), Part<'a>>,
        other: &IndexMap<(String, String), Part<'a>>,
        operation: &Here,
        operations: (Option<&Part<'a>>, Option<&Part<'a>>),
    ) {
        let here_of = |place: &str, parameter: &Part<'a>| {
            let name = parameter.text("name").unwrap_or_default();
            let base = format!("{place} parameter `{name}`");
            operation.part(base, Uses::REQUEST)
        };
        let mark = |is: bool| if is { "required" } else { "optional" };
        for (key, a) in ours {
            let mut here = here_of(&key.0, a);
            let Some(b) = other.get(key) else {
                let message = format!("{} in ours, and OTHER lacks it", mark(is_required(a)));
                self.report(
                    change::PARAMETER_REMOVED,
                    &here,
                    message,
                    Some(a),
                    operations.1,
                );
                continue;
            };
            let (is_required_here, is_required_there) = (is_required(a), is_required(b));
            if is_required_here != is_required_there {
                let change = if is_required_there {
                    change::PARAMETER_REQUIRED
                } else {
                    change::PARAMETER_OPTIONAL
                };
                let message = format!(
                    "{} in ours, {} in OTHER",
                    mark(is_required_here),
                    mark(is_required_there)
                );
                self.report(change, &here, message, Some(a), Some(b));
            }
            if style(a) != style(b) {
                let message = format!("{} in ours, {} in OTHER", style(a), style(b));
                self.report(change::PARAMETER_STYLE, &here, message, Some(a), Some(b));
            }
            self.deprecated(a, b, &here);
            here.is_optional = !is_required_here && !is_required_there;
            self.schema_or_content(a, b, &here);
        }
        for (key, b) in other {
            if ours.contains_key(key) {
                continue;
            }
            let change = if is_required(b) {
                change::REQUIRED_PARAMETER_ADDED
            } else {
                change::PARAMETER_ADDED
            };
            let message = format!("{} in OTHER, and ours lacks it", mark(is_required(b)));
            self.report(change, &here_of(&key.0, b), message, operations.0, Some(b));
        }
    }
}
