//! How letta-api is built: what its manifest asks for, and that no lint is silenced if a module can say it. Its floors are held
//! by `tests/floors`.

use std::path::{Path, PathBuf};

use syn::Attribute;
use syn::visit::Visit;

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
