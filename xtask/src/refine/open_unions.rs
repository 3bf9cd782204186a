//! Open unions whose enum typify writes. A value that the description does not know is kept, and is not an error.
//!
//! typify writes an enum with `#[serde(tag = "type")]`. It gets a variant `Unknown` for objects whose tag is not known, and each other
//! variant gets a field for members that are not known:
//!
//! ```text
//! pub enum Entry {
//!     Agent { id: String, #[serde(flatten)] unknown: Map<String, Value> },
//!     #[serde(untagged)]
//!     Unknown(Map<String, Value>),
//! }
//! ```

use quote::{ToTokens, format_ident, quote};
use syn::punctuated::Punctuated;
use syn::{Field, Item, ItemEnum, Token, parse_quote};

use super::types::{Texts, edit_derives, serde_arguments, unknown_variant};
use super::{tagged, unexpected};
use crate::diagnostic::Failure;
use crate::model::Schema;

/// Opens a union with a tag. Returns the impls that read it, if they replace what serde derives.
pub(super) fn union(
    item: &mut ItemEnum,
    schema: &Schema,
    texts: &Texts,
) -> Result<Vec<Item>, Failure> {
    refuse_unknown(item)?;
    let tag = serde_arguments(&item.attrs)?
        .into_iter()
        .find_map(|(name, text)| text.filter(|_| name == "tag"));
    let Some(tag) = tag else {
        return Err(unexpected(&format!(
            "the union `{}` is marked open, and has no tag",
            schema.name
        )));
    };
    let reading = tagged::reading(item, &tag.value(), texts)?;
    let object = quote!(::serde_json::Map<::std::string::String, ::serde_json::Value>);
    item.variants.push(unknown_variant(&parse_quote!(#object)));
    let Some(reading) = reading else {
        return Ok(Vec::new());
    };
    edit_derives(&mut item.attrs, |derives| {
        derives.retain(|derive| derive.name != "Deserialize");
    })?;
    Ok(reading)
}

/// Adds a field for members of a branch that the description does not know. Without it, they would be lost when the value is
/// sent back, and in a policy a member may be a restriction.
pub(super) fn keep_unknown_members(
    fields: &mut Punctuated<Field, Token![,]>,
    name: &str,
) -> Result<(), Failure> {
    let keeps = fields.iter().any(|field| {
        field
            .attrs
            .iter()
            .any(|attr| attr.to_token_stream().to_string().contains("flatten"))
    });
    if keeps {
        return Ok(());
    }
    if fields
        .iter()
        .any(|field| field.ident.as_ref().is_some_and(|it| it == name))
    {
        return Err(unexpected(&format!(
            "a branch of an open union has a property `{name}`"
        )));
    }
    let name = format_ident!("{name}");
    fields.push(parse_quote! {
        /// Members that the description does not have. They are kept and sent back.
        #[serde(flatten)]
        #name: ::serde_json::Map<::std::string::String, ::serde_json::Value>
    });
    Ok(())
}

/// An enum that is to be opened must have no variant `Unknown` yet.
pub(super) fn refuse_unknown(item: &ItemEnum) -> Result<(), Failure> {
    if item
        .variants
        .iter()
        .any(|variant| variant.ident == "Unknown")
    {
        return Err(unexpected(&format!(
            "`{}` is to be opened and has a variant `Unknown` already",
            item.ident
        )));
    }
    Ok(())
}
