//! Eighth stage: progenitor's code is changed where progenitor has no setting for what we want.
//!
//! A pass over the syntax tree, driven by the description's markers. If progenitor's output lacks something that this stage
//! expects, that is an error and never passed over: a new version of progenitor that writes something else must be
//! noticed.
//!
//! For example, progenitor writes
//!
//! ```text
//! pub async fn delete_token<'a>(&'a self, token: &'a str) -> Result<ResponseValue<()>, Error<types::ApiError>> {
//!     let url = format!("{}/v1/tokens/{}", self.baseurl, encode_path(&token.to_string()));
//!     let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
//!     header_map.append("api-version", …);
//!     let mut request = self.client.delete(url).header(ACCEPT, …).headers(header_map).build()?;
//!     let info = OperationInfo { operation_id: "delete_token" };
//!     self.pre(&mut request, &info).await?;
//!     let result = self.exec(request, &info).await;
//!     self.post(&result, &info).await?;
//!     let response = result?;
//!     match response.status().as_u16() {
//!         204u16 => Ok(ResponseValue::empty(response)),
//!         400u16 => Err(Error::ErrorResponse(ResponseValue::from_response(response).await?)),
//!         _ => Err(Error::UnexpectedResponse(response)),
//!     }
//! }
//! ```
//!
//! and this stage makes of it
//!
//! ```text
//! pub async fn delete_token<'a>(&'a self, token: &'a str) -> Result<ResponseValue<()>, Error<types::ApiError>> {
//!     let token_segment = path::segment("token", &token)?;
//!     let url = path::url_of(&self.baseurl, format_args!("/v1/tokens/{}", token_segment));
//!     let request = self.client.delete(url).header(ACCEPT, …).build()?;
//!     call::nothing(self, request, &operations::DELETE_TOKEN, &[204u16], &[400u16]).await
//! }
//! ```

mod answers;
mod bodies;
mod docs;
mod event_streams;
mod forms;
mod method_docs;
mod named_text;
mod one_error;
mod open_enum;
mod open_unions;
mod operations;
mod optional_fields;
mod pages;
mod parameter_structs;
mod tagged;
mod types;
mod union;
mod uploads;

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use syn::{File, ImplItemFn, Item, ItemConst};

use crate::diagnostic::Failure;
use crate::model::Model;

/// The parts of the client's source.
#[derive(Debug)]
pub struct Refined {
    /// The types with their impls, and helper modules.
    pub types: Vec<Item>,
    /// How many types there are.
    pub count: usize,
    /// The constant of each operation.
    pub constants: Vec<ItemConst>,
    /// The client's methods, in the generator's order: by paths as the description has them.
    pub methods: Vec<ImplItemFn>,
    /// What belongs to a method and has no constant, by the method's name: the function that makes its request, and the method for all pages.
    pub more: BTreeMap<String, Vec<ImplItemFn>>,
}

/// Refines progenitor's `tokens`.
///
/// # Errors
///
/// The tokens are not what this version of progenitor is known to write, or a marked schema has
/// no type in them.
pub fn refine(tokens: TokenStream, model: &Model) -> Result<Refined, Failure> {
    let file: File =
        syn::parse2(tokens).map_err(|error| unexpected(&format!("it does not parse: {error}")))?;

    // The client itself, its constructors and hooks, and the prelude are hand-written in letta-api;
    // of progenitor's file, the types and the operations stay.
    let mut type_items = None;
    let mut methods = Vec::new();
    for item in file.items {
        match item {
            Item::Mod(module) if module.ident == "types" => {
                type_items = module.content.map(|(_, items)| items);
            }
            Item::Impl(block) if block.trait_.is_none() => {
                methods.extend(block.items.into_iter().filter_map(|item| match item {
                    syn::ImplItem::Fn(method) if method.sig.asyncness.is_some() => Some(method),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    let type_items = type_items.ok_or_else(|| unexpected("it has no module `types`"))?;

    let mut types = types::refine(type_items, model)?;
    let taken = types.items.iter().filter_map(types::name).collect();
    let operations = operations::refine(methods, model, taken, &types.items)?;
    types.count += operations.types.1;
    types.items.extend(operations.types.0);
    Ok(Refined {
        types: types.items,
        count: types.count,
        constants: operations.constants,
        methods: operations.methods,
        more: operations.more,
    })
}

/// progenitor wrote something that this stage does not know.
fn unexpected(what: &str) -> Failure {
    Failure::Message(format!(
        "progenitor's output is not what the refine stage expects: {what}\n\
         This happens when progenitor changes, or a description holds what no lint foresees; see \
         xtask/src/refine/."
    ))
}
