//! The example `mint_token` runs with no account, and prints no secret.

use std::process::Command;

fn example() -> Command {
    crate::example::example("mint_token")
}

#[test]
fn the_example_runs_against_the_emulator_and_prints_no_secret() {
    // Nothing listens at this proxy: what is on this machine is talked to directly.
    let output = example()
        .env_remove("LETTA_API_KEY")
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .env("http_proxy", "http://127.0.0.1:1")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}\n{errors}");
    for says in [
        "the emulator, at http://127.0.0.1:",
        "Policy    agent-1:read_messages,write_messages\n",
        "Minted    Secret([redacted])",
        "Used      with the token alone: Hello!\n  agent   ",
        " https://chat.example.com until 2",
        "Deleted   the service has no record of it now\nDeleted   the service has no record of it now, after a second request, too\n",
        "may go on until it expires",
    ] {
        assert!(printed.contains(says), "{says} is missing in\n{printed}");
    }
    let minted = printed
        .lines()
        .find_map(|line| line.split_once("known   as "));
    let (_, fingerprint) = minted.expect("the token that was minted has a fingerprint");
    assert!(
        printed.contains(&format!("* {fingerprint} https://")),
        "the list has another fingerprint:\n{printed}"
    );
    assert!(
        !printed.contains("ck-let-") && !printed.contains("sk-let-"),
        "{printed}"
    );
    assert_eq!(errors, "");
}

#[test]
fn the_example_fails_readably_without_a_service() {
    let output = example()
        .env("LETTA_API_KEY", "sk-let-n0tarealkey")
        .env("LETTA_BASE_URL", "http://127.0.0.1:1")
        .env_remove("LETTA_PROJECT")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        errors,
        "error: create_client_side_access_token: cannot connect to 127.0.0.1:1: connection refused; tried 3 times\n"
    );
}
