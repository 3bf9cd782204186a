//! Defaults that do not fit their schema are removed. No value is invalid because of one, and no code can be made of it.
//!
//! `{type: integer, default: none}` loses its default. A default of null stays if the schema allows null.
//!
//! Whether a default fits is decided on the description as it was given, since the validator knows 3.1 and not
//! progenitor's reading of 3.0.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;

use jsonschema::{Draft as Dialect, Registry, Validator};

use super::Lowering;
use super::draft::Draft;
use super::rules;
use crate::openapi::keywords::is_note;
use crate::openapi::{Node, Pointer, Value, reference};

const DOCUMENT: &str = "urn:description";

/// Tells whether values fit schemas of the description as it was given.
pub(super) struct Fit {
    /// `None` if a reference of the description leads nowhere, which is for the lints to report.
    registry: Option<Registry<'static>>,
    /// Validators of what references lead to, by the reference: to make one goes through all that it says.
    referred: RefCell<HashMap<String, Option<Validator>>>,
}

impl Fit {
    /// Reads the description for the validator. It is the description as given, in the language that the validator knows.
    pub(super) fn new(document: &Node) -> Self {
        let registry = Registry::new()
            .draft(Dialect::Draft202012)
            .add(DOCUMENT, document.to_json())
            .and_then(|registry| registry.prepare());
        Self {
            registry: registry.ok(),
            referred: RefCell::default(),
        }
    }

    /// Whether a value fits the schema at a pointer. `None` if the schema cannot be understood: then the default stays, and a lint
    /// reports what is wrong with the schema.
    ///
    /// The first two ways only save time: the published description has 562 defaults, and to make a validator is to read all that
    /// the schema says.
    fn fits(&self, document: &Node, schema: &Pointer, value: &Node) -> Option<bool> {
        let node = document.pointer(schema);
        if let Some(fits) = node.and_then(|it| fits_plain(it, value)) {
            return Some(fits);
        }
        let value = value.to_json();
        if let Some(target) = node.and_then(only_reference) {
            let mut referred = self.referred.borrow_mut();
            let validator = referred
                .entry(target.to_owned())
                .or_insert_with(|| self.validator(target));
            return Some(validator.as_ref()?.is_valid(&value));
        }
        let validator = self.validator(&format!("#{}", fragment(schema)))?;
        Some(validator.is_valid(&value))
    }

    /// A validator of the schema at this fragment of the description. `None` if it is not a schema, or refers to what
    /// is missing.
    fn validator(&self, fragment: &str) -> Option<Validator> {
        let registry = self.registry.as_ref()?;
        let reference = format!("{DOCUMENT}{fragment}");
        jsonschema::options()
            .with_draft(Dialect::Draft202012)
            .with_registry(registry)
            .build(&serde_json::json!({ "$ref": reference }))
            .ok()
    }
}

/// The reference of a schema that says nothing else of its values.
fn only_reference(schema: &Node) -> Option<&str> {
    let members = schema.as_object()?;
    let mut others = members.keys().filter(|key| *key != "$ref" && !is_note(key));
    let target = reference::text(schema)?;
    (others.next().is_none() && target.starts_with('#')).then_some(target)
}

/// Whether a value fits a schema that asks for little but types. `None` for any other schema: a validator can
/// tell, and takes a thousand times as long.
fn fits_plain(schema: &Node, value: &Node) -> Option<bool> {
    let mut fits = true;
    for (keyword, entry) in schema.as_object()? {
        fits &= match (keyword.as_str(), &entry.node.value) {
            (keyword, _) if is_note(keyword) => true,
            // In OpenAPI 3.1, a format is a note, and no value is invalid by it.
            ("format", _) => true,
            ("type", Value::String(kind)) => is_of(kind, value)?,
            ("enum", Value::Array(values)) if value.as_str().is_some() => {
                values.iter().any(|it| it.as_str() == value.as_str())
            }
            ("const", Value::String(text)) => value.as_str() == Some(text),
            ("minimum" | "maximum", Value::Number(bound)) => match &value.value {
                Value::Number(number) => {
                    let (number, bound) = (number.as_i64()?, bound.as_i64()?);
                    if keyword == "minimum" {
                        number >= bound
                    } else {
                        number <= bound
                    }
                }
                _ => true,
            },
            ("items", _) if value.as_array().is_some_and(|it| it.is_empty()) => true,
            ("properties" | "additionalProperties", _)
                if value.as_object().is_some_and(|it| it.is_empty()) =>
            {
                true
            }
            ("anyOf", Value::Array(branches)) if !branches.is_empty() => {
                let answers: Vec<Option<bool>> =
                    branches.iter().map(|it| fits_plain(it, value)).collect();
                // One is enough, whatever is not known of the others.
                if answers.contains(&Some(true)) {
                    true
                } else if answers.contains(&None) {
                    return None;
                } else {
                    false
                }
            }
            _ => return None,
        };
    }
    Some(fits)
}

/// Whether a value is of a type. `None` if only the validator knows.
fn is_of(kind: &str, value: &Node) -> Option<bool> {
    let is_kind = match (kind, &value.value) {
        ("null", it) => matches!(it, Value::Null),
        ("boolean", it) => matches!(it, Value::Bool(_)),
        ("string", it) => matches!(it, Value::String(_)),
        ("array", it) => matches!(it, Value::Array(_)),
        ("object", it) => matches!(it, Value::Object(_)),
        ("number", it) => matches!(it, Value::Number(_)),
        // `5.0` is an integer to JSON Schema, and `5.5` is not.
        ("integer", Value::Number(number)) if number.is_f64() => return None,
        ("integer", it) => matches!(it, Value::Number(_)),
        _ => return None,
    };
    Some(is_kind)
}

/// A pointer as the fragment of a URI.
fn fragment(pointer: &Pointer) -> String {
    let mut text = String::new();
    for part in &pointer.0 {
        text.push('/');
        for byte in part.replace('~', "~0").replace('/', "~1").bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                text.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

/// Removes a default that does not fit. This is the last rule: null fits a schema that has become nullable.
pub(super) fn lower(lowering: &mut Lowering<'_>, draft: &mut Draft) {
    let Some(default) = draft.get("default") else {
        return;
    };
    let is_nullable = draft.get("nullable").and_then(Node::as_bool) == Some(true);
    if default.is_null() && is_nullable {
        return;
    }
    let fits = lowering.fit.fits(lowering.document, &draft.at, default);
    if fits == Some(false) {
        draft.take("default");
        lowering.count(rules::DEFAULT, &draft.at.join("default"));
    }
}
