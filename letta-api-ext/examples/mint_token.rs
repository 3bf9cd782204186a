//! Mints a token for an agent, talks to the agent with that token alone, lists and deletes it, and says what it does.
//!
//! With `LETTA_API_KEY` it talks to the service (`LETTA_BASE_URL` and `LETTA_PROJECT` are used too), and to the agent of
//! `LETTA_AGENT_ID`. Without a key, it starts the emulator in this process, so it runs without an account.

use std::time::Duration;

use letta_api_emulator::Emulator;
use letta_api_ext::{AccessPolicy, Letta, Revocation};

/// The origin of the page that gets the token.
const ORIGIN: &str = "https://chat.example.com";

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    // The emulator lives as long as this guard.
    let emulator;
    let (letta, agent) = if variable("LETTA_API_KEY").is_some() {
        let letta = Letta::from_env()?;
        println!("Service   {}", letta.api().base_url());
        (letta, variable("LETTA_AGENT_ID"))
    } else {
        emulator = Emulator::builder().agent("agent-1").start().await?;
        println!("Service   the emulator, at {}", emulator.base_url());
        println!("          (set LETTA_API_KEY to talk to the real one)");
        let letta = Letta::builder()
            .api_key(emulator.api_key())
            .base_url(emulator.base_url())
            .build()?;
        (letta, Some("agent-1".to_owned()))
    };

    // One agent for a token: the service may refuse every call of a token whose policy names two.
    let named = agent.as_deref().unwrap_or("agent-1");
    let policy = AccessPolicy::builder().agent(named).chat().build()?;
    println!("\nPolicy    {policy}");

    let token = letta
        .access_tokens()
        .create(policy, ORIGIN)
        .expires_in(Duration::from_secs(2 * 60))
        .send()
        .await?;
    println!("\nMinted    {:?}", letta_api_ext::Secret::from(&token));
    println!("  known   as {}", token.fingerprint());
    println!("  origin  {}", token.hostname());
    println!("  may     {}", token.policy());
    println!(
        "  until   {}, {} seconds from now",
        token.expires_at_text(),
        token.remaining().as_secs()
    );
    println!("          The page gets `token.to_browser()`: the secret and the expiry, as JSON.");

    if let Some(agent) = &agent {
        // What a page does, or a program on a user's machine. It never sees the key.
        let holder = Letta::builder()
            .base_url(letta.api().base_url().to_string())
            .origin(ORIGIN)
            .token_source(token.clone())
            .build()?;
        let answer = holder.agent(agent).turn("Hello!").send().await?;
        println!("\nUsed      with the token alone: Hello!");
        println!("  agent   {}", answer.text());
    } else {
        println!("\nNot used  set LETTA_AGENT_ID to talk to an agent with the token");
    }

    println!("\nListed    the tokens that name {named}, this one marked *");
    let mut tokens = letta.access_tokens().list().agent(named).items();
    while let Some(listed) = tokens.next().await {
        let listed = listed?;
        let mark = if listed.expose_secret() == token.expose_secret() {
            "*"
        } else {
            " "
        };
        // The secret stays out of sight, and the fingerprint tells tokens apart.
        println!(
            "        {mark} {} {} until {}",
            listed.fingerprint(),
            listed.hostname(),
            listed.expires_at_text()
        );
    }

    println!();
    // The service does not say whether there was such a token, so a repeat does no harm.
    for again in ["", ", after a second request, too"] {
        match letta.access_tokens().revoke(&token).send().await? {
            Revocation::Deleted => {
                println!("Deleted   the service has no record of it now{again}");
            }
            Revocation::NotFound => println!("Not found the service had no record of it before"),
            other => println!("Revoked   {other:?}"),
        }
    }
    println!("          A page that has used it may go on until it expires.");
    Ok(())
}
