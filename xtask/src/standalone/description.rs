//! What the crate's own texts need of the description: what the service is called, where it is, and which credentials it takes.

use std::collections::BTreeSet;

use crate::openapi::{Node, operations, reference};
use crate::visible::visible;

/// The URL in examples if the description names none.
const EXAMPLE: &str = "https://api.example.com";

/// What is said of a service.
#[derive(Debug)]
pub(super) struct Facts {
    /// Its title, in a line.
    pub(super) service: String,
    /// Its version, in a line.
    pub(super) version: String,
    /// The URL of its first server, and whether the description has all of it.
    pub(super) url: (String, bool),
    /// The ways to be let in, those that are asked for first.
    pub(super) schemes: Vec<Scheme>,
}

/// A way to be let in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scheme {
    /// Its name in the description.
    pub(super) name: String,
    pub(super) kind: SchemeKind,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum SchemeKind {
    Basic,
    /// A token that is given to the user: of OAuth 2 or OpenID Connect if there is a word for it.
    Bearer(Option<&'static str>),
    /// A key in a header, the query or a cookie, of this name.
    Header(String),
    Query(String),
    Cookie(String),
    /// What the crate has no code for, in words.
    ByHand(String),
}

impl Facts {
    pub(super) fn of(description: &Node) -> Self {
        let info = |key| {
            let text = description.get("info").and_then(|it| it.get(key));
            line(text.and_then(Node::as_str).unwrap_or_default())
        };
        let title = info("title");
        Self {
            service: match title.is_empty() {
                true => "the service".to_owned(),
                false => title,
            },
            version: info("version"),
            url: url(description),
            schemes: schemes(description),
        }
    }
}

/// A text in one line, with nothing that cannot be seen.
fn line(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    visible(&text).into_owned()
}

/// The URL of the first server, its variables by their defaults.
fn url(description: &Node) -> (String, bool) {
    let server = description
        .get("servers")
        .and_then(Node::as_array)
        .and_then(|it| it.first());
    let given = server
        .and_then(|it| it.get("url"))
        .and_then(Node::as_str)
        .unwrap_or_default();
    let mut url = given.trim().to_owned();
    let variables = server.and_then(|it| it.get("variables"));
    for (name, variable) in variables
        .and_then(Node::as_object)
        .into_iter()
        .flat_map(|it| it.iter())
    {
        let default = variable.node.get("default").and_then(Node::as_str);
        url = url.replace(&format!("{{{name}}}"), default.unwrap_or_default());
    }
    let is_plain = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_graphic() && !"{}\"\\<>`".contains(c))
    };
    if !is_plain(&url) {
        return (EXAMPLE.to_owned(), false);
    }
    let url = url.trim_end_matches('/');
    if url.starts_with("https://") || url.starts_with("http://") {
        // Credentials must not get into a crate, and a base URL can have neither them nor a query.
        match url.contains(['@', '?', '#']) {
            true => (EXAMPLE.to_owned(), false),
            false => (url.to_owned(), true),
        }
    } else if url.starts_with('/') && !url.starts_with("//") {
        // Relative to where the description is, which only its user knows.
        (format!("{EXAMPLE}{url}"), false)
    } else {
        (EXAMPLE.to_owned(), false)
    }
}

/// The schemes that the description has. Those that the document asks for come first, then those of its operations.
fn schemes(description: &Node) -> Vec<Scheme> {
    let mut asked: Vec<&str> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let of_operations = operations(description).map(|(_, it)| it);
    for holder in std::iter::once(description).chain(of_operations) {
        let listed = holder.get("security").and_then(Node::as_array);
        let names = listed
            .into_iter()
            .flatten()
            .filter_map(Node::as_object)
            .flat_map(|it| it.keys());
        asked.extend(names.map(String::as_str).filter(|it| seen.insert(it)));
    }
    let declared = description
        .get("components")
        .and_then(|it| it.get("securitySchemes"))
        .and_then(Node::as_object);
    let mut found: Vec<Scheme> = declared
        .into_iter()
        .flat_map(|it| it.iter())
        .map(|(name, entry)| Scheme {
            name: line(name),
            kind: kind(reference::last(description, &entry.node)),
        })
        .collect();
    let place = |it: &Scheme| asked.iter().position(|name| *name == it.name);
    found.sort_by_key(|it| place(it).unwrap_or(usize::MAX));
    // What the crate can do comes before what it cannot.
    found.sort_by_key(|it| matches!(it.kind, SchemeKind::ByHand(_)));
    found
}

fn kind(scheme: &Node) -> SchemeKind {
    let text = |key| scheme.get(key).and_then(Node::as_str).unwrap_or_default();
    let is_token = |name: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    let name = text("name");
    match (text("type"), text("in")) {
        ("http", _) => match text("scheme").to_ascii_lowercase().as_str() {
            "bearer" => SchemeKind::Bearer(None),
            "basic" => SchemeKind::Basic,
            other => SchemeKind::ByHand(format!("HTTP authentication `{}`", line(other))),
        },
        ("oauth2", _) => SchemeKind::Bearer(Some("OAuth 2")),
        ("openIdConnect", _) => SchemeKind::Bearer(Some("OpenID Connect")),
        ("apiKey", "header") if is_token(name) => SchemeKind::Header(name.to_ascii_lowercase()),
        ("apiKey", "query") if is_token(name) => SchemeKind::Query(name.to_owned()),
        ("apiKey", "cookie") if is_token(name) => SchemeKind::Cookie(name.to_owned()),
        ("mutualTLS", _) => SchemeKind::ByHand("a certificate of the client".to_owned()),
        (other, _) => SchemeKind::ByHand(format!("`{}`", line(other))),
    }
}
