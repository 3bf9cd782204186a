//! Open enums and unions: a value that the description does not know is kept, not refused.

use quote::{ToTokens, format_ident, quote};
use syn::punctuated::Punctuated;
use syn::{Field, Fields, Ident, Item, ItemEnum, Meta, Token, parse_quote};

use super::types::{edit_derives, serde_name, unknown_variant};
use super::unexpected;
use crate::diagnostic::Failure;
use crate::model::Schema;

/// Whether an enum is one of plain texts.
pub(super) fn is_text(item: &ItemEnum) -> bool {
    item.variants
        .iter()
        .all(|variant| matches!(variant.fields, Fields::Unit))
}

/// Opens an enum of texts. Gives the impls that replace the generated conversions.
pub(super) fn text(item: &mut ItemEnum, schema: &Schema) -> Result<Vec<Item>, Failure> {
    let mut known: Vec<(Ident, String)> = Vec::new();
    for variant in &mut item.variants {
        let wire = serde_name(&variant.attrs)?.unwrap_or_else(|| variant.ident.to_string());
        if let Some(name) = schema.variant_names.get(&wire) {
            variant.ident = syn::parse_str(name)
                .map_err(|_| unexpected(&format!("`{name}` cannot name a variant")))?;
            if serde_name(&variant.attrs)?.is_none() {
                variant.attrs.push(parse_quote!(#[serde(rename = #wire)]));
            }
        }
        known.push((variant.ident.clone(), wire));
    }
    refuse_unknown(item)?;
    edit_derives(&mut item.attrs, |derives| {
        derives.retain(|path| !path.is_ident("Copy"));
    })?;
    item.variants
        .push(unknown_variant(&parse_quote!(::std::string::String)));

    let name = &item.ident;
    let idents: Vec<_> = known.iter().map(|(ident, _)| ident).collect();
    let wires: Vec<_> = known.iter().map(|(_, wire)| wire).collect();
    Ok(vec![
        parse_quote! {
            impl #name {
                /// The values that the description knows, in its order.
                pub const KNOWN: &'static [Self] = &[#(Self::#idents),*];

                /// The value as it goes over the wire.
                #[must_use]
                pub fn as_str(&self) -> &str {
                    match self {
                        #(Self::#idents => #wires,)*
                        Self::Unknown(text) => text,
                    }
                }

                /// Whether the description knows the value.
                #[must_use]
                pub fn is_known(&self) -> bool {
                    !::std::matches!(self, Self::Unknown(_))
                }
            }
        },
        parse_quote! {
            impl ::std::fmt::Display for #name {
                fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    f.pad(self.as_str())
                }
            }
        },
        parse_quote! {
            impl ::std::convert::From<&str> for #name {
                fn from(text: &str) -> Self {
                    match text {
                        #(#wires => Self::#idents,)*
                        _ => Self::Unknown(text.to_owned()),
                    }
                }
            }
        },
        parse_quote! {
            impl ::std::convert::From<::std::string::String> for #name {
                fn from(text: ::std::string::String) -> Self {
                    match text.as_str() {
                        #(#wires => Self::#idents,)*
                        _ => Self::Unknown(text),
                    }
                }
            }
        },
        parse_quote! {
            impl ::std::str::FromStr for #name {
                type Err = ::std::convert::Infallible;

                /// Never fails: what is not known becomes [`Unknown`](Self::Unknown).
                fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                    ::std::result::Result::Ok(text.into())
                }
            }
        },
    ])
}

/// Opens a union that is told apart by a tag.
pub(super) fn union(item: &mut ItemEnum, schema: &Schema) -> Result<(), Failure> {
    refuse_unknown(item)?;
    let is_tagged =
        item.attrs.iter().any(|attr| match &attr.meta {
            Meta::List(list) => list.path.is_ident("serde")
                && list.tokens.clone().into_iter().any(
                    |token| matches!(token, proc_macro2::TokenTree::Ident(ident) if ident == "tag"),
                ),
            _ => false,
        });
    if !is_tagged {
        return Err(unexpected(&format!(
            "the union `{}` is marked open, and is not told apart by a tag",
            schema.name
        )));
    }
    let object = quote!(::serde_json::Map<::std::string::String, ::serde_json::Value>);
    item.variants.push(unknown_variant(&parse_quote!(#object)));
    Ok(())
}

/// Adds a field for what the description does not know of a branch. What is passed over in reading
/// would be lost when the value is sent back, and in a policy it may be a restriction.
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
        /// Members that the description does not know, kept as they came and sent back unchanged.
        #[serde(flatten)]
        #name: ::serde_json::Map<::std::string::String, ::serde_json::Value>
    });
    Ok(())
}

fn refuse_unknown(item: &ItemEnum) -> Result<(), Failure> {
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
