//! Mints, lists and deletes a token for an agent, and says what it does.
//!
//! With `LETTA_API_KEY` it talks to the service (`LETTA_BASE_URL` and `LETTA_PROJECT` are used too).
//! Without it, it starts the emulator in this process, so it runs without an account.

use std::time::Duration;

use letta_api_emulator::Emulator;
use letta_api_ext::{AccessPolicy, Letta, Revocation};

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    // The emulator lives as long as this guard.
    let emulator;
    let letta = if std::env::var_os("LETTA_API_KEY").is_some_and(|key| !key.is_empty()) {
        let letta = Letta::from_env()?;
        println!("Service   {}", letta.api().base_url());
        letta
    } else {
        emulator = Emulator::start().await?;
        println!("Service   the emulator, at {}", emulator.base_url());
        println!("          (set LETTA_API_KEY to talk to the real one)");
        Letta::builder()
            .api_key(emulator.api_key())
            .base_url(emulator.base_url())
            .build()?
    };

    // One agent for a token: the service may refuse every call of a token whose policy names two.
    let policy = AccessPolicy::builder().agent("agent-1").chat().build()?;
    println!("\nPolicy    {policy}");

    let token = letta
        .access_tokens()
        .create(policy, "https://chat.example.com")
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

    println!("\nListed    the tokens that name agent-1, this one marked *");
    let mut tokens = letta.access_tokens().list().agent("agent-1").items();
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
    for _ in 0..2 {
        match letta.access_tokens().revoke(&token).send().await? {
            Revocation::Deleted => println!("Deleted   the service has no record of it now"),
            Revocation::NotFound => println!("Not found the service had no record of it before"),
            other => println!("Revoked   {other:?}"),
        }
    }
    println!("          A page that has used it may go on until it expires.");
    Ok(())
}
