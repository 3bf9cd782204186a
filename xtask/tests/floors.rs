//! The floors of xtask: each module knows only modules below it.
//!
//! A stage that asks another stage above it for something makes a circle, and then neither can be read, tested or
//! changed alone. So the table below says what each module may use, and this test reads the source to hold it. What is
//! in a module's `#[cfg(test)]` may use anything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::Visit;
use syn::{Attribute, Item, UseTree};

/// From the lowest floor to the highest: a module, and the modules below it that it uses.
const FLOORS: &[(&str, &[&str])] = &[
    // Text, names and machinery, without a description.
    ("markers", &[]),
    ("visible", &[]),
    ("parallel", &[]),
    ("template", &[]),
    ("naming", &[]),
    ("manifest", &[]),
    ("markdown", &["visible"]),
    ("taken", &["manifest"]),
    // Reading a description.
    ("openapi", &["markdown", "markers"]),
    ("diagnostic", &["openapi", "visible"]),
    // The stages, in their order.
    ("load", &["diagnostic", "openapi"]),
    ("overlay", &["diagnostic", "markers", "openapi"]),
    (
        "lower",
        &[
            "diagnostic",
            "markers",
            "openapi",
            "overlay",
            "parallel",
            "visible",
        ],
    ),
    (
        "arrange",
        &["markdown", "markers", "naming", "openapi", "taken"],
    ),
    (
        "lint",
        &[
            "arrange",
            "diagnostic",
            "markers",
            "naming",
            "openapi",
            "overlay",
            "parallel",
            "taken",
        ],
    ),
    ("model", &["markdown", "markers", "naming", "openapi"]),
    (
        "generate",
        &["diagnostic", "markers", "model", "naming", "openapi"],
    ),
    (
        "refine",
        &[
            "arrange",
            "diagnostic",
            "markdown",
            "model",
            "naming",
            "template",
        ],
    ),
    (
        "split",
        &[
            "diagnostic",
            "markdown",
            "model",
            "naming",
            "refine",
            "template",
        ],
    ),
    ("output", &["diagnostic", "manifest", "naming", "split"]),
    // Beside the stages that make code: it compares what they begin with.
    (
        "drift",
        &["diagnostic", "lower", "markers", "openapi", "overlay"],
    ),
    (
        "commands",
        &[
            "arrange",
            "diagnostic",
            "drift",
            "generate",
            "lint",
            "load",
            "lower",
            "model",
            "openapi",
            "output",
            "overlay",
            "parallel",
            "refine",
            "split",
            "visible",
        ],
    ),
];

/// The modules of the crate, and what each uses of the others, with a file that does.
fn used() -> BTreeMap<String, BTreeMap<String, PathBuf>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    list(&source, &mut files);
    let mut used: BTreeMap<String, BTreeMap<String, PathBuf>> = BTreeMap::new();
    for file in files {
        let way = file.strip_prefix(&source).unwrap().with_extension("");
        let way: Vec<String> = way
            .components()
            .map(|part| part.as_os_str().to_str().unwrap().to_owned())
            .collect();
        // These know all by what they are for.
        if way == ["lib"] || way == ["main"] {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let mut paths = Paths {
            at: way.clone(),
            found: BTreeSet::new(),
        };
        paths.visit_file(&syn::parse_file(&text).unwrap());
        let module = used.entry(way[0].clone()).or_default();
        for other in paths.found.into_iter().filter(|other| *other != way[0]) {
            module.entry(other).or_insert_with(|| file.clone());
        }
    }
    used
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

/// The modules of the crate that are named in a file, in `use` lines and in paths.
struct Paths {
    /// The module that the walk is in.
    at: Vec<String>,
    found: BTreeSet<String>,
}

impl Paths {
    /// Takes the first module of a path that begins with `crate` or goes up to the crate by `super`.
    fn take(&mut self, path: &[String]) {
        let supers = path.iter().take_while(|part| *part == "super").count();
        let rest = match path.first().map(String::as_str) {
            Some("crate") => &path[1..],
            Some("super") if supers == self.at.len() => &path[supers..],
            _ => return,
        };
        self.found.extend(rest.first().cloned());
    }

    fn tree(&mut self, before: &[String], tree: &UseTree) {
        let joined = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.tree(&joined(&path.ident), &path.tree),
            UseTree::Name(name) => self.take(&joined(&name.ident)),
            UseTree::Rename(rename) => self.take(&joined(&rename.ident)),
            UseTree::Glob(_) => self.take(before),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(before, tree)),
        }
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg = attribute.path().is_ident("cfg");
        is_cfg
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|it| it.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Use(item) if !is_test(&item.attrs) => self.tree(&[], &item.tree),
            Item::Mod(item) if is_test(&item.attrs) => {}
            Item::Mod(item) => {
                self.at.push(item.ident.to_string());
                syn::visit::visit_item_mod(self, item);
                self.at.pop();
            }
            _ => syn::visit::visit_item(self, item),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path
            .segments
            .iter()
            .map(|it| it.ident.to_string())
            .collect();
        self.take(&parts);
        syn::visit::visit_path(self, path);
    }

    /// What a visibility restricts is no use.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}

#[test]
fn each_module_uses_only_what_is_on_a_floor_below() {
    let used = used();
    let allowed: BTreeMap<&str, &[&str]> = FLOORS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (module, others) in &used {
        let Some(allowed) = allowed.get(module.as_str()) else {
            wrong.push(format!(
                "`{module}` is on no floor: add it to FLOORS in xtask/tests/floors.rs, below whatever uses it"
            ));
            continue;
        };
        for (other, file) in others {
            if !allowed.contains(&other.as_str()) {
                wrong.push(format!(
                    "`{module}` uses `{other}`, in {}: if `{other}` is below it in FLOORS (xtask/tests/floors.rs), list it \
                     there; if not, move what both need to a module below both",
                    file.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_table_of_floors_has_no_circles_and_nothing_that_is_not_used() {
    let used = used();
    let mut below = BTreeSet::new();
    for (module, others) in FLOORS {
        let uses = used.get(*module);
        assert!(
            uses.is_some(),
            "there is no module `{module}`: take it out of FLOORS"
        );
        for other in *others {
            assert!(
                below.contains(other),
                "`{module}` may not use `{other}`, which is not below it in FLOORS"
            );
            assert!(
                uses.is_some_and(|uses| uses.contains_key(*other)),
                "`{module}` does not use `{other}` any more: take it out of its line in FLOORS"
            );
        }
        assert!(below.insert(module), "`{module}` is in FLOORS twice");
    }
}

#[test]
fn a_use_is_found_however_it_is_written() {
    let source = "
        use crate::load;
        use crate::{lint::{self, Rule}, model as m};
        use super::super::overlay::apply;
        use super::own;
        pub(in crate::drift) struct S(crate::split::Split);
        mod inner { use super::super::super::render::*; fn f() { super::super::g(); crate::write::write() } }
        fn f(it: impl crate::arrange::T) -> Vec<crate::lower::Lowered> { let _ = crate::generate::read; }
        #[cfg(test)] mod tests { use crate::nothing; }
        macro_rules! m { () => { crate::a_macro_of_generated_code }; }
    ";
    let mut paths = Paths {
        at: vec!["stage".to_owned(), "part".to_owned()],
        found: BTreeSet::new(),
    };
    paths.visit_file(&syn::parse_file(source).unwrap());
    let expected = [
        "load", "lint", "model", "overlay", "split", "render", "write", "arrange", "lower",
        "generate",
    ];
    assert_eq!(paths.found, expected.map(str::to_owned).into());
}
