//! The Letta SDK for Rust: hand a browser a narrow, short-lived token instead of your API key.
//!
//! Your server holds the secret API key. It mints a **client-side access token** that may do a few
//! named things to one agent for a few minutes, and gives that to the page of one user:
//!
//! ```no_run
//! use std::time::Duration;
//! use letta_api_ext::{AccessPolicy, Letta};
//!
//! # async fn run() -> Result<(), letta_api_ext::Error> {
//! let letta = Letta::from_env()?; // LETTA_API_KEY, LETTA_BASE_URL, LETTA_PROJECT
//!
//! let policy = AccessPolicy::builder().agent("agent-1").chat().build()?;
//! let token = letta.access_tokens().create(policy, "https://chat.example.com").send().await?;
//!
//! let body = token.to_browser(); // the one serialisable form: token, expiry, seconds until then
//! # drop(body); Ok(())
//! # }
//! ```
//!
//! # Where to look
//!
//! - [`Letta`]: the client. Configured once, cheap to clone, shared by all tasks.
//! - [`AccessPolicy`]: what a token may do. Built step by step, from data, from text, or by serde. A token is for
//!   [one agent](policy#one-agent-for-a-token).
//!   [`StrictPolicy`]: for configuration files, where a slip must not pass.
//! - [`AccessTokens`]: [create](AccessTokens::create), [list](AccessTokens::list),
//!   [revoke](AccessTokens::revoke).
//! - `TokenMinter` (feature `minter`): tokens from a cache, for a backend that mints for every page load.
//! - `token_endpoint` (feature `axum`): the route that hands a page its token.
//! - [`docs::token_security`]: what a token protects against, and what it does not.
//! - [`Error`]: one type for all that can go wrong, with what to do about each kind.
//! - `test_util` (feature `test-util`): tokens and errors for the unit tests of an application.
//! - [`Letta::api`]: the generated client, for everything that this crate does not wrap.
//!
//! # What this crate promises
//!
//! - **Bad input is refused before anything is sent**, with an error that names the field, the rule
//!   and, where it cannot be secret, the value.
//! - **No secret is printed.** Not by `Debug`, not by `Display`, not in an error, not even when the
//!   service echoes it in its own message. Secrets come out of methods named `expose_secret`, of
//!   [`AccessToken::to_browser`], and of a [`Secret`] that is serialised.
//! - **Nothing is lost for being new.** A right or a kind of grant that this version does not know
//!   is kept, can be read, and is sent back unchanged.
//! - **An odd answer is an error with its status and request ID.**
//! - **A call ends**, at its [deadline](LettaBuilder::deadline) at the latest, wherever the service or the
//!   network hangs; and at once where its future is dropped.
//! - **Nothing is done twice that was not meant to be.** A call is tried again where the failed attempt cannot
//!   have had its effect, and else only if its operation is safe to repeat: see [`RetryPolicy`].
//! - **A request does not leave its origin.** Redirects are followed within the origin and with the same method,
//!   at most five in a row.
//!
//! A token is only as safe as it is narrow and short-lived: whoever holds it can use it until it expires, also if it is
//! deleted before. See [`docs::token_security`].
//!
//! # Limits and retries
//!
//! | what | default | for a client | for one call |
//! |---|---|---|---|
//! | time for a call, retries included | 30 s | [`deadline`](LettaBuilder::deadline) | [`deadline`](CreateAccessToken::deadline) |
//! | time for an attempt | 10 s | [`attempt_timeout`](LettaBuilder::attempt_timeout) | [`attempt_timeout`](CreateAccessToken::attempt_timeout) |
//! | time for making a connection | 5 s, or half of an attempt's | [`http_client`](LettaBuilder::http_client) | |
//! | attempts | 3 | [`retry`](LettaBuilder::retry) | [`retry`](CreateAccessToken::retry) |
//! | wait before the second attempt, and longest | 0 to 250 ms, 8 s | [`RetryPolicy::backoff`] | the same |
//! | retries of all calls together | 1 for 5 calls, and 1 a second | [`retry_budget`](LettaBuilder::retry_budget) | |
//! | bytes of an answer | 8 MiB | [`response_body_limit`](LettaBuilder::response_body_limit) | |
//!
//! For calls through [`Letta::api`], options are set on a clone of the client: [`Letta::with_deadline`],
//! [`Letta::with_attempt_timeout`], [`Letta::with_retry`].
//!
//! # Observability
//!
//! Each call is a [`tracing`] span `letta.call` at level INFO, and each attempt an event in it: WARN where it
//! failed in a way that may pass, and DEBUG otherwise. The target of both is `letta_api_ext`. Other events have targets
//! within it: `letta_api_ext::minter`, `::token_endpoint`, `::access_tokens` and `::proxy`. Their fields are named as
//! [OpenTelemetry does for HTTP clients](https://opentelemetry.io/docs/specs/semconv/http/http-spans/):
//! `http.request.method`, `http.request.resend_count`, `http.response.status_code`, `url.template`, `url.scheme`,
//! `server.address`, `server.port`, `error.type` (see [`CallReport::error_type`]); for `tracing-opentelemetry`, `otel.name`, `otel.kind`,
//! `otel.status_code`; and of our own, `letta.operation`, `letta.request_id`, and for events `letta.attempt`,
//! `letta.attempt.duration_ms` and `letta.attempt.wait_ms`. No path, query, header or body is in them. The
//! libraries beneath trace too: at DEBUG, `h2` shows what a server says when it closes a connection, so keep it
//! at INFO where a server that echoes secrets is a worry.
//!
//! A token that is asked for with a policy of [several entries](policy#one-agent-for-a-token) is an event at WARN, at a target
//! within `letta_api_ext`, with the fields `letta.policy.entries` and `letta.policy.unknown_entries`: how many entries there
//! are, and how many of these are not an agent's.
//!
//! An application without tracing can count calls and attempts with [`LettaBuilder::metrics`].
//!
//! [`tracing`]: https://docs.rs/tracing
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `http2` | yes | HTTP/2, where the service offers it |
//! | `rustls` | yes | TLS by rustls, with aws-lc for cryptography |
//! | `socks` | | SOCKS proxies, if `ALL_PROXY` and the like name one; without it, such a setting is an error |
//! | `rustls-ring` | | TLS by rustls, with ring for cryptography; `rustls` and `native-tls` take precedence |
//! | `native-tls` | | TLS by the platform's own library |
//! | `minter` | | `TokenMinter`: tokens from a cache, for a backend that mints for every page load |
//! | `axum` | | `token_endpoint`: the route that hands a page its token, for axum; with `minter` |
//! | `schemars` | | JSON Schemas of [`AccessPolicy`], [`StrictPolicy`], [`AgentId`] and [`Origin`], for configuration files |
//! | `test-util` | | `test_util`: tokens and errors for the unit tests of an application |
//!
//! Without a feature for TLS, pass an HTTP client that has it ([`LettaBuilder::http_client`]).
//!
//! An application that is to be small and quickly built takes `rustls-ring` alone, with `default-features = false`: ring
//! compiles faster than aws-lc, and lacks its post-quantum key exchange. It is for the default HTTP client, and nothing is
//! set for the process. So a `reqwest::Client` of the application's own panics when it is built, unless the application
//! has [installed a provider] or turns on another feature for TLS. The default client uses such a provider, too.
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
pub use crate::client::{CustomRequest, Letta, LettaBuilder};
pub use crate::error::Error;
pub use crate::ids::{AgentId, Origin};
pub use crate::pages::{Items, Pages};
pub use crate::transport::{
    AttemptReport, CallFacts, CallReport, Metrics, RetryBudget, RetryPolicy,
};

pub mod docs;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "test-util")]
pub mod test_util;

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
/// The HTTP client, for one of your own: see [`LettaBuilder::http_client`].
pub use reqwest;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
