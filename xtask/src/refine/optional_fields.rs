//! Optional fields: what is not set is not sent, null can be sent, and what every answer has is no `Option`.
//!
//! In a type that is sent,
//!
//! ```text
//! #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
//! pub tags: Vec<String>,                    // typify
//! #[serde(default, skip_serializing_if = "::std::option::Option::is_none")]
//! pub tags: Option<Vec<String>>,            // here: an empty list can be sent, too
//!
//! #[serde(default, skip_serializing_if = "::std::option::Option::is_none")]
//! pub note: Option<String>,                 // typify, of a property that may be null
//! #[serde(default, skip_serializing_if = "crate::Nullable::is_left_out")]
//! pub note: crate::Nullable<String>,        // here: null can be sent, too
//! ```
//!
//! A form has neither null nor empty lists, so types of uploads stay as they are.
//!
//! In a type that is received, a property with `x-codegen-in-answers` is no `Option`. If it is `expected`, an answer without it is
//! read with the type's default. If it is `required`, such an answer is refused. A type that is also sent does not send
//! the default.

use quote::{format_ident, quote};
use syn::{Field, LitStr, Type, parse_quote};

use super::docs;
use super::types::{optional, serde_arguments, set_serde_arguments, wire_name};
use crate::diagnostic::Failure;
use crate::model::{InAnswers, Schema};

/// Arranges one field of the type of this schema.
pub(super) fn arrange(field: &mut Field, schema: &Schema) -> Result<(), Failure> {
    if schema.upload {
        return Ok(());
    }
    let wire = wire_name(field)?;
    let is_sent = schema.uses.request && !schema.not_sent.contains(&wire);
    if let Some(how) = schema.in_answers.get(&wire)
        && schema.uses.answer
    {
        return in_answers(field, *how, is_sent);
    }
    if !is_sent || schema.required_to_send.contains(&wire) {
        return Ok(());
    }
    let arguments = serde_arguments(&field.attrs)?;
    let skips = arguments
        .iter()
        .find(|(name, _)| name == "skip_serializing_if");
    let Some((_, Some(condition))) = skips else {
        return Ok(());
    };
    let ty = &field.ty;
    let (ty, condition): (Type, _) = match optional(ty) {
        Some(inner) if schema.nullable.contains(&wire) => (
            parse_quote!(crate::Nullable<#inner>),
            "crate::Nullable::is_left_out",
        ),
        None if condition.value().ends_with("::is_empty") => (
            parse_quote!(::std::option::Option<#ty>),
            "::std::option::Option::is_none",
        ),
        _ => return Ok(()),
    };
    field.ty = ty;
    set(field, &[("default", None), skip(condition)])
}

/// Whether a field begins with the type's default although serde has none for it: it must be in answers, and it need not be sent.
pub(super) fn begins_empty(schema: &Schema, wire: &str) -> bool {
    schema.uses.request && schema.in_answers.get(wire) == Some(&InAnswers::Required)
}

/// Whether the constructor asks for a field only because answers must have it.
pub(super) fn is_asked(schema: &Schema) -> bool {
    let mut all = schema.in_answers.values();
    !schema.uses.request && all.any(|how| *how == InAnswers::Required)
}

/// Makes a field that answers have the type itself.
fn in_answers(field: &mut Field, how: InAnswers, is_sent: bool) -> Result<(), Failure> {
    // A list or a map is no `Option`, and neither is what has a default.
    let Some(inner) = optional(&field.ty) else {
        return Ok(());
    };
    field.ty = inner.clone();
    let mut arguments = Vec::new();
    if how == InAnswers::Expected {
        docs::add(
            &mut field.attrs,
            "Answers have it. If one does not, this is the default of its type.",
        );
        arguments.push(("default", None));
        arguments.push(("deserialize_with", Some("crate::support::answered::read")));
    }
    if is_sent {
        arguments.push(skip("crate::support::answered::is_missing"));
    }
    set(field, &arguments)
}

/// serde's argument for when a field is not written.
fn skip(condition: &'static str) -> Argument {
    ("skip_serializing_if", Some(condition))
}

/// A name, and perhaps a text.
type Argument = (&'static str, Option<&'static str>);

/// Gives a field these arguments of serde. Of those that it has, the name on the wire stays.
fn set(field: &mut Field, arguments: &[Argument]) -> Result<(), Failure> {
    let before = serde_arguments(&field.attrs)?;
    let kept = before.into_iter().filter(|(name, _)| name == "rename");
    let new = arguments.iter().map(|(name, text)| {
        let text = text.map(|text| LitStr::new(text, proc_macro2::Span::call_site()));
        (format_ident!("{name}"), text)
    });
    let all = kept.chain(new).map(|(name, text)| match text {
        Some(text) => quote!(#name = #text),
        None => quote!(#name),
    });
    set_serde_arguments(field, all.collect());
    Ok(())
}
