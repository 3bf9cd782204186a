//! Events as lines of JSON, for scripts. The forms are in the package's README, and they do not change: members may be added.

use std::cell::Cell;
use std::io::Write as _;

use letta_api_ext::letta_api::types::{Message, RunId};
use letta_api_ext::turns::{Answer, Event, ToolCall};
use serde::Serialize;
use serde_json::Value;

use crate::failure::{Failure, Kind};
use crate::output::Tree;

/// Writes lines to the standard output.
#[derive(Default)]
pub(crate) struct Lines {
    /// Whether the last line was written.
    is_ended: Cell<bool>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Text {
        message_id: &'a str,
        text: &'a str,
    },
    Reasoning {
        message_id: &'a str,
        text: &'a str,
    },
    ToolCall(Call),
    ToolReturn {
        call_id: &'a str,
        status: String,
        text: &'a str,
    },
    Message {
        message: &'a Message,
    },
    Other {
        event: &'a Value,
    },
    End(&'a Summary),
    Error {
        message: String,
        exit_code: u8,
    },
}

/// How a turn ended, and what it cost. With approvals, it is several runs.
#[derive(Default, Serialize)]
pub(crate) struct Summary {
    stop_reason: String,
    run_ids: Vec<RunId>,
    usage: Usage,
    /// The calls that wait for an answer.
    waits_for: Vec<Call>,
}

#[derive(Default, Serialize)]
struct Usage {
    steps: i64,
    prompt_tokens: i64,
    completion_tokens: i64,
    total_tokens: i64,
}

impl Summary {
    /// Adds what one more run ended with.
    pub(crate) fn add(&mut self, answer: &Answer) {
        self.stop_reason = answer.stop_reason().to_string();
        self.run_ids.extend(answer.run_ids().iter().cloned());
        if let Some(usage) = answer.usage() {
            let sum = &mut self.usage;
            sum.steps += usage.step_count;
            sum.prompt_tokens += usage.prompt_tokens;
            sum.completion_tokens += usage.completion_tokens;
            sum.total_tokens += usage.total_tokens;
        }
    }

    /// These calls wait for an answer, and get none now.
    pub(crate) fn wait_for<'a>(&mut self, calls: impl Iterator<Item = &'a ToolCall>) {
        self.waits_for = calls.map(Call::of).collect();
    }
}

/// A call of a tool, as JSON has it.
#[derive(Serialize)]
struct Call {
    id: String,
    name: String,
    /// An object, or a string with what the model took for one.
    arguments: Tree,
    waits_for_answer: bool,
}

impl Call {
    fn of(call: &ToolCall) -> Self {
        let text = call.arguments();
        Self {
            id: call.id().as_str().to_owned(),
            name: call.name().to_owned(),
            arguments: serde_json::from_str(text).unwrap_or_else(|_| Tree::Text(text.to_owned())),
            waits_for_answer: call.waits_for_answer(),
        }
    }
}

impl Lines {
    pub(crate) fn event(&self, event: &Event) -> Result<(), Failure> {
        write(&match event {
            Event::Text(piece) => Line::Text {
                message_id: piece.message_id(),
                text: piece.text(),
            },
            Event::Reasoning(piece) => Line::Reasoning {
                message_id: piece.message_id(),
                text: piece.text(),
            },
            Event::ToolCall(call) => Line::ToolCall(Call::of(call)),
            Event::ToolReturn(done) => Line::ToolReturn {
                call_id: done.call_id().as_str(),
                status: done.status().to_string(),
                text: done.text(),
            },
            Event::Message(message) => Line::Message { message },
            Event::Other(event) => Line::Other { event },
            // A kind of a later version of the SDK.
            _ => return Ok(()),
        })
    }

    /// The last line of a turn.
    pub(crate) fn end(&self, summary: &Summary) -> Result<(), Failure> {
        self.is_ended.set(true);
        write(&Line::End(summary))
    }

    /// The last line of a turn that failed, unless there was a last one.
    pub(crate) fn error(&self, failure: &Failure) -> Result<(), Failure> {
        if self.is_ended.get() || failure.kind() == Kind::BrokenPipe {
            return Ok(());
        }
        write(&Line::Error {
            message: failure.to_string(),
            exit_code: failure.kind() as u8,
        })
    }
}

fn write(line: &Line<'_>) -> Result<(), Failure> {
    let mut text = serde_json::to_vec(line)
        .map_err(|error| Failure::other(format!("an event cannot be printed: {error}")))?;
    text.push(b'\n');
    let mut out = std::io::stdout().lock();
    out.write_all(&text)?;
    Ok(out.flush()?)
}
