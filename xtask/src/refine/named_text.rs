//! Texts with a name: a component that is a plain string, such as the ID of an agent.
//!
//! ```text
//! pub struct AgentId(String);
//! crate::support::named_text::named_text!(AgentId);
//! ```
//!
//! typify's newtype has a public field, and five impls for each type. letta-api has all impls in one macro. Any text fits: a lint
//! refuses a string that the description limits (`pattern`, `minLength`) unless the overlay ignores the limit.

use std::collections::BTreeSet;

use syn::{Fields, Item, ItemImpl, ItemStruct, Visibility, parse_quote};

use super::types::{add_derives, edit_derives, first, is_called, self_name};
use crate::diagnostic::Failure;
use crate::model::Model;

/// The names of the types that are texts with a name.
pub(super) fn all(items: &[Item], model: &Model) -> BTreeSet<String> {
    let structs = items.iter().filter_map(|item| match item {
        Item::Struct(item) if is_named_text(item) => Some(item.ident.to_string()),
        _ => None,
    });
    structs
        .filter(|name| model.schemas.contains_key(name))
        .collect()
}

/// Whether this is `pub struct Name(pub String)`. typify makes the field private if it checks the text.
fn is_named_text(item: &ItemStruct) -> bool {
    let Fields::Unnamed(fields) = &item.fields else {
        return false;
    };
    let mut fields = fields.unnamed.iter();
    match (fields.next(), fields.next()) {
        (Some(field), None) => {
            matches!(field.vis, Visibility::Public(_)) && is_called(&field.ty, "String")
        }
        _ => false,
    }
}

/// Whether the macro writes this impl of typify's.
pub(super) fn writes(block: &ItemImpl, names: &BTreeSet<String>) -> bool {
    let Some((path, _)) = &block.trait_ else {
        return false;
    };
    let Some(last) = path.segments.last() else {
        return false;
    };
    let is_one = |ty| self_name(ty).is_some_and(|name| names.contains(&name.to_string()));
    match last.ident.to_string().as_str() {
        "Deref" | "Display" | "FromStr" | "Default" => is_one(&block.self_ty),
        // From a text, and to one. From another type with a name is another matter.
        "From" => first(&last.arguments).is_some_and(|from| {
            is_one(&block.self_ty) && is_called(from, "String")
                || is_called(&block.self_ty, "String") && is_one(from)
        }),
        _ => false,
    }
}

/// Makes the field private, and leaves to the macro what it writes. Returns the call of the macro.
pub(super) fn refine(item: &mut ItemStruct) -> Result<Item, Failure> {
    for field in &mut item.fields {
        field.vis = Visibility::Inherited;
    }
    item.attrs
        .retain(|attr| !attr.path().is_ident("serde") && !attr.path().is_ident("cfg_attr"));
    edit_derives(&mut item.attrs, |derives| {
        let written = ["Debug", "Serialize", "Deserialize"];
        derives.retain(|derive| written.iter().all(|name| derive.name != name));
    })?;
    add_derives(&mut item.attrs, &["Default"])?;
    let name = &item.ident;
    Ok(parse_quote!(crate::support::named_text::named_text!(#name);))
}
