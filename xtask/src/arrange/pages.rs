//! The order of a list that comes in pages, if the caller does not say one. The default of a parameter becomes a sentence in a later step,
//! so a note on the operation keeps it.

use super::build::string;
use super::nodes::set;
use crate::markers::DEFAULT_ORDER;
use crate::openapi::pages::{Pages, default};
use crate::openapi::{Node, operations, reference};

/// Marks the operations.
pub(super) fn arrange(document: &mut Node) {
    let mut found = Vec::new();
    for (at, operation) in operations(document) {
        let order = Pages::of(operation).and_then(|pages| pages.order);
        let item = at.parent().and_then(|at| document.pointer(&at));
        // An operation's own parameter takes the place of the path item's.
        let default = order.and_then(|order| {
            let mut holders = [Some(operation), item].into_iter().flatten();
            holders.find_map(|holder| default_of(document, holder, &order))
        });
        found.extend(default.map(|default| (at, default)));
    }
    for (at, default) in found {
        if let Some(operation) = document.pointer_mut(&at) {
            let note = string(default, &operation.span);
            set(operation, DEFAULT_ORDER, note);
        }
    }
}

/// The default of a parameter of the query.
fn default_of(document: &Node, holder: &Node, name: &str) -> Option<String> {
    let parameters = holder.get("parameters").and_then(Node::as_array)?;
    let mut parameters = parameters.iter().map(|it| reference::last(document, it));
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    let parameter = parameters.find(|it| {
        text(it, "in").as_deref() == Some("query") && text(it, "name").as_deref() == Some(name)
    })?;
    default(document, parameter.get("schema")?)
}
