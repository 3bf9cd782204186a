//! How a run goes on after a break or a silence: it is resumed after the last event, or asked for its state.

use std::future::poll_fn;
use std::time::Duration;

use letta_api::types::{ResumeStreamRequest, RunId, RunStatus, StopReasonType, UsageStatistics};
use letta_api::{Frames, types};

use super::send::{Found, OPENS_NO_RUNS, jitter_around};
use super::{Engine, Run};
use crate::client::run_calls::RunState;
use crate::error::{Error, Result};
use crate::time::clock::{self, Instant};
use crate::turns::path::TurnPath;
use crate::turns::wire::Failure;

/// The first wait between two questions for a run's state, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How often a run that is over is resumed in vain before what it left is fetched.
const IN_VAIN: u32 = 2;

/// If the run cannot be asked, pings alone may come for this many times the limit of silence. With the limit's default that is half an hour,
/// and a model that says nothing for so long is not there any more.
const PINGS_ALONE: u32 = 30;

/// What to do after a silence.
pub(super) enum Silence {
    /// Listen on.
    Wait,
    Reconnect,
    /// The run is over, and what it left was told.
    Over,
}

/// What a run says of itself.
enum State {
    Alive,
    Over(Box<RunState>),
    /// It was not reached. It may be, later.
    Unreached(Error),
    /// It may not be asked, or is not known.
    Closed(Error),
}

impl Engine {
    /// Nothing came for too long, or pings alone: asks the run.
    pub(super) async fn after_silence(
        &mut self,
        run: &mut Run,
        has_pings: bool,
    ) -> Result<Silence> {
        let is_resumable = self.path == TurnPath::Resumable;
        match self.state(run).await {
            State::Alive => {
                run.alive = Instant::now();
                // Where pings come, events will.
                Ok(match is_resumable && !has_pings {
                    true => Silence::Reconnect,
                    false => Silence::Wait,
                })
            }
            // Its last events may be there.
            State::Over(_) if is_resumable && run.fruitless < IN_VAIN => Ok(Silence::Reconnect),
            State::Over(state) => {
                self.tell_what_is_left(run, *state).await?;
                Ok(Silence::Over)
            }
            // A token's holder may not ask, and pings say that the service lives.
            State::Unreached(_) | State::Closed(_)
                if has_pings
                    && !is_resumable
                    && run.heard.elapsed() < self.settings.silence * PINGS_ALONE =>
            {
                run.alive = Instant::now();
                Ok(Silence::Wait)
            }
            State::Unreached(_) if is_resumable => Ok(Silence::Reconnect),
            State::Closed(_) if is_resumable && run.fruitless < IN_VAIN => Ok(Silence::Reconnect),
            State::Unreached(error) | State::Closed(error) => Err(run.interrupted(
                Some(error),
                "nothing came any more, and the run cannot be asked",
            )),
        }
    }

    /// The stream broke: the events after the last one that was taken. `None` if the run is over and what it left was told.
    pub(super) async fn reconnect(
        &mut self,
        run: &mut Run,
        cause: Option<Error>,
    ) -> Result<Option<Frames>> {
        if self.path != TurnPath::Resumable {
            return match run.id {
                // Disconnecting does not stop a run.
                Some(_) => self.wait_out(run, cause).await.map(|()| None),
                None => {
                    Err(run.interrupted(cause, "the connection broke, and the run is not known"))
                }
            };
        }
        let mut last_error = cause;
        if run.fruitless == 0 {
            run.alive = Instant::now();
        }
        loop {
            if run.fruitless > 0 {
                let wait = FIRST_WAIT * 2_u32.pow((run.fruitless - 1).min(5));
                clock::sleep(jitter_around(wait.min(LONGEST_WAIT))).await;
            }
            if run.fruitless >= IN_VAIN {
                match self.state(run).await {
                    State::Over(state) => {
                        self.tell_what_is_left(run, *state).await?;
                        return Ok(None);
                    }
                    State::Alive => run.alive = Instant::now(),
                    State::Unreached(error) | State::Closed(error) => last_error = Some(error),
                }
                if run.alive.elapsed() >= self.settings.silence {
                    return Err(run.interrupted(last_error, "the run cannot be reached any more"));
                }
            }
            run.fruitless = run.fruitless.saturating_add(1);
            let resumed = match run.id.clone() {
                Some(id) => self.resume(run, &id).await,
                None => match self.find(run).await {
                    Ok(Found::Run(frames)) => Ok(frames),
                    Ok(Found::Nothing) => {
                        let why = "the connection broke, and the service does not know the run";
                        return Err(run.interrupted(last_error, why));
                    }
                    Err(error) => Err(error),
                },
            };
            match resumed {
                Ok(frames) => {
                    self.telemetry.resumed(run.last);
                    return Ok(Some(frames));
                }
                Err(error) if error.is_retryable() => {
                    if run.alive.elapsed() >= self.settings.silence {
                        return Err(
                            run.interrupted(Some(error), "the run cannot be reached any more")
                        );
                    }
                    last_error = Some(error);
                }
                // The events are gone, or were never kept.
                Err(error) if run.id.is_some() => {
                    return self.wait_out(run, Some(error)).await.map(|()| None);
                }
                Err(error) => {
                    return Err(run.interrupted(
                        Some(error),
                        "the connection broke, and the run is not known",
                    ));
                }
            }
        }
    }

    /// The events of a run after the last one that was taken.
    pub(super) async fn resume(&mut self, run: &mut Run, id: &RunId) -> Result<Frames> {
        let mut body = ResumeStreamRequest::new().with_include_pings(true);
        // Never past the last number seen: a stream from beyond the end has no end.
        if run.last > 0 {
            body = body.with_starting_after(run.last);
        }
        let Some(runs) = self.runs() else {
            return Err(run.interrupted(None, OPENS_NO_RUNS));
        };
        let answer = runs.resume(&self.settings.call.api(), id, &body).await?;
        Ok(self.take_answer(run, answer))
    }

    /// Asks a run until it is over, and tells what it left.
    async fn wait_out(&mut self, run: &mut Run, cause: Option<Error>) -> Result<()> {
        let mut reached = Instant::now();
        let mut wait = FIRST_WAIT;
        loop {
            match self.state(run).await {
                State::Over(state) => return self.tell_what_is_left(run, *state).await,
                State::Alive => reached = Instant::now(),
                State::Unreached(_) if reached.elapsed() < self.settings.silence => {}
                State::Unreached(error) | State::Closed(error) => {
                    let why = "the connection broke, and the run cannot be asked";
                    return Err(run.interrupted(cause.or(Some(error)), why));
                }
            }
            clock::sleep(jitter_around(wait)).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    async fn state(&self, run: &Run) -> State {
        let Some(id) = &run.id else {
            return State::Closed(run.interrupted(None, "the run is not known"));
        };
        let Some(runs) = self.runs() else {
            return State::Closed(run.interrupted(None, OPENS_NO_RUNS));
        };
        match runs.state(&self.settings.call.api(), id).await {
            Ok(state) if state.is_over() => State::Over(Box::new(state)),
            Ok(_) => State::Alive,
            Err(error) if error.is_retryable() => State::Unreached(error),
            Err(error) => State::Closed(error),
        }
    }

    /// Asks why a run failed. If it cannot be asked, its reason to stop is all that is known.
    pub(super) async fn ask_for_failure(&self, run: &mut Run) {
        if let State::Over(state) = self.state(run).await {
            run.failure = Failure::of_run(&state);
        }
    }

    /// Asks what a run cost. If it cannot be asked, nobody knows.
    pub(super) async fn ask_for_usage(&self, run: &mut Run) {
        if let (Some(id), Some(runs)) = (&run.id, self.runs())
            && let Ok(usage) = runs.usage(&self.settings.call.api(), id).await
        {
            run.usage = Some(of_run(&usage));
        }
    }

    /// Tells what a run that is over has stored, and was not told yet.
    async fn tell_what_is_left(&mut self, run: &mut Run, state: RunState) -> Result<()> {
        self.telemetry.left();
        let Some(runs) = self.runs() else {
            return Err(run.interrupted(None, OPENS_NO_RUNS));
        };
        let mut pages = runs.messages(&self.settings.call.api(), &state.id);
        while let Some(page) = poll_fn(|context| pages.as_mut().poll_next(context)).await {
            let page = page.map_err(|error| {
                run.interrupted(
                    Some(error),
                    "the run is over, and what it left cannot be read",
                )
            })?;
            for stored in page {
                let out = &self.out;
                self.transcript
                    .take_stored(stored, &mut |event| out.tell(event));
                self.out.taken().await;
            }
        }
        if self.transcript.is_lost() {
            let why =
                "the run is over, and what it left cannot be told apart from what came before";
            return Err(run.interrupted(None, why));
        }
        let out = &self.out;
        self.transcript.abandon(&mut |event| out.tell(event));
        self.ask_for_usage(run).await;
        let has_request = self.transcript.has_request();
        run.stop = Some(match (state.stop_reason.clone(), &state.status) {
            (Some(reason), _) => reason,
            (None, _) if has_request => StopReasonType::RequiresApproval,
            (None, Some(RunStatus::Cancelled)) => StopReasonType::Cancelled,
            (None, Some(RunStatus::Failed)) => StopReasonType::Error,
            (None, _) => StopReasonType::EndTurn,
        });
        if run.stop.as_ref().is_some_and(super::is_failure) {
            run.failure = Failure::of_run(&state);
        }
        Ok(())
    }
}

/// What a run cost, as a stream says it.
fn of_run(usage: &types::RunUsage) -> UsageStatistics {
    let mut all = UsageStatistics::new();
    all.completion_tokens = usage.completion_tokens;
    all.prompt_tokens = usage.prompt_tokens;
    all.total_tokens = usage.total_tokens;
    all
}
