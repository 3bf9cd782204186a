//! The paths of a module that lead into its own crate.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Expr, ImplItemFn, Item, ItemUse, Macro, Meta, Stmt, UseTree};

use crate::source::{Module, is_test};

/// The names of a module, from the root.
type Names = Vec<String>;

/// Each path, after the module that it is in: the module of the file, or one within it.
pub(crate) fn of(module: &Module, in_macros: bool) -> BTreeSet<(Names, Names)> {
    let own = module.syntax.items.iter().filter_map(|item| match item {
        Item::Mod(item) => Some(item.ident.to_string()),
        _ => None,
    });
    let mut paths = Paths {
        at: module.path.clone(),
        own: own.collect(),
        depth: module.path.len(),
        in_macros,
        found: BTreeSet::new(),
    };
    paths.visit_file(&module.syntax);
    paths.found
}

struct Paths {
    /// The module that the walk is in.
    at: Names,
    /// The modules that the file declares. It may name them without `self`.
    own: BTreeSet<String>,
    /// How many names the module of the file has.
    depth: usize,
    in_macros: bool,
    found: BTreeSet<(Names, Names)>,
}

impl Paths {
    fn take(&mut self, names: &[String]) {
        let Some(first) = names.first() else { return };
        let is_own = self.at.len() == self.depth && self.own.contains(first) && names.len() > 1;
        let (mut at, rest) = match first.as_str() {
            "crate" => (Vec::new(), &names[1..]),
            "self" => (self.at.clone(), &names[1..]),
            "super" => (self.at.clone(), names),
            _ if is_own => (self.at.clone(), names),
            _ => return,
        };
        for name in rest {
            if name == "super" {
                at.pop();
            } else {
                at.push(name.to_owned());
            }
        }
        self.found.insert((self.at.clone(), at));
    }

    fn tree(&mut self, before: &[String], tree: &UseTree) {
        let joined = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.tree(&joined(&path.ident), &path.tree),
            UseTree::Name(name) if name.ident == "self" => self.take(before),
            UseTree::Name(name) => self.take(&joined(&name.ident)),
            UseTree::Rename(rename) => self.take(&joined(&rename.ident)),
            UseTree::Glob(_) => self.take(before),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(before, tree);
                }
            }
        }
    }

    /// `crate::…` in what a macro or an attribute is given, also in a text, as serde takes paths.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(first) if first == "crate" => {
                    if let Some(TokenTree::Ident(next)) = tokens.get(index + 3) {
                        self.take(&["crate".to_owned(), next.to_string()]);
                    }
                }
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    if let Some(path) = text.strip_prefix("\"crate::") {
                        let end = path.find(|c: char| !c.is_alphanumeric() && c != '_');
                        let name = &path[..end.unwrap_or(path.len())];
                        self.take(&["crate".to_owned(), name.to_owned()]);
                    }
                }
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Const(it) => &it.attrs,
            Item::Enum(it) => &it.attrs,
            Item::Fn(it) => &it.attrs,
            Item::Impl(it) => &it.attrs,
            Item::Macro(it) => &it.attrs,
            Item::Mod(it) => &it.attrs,
            Item::Static(it) => &it.attrs,
            Item::Struct(it) => &it.attrs,
            Item::Trait(it) => &it.attrs,
            Item::Type(it) => &it.attrs,
            Item::Use(it) => &it.attrs,
            _ => &[],
        };
        if is_test(attributes) {
            return;
        }
        if let Item::Mod(item) = item {
            self.at.push(item.ident.to_string());
            syn::visit::visit_item_mod(self, item);
            self.at.pop();
        } else {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if !is_test(&item.attrs) {
            syn::visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        let attributes: &[Attribute] = match statement {
            Stmt::Local(it) => &it.attrs,
            Stmt::Macro(it) => &it.attrs,
            Stmt::Expr(Expr::Call(it), _) => &it.attrs,
            Stmt::Expr(Expr::MethodCall(it), _) => &it.attrs,
            Stmt::Expr(Expr::If(it), _) => &it.attrs,
            Stmt::Expr(Expr::Block(it), _) => &it.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            syn::visit::visit_stmt(self, statement);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            self.tree(&[], &item.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let names = path.segments.iter().map(|it| it.ident.to_string());
            self.take(&names.collect::<Vec<_>>());
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        if self.in_macros {
            self.tokens(mac.tokens.clone());
        }
        syn::visit::visit_macro(self, mac);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
    }

    /// What a visibility restricts is no use.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}
