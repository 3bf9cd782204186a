//! The operations on agents.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::agents::agent::{Agent, NewAgent, Profile};
use crate::agents::page::CursorPage;
use crate::http::json_body::JsonBody;
use crate::http::refusal::Refusal;
use crate::service::account::Account;

const DEFAULT_LIMIT: usize = 50;

pub(crate) async fn create(
    State(account): State<Arc<Account>>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Refusal> {
    let mut agent = NewAgent::with_generated_id();
    agent.profile.name = "Agent".to_owned();
    set(&mut agent.profile, object(&body)?)?;
    let agent = account
        .agents
        .add(agent, account.now())
        .map_err(|_| Refusal::bad_request("an agent with this ID already exists"))?;
    Ok(Json(agent.to_wire()))
}

pub(crate) async fn list(
    State(account): State<Arc<Account>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<Value>>, Refusal> {
    let query = query.unwrap_or_default();
    let page = CursorPage::from_query(&query, DEFAULT_LIMIT)?;
    let names: Vec<_> = form_urlencoded::parse(query.as_bytes())
        .filter(|(parameter, _)| parameter == "name")
        .map(|(_, name)| name)
        .collect();
    account.agents.read_all(|agents| {
        let named = agents
            .iter()
            .filter(|agent| names.iter().all(|name| agent.name() == name));
        let agents = page.of(named, Agent::id)?;
        Ok(Json(agents.into_iter().map(Agent::to_wire).collect()))
    })
}

pub(crate) async fn retrieve(
    State(account): State<Arc<Account>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let agent = account.agents.read(&id, Agent::to_wire);
    Ok(Json(agent.ok_or_else(not_found)?))
}

pub(crate) async fn modify(
    State(account): State<Arc<Account>>,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Refusal> {
    let now = account.now();
    let changed = account.agents.change(&id, |agent| {
        // As a whole or not at all.
        let mut profile = agent.profile.clone();
        set(&mut profile, object(&body)?)?;
        agent.profile = profile;
        agent.updated_at = now;
        Ok(Json(agent.to_wire()))
    });
    changed.ok_or_else(not_found)?
}

pub(crate) fn not_found() -> Refusal {
    Refusal::not_found("there is no such agent")
}

fn object(body: &Value) -> Result<&Map<String, Value>, Refusal> {
    body.as_object()
        .ok_or_else(|| Refusal::unprocessable("the body must be a JSON object"))
}

/// Sets what `fields` has of a profile. `null` counts as left out. The error names a field of another type,
/// and some fields may be set by then.
fn set(profile: &mut Profile, fields: &Map<String, Value>) -> Result<(), Refusal> {
    let given = |name: &str| fields.get(name).filter(|value| !value.is_null());
    let text = |name: &str| match given(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::unprocessable(&format!("{name} must be a string"))),
    };
    if let Some(name) = text("name")? {
        if name.trim().is_empty() {
            return Err(Refusal::unprocessable("name must not be empty"));
        }
        profile.name = name;
    }
    if let Some(description) = text("description")? {
        profile.description = Some(description);
    }
    if let Some(system) = text("system")? {
        profile.system = system;
    }
    if let Some(model) = text("model")? {
        profile.model = model;
    }
    if let Some(tags) = given("tags") {
        let tags = tags.as_array().and_then(|tags| {
            let texts = tags.iter().map(|tag| tag.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>()
        });
        profile.tags =
            tags.ok_or_else(|| Refusal::unprocessable("tags must be an array of strings"))?;
    }
    if let Some(metadata) = given("metadata") {
        let metadata = metadata
            .as_object()
            .ok_or_else(|| Refusal::unprocessable("metadata must be an object"))?;
        profile.metadata = Some(metadata.clone());
    }
    Ok(())
}
