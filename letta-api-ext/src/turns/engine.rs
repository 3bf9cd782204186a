//! Makes a turn: sends what is said, follows the run, answers calls of tools in Rust, until the agent has stopped.
//!
//! In go a [`Turn`] and an end that tells events. Out comes the [`Answer`]. A turn is one run of the service, and one more for each round
//! of tools in Rust.
//!
//! | file | what it decides |
//! |---|---|
//! | `send` | how what is said reaches the agent at most once |
//! | `follow` | what each event means, and what is new |
//! | `recover` | how a run goes on after a break or a silence |

use std::sync::Arc;
use std::time::Duration;

use letta_api::types::{MessageInput, RunId, StopReasonType, ToolReturn, UsageStatistics};
use letta_api::{Frames, Nullable};
use reqwest::header::HeaderMap;
use tracing::Instrument;

use super::answer::Answer;
use super::approval::{self, Decision, PendingApproval};
use super::emit::Emitter;
use super::event::ToolCall;
use super::fault;
use super::path::TurnPath;
use super::pending;
use super::queue::{Place, Standstill};
use super::shared::Shared;
use super::telemetry::Telemetry;
use super::transcript::Transcript;
use super::turn::{Said, Settings, Turn};
use super::wire::Failure;
use crate::client::run_calls::RunCalls;
use crate::error::{Error, Result};
use crate::time::clock::{self, Instant};
use crate::transport::CallFacts;

mod follow;
mod recover;
mod send;

use send::{Found, Key};

/// The shortest limit of silence.
const SHORTEST_SILENCE: Duration = Duration::from_secs(1);

/// A turn under way.
pub(super) struct Engine {
    settings: Settings,
    shared: Arc<Shared>,
    out: Emitter,
    transcript: Transcript,
    /// The path that is taken: never [`TurnPath::Auto`].
    path: TurnPath,
    usage: Option<UsageStatistics>,
    runs: Vec<RunId>,
    /// The run that is under way, or was last.
    run_id: Option<RunId>,
    /// The key of what was sent last. `None` if nothing was sent.
    key: Option<String>,
    telemetry: Telemetry,
}

/// What a turn does next.
enum Next {
    Say(Vec<MessageInput>),
    /// What would be said was said before. These are its run and its events. Without events, what the run left was told.
    Follow(Box<(Run, Option<Frames>)>),
}

/// A run under way.
struct Run {
    id: Option<RunId>,
    /// The keys of the messages, by which the service knows them again.
    otids: Vec<String>,
    /// Whether they may be sent again. An answer to a request is not.
    is_repeatable: bool,
    /// The number of the last event that was taken. Zero if there was none.
    last: i64,
    /// The number after which events were missing, once the run was resumed there.
    gap: Option<i64>,
    stop: Option<StopReasonType>,
    usage: Option<UsageStatistics>,
    failure: Option<Failure>,
    /// When something other than a ping came last.
    heard: Instant,
    /// Whether something other than a ping came since then.
    has_progressed: bool,
    /// How often the run was resumed since then.
    fruitless: u32,
    /// When the run was last known to be alive, or else when the service was last reached before a break.
    alive: Instant,
    /// About the answer that the events came in: what no message may show, and its head.
    facts: Option<CallFacts>,
    headers: HeaderMap,
}

impl Engine {
    /// Makes the turn.
    pub(super) async fn run(turn: Turn, out: Emitter) -> Result<Answer> {
        let (mut settings, said) = turn.into_parts();
        let policy = settings.call.retry();
        if policy.repeats_what_is_not_safe() {
            // A turn knows itself what is safe.
            let policy = policy.clone().repeat_safe();
            settings.call.change(|options| options.retry = policy);
        }
        let telemetry = Telemetry::start(&settings.target);
        let span = telemetry.span();
        let deadline = settings.deadline;
        let shared = Shared::of(settings.call.letta());
        let mut engine = Self {
            transcript: Transcript::new(settings.tokens, settings.answer_limit),
            path: TurnPath::Plain,
            usage: None,
            runs: Vec::new(),
            run_id: None,
            key: None,
            settings,
            shared,
            out,
            telemetry,
        };
        let end = async {
            let Some(deadline) = deadline else {
                return engine.turn(said).await;
            };
            if deadline.is_zero() {
                let rule = "must be positive";
                return Err(Error::invalid_input_got("deadline", rule, "0s".to_owned()));
            }
            let until = clock::after(Instant::now(), deadline);
            match clock::timeout_at(until, engine.turn(said)).await {
                Ok(end) => end,
                Err(_) => {
                    let (run, key) = (engine.run_id.as_ref(), engine.key.as_ref());
                    Err(fault::out_of_time(deadline, run, key))
                }
            }
        };
        let end = end.instrument(span).await;
        engine.telemetry.finish(&end);
        end
    }

    async fn turn(&mut self, said: Said) -> Result<Answer> {
        self.check(&said)?;
        let shared = self.shared.clone();
        // Whoever follows a run disturbs nobody.
        let is_parallel = self.settings.is_parallel || said.run.is_some();
        let place = match is_parallel {
            true => None,
            false => match shared.queue.place(&self.settings.target).await {
                Ok(place) => Some(place),
                Err(Standstill) => return Err(fault::unread()),
            },
        };
        Place::moving(place.as_ref(), self.rounds(said)).await
    }

    /// Makes runs until the agent stops for another reason than a tool in Rust.
    async fn rounds(&mut self, said: Said) -> Result<Answer> {
        self.path = self.first_path();
        let mut is_answer = said.decisions.is_some();
        let key = said.otid.clone();
        let mut otid = key.clone();
        let is_resumed = key.is_some() && said.messages.0.is_empty() && !is_answer;
        let mut message_key = said.message_otid.clone();
        let mut next = match said.run.clone() {
            Some(run) => Next::Follow(Box::new(self.join(run).await?)),
            None => Next::Say(self.first_messages(said).await?),
        };
        let mut rounds = 0;
        loop {
            let end = match next {
                Next::Say(messages) => {
                    let key = Key::of(otid.take(), message_key.take());
                    self.one_run(messages, key, is_answer).await
                }
                Next::Follow(begun) => self.see_through(begun.0, begun.1).await,
            };
            let stop = match end {
                // What was said first was heard.
                Err(error) if rounds > 0 && !error.may_have_happened() => {
                    return Err(fault::results_not_taken(error, self.runs.last()));
                }
                end => end?,
            };
            let pending = self.transcript.pending();
            if stop != StopReasonType::RequiresApproval {
                return Ok(self.answer(stop, None));
            }
            let pending = match pending {
                Some(pending) => pending,
                // The stream may have lost it.
                None => match pending::find(&self.settings).await {
                    Ok(Some(pending)) => pending,
                    _ => return Err(fault::without_request(self.runs.last())),
                },
            };
            let mut calls = pending.calls.iter();
            let is_ours =
                !pending.calls.is_empty() && calls.all(|call| self.settings.runs(call.name()));
            if !is_ours {
                let pending = PendingApproval {
                    settings: Box::new(self.settings.clone()),
                    pending,
                    before: None,
                };
                return Ok(self.answer(stop, Some(pending)));
            }
            rounds += 1;
            let tools = self.settings.tools.as_ref();
            let most = tools.map_or(0, |tools| tools.max_rounds());
            if rounds > most {
                return Err(fault::too_many_rounds(most, self.runs.last()));
            }
            self.telemetry.round();
            // With a key, each round has one of its own, so that a program that crashed does not answer twice.
            otid = key.as_ref().map(|key| format!("{key}-round-{rounds}"));
            is_answer = true;
            if let (true, Some(otid)) = (is_resumed, &otid)
                && let Some(begun) = self.begun(otid).await?
            {
                next = Next::Follow(Box::new((begun.0, Some(begun.1))));
                continue;
            }
            let ran = self.run_tools(&pending.calls).await;
            let undecided = pending.calls.into_iter().map(|call| (call, None));
            next = Next::Say(vec![approval::to_message(undecided.collect(), ran)]);
        }
    }

    /// Checks what can be checked before anything is sent.
    fn check(&mut self, said: &Said) -> Result<()> {
        if self.settings.silence < SHORTEST_SILENCE {
            let got = format!("{:?}", self.settings.silence);
            let rule = "must be at least 1s";
            return Err(Error::invalid_input_got("silence_limit", rule, got));
        }
        for (field, key) in [("otid", &said.otid), ("message_otid", &said.message_otid)] {
            if key.as_deref() == Some("") {
                return Err(Error::invalid_input(field, "must not be empty", None));
            }
        }
        if said.otid.is_some() && said.message_otid.is_some() {
            let rule = "must not be set beside `otid`, which stores its key with the message too";
            return Err(Error::invalid_input("message_otid", rule, None));
        }
        if said.otid.is_some() && self.holds_a_token() {
            let rule = "must not be set by the holder of a client-side access token: it needs the resumable path, which no \
                        token opens; `message_otid` stores a key with the message on any path";
            return Err(Error::invalid_input("otid", rule, None));
        }
        if self.settings.path == TurnPath::Resumable && self.holds_a_token() {
            let rule = "must not be `Resumable` for the holder of a client-side access token, which no token opens";
            return Err(Error::invalid_input("path", rule, None));
        }
        match &said.decisions {
            Some(decisions) => match &decisions.decided {
                Ok(decided) => approval::check(decided, &self.settings)?,
                Err(error) => return Err(error.clone()),
            },
            None if said.messages.0.is_empty() && said.otid.is_none() && said.run.is_none() => {
                let rule = "must have a message: there is nothing to say";
                return Err(Error::invalid_input("turn", rule, None));
            }
            None => {}
        }
        let tools = self.settings.tools.as_ref();
        let offered = tools.map_or(Ok(Vec::new()), |tools| tools.definitions())?;
        if !offered.is_empty() {
            let body = &mut self.settings.body;
            let mut all = match std::mem::take(&mut body.client_tools) {
                Nullable::Value(tools) => tools,
                _ => Vec::new(),
            };
            for tool in offered {
                // A second round offers what the first one has.
                if !all.contains(&tool) {
                    if all.iter().any(|other| other.name == tool.name) {
                        let rule = "must not have two tools of one name";
                        return Err(Error::invalid_input("client_tools", rule, Some(&tool.name)));
                    }
                    all.push(tool);
                }
            }
            body.client_tools = Nullable::Value(all);
        }
        Ok(())
    }

    /// The path to try first.
    fn first_path(&self) -> TurnPath {
        match self.settings.path {
            TurnPath::Auto => match self.holds_a_token() || self.shared.is_known_to_be_closed() {
                true => TurnPath::Plain,
                false => TurnPath::Resumable,
            },
            chosen => chosen,
        }
    }

    /// Whether the client calls by a client-side access token. No policy opens a path of conversations or runs.
    fn holds_a_token(&self) -> bool {
        self.settings.call.letta().holds_a_token()
    }

    /// How runs are asked. `None` if the client calls by a client-side access token.
    fn runs(&self) -> Option<&'static dyn RunCalls> {
        self.settings.call.letta().run_calls()
    }

    /// What is said first: decisions, for which tools may have to run, and messages.
    async fn first_messages(&self, said: Said) -> Result<Vec<MessageInput>> {
        let mut messages = Vec::new();
        if let Some(decisions) = said.decisions {
            let decided: Vec<(ToolCall, Option<Decision>)> = decisions.decided?;
            let ours = decided.iter().filter(|(_, decision)| decision.is_none());
            let ours: Vec<ToolCall> = ours.map(|(call, _)| call.clone()).collect();
            let ran = self.run_tools(&ours).await;
            messages.push(approval::to_message(decided, ran));
        }
        let said = said.messages.0.into_iter();
        messages.extend(said.map(|message| MessageInput::CreateMessage(Box::new(message))));
        Ok(messages)
    }

    /// Sends messages and follows their run to its end.
    async fn one_run(
        &mut self,
        messages: Vec<MessageInput>,
        key: Key,
        is_answer: bool,
    ) -> Result<StopReasonType> {
        let mut run = Run::new(is_answer);
        self.out.begin_run();
        let frames = self.send(&mut run, messages, key).await?;
        self.see_through(run, Some(frames)).await
    }

    /// The run that answered the calls of a round before, with this key. `None` if the service does not know it.
    async fn begun(&mut self, otid: &str) -> Result<Option<(Run, Frames)>> {
        let mut run = Run::new(true);
        self.out.begin_run();
        match self.attach(&mut run, otid).await {
            Ok(Found::Run(frames)) => Ok(Some((run, frames))),
            Ok(Found::Nothing) => Ok(None),
            Err(error) => Err(fault::results_not_taken(error, self.runs.last())),
        }
    }

    /// A run that was begun elsewhere, and its events from the first on.
    async fn join(&mut self, id: RunId) -> Result<(Run, Option<Frames>)> {
        let Some(runs) = self.runs() else {
            let rule = "must not be followed by the holder of a client-side access token, which opens no runs";
            return Err(Error::invalid_input("run", rule, None));
        };
        // An unknown run is an error of its own, and not a break.
        runs.state(&self.settings.call.api(), &id).await?;
        let mut run = Run::new(true);
        self.path = TurnPath::Resumable;
        self.telemetry.takes(self.path);
        self.out.begin_run();
        self.note_run(&mut run, id.clone());
        // What a run that is over left is told at once.
        self.out.open();
        self.transcript.begin_run();
        let frames = match self.resume(&mut run, &id).await {
            Ok(frames) => Some(frames),
            Err(error) => self.reconnect(&mut run, Some(error)).await?,
        };
        Ok((run, frames))
    }

    /// Follows a run to its end.
    async fn see_through(
        &mut self,
        mut run: Run,
        frames: Option<Frames>,
    ) -> Result<StopReasonType> {
        if let Some(mut frames) = frames {
            self.transcript.begin_run();
            self.follow(&mut run, &mut frames).await?;
        }
        let out = &self.out;
        match run.is_broken_off() {
            true => self.transcript.abandon(&mut |event| out.tell(event)),
            false => self.transcript.close(&mut |event| out.tell(event)),
        }
        self.out.taken().await;
        // Where the connection broke at the very end.
        if run.stop.as_ref().is_some_and(is_failure) && run.failure.is_none() {
            self.ask_for_failure(&mut run).await;
        } else if run.usage.is_none() && !run.is_broken_off() {
            self.ask_for_usage(&mut run).await;
        }
        self.end(run)
    }

    /// What the end of a run means.
    fn end(&mut self, run: Run) -> Result<StopReasonType> {
        if let Some(id) = run.id.clone() {
            self.runs.push(id);
        }
        add(&mut self.usage, run.usage.as_ref());
        let failure = run.failure.clone().or_else(|| {
            let reason = run.stop.as_ref()?;
            is_failure(reason).then(|| Failure::of_stop(reason))
        });
        match (failure, &run.stop) {
            (Some(failure), _) => Err({
                let (facts, headers) = (run.facts.as_ref(), &run.headers);
                fault::failed(&failure, run.id.as_ref(), facts, headers)
            }),
            (None, Some(stop)) => Ok(stop.clone()),
            // `follow` ends with one of them.
            (None, None) => Err(run.interrupted(None, "the run ended without a reason")),
        }
    }

    fn answer(&mut self, stop: StopReasonType, pending: Option<PendingApproval>) -> Answer {
        let transcript = std::mem::replace(&mut self.transcript, Transcript::new(false, 0));
        let (messages, is_cut) = transcript.finish();
        Answer {
            messages,
            is_cut,
            stop_reason: stop,
            usage: self.usage.take(),
            runs: self.runs.clone(),
            path: self.path,
            resumes: self.telemetry.resumes(),
            pending: pending.map(Box::new),
        }
    }

    async fn run_tools(&self, calls: &[ToolCall]) -> Vec<ToolReturn> {
        match &self.settings.tools {
            Some(tools) if !calls.is_empty() => tools.run(calls).await,
            _ => Vec::new(),
        }
    }

    /// Notes the run that an event or an error names.
    fn note_run(&mut self, run: &mut Run, id: RunId) {
        let is_secret = |facts: &CallFacts| facts.is_told_by(id.as_str());
        if run.id.as_ref() != Some(&id) && !run.facts.as_ref().is_some_and(is_secret) {
            self.out.note_run(&id);
            self.telemetry.runs(&id);
            self.run_id = Some(id.clone());
            run.id = Some(id);
        }
    }

    fn take_answer(
        &self,
        run: &mut Run,
        answer: letta_api::ResponseValue<letta_api::EventStream<letta_api::types::StreamEvent>>,
    ) -> Frames {
        run.facts = CallFacts::of(&answer).cloned();
        run.headers.clone_from(answer.headers());
        answer.into_inner().frames()
    }
}

impl Run {
    fn new(is_answer: bool) -> Self {
        Self {
            id: None,
            otids: Vec::new(),
            is_repeatable: !is_answer,
            last: 0,
            gap: None,
            stop: None,
            usage: None,
            failure: None,
            heard: Instant::now(),
            has_progressed: false,
            fruitless: 0,
            alive: Instant::now(),
            facts: None,
            headers: HeaderMap::new(),
        }
    }

    /// Whether the service has said how the run ends.
    fn is_stopped(&self) -> bool {
        self.stop.is_some() || self.failure.is_some()
    }

    /// Whether the agent may have been stopped in the middle of a message.
    fn is_broken_off(&self) -> bool {
        self.failure.is_some()
            || (self.stop.as_ref())
                .is_some_and(|stop| is_failure(stop) || *stop == StopReasonType::Cancelled)
    }

    /// Something other than a ping came. When is [noted](Self::note_progress) once nothing more is there.
    fn progresses(&mut self) {
        self.has_progressed = true;
        self.fruitless = 0;
    }

    fn note_progress(&mut self, now: Instant) {
        if std::mem::take(&mut self.has_progressed) {
            self.heard = now;
        }
    }

    /// The error if the run cannot be followed to its end.
    fn interrupted(&self, cause: Option<Error>, why: &'static str) -> Error {
        fault::interrupted(why, self.id.as_ref(), self.otids.first(), cause)
    }
}

/// Whether a turn that stops for this reason has failed, even if the service sends no error.
fn is_failure(reason: &StopReasonType) -> bool {
    matches!(
        reason,
        StopReasonType::Error
            | StopReasonType::LlmApiError
            | StopReasonType::InvalidLlmResponse
            | StopReasonType::InsufficientCredits
            | StopReasonType::ContextWindowOverflowInSystemPrompt
    )
}

/// Adds what a run cost.
fn add(sum: &mut Option<UsageStatistics>, more: Option<&UsageStatistics>) {
    let (Some(sum), Some(more)) = (sum.as_mut(), more) else {
        *sum = sum.take().or_else(|| more.cloned());
        return;
    };
    let add = |sum: &mut i64, more: i64| *sum = sum.saturating_add(more);
    add(&mut sum.completion_tokens, more.completion_tokens);
    add(&mut sum.prompt_tokens, more.prompt_tokens);
    add(&mut sum.total_tokens, more.total_tokens);
    add(&mut sum.step_count, more.step_count);
    let add = |sum: &mut Option<i64>, more: Option<i64>| {
        if let Some(more) = more {
            *sum = Some(sum.unwrap_or(0).saturating_add(more));
        }
    };
    add(&mut sum.cached_input_tokens, more.cached_input_tokens);
    add(&mut sum.cache_write_tokens, more.cache_write_tokens);
    add(&mut sum.reasoning_tokens, more.reasoning_tokens);
    // It is a state, and not an amount.
    sum.context_tokens = more.context_tokens.or(sum.context_tokens);
    if let Some(runs) = &more.run_ids {
        sum.run_ids
            .get_or_insert_default()
            .extend(runs.iter().cloned());
    }
}
