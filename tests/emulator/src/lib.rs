//! Emulates the Letta service in the process of a test, over HTTP: agents that follow a script, their turns with tools and
//! approvals, and all that belongs to them. An application can be tested without an account and without a model.
//!
//! [`Emulator::start`] listens on a free loopback port and answers as the service would. This agent asks before it deletes a
//! file:
//!
//! ```
//! use letta_api::types::{ApprovalReturn, CreateApproval, CreateMessage, InputRole, MessageRequest, StopReasonType};
//! use letta_api::{Bearer, Client};
//! use letta_api_emulator::{Act, Emulator, Rule};
//! use serde_json::json;
//!
//! # /*
//! #[tokio::test]
//! # */
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() { an_agent_asks_before_it_deletes().await }
//! async fn an_agent_asks_before_it_deletes() {
//!     let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
//!     let delete = Act::call("delete_file", json!({"path": "a.txt"})).with_id("call_1").needs_approval().returns("Deleted.");
//!     emulator.agent("agent-1").script(Rule::new([delete, Act::text("The file is gone.")]).when("tidy up")).unwrap();
//!     let client = Client::new(emulator.base_url().parse().unwrap(), reqwest::Client::new())
//!         .with_transport(Bearer::new(emulator.api_key()));
//!     let agent = "agent-1".into();
//!
//!     let said = CreateMessage::new(InputRole::User, "Please tidy up.");
//!     let request = MessageRequest::new().with_messages([said.into()]);
//!     let asked = client.send_message(&agent, &request).await.unwrap();
//!     assert_eq!(asked.stop_reason.stop_reason, StopReasonType::RequiresApproval);
//!
//!     let approved = CreateApproval::new().with_approvals([ApprovalReturn::new("call_1", true).into()]);
//!     let request = MessageRequest::new().with_messages([approved.into()]);
//!     let done = client.send_message(&agent, &request).await.unwrap();
//!     assert_eq!(done.stop_reason.stop_reason, StopReasonType::EndTurn);
//! }
//! ```
//!
//! - **Operations**: all of the self-hosted service's, and those on client-side access tokens. [`behaviour`] has a table of
//!   them. Any other operation of the API description is answered 501.
//! - **Scripts**: an agent repeats what it is told, or follows a [`Script`]. [`scripts`] has the acts, the rules, and the form of
//!   a script in a file.
//! - **Checks**: a request that does not fit the API description is a 422 that names the field.
//! - **Time**: with a [`ManualClock`], tokens expire and pauses pass without waiting ([how](#moving-time-on)); a [`SkewedClock`] is
//!   wrong by a constant.
//! - **Faults**: inject a [`Fault`], such as an error, a rate limit, a latency or a lost answer, for one operation or
//!   all, with a probability, a number of times. Faults [of streams](Fault#streams) break them off anywhere, and more.
//! - **State**: [`Emulator::tokens`], [`agents`](Emulator::agents),
//!   [`request_count`](Emulator::request_count), and everything as JSON from [`dump`](Emulator::dump). It is kept in memory, and
//!   between runs in a [state file](Builder::state_file).
//!
//! The program `letta-emulator` is the same for the command line and for other languages:
//!
//! ```console
//! $ letta-emulator --script chat.yaml --state chat.json --fault break-stream,probability=0.05
//! ```
//!
//! Answers are made of letta-api's own types, so they cannot drift from the API description.
//!
//! # Client-side tokens
//!
//! A server with the API key may do everything. A page with a client-side token may do what the token's policy allows, from the
//! origin that the token was made for, until the token expires or is deleted. How tokens are treated can be
//! [set](TokenRules).
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
//! [`behaviour`] lists every decision with its source: documented, observed, from the service's source, or an assumption.
//!
//! # Secrets
//!
//! No `Debug`, log or message of this crate holds a key or a token. An error may, if somebody put one in the place of an
//! ID or a name. Answers to create and list hold tokens, as the service's do. A dump holds none, even if somebody put one
//! into a message. The emulator keeps everything in memory, as plain text, and in a [state file](Builder::state_file) if it is
//! told to, which only its owner can read. It speaks HTTP without TLS: it is for tests,
//! on loopback. It is not served under other names than loopback ones unless it is [told to](Builder::allow_host), so
//! that a page of another site cannot read it through a DNS name that leads to 127.0.0.1.
//!
//! # Features
//!
//! `cli`, on by default, is the program `letta-emulator` and its dependencies. For the library alone, depend on the crate
//! with `default-features = false`. `script-files`, which `cli` turns on, reads [scripts] in YAML; without it, scripts in files
//! are JSON.

// The service still sends what is deprecated, and so does this.
#![allow(deprecated)]

pub use crate::agent::{Agent, Message, MessageKind, NewAgent};
pub use crate::clock::{Clock, ClockWait, ManualClock, SkewedClock, SystemClock};
pub use crate::emulator::{AgentHandle, Builder, Emulator};
pub use crate::faults::fault::Fault;
pub use crate::project::Project;
pub use crate::script::act::Act;
pub use crate::script::file::ScriptFile;
pub use crate::script::model_failure::ModelFailure;
pub use crate::script::reply::Reply;
pub use crate::script::rule::Rule;
pub use crate::script::script::Script;
pub use crate::script::stop_reason::StopReason;
pub use crate::tokens::rules::TokenRules;
pub use crate::tokens::store::{IssuedToken, TokenCount};
pub use crate::tool::NewTool;
pub use letta_api::{Operation, operations};

#[doc = include_str!("../BEHAVIOUR.md")]
///
/// [`Builder::allow_host`]: crate::Builder::allow_host
/// [`Builder::background_runs`]: crate::Builder::background_runs
/// [`Builder::mcp_tool`]: crate::Builder::mcp_tool
/// [`Builder::file_processing`]: crate::Builder::file_processing
/// [`Builder::organization`]: crate::Builder::organization
/// [`Builder::project_with_id`]: crate::Builder::project_with_id
/// [`Builder::seed`]: crate::Builder::seed
/// [`Builder::state_file`]: crate::Builder::state_file
/// [`Emulator::dump`]: crate::Emulator::dump
/// [`Emulator::page_url`]: crate::Emulator::page_url
/// [`Fault::model_failure`]: crate::Fault::model_failure
/// [`TokenRules::any_origin`]: crate::TokenRules::any_origin
/// [`TokenRules::bare_refusals`]: crate::TokenRules::bare_refusals
/// [`TokenRules::lenient_expiry`]: crate::TokenRules::lenient_expiry
/// [`TokenRules::update_by_post`]: crate::TokenRules::update_by_post
/// [`TokenRules::used_tokens_outlive_deletion`]: crate::TokenRules::used_tokens_outlive_deletion
pub mod behaviour {}

#[doc = include_str!("../SCRIPTS.md")]
///
/// [`Builder::script_file`]: crate::Builder::script_file
pub mod scripts {}

mod agent;
mod call;
mod changes;
mod clock;
mod description;
mod emulator;
mod faults;
mod http;
mod id;
mod operation;
mod project;
mod resources;
mod script;
mod service;
mod state_file;
mod stream;
mod tokens;
mod tool;
mod turns;
mod world;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
