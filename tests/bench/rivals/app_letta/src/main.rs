//! A small application on the crate letta. It creates as many tokens as each line of its standard input says, and answers
//! with how long they are together.

use std::env::var;
use std::error::Error;
use std::io::stdin;

use letta::LettaClient;
use letta::auth::AuthConfig;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Create {
    hostname: &'static str,
    policy: [Grant; 2],
}

#[derive(Serialize)]
struct Grant {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'static str,
    access: [&'static str; 2],
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

fn grant(id: &'static str) -> Grant {
    Grant {
        kind: "agent",
        id,
        access: ["read_messages", "write_messages"],
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let letta = LettaClient::builder()
        .base_url(var("LETTA_BASE_URL")?)
        .auth(AuthConfig::bearer(var("LETTA_API_KEY")?))
        .build()?;
    let create = Create {
        hostname: "https://chat.example.com",
        policy: [
            grant("agent-0c5fd2e1-7a64-4c0e-9a3e-2f1b8a6d4e10"),
            grant("agent-7d1e9b3c-55f2-4d8a-8b6c-91e0c4a2f377"),
        ],
    };
    for line in stdin().lines() {
        let mut length = 0;
        for _ in 0..line?.parse()? {
            let token: Token = letta.post("v1/client-side-access-tokens", &create).await?;
            length += token.token.len();
        }
        println!("{length}");
    }
    Ok(())
}
