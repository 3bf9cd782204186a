//! Open enums of texts. A value that the description does not know is kept, and is not an error.
//!
//! ```text
//! pub enum AccessRight { ReadMessages, WriteMessages, Unknown(String) }
//! ```
//!
//! `"read_messages"` becomes `ReadMessages`, and `"fly"` becomes `Unknown("fly")`, which is written as `"fly"` again.
//!
//! Reading and writing are written out. What serde derives for an enum with an untagged variant buffers each value,
//! and takes a compiler several times as long.

use syn::{Fields, Ident, Item, ItemEnum, ItemImpl, parse_quote};

use super::open_unions::refuse_unknown;
use super::types::{edit_derives, serde_name};
use super::unexpected;
use crate::diagnostic::Failure;
use crate::model::Schema;
use crate::template::{template, text};

/// Whether all variants are without fields, so that each is a text on the wire.
pub(super) fn is_text(item: &ItemEnum) -> bool {
    item.variants
        .iter()
        .all(|variant| matches!(variant.fields, Fields::Unit))
}

/// Opens an enum of texts. Returns the impls that replace those that were derived or generated.
pub(super) fn open(item: &mut ItemEnum, schema: &Schema) -> Result<Vec<Item>, Failure> {
    let mut known: Vec<(Ident, String)> = Vec::new();
    for variant in &mut item.variants {
        let wire = serde_name(&variant.attrs)?.unwrap_or_else(|| variant.ident.to_string());
        // Names that the overlay gives by `x-enum-varnames`.
        if let Some(name) = schema.variant_names.get(&wire) {
            variant.ident = syn::parse_str(name)
                .map_err(|_| unexpected(&format!("`{name}` cannot name a variant")))?;
        }
        variant.attrs.retain(|attr| !attr.path().is_ident("serde"));
        known.push((variant.ident.clone(), wire));
    }
    refuse_unknown(item)?;
    // It is no longer `Copy`, since it may hold a `String`.
    edit_derives(&mut item.attrs, |derives| {
        let replaced = ["Copy", "Serialize", "Deserialize"];
        derives.retain(|derive| replaced.iter().all(|name| derive.name != name));
    })?;
    item.attrs.retain(|attr| !attr.path().is_ident("cfg_attr"));
    item.variants.push(parse_quote! {
        /// A value that the description does not have. It is kept and sent back unchanged.
        Unknown(::std::string::String)
    });

    let name = &item.ident;
    let idents: Vec<_> = known.iter().map(|(ident, _)| ident).collect();
    let wires: Vec<_> = known.iter().map(|(_, wire)| wire).collect();
    let mut items = vec![
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

                fn known(text: &str) -> ::std::option::Option<Self> {
                    ::std::option::Option::Some(match text {
                        #(#wires => Self::#idents,)*
                        _ => return ::std::option::Option::None,
                    })
                }
            }
        },
        Item::Impl(template!(ItemImpl: {
            impl ::std::fmt::Display for Name {
                fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    f.pad(self.as_str())
                }
            }
        }, Name = name)),
        Item::Impl(template!(ItemImpl: {
            impl ::std::convert::From<&str> for Name {
                fn from(text: &str) -> Self {
                    Self::known(text).unwrap_or_else(|| Self::Unknown(text.to_owned()))
                }
            }
        }, Name = name)),
        Item::Impl(template!(ItemImpl: {
            impl ::std::convert::From<::std::string::String> for Name {
                fn from(text: ::std::string::String) -> Self {
                    Self::known(&text).unwrap_or(Self::Unknown(text))
                }
            }
        }, Name = name)),
        Item::Impl(template!(ItemImpl: {
            impl ::std::str::FromStr for Name {
                type Err = ::std::convert::Infallible;

                /// Never fails: what is not known becomes [`Unknown`](Self::Unknown).
                fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                    ::std::result::Result::Ok(text.into())
                }
            }
        }, Name = name)),
    ];
    items.extend(serde(name));
    items.push(json_schema(name));
    Ok(items)
}

fn serde(name: &Ident) -> [Item; 2] {
    [
        Item::Impl(template!(ItemImpl: {
            impl ::serde::Serialize for Name {
                fn serialize<S: ::serde::Serializer>(
                    &self,
                    serializer: S,
                ) -> ::std::result::Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.as_str())
                }
            }
        }, Name = name)),
        Item::Impl(template!(ItemImpl: {
            impl<'de> ::serde::Deserialize<'de> for Name {
                fn deserialize<D: ::serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> ::std::result::Result<Self, D::Error> {
                    crate::support::open_enum::read(deserializer)
                }
            }
        }, Name = name)),
    ]
}

fn json_schema(name: &Ident) -> Item {
    Item::Impl(template!(ItemImpl: {
        #[cfg(feature = "schemars")]
        impl ::schemars::JsonSchema for Name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                text.into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                crate::support::open_enum::schema(Self::KNOWN.iter().map(Self::as_str))
            }
        }
    }, Name = name, text = &text(&name.to_string())))
}
