//! Files of OpenAPI 3.1: a text of which only the media type is said.
//!
//! 3.0 has `format: binary` for a file in a form. 3.1 has `contentMediaType: application/octet-stream` without `contentEncoding`. With an encoding
//! such as base64, it is a text in both. So is one of a media type that is text itself, such as `application/json`.

use std::collections::HashSet;

use super::draft::Draft;
use crate::openapi::reference::resolve;
use crate::openapi::schema::{get, items, members, text};
use crate::openapi::walk::{self, Kind, Reach, Then};
use crate::openapi::{Node, Pointer, Value};

/// The schemas of all that is sent as a file.
pub(super) fn of(document: &Node) -> HashSet<Pointer> {
    let mut found = Found {
        document,
        seen: HashSet::new(),
        files: HashSet::new(),
    };
    walk::each(document, Reach::V3_0, |node, place| {
        if place.kind == Kind::RequestBody {
            let at = place.pointer().join("content");
            for (media_type, media) in members(node, "content") {
                let at = at.join(media_type).join("schema");
                let name = media_type.split(';').next().unwrap_or_default().trim();
                match (media.get("schema"), name.to_ascii_lowercase().as_str()) {
                    (Some(schema), "multipart/form-data") => found.look(&at, schema, Within::Form),
                    (Some(schema), "application/octet-stream") => {
                        found.look(&at, schema, Within::Part);
                    }
                    _ => {}
                }
            }
        }
        Then::Within
    });
    found.files
}

/// What a schema describes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Within {
    /// A whole form.
    Form,
    /// One of its parts, or a whole body.
    Part,
    /// One of several parts of one name.
    Item,
}

struct Found<'a> {
    document: &'a Node,
    seen: HashSet<(Pointer, Within)>,
    files: HashSet<Pointer>,
}

impl<'a> Found<'a> {
    fn look(&mut self, at: &Pointer, schema: &'a Node, within: Within) {
        let mut waiting = vec![(at.clone(), schema, within)];
        while let Some((at, schema, within)) = waiting.pop() {
            let Some((at, schema)) = resolve(self.document, &at, schema, "schemas") else {
                continue;
            };
            if !self.seen.insert((at.clone(), within)) {
                continue;
            }
            for keyword in ["allOf", "anyOf", "oneOf"] {
                let at = at.join(keyword);
                let branches = items(schema, keyword).iter().enumerate();
                waiting.extend(branches.map(|(index, it)| (at.join(index), it, within)));
            }
            match within {
                Within::Form => {
                    let at = at.join("properties");
                    let parts = members(schema, "properties");
                    waiting.extend(parts.map(|(name, it)| (at.join(name), it, Within::Part)));
                }
                Within::Part => {
                    let items = get(schema, "items").map(|it| (at.join("items"), it, Within::Item));
                    waiting.extend(items);
                }
                Within::Item => {}
            }
            if within != Within::Form && is_file(schema) {
                self.files.insert(at);
            }
        }
    }
}

/// Whether a text is said to be of a media type that is no text, as it is.
fn is_file(schema: &Node) -> bool {
    let is_string = match get(schema, "type").map(|it| &it.value) {
        Some(Value::String(it)) => it == "string",
        Some(Value::Array(types)) => types.iter().any(|it| it.as_str() == Some("string")),
        _ => false,
    };
    let encoding = text(schema, "contentEncoding");
    let is_as_it_is = encoding.is_none_or(|it| it.eq_ignore_ascii_case("binary"));
    let media_type = text(schema, "contentMediaType").map(str::to_ascii_lowercase);
    let is_text = |it: &str| {
        let name = it.split(';').next().unwrap_or_default().trim();
        name.starts_with("text/")
            || ["json", "xml", "yaml"].iter().any(|kind| {
                name.strip_suffix(kind)
                    .is_some_and(|it| it.ends_with(['/', '+', '-']))
            })
    };
    is_string
        && is_as_it_is
        && get(schema, "format").is_none()
        && media_type.is_some_and(|it| !is_text(&it))
}

/// Says in the words of 3.0 that a schema is a file.
pub(super) fn lower(files: &HashSet<Pointer>, draft: &mut Draft) {
    if files.contains(&draft.at) {
        let span = draft.span.clone();
        draft.put("format", Value::String("binary".to_owned()), &span);
    }
}
