//! A browser is asked for in the same words everywhere, and only where its own code is.
//!
//! The words are those of reqwest, which the crates are built on: what it takes for a browser, they take for one.

use std::path::{Path, PathBuf};

/// Without white space, since rustfmt breaks long lines.
const A_BROWSER: &str = r#"all(target_arch="wasm32",any(target_os="unknown",target_os="none"))"#;

/// What tells one instruction set from another.
const ASKS: [&str; 4] = [
    "target_arch=",
    "target_family=",
    "target_os=\"unknown\"",
    "target_os=\"none\"",
];

/// Names of folders that hold no source of ours.
const NO_SOURCE: [&str; 5] = [".git", "target", "node_modules", ".venv", ".proptest-cache"];

fn workspace() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap()
}

/// All files that may ask for a target, by their paths in the workspace.
fn sources() -> Vec<PathBuf> {
    let mut folders = vec![workspace().to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            let name = entry.file_name();
            if kind.is_dir() && !NO_SOURCE.iter().any(|folder| name == *folder) {
                folders.push(path);
            } else if kind.is_file() && may_ask(&path) {
                files.push(path.strip_prefix(workspace()).unwrap().to_owned());
            }
        }
    }
    files
}

fn may_ask(path: &Path) -> bool {
    let extension = path.extension().and_then(|it| it.to_str());
    let folder = path.parent().and_then(Path::file_name);
    let is_script = folder.is_some_and(|name| name == ".ci");
    is_script || matches!(extension, Some("rs" | "toml" | "sh"))
}

/// What is wrong with a file that has this text.
fn problem(file: &Path, text: &str) -> Option<&'static str> {
    let text: String = text.split_whitespace().collect();
    let others = text.replace(A_BROWSER, "");
    if ASKS.iter().any(|asks| others.contains(asks)) {
        return Some("asks for a target in other words than `A_BROWSER` of this test");
    }
    let is_manifest = file.ends_with("Cargo.toml");
    let is_platform = file
        .components()
        .any(|part| Path::new(&part).file_stem() == Some("platform".as_ref()));
    (others.len() < text.len() && !is_manifest && !is_platform)
        .then_some("asks for a browser: move what differs there into the crate's folder `platform`")
}

#[test]
fn a_browser_is_asked_for_in_one_spelling_and_only_by_platform() {
    let this = Path::new(file!());
    let sources = sources();
    assert!(sources.len() > 500, "all are read, not {}", sources.len());
    assert!(sources.iter().any(|file| file == this), "this one, too");
    let mut problems = Vec::new();
    for file in sources.iter().filter(|file| *file != this) {
        let text = std::fs::read_to_string(workspace().join(file)).unwrap();
        if let Some(problem) = problem(file, &text) {
            problems.push(format!("{} {problem}", file.display()));
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn another_spelling_and_another_place_are_found() {
    let browser = r#"#[cfg(not(all(
        target_arch = "wasm32",
        any(target_os = "unknown", target_os = "none")
    )))]"#;
    let short = r#"#[cfg(target_arch = "wasm32")]"#;
    let turned =
        r#"cfg!(all(any(target_os = "none", target_os = "unknown"), target_arch = "wasm32"))"#;
    let family = r#"[target.'cfg(target_family="wasm")'.dependencies]"#;
    for (file, text, is_right) in [
        ("letta-api/src/platform.rs", browser, true),
        ("letta-api/src/platform/browser/time.rs", browser, true),
        ("letta-api/Cargo.toml", browser, true),
        ("letta-api/src/transport.rs", browser, false),
        ("letta-api/src/my_platform.rs", browser, false),
        ("letta-api/src/platform.rs", short, false),
        ("letta-api/src/platform.rs", turned, false),
        ("letta-api/Cargo.toml", family, false),
        ("tests/x.rs", r#"#[cfg(target_os = "linux")]"#, true),
    ] {
        assert_eq!(
            problem(Path::new(file), text).is_none(),
            is_right,
            "{file}: {text}"
        );
    }
}
