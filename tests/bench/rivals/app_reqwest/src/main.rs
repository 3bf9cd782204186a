//! A small application on reqwest alone. It creates as many tokens as each line of its standard input says, and answers
//! with how long they are together.

use std::env::var;
use std::error::Error;
use std::io::stdin;

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
    let http = reqwest::Client::new();
    let key = var("LETTA_API_KEY")?;
    let url = format!("{}/v1/client-side-access-tokens", var("LETTA_BASE_URL")?);
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
            let request = http.post(&url).bearer_auth(&key).json(&create);
            let response = request.send().await?.error_for_status()?;
            let token: Token = response.json().await?;
            length += token.token.len();
        }
        println!("{length}");
    }
    Ok(())
}
