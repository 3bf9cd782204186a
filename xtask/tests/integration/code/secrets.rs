//! What is marked sensitive is not printed: by the code that is written, and by the code that runs.

use std::collections::BTreeMap;
use std::path::Path;

use quote::ToTokens;
use syn::{Item, ItemImpl};

use crate::support::scratch::Scratch;
use crate::support::sent::Made;
use crate::support::{canary, fixture};
use xtask::model::Model;
use xtask::openapi::Node;
use xtask::output::render::{self, SourceText};
use xtask::split::Feature;
use xtask::{arrange, generate, lint, load, lower, overlay, refine, split};

/// What becomes of a description.
struct Code {
    given: Node,
    arranged: Node,
    model: Model,
    files: Vec<SourceText>,
    features: Vec<Feature>,
}

fn code(description: &Node) -> Code {
    let lowered = lower::lower(description);
    let arranged = arrange::arrange(lowered.document.clone());
    let stages = || {
        lint::lint_lowered(description, &arranged, &lowered.refusals)?;
        let model = Model::read(&arranged);
        let refined = refine::refine(generate::generate(&arranged, &model)?, &model)?;
        let mut split = split::split(refined, &model)?;
        let features = std::mem::take(&mut split.features);
        let files = render::render_all(split, render::LONGEST)?;
        Ok::<_, xtask::diagnostic::Failure>((model, files, features))
    };
    let (model, files, features) = stages().unwrap_or_else(|failure| panic!("{failure}"));
    Code {
        given: lowered.document,
        arranged,
        model,
        files,
        features,
    }
}

fn ours() -> Code {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
    let mut document = load::load(&folder.join("letta.yaml")).unwrap();
    let overlay = load::load(&folder.join("overlay.yaml")).unwrap();
    overlay::apply(&mut document, &overlay).unwrap();
    code(&document)
}

fn small() -> Code {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/secrets.yaml");
    code(&fixture::read(&path))
}

/// The `Debug` that is written by hand of each type, without white space.
fn debugs(files: &[SourceText]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut waiting: Vec<Item> = Vec::new();
    for file in files {
        waiting.extend(syn::parse_file(&file.text).unwrap().items);
    }
    while let Some(item) = waiting.pop() {
        match item {
            Item::Mod(module) => waiting.extend(module.content.unwrap_or_default().1),
            // The impls of a type that several features need.
            Item::Const(it) if it.ident == "_" => {
                if let syn::Expr::Block(it) = *it.expr {
                    waiting.extend(it.block.stmts.into_iter().filter_map(|it| match it {
                        syn::Stmt::Item(item) => Some(item),
                        _ => None,
                    }));
                }
            }
            Item::Impl(block) if is_debug(&block) => {
                let text = block.to_token_stream().to_string();
                let text: String = text.split_whitespace().collect();
                let text = text.replace(",)", ")");
                found.insert(block.self_ty.to_token_stream().to_string(), text);
            }
            _ => {}
        }
    }
    found
}

fn is_debug(block: &ItemImpl) -> bool {
    let last = block
        .trait_
        .as_ref()
        .and_then(|(path, ..)| path.segments.last());
    last.is_some_and(|it| it.ident == "Debug")
}

/// A layer above searches what a service repeats for the values of these.
#[test]
fn the_names_of_what_is_sent_and_secret_are_listed_unless_they_are_plain_elsewhere() {
    let root = ours().files.swap_remove(0).text;
    let (_, list) = root
        .split_once("pub const SENSITIVE_NAMES: &[&str] = &[")
        .unwrap();
    let (list, _) = list.split_once(']').unwrap();
    let names: Vec<&str> = list
        .split(',')
        .map(|it| it.trim().trim_matches('"'))
        .collect();
    for name in [
        "auth_token",
        "custom_headers",
        "secrets",
        "tool_exec_environment_variables",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    // A tool's arguments are plain, and what only answers have is not sent.
    for name in ["args", "value_enc"] {
        assert!(!names.contains(&name), "{name} is in {names:?}");
    }
}

/// Looks at the code only, so that it needs no compiler.
#[test]
fn each_type_with_something_sensitive_has_a_debug_that_hides_it() {
    for (code, least) in [(ours(), 15), (small(), 4)] {
        let debugs = debugs(&code.files);
        let mut count = 0;
        for (name, schema) in &code.model.schemas {
            if schema.union.is_some() {
                let hides = debugs
                    .get(name)
                    .is_some_and(|it| it.contains("Self::Unknown(_)=>"));
                assert_eq!(hides, schema.open && schema.holds_secret, "{name}");
                continue;
            }
            let line = |field: &str| {
                let line = format!(".field({field:?},&::std::format_args!(\"[redacted]\"))");
                (field.to_owned(), line)
            };
            let mut hidden: Vec<(String, String)> =
                schema.sensitive.iter().map(|it| line(it)).collect();
            // Of these, what the description does not know is hidden too. Only whether there is something is shown.
            if let (Some(field), false) = (&schema.keeps_unknown, hidden.is_empty()) {
                let line = format!(
                    ".field({field:?},&::std::format_args!(\"{{}}\",ifself.{field}.is_empty(){{\"{{}}\"}}else{{\"[redacted]\"}}))"
                );
                hidden.push((field.clone(), line));
            }
            for (field, line) in hidden {
                let debug = debugs
                    .get(name)
                    .unwrap_or_else(|| panic!("{name} derives its `Debug`"));
                assert!(debug.contains(&line), "{name} prints {field}: {debug}");
                count += 1;
            }
        }
        assert!(count > least, "{count}");
    }
    let small = small();
    let debugs = debugs(&small.files);
    assert!(
        debugs["CreateProviderParams"].contains(".field(\"x_api_key\",&::std::format_args!(\"[redacted]\")).field(\"limit\",&self.limit)"),
        "{}",
        debugs["CreateProviderParams"]
    );
    for name in ["Either", "Untagged", "HolderInner", "Provider"] {
        assert!(debugs.contains_key(name), "{name}");
    }
    assert!(
        !debugs.contains_key("Cloud"),
        "it holds a type that hides what it has"
    );
}

/// Needs a compiler, and some minutes.
#[test]
#[ignore = "slow, it builds whole crates: add -- --ignored"]
fn what_is_marked_sensitive_is_not_printed_whatever_it_is_in() {
    for (code, least) in [(small(), 6), (ours(), 20)] {
        let (test, types) = canary::test(&Made {
            given: &code.given,
            arranged: &code.arranged,
            model: &code.model,
            files: &code.files,
        });
        assert!(types.len() > least, "{types:?}");
        let scratch = Scratch::new(&code.files, &code.features);
        scratch.passes_text("prints_no_secret", &test, "full");
    }
}
