//! Types of bodies that are sent as `multipart/form-data`. They are not JSON, so serde's derives go; and a file that is read while it is
//! sent cannot be cloned. In their place comes a function that writes the parts:
//!
//! ```text
//! pub(crate) fn into_form<E>(self) -> Result<Form, Error<E>> {
//!     let mut form = Form::default();
//!     form.value("name", &self.name)?;
//!     form.files("file", self.file);
//!     Ok(form)
//! }
//! ```

use quote::{ToTokens, quote};
use syn::{Fields, Item, Type, parse_quote};

use super::types::{edit_derives, serde_name};
use super::unexpected;
use crate::arrange::FILE_TYPE;
use crate::diagnostic::Failure;
use crate::model::Model;

/// Changes the types that have the note. This is the last step on types: the ones before expect serde's attributes.
pub(super) fn finish(items: &mut Vec<Item>, model: &Model) -> Result<(), Failure> {
    let is_upload = |name: &str| model.schemas.get(name).is_some_and(|it| it.upload);
    let mut found = Vec::new();
    let mut forms = Vec::new();
    for item in items.iter_mut() {
        match item {
            Item::Struct(item) if is_upload(&item.ident.to_string()) => {
                found.push(item.ident.to_string());
                let schema = model.schemas.get(&item.ident.to_string());
                let not_sent = schema.map_or(&[][..], |it| &it.not_sent);
                forms.push(form(item, not_sent)?);
                // A file cannot be cloned, compared or written as JSON.
                edit_derives(&mut item.attrs, |derives| {
                    derives.retain(|derive| derive.name == "Debug");
                })?;
                item.attrs.retain(|attr| {
                    // A `Debug` by hand leaves nothing to derive.
                    !matches!(&attr.meta, syn::Meta::List(list) if list.tokens.is_empty())
                });
                item.attrs.retain(|attr| {
                    !attr.path().is_ident("serde") && !attr.path().is_ident("cfg_attr")
                });
                for field in &mut item.fields {
                    field.attrs.retain(|attr| !attr.path().is_ident("serde"));
                }
                item.attrs.push(parse_quote!(#[cfg(feature = "multipart")]));
            }
            Item::Impl(block) if is_upload(&block.self_ty.to_token_stream().to_string()) => {
                block
                    .attrs
                    .push(parse_quote!(#[cfg(feature = "multipart")]));
            }
            _ => {}
        }
    }
    items.extend(forms);
    match model
        .schemas
        .iter()
        .find(|(name, schema)| schema.upload && !found.contains(name))
    {
        Some((name, _)) => Err(unexpected(&format!("the upload `{name}` is not a struct"))),
        None => Ok(()),
    }
}

/// The function that writes the parts, in their order.
fn form(item: &syn::ItemStruct, not_sent: &[String]) -> Result<Item, Failure> {
    let name = &item.ident;
    let Fields::Named(fields) = &item.fields else {
        return Err(unexpected(&format!("the upload `{name}` has no fields")));
    };
    let mut lines = Vec::new();
    for field in &fields.named {
        let ident = field
            .ident
            .as_ref()
            .ok_or_else(|| unexpected("a field without a name"))?;
        let plain = ident.to_string();
        let wire =
            serde_name(&field.attrs)?.unwrap_or_else(|| plain.trim_start_matches("r#").to_owned());
        if not_sent.contains(&wire) {
            continue;
        }
        lines.push(if is_file(&field.ty) {
            quote!(form.files(#wire, self.#ident);)
        } else {
            quote!(form.value(#wire, &self.#ident)?;)
        });
    }
    Ok(parse_quote! {
        #[cfg(feature = "multipart")]
        impl #name {
            pub(crate) fn into_form(self) -> ::std::result::Result<crate::support::file_part::Form, crate::InvalidRequest> {
                let mut form = crate::support::file_part::Form::default();
                #(#lines)*
                ::std::result::Result::Ok(form)
            }
        }
    })
}

/// Whether a field holds a file, several files, or an optional one.
fn is_file(ty: &Type) -> bool {
    let ty = ty.to_token_stream().to_string().replace(' ', "");
    ty.contains(FILE_TYPE)
}
