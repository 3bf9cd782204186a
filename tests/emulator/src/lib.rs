//! Emulates the Letta service in the process of a test: client-side access tokens, and the agents and messages
//! that they open, over HTTP, in memory.
//!
//! [`Emulator::start`] listens on a free loopback port and answers as the service would. A server with the API key may
//! do everything. A page with a client-side token may do what the token's policy allows, from the origin that the token
//! was made for, until the token expires or is deleted. How tokens are treated can be [set](TokenRules). So an application can test its tokens without an account.
//! Agents repeat what they are told.
//!
//! ```
//! use letta_api_emulator::Emulator;
//! use letta_api_ext::{AccessPolicy, Letta};
//!
//! # /*
//! #[tokio::test]
//! # */
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() { a_page_may_chat_and_no_more().await }
//! async fn a_page_may_chat_and_no_more() {
//!     let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
//!     let letta = Letta::builder().api_key(emulator.api_key()).base_url(emulator.base_url()).build().unwrap();
//!     let policy = AccessPolicy::builder().agent("agent-1").chat().build().unwrap();
//!     let token = letta.access_tokens().create(policy, "https://chat.example.com").await.unwrap();
//!     let agent = reqwest::Client::new().get(format!("{}/v1/agents/agent-1", emulator.base_url()))
//!         .bearer_auth(token.expose_secret()).header("origin", "https://chat.example.com").send().await.unwrap();
//!     assert_eq!(agent.status(), 403); // and 200 at /v1/agents/agent-1/messages
//! }
//! ```
//!
//! - **Time**: with a [`ManualClock`], tokens expire without waiting ([how](#moving-time-on)); a [`SkewedClock`] is
//!   wrong by a constant.
//! - **Faults**: inject a [`Fault`], such as an error, a rate limit, a latency or a lost answer, for one operation or
//!   all, with a probability, a number of times.
//! - **State**: [`Emulator::tokens`], [`agents`](Emulator::agents),
//!   [`request_count`](Emulator::request_count), and everything as JSON from [`dump`](Emulator::dump).
//!
//! The program `letta-emulator` is the same for the command line and for other languages:
//!
//! ```console
//! $ letta-emulator --agent agent-1=Ada --word-delay 60ms --fault status=503,probability=0.05
//! ```
//!
//! The token operations answer with letta-api's own types, so they cannot drift from the description. Agents
//! and messages are not in the description yet. Their bodies have a small part of what the service sends,
//! which is enough for the official clients.
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
//! # Ok(())
//! # }
//! ```
//!
//! # Moving time on
//!
//! Time passes in two places: in the emulator, by its clock, and in the client, by tokio's. A test that waits for a token
//! to expire moves both, a [`ManualClock`] and paused time of tokio (its feature `test-util`, and a runtime of one thread):
//!
//! ```
//! use std::time::Duration;
//!
//! use letta_api_emulator::{Emulator, ManualClock};
//! use letta_api_ext::{AccessPolicy, Letta, policy::Preset};
//!
//! /// Moves the time of the service and of the client.
//! async fn advance(clock: &ManualClock, by: Duration) {
//!     clock.advance(by);
//!     tokio::time::pause();
//!     tokio::time::advance(by).await;
//!     tokio::time::resume();
//! }
//!
//! # /*
//! #[tokio::test]
//! # */
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() { a_token_expires().await }
//! async fn a_token_expires() {
//!     let clock = ManualClock::new();
//!     let emulator = Emulator::builder().clock(clock.clone()).agent("agent-1").start().await.unwrap();
//!     let letta = Letta::builder().api_key(emulator.api_key()).base_url(emulator.base_url()).build().unwrap();
//!     let policy = AccessPolicy::for_agent("agent-1", Preset::Chat).unwrap();
//!     let token = letta.access_tokens().create(policy, "https://chat.example.com").await.unwrap();
//!
//!     advance(&clock, Duration::from_secs(4 * 60)).await;
//!     assert!(!token.is_expired());
//!     assert_eq!(emulator.token_count().live, 1);
//!
//!     advance(&clock, Duration::from_secs(60)).await;
//!     assert!(token.is_expired()); // by the client's reckoning, which is never later than the service's
//!     assert_eq!(emulator.token_count().live, 0);
//! }
//! ```
//!
//! Time is paused for the step alone. If it stays paused while a call is under way (as under
//! `#[tokio::test(start_paused = true)]`), tokio moves it to the next timer whenever all tasks wait. They all wait while
//! bytes are on their way, so calls run into their deadlines.
//!
//! What happens at the moment itself is under way when `advance` returns, not done: a token that is renewed in the
//! background, for one, is there some exchanges later. Wait for what the test is about, such as
//! [`Emulator::request_count`], with a `sleep` of a millisecond between two looks.
//!
//! # What it decides, and how we know
//!
//! *Documented*: the published API reference says so. *Published source*: the service's own source says so, as it was
//! published in 2025; nobody outside has seen it run, and it may have changed. *Observed*: seen on the wire, for agents that of the self-hosted
//! server, version 0.16.8. *Source*: that server's published source says so. *HTTP*: the standards say so, among them
//! that of CORS. *Assumption*: the service may do otherwise, so no test of a client should depend on it. If there was a
//! choice, the emulator makes the stricter one. A client that passes its tests here keeps to what is documented.
//!
//! | question | what it does | source |
//! |---|---|---|
//! | **Every answer** | | |
//! | form of an error | JSON, `{"message": …}`; 422 is `{"trace_id": "", "detail": …}` | documented for 400; observed for 422; assumption for others: the self-hosted server has `{"detail": …}`, and the hosted one adds `message` |
//! | `x-request-id` | on every answer: `req-` and the number of the request, from 1, in eight digits | assumption |
//! | `Date` | on every answer, by the emulator's clock | HTTP |
//! | `HEAD` | as `GET`, without the body | HTTP |
//! | an unknown path | 404, also without a key; a closing slash makes another path. For a token: see *Client-side token* | assumption |
//! | `/v1/agents`, `/v1/health` | 307 to the same with a closing slash, `Location` absolute, query kept; whether or not a key is shown | observed |
//! | `GET /v1/health/` | 200 `{version, status}`, whether or not a key is shown | observed; assumption that it takes no key |
//! | `GET /_emulator/state` | to the API key, what [`Emulator::dump`] gives; the service has no such path | the emulator's own |
//! | a method that the path does not take | 405 with `Allow`, also without a key. For a token: see *Client-side token* | HTTP |
//! | a body over 1 MiB | 413 where the operation reads one | assumption |
//! | the host that a request names (`Host`, an absolute target, `:authority`) | `localhost`, names that end in `.localhost`, loopback addresses, the address that it listens on, and what [`Builder::allow_host`] adds; else 403, whatever the path | the emulator's own |
//! | no `Host` in HTTP/1.1, or two | 400 | HTTP |
//! | order of checks | host, path, method, faults, credential, project, origin, policy, then the rest of the request | assumption |
//! | a path that names something in what is not UTF-8 | 400 | HTTP |
//! | a body that is not JSON, or not declared so | 400 | documented for create; assumption for others |
//! | a query parameter that the operation does not have | passed over | assumption |
//! | **Credential** | | |
//! | how it is sent | `Authorization: Bearer <API key or client-side token>` | documented |
//! | how the scheme is spelt | in any case, with one space or more after it | HTTP |
//! | none, one that is neither, another scheme, two headers | 401 with `WWW-Authenticate: Bearer` | observed (the status); HTTP (the header) |
//! | the API key | may do all, on all agents, from anywhere | documented |
//! | **Client-side token** | | |
//! | refusals | as the rows below say, each with its reason; with [`TokenRules::bare_refusals`], all the same 401 | assumption; published source for the bare 401 |
//! | what opens `GET /v1/agents/{id}` | `read_agent` on that agent | documented |
//! | what opens `PATCH /v1/agents/{id}` | `write_agent` on that agent | documented; not so in the published source, see [`TokenRules::update_by_post`] |
//! | what opens `GET /v1/agents/{id}/messages` | `read_messages` on that agent | documented |
//! | what opens `POST /v1/agents/{id}/messages` and `…/messages/stream` | `write_messages` on that agent | documented |
//! | what opens `/v1/agents/{id}/messages/` and one segment more | `read_messages` for `GET`, `write_messages` for `POST`. The emulator has `stream` alone, and answers 501 to the others | published source for what opens it |
//! | other paths and methods | 403 that says so, whether the path exists or not. An unknown credential gets a 404 or 405 | published source that nothing opens them; the emulator's own that it says so |
//! | what opens the token operations, listing and creating agents, the state | nothing: 403 that says so | published source |
//! | an agent that the policy does not name, a right that it does not give | 403 that says so, whether or not there is such an agent | assumption |
//! | several entries | each must allow the call, on the agent of the path. So a policy of two agents opens nothing, and two entries for one agent open what both give | published source |
//! | an agent that the policy names and that is not there | 404 | assumption |
//! | expired, from the instant of `expiresAt` on | 401 that says so | documented; assumption that it is a 401 |
//! | deleted | 401 that says so, at once | documented; in the published source, a used token goes on, see [`TokenRules::used_tokens_outlive_deletion`] |
//! | the page's origin | the `Origin` header must be the origin of `hostname` as browsers write it, whatever the path in `hostname`; else 403 that says which it must be | documented that the token is bound; assumption how. The published source compares nothing, see [`TokenRules::any_origin`] |
//! | no `Origin` header, or two | 403: a page's requests to another origin, as the service is, have one | assumption |
//! | a project that the request names | must be the one that the token was made in, else 403 | assumption |
//! | **CORS** | *with [`TokenRules::any_origin`], some rows change: see the last one* | |
//! | preflight for what a policy may open | 200 with the headers below where a token was ever made for the origin, be it expired or deleted; else 403 with none of them | assumption |
//! | preflight for what takes the API key | 405: no page may ask; 307 where a closing slash is missing | assumption |
//! | an `OPTIONS` that is no preflight | 400 where a policy may open the path, else 405 | assumption |
//! | allowed methods | `GET`, `POST`, `PATCH`, at every path that a policy may open | assumption |
//! | allowed request headers | `Authorization`, `Content-Type`, `Accept`, `User-Agent`, `X-Project`, `X-Project-Id`, and the `X-Stainless-…` and `X-Fern-…` that the official clients send | observed that they send them |
//! | whether the page may read the answer (`Access-Control-Allow-Origin`) | where the request's token is bound to the page's origin, be it expired or deleted; for a credential that is unknown, or none, where a token was ever made for the origin; never for the API key, which has no place in a page | assumption |
//! | `Vary` | `Origin, Authorization`, since whether it may be read hangs on both | HTTP |
//! | what it may read of the headers | `Date`, `Retry-After`, `x-request-id`, and what every page may | assumption |
//! | how long a browser may remember a preflight | 10 minutes | assumption |
//! | `Access-Control-Allow-Credentials` | never: a token is no cookie | assumption |
//! | the same with [`TokenRules::any_origin`] | credentials, 86,400 seconds, `GET`, `POST`, `PUT` and `DELETE`. A page may read the answer if its origin is the token's `hostname` to the letter. Request headers and preflights are as above: the published source lists `Authorization` as the only request header, with which no page could send JSON, and what it answers to a preflight, which shows no token, is not known | published source; assumption for request headers and preflights |
//! | **Project** | | |
//! | how it is named | `X-Project: <slug>` or `X-Project-Id: <id>` | documented |
//! | neither | the default project | assumption |
//! | both, an empty one, one sent twice | 400 | assumption |
//! | one that nobody made | is there, or 404 where the emulator was given projects | assumption |
//! | tokens of other projects | neither listed nor deleted; deleting one is a 204 all the same | assumption |
//! | agents | are found in every project, by their ID | assumption |
//! | slug and ID | two projects, unless made one by [`Builder::project_with_id`] | assumption |
//! | **Create** | | |
//! | success | 201 with `token`, `hostname`, `expiresAt`, `policy: {version: "1", data}` | documented |
//! | form of a token | `ck-let-`, and the base64 of the [organization's](Builder::organization) ID, a colon and a UUID of version 4; with `=` at its end, if need be | documented for `ck-let-`; published source |
//! | body that is not JSON, or not an object | 400 | documented |
//! | `Content-Type` other than `application/json` | 400 | assumption |
//! | `hostname` or `policy` left out or of another type | 400 that names the field | documented |
//! | `hostname` that does not match `^(http\|https)://`, or is no URL | 400; else kept as it was sent | documented |
//! | `hostname` that ends with a slash | 400 | published source |
//! | entry whose `type` is not `agent` | 400 that names it | documented |
//! | entry without `type`, `id` or `access` | 400 that names the place, as `policy[0].id` | documented |
//! | right that is not one of the four | 400 that names it | documented |
//! | no entries, no rights, an empty `id` | 400 | assumption |
//! | an agent or a right named twice | kept as it was sent | assumption |
//! | an agent that does not exist | kept as it was sent | assumption |
//! | fields that are not documented | passed over, and not in the answer | assumption |
//! | `null` in any field | 400, as for any value of another type | assumption |
//! | `expires_at` left out | 5 minutes from now | documented |
//! | `expires_at` that is not RFC 3339 with an offset or `Z`; a date without one, for one | 400 | assumption; the published source gives 5 minutes, see [`TokenRules::lenient_expiry`] |
//! | `expires_at` in the past, or now | 400 | assumption; the published source makes an expired token, see [`TokenRules::lenient_expiry`] |
//! | how `expiresAt` is written | UTC, milliseconds, `2026-03-01T12:00:00.000Z`; finer parts are cut off | assumption |
//! | the same request again | another token: nothing marks it as the same | assumption |
//! | **List** | | |
//! | success | 200 with `tokens`, `hasNextPage`; each token as create answered it, secret included | documented |
//! | `agentId` | tokens whose policy names that very agent | documented |
//! | `offset`, `limit` left out | 0, 10 | documented |
//! | `offset`, `limit` that is not a whole number from 0 on, in digits alone | 400 that names it | documented that they are whole numbers; assumption else |
//! | `limit=0`, an empty `agentId`, a parameter given twice | 400 that names it | assumption |
//! | largest `limit` | none | assumption |
//! | `hasNextPage` | exact: a token comes after this page | documented |
//! | `offset` beyond the end | no tokens, `hasNextPage` false | assumption |
//! | order | random, and the same as long as the tokens are the same ([`Builder::seed`]). A new token comes at any position, so positions shift | published source, which sorts nothing; the emulator's own that it is random |
//! | expired tokens | listed until they are deleted; a token is expired from the instant of `expiresAt` on | published source |
//! | **Delete** | | |
//! | a token, whatever it is: live, expired, deleted, unknown, of another project | 204; a token of the project is in no list from then on | documented; published source that it is for any |
//! | body of the 204 | none, and no `Content-Type`, though JSON is documented | HTTP |
//! | body of the request | passed over | documented |
//! | token in the path | one segment, percent-decoded once; 400 where that is not UTF-8 | HTTP |
//! | **Agents** | | |
//! | create: success | 200 with the agent | observed |
//! | create: ID | `agent-` and a UUID of version 4 | observed |
//! | create: fields left out | the name is `Agent`, the model `letta/letta-free`, the rest empty or a stand-in | assumption |
//! | what is kept of a create or a change | `name`, `description`, `system`, `model`, `tags`, `metadata`; the rest is passed over | assumption |
//! | one of these of another type, or a `name` of nothing but white space | 422 that names it, and nothing is changed | observed that the server answers so to what does not fit |
//! | `null` in one of these | as if it were left out | assumption |
//! | change: success | 200 with the agent | documented |
//! | an ID that there is not | 404, whatever its form; the server answers 422 to what is not `agent-` and a UUID | observed for such IDs; the emulator also has others, as `agent-1` |
//! | list: success | 200 with an array, newest first, 50 unless `limit` says otherwise | observed for the form; documented for the rest |
//! | list: `order`, `limit`, `before`, `after` | `asc` or `desc`; a whole number; IDs: what comes before or after in that order, next to it | documented |
//! | list: one that does not fit | 422 that names it; 404 for an ID that there is not; the last one counts where one is given twice | assumption |
//! | list: `name` | agents of that very name | documented |
//! | list: other filters, as `tags` | passed over | the emulator's own |
//! | **Messages** | | |
//! | list: success | 200 with an array, 100 messages unless `limit` says otherwise | observed; documented for the number |
//! | list: `order` | `desc`, as by default, has the newest, and `asc` the oldest; both have the oldest first, though `desc` is documented as newest first | observed once for `desc`; source |
//! | list: `after`, `before` | newer than that message, and older, in either order, though documented by the order asked for | source |
//! | list: a parameter that does not fit | as for agents | assumption |
//! | what an agent has from the start | one `system_message`, its system prompt | observed that there is one |
//! | send: body | `messages` with `role` and `content` (text, or parts), or `input` for one of the user's | documented |
//! | send: neither, both, no message, a role that there is not, a message without `content` | 422 that names it | observed for the role and the content; assumption for the others |
//! | send: a text that is empty | is a text | assumption |
//! | send: messages that are no text (approvals, tool returns) | 422; parts that are no text are named in brackets | the emulator's own |
//! | send: success | 200 with `messages`, `stop_reason`, `usage`, `logprobs`, `turns` | observed |
//! | what the agent says | one `assistant_message`: `You said: `, and what the user said | the emulator's own |
//! | counts of tokens | of words | the emulator's own |
//! | send with `streaming: true` | a stream, for current clients; 422 for others. Current is who sends `X-Stainless-Package-Version`, or no `User-Agent`, or one of the official clients' 1.x | observed |
//! | stream: form | `data: ` and one line of JSON, LF, no IDs, no comments | observed |
//! | stream: order | `ping`, messages, `stop_reason`, `usage_statistics`, `[DONE]` | observed |
//! | stream with `stream_tokens: true` | a message comes as many events of one ID, each with a word | observed |
//! | stream: pings | at once, and after every 20 seconds of silence; none with `include_pings: false` | observed; documented |
//! | when what was sent and said is listed | from the start of the answer on, also of one that is streamed | assumption |
//! | a model that fails ([`Fault::model_failure`]) | 429 `{"error": {type, message, detail}}`; a stream answers 200 and has `stop_reason`, `event: error`, `[DONE]` | observed |
//! | **Faults** | | |
//! | when they strike | after path and method, before the credential; never a preflight, `/v1/health/` or the state | the emulator's own |
//! | a connection that is closed | over HTTP/2, a stream that is reset | the emulator's own |
//! | a rate limit | counts in spans, the first request begins one; 429 with `Retry-After`, in seconds | documented for the header |
//!
//! A request that is not HTTP at all is answered by the HTTP library, without these headers.
//!
//! # Secrets
//!
//! No `Debug`, log or message of this crate holds a key or a token. An error may, if somebody put one in the place of an
//! ID or a name. Answers to create and list hold tokens, as the service's do. A dump holds none, even if somebody put one
//! into a message. The emulator keeps everything in memory, as plain text, and speaks HTTP without TLS: it is for tests,
//! on loopback. It is not served under other names than loopback ones unless it is [told to](Builder::allow_host), so
//! that a page of another site cannot read it through a DNS name that leads to 127.0.0.1.
//!
//! # Features
//!
//! `cli`, on by default, is the program `letta-emulator` and its dependencies. For the library alone, depend on the crate
//! with `default-features = false`.

pub use crate::agents::agent::{Agent, NewAgent};
pub use crate::clock::{Clock, ManualClock, SkewedClock, SystemClock};
pub use crate::emulator::{Builder, Emulator};
pub use crate::faults::fault::Fault;
pub use crate::messages::message::{Message, MessageKind};
pub use crate::operation::Operation;
pub use crate::project::Project;
pub use crate::tokens::rules::TokenRules;
pub use crate::tokens::store::{IssuedToken, TokenCount};

mod agents;
mod clock;
mod emulator;
mod faults;
mod http;
mod id;
mod messages;
mod operation;
mod project;
mod service;
mod tokens;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
