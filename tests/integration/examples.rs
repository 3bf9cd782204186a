//! The example of the raw client, against the emulator. letta-api cannot test it: the emulator depends on letta-api.

use std::process::Command;

use letta_api_emulator::Emulator;
use letta_api_ext::{AccessPolicy, Letta};

use crate::browser::built;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_raw_clients_example_lists_tokens_without_their_secrets() {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    let key = emulator.api_key().secret().expose_secret().to_owned();
    let url = emulator.base_url();
    let letta = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .build()
        .unwrap();
    let policy = AccessPolicy::builder()
        .agent("agent-1")
        .chat()
        .build()
        .unwrap();
    let token = letta
        .access_tokens()
        .create(policy, "https://chat.example.com")
        .await
        .unwrap();

    let mut example = Command::new(built("examples/list_tokens", "letta-api", "--examples"));
    example
        .env("LETTA_API_KEY", &key)
        .env("LETTA_BASE_URL", &url);
    let output = tokio::task::spawn_blocking(move || example.output())
        .await
        .unwrap()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{printed}\n{errors}");
    assert!(printed.contains("https://chat.example.com"), "{printed}");
    assert!(printed.ends_with("1 tokens, more: false\n"), "{printed}");
    assert!(!printed.contains(token.expose_secret()), "{printed}");
}
