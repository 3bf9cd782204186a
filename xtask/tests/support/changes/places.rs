//! Every part of a document.

use serde_json::Value;

/// JSON pointers to every part but the root.
pub(crate) fn places(node: &Value, at: &str, out: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match node {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, value)| (i.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (key, value) in children {
        let at = format!("{at}/{key}");
        out.push(at.clone());
        places(value, &at, out);
    }
}
