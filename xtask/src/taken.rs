//! Names that the hand-written part of letta-api has, read from its source. What is generated must have other names.
//!
//! An operation `withTransport` would be a second method `Client::with_transport`, which does not compile. A list kept by hand would be out of date as
//! soon as a method is added.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use syn::{ImplItem, Item, Meta, Token, Type};

use crate::manifest;

/// The source of the client. A test makes sure that it has no impl in another file.
const CLIENT: &str = include_str!("../../letta-api/src/client.rs");
const MANIFEST: &str = include_str!("../../letta-api/Cargo.toml");

/// The methods that the client has before any is generated. A generated method of the same name would not compile, or would be called in
/// place of a trait's.
pub fn client_methods() -> &'static BTreeSet<String> {
    static METHODS: LazyLock<BTreeSet<String>> = LazyLock::new(|| methods_of("Client", CLIENT));
    &METHODS
}

/// The features of the crate that no tag may have.
pub fn features() -> &'static BTreeSet<String> {
    static FEATURES: LazyLock<BTreeSet<String>> = LazyLock::new(|| features_of(MANIFEST));
    &FEATURES
}

/// The methods that a type has by its own impls, by impls of traits, and by what it derives.
///
/// # Panics
///
/// If the source is not Rust, or the type derives a trait that is not known here. Both are mistakes in this workspace, which
/// the tests find.
pub fn methods_of(name: &str, source: &str) -> BTreeSet<String> {
    let file = syn::parse_file(source).expect("the client's source is Rust");
    let mut methods = BTreeSet::new();
    for item in &file.items {
        match item {
            Item::Impl(block) if is_named(&block.self_ty, name) => {
                methods.extend(block.items.iter().filter_map(|item| match item {
                    ImplItem::Fn(function) => Some(function.sig.ident.to_string()),
                    _ => None,
                }));
            }
            Item::Struct(item) if item.ident == name => {
                for attr in item.attrs.iter().filter(|it| it.path().is_ident("derive")) {
                    let derives = syn::punctuated::Punctuated::<Meta, Token![,]>::parse_terminated;
                    let derives = attr.parse_args_with(derives).expect("a list of derives");
                    for derive in &derives {
                        let derive = derive.path().segments.last().map(|it| it.ident.to_string());
                        let derived = methods_of_trait(&derive.unwrap_or_default());
                        methods.extend(derived.iter().map(|it| (*it).to_owned()));
                    }
                }
            }
            _ => {}
        }
    }
    methods
}

/// The methods that a derived trait gives a type.
fn methods_of_trait(derive: &str) -> &'static [&'static str] {
    match derive {
        "Clone" => &["clone", "clone_from"],
        "Copy" | "Eq" => &[],
        "Debug" => &["fmt"],
        "Default" => &["default"],
        "Hash" => &["hash"],
        "PartialEq" => &["eq", "ne"],
        other => panic!("say in xtask/src/taken.rs which methods `{other}` has"),
    }
}

/// Whether this is the last name in the path of a type.
fn is_named(ty: &Type, name: &str) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|it| it.ident == name),
        _ => false,
    }
}

/// The features of a manifest that are not written by this program, and the optional dependencies that are features.
fn features_of(manifest: &str) -> BTreeSet<String> {
    let own = manifest::without_features(manifest);
    let manifest: toml::Table = own.parse().expect("the crate's manifest is TOML");
    let table = |of: &toml::Table, key: &str| of.get(key).and_then(toml::Value::as_table).cloned();
    let features = table(&manifest, "features").unwrap_or_default();
    let named: BTreeSet<&str> = features
        .values()
        .filter_map(toml::Value::as_array)
        .flatten()
        .filter_map(|it| it.as_str()?.strip_prefix("dep:"))
        .collect();
    let targets = table(&manifest, "target").unwrap_or_default();
    let targets = targets.values().filter_map(toml::Value::as_table).cloned();
    let optional = targets
        .chain([manifest.clone()])
        .filter_map(|holder| table(&holder, "dependencies"))
        .flatten()
        .filter(|(_, it)| it.get("optional").and_then(toml::Value::as_bool) == Some(true))
        .map(|(name, _)| name)
        .filter(|name| !named.contains(name.as_str()));
    features.keys().cloned().chain(optional).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn the_client_has_its_own_methods_those_of_traits_and_those_that_it_derives() {
        let source = "
            #[derive(Clone, PartialEq)] pub struct Client;
            impl Client { pub fn new() -> Self { Self } fn hidden(&self) {} const NO: u8 = 0; }
            impl std::fmt::Debug for Client { fn fmt(&self) {} }
            impl Other { fn elsewhere(&self) {} }
        ";
        let names = ["clone", "clone_from", "eq", "fmt", "hidden", "ne", "new"];
        assert_eq!(
            methods_of("Client", source),
            names.map(str::to_owned).into()
        );
        for name in [
            "send",
            "execute",
            "with_body_limit",
            "with_shared_transport",
            "clone",
            "fmt",
        ] {
            assert!(client_methods().contains(name), "{name}");
        }
    }

    #[test]
    fn all_that_is_implemented_for_the_client_is_in_its_file() {
        let mut folders = vec![PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../letta-api/src"
        ))];
        let mut looked_at = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.ends_with("generated") {
                    folders.push(path);
                } else if path.is_file()
                    && !["generated.rs", "client.rs"]
                        .iter()
                        .any(|it| path.ends_with(it))
                {
                    let source = std::fs::read_to_string(&path).unwrap();
                    assert_eq!(
                        methods_of("Client", &source),
                        BTreeSet::new(),
                        "{}",
                        path.display()
                    );
                    looked_at += 1;
                }
            }
        }
        assert!(looked_at > 20, "{looked_at}");
    }

    #[test]
    fn features_are_those_of_the_manifest_that_no_tag_made() {
        let manifest = format!(
            "[features]\na = [\"dep:x\"]\n{}\nfull = [\"tag\"]\ntag = []\n{}\nb = []\n\
             [dependencies]\nx = {{ version = \"1\", optional = true }}\ny = {{ version = \"1\", optional = true }}\nz = \"1\"\n",
            manifest::BEGIN,
            manifest::END
        );
        assert_eq!(
            features_of(&manifest),
            ["a", "b", "y"].map(str::to_owned).into()
        );
        for name in [
            "default",
            "http2",
            "multipart",
            "native-tls",
            "rustls",
            "schemars",
        ] {
            assert!(features().contains(name), "{name}");
        }
        assert!(!features().contains("client-side-access-tokens"));
    }
}
