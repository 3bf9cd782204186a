//! An example as a program.

use std::process::{Command, Output};

/// `cargo test` builds examples before it runs tests, into a folder beside that of the tests. With
/// `--test integration` alone it does not: `cargo build --examples` first, or an older one is run.
pub(crate) fn example(name: &str) -> Command {
    let mut program = std::env::current_exe().unwrap();
    program.pop();
    program.pop();
    program.push("examples");
    program.push(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(program.exists(), "{} is not built", program.display());
    let mut command = Command::new(program);
    for name in [
        "LETTA_API_KEY",
        "LETTA_BASE_URL",
        "LETTA_PROJECT",
        "LETTA_MODEL",
        "LETTA_EMBEDDING",
        "LETTA_AGENT_ID",
        "LETTA_AGENT_NAME",
        "CHAT_TOKEN_SECONDS",
    ] {
        command.env_remove(name);
    }
    command
}

/// What a program printed that succeeded, without a word about errors and without a secret.
pub(crate) fn printed(output: Output) -> String {
    let printed = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{printed}\n{errors}");
    assert_eq!(errors, "", "{printed}");
    for secret in ["sk-let-", "ck-let-"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    printed
}

/// Finds these texts in this order, each after the one before.
#[track_caller]
pub(crate) fn assert_says(printed: &str, texts: &[&str]) {
    let mut rest = printed;
    for text in texts {
        let Some((_, after)) = rest.split_once(text) else {
            panic!("{text:?} is missing, or comes too early, in\n{printed}");
        };
        rest = after;
    }
}

/// What it says if nothing listens at the service's address, and a key that must not be printed.
#[track_caller]
pub(crate) fn assert_fails_readably(name: &str, operation: &str) {
    let output = example(name)
        .env("LETTA_API_KEY", "sk-let-n0tarealkey")
        .env("LETTA_BASE_URL", "http://127.0.0.1:1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(!printed.contains("n0tarealkey"), "{printed}");
    let errors = String::from_utf8(output.stderr).unwrap();
    let why = "cannot connect to 127.0.0.1:1: connection refused; tried 3 times";
    assert_eq!(errors, format!("error: {operation}: {why}\n"));
}
