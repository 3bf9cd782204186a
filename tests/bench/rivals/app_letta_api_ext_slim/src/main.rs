//! A small application on letta-api-ext without what it can do without. It creates as many tokens as each line of its
//! standard input says, and answers with how long they are together.

use std::error::Error;
use std::io::stdin;

use letta_api_ext::{AccessPolicy, Letta};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let letta = Letta::from_env()?;
    let policy = AccessPolicy::builder()
        .agent("agent-0c5fd2e1-7a64-4c0e-9a3e-2f1b8a6d4e10")
        .chat()
        .agent("agent-7d1e9b3c-55f2-4d8a-8b6c-91e0c4a2f377")
        .chat()
        .build_combined()?;
    for line in stdin().lines() {
        let mut length = 0;
        for _ in 0..line?.parse()? {
            let tokens = letta.access_tokens();
            let token = tokens
                .create(policy.clone(), "https://chat.example.com")
                .send()
                .await?;
            length += token.expose_secret().len();
        }
        println!("{length}");
    }
    Ok(())
}
