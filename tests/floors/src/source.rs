//! The modules of a crate, as `mod` declares them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, Item, ItemMod, Lit, Meta, UseTree};

/// A module in a file of its own, or the root.
#[derive(Debug)]
pub(crate) struct Module {
    /// Its names, from the root.
    pub(crate) path: Vec<String>,
    pub(crate) file: PathBuf,
    pub(crate) syntax: syn::File,
}

#[derive(Debug)]
pub(crate) struct Source {
    modules: Vec<Module>,
    /// Files of modules that are for tests, with all that is in their folders.
    tests: Vec<PathBuf>,
    folder: PathBuf,
}

impl Source {
    /// Follows `mod` from `lib.rs` on, or from the `main.rs` of a program.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut source = Self {
            modules: Vec::new(),
            tests: Vec::new(),
            folder: folder.to_owned(),
        };
        let roots = ["lib.rs", "main.rs"].map(|name| folder.join(name));
        let [library, program] = roots;
        let root = if library.exists() { library } else { program };
        source.add(Vec::new(), root, folder.to_owned());
        source
    }

    /// `folder` is where the modules are that the file declares.
    fn add(&mut self, path: Vec<String>, file: PathBuf, folder: PathBuf) {
        let text = std::fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let syntax =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut declared = Vec::new();
        declarations(&syntax.items, &path, &folder, false, &mut declared);
        self.modules.push(Module { path, file, syntax });
        for (path, file, folder, is_test) in declared {
            if is_test {
                self.tests.extend([file, folder]);
            } else {
                self.add(path, file, folder);
            }
        }
    }

    pub(crate) fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// Files in the folder that are no module. A program beside the library is one.
    pub(crate) fn unreached(&self) -> Vec<PathBuf> {
        let known: BTreeSet<&Path> = self.modules.iter().map(|it| it.file.as_path()).collect();
        let mut files = Vec::new();
        list(&self.folder, &mut files);
        files.retain(|file| {
            let is_program = *file == self.folder.join("main.rs");
            let is_test = self.tests.iter().any(|test| file.starts_with(test));
            !known.contains(file.as_path()) && !is_program && !is_test
        });
        files
    }

    fn items(&self, module: &[String]) -> &[Item] {
        let found = self.modules.iter().find(|it| it.path == module);
        &found
            .unwrap_or_else(|| panic!("there is no module {module:?}"))
            .syntax
            .items
    }

    /// The modules of a module.
    pub(crate) fn modules_of(&self, module: &[String]) -> impl Iterator<Item = String> {
        self.items(module).iter().filter_map(|item| match item {
            Item::Mod(it) if !is_test(&it.attrs) => Some(it.ident.to_string()),
            _ => None,
        })
    }

    /// Whether the module has a module of this name.
    pub(crate) fn is_module(&self, module: &[String], name: &str) -> bool {
        self.modules_of(module).any(|it| it == name)
    }

    /// Whether the module has an item of this name.
    pub(crate) fn defines(&self, module: &[String], name: &str) -> bool {
        self.items(module).iter().any(|item| {
            let ident = match item {
                Item::Const(it) => &it.ident,
                Item::Enum(it) => &it.ident,
                Item::Fn(it) => &it.sig.ident,
                Item::Static(it) => &it.ident,
                Item::Struct(it) => &it.ident,
                Item::Trait(it) => &it.ident,
                Item::Type(it) => &it.ident,
                Item::Union(it) => &it.ident,
                Item::Macro(syn::ItemMacro {
                    ident: Some(it), ..
                }) => it,
                _ => return false,
            };
            ident == name
        })
    }

    /// What the module imports by name, and which of its modules each is from. `None` for what is from elsewhere.
    pub(crate) fn exports(&self, module: &[String]) -> BTreeMap<String, Option<String>> {
        let mut found = BTreeMap::new();
        for item in self.items(module) {
            if let Item::Use(item) = item {
                self.exported(module, &mut Vec::new(), &item.tree, &mut found);
            }
        }
        found
    }

    fn exported(
        &self,
        module: &[String],
        before: &mut Vec<String>,
        tree: &UseTree,
        found: &mut BTreeMap<String, Option<String>>,
    ) {
        let mut insert = |name: &syn::Ident| {
            let from = match before.first().map(String::as_str) {
                Some("self") => before.get(1),
                Some("crate") => before[1..]
                    .strip_prefix(module)
                    .and_then(|inside| inside.first()),
                _ => before.first(),
            };
            let from = from.filter(|from| self.is_module(module, from));
            found.insert(name.to_string(), from.cloned());
        };
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.exported(module, before, &path.tree, found);
                before.pop();
            }
            UseTree::Name(name) => insert(&name.ident),
            UseTree::Rename(rename) => insert(&rename.rename),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.exported(module, before, tree, found);
                }
            }
            UseTree::Glob(_) => {}
        }
    }
}

/// The module's path, its file, where its own modules are, and whether it is for tests.
type Declared = (Vec<String>, PathBuf, PathBuf, bool);

fn declarations(
    items: &[Item],
    path: &[String],
    folder: &Path,
    in_test: bool,
    found: &mut Vec<Declared>,
) {
    for item in items {
        let Item::Mod(item) = item else { continue };
        let name = item.ident.to_string();
        let path = [path, std::slice::from_ref(&name)].concat();
        let is_test = in_test || is_test(&item.attrs);
        let inside = folder.join(&name);
        if let Some((_, items)) = &item.content {
            declarations(items, &path, &inside, is_test, found);
            continue;
        }
        let (file, inside) = match path_of(item) {
            Some(file) => {
                let file = folder.join(file);
                let inside = file.parent().map_or(inside, Path::to_owned);
                (file, inside)
            }
            None if inside.join("mod.rs").exists() => (inside.join("mod.rs"), inside),
            None => (folder.join(format!("{name}.rs")), inside),
        };
        found.push((path, file, inside, is_test));
    }
}

/// `#[path = "…"]`.
fn path_of(item: &ItemMod) -> Option<String> {
    item.attrs.iter().find_map(|attribute| {
        let Meta::NameValue(meta) = &attribute.meta else {
            return None;
        };
        match &meta.value {
            Expr::Lit(syn::ExprLit {
                lit: Lit::Str(text),
                ..
            }) if meta.path.is_ident("path") => Some(text.value()),
            _ => None,
        }
    })
}

/// Whether what has these attributes is for tests alone.
pub(crate) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            // `all` may name more conditions. What is not for tests alone, such as `any(test, fuzzing)`, is read.
            let condition = list.tokens.to_string().replace(' ', "");
            let condition = condition.strip_prefix("all(").unwrap_or(&condition);
            let first = condition.split([',', ')']).next().unwrap_or_default();
            ["test", "doctest"].contains(&first)
        }
        _ => false,
    })
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(&path, files);
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
}
