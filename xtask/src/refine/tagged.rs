//! How an open union of inline objects with a tag is read. What serde derives takes every member into
//! memory first; see `letta-api/src/support/tagged.rs`.
//!
//! For the branch `{type: agent, id, access}`, this is generated:
//!
//! ```text
//! let place_of = |name: &str| Some(match name { "id" => 0, "access" => 1, "type" => TAG, _ => return None });
//! let mut slot_0 = Slot::Missing;
//! let mut slot_1 = Slot::Missing;
//! while let Some(place) = members.next(place_of)? {
//!     match place { 0 => members.text(&mut slot_0)?, _ => members.texts(&mut slot_1)? }
//! }
//! let (is_sound, mut unknown) = members.finish();
//! match (is_sound, slot_0, slot_1) {
//!     (true, Slot::Fits(slot_0), Slot::Fits(slot_1)) => Ok(Self::Agent { id: slot_0, access: slot_1, unknown }),
//!     (_, slot_0, slot_1) => { /* put all members back into `unknown` */ Ok(Self::Unknown(unknown)) }
//! }
//! ```
//!
//! The generated code for a branch has a slot for each field. It reads the members one by one into their slots, and collects
//! members without a slot. If a required slot stays empty or a member does not fit, all members go back into one map, which
//! becomes `Unknown`: nothing of an odd object is lost.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Fields, GenericArgument, Ident, Item, ItemEnum, PathArguments, Type, Variant, parse_quote,
};

use super::types::{Texts, default, optional, serde_arguments, serde_name};
use super::unexpected;
use crate::diagnostic::Failure;

/// The impls that read the union. Its branches have the field for unknown members already, and it has no variant `Unknown` yet. `None` if
/// a branch is not made of named fields: then serde's derive stays.
pub(super) fn reading(
    item: &ItemEnum,
    tag: &str,
    texts: &Texts,
) -> Result<Option<Vec<Item>>, Failure> {
    let name = &item.ident;
    let mut tags = Vec::new();
    let mut branches = Vec::new();
    for variant in &item.variants {
        let wire = serde_name(&variant.attrs)?.unwrap_or_else(|| variant.ident.to_string());
        let Some(branch) = branch(variant, tag, &wire, texts)? else {
            return Ok(None);
        };
        branches.push(branch);
        tags.push(wire);
    }
    // The last branch is the `_` of the match, so that the code needs no `unreachable!`.
    let last = branches.len().saturating_sub(1);
    let arms = branches.iter().enumerate().map(|(place, branch)| {
        if place == last {
            quote!(_ => { #branch })
        } else {
            quote!(#place => { #branch })
        }
    });
    Ok(Some(vec![
        parse_quote! {
            impl<'de> ::serde::Deserialize<'de> for #name {
                fn deserialize<D: ::serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> ::std::result::Result<Self, D::Error> {
                    crate::support::tagged::read(deserializer)
                }
            }
        },
        parse_quote! {
            impl crate::support::tagged::Tagged for #name {
                const TAG: &'static str = #tag;
                const BRANCHES: &'static [&'static str] = &[#(#tags),*];

                fn branch<'de, A: ::serde::de::MapAccess<'de>>(
                    place: usize,
                    mut members: crate::support::tagged::Members<A>,
                ) -> ::std::result::Result<Self, A::Error> {
                    match place {
                        #(#arms)*
                    }
                }

                fn unknown(
                    members: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
                ) -> Self {
                    Self::Unknown(members)
                }
            }
        },
    ]))
}

/// The code that reads the members of a branch. `None` if the branch does not have named fields.
fn branch(
    variant: &Variant,
    tag: &str,
    value: &str,
    texts: &Texts,
) -> Result<Option<TokenStream>, Failure> {
    let variant_name = &variant.ident;
    let Fields::Named(fields) = &variant.fields else {
        return Ok(None);
    };
    let mut keeps = None;
    let (mut slots, mut names) = (Vec::new(), Vec::new());
    let (mut reads, mut fitting, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for field in &fields.named {
        let ident = field
            .ident
            .as_ref()
            .ok_or_else(|| unexpected("a field without a name"))?;
        let arguments = serde_arguments(&field.attrs)?;
        if arguments.iter().any(|(name, _)| name == "flatten") {
            keeps = Some(ident);
            continue;
        }
        let missing = match default(field)? {
            None if optional(&field.ty).is_some() => Some(quote!(::std::option::Option::None)),
            missing => missing.map(|expr| quote!(#expr)),
        };
        // Numbered, and not called as the field: a field may be called as any other variable of this code.
        let slot = format_ident!("slot_{}", slots.len());
        match missing {
            Some(missing) => {
                fitting.push(quote! {
                    #slot @ (crate::support::tagged::Slot::Fits(_) | crate::support::tagged::Slot::Missing)
                });
                values.push(quote!(#ident: #slot.value().unwrap_or_else(|| #missing)));
            }
            None => {
                fitting.push(quote!(crate::support::tagged::Slot::Fits(#slot)));
                values.push(quote!(#ident: #slot));
            }
        }
        let how = how_to_read(&field.ty, texts);
        reads.push(quote!(members.#how(&mut #slot)?));
        let plain = ident.to_string();
        let plain = plain.trim_start_matches("r#").to_owned();
        names.push(serde_name(&field.attrs)?.unwrap_or(plain));
        slots.push(slot);
    }
    let Some(keeps) = keeps else {
        return Ok(None);
    };

    let places = 0..names.len();
    let last = reads.len().saturating_sub(1);
    let arms = reads.iter().enumerate().map(|(place, read)| {
        if place == last {
            quote!(_ => #read,)
        } else {
            quote!(#place => #read,)
        }
    });
    let reading = if reads.is_empty() {
        quote!(while members.next(place_of)?.is_some() {})
    } else {
        quote! {
            while let ::std::option::Option::Some(place) = members.next(place_of)? {
                match place {
                    #(#arms)*
                }
            }
        }
    };
    Ok(Some(quote! {
        let place_of = |name: &str| ::std::option::Option::Some(match name {
            #(#names => #places,)*
            #tag => crate::support::tagged::TAG,
            _ => return ::std::option::Option::None,
        });
        #(let mut #slots = crate::support::tagged::Slot::Missing;)*
        #reading
        let (is_sound, mut unknown) = members.finish();
        match (is_sound, #(#slots),*) {
            (true, #(#fitting),*) => ::std::result::Result::Ok(Self::#variant_name { #(#values,)* #keeps: unknown }),
            (_, #(#slots),*) => {
                #(crate::support::tagged::put_back(&mut unknown, #names, #slots);)*
                crate::support::tagged::put_back(&mut unknown, #tag, crate::support::tagged::Slot::Fits(#value));
                ::std::result::Result::Ok(Self::Unknown(unknown))
            }
        }
    }))
}

/// The method that reads a member of this type. Texts and lists of texts, which are most members, have their own.
fn how_to_read(ty: &Type, texts: &Texts) -> Ident {
    let is_text = |ty: &Type| match last_name(ty) {
        Some(name) => name == "String" || texts.contains(&name),
        None => false,
    };
    let name = match item_of_list(ty) {
        _ if is_text(ty) => "text",
        Some(item) if is_text(item) => "texts",
        _ => "any",
    };
    format_ident!("{name}")
}

/// The `T` of a `Vec<T>`.
fn item_of_list(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(item) if last.ident == "Vec" => Some(item),
        _ => None,
    }
}

/// The last name in the path of a type.
fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}
