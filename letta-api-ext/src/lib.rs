//! The Letta SDK for Rust: talk to agents, let them call your functions, and give a browser a narrow, short-lived token instead
//! of your API key.
//!
//! A turn (feature `turns`) is what an agent does from what is said to it until it stops. Nothing is said twice, lost or stuck, whatever
//! the connection does:
//!
//! ```no_run
//! # #[cfg(feature = "turns")]
//! # async fn run() -> Result<(), letta_api_ext::Error> {
//! use letta_api_ext::Letta;
//! use letta_api_ext::turns::Event;
//!
//! let letta = Letta::from_env()?; // LETTA_API_KEY, LETTA_BASE_URL, LETTA_PROJECT; or Letta::local()
//! let agent = letta.agents().create().name("Ada").model("openai/gpt-4.1").memory("human", "Name: Sam").send().await?;
//!
//! let answer = letta.agent(&agent.id).turn("Hello").send().await?;
//! println!("{}", answer.text());
//!
//! let mut turn = letta.agent(&agent.id).turn("Tell me more").tokens().stream().await?;
//! while let Some(event) = turn.next().await {
//!     if let Event::Text(piece) = event? {
//!         print!("{piece}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A function in Rust becomes a tool that the agent calls (feature `tools`):
//!
//! ```no_run
//! # #[cfg(feature = "tools")]
//! # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
//! use letta_api_ext::turns::tools::Tools;
//! # async fn forecast(city: &str) -> String { format!("Rain in {city}.") }
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Weather {
//!     /// The city, such as Oslo.
//!     city: String,
//! }
//!
//! let tools = Tools::new().add("weather", "The weather in a city now", |input: Weather| async move { forecast(&input.city).await });
//! let answer = letta.agent("agent-1").turn("Do I need a coat in Oslo?").tools(&tools).send().await?;
//! # drop(answer); Ok(())
//! # }
//! ```
//!
//! For a page, your server mints a **client-side access token** that may do a few named things to one agent for a few minutes. The secret API
//! key stays on the server:
//!
//! ```no_run
//! use std::time::Duration;
//! use letta_api_ext::{AccessPolicy, Letta};
//!
//! # async fn run() -> Result<(), letta_api_ext::Error> {
//! let letta = Letta::from_env()?;
//!
//! let policy = AccessPolicy::builder().agent("agent-1").chat().build()?;
//! let token = letta.access_tokens().create(policy, "https://chat.example.com").send().await?;
//!
//! let body = token.to_browser(); // the one serialisable form: token, expiry, seconds until then
//! # drop(body); Ok(())
//! # }
//! ```
//!
//! # Hold a token
//!
//! The other end: a page, or a desktop program, gets its tokens from your server. The client [holds them](token_holder), renews them, and
//! replaces one that is refused:
//!
//! ```no_run
//! # #[cfg(feature = "turns")]
//! # async fn run() -> Result<(), letta_api_ext::Error> {
//! use letta_api_ext::Letta;
//! use letta_api_ext::token_holder::HttpTokenSource;
//!
//! let source = HttpTokenSource::new("https://chat.example.com/api/letta-token")?;
//! let letta = Letta::builder().token_source(source).origin("https://chat.example.com").build()?;
//! let answer = letta.agent("agent-1").turn("Hello").send().await?;
//! # drop(answer); Ok(())
//! # }
//! ```
//!
//! # Where to look
//!
//! - [`Letta`]: the client. Configured once, cheap to clone, shared by all tasks. [`Letta::local`] is a client for a
//!   self-hosted server on this machine. [`LettaBuilder`] has all settings, such as [your own
//!   headers](LettaBuilder::header).
//! - [`AccessPolicy`]: what a token may do. Built step by step, from data, from text, or by serde. A token is for
//!   [one agent](policy#one-agent-for-a-token).
//! - [`StrictPolicy`]: the same for configuration files, where a mistake is an error.
//! - [`AgentId`] and [`Origin`]: checked text.
//! - [`AccessTokens`]: [create](AccessTokens::create), [list](AccessTokens::list), [revoke](AccessTokens::revoke).
//! - [`AccessToken`]: a token, and its form [for a page](AccessToken::to_browser).
//! - [`token_holder`]: tokens for a client that has no key.
//! - `Letta::agents` and `Letta::agent` (feature `agents`): create, list, change and delete agents, and attach what they use.
//! - `turns` (feature `turns`): talk to an agent: a turn, its events, approvals.
//! - `turns::tools` (feature `tools`): functions in Rust that agents call.
//! - `Letta::conversations` and `Letta::conversation` (feature `conversations`): threads of messages with one agent.
//! - `Letta::messages` (feature `messages`): messages of all agents. With `agents` also those of one agent.
//! - `Letta::runs` and `Letta::run` (feature `runs`): what became of a turn.
//! - `Letta::folders` and `Letta::folder` (feature `folders`): files that agents read. Uploads, with progress, and waiting until
//!   a file is processed.
//! - `Letta::blocks` and `Letta::block` (feature `blocks`): memory that agents share.
//! - `Letta::archives` and `Letta::archive` (feature `archives`): passages that agents search by meaning. With `agents` also
//!   `passages` of one agent.
//! - `Letta::server_tools` and `Letta::server_tool` (feature `server-tools`): tools in Python or TypeScript that the service runs.
//! - `agent_files` (feature `agent-files`): export an agent to a file, and import it from there.
//! - [`Pages`] and [`Items`]: streams of the pages of a list, and of the items on them.
//! - `TokenMinter` (feature `minter`): tokens from a cache, for a backend that mints for every page load.
//! - `token_endpoint` (feature `axum`): the route that gives a page its token.
//! - [`docs::token_security`]: what a token protects against, and what it does not.
//! - [`Error`]: one type for all failures, with what to do about each kind.
//! - [`RetryPolicy`] and [`RetryBudget`]: when a call is sent again, and how often all calls together.
//! - [`Metrics`]: counts calls and attempts.
//! - `test_util` (feature `test-util`): tokens and errors for the unit tests of an application.
//! - [`Letta::api`]: the generated client, for operations that this crate does not wrap. `?` turns its errors into an
//!   [`Error`], and [`CallFacts`] tell how often a call was sent, when, and where the answer came from.
//! - [`Letta::request`]: a [request](CustomRequest) for an operation that the SDK does not have.
//!
//! # What this crate promises
//!
//! - **Invalid input is refused before anything is sent.** The error names the field, the rule and, unless it may be
//!   secret, the value.
//! - **No secret is printed.** Not by `Debug` or `Display`, not in an error, and not if the service echoes it in its
//!   own message. Secrets are returned only by methods named `expose_secret`, and are serialised only by
//!   [`AccessToken::to_browser`] and [`Secret`].
//! - **Unknown values are kept.** A right or a kind of grant that this version does not know can be read, and is sent
//!   back unchanged.
//! - **An invalid answer is an error** with its status and request ID.
//! - **A call ends** at its [deadline](LettaBuilder::deadline) at the latest, even if the service or the network
//!   hangs. Dropping its future ends it at once. Only operations that answer when an agent is done, and uploads, have no deadline,
//!   unless you set one.
//! - **Nothing is done twice by accident.** A call is sent again if the failed attempt cannot have had its effect.
//!   Otherwise it is sent again only if its operation is safe to repeat: see [`RetryPolicy`].
//! - **A request does not leave its origin.** Redirects are followed within the origin and with the same method, at
//!   most five in a row.
//!
//! A token is only as safe as it is narrow and short-lived: whoever holds it can use it until it expires, even if it
//! was deleted. See [`docs::token_security`].
//!
//! # Limits and retries
//!
//! | what | default | for a client | for one call |
//! |---|---|---|---|
//! | time for a call, retries included | 30 s; none if an agent works, and for an upload | [`deadline`](LettaBuilder::deadline) | [`with_deadline`](CreateAccessToken::with_deadline) |
//! | time for an attempt | 10 s; if an agent works, 10 s for the body alone; an upload may stand still for 60 s | [`attempt_timeout`](LettaBuilder::attempt_timeout) | [`with_attempt_timeout`](CreateAccessToken::with_attempt_timeout) |
//! | longest wait that the service may ask for before a retry | until the deadline; 30 s if there is none by default | | |
//! | time for connecting | 5 s, or half of an attempt's time if that is less | [`http_client`](LettaBuilder::http_client) | |
//! | attempts | 3 | [`retry`](LettaBuilder::retry) | [`with_retry`](CreateAccessToken::with_retry) |
//! | random wait before the second attempt; longest wait | 0 to 250 ms; 8 s | [`RetryPolicy::backoff`] | [`with_retry`](CreateAccessToken::with_retry) |
//! | retries of all calls together | 1 for 5 calls, and 1 a second | [`retry_budget`](LettaBuilder::retry_budget) | |
//! | bytes of an answer | 8 MiB | [`response_body_limit`](LettaBuilder::response_body_limit) | |
//! | own headers | none | [`header`](LettaBuilder::header) | [`with_header`](CreateAccessToken::with_header) |
//!
//! *An agent works* in the operations of the raw client that answer when an agent, a model or a tool is done, which may take
//! minutes: `send_message`, `send_conversation_message`, `compact_messages`, `compact_conversation`, `run_agent_tool` and
//! `run_mcp_server_tool`. A deadline or a time-out that you set holds for them too, that of the client included. The
//! operations that stream what an agent does answer at once, and have the times of all others until then.
//!
//! *An upload* is `upload_file` or `import_agent` of the raw client, and so `upload` and `upload_file` of a folder, and `import` and
//! `import_from` of agents. Its length says how long it takes, so it may take as long as it moves. An
//! attempt fails if the connection takes no more of it, or if no answer begins after its end, for 60 s or for the time that
//! you set for an attempt. A browser does not tell whether it moves, so there the time that you set is for the whole attempt.
//!
//! Every request has these `with_…` options: those of [`AccessTokens`], those of each resource, and those of [`Letta::request`]. For calls
//! through [`Letta::api`], set them on a clone of the client: [`Letta::with_deadline`],
//! [`Letta::with_attempt_timeout`], [`Letta::with_retry`], [`Letta::with_header`].
//!
//! # In a browser
//!
//! The crate compiles for `wasm32-unknown-unknown`, and runs in pages and workers. A page has no API key: it [holds a
//! token](token_holder). What differs there:
//!
//! - **A failure has no reason.** A browser does not tell a page why there is no answer, nor whether the request was sent. So
//!   [`Error::is_connect`] is always false, and [`Error::is_interrupted`] also means that the service was not reached, or does not allow the
//!   page's origin (CORS).
//! - **The service decides what a page may do.** It must allow the page's origin, the methods, and the headers that are sent. It must also
//!   expose the headers that the page may read: without `Retry-After` and `x-request-id`, waits and IDs are not known.
//! - **The browser decides on connections.** Time for connecting, proxies, TLS and compression are its own. It follows redirects. If one
//!   leaves the origin, the call is an error afterwards.
//! - **There are no files.** Uploads take bytes, do not tell how far they are, and are sent once.
//! - **Retries of all calls together have no limit.** There is one user, and no fleet.
//! - **Futures are not `Send`**, and no tokio runtime is needed.
//! - The features `minter` and `axum` are for servers, and refused. `http2`, `rustls`, `rustls-ring`, `native-tls` and `socks` change
//!   nothing.
//!
//! # Observability
//!
//! Each call is a [`tracing`] span `letta.call` at level INFO, and each attempt an event in it: WARN if it failed and
//! may succeed later, and DEBUG otherwise. The target of both is `letta_api_ext`. Other spans and events have targets
//! within it: `letta_api_ext::minter`, `::token_endpoint`, `::access_tokens`, `::proxy` and `::turns`. A turn is a span `letta.turn`, and a
//! call of a tool in Rust a span `letta.tool`. The fields have the names of
//! [OpenTelemetry for HTTP clients](https://opentelemetry.io/docs/specs/semconv/http/http-spans/):
//! `http.request.method`, `http.request.resend_count`, `http.response.status_code`, `url.template`, `url.scheme`,
//! `server.address`, `server.port`, `error.type` (see [`CallReport::error_type`]). For `tracing-opentelemetry`, there
//! are `otel.name`, `otel.kind` and `otel.status_code`. This crate adds `letta.operation`, `letta.request_id`, and
//! for events `letta.attempt`, `letta.attempt.duration_ms` and `letta.attempt.wait_ms`. None of them has a path,
//! query, header or body. The libraries beneath trace too: at DEBUG, `h2` shows what a server says when it closes a
//! connection. Keep it at INFO if a server may echo secrets.
//!
//! If a token is created with a policy of [several entries](policy#one-agent-for-a-token), there is an event at WARN,
//! with the target `letta_api_ext::access_tokens`. Its fields `letta.policy.entries` and `letta.policy.unknown_entries` are the
//! number of entries, and the number of those that are not an agent's.
//!
//! An application without tracing can count calls and attempts with [`LettaBuilder::metrics`].
//!
//! [`tracing`]: https://docs.rs/tracing
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `http2` | yes | HTTP/2, if the service offers it |
//! | `full` | | every operation of the API in the raw client ([`Letta::api`]) |
//! | `rustls` | yes | TLS by rustls, with aws-lc for cryptography |
//! | `socks` | | SOCKS proxies, if `ALL_PROXY` or a similar variable names one; without it, such a setting is an error |
//! | `rustls-ring` | | TLS by rustls, with ring for cryptography; `rustls` and `native-tls` take precedence |
//! | `native-tls` | | TLS by the platform's own library |
//! | `agents` | | agents: create, list, change, delete, attach and detach |
//! | `blocks` | | blocks of memory; with `agents`, an agent's blocks |
//! | `conversations` | | conversations: create, fork, change, delete; their messages |
//! | `folders` | | folders and files: upload, wait until a file is processed, list, delete; with `agents`, an agent's folders and files |
//! | `messages` | | messages of all agents; with `agents`, those of one agent, and what is done with its context and its runs |
//! | `turns` | | talk to agents: a turn as an answer or a stream, resumed after breaks, with approvals; turns on `agents`, `conversations`, `messages` and `runs` |
//! | `tools` | | functions in Rust that agents call while a turn runs; turns on `turns` |
//! | `runs` | | runs: list them, and see what one said and used |
//! | `archives` | | archives and their passages; with `agents`, an agent's passages |
//! | `server-tools` | | tools that the service runs; with `agents`, an agent's tools |
//! | `agent-files` | | agents as files: export, import; turns on `agents` |
//! | `minter` | | `TokenMinter`: tokens from a cache, for a backend that mints for every page load |
//! | `axum` | | `token_endpoint`: the axum route that gives a page its token; turns on `minter` |
//! | `schemars` | | JSON Schemas of [`AccessPolicy`], [`StrictPolicy`], [`AgentId`] and [`Origin`], for configuration files |
//! | `test-util` | | `test_util`: tokens and errors for the unit tests of an application |
//!
//! Without a feature for TLS, pass an HTTP client that has TLS ([`LettaBuilder::http_client`]).
//!
//! For a small application that builds quickly, use `rustls-ring` alone, with `default-features = false`: ring
//! compiles faster than aws-lc, but has no post-quantum key exchange. This affects the default HTTP client only, and
//! sets nothing for the process. So building your own `reqwest::Client` panics, unless the application has [installed
//! a provider] or turns on another feature for TLS. The default client uses an installed provider, too.
//!
//! [installed a provider]: https://docs.rs/rustls/0.23/rustls/crypto/struct.CryptoProvider.html#method.install_default

// On docs.rs, what needs a feature says so.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub use letta_api::types::AccessRight;
pub use letta_api::{ApiKey, BaseUrl, Fingerprint, Secret};

#[cfg(feature = "axum")]
pub use crate::access_tokens::endpoint as token_endpoint;
pub use crate::access_tokens::policy::{AccessPolicy, StrictPolicy};
pub use crate::access_tokens::{
    AccessToken, AccessTokenPage, AccessTokens, BrowserToken, CreateAccessToken, ListAccessTokens,
    Revocation, RevokeAccessToken, TokenToRevoke, policy,
};
#[cfg(feature = "minter")]
pub use crate::access_tokens::{
    AgentTokens, AgentTokensFuture, AgentTokensRequest, BrowserTokens, MinterCounters,
    RevocationFailure, RevocationReport, TokenFuture, TokenMinter, TokenMinterBuilder,
    TokenRequest,
};
#[cfg(feature = "_resources")]
pub use crate::client::Deletion;
#[cfg(any(feature = "conversations", feature = "messages"))]
pub use crate::client::{CancelOutcome, Cancellation, RunCancellation};
pub use crate::client::{CustomRequest, Letta, LettaBuilder};
pub use crate::error::Error;
pub use crate::ids::{AgentId, Origin};
pub use crate::pages::{Items, Pages};
pub use crate::transport::{
    AttemptReport, CallFacts, CallReport, Metrics, RetryBudget, RetryPolicy,
};

#[cfg(feature = "agent-files")]
pub mod agent_files;
#[cfg(feature = "agents")]
pub mod agents;
#[cfg(feature = "archives")]
pub mod archives;
#[cfg(feature = "blocks")]
pub mod blocks;
#[cfg(feature = "conversations")]
pub mod conversations;
pub mod docs;
#[cfg(feature = "folders")]
pub mod folders;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "messages")]
pub mod messages;
#[cfg(feature = "runs")]
pub mod runs;
#[cfg(feature = "server-tools")]
pub mod server_tools;
#[cfg(feature = "test-util")]
pub mod test_util;
pub mod token_holder;
#[cfg(feature = "turns")]
pub mod turns;

mod access_tokens;
mod client;
mod error;
mod ids;
mod pages;
mod platform;
mod time;
mod transport;

/// The raw client that this crate is built on, for what it does not wrap.
pub use letta_api;
/// The HTTP client library, to make your own client: see [`LettaBuilder::http_client`].
pub use reqwest;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
