//! Which credentials an operation needs. `bearerAuth` in one description and `apiKey` in the other are the same, if both are a bearer
//! token.

use std::collections::BTreeSet;

use super::part::Part;
use crate::openapi::Node;

/// The alternatives, each a set of credentials that are all needed. No alternative at all, and one that needs
/// nothing, mean the same: no credentials are needed.
pub(super) type Required = BTreeSet<BTreeSet<String>>;

/// What an operation asks for, or its document if it says nothing.
pub(super) fn required(document: &Node, operation: &Part<'_>) -> Required {
    let root = Part::root(document);
    let ways = operation
        .member("security")
        .or_else(|| root.member("security"));
    let schemes = root
        .member("components")
        .and_then(|it| it.member("securitySchemes"));
    let ways = ways.iter().flat_map(Part::items);
    let mut required: Required = ways
        .map(|way| {
            let names = way.named().into_iter();
            names
                .map(|(name, scopes)| {
                    let scheme = schemes.as_ref().and_then(|it| it.member(name));
                    let mut text = match scheme {
                        Some(scheme) => describe(&scheme.resolved(document)),
                        None => format!("{name} (not declared)"),
                    };
                    let scopes = scopes.node.as_array().unwrap_or(&[]).iter();
                    let scopes: BTreeSet<&str> = scopes.filter_map(Node::as_str).collect();
                    for scope in scopes {
                        text.push_str(&format!(" +{scope}"));
                    }
                    text
                })
                .collect()
        })
        .collect();
    if required.is_empty() {
        required.insert(BTreeSet::new());
    }
    required
}

/// A scheme in words, without the name that a document gives it.
fn describe(scheme: &Part<'_>) -> String {
    let is_header = scheme.text("in") == Some("header");
    let mut pieces = Vec::new();
    for key in ["type", "scheme", "in", "name", "openIdConnectUrl"] {
        let Some(text) = scheme.text(key) else {
            continue;
        };
        pieces.push(match key {
            "scheme" => text.to_lowercase(),
            "name" if is_header => text.to_lowercase(),
            _ => text.to_owned(),
        });
    }
    pieces.join(" ")
}

/// The ways in words.
pub(super) fn show(required: &Required) -> String {
    let ways = required.iter().map(|way| {
        let names: Vec<&str> = way.iter().map(String::as_str).collect();
        if names.is_empty() {
            "no credentials".to_owned()
        } else {
            names.join(" and ")
        }
    });
    ways.collect::<Vec<_>>().join(", or ")
}
