//! A program on a user's machine that talks to an agent without an API key: it holds a token, which its application gives it.
//!
//! ```console
//! $ cargo run -p letta-api-ext --example hold_token
//! ```
//!
//! Both ends run in this process. The service is the emulator, so no account is needed. The application is a web server with one route,
//! which gives tokens to users who are signed in. The API key stays there.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::routing::post;
use letta_api_emulator::{Emulator, operations};
use letta_api_ext::token_endpoint::{Problem, TokenEndpoint, TokenGrant};
use letta_api_ext::token_holder::{HttpTokenSource, TokenHolder};
use letta_api_ext::{AccessPolicy, Letta, TokenMinter, policy::Preset};
use tokio::net::TcpListener;
use tokio::time::sleep;

const AGENT: &str = "agent-ada";

/// What the program got when its user signed in.
const SESSION: &str = "Bearer s3ss10n-0f-grace";

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::builder().agent(AGENT).start().await?;
    println!("Service      the emulator, at {}", emulator.base_url());
    let application = Application::start(&emulator).await?;
    println!("Application  at {}", application.origin);

    // The program. It knows the application and its user's session, and no key.
    let policy = AccessPolicy::for_agent(AGENT, Preset::Chat)?;
    let source = HttpTokenSource::new(format!("{}/letta-token", application.origin))?
        .header("authorization", SESSION)?
        .policy(policy);
    let letta = Letta::builder()
        .base_url(emulator.base_url())
        .origin(&application.origin)
        .token_source(source)
        .build()?;
    let holder = letta.token_holder().expect("the client has a source");
    let agent = letta.agent(AGENT);

    say(&agent, "Hello").await?;
    show("Token        fetched by the first call", holder);

    // While this runs, the token is renewed ahead, even if nobody calls.
    let renewing = tokio::spawn(holder.keep_renewed());
    while application.minted(&emulator) < 2 {
        sleep(Duration::from_millis(200)).await;
    }
    say(&agent, "Are you still there?").await?;
    show("Token        renewed before it expired", holder);

    // Somebody deletes the token. The service refuses it, and the holder replaces it once.
    let report = application.minter.revoke_subject(SESSION).await;
    assert!(report.is_complete());
    say(&agent, "And now?").await?;
    show("Token        replaced, because it was deleted", holder);

    // A token opens an agent and its messages, and nothing else.
    let error = letta
        .agents()
        .list()
        .send()
        .await
        .expect_err("no token opens it");
    println!("Not opened   {error}");

    application.is_signed_in.store(false, Ordering::Relaxed);
    let error = holder.renew().await.expect_err("nobody is signed in");
    println!("Signed out   {error}");
    renewing.await?;
    show("Token        dropped", holder);
    Ok(())
}

async fn say(
    agent: &letta_api_ext::agents::AgentHandle,
    words: &str,
) -> Result<(), Box<dyn Error>> {
    let answer = agent.turn(words).send().await?;
    println!("\n> {words}\n{}", answer.text());
    Ok(())
}

fn show(what: &str, holder: &TokenHolder) {
    let left = holder.remaining().map_or(0, |left| left.as_secs());
    println!("{what}: {:?}, {left} seconds left", holder.state());
}

/// The web application: it has the API key, and gives tokens to users who are signed in.
struct Application {
    origin: String,
    minter: TokenMinter,
    is_signed_in: Arc<AtomicBool>,
}

impl Application {
    async fn start(emulator: &Emulator) -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let letta = Letta::builder()
            .api_key(emulator.api_key())
            .base_url(emulator.base_url())
            .build()?;
        // As short as a token's life can be, so that one can see it being renewed. By default it is five minutes.
        let minter = TokenMinter::builder(&letta, &origin)
            .lifetime(Duration::from_secs(10))
            .build()?;
        let is_signed_in = Arc::new(AtomicBool::new(true));
        let endpoint = TokenEndpoint::new(minter.clone(), grant);
        let routes = Router::new().route("/letta-token", post(endpoint));
        let routes = routes.with_state(is_signed_in.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self {
            origin,
            minter,
            is_signed_in,
        })
    }

    /// How many tokens were minted so far.
    fn minted(&self, emulator: &Emulator) -> usize {
        emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN)
    }
}

/// Who is signed in gets a token for one agent. The session is its subject, so that signing out revokes this user's tokens alone.
async fn grant(SignedIn(session): SignedIn) -> Result<TokenGrant, Problem> {
    let policy = AccessPolicy::for_agent(AGENT, Preset::Chat)?;
    Ok(TokenGrant::new(policy).subject(session))
}

struct SignedIn(String);

impl FromRequestParts<Arc<AtomicBool>> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        is_signed_in: &Arc<AtomicBool>,
    ) -> Result<Self, Problem> {
        let session = parts.headers.get(AUTHORIZATION);
        let session = session.and_then(|value| value.to_str().ok());
        match session {
            Some(SESSION) if is_signed_in.load(Ordering::Relaxed) => Ok(Self(SESSION.to_owned())),
            _ => Err(Problem::unauthorized()),
        }
    }
}
