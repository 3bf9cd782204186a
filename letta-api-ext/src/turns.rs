//! Turns: talking to an agent, so that nothing is said twice, lost or stuck.
//!
//! A turn is what an agent does from what is said to it until it stops: it thinks, speaks, calls tools, and may ask for approval.
//!
//! ```no_run
//! # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
//! let answer = letta.agent("agent-1").turn("Hello").send().await?;
//! println!("{}", answer.text()); // messages(), usage(), stop_reason(), run_id()
//! # Ok(())
//! # }
//! ```
//!
//! [`send`](Turn::send) waits until the agent has stopped, for an hour if need be. [`stream`](Turn::stream) gives what it says and does as
//! it comes, and then the same [`Answer`]:
//!
//! ```no_run
//! # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
//! use letta_api_ext::turns::Event;
//!
//! let mut turn = letta.agent("agent-1").turn("Tell me more").tokens().stream().await?;
//! while let Some(event) = turn.next().await {
//!     match event? {
//!         Event::Text(piece) => print!("{piece}"),
//!         Event::ToolCall(call) => eprintln!("[{}]", call.name()),
//!         _ => {}
//!     }
//! }
//! let answer = turn.finish()?;
//! # drop(answer); Ok(())
//! # }
//! ```
//!
//! # Where to look
//!
//! - [`Turn`]: what is said, and how. From `turn` of an [agent](crate::agents::AgentHandle::turn) or a
//!   [conversation](crate::conversations::ConversationHandle::turn).
//! - [`UserMessage`] and [`Input`]: text, images, several messages.
//! - [`TurnStream`] and [`Event`]: what the agent says and does as it comes.
//! - [`Answer`] and [`Outcome`]: what the turn ended with.
//! - [`PendingApproval`] and [`Decision`]: calls that wait for an answer.
//! - `tools::Tools` (feature `tools`): functions in Rust that the agent calls.
//! - [`TurnPath`]: which of the service's paths a turn takes.
//!
//! # What is promised
//!
//! Whatever the connection does, and in whatever pieces the bytes come:
//!
//! 1. **Said once.** A message reaches the agent at most once. If its answer is lost, the run is looked for by the message's key (`otid`),
//!    and the message is sent again, with the same key, only if the service does not know it. An answer to a request for approval is never
//!    sent again. On the [plain path](TurnPath::Plain) nothing is: a lost answer is an error that
//!    [may have happened](crate::Error::may_have_happened).
//! 2. **Heard once, in order, to the end.** Each event comes once. If the stream breaks, it goes on after the last event, and the pieces of a
//!    message are joined across the break.
//! 3. **An end is an end.** The service's reason to stop ends a turn, and not the end of the connection. A failure after a success
//!    status is an error with the service's [code](crate::Error::code), message and [detail](crate::Error::detail).
//! 4. **Never stuck.** There is no total time limit unless you [set one](Turn::with_deadline). If nothing comes for 60 s, the run is
//!    asked whether it is alive; if it is over, the turn ends with what it left.
//! 5. **Approvals as a whole.** All calls of a request are answered at once, each with a decision. A request that an earlier process left
//!    is found by [`pending_approval`](crate::agents::AgentHandle::pending_approval).
//! 6. **One at a time.** Turns with the same agent or conversation, by all clones of a client, wait for each other, unless told
//!    [not to](Turn::with_parallel_turns). If another program's turn is under way, the error [is busy](crate::Error::is_busy), or the turn
//!    [waits](Turn::with_busy_wait). If nobody reads the turn before for 5 minutes, those that wait fail as busy.
//! 7. **What is new passes through.** An event, a reason to stop or a part of a message that this version does not know is handed on as it
//!    came.
//!
//! Three faults cannot be noticed: the service leaves out an event that has no number; it leaves out the last event before the end; it
//! sends an event without a number twice.
//!
//! # Errors of a turn
//!
//! | predicate | what it means | what to do |
//! |---|---|---|
//! | [`is_busy`](crate::Error::is_busy) | another turn is under way; nothing was said | wait, or [`with_busy_wait`](Turn::with_busy_wait) |
//! | [`is_pending_approval`](crate::Error::is_pending_approval) | the agent waits for an answer; nothing was said | answer it: `pending_approval()` |
//! | [`is_interrupted`](crate::Error::is_interrupted) | the turn could not be followed to its end | if it [may have happened](crate::Error::may_have_happened), read the run's messages before you say it again |
//! | [`is_out_of_credits`](crate::Error::is_out_of_credits), [`is_quota_exceeded`](crate::Error::is_quota_exceeded) | the account's limit is reached | waiting helps only if [`retry_after`](crate::Error::retry_after) says so |
//! | [`is_timeout`](crate::Error::is_timeout) | the turn's [deadline](Turn::with_deadline) passed | if it may have happened, read the run's messages |
//! | [`may_have_happened`](crate::Error::may_have_happened) alone | tools were called in too many rounds | `pending_approval()` finds the calls |
//! | [`code`](crate::Error::code) such as `llm_rate_limit` | the agent's model failed | the message may or may not be stored: read the messages |
//!
//! [`run_id`](crate::Error::run_id) names the run.
//!
//! # After a crash
//!
//! A program that notes a [key](Turn::otid) before it says something can go on where it was: the turn with the same key has the events of the
//! first run, from its start, for three hours.
//!
//! # Telemetry
//!
//! Each turn is a [`tracing`](https://docs.rs/tracing) span `letta.turn` at level INFO, with the target `letta_api_ext::turns`. Its calls are
//! spans in it. Its fields: `letta.turn.with` (the agent or conversation), `letta.turn.path`, `letta.turn.sends`, `letta.turn.breaks`,
//! `letta.turn.resumes`, `letta.turn.rounds` (of tools in Rust), `letta.turn.first_token_ms`, `letta.turn.duration_ms`,
//! `letta.turn.stop_reason`, `letta.run.id`, `error.type` and `otel.status_code`. A break is an event at WARN; a resume, and waiting for
//! a busy thread, are events at DEBUG. Nothing of what was said is in them.

mod answer;
mod approval;
mod emit;
mod engine;
mod event;
mod fault;
mod input;
#[cfg(test)]
mod laws;
mod lean;
mod path;
mod pending;
mod queue;
mod run_state;
mod shared;
mod stream;
mod target;
mod telemetry;
#[cfg(feature = "tools")]
pub mod tools;
mod transcript;
mod turn;
mod wire;
#[cfg(not(feature = "tools"))]
mod without_tools;

pub use answer::{Answer, Outcome};
pub use approval::{Decision, PendingApproval};
pub use event::{Event, Piece, ToolCall, ToolReturned};
pub use input::{Input, UserMessage};
pub use path::TurnPath;
pub use stream::TurnStream;
pub use turn::Turn;
#[cfg(not(feature = "tools"))]
use without_tools as tools;
