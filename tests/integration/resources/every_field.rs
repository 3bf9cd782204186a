//! Every field that the API has can be set: the lines of `fields!` are compared with letta-api's types.

use std::collections::BTreeSet;
use std::path::Path;

/// The text of all Rust files in a folder of this workspace.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut folders = vec![
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(folder),
    ];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = std::fs::read_to_string(&path)
                    .unwrap()
                    .replace("\r\n", "\n");
                texts.push((path.display().to_string(), text));
            }
        }
    }
    texts
}

/// The fields of a type that may be left out and are not deprecated.
fn optional(api: &str, name: &str) -> BTreeSet<String> {
    let head = format!("pub struct {name} {{\n");
    let (_, rest) = api
        .split_once(&head)
        .unwrap_or_else(|| panic!("letta-api has no {name}"));
    let mut fields = BTreeSet::new();
    let mut is_deprecated = false;
    for line in rest.lines().map(str::trim).take_while(|line| *line != "}") {
        is_deprecated |= line.starts_with("#[deprecated");
        let Some((field, of)) = line
            .strip_prefix("pub ")
            .and_then(|line| line.split_once(": "))
        else {
            continue;
        };
        let is_optional = ["::std::option::Option<", "crate::Nullable<"];
        let is_optional = is_optional.iter().any(|it| of.starts_with(it));
        if is_optional && !std::mem::take(&mut is_deprecated) {
            fields.insert(field.trim_start_matches("r#").to_owned());
        }
        is_deprecated = false;
    }
    fields
}

#[test]
fn every_field_that_is_not_deprecated_has_a_setter() {
    let api: String = sources("letta-api/src/generated")
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    let mut count = 0;
    for (file, text) in sources("letta-api-ext/src") {
        for invocation in text.split("\n    fields! { ").skip(1) {
            let (head, rest) = invocation.split_once(";\n").unwrap();
            let name = head.rsplit("types::").next().unwrap();
            let lines = rest
                .lines()
                .take_while(|line| *line != "    }")
                .map(str::trim);
            let setters: BTreeSet<String> = lines
                .filter(|line| !line.starts_with("//"))
                .filter_map(|line| Some(line.split_once(": ")?.0.to_owned()))
                .collect();
            let expected = optional(&api, name);
            let missing: Vec<_> = expected.difference(&setters).collect();
            assert!(
                missing.is_empty(),
                "{file} has no setters for {missing:?} of {name}"
            );
            count += setters.len();
        }
    }
    assert!(count > 150, "all files are read, not only {count} lines");
}

#[test]
fn a_field_without_a_setter_is_found() {
    let api = "
        pub struct Draft {
            pub name: ::std::string::String,
            pub label: crate::Nullable<::std::string::String>,
            #[deprecated(note = \"x\")]
            pub old: ::std::option::Option<bool>,
            pub r#type: ::std::option::Option<
                ::std::vec::Vec<bool>,
            >,
        }
    ";
    let fields: Vec<_> = optional(&api.replace("        pub struct", "pub struct"), "Draft")
        .into_iter()
        .collect();
    assert_eq!(fields, ["label", "type"]);
}
