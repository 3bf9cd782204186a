//! Files: what stands in which, and how one that is too long is divided.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{File, Ident, ImplItemFn, Item, ItemConst};

use super::unexpected;
use crate::diagnostic::Failure;

/// A method of the client with its constant, ready to be put into a file.
#[derive(Debug)]
pub(super) struct MethodUnit {
    pub(super) method: ImplItemFn,
    pub(super) constant: ItemConst,
}

/// A type with its impls, ready to be put into a file.
#[derive(Debug)]
pub(super) struct TypeUnit {
    pub(super) name: String,
    pub(super) items: Vec<Item>,
}

/// A file of the generated code, as long as it may be.
#[derive(Debug)]
pub struct SourceFile {
    /// Where it stands in the crate's folder, with `/`.
    pub path: String,
    pub(super) doc: String,
    pub(super) methods: Vec<MethodUnit>,
    pub(super) types: Vec<TypeUnit>,
    /// Whether its types stand in a module of it, beside methods.
    pub(super) types_apart: bool,
    /// How many characters of the names in it are the same, since it was divided by them.
    pub(super) prefix: usize,
    /// What else stands in it: modules, and what is re-exported from them.
    pub(super) others: TokenStream,
}

/// The module of a tag's file that holds its types, where it has methods too.
pub(super) const OWN_TYPES: &str = "own_types";
/// The module of a tag's file that holds the constants of its operations.
pub(super) const CONSTANTS: &str = "constants";

/// Lints that say nothing about generated code: texts are the description's.
fn allowed() -> TokenStream {
    quote! {
        #[allow(
            clippy::all,
            rustdoc::bare_urls,
            rustdoc::broken_intra_doc_links,
            rustdoc::invalid_html_tags
        )]
    }
}

impl SourceFile {
    /// Its syntax.
    ///
    /// # Errors
    ///
    /// Where its parts do not make a file together.
    pub fn syntax(&self) -> Result<File, Failure> {
        let doc = format!(" {}", self.doc);
        let (allowed, others) = (allowed(), &self.others);
        let mut file: File = syn::parse2(quote!(#![doc = #doc] #others)).map_err(no_file)?;
        if !self.methods.is_empty() {
            let head: File = syn::parse2(quote! {
                #[allow(unused_imports)]
                use crate::{operations, path, types, ByteStream, Client, Error, ResponseValue};
                #[allow(unused_imports)]
                use progenitor_client::RequestBuilderExt;

                #allowed
                impl Client {}

                /// The operations, as a [`Transport`](crate::Transport) is told of them.
                pub(super) mod constants {
                    use crate::Operation;
                }
            })
            .map_err(no_file)?;
            for mut item in head.items {
                match &mut item {
                    Item::Impl(block) => {
                        let methods = self.methods.iter().map(|it| it.method.clone());
                        block.items.extend(methods.map(syn::ImplItem::Fn));
                    }
                    Item::Mod(module) => {
                        let constants = self.methods.iter().map(|it| it.constant.clone());
                        let (_, items) =
                            module.content.as_mut().expect("the module is written out");
                        items.extend(constants.map(Item::Const));
                    }
                    _ => {}
                }
                file.items.push(item);
            }
        }
        if !self.types.is_empty() {
            let head: File = syn::parse2(quote! {
                #[allow(unused_imports)]
                use crate::types::*;
            })
            .map_err(no_file)?;
            let types = self.types.iter().flat_map(|it| &it.items).cloned();
            let items = head.items.into_iter().chain(types);
            if self.types_apart {
                let own = format_ident!("{OWN_TYPES}");
                let module: Item = syn::parse2(quote! {
                    /// The types that no other tag's operations reach.
                    #allowed
                    pub(super) mod #own {}
                })
                .map_err(no_file)?;
                let Item::Mod(mut module) = module else {
                    return Err(unexpected("a module is none"));
                };
                if let Some((_, inside)) = &mut module.content {
                    inside.extend(items);
                }
                file.items.push(Item::Mod(module));
            } else {
                let inner: File = syn::parse2(quote! {
                    #![allow(
                        clippy::all,
                        rustdoc::bare_urls,
                        rustdoc::broken_intra_doc_links,
                        rustdoc::invalid_html_tags
                    )]
                })
                .map_err(no_file)?;
                file.attrs.extend(inner.attrs);
                file.items.extend(items);
            }
        }
        Ok(file)
    }

    /// Divides it in a way that a small change of the description leaves alone: types from methods, then by the
    /// first letter of their names, then by the first two, and so on. Gives itself back where it holds too little.
    ///
    /// # Errors
    ///
    /// Itself, where it cannot be divided.
    pub fn divide(self) -> Result<Vec<Self>, Box<Self>> {
        match (self.methods.len(), self.types.len()) {
            (1.., 1..) => Ok(self.types_from_methods()),
            (0 | 1, 0) | (0, 1) => Err(Box::new(self)),
            _ => Ok(self.by_names()),
        }
    }

    fn child(&self, module: &str) -> Self {
        let path = self.path.trim_end_matches(".rs");
        Self {
            path: format!("{path}/{module}.rs"),
            doc: self.doc.clone(),
            methods: Vec::new(),
            types: Vec::new(),
            types_apart: false,
            prefix: self.prefix,
            others: TokenStream::new(),
        }
    }

    fn types_from_methods(mut self) -> Vec<Self> {
        let own = format_ident!("{OWN_TYPES}");
        let mut child = self.child(OWN_TYPES);
        child.types = std::mem::take(&mut self.types);
        let others = &self.others;
        self.others = quote!(#others pub(super) mod #own;);
        vec![self, child]
    }

    fn by_names(mut self) -> Vec<Self> {
        self.prefix += 1;
        let start = |name: &str| -> String {
            let start = name.chars().filter(|c| *c != '_').take(self.prefix);
            start.flat_map(char::to_lowercase).collect()
        };
        let mut children: BTreeMap<String, Self> = BTreeMap::new();
        for method in std::mem::take(&mut self.methods) {
            let start = start(&method.method.sig.ident.to_string());
            let module = format!("operations_{start}");
            let child = children.entry(module);
            let child = child.or_insert_with_key(|module| self.child(module));
            child.methods.push(method);
        }
        for unit in std::mem::take(&mut self.types) {
            let module = format!("types_{}", start(&unit.name));
            let child = children.entry(module);
            let child = child.or_insert_with_key(|module| self.child(module));
            child.types.push(unit);
        }
        let names: Vec<Ident> = children
            .keys()
            .map(|name| format_ident!("{name}"))
            .collect();
        let is_methods = children.values().any(|child| !child.methods.is_empty());
        let others = &self.others;
        self.others = if is_methods {
            quote! {
                #others
                #(mod #names;)*

                /// The operations, as a [`Transport`](crate::Transport) is told of them.
                pub(super) mod constants {
                    #(#[allow(unused_imports)] pub use super::#names::constants::*;)*
                }
            }
        } else {
            quote! {
                #others
                #(mod #names;)*
                #(#[allow(unused_imports)] pub use self::#names::*;)*
            }
        };
        let mut files = vec![self];
        files.extend(children.into_values());
        files
    }
}

fn no_file(error: syn::Error) -> Failure {
    unexpected(&format!(
        "the parts of a file do not parse together: {error}"
    ))
}
