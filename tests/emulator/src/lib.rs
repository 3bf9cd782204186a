//! An in-process stand-in for the Letta service: client-side access tokens, over HTTP, in memory.
//!
//! [`Emulator::start`] listens on a free loopback port and answers there as the service would. Its
//! answers are made of letta-api's own types, so they cannot drift from the description. Give it a
//! [`ManualClock`] to see tokens expire without waiting. The program `letta-emulator` is the same
//! thing for the command line.
//!
//! ```
//! use std::time::Duration;
//!
//! use letta_api::{Bearer, Client, types};
//! use letta_api_emulator::{Emulator, ManualClock};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = ManualClock::new();
//! let emulator = Emulator::builder().clock(clock.clone()).start().await?;
//! let client = Client::new(emulator.base_url().parse()?, reqwest::Client::new())
//!     .with_transport(Bearer::new(emulator.api_key()));
//!
//! let body = types::ClientSideAccessTokenCreate::new(
//!     "https://chat.example.com",
//!     vec![types::AccessPolicyEntry::agent("agent-1", vec![types::AccessRight::ReadMessages])],
//! );
//! client.create_client_side_access_token(&body).await?;
//! assert_eq!(emulator.token_count().live, 1);
//!
//! clock.advance(Duration::from_secs(5 * 60)); // as long as a token lives unless told otherwise
//! assert_eq!(emulator.token_count().live, 0);
//! let page = client.list_client_side_access_tokens(None, None, None).await?;
//! assert!(page.tokens.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! # What it decides, and how we know
//!
//! *Documented*: the published API reference says so. *Observed*: seen on the wire. *HTTP*: the
//! standards say so. *Assumption*: the service may do otherwise; no test of a client should hang on
//! it. Where there was a choice, the stricter one was taken, so that a client that passes here has
//! kept to what is documented.
//!
//! | question | what it does | source |
//! |---|---|---|
//! | **Every answer** | | |
//! | form of an error | JSON, `{"message": …}` | documented for 400; assumption for others |
//! | `x-request-id` | on every answer: `req-` and the number of the request, from 1 | assumption |
//! | `Date` | on every answer, by the emulator's clock | HTTP |
//! | a path that there is not | 404, whether or not a key is shown; a closing slash makes another path | assumption |
//! | a method that the path does not take | 405 with `Allow`, whether or not a key is shown | HTTP |
//! | a body over 1 MiB | 413 where the operation reads one | assumption |
//! | order of checks | path, method, key, project, then the rest of the request | assumption |
//! | **Key** | | |
//! | how it is sent | `Authorization: Bearer <key>` | documented |
//! | how the scheme is spelt | in any case, with one space or more after it | HTTP |
//! | none, another, another scheme, two headers | 401 with `WWW-Authenticate: Bearer` | observed (the status); HTTP (the header) |
//! | a client-side token in its place | 401: a token opens none of these operations | assumption |
//! | **Project** | | |
//! | how it is named | `X-Project: <slug>` or `X-Project-Id: <id>` | documented |
//! | neither | the default project | assumption |
//! | both, an empty one, one sent twice | 400 | assumption |
//! | one that nobody made | is there, or 404 where the emulator was given projects | assumption |
//! | tokens of other projects | neither listed nor deleted | assumption |
//! | slug and ID | two projects, unless made one by [`Builder::project_with_id`] | assumption |
//! | **Create** | | |
//! | success | 201 with `token`, `hostname`, `expiresAt`, `policy: {version: "1", data}` | documented |
//! | form of a token | `ck-let-` | documented |
//! | the rest of a token | 64 hex digits, 256 bits from the operating system | assumption |
//! | body that is not JSON, or not an object | 400 | documented |
//! | `Content-Type` other than `application/json` | 400 | assumption |
//! | `hostname` or `policy` left out or of another type | 400 that names the field | documented |
//! | `hostname` that does not match `^(http\|https)://`, or is no URL | 400; else kept as it was sent | documented |
//! | entry whose `type` is not `agent` | 400 that names it | documented |
//! | entry without `type`, `id` or `access` | 400 that names the place, as `policy[0].id` | documented |
//! | right that is not one of the four | 400 that names it | documented |
//! | no entries, no rights, an empty `id` | 400 | assumption |
//! | an agent or a right named twice | kept as it was sent | assumption |
//! | an agent that does not exist | kept as it was sent: no agents are known here | assumption |
//! | fields that are not documented | passed over, and not in the answer | assumption |
//! | `null` in any field | 400, as for any value of another type | assumption |
//! | `expires_at` left out | 5 minutes from now | documented |
//! | `expires_at` that is not RFC 3339 with an offset or `Z`; a date without one, for one | 400 | assumption |
//! | `expires_at` in the past, or now | 400 | assumption |
//! | how `expiresAt` is written | UTC, milliseconds, `2026-03-01T12:00:00.000Z`; finer parts are cut off | assumption |
//! | the same request again | another token: nothing marks it as the same | assumption |
//! | **List** | | |
//! | success | 200 with `tokens`, `hasNextPage`; each token as create answered it, secret included | documented |
//! | `agentId` | tokens whose policy names that very agent | documented |
//! | `offset`, `limit` left out | 0, 10 | documented |
//! | `offset`, `limit` that is not a whole number from 0 on, in digits alone | 400 that names it | documented that they are whole numbers; assumption else |
//! | `limit=0`, an empty `agentId`, a parameter given twice | 400 that names it | assumption |
//! | parameters that are not documented | passed over | assumption |
//! | largest `limit` | none | assumption |
//! | `hasNextPage` | exact: a token comes after this page | documented |
//! | `offset` beyond the end | no tokens, `hasNextPage` false | assumption |
//! | order | oldest first | assumption |
//! | expired tokens | not listed; a token is expired from the instant of `expiresAt` on | assumption |
//! | **Delete** | | |
//! | success | 204; the token is in no list from then on | documented |
//! | body of the 204 | none, and no `Content-Type`, though JSON is documented | HTTP |
//! | body of the request | passed over | documented |
//! | token in the path | one segment, percent-decoded once; 400 where that is not UTF-8 | HTTP |
//! | a token that is unknown, deleted or expired, or of another project | 404 | assumption |
//!
//! A request that is not HTTP at all is answered by the HTTP library, without these headers.
//!
//! # Secrets
//!
//! No `Debug`, error, log or message of this crate holds a key or a token. Answers to create and list
//! hold tokens, as they must. It keeps all in memory, as plain text, and speaks HTTP without TLS: it
//! is for tests, on loopback.
//!
//! # Features
//!
//! `cli`, on by default, is the program `letta-emulator` and what that needs. Depend on the crate with
//! `default-features = false` to have the library alone.

pub use crate::agent::{Agent, NewAgent};
pub use crate::builder::Builder;
pub use crate::clock::{Clock, ManualClock, SkewedClock, SystemClock};
pub use crate::emulator::Emulator;
pub use crate::fault::Fault;
pub use crate::message::{Message, MessageKind};
pub use crate::operation::Operation;
pub use crate::project::Project;
pub use crate::token_store::{IssuedToken, TokenCount};

mod account;
mod agent;
mod agent_store;
mod agents;
mod builder;
mod caller;
mod clock;
mod cors;
mod cursor_page;
mod emulator;
mod envelope;
mod expiry;
mod fault;
mod faults;
mod gate;
mod health;
mod id;
mod json_body;
mod message;
mod message_request;
mod messages;
mod operation;
mod page_request;
mod project;
mod refusal;
mod reply;
mod routes;
mod server;
mod state;
mod token_request;
mod token_secret;
mod token_store;
mod tokens;
