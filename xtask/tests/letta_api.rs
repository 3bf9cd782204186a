//! How letta-api is built: its floors, what its manifest asks for, and that no lint is silenced where a module can say it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Item, ItemMod, ItemUse, Macro, UseTree};

/// What may use what, from the ground up. A file or folder of `letta-api/src` is a floor; it uses only floors that stand
/// before it. Tests of a floor may use any.
const FLOORS: [(&str, &[&str]); 11] = [
    ("credentials", &[]),
    ("base_url", &["credentials"]),
    ("failure", &["credentials"]),
    ("operation", &[]),
    ("response", &["credentials", "failure"]),
    ("error", &["failure", "response"]),
    (
        "transport",
        &["credentials", "failure", "operation", "response"],
    ),
    (
        "client",
        &["base_url", "failure", "operation", "response", "transport"],
    ),
    (
        "support",
        &[
            "base_url",
            "client",
            "credentials",
            "error",
            "failure",
            "operation",
            "response",
        ],
    ),
    // Which of them depends on the description.
    (
        "generated",
        &["credentials", "error", "operation", "support"],
    ),
    (
        "lib",
        &[
            "base_url",
            "client",
            "credentials",
            "error",
            "failure",
            "generated",
            "operation",
            "response",
            "support",
            "transport",
        ],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../letta-api")
}

/// All source files, by the modules that they are, and their syntax.
fn sources() -> Vec<(Vec<String>, syn::File)> {
    let source = root().join("src");
    let mut found = Vec::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let modules = path.strip_prefix(&source).unwrap().with_extension("");
            let modules = modules
                .components()
                .map(|it| it.as_os_str().to_str().unwrap().to_owned());
            let file = syn::parse_file(&std::fs::read_to_string(&path).unwrap()).unwrap();
            found.push((modules.collect(), file));
        }
    }
    assert!(found.len() > 20, "{}", found.len());
    found
}

/// The paths of a file that lead into this crate, by their names from its root.
struct Paths {
    /// The module that is being looked through.
    module: Vec<String>,
    found: BTreeSet<Vec<String>>,
}

impl Paths {
    fn of(module: &[String], file: &syn::File) -> BTreeSet<Vec<String>> {
        let module = match module {
            [lib] if lib == "lib" => Vec::new(),
            module => module.to_vec(),
        };
        let mut paths = Self {
            module,
            found: BTreeSet::new(),
        };
        paths.visit_file(file);
        paths.found
    }

    fn add(&mut self, names: &[String]) {
        let mut at = match names.first().map(String::as_str) {
            Some("crate") => Vec::new(),
            Some("self") => self.module.clone(),
            Some("super") => self.module[..self.module.len() - 1].to_vec(),
            _ => return,
        };
        for name in &names[1..] {
            match name.as_str() {
                "super" => drop(at.pop()),
                name => at.push(name.to_owned()),
            }
        }
        self.found.insert(at);
    }

    fn tree(&mut self, before: &[String], tree: &UseTree) {
        let mut names = before.to_vec();
        match tree {
            UseTree::Path(path) => {
                names.push(path.ident.to_string());
                self.tree(&names, &path.tree);
            }
            UseTree::Name(name) => {
                names.push(name.ident.to_string());
                self.add(&names);
            }
            UseTree::Rename(rename) => {
                names.push(rename.ident.to_string());
                self.add(&names);
            }
            UseTree::Glob(_) => self.add(&names),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(&names, tree);
                }
            }
        }
    }

    /// `crate::…` in what a macro is given.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(first) if first == "crate" => {
                    if let Some(TokenTree::Ident(next)) = tokens.get(index + 3) {
                        self.add(&["crate".to_owned(), next.to_string()]);
                    }
                }
                _ => {}
            }
        }
    }
}

fn is_test(attrs: &[Attribute]) -> bool {
    let is = |attr: &Attribute, what: &str| match &attr.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => list.tokens.to_string() == what,
        _ => false,
    };
    attrs.iter().any(|it| is(it, "test") || is(it, "doctest"))
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if is_test(&item.attrs) || item.content.is_none() {
            return;
        }
        self.module.push(item.ident.to_string());
        syn::visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let names: Vec<String> = path
                .segments
                .iter()
                .map(|it| it.ident.to_string())
                .collect();
            self.add(&names);
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        self.tokens(mac.tokens.clone());
    }
}

/// What `lib.rs` exports, by name, and the floor that it comes from.
fn exports(files: &[(Vec<String>, syn::File)]) -> BTreeMap<String, String> {
    fn of(first: Option<&str>, tree: &UseTree, found: &mut BTreeMap<String, String>) {
        match tree {
            UseTree::Path(path) if path.ident == "crate" => of(None, &path.tree, found),
            UseTree::Path(path) => {
                let name = path.ident.to_string();
                of(Some(first.unwrap_or(&name)), &path.tree, found);
            }
            UseTree::Name(name) => {
                found.insert(name.ident.to_string(), first.unwrap().to_owned());
            }
            UseTree::Rename(rename) => {
                found.insert(rename.rename.to_string(), first.unwrap().to_owned());
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    of(first, tree, found);
                }
            }
            UseTree::Glob(_) => panic!("lib.rs names what it exports"),
        }
    }
    let (_, lib) = files.iter().find(|(module, _)| module == &["lib"]).unwrap();
    let mut found = BTreeMap::new();
    for item in &lib.items {
        if let Item::Use(item) = item {
            of(None, &item.tree, &mut found);
        }
    }
    found
}

#[test]
fn no_floor_uses_one_above_it() {
    let files = sources();
    let exports = exports(&files);
    let floors: BTreeSet<&str> = FLOORS.iter().map(|(floor, _)| *floor).collect();
    let mut uses: BTreeMap<&str, BTreeSet<String>> =
        floors.iter().map(|it| (*it, BTreeSet::new())).collect();
    for (module, file) in &files {
        let floor = module[0].as_str();
        let used = uses
            .get_mut(floor)
            .unwrap_or_else(|| panic!("say what the floor `{floor}` may use"));
        for path in Paths::of(module, file) {
            let Some(first) = path.first() else { continue };
            let target = match floors.get(first.as_str()) {
                Some(target) => (*target).to_owned(),
                None => match exports.get(first) {
                    Some(target) => target.clone(),
                    None => panic!("where is `crate::{}` of {module:?}?", path.join("::")),
                },
            };
            if target != floor {
                used.insert(target);
            }
        }
    }
    let mut below: Vec<&str> = Vec::new();
    for (floor, allowed) in FLOORS {
        for other in allowed {
            assert!(below.contains(other), "`{floor}` stands below `{other}`");
        }
        let allowed: BTreeSet<String> = allowed.iter().map(|it| (*it).to_owned()).collect();
        if floor == "generated" {
            assert!(uses[floor].is_subset(&allowed), "{:?}", uses[floor]);
        } else {
            assert_eq!(uses[floor], allowed, "what `{floor}` uses, and may use");
        }
        below.push(floor);
    }
}

/// A module that is public, or that has one attribute for all of it, says so once.
#[test]
fn no_lint_is_silenced_for_what_is_not_used() {
    struct Allowed(Vec<String>);
    impl<'ast> Visit<'ast> for Allowed {
        fn visit_attribute(&mut self, attr: &'ast Attribute) {
            if let syn::Meta::List(list) = &attr.meta
                && ["allow", "expect", "cfg_attr"]
                    .iter()
                    .any(|it| list.path.is_ident(it))
            {
                self.0.push(list.tokens.to_string());
            }
        }
    }
    for (module, file) in sources() {
        let mut allowed = Allowed(Vec::new());
        allowed.visit_file(&file);
        let is_root = module == ["lib"];
        for text in allowed.0 {
            let silences = ["dead_code", "unused", "allow"]
                .iter()
                .any(|it| text.contains(it));
            // What the generated code imports depends on the features.
            let is_generated = is_root && text.starts_with("clippy :: all , deprecated");
            assert!(!silences || is_generated, "{module:?}: {text}");
        }
    }
}

/// An application that needs a later version of what letta-api needs can have both.
#[test]
fn the_manifests_that_are_published_ask_for_compatible_ranges() {
    let read = |path: &str| -> toml::Table {
        let path = root().join(path);
        std::fs::read_to_string(path).unwrap().parse().unwrap()
    };
    let workspace = read("../Cargo.toml");
    let shared = &workspace["workspace"]["dependencies"];
    let mut seen = 0;
    for manifest in ["Cargo.toml", "../letta-api-ext/Cargo.toml"] {
        let manifest = read(manifest);
        let targets = manifest.get("target").and_then(toml::Value::as_table);
        let targets = targets.into_iter().flat_map(|it| it.values());
        let tables = targets
            .filter_map(|it| it.get("dependencies"))
            .chain(manifest.get("dependencies"))
            .filter_map(toml::Value::as_table);
        for (name, wanted) in tables.flatten() {
            let is_shared = wanted.get("workspace").is_some();
            let asked = if is_shared { &shared[name] } else { wanted };
            let version = asked
                .as_str()
                .or_else(|| asked.get("version")?.as_str())
                .unwrap();
            assert!(
                version.starts_with(|c: char| c.is_ascii_digit()),
                "{name}: {version}"
            );
            assert!(!name.starts_with("progenitor"), "{name} is for xtask");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}
