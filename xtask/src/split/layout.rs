//! Files: what each holds, and how one that is too long is divided.
//!
//! `agents.rs` with 30,000 lines becomes `agents.rs`, with methods, and `agents/own_types.rs`. If that is still too long, it becomes
//! `own_types/types_a.rs`, `types_b.rs` and so on, then `types_aa.rs`. Only names decide, so that a type stays in its
//! file when others are added.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{File, Ident, ImplItem, Item};

use super::unexpected;
use crate::diagnostic::Failure;

/// A method of the client with its constant and what else belongs to it, ready to be put into a file.
#[derive(Debug)]
pub(super) struct MethodUnit {
    pub(super) name: String,
    /// The method, then what belongs to it.
    pub(super) methods: Vec<ImplItem>,
    pub(super) constant: Item,
}

/// A type with its impls, ready to be put into a file.
#[derive(Debug)]
pub(super) struct TypeUnit {
    pub(super) name: String,
    pub(super) items: Vec<Item>,
}

/// A file of the generated code, of any length.
#[derive(Debug)]
pub struct SourceFile {
    /// Where it stands in the crate's folder, with `/`.
    pub path: String,
    pub(super) doc: String,
    pub(super) methods: Vec<MethodUnit>,
    pub(super) types: Vec<TypeUnit>,
    /// Whether its types stand in a module of it, next to methods.
    pub(super) types_apart: bool,
    /// By how many first characters of names it was divided. Those are the same for all that it holds.
    pub(super) prefix: usize,
    /// What else it holds: modules, and what is re-exported from them.
    pub(super) others: TokenStream,
}

/// The module of a tag's file that holds its types, if it has methods too. Methods write `types::Agent`, and types write `Agent`, so the two
/// cannot share a scope.
pub(super) const OWN_TYPES: &str = "own_types";
/// The module of a tag's file that holds the constants of its operations.
pub(super) const CONSTANTS: &str = "constants";

impl SourceFile {
    /// Shows its syntax to `look`. The parts are moved into a tree and back again, since to copy them takes longer than to
    /// print them.
    ///
    /// # Errors
    ///
    /// Its parts do not make a file together.
    pub fn show<T>(&mut self, look: impl FnOnce(&File) -> T) -> Result<T, Failure> {
        let mut file = self.frame()?;

        // Names are kept apart, since the tree has no place for them.
        let mut method_names = Vec::new();
        let (mut methods, mut constants) = (Vec::new(), Vec::new());
        for unit in std::mem::take(&mut self.methods) {
            method_names.push((unit.name, unit.methods.len()));
            methods.extend(unit.methods);
            constants.push(unit.constant);
        }
        let mut names = Vec::new();
        let mut types = Vec::new();
        for unit in std::mem::take(&mut self.types) {
            names.push((unit.name, unit.items.len()));
            types.extend(unit.items);
        }

        // In a file without methods, types are items of the file. Next to methods, they are in a module.
        let among_items = !types.is_empty() && !self.types_apart;
        let mut places = Places::of(&mut file, among_items);
        // Types come after what the frame holds, such as `use` lines. When they are taken out again, those must stay.
        let start = places.types.as_ref().map_or(0, |items| items.len());
        places.fill(methods, constants, types);
        let result = look(&file);

        let (methods, constants, types) = Places::of(&mut file, among_items).empty(start);
        let mut methods = methods.into_iter();
        self.methods = method_names
            .into_iter()
            .zip(constants)
            .map(|((name, length), constant)| MethodUnit {
                name,
                methods: methods.by_ref().take(length).collect(),
                constant,
            })
            .collect();
        let mut types = types.into_iter();
        self.types = names
            .into_iter()
            .map(|(name, length)| TypeUnit {
                name,
                items: types.by_ref().take(length).collect(),
            })
            .collect();
        Ok(result)
    }

    /// Its syntax without methods, constants and types.
    fn frame(&self) -> Result<File, Failure> {
        let doc = format!(" {}", self.doc);
        let others = &self.others;
        let (own, constants) = (format_ident!("{OWN_TYPES}"), format_ident!("{CONSTANTS}"));
        let methods = (!self.methods.is_empty()).then(|| {
            quote! {
                use crate::support::scope::*;
                use crate::{operations, types};

                impl Client {}

                /// The operations, as a [`Transport`](crate::Transport) gets them.
                pub(super) mod #constants {
                    use crate::Operation;
                }
            }
        });
        let import = quote!(
            use crate::types::*;
        );
        // Types import all types of all files, and so may mention any.
        let types = match (self.types.is_empty(), self.types_apart) {
            (true, _) => None,
            (false, false) => Some(import),
            (false, true) => {
                let module = quote! {
                    /// The types that no other tag's operations reach.
                    pub(super) mod #own { #import }
                };
                Some(module)
            }
        };
        syn::parse2(quote!(#![doc = #doc] #others #methods #types))
            .map_err(|error| unexpected(&format!("the frame of a file does not parse: {error}")))
    }

    /// Divides it: types from methods, then by the first letter of the names, then by the first two, and so on. A small change of
    /// the description seldom changes in which file a type is.
    ///
    /// # Errors
    ///
    /// Itself, if it cannot be divided.
    pub fn divide(self) -> Result<Vec<Self>, Box<Self>> {
        match (self.methods.len(), self.types.len()) {
            (1.., 1..) => Ok(self.types_from_methods()),
            // One type of more lines than a file may have. It stays as it is.
            _ if self.is_one() => Err(Box::new(self)),
            _ => Ok(self.by_names()),
        }
    }

    /// Whether it cannot be divided by names: it holds one thing, or several whose names differ only in capitals and underscores.
    fn is_one(&self) -> bool {
        let methods = self.methods.iter().map(|unit| unit.name.as_str());
        let types = self.types.iter().map(|unit| unit.name.as_str());
        let names: BTreeSet<String> = methods
            .chain(types)
            .map(|it| start(it, usize::MAX))
            .collect();
        names.len() <= 1
    }

    /// An empty file for a module below this one.
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

    /// This file with its methods, and one with its types.
    fn types_from_methods(mut self) -> Vec<Self> {
        let own = format_ident!("{OWN_TYPES}");
        let mut child = self.child(OWN_TYPES);
        child.types = std::mem::take(&mut self.types);
        let others = &self.others;
        self.others = quote!(#others pub(super) mod #own;);
        vec![self, child]
    }

    /// One file for each start of a name, one character longer than before. This file keeps the modules and exports what is in them.
    fn by_names(mut self) -> Vec<Self> {
        self.prefix += 1;
        let mut children: BTreeMap<String, Self> = BTreeMap::new();
        for method in std::mem::take(&mut self.methods) {
            let start = start(&method.name, self.prefix);
            let module = format!("operations_{start}");
            let child = children.entry(module);
            let child = child.or_insert_with_key(|module| self.child(module));
            child.methods.push(method);
        }
        for unit in std::mem::take(&mut self.types) {
            let module = format!("types_{}", start(&unit.name, self.prefix));
            let child = children.entry(module);
            let child = child.or_insert_with_key(|module| self.child(module));
            child.types.push(unit);
        }
        let names: Vec<Ident> = children
            .keys()
            .map(|name| format_ident!("{name}"))
            .collect();
        // A file holds either by now. Constants are re-exported through a module, and types directly.
        let is_methods = children.values().any(|child| !child.methods.is_empty());
        let others = &self.others;
        self.others = if is_methods {
            quote! {
                #others
                #(mod #names;)*

                /// The operations, as a [`Transport`](crate::Transport) gets them.
                pub(super) mod constants {
                    #(pub use super::#names::constants::*;)*
                }
            }
        } else {
            quote! {
                #others
                #(mod #names;)*
                #(pub use self::#names::*;)*
            }
        };
        let mut files = vec![self];
        files.extend(children.into_values());
        files
    }
}

/// The first `length` characters of a name, in the form that names of files have: without underscores, in small letters. On some
/// systems, two files must not differ in capitals only.
fn start(name: &str, length: usize) -> String {
    let start = name.chars().filter(|c| *c != '_').take(length);
    start.flat_map(char::to_lowercase).collect()
}

/// The lists in the tree of a file that hold its parts.
#[derive(Default)]
struct Places<'f> {
    methods: Option<&'f mut Vec<ImplItem>>,
    constants: Option<&'f mut Vec<Item>>,
    types: Option<&'f mut Vec<Item>>,
}

impl<'f> Places<'f> {
    /// `among_items`: whether types stand in the file itself, which has no methods then.
    fn of(file: &'f mut File, among_items: bool) -> Self {
        let mut places = Self::default();
        if among_items {
            places.types = Some(&mut file.items);
            return places;
        }
        for item in &mut file.items {
            match item {
                Item::Impl(block) => places.methods = Some(&mut block.items),
                Item::Mod(module) => {
                    let name = module.ident.to_string();
                    let items = module.content.as_mut().map(|(_, items)| items);
                    match name.as_str() {
                        CONSTANTS => places.constants = items,
                        OWN_TYPES => places.types = items,
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        places
    }

    /// Puts the parts into the tree.
    fn fill(&mut self, methods: Vec<ImplItem>, constants: Vec<Item>, types: Vec<Item>) {
        if let Some(place) = &mut self.methods {
            place.extend(methods);
        }
        if let Some(place) = &mut self.constants {
            place.extend(constants);
        }
        if let Some(place) = &mut self.types {
            place.extend(types);
        }
    }

    /// Takes the parts out of the tree again. Of the types, those from `start` on.
    fn empty(self, start: usize) -> (Vec<ImplItem>, Vec<Item>, Vec<Item>) {
        // What comes before the constants is an import.
        let constants = self.constants.map(|items| items.split_off(1));
        (
            self.methods.map(std::mem::take).unwrap_or_default(),
            constants.unwrap_or_default(),
            self.types
                .map(|items| items.split_off(start))
                .unwrap_or_default(),
        )
    }
}
