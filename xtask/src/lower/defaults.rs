//! Defaults that do not fit: no value is invalid for them, and no code can be made of them.

use std::fmt::Write as _;

use jsonschema::{Draft as Dialect, Registry};

use super::Lowering;
use super::draft::Draft;
use super::rules;
use crate::document::{Node, Pointer};

const DOCUMENT: &str = "urn:description";

/// Tells whether values fit schemas of the description as it was given.
pub(super) struct Fit {
    /// Nothing where the description's references lead to nowhere, which the lints are about.
    registry: Option<Registry<'static>>,
}

impl Fit {
    pub(super) fn new(document: &Node) -> Self {
        let registry = Registry::new()
            .draft(Dialect::Draft202012)
            .add(DOCUMENT, document.to_json())
            .and_then(|registry| registry.prepare());
        Self {
            registry: registry.ok(),
        }
    }

    /// Nothing where the schema cannot be understood.
    fn fits(&self, schema: &Pointer, value: &serde_json::Value) -> Option<bool> {
        let registry = self.registry.as_ref()?;
        let reference = format!("{DOCUMENT}#{}", fragment(schema));
        let validator = jsonschema::options()
            .with_draft(Dialect::Draft202012)
            .with_registry(registry)
            .build(&serde_json::json!({ "$ref": reference }))
            .ok()?;
        Some(validator.is_valid(value))
    }
}

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

/// Last of all: null fits what has become nullable.
pub(super) fn lower(lowering: &mut Lowering<'_>, draft: &mut Draft) {
    let Some(default) = draft.get("default") else {
        return;
    };
    let is_nullable = draft.get("nullable").and_then(Node::as_bool) == Some(true);
    if default.is_null() && is_nullable {
        return;
    }
    if lowering.fit.fits(&draft.at, &default.to_json()) == Some(false) {
        draft.take("default");
        lowering.count(rules::DEFAULT, &draft.at.join("default"));
    }
}
