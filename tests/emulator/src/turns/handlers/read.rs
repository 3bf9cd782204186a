//! Reading the events of a run: as they come, and again.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::Answer;
use super::target::{direct, going_on};
use crate::call::Call;
use crate::clock;
use crate::http::refusal::Refusal;
use crate::stream::event::StreamEvent;
use crate::stream::respond::{KeepAlive, StreamOptions, respond};
use crate::turns::live::{KEPT, LiveRun};
use crate::turns::speech;
use crate::turns::stage::Stage;

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

/// The events of a run after so many of them.
pub(super) async fn read(stage: &Stage, run: &Arc<LiveRun>, after: usize, pings: bool) -> Response {
    let id = run.id.clone();
    let clock = Arc::clone(&stage.clock);
    let keep_alive: Option<KeepAlive> = pings.then(|| {
        let clock = Arc::clone(&clock);
        let ping: KeepAlive = Box::new(move |last| {
            let now = clock::timestamp(clock.now());
            StreamEvent::new(speech::ping(&id, last, now).to_string(), last)
        });
        ping
    });
    let events = Arc::clone(run).read(after);
    respond(events, StreamOptions { clock, keep_alive }).await
}

/// The newest run of a conversation that is not over.
fn active(stage: &Stage, call: &Call) -> Result<String, Refusal> {
    let id = call.path("conversation_id");
    let agent = direct(id, call.json().get("agent_id").and_then(Value::as_str));
    let world = stage.world();
    let newest = going_on(&world, id, agent).next();
    newest.map(|run| run.id.to_string()).ok_or_else(|| {
        Refusal::detail(
            StatusCode::BAD_REQUEST,
            "INVALID_ARGUMENT: No active runs found for this conversation.",
        )
    })
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
    if call.now.duration_since(created) > KEPT {
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

pub(super) fn no_background() -> Refusal {
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
