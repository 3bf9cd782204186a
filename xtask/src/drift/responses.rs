//! Answers by status, and the content of bodies in both directions.

use indexmap::IndexMap;

use super::changes::{self as change, Uses};
use super::comparison::{Comparison, Here};
use super::part::Part;
use crate::openapi::Node;

/// The media type that is not named in messages, since it is the usual one.
const JSON: &str = "application/json";

/// Media types by their names without parameters, in small letters.
fn media_types<'a>(holder: &Part<'a>) -> IndexMap<String, Part<'a>> {
    let mut types = IndexMap::new();
    for (name, part) in holder.member("content").iter().flat_map(Part::named) {
        let name = name.split(';').next().unwrap_or_default();
        let name = name.trim().to_ascii_lowercase();
        types.entry(name).or_insert(part);
    }
    types
}

/// The schema of a parameter, a header or a media type: a list of one, or none.
fn schema<'a>(holder: Option<&Part<'a>>) -> Vec<Part<'a>> {
    holder
        .and_then(|it| it.member("schema"))
        .into_iter()
        .collect()
}

/// Answers by status.
fn answers<'a>(document: &'a Node, operation: &Part<'a>) -> IndexMap<String, Part<'a>> {
    let answers = operation.member("responses");
    let answers = answers.iter().flat_map(Part::members);
    answers
        .map(|(status, part)| {
            let is_range = status.starts_with(|it: char| it.is_ascii_digit());
            let status = match is_range {
                true => status.to_ascii_uppercase(),
                false => status.to_owned(),
            };
            (status, part.resolved(document))
        })
        .collect()
}

/// Whether a status is not an error. `default` counts as an error, as generators have it.
fn is_success(status: &str) -> bool {
    status.starts_with(['1', '2', '3'])
}

/// Whether an answer has content.
fn has_body(answer: &Part<'_>) -> bool {
    !media_types(answer).is_empty()
}

/// Whether any answer of the same kind, success or error, has a body.
fn any_body(answers: &IndexMap<String, Part<'_>>, status: &str) -> bool {
    let mut answers = answers.iter();
    answers.any(|(other, answer)| is_success(other) == is_success(status) && has_body(answer))
}

impl<'a> Comparison<'a> {
    /// Compares answers by status.
    pub(super) fn responses(&mut self, ours: &Part<'a>, other: &Part<'a>, operation: &Here) {
        let (a, b) = (answers(self.ours, ours), answers(self.other, other));
        let here_of = |status: &str| operation.part(format!("answer {status}"), Uses::ANSWER);
        for (status, answer) in &a {
            let here = here_of(status);
            let Some(there) = b.get(status) else {
                let decides_type = has_body(answer) && !any_body(&b, status);
                let change = if is_success(status) || decides_type {
                    change::RESPONSE_REMOVED
                } else {
                    change::ERROR_RESPONSE_REMOVED
                };
                let message = "in ours, and OTHER lacks it";
                self.report(change, &here, message, Some(answer), Some(other));
                continue;
            };
            self.headers(answer, there, &here);
            self.content(answer, there, &here);
        }
        for (status, answer) in &b {
            if a.contains_key(status) {
                continue;
            }
            let change = if has_body(answer) && !any_body(&a, status) {
                change::FIRST_RESPONSE_ADDED
            } else {
                change::RESPONSE_ADDED
            };
            let message = "in OTHER, and ours lacks it";
            self.report(change, &here_of(status), message, Some(ours), Some(answer));
        }
    }

    /// Compares the headers of an answer, whose names are without case.
    fn headers(&mut self, ours: &Part<'a>, other: &Part<'a>, here: &Here) {
        let read = |answer: &Part<'a>,
                    document: &'a Node|
         -> IndexMap<String, (&'a str, Part<'a>)> {
            let headers = answer.member("headers");
            let headers = headers.iter().flat_map(Part::named);
            headers
                .map(|(name, part)| (name.to_ascii_lowercase(), (name, part.resolved(document))))
                .filter(|(key, _)| key != "content-type")
                .collect()
        };
        let here_of = |name: &str| {
            let base = format!("{}, header `{name}`", here.base);
            here.part(base, here.uses)
        };
        let (a, b) = (read(ours, self.ours), read(other, self.other));
        for (key, (name, header)) in &a {
            let here = here_of(name);
            let Some((_, there)) = b.get(key) else {
                let message = "in ours, and OTHER lacks it";
                self.report(
                    change::HEADER_REMOVED,
                    &here,
                    message,
                    Some(header),
                    Some(other),
                );
                continue;
            };
            if header.is_true("required") != there.is_true("required") {
                let message = if header.is_true("required") {
                    "required in ours, optional in OTHER"
                } else {
                    "optional in ours, required in OTHER"
                };
                let (ours, other) = (Some(header), Some(there));
                self.report(change::HEADER_REQUIRED, &here, message, ours, other);
            }
            self.deprecated(header, there, &here);
            self.schema_or_content(header, there, &here);
        }
        for (key, (name, header)) in &b {
            if !a.contains_key(key) {
                let message = "in OTHER, and ours lacks it";
                let here = here_of(name);
                self.report(
                    change::HEADER_ADDED,
                    &here,
                    message,
                    Some(ours),
                    Some(header),
                );
            }
        }
    }

    /// A parameter or a header has either.
    pub(super) fn schema_or_content(&mut self, ours: &Part<'a>, other: &Part<'a>, here: &Here) {
        if media_types(ours).is_empty() && media_types(other).is_empty() {
            self.schema(&schema(Some(ours)), &schema(Some(other)), here);
            return;
        }
        let (a, b) = (media_types(ours), media_types(other));
        let as_text = |types: &IndexMap<String, Part<'a>>| match types.keys().next() {
            Some(name) => format!("as {name}"),
            None => "by its style".to_owned(),
        };
        if as_text(&a) != as_text(&b) {
            let message = format!("written {} in ours, {} in OTHER", as_text(&a), as_text(&b));
            self.report(
                change::PARAMETER_STYLE,
                here,
                message,
                Some(ours),
                Some(other),
            );
        }
        let (a, b) = (
            a.values().next().unwrap_or(ours),
            b.values().next().unwrap_or(other),
        );
        self.schema(&schema(Some(a)), &schema(Some(b)), here);
    }

    /// What a body may hold.
    pub(super) fn content(&mut self, ours: &Part<'a>, other: &Part<'a>, here: &Here) {
        let (a, b) = (media_types(ours), media_types(other));
        if here.uses == Uses::ANSWER && a.is_empty() != b.is_empty() {
            let list = |types: &IndexMap<String, Part<'a>>| {
                types
                    .keys()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let (change, message) = if a.is_empty() {
                let message = format!("a body ({}) in OTHER, none in ours", list(&b));
                (change::ANSWER_BODY_ADDED, message)
            } else {
                let message = format!("a body ({}) in ours, none in OTHER", list(&a));
                (change::ANSWER_BODY_REMOVED, message)
            };
            let first = |types: &'_ IndexMap<String, Part<'a>>, holder: &Part<'a>| {
                types.values().next().unwrap_or(holder).clone()
            };
            let (ours, other) = (first(&a, ours), first(&b, other));
            self.report(change, here, message, Some(&ours), Some(&other));
            return;
        }
        for (name, part) in &a {
            let Some(there) = b.get(name) else {
                let message = format!("{name} is in ours, and OTHER lacks it");
                self.report(
                    change::MEDIA_TYPE_REMOVED,
                    here,
                    message,
                    Some(part),
                    Some(other),
                );
                continue;
            };
            let mut here = here.clone();
            if name != JSON {
                here.base = format!("{}, {name}", here.base);
            }
            self.schema(&schema(Some(part)), &schema(Some(there)), &here);
        }
        for (name, part) in &b {
            if !a.contains_key(name) {
                let message = format!("{name} is in OTHER, and ours lacks it");
                self.report(
                    change::MEDIA_TYPE_ADDED,
                    here,
                    message,
                    Some(ours),
                    Some(part),
                );
            }
        }
    }
}
