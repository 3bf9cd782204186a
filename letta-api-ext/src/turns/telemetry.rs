//! Reports a turn: one span, and an event for each thing that went wrong on the way. Nothing of what was said is in it.

use letta_api::types::{RunId, StopReasonType};
use tracing::Span;
use tracing::field::Empty;

use super::answer::Answer;
use super::path::TurnPath;
use super::target::Target;
use crate::error::{Error, Result};
use crate::time::clock::Instant;

/// The target of the span and its events.
pub(super) const TARGET: &str = "letta_api_ext::turns";

/// Reports one turn.
pub(super) struct Telemetry {
    span: Span,
    began: Instant,
    has_spoken: bool,
    sends: u32,
    breaks: u32,
    resumes: u32,
    rounds: u32,
    path: Option<TurnPath>,
    run: Option<RunId>,
    is_finished: bool,
}

impl Telemetry {
    pub(super) fn start(target: &Target) -> Self {
        let span = tracing::info_span!(
            target: TARGET,
            "letta.turn",
            letta.turn.with = target.as_str(),
            letta.turn.path = Empty,
            letta.turn.sends = Empty,
            letta.turn.breaks = Empty,
            letta.turn.resumes = Empty,
            letta.turn.rounds = Empty,
            letta.turn.first_token_ms = Empty,
            letta.turn.duration_ms = Empty,
            letta.turn.stop_reason = Empty,
            letta.run.id = Empty,
            error.type = Empty,
            otel.status_code = Empty,
        );
        Self {
            span,
            began: Instant::now(),
            has_spoken: false,
            sends: 0,
            breaks: 0,
            resumes: 0,
            rounds: 0,
            path: None,
            run: None,
            is_finished: false,
        }
    }

    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(super) fn resumes(&self) -> u32 {
        self.resumes
    }

    /// What is said is sent, once more or for the first time.
    pub(super) fn sent(&mut self) {
        self.sends += 1;
    }

    /// The path that is taken.
    pub(super) fn takes(&mut self, path: TurnPath) {
        self.path = Some(path);
    }

    /// The run that is under way.
    pub(super) fn runs(&mut self, run: &RunId) {
        self.run = Some(run.clone());
    }

    /// The thread is busy, and the turn waits.
    pub(super) fn is_busy(&self) {
        tracing::debug!(target: TARGET, "another turn is under way: waiting");
    }

    /// The resumable path is not open.
    pub(super) fn fell_back(&self, error: &Error) {
        let error_type = error.error_type();
        tracing::debug!(
            target: TARGET,
            { error.type = &*error_type },
            "the resumable path is not open: going on with a plain stream"
        );
    }

    /// The connection broke, or an event is missing.
    pub(super) fn broke(&mut self, cause: Option<&Error>) {
        self.breaks += 1;
        let error_type = cause.map(Error::error_type);
        tracing::warn!(
            target: TARGET,
            { error.type = error_type.as_deref() },
            "the turn broke"
        );
    }

    /// The turn goes on after the event with this number.
    pub(super) fn resumed(&mut self, after: i64) {
        self.resumes += 1;
        tracing::debug!(target: TARGET, { letta.turn.after = after }, "the turn was resumed");
    }

    /// The run is over, and what it left is read.
    pub(super) fn left(&mut self) {
        self.resumes += 1;
        tracing::debug!(target: TARGET, "the run is over: reading what it left");
    }

    /// A round of tools in Rust begins.
    pub(super) fn round(&mut self) {
        self.rounds += 1;
    }

    /// The agent says or does something.
    pub(super) fn first(&mut self) {
        if !self.has_spoken {
            self.has_spoken = true;
            let waited = self.began.elapsed().as_secs_f64() * 1000.0;
            self.span.record("letta.turn.first_token_ms", waited);
        }
    }

    pub(super) fn finish(&mut self, end: &Result<Answer>) {
        self.is_finished = true;
        match end {
            Ok(answer) => {
                let reason = match answer.stop_reason() {
                    // Whatever it says, nobody knows what is in it.
                    StopReasonType::Unknown(_) => "unknown",
                    known => known.as_str(),
                };
                self.span.record("letta.turn.stop_reason", reason);
            }
            Err(error) => {
                self.span.record("error.type", &*error.error_type());
                self.span.record("otel.status_code", "ERROR");
            }
        }
        self.report();
    }

    fn report(&self) {
        let path = self.path.map(|path| match path {
            TurnPath::Resumable => "resumable",
            _ => "plain",
        });
        self.span.record("letta.turn.path", path);
        if let Some(run) = &self.run {
            self.span.record("letta.run.id", run.as_str());
        }
        self.span.record("letta.turn.sends", self.sends);
        self.span.record("letta.turn.breaks", self.breaks);
        self.span.record("letta.turn.resumes", self.resumes);
        self.span.record("letta.turn.rounds", self.rounds);
        let took = self.began.elapsed().as_secs_f64() * 1000.0;
        self.span.record("letta.turn.duration_ms", took);
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if !self.is_finished {
            self.span.record("error.type", "cancelled");
            self.report();
        }
    }
}
