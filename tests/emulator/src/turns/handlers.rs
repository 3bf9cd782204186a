//! The operations that take part in turns: sending, reading again, cancelling.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use letta_api::types::{
    AgentId, ConversationId, Run, RunId, RunRequestConfig, RunStatus, StopReasonType,
};
use serde_json::{Map, Value};

use crate::call::{Call, ok, ok_value, written};
use crate::faults::present::AgentFault;
use crate::http::refusal::Refusal;
use crate::id;
use crate::resources::agents;
use crate::script::act::Act;
use crate::script::model_failure::ModelFailure;
use crate::stream::respond::{KeepAlive, StreamOptions, respond};
use crate::turns::begin::{begin, denied};
use crate::turns::live::LiveRun;
use crate::turns::said::{Options, Said};
use crate::turns::speech;
use crate::turns::stage::Stage;
use crate::turns::turn::{Mode, Told, Turn};
use crate::world::World;
use crate::world::run::RunRecord;
use crate::world::thread::ThreadKey;

type Answer = Result<Response, Refusal>;

/// Where something is said.
struct Target {
    agent: AgentId,
    key: ThreadKey,
    conversation: Option<ConversationId>,
    /// What only one run at a time may hold. The agent's own path has no lock.
    lock: Option<String>,
    /// Whether the `otid`s of a JSON request are noted.
    notes_json: bool,
    /// Whether a run of JSON is told when it is over.
    closes_json: bool,
    /// As runs have it in their metadata.
    run_type: &'static str,
    /// Whether the agent's own path is asked.
    is_of_agent: bool,
}

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
        let (turn, beginning) = begin_turn(&stage, &call, &target, said, Mode::Json, true);
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

/// Deletes an agent, and forgets how far it has come in its script.
pub(crate) fn delete_agent(stage: Arc<Stage>, call: Call) -> BoxFuture<'static, Answer> {
    async move {
        let answer = agents::delete(&call, &mut stage.world())?;
        stage.parts().forget(call.path("agent_id"));
        Ok(answer)
    }
    .boxed()
}

fn mode_of(call: &Call) -> Mode {
    match call.json().get("stream_tokens").and_then(Value::as_bool) {
        Some(true) => Mode::Tokens,
        _ => Mode::Steps,
    }
}

fn of_agent(world: &World, id: &str, run_type: &'static str) -> Result<Target, Refusal> {
    let agent = agents::found(world, id)?.state.id.clone();
    Ok(Target {
        key: ThreadKey::Agent(agent.clone()),
        agent,
        conversation: None,
        lock: None,
        notes_json: false,
        closes_json: true,
        run_type,
        is_of_agent: true,
    })
}

/// The conversation of the path, or the agent's own thread: `default` with an agent, or the agent's ID as that of a
/// conversation.
fn of_conversation(stage: &Stage, call: &Call) -> Result<Target, Refusal> {
    let id = call.path("conversation_id");
    let mut world = stage.world();
    if let Some(agent) = direct(id, call.json().get("agent_id").and_then(Value::as_str)) {
        let target = of_agent(&world, agent, "send_message")?;
        return Ok(Target {
            lock: Some(target.agent.to_string()),
            notes_json: true,
            closes_json: false,
            is_of_agent: false,
            ..target
        });
    }
    let Some(record) = world.conversations.get_mut(id) else {
        return Err(Refusal::no_such("Conversation", id));
    };
    record.conversation.last_message_at = Some(written(call.now));
    let conversation = record.conversation.id.clone();
    Ok(Target {
        agent: record.conversation.agent_id.clone(),
        key: ThreadKey::Conversation(conversation.clone()),
        lock: Some(conversation.to_string()),
        conversation: Some(conversation),
        notes_json: false,
        closes_json: false,
        run_type: "send_conversation_message",
        is_of_agent: false,
    })
}

/// The agent whose own thread is meant by the ID of a conversation.
fn direct<'a>(conversation: &'a str, agent: Option<&'a str>) -> Option<&'a str> {
    match conversation {
        "default" => agent,
        id if id.starts_with("agent-") => Some(id),
        _ => None,
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
    let (turn, beginning) = begin_turn_as(&stage, call, &target, said, mode, background, run);
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

fn begin_turn(
    stage: &Arc<Stage>,
    call: &Call,
    target: &Target,
    said: Said,
    mode: Mode,
    background: bool,
) -> (
    Turn,
    Result<crate::turns::begin::Beginning, crate::turns::begin::Trouble>,
) {
    let run = RunId::from(id::generate("run"));
    begin_turn_as(stage, call, target, said, mode, background, run)
}

fn begin_turn_as(
    stage: &Arc<Stage>,
    call: &Call,
    target: &Target,
    said: Said,
    mode: Mode,
    background: bool,
    run: RunId,
) -> (
    Turn,
    Result<crate::turns::begin::Beginning, crate::turns::begin::Trouble>,
) {
    let now = call.now;
    let options: Options = said.options.clone();
    let is_json = mode == Mode::Json;
    let otids = said.otids.clone();
    let live = Arc::new(LiveRun::new(run.to_string(), background && !is_json));
    let mut world = stage.world();
    let _ = world.runs.insert(RunRecord {
        run: new_run(&run, call, target, is_json, background),
        thread: target.key.clone(),
    });
    {
        let mut lives = stage.live();
        lives.begin(&live, target.agent.as_str(), now);
        if !is_json || target.notes_json {
            for otid in &otids {
                lives.note_otid(otid, run.as_str(), now);
            }
            if otids.len() > 1 {
                lives.note_otid(&token(&otids), run.as_str(), now);
            }
        }
    }
    let beginning = begin(
        stage,
        &mut world,
        &target.key,
        &target.agent,
        &run,
        said,
        now,
    );
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

/// The events of a run after so many of them.
async fn read(stage: &Stage, run: &Arc<LiveRun>, after: usize, pings: bool) -> Response {
    let id = run.id.clone();
    let clock = Arc::clone(&stage.clock);
    let keep_alive: Option<KeepAlive> = pings.then(|| {
        let clock = Arc::clone(&clock);
        let ping: KeepAlive = Box::new(move |last| {
            let now = crate::clock::timestamp(clock.now());
            crate::stream::event::StreamEvent::new(speech::ping(&id, last, now).to_string(), last)
        });
        ping
    });
    let events = Arc::clone(run).read(after);
    respond(events, StreamOptions { clock, keep_alive }).await
}

fn busy(holder: &str) -> Refusal {
    let detail = format!(
        "CONFLICT: Cannot send a new message: Another request (run_id={holder}) is currently being processed for this \
         conversation. Please wait for it to complete."
    );
    let body = serde_json::json!({"detail": detail, "run_id": holder});
    Refusal::whole(StatusCode::CONFLICT, detail, body)
}

fn no_background() -> Refusal {
    Refusal::detail(
        StatusCode::SERVICE_UNAVAILABLE,
        "INTERNAL_SERVER_ERROR: Background streaming requires Redis to be running. Please ensure Redis is properly \
         configured.",
    )
}

fn not_in_background() -> Refusal {
    Refusal::detail(
        StatusCode::BAD_REQUEST,
        "INVALID_ARGUMENT: Run was not created in background mode, so it cannot be retrieved.",
    )
}

pub(crate) fn resume_run_stream(stage: Arc<Stage>, call: Call) -> BoxFuture<'static, Answer> {
    async move {
        if !stage.settings.background_runs {
            return Err(no_background());
        }
        let run = resumable(&stage, &call, call.path("run_id"))?;
        resume(&stage, &call, &run).await
    }
    .boxed()
}

pub(crate) fn resume_conversation_stream(
    stage: Arc<Stage>,
    call: Call,
) -> BoxFuture<'static, Answer> {
    async move {
        if !stage.settings.background_runs {
            return Err(no_background());
        }
        let body = call.json();
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let run = if let Some(run) = text("run_id") {
            let known = stage.world().runs.get(run).map(|it| it.run.background);
            match known {
                None => return Err(Refusal::no_such("Run", run)),
                Some(_) => readable(&stage, &call, run)?,
            }
        } else if let Some(otid) = text("otid") {
            let run = stage.live().by_otid(otid, call.now);
            let run = run.ok_or_else(|| {
                Refusal::detail(
                    StatusCode::NOT_FOUND,
                    "No run found for this otid. The run may have expired or never existed.",
                )
            })?;
            readable(&stage, &call, &run)?
        } else {
            let run = active(&stage, &call)?;
            resumable(&stage, &call, &run)?
        };
        resume(&stage, &call, &run).await
    }
    .boxed()
}

/// The newest run of a conversation that is not over.
fn active(stage: &Stage, call: &Call) -> Result<String, Refusal> {
    let id = call.path("conversation_id");
    let agent = direct(id, call.json().get("agent_id").and_then(Value::as_str));
    let world = stage.world();
    let found = world.runs.iter().rev().find(|it| {
        let is_meant = match agent {
            Some(agent) => it.run.agent_id.as_str() == agent,
            None => it
                .run
                .conversation_id
                .as_ref()
                .is_some_and(|it| it.as_str() == id),
        };
        is_meant && is_active(&it.run)
    });
    found.map(|it| it.run.id.to_string()).ok_or_else(|| {
        Refusal::detail(
            StatusCode::BAD_REQUEST,
            "INVALID_ARGUMENT: No active runs found for this conversation.",
        )
    })
}

fn is_active(run: &Run) -> bool {
    matches!(run.status, Some(RunStatus::Created | RunStatus::Running))
}

/// A run in background that can be read again.
fn resumable(stage: &Stage, call: &Call, id: &str) -> Result<Arc<LiveRun>, Refusal> {
    let background = {
        let world = stage.world();
        let run = world.runs.get(id);
        run.ok_or_else(|| Refusal::no_such("Run", id))?
            .run
            .background
    };
    if background != Some(true) {
        return Err(not_in_background());
    }
    readable(stage, call, id)
}

/// A run that can be read again. One that is not in background never says anything.
fn readable(stage: &Stage, call: &Call, id: &str) -> Result<Arc<LiveRun>, Refusal> {
    let created = {
        let world = stage.world();
        let run = world
            .runs
            .get(id)
            .ok_or_else(|| Refusal::no_such("Run", id))?;
        run.run.created_at.clone().unwrap_or_default()
    };
    let created: jiff::Timestamp = created.parse().unwrap_or(call.now);
    if call.now.duration_since(created) > crate::turns::live::KEPT {
        return Err(Refusal::detail(
            StatusCode::GONE,
            "EXPIRED: Run was created more than 3 hours ago, and is now expired.",
        ));
    }
    Ok(match stage.live().run(id) {
        Some(run) if run.background => Arc::clone(run),
        _ => Arc::new(LiveRun::new(id.to_owned(), false)),
    })
}

async fn resume(stage: &Stage, call: &Call, run: &Arc<LiveRun>) -> Answer {
    let body = call.json();
    match body.get("batch_size").and_then(Value::as_i64) {
        // As the server, which cannot read in pieces of none, and never gets to the end in pieces of one.
        Some(..=0) => {
            return Err(Refusal::detail(
                StatusCode::INTERNAL_SERVER_ERROR,
                "An unknown error occurred",
            ));
        }
        Some(1) => {
            let silent = Arc::new(LiveRun::new(run.id.clone(), false));
            return Ok(read(stage, &silent, 0, wants_pings(body)).await);
        }
        _ => {}
    }
    let after = body
        .get("starting_after")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    let after = usize::try_from(after).unwrap_or(usize::MAX);
    Ok(read(stage, run, after, wants_pings(body)).await)
}

fn wants_pings(body: &Value) -> bool {
    body.get("include_pings")
        .and_then(Value::as_bool)
        .unwrap_or_default()
}

pub(crate) fn cancel_runs(stage: Arc<Stage>, call: Call) -> BoxFuture<'static, Answer> {
    async move {
        let agent = call.path("agent_id");
        let asked = call.json().get("run_ids").and_then(Value::as_array);
        let mut runs: Vec<String> = asked
            .into_iter()
            .flatten()
            .filter_map(|it| it.as_str().map(str::to_owned))
            .collect();
        if runs.is_empty() {
            runs.extend(stage.live().newest(agent).map(str::to_owned));
        }
        if runs.is_empty() {
            return Err(none_active("agent", agent));
        }
        Ok(ok_value(cancel(&stage, &runs).into()))
    }
    .boxed()
}

pub(crate) fn cancel_conversation(stage: Arc<Stage>, call: Call) -> BoxFuture<'static, Answer> {
    async move {
        let id = call.path("conversation_id");
        let agent = call.query("agent_id");
        let agent = direct(id, agent.as_deref());
        let runs: Vec<String> = {
            let world = stage.world();
            if agent.is_none() && !world.conversations.contains(id) {
                return Err(Refusal::no_such("Conversation", id));
            }
            let meant = world.runs.iter().rev().filter(|it| match agent {
                Some(agent) => it.run.agent_id.as_str() == agent,
                None => it
                    .run
                    .conversation_id
                    .as_ref()
                    .is_some_and(|it| it.as_str() == id),
            });
            let active = meant.filter(|it| is_active(&it.run));
            active.take(100).map(|it| it.run.id.to_string()).collect()
        };
        if runs.is_empty() {
            return Err(none_active("conversation", id));
        }
        Ok(ok_value(cancel(&stage, &runs).into()))
    }
    .boxed()
}

fn none_active(what: &str, id: &str) -> Refusal {
    let of = crate::http::refusal::shown_id(id).unwrap_or("of this ID");
    Refusal::detail(
        StatusCode::CONFLICT,
        format!("CONFLICT: No active runs to cancel for {what} {of}"),
    )
}

/// Cancels runs. The answer is `cancelled` for a run that was over before, too, which stays as it was.
fn cancel(stage: &Stage, runs: &[String]) -> Map<String, Value> {
    let mut answer = Map::new();
    for id in runs {
        let mut world = stage.world();
        let Some(record) = world.runs.get_mut(id) else {
            answer.insert(id.clone(), "failed".into());
            continue;
        };
        answer.insert(id.clone(), "cancelled".into());
        if !matches!(
            record.run.stop_reason,
            None | Some(StopReasonType::RequiresApproval)
        ) {
            continue;
        }
        record.run.status = Some(RunStatus::Cancelled);
        record.run.stop_reason = Some(StopReasonType::Cancelled);
        let run = record.run.id.clone();
        let agent = record.run.agent_id.clone();
        if let Some(live) = stage.live().run(id) {
            live.cancel();
        }
        // What waits in the agent's own thread is denied by that, whichever run it waits for.
        let thread = world.thread_mut(&ThreadKey::Agent(agent));
        if let Some(thread) = thread
            && let Some(pending) = thread.pending.take()
        {
            thread.answered(&pending);
            thread.messages.extend(denied(&pending, &run, stage.now()));
        }
    }
    answer
}
