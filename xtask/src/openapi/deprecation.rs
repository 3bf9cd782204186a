//! What a description says of what is deprecated.

use super::{Node, schema};
use crate::markdown;
use crate::markers::DEPRECATION;

/// What to tell users of a deprecated operation, parameter or schema: the text of an extension such as `x-deprecation-note`, or that
/// it is deprecated. `None` if it is not deprecated.
pub fn deprecation(node: &Node) -> Option<String> {
    if !schema::flag(node, "deprecated") {
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
