//! Both crates in a page: `tests/in_browser`, compiled for a browser and run in Chromium.
//!
//! `LETTA_TESTS_IN_PAGE=failures` runs the tests whose names contain `failures`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use letta_api_emulator::{Act, Emulator, NewAgent, Rule};
use letta_api_tests::external_tools::skip;
use serde_json::{Value, json};

mod service;

/// How long all tests in the page may take, in seconds. The program that runs them has no other limit than this.
const LIMIT: &str = "600";

/// What `.ci/for-browser` exits with if a tool is missing.
const MISSING: i32 = 77;

#[tokio::test(flavor = "multi_thread")]
async fn both_crates_keep_their_promises_in_a_page() {
    // Before anything is compiled, which takes a minute.
    let browser = match Browser::find() {
        Ok(browser) => browser,
        Err(missing) => return skip("both_crates_keep_their_promises_in_a_page", missing),
    };
    let test = match tokio::task::spawn_blocking(compile).await.unwrap() {
        Ok(test) => test,
        Err(missing) => return skip("both_crates_keep_their_promises_in_a_page", &missing),
    };
    let emulator = emulator().await;
    let service = service::start(&emulator).await;

    let folder = tempfile::tempdir().unwrap();
    let servers = json!({
        "service": service,
        "emulator": emulator.base_url(),
        "nobody": nobody(),
        "api_key": emulator.api_key().secret().expose_secret(),
    });
    let chromium = json!({"goog:chromeOptions": {"binary": browser.chromium}});
    write(&folder.path().join("servers.json"), &servers);
    write(&folder.path().join("webdriver.json"), &chromium);
    let filter = std::env::var("LETTA_TESTS_IN_PAGE").unwrap_or_default();
    let mut run = for_browser("wasm-bindgen-test-runner");
    run.arg(test)
        .args(Some(&filter).filter(|filter| !filter.is_empty()))
        .current_dir(folder.path())
        .env("CHROMEDRIVER", browser.driver)
        .env("WASM_BINDGEN_TEST_TIMEOUT", LIMIT);
    let output = tokio::task::spawn_blocking(move || run.output().unwrap());
    let output = output.await.unwrap();
    let printed = printed(&output);
    assert!(output.status.success(), "{printed}");
    // An empty run is a success, too.
    let passed = printed.rsplit_once("test result: ok. ");
    let passed = passed.and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
    match filter.is_empty() {
        true => assert_eq!(passed, Some(written()), "{printed}"),
        false => assert!(passed > Some(0), "{printed}"),
    }
}

/// How many tests there are in the source.
fn written() -> usize {
    let suites = std::fs::read_dir(package().join("suites")).unwrap();
    let texts = suites.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    texts
        .map(|text| text.matches("#[wasm_bindgen_test]\n").count())
        .sum()
}

struct Browser {
    chromium: PathBuf,
    driver: PathBuf,
}

impl Browser {
    fn find() -> Result<Self, &'static str> {
        let chromium = at("LETTA_TESTS_CHROMIUM", "/usr/bin/chromium");
        let chromium =
            chromium.ok_or("Chromium (at /usr/bin/chromium, or LETTA_TESTS_CHROMIUM)")?;
        let driver = at("LETTA_TESTS_CHROMEDRIVER", "/usr/bin/chromedriver");
        let driver =
            driver.ok_or("ChromeDriver (at /usr/bin/chromedriver, or LETTA_TESTS_CHROMEDRIVER)")?;
        Ok(Self { chromium, driver })
    }
}

/// A program that is there: the one that the variable names, or else the usual one.
fn at(variable: &str, usual: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).filter(|path| !path.is_empty());
    let path = named.map_or_else(|| PathBuf::from(usual), PathBuf::from);
    path.exists().then_some(path)
}

/// The folder of the tests in the page.
fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("in_browser")
}

/// A command that compiles for a browser, or runs what was compiled.
fn for_browser(program: &str) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/for-browser");
    let mut command = Command::new(script.canonicalize().unwrap());
    command.arg("--programs").arg(program);
    command
}

/// Compiles the tests, and returns the program.
///
/// # Errors
///
/// What is missing.
fn compile() -> Result<PathBuf, String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut cargo = for_browser("cargo");
    cargo
        .args([
            "test",
            "--no-run",
            "--locked",
            "--target=wasm32-unknown-unknown",
        ])
        .args([
            "--package=letta-api-in-browser-tests",
            "--features=in-browser",
        ])
        .args(["--message-format=json-render-diagnostics", "--target-dir"])
        .arg(target().join("browser"))
        .current_dir(workspace);
    let output = match cargo.output() {
        Ok(output) => output,
        Err(error) => return Err(format!("a shell for .ci/for-browser ({error})")),
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(MISSING) {
        return Err(errors.trim().trim_start_matches("missing: ").to_owned());
    }
    assert!(output.status.success(), "{errors}");
    let messages = String::from_utf8(output.stdout).unwrap();
    let mut artifacts = messages
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let test = artifacts.find_map(|artifact| {
        let is_test = artifact["target"]["name"] == "in_browser";
        artifact["executable"]
            .as_str()
            .filter(|_| is_test)
            .map(PathBuf::from)
    });
    Ok(test.expect("cargo names the program"))
}

/// Cargo's target folder. This program is in it.
fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.ancestors().nth(3).unwrap().to_owned()
}

fn write(file: &Path, value: &Value) {
    std::fs::write(file, value.to_string()).unwrap();
}

fn printed(output: &Output) -> String {
    let parts = [&output.stdout, &output.stderr];
    parts.map(|part| String::from_utf8_lossy(part)).concat()
}

/// An address at which nobody listens.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// The agents that tests in the page talk to.
async fn emulator() -> Emulator {
    let builder = [
        "agent-1",
        "agent-2",
        "agent-approvals",
        "agent-tools",
        "agent-slow",
    ]
    .into_iter()
    .fold(Emulator::builder(), |builder, id| {
        builder.agent(NewAgent::new(id))
    });
    let emulator = builder.start().await.unwrap();
    let delete = Act::call("delete_file", json!({"path": "a.txt"}))
        .needs_approval()
        .returns("Deleted.");
    let script = |id: &str, acts: Vec<Act>| {
        emulator.agent(id).script(Rule::new(acts).always()).unwrap();
    };
    script(
        "agent-approvals",
        vec![delete, Act::text("The file is gone.")],
    );
    script(
        "agent-tools",
        vec![
            Act::call("add", json!({"a": 2, "b": 3})),
            Act::text("It is 5."),
        ],
    );
    let hour = std::time::Duration::from_secs(3600);
    script(
        "agent-slow",
        vec![Act::text("Well."), Act::pause(hour), Act::text("Done.")],
    );
    emulator
}
