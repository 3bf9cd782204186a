//! What a description says of what is deprecated.

use super::Node;
use crate::markdown;
use crate::markers::{DEPRECATION, IGNORE};

/// What to say to those who use what this describes, if it is deprecated: what the description says of it in an
/// extension, or that it is.
pub fn deprecation(node: &Node) -> Option<String> {
    let ignored = node.get(IGNORE).and_then(Node::as_array).unwrap_or(&[]);
    let is_ignored = ignored.iter().any(|it| it.as_str() == Some("deprecated"));
    if is_ignored || node.get("deprecated").and_then(Node::as_bool) != Some(true) {
        return None;
    }
    let members = node.as_object().into_iter().flatten();
    let said = members
        .filter(|(key, _)| key.starts_with(DEPRECATION))
        .filter_map(|(_, entry)| entry.node.as_str())
        .map(|text| markdown::docs(&markdown::plain(text)).replace('\n', " "))
        .find(|text| !text.is_empty());
    Some(said.unwrap_or_else(|| "the API description marks it as deprecated".to_owned()))
}
