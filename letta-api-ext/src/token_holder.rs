//! Holds a client-side access token, and renews it: the other end of the token endpoint.
//!
//! A page, or a desktop program, must not have an API key. It gets short-lived tokens from the application's own server, which mints them
//! with `TokenMinter`. A client with a [source of tokens](crate::LettaBuilder::token_source) does that by itself: it fetches a token before
//! the first call, renews it before it expires, and replaces it if the service refuses it. Calls are made as with a key.
//!
//! ```no_run
//! use letta_api_ext::Letta;
//! use letta_api_ext::token_holder::HttpTokenSource;
//!
//! # async fn run() -> Result<(), letta_api_ext::Error> {
//! let source = HttpTokenSource::new("https://chat.example.com/api/letta-token")?;
//! let letta = Letta::builder().token_source(source).origin("https://chat.example.com").build()?;
//! let agent: serde_json::Value = letta.request(letta_api_ext::reqwest::Method::GET, "/v1/agents/{agent}")
//!     .path_param("agent", "agent-1")
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Sources
//!
//! A [`TokenSource`] is a closure, a type of your own, or an [`HttpTokenSource`], which asks an application's endpoint. It gives one token
//! for all calls, or [one for each agent](SourcedTokens::per_agent). It is asked once at a time. Calls that need a token meanwhile wait for
//! the same answer, and dropping one of them does not affect the others. A source that takes longer than 60 seconds has failed.
//!
//! By the published source of the service (2025), a token's policy opens an agent, its messages, and nothing else. If the source says
//! what [a token's policy](SourcedToken::policy) is, other calls are refused [before they are sent](crate::Error::is_not_opened).
//!
//! # Renewal
//!
//! A token's life is counted from when the source was asked for it, by the monotonic clock, and by the time of day if that moved further
//! (the machine was asleep). The clock of the service does not matter.
//!
//! - A call that finds less than a fifth of the life left, and less than a minute, goes on with the token that it has. Behind it, the next
//!   one is fetched. Clients do not all do that at the same moment: up to a quarter of that time is left to chance.
//! - A call that finds no token, or one that has expired, waits for the next one, within its own
//!   [deadline](crate::LettaBuilder::deadline).
//! - A life of less than 5 seconds is not renewed ahead.
//! - A failed renewal is tried again as long as the token lives: after 1 second, then twice as long each time up to 30 seconds, half of
//!   it by chance, at most half of what is left of the life, and not before the application's `Retry-After`. A call tries at once if
//!   there is no token.
//! - [`keep_renewed`](TokenHolder::keep_renewed) does the same without calls.
//!
//! # Refusals
//!
//! The service answers 401 if a token has expired, was revoked, or does not open the call, and need not say which. Another token helps
//! against the first two. So a refused token is replaced **once**: the source is told that [the last one was
//! refused](TokenNeed::is_refused), and the call is sent again with the next token. The service refuses a call before it does anything, so a
//! message may be sent again. The [retry policy](crate::RetryPolicy) does not count that attempt.
//!
//! If the source gives the same token again, or the next one is refused too, the 401 is the error of the call. No timer goes on then.
//! The next call tries once.
//!
//! In a browser, a refusal may look like a broken connection: the service may leave out the headers that let the page read it. After a
//! call without an answer, the next call begins with another token, if there is one.
//!
//! # States
//!
//! [`TokenHolder::state`] and [`TokenHolder::changes`] tell a [`TokenState`]:
//!
//! | state | what it means | what a page shows |
//! |---|---|---|
//! | `None` | no token yet, or one is being fetched | nothing |
//! | `Live` | there is a token | nothing, or [how long it lives](TokenHolder::remaining) |
//! | `Retrying` | there is a token, and its renewal has failed | that access ends soon |
//! | `Ended` | there is no token, and none could be fetched | that access has expired; the next call tries again |
//! | `Refused` | the service refuses the tokens | that access was refused; the next call tries again |
//! | `SignedOut` | nobody is signed in, or the holder [was told to forget](TokenHolder::forget) | where to sign in |
//!
//! # Security
//!
//! The token is in memory alone, and never printed. All tokens that a call has used are redacted from what is said about the call. A
//! dropped token is overwritten; copies in the HTTP client's buffers are not. A refused token is kept until another one comes, so that no
//! message repeats it. [`forget`](TokenHolder::forget) does not revoke a token: the
//! server does that. [What a token protects against](crate::docs::token_security) is the same as for a page in JavaScript.

mod client;
mod fault;
mod flight;
mod holder;
mod http_source;
#[cfg(test)]
mod laws;
mod life;
mod opens;
mod path_agent;
mod slots;
mod source;
mod source_error;
mod state;
#[cfg(test)]
mod tests;

pub use holder::TokenHolder;
pub use http_source::HttpTokenSource;
pub use source::{SourcedToken, SourcedTokens, TokenNeed, TokenSource};
pub use source_error::TokenSourceError;
pub use state::TokenState;
