//! Runs calls side by side, and tells what became of each.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, StreamExt, stream};
use letta_api::BoxFuture;
use letta_api::types::ToolReturn;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::function::InvalidInput;
use super::output::Output;
use super::{Settings, Tool, Tools};
use crate::time::clock::{self, Instant};
use crate::turns::ToolCall;

/// The target of spans.
const TARGET: &str = "letta_api_ext::turns";

/// Most characters of a name or ID that the service sent, in a span or a text.
const NAME_LIMIT: usize = 100;

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Ok,
    Error,
    Panic,
    Timeout,
    InvalidInput,
    Unknown,
    /// The turn was dropped.
    Cancelled,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Panic => "panic",
            Self::Timeout => "timeout",
            Self::InvalidInput => "invalid_input",
            Self::Unknown => "unknown",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Tools {
    /// Runs calls side by side, and returns what each returned, in the order of the calls. Dropping the future stops
    /// all.
    pub(crate) fn run<'a>(&'a self, calls: &'a [ToolCall]) -> BoxFuture<'a, Vec<ToolReturn>> {
        // Boxed, so that the compiler sees that they are `Send`.
        let mut running: Vec<BoxFuture<'a, (usize, ToolReturn)>> = Vec::with_capacity(calls.len());
        for (index, call) in calls.iter().enumerate() {
            running.push(Box::pin(async move { (index, self.run_one(call).await) }));
        }
        // In any order: a slow call must not keep those behind it from beginning.
        let running = stream::iter(running).buffer_unordered(self.0.settings.parallel_calls);
        Box::pin(async move {
            let mut returns: Vec<(usize, ToolReturn)> = running.collect().await;
            returns.sort_unstable_by_key(|(index, _)| *index);
            let returns = returns.into_iter();
            returns.map(|(_, tool_return)| tool_return).collect()
        })
    }

    async fn run_one(&self, call: &ToolCall) -> ToolReturn {
        let tool = self.0.tools.iter().find(|tool| tool.name == call.name);
        let mut report = Report::start(call, tool.is_some());
        let (outcome, output) = match tool {
            Some(tool) => {
                let running = run_tool(tool, &call.arguments, &self.0.settings);
                running.instrument(report.span.clone()).await
            }
            None => (Outcome::Unknown, self.unknown(&call.name)),
        };
        report.outcome = outcome;
        let status = output.status();
        let limit = match outcome {
            Outcome::Ok | Outcome::Error => self.0.settings.result_limit,
            // These are our own words.
            _ => usize::MAX,
        };
        let value = output.into_value(limit);
        ToolReturn::new(value, status, call.id.clone())
    }

    fn unknown(&self, name: &str) -> Output {
        let names: Vec<&str> = self.0.tools.iter().map(|tool| &*tool.name).collect();
        Output::error(format!(
            "There is no tool `{}` here. The tools here are: {}.",
            shorten(name).escape_debug(),
            names.join(", ")
        ))
    }
}

async fn run_tool(tool: &Tool, arguments: &str, settings: &Settings) -> (Outcome, Output) {
    let deadline = clock::after(Instant::now(), settings.call_timeout);
    // Everything of the application is within: reading the input, the function, its result, and dropping them.
    let guarded = AssertUnwindSafe(async {
        clock::timeout_at(deadline, tool.function.call(arguments)).await
    });
    match guarded.catch_unwind().await {
        Ok(Ok(Ok(output))) if output.is_error() => (Outcome::Error, output),
        Ok(Ok(Ok(output))) => (Outcome::Ok, output),
        Ok(Ok(Err(InvalidInput(told)))) => (Outcome::InvalidInput, Output::error(told)),
        Ok(Err(_)) => {
            let limit = settings.call_timeout;
            let told = format!("The tool was stopped: it took longer than {limit:?}.");
            (Outcome::Timeout, Output::error(told))
        }
        Err(_) => (Outcome::Panic, Output::error("The tool failed.")),
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(NAME_LIMIT).collect()
}

/// Traces a call, without its data. A call that is dropped is cancelled.
struct Report {
    span: Span,
    began: Instant,
    outcome: Outcome,
}

impl Report {
    fn start(call: &ToolCall, is_known: bool) -> Self {
        let span = tracing::info_span!(
            target: TARGET,
            "letta.tool",
            letta.tool.name = Empty,
            letta.tool.call_id = shorten(call.id.as_str()),
            letta.tool.outcome = Empty,
            letta.tool.duration_ms = Empty,
        );
        // A model may write anything as the name of a tool that does not exist.
        if is_known {
            span.record("letta.tool.name", &*call.name);
        }
        Self {
            span,
            began: Instant::now(),
            outcome: Outcome::Cancelled,
        }
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        let duration = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.span
            .record("letta.tool.outcome", self.outcome.as_str());
        self.span.record("letta.tool.duration_ms", duration);
    }
}
