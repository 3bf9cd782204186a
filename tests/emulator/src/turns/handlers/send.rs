//! Saying something to an agent, which begins a turn.

use std::sync::Arc;

use axum::http::StatusCode;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use letta_api::types::{Run, RunId, RunRequestConfig, RunStatus};
use serde_json::{Map, Value};

use super::Answer;
use super::read::{no_background, read};
use super::target::{Target, of_agent, of_conversation};
use crate::call::{Call, ok, written};
use crate::faults::present::AgentFault;
use crate::http::refusal::Refusal;
use crate::id;
use crate::script::act::Act;
use crate::script::model_failure::ModelFailure;
use crate::turns::begin::{Addressed, Beginning, begin};
use crate::turns::live::{Live, LiveRun};
use crate::turns::said::Said;
use crate::turns::stage::Stage;
use crate::turns::trouble::Trouble;
use crate::turns::turn::{Mode, Told, Turn};
use crate::world::run::RunRecord;

pub(crate) fn send_message(stage: Arc<Stage>, call: Call) -> BoxFuture<'static, Answer> {
    async move {
        let target = of_agent(&stage.world(), call.path("agent_id"), "send_message")?;
        if call.json().get("background").and_then(Value::as_bool) == Some(true) {
            return Err(Refusal::detail(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Streaming options set without streaming enabled. background can only be true when streaming=true. \
                 Either set streaming=true or use default values for streaming options.",
            ));
        }
        send(stage, &call, target, Mode::Json).await
    }
    .boxed()
}

pub(crate) fn send_message_stream(stage: Arc<Stage>, call: Call) -> BoxFuture<'static, Answer> {
    async move {
        if !call.is_current_client() {
            return Err(Refusal::unprocessable(
                "streaming is for current clients, told by their X-Stainless-Package-Version or User-Agent; \
                 others send to /messages/stream",
            ));
        }
        stream(stage, &call, "send_message").await
    }
    .boxed()
}

pub(crate) fn stream_message(stage: Arc<Stage>, call: Call) -> BoxFuture<'static, Answer> {
    async move { stream(stage, &call, "send_message_streaming").await }.boxed()
}

async fn stream(stage: Arc<Stage>, call: &Call, run_type: &'static str) -> Answer {
    let target = of_agent(&stage.world(), call.path("agent_id"), run_type)?;
    let mode = mode_of(call);
    send(stage, call, target, mode).await
}

pub(crate) fn send_conversation_message(
    stage: Arc<Stage>,
    call: Call,
) -> BoxFuture<'static, Answer> {
    async move {
        let target = of_conversation(&stage, &call)?;
        send(stage, &call, target, Mode::Json).await
    }
    .boxed()
}

pub(crate) fn send_conversation_message_stream(
    stage: Arc<Stage>,
    call: Call,
) -> BoxFuture<'static, Answer> {
    async move {
        let target = of_conversation(&stage, &call)?;
        let mode = mode_of(&call);
        send(stage, &call, target, mode).await
    }
    .boxed()
}

pub(crate) fn start_run(stage: Arc<Stage>, call: Call) -> BoxFuture<'static, Answer> {
    async move {
        let target = of_agent(&stage.world(), call.path("agent_id"), "send_message_async")?;
        let said = Said::from_json(call.json())?;
        let run = RunId::from(id::generate("run"));
        let (turn, beginning) = begin_turn(&stage, &call, &target, said, Mode::Json, true, run);
        let run = stage
            .world()
            .runs
            .get(turn.run.as_str())
            .map(|it| it.run.clone());
        stage.spawn(async move {
            let _ = turn.play(beginning).await;
        });
        Ok(ok(&run))
    }
    .boxed()
}

fn mode_of(call: &Call) -> Mode {
    match call.json().get("stream_tokens").and_then(Value::as_bool) {
        Some(true) => Mode::Tokens,
        _ => Mode::Steps,
    }
}

async fn send(stage: Arc<Stage>, call: &Call, target: Target, mode: Mode) -> Answer {
    let said = Said::from_json(call.json())?;
    let pings = said.options.include_pings;
    let background = mode != Mode::Json && said.options.background;
    if background {
        if !stage.settings.background_runs {
            return Err(no_background());
        }
        // A request that was sent before is answered with the stream of its run.
        if target.lock.is_some()
            && let Some(run) = sent_before(&stage, call, &said)
        {
            return Ok(read(&stage, &run, 0, pings).await);
        }
    }
    let locks = target.lock.is_some() && (mode != Mode::Json || target.notes_json);
    let run = RunId::from(id::generate("run"));
    if locks
        && let Some(lock) = &target.lock
        && let Err(holder) = stage.live().lock(lock, run.as_str())
    {
        return Err(busy(&holder));
    }
    let (turn, beginning) = begin_turn(&stage, call, &target, said, mode, background, run);
    let live = Arc::clone(&turn.live);
    let (sender, answer) = tokio::sync::oneshot::channel();
    stage.spawn(async move {
        // A caller that goes away does not end the turn.
        let _ = sender.send(turn.play(beginning).await);
    });
    if mode == Mode::Json {
        let answer = answer.await.map_err(|_| Refusal::shutting_down())??;
        return Ok(ok(&answer));
    }
    Ok(read(&stage, &live, 0, pings).await)
}

/// The run of all the `otid`s of a request.
fn sent_before(stage: &Stage, call: &Call, said: &Said) -> Option<Arc<LiveRun>> {
    if said.otids.is_empty() {
        return None;
    }
    let mut live = stage.live();
    let run = live.by_otid(&token(&said.otids), call.now)?;
    Some(match live.run(&run) {
        Some(run) if run.background => Arc::clone(run),
        // Nothing can be read of a run that is not in background. The server waits for it for ever.
        _ => Arc::new(LiveRun::new(run, false)),
    })
}

/// All the `otid`s of a request as one.
fn token(otids: &[String]) -> String {
    otids.join("|")
}

/// Begins a turn: its run is there from now on, and its `otid`s are noted.
fn begin_turn(
    stage: &Arc<Stage>,
    call: &Call,
    target: &Target,
    said: Said,
    mode: Mode,
    background: bool,
    run: RunId,
) -> (Turn, Result<Beginning, Trouble>) {
    let is_json = mode == Mode::Json;
    let live = Arc::new(LiveRun::new(run.to_string(), background && !is_json));
    let options = said.options.clone();
    let mut world = stage.world();
    let _ = world.runs.insert(RunRecord {
        run: new_run(&run, call, target, is_json, background),
        thread: target.key.clone(),
    });
    {
        let mut lives = stage.live();
        lives.begin(&live, target.agent.as_str(), call.now);
        if !is_json || target.notes_json {
            note_otids(&mut lives, &said.otids, &run, call.now);
        }
    }
    let to = Addressed {
        stage,
        agent: &target.agent,
        run: &run,
        now: call.now,
    };
    let beginning = begin(&to, &mut world, &target.key, said);
    drop(world);
    let beginning = beginning.map(|mut beginning| {
        if call.fault == Some(AgentFault::ModelFails) {
            beginning.acts = vec![Act::model_fails(ModelFailure::RateLimit)];
        }
        beginning
    });
    let turn = Turn {
        stage: Arc::clone(stage),
        live,
        key: target.key.clone(),
        agent: target.agent.clone(),
        run,
        mode,
        options,
        closes_run: !is_json || target.closes_json,
        is_of_agent: target.is_of_agent,
        told: Told::default(),
    };
    (turn, beginning)
}

/// Each `otid` finds the run, and so do all of them together.
fn note_otids(lives: &mut Live, otids: &[String], run: &RunId, now: Timestamp) {
    for otid in otids {
        lives.note_otid(otid, run.as_str(), now);
    }
    if otids.len() > 1 {
        lives.note_otid(&token(otids), run.as_str(), now);
    }
}

fn new_run(run: &RunId, call: &Call, target: &Target, is_json: bool, background: bool) -> Run {
    let mut new = Run::new(run.clone(), target.agent.clone());
    new.status = Some(match is_json {
        true => RunStatus::Created,
        false => RunStatus::Running,
    });
    new.created_at = Some(written(call.now));
    new.background = Some(background);
    new.conversation_id = match is_json {
        true => None,
        false => target.conversation.clone(),
    };
    let mut metadata = Map::new();
    metadata.insert("run_type".to_owned(), target.run_type.into());
    if target.run_type == "send_message_async" {
        metadata.insert("lettuce".to_owned(), Value::Null);
    }
    new.metadata = Some(metadata);
    let body = call.json();
    let text = |name: &str, default: &str| {
        let given = body.get(name).and_then(Value::as_str);
        given.unwrap_or(default).to_owned()
    };
    let mut config = RunRequestConfig::new();
    config.use_assistant_message = body
        .get("use_assistant_message")
        .and_then(Value::as_bool)
        .unwrap_or(true);
    config.assistant_message_tool_name = text("assistant_message_tool_name", "send_message");
    config.assistant_message_tool_kwarg = text("assistant_message_tool_kwarg", "message");
    new.request_config = Some(config);
    new.callback_url = body
        .get("callback_url")
        .and_then(Value::as_str)
        .map(str::to_owned);
    new
}

fn busy(holder: &str) -> Refusal {
    let detail = format!(
        "CONFLICT: Cannot send a new message: Another request (run_id={holder}) is currently being processed for this \
         conversation. Please wait for it to complete."
    );
    let body = serde_json::json!({"detail": detail, "run_id": holder});
    Refusal::whole(StatusCode::CONFLICT, detail, body)
}
