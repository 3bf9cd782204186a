//! A chat whose page talks to the Letta service directly, with a token that this application mints.
//!
//! ```console
//! $ cargo run -p letta-api-ext --example browser_chat
//! ```
//!
//! Without `LETTA_API_KEY` it starts the emulator within this process, so that it runs with no account.
//! Sign in as anybody, and chat.
//!
//! # What to look at
//!
//! - `letta_token.rs` is what your own application needs: one route that checks who asks, and grants a
//!   token for that user's agent only. Any application has the rest already.
//! - The minter (`TokenMinter`, in `main.rs`) mints once for all that a session asks for, and has it deleted when the
//!   user signs out (`sign_in.rs`).
//! - `page/access.js` keeps the token: in a variable, never in storage, and renewed before it expires.
//! - `page/agent.js` and `page/events.js` talk to the service with it, and read what it streams.
//! - What the page does if the service refuses its token is in `access.js` and `agent.js`: it renews once, tries once more,
//!   and then says so. What the user wrote is kept (`page/unsent.js`).
//!
//! What the page does, also when things go wrong, is tested in a browser: `tests/browser` in the workspace. The tests run
//! twice: with the emulator as strict as it is by default, and with tokens treated as in the service's published source of
//! 2025.
//!
//! The same page is there in Rust, on the SDK: `examples/browser_chat_rust`. The same tests run with it.
//!
//! # What five minutes mean
//!
//! A token lives for five minutes here. By the service's published source of 2025, a token that was used is in a cache, which
//! deleting the token does not clear. So **a page that kept its token may go on for up to five minutes after its user has
//! signed out**, and so may whoever got hold of the token. The short life is the protection, and not the deletion.
//!
//! Lower `CHAT_TOKEN_SECONDS` if that is too long for what the agent can do: if it spends money, writes to others, or reads
//! what a user who signs out on a shared machine must not leave open. The price is more calls: a page that stays open asks
//! for a token when a fifth of its life is left, so every 4 minutes at 300 seconds, and every 48 seconds at 60. While this
//! application or the service cannot mint, a page with short tokens stops sooner. `TokenMinterBuilder::lifetime` has a table.
//!
//! # What the page needs of the service
//!
//! A page sends messages as JSON, from another origin than the service's. So the browser asks the service first (a CORS
//! preflight) whether the page may send the headers `Authorization` and `Content-Type`. The published source of 2025 names
//! `Authorization` alone. If the service still does so, **no page can send a message directly, with whatever token**: the
//! browser refuses before it sends anything, and this page says that it got no answer. Reading messages works. The
//! emulator allows both headers. If you meet this, send messages by way of your own server, with the API key there.
//! `Retry-After` can be read only if the service exposes it. Otherwise the page waits 5 seconds.
//!
//! | file | what it is about |
//! |---|---|
//! | `letta_token.rs` | the token endpoint |
//! | `same_origin.rs` | which forms are accepted: those of this application's own origin |
//! | `sessions.rs` | who is signed in |
//! | `sign_in.rs` | signing in, and out |
//! | `service.rs` | which service it is, and which user has which agent |
//! | `headers.rs` | what the browser may allow |
//! | `pages.rs`, `page/` | what the browser is served |
//!
//! # Settings
//!
//! | variable | what it sets | by default |
//! |---|---|---|
//! | `LETTA_API_KEY` | the key of the service; `LETTA_BASE_URL` and `LETTA_PROJECT` count too | the emulator |
//! | `LETTA_AGENT_ID` | the agent that users chat to; needed if there is a key | |
//! | `LETTA_AGENT_NAME` | what the page calls it | Agent |
//! | `CHAT_LISTEN` | where to listen, on this machine; port 0 is a free one | `127.0.0.1:3000` |
//! | `CHAT_PAGE` | the folder of another page's scripts, such as the page in Rust | the page in JavaScript |
//! | `CHAT_TOKEN_SECONDS` | how long a token lives, and so how long it may work after a sign-out; at least 10 | 300 |

use std::io::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use letta_api_ext::{Letta, Origin, TokenMinter};
use tracing::Level;

use crate::pages::Files;
use crate::service::Service;
use crate::sessions::Sessions;
use crate::settings::Settings;

mod headers;
mod letta_token;
mod pages;
mod same_origin;
mod service;
mod sessions;
mod settings;
mod sign_in;

/// What the handlers share.
struct Application {
    letta: Letta,
    /// One minter for all requests, so that they share its cache.
    minter: TokenMinter,
    service: Service,
    sessions: Sessions,
    files: Files,
}

impl Application {
    /// The origin of the pages. Tokens are made for it.
    fn origin(&self) -> &Origin {
        self.minter.origin()
    }
}

type App = Arc<Application>;

#[tokio::main]
async fn main() {
    // Failures, and what became of tokens at a sign-out, are traced for whoever runs the application. If that fails, the
    // application still serves.
    tracing_subscriber::fmt()
        .with_max_level(Level::INFO)
        .with_writer(std::io::stderr)
        .log_internal_errors(false)
        .init();
    if let Err(error) = run().await {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::from_env()?;
    let files = Files::new(settings.page.as_deref())?;
    let (letta, service) = service::connect().await?;
    let listener = tokio::net::TcpListener::bind(settings.listen)
        .await
        .map_err(|error| {
            format!(
                "cannot listen on {}: {error}; CHAT_LISTEN sets another address",
                settings.listen
            )
        })?;
    // The port may be one that the operating system chose.
    let origin = Origin::new(format!("http://{}", listener.local_addr()?))?;

    let minter = TokenMinter::builder(&letta, origin)
        .lifetime(settings.token_lifetime)
        .build()?;

    let app = Arc::new(Application {
        letta,
        minter,
        service,
        sessions: Sessions::default(),
        files,
    });
    // If standard output is closed, the application still serves.
    let _ = std::io::stdout().write_all(greeting(&app).as_bytes());
    axum::serve(listener, routes(app)).await?;
    Ok(())
}

fn routes(app: App) -> Router {
    Router::new()
        .route("/", get(pages::chat))
        .route("/sign-in", get(pages::sign_in).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/api/session", get(sign_in::session))
        .route("/api/letta-token", letta_token::route(app.minter.clone()))
        .fallback(pages::file)
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&app),
            same_origin::own_host_only,
        ))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&app),
            headers::add,
        ))
        .with_state(app)
}

fn greeting(app: &Application) -> String {
    let service = app.letta.api().base_url();
    let service = if app.service.is_emulator() {
        format!(
            "the emulator, at {service}\n          (set LETTA_API_KEY and LETTA_AGENT_ID to chat to a real agent)"
        )
    } else {
        service.to_string()
    };
    format!(
        "Service   {service}\nTokens    live {} seconds\nOpen      {}\n",
        app.minter.lifetime().as_secs(),
        app.origin()
    )
}
