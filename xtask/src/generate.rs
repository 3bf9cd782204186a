//! Seventh stage: progenitor turns the description into Rust tokens.

mod given_names;

use std::panic::{AssertUnwindSafe, catch_unwind};

use openapiv3::OpenAPI;
use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TagStyle};
use serde::Deserialize;
use serde_path_to_error::Segment;

use crate::diagnostic::{Diagnostic, Failure};
use crate::markers::{IGNORE, MADE, MARKER_PREFIX, REPLACE};
use crate::model::Model;
use crate::naming::type_name;
use crate::openapi::{Node, Pointer};
use given_names::GivenNames;

/// Reads a description into the generator's types, without the markers and notes that are for us.
///
/// # Errors
///
/// A description that does not fit OpenAPI 3.0, with the place.
pub fn read(document: &Node) -> Result<OpenAPI, Failure> {
    let hidden = GivenNames::of(document).hide(document);
    let mut json = hidden.as_ref().unwrap_or(document).to_json();
    empty_replaced(&mut json);
    strip(&mut json);
    // Reading with the path takes twice as long, so it is done only if there is an error to report.
    let description = OpenAPI::deserialize(&json);
    let description = description.or_else(|_| serde_path_to_error::deserialize(json));
    description.map_err(|error| {
        let pointer = to_pointer(error.path());
        Diagnostic::at(
            document,
            &pointer,
            "not-openapi",
            format!("this does not fit OpenAPI 3.0: {}", error.inner()),
            "see the OpenAPI Specification 3.0.3 for what may stand here",
        )
        .into()
    })
}

/// Generates the client for a description that has passed the lints.
///
/// # Errors
///
/// As [`read`] and [`generate_from`].
pub fn generate(document: &Node, model: &Model) -> Result<TokenStream, Failure> {
    generate_from(document, &read(document)?, model)
}

/// As [`generate`], for a description that has been read.
///
/// # Errors
///
/// What progenitor refuses or panics on and no lint has found.
pub fn generate_from(
    document: &Node,
    description: &OpenAPI,
    model: &Model,
) -> Result<TokenStream, Failure> {
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_tag(TagStyle::Merged)
        .with_hooks(HooksMode::Expected);
    for schema in model.schemas.values() {
        let name = type_name(&schema.name);
        if let Some(replacement) = &schema.replace {
            settings.with_replacement(name, replacement, std::iter::empty());
        } else if schema.union.is_some() {
            // The refine stage writes it.
            let own = format!("crate::types::{name}");
            settings.with_replacement(name, own, std::iter::empty());
        }
    }

    // The lints refuse what progenitor is known to panic on. Any other panic becomes an error with advice,
    // and not a backtrace.
    let outcome = quietly(|| Generator::new(&settings).generate_tokens(description));
    let problem = match outcome {
        Ok(Ok(tokens)) => return Ok(GivenNames::of(document).reveal(tokens)),
        Ok(Err(error)) => error.to_string(),
        Err(panic) => format!("it panicked with: {panic}"),
    };
    Err(Diagnostic::at(
        document,
        &Pointer::default(),
        "progenitor",
        format!("progenitor cannot take this description: {problem}"),
        "no lint covers this yet: find the construct by removing parts, say it another way in the \
         overlay, and add a lint with a fixture",
    )
    .into())
}

/// Empties the schemas that a type of ours replaces. The generator needs only their names, so it does not matter what
/// they contain.
fn empty_replaced(json: &mut serde_json::Value) {
    let schemas = json
        .pointer_mut("/components/schemas")
        .and_then(serde_json::Value::as_object_mut);
    for schema in schemas.into_iter().flat_map(|schemas| schemas.values_mut()) {
        if schema.get(REPLACE).is_some() {
            *schema = serde_json::json!({});
        }
    }
}

/// Removes our markers and notes, and the keywords that `x-codegen-ignore` names.
fn strip(json: &mut serde_json::Value) {
    match json {
        serde_json::Value::Object(members) => {
            if let Some(serde_json::Value::Array(keywords)) = members.shift_remove(IGNORE) {
                for keyword in keywords.iter().filter_map(serde_json::Value::as_str) {
                    members.shift_remove(keyword);
                }
            }
            members.retain(|key, _| !key.starts_with(MARKER_PREFIX) && !key.starts_with(MADE));
            members.values_mut().for_each(strip);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// The way that serde tracked, as a pointer. It may end early, inside of an untagged enum.
fn to_pointer(path: &serde_path_to_error::Path) -> Pointer {
    Pointer(
        path.iter()
            .map_while(|segment| match segment {
                Segment::Map { key } => Some(key.clone()),
                Segment::Seq { index } => Some(index.to_string()),
                Segment::Enum { .. } | Segment::Unknown => None,
            })
            .collect(),
    )
}

/// Runs `work`. If it panics, nothing is printed, and the result is the panic's message.
fn quietly<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: std::sync::Mutex<()> = std::sync::Mutex::new(());

    let _one_at_a_time = HOOK.lock().unwrap_or_else(|poison| poison.into_inner());
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    std::panic::set_hook(before);
    outcome.map_err(|payload| {
        payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| {
                payload
                    .downcast_ref::<&str>()
                    .map(|text| (*text).to_owned())
            })
            .unwrap_or_else(|| "no message".to_owned())
    })
}
