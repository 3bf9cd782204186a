//! The example `browser_chat` and the page of the emulator in a real browser: `tests/browser`, run by Node, with each of the emulator's
//! token rules, and with the page of the chat in JavaScript and in Rust.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use letta_api_tests::external_tools::skip;

/// What was built for this profile. `cargo test --workspace` builds it before it runs tests; with this
/// package alone, an older one is run, or none is there.
pub(crate) fn built(name: &str, package: &str, flag: &str) -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is not built; `cargo build -p {package} {flag}` does it",
        path.display()
    );
    path
}

/// The first tool that is not there.
fn missing(folder: &Path, chromium: &Path) -> Option<&'static str> {
    let node = Command::new("node").arg("--version").output();
    if !node.is_ok_and(|output| output.status.success()) {
        return Some("Node.js 20 or newer");
    }
    if !folder.join("node_modules/playwright-core").exists() {
        return Some("playwright-core (`npm ci` in tests/browser)");
    }
    if !chromium.exists() {
        return Some("Chromium (at /usr/bin/chromium, or LETTA_TESTS_CHROMIUM)");
    }
    None
}

/// Two runs at once would be slower than one after the other.
static BROWSER: Mutex<()> = Mutex::new(());

/// Which page of the chat it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Page {
    JavaScript,
    Rust,
}

/// A test that runs with these token rules alone.
const STRICT: (&str, &str) = (
    "strict",
    "what a token does not allow is said so, and asked again by nobody but the user",
);
const PUBLISHED_2025: (&str, &str) = (
    "published-2025",
    "what is refused without a reason is asked again by nobody but the user",
);

#[test]
fn the_chat_does_in_a_browser_what_it_promises() {
    run(
        "the_chat_does_in_a_browser_what_it_promises",
        Page::JavaScript,
        STRICT,
    );
}

#[test]
fn the_chat_does_the_same_with_tokens_as_in_the_published_source_of_2025() {
    run(
        "the_chat_does_the_same_with_tokens_as_in_the_published_source_of_2025",
        Page::JavaScript,
        PUBLISHED_2025,
    );
}

#[test]
fn the_page_in_rust_does_what_the_page_in_javascript_does() {
    run(
        "the_page_in_rust_does_what_the_page_in_javascript_does",
        Page::Rust,
        STRICT,
    );
}

#[test]
fn the_page_in_rust_does_the_same_with_tokens_as_in_the_published_source_of_2025() {
    run(
        "the_page_in_rust_does_the_same_with_tokens_as_in_the_published_source_of_2025",
        Page::Rust,
        PUBLISHED_2025,
    );
}

/// The folder of the page in Rust, built once. `None` if a tool for it is not there.
fn page_in_rust() -> Option<&'static Path> {
    /// The exit code if a tool cannot be had.
    const NO_TOOL: i32 = 77;
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        if cfg!(windows) {
            return None;
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser_chat_rust");
        let build = root.join("letta-api-ext/examples/browser_chat_rust/build");
        let output = Command::new(build).arg(&folder).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(NO_TOOL) => None,
            _ => {
                assert!(output.status.success(), "{printed}\n{errors}");
                Some(folder)
            }
        }
    });
    folder.as_deref()
}

/// Runs all of `tests/browser`. `proof` is a test that runs with these rules alone.
fn run(test: &str, page: Page, (token_rules, proof): (&str, &str)) {
    let _turn = BROWSER.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let chromium = std::env::var_os("LETTA_TESTS_CHROMIUM").filter(|path| !path.is_empty());
    let chromium = chromium.map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from);
    if let Some(tool) = missing(&folder, &chromium) {
        skip(test, tool);
        return;
    }
    let scripts = match page {
        Page::JavaScript => None,
        Page::Rust => match page_in_rust() {
            Some(folder) => Some(folder),
            None => {
                skip(
                    test,
                    "a compiler and wasm-bindgen for a browser (`.ci/for-browser --install --programs true`)",
                );
                return;
            }
        },
    };
    let chat = built("examples/browser_chat", "letta-api-ext", "--examples");
    let emulator = built("letta-emulator", "letta-api-emulator", "--bins");
    let mut node = Command::new("node");
    node.args(["--test", "--test-concurrency=2", "--test-reporter=spec"])
        .current_dir(folder)
        .env("LETTA_TESTS_CHAT", chat)
        .env("LETTA_TESTS_EMULATOR", emulator)
        .env("LETTA_TESTS_CHROMIUM", chromium)
        .env("LETTA_TESTS_TOKEN_RULES", token_rules)
        .env_remove("LETTA_SCREENSHOT")
        .env_remove("LETTA_TESTS_CHAT_PAGE");
    if let Some(scripts) = scripts {
        node.env("LETTA_TESTS_CHAT_PAGE", scripts);
    }
    let output = node.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}\n{errors}");
    // An empty run is a success too, and so is one with other rules.
    let passed = |name: &str| {
        printed
            .lines()
            .any(|line| line.contains(&format!("✔ {name} (")))
    };
    let emulators =
        "the page of the emulator shows agents, messages, runs and tokens as they change";
    for name in ["an answer appears word by word", emulators, proof] {
        assert!(passed(name), "{name} was not run:\n{printed}");
    }
}
