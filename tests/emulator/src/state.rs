//! All that an emulator holds, to look at; without secrets.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::agent::Agent;
use crate::caller::Caller;
use crate::expiry;
use crate::message::Message;
use crate::project::Project;
use crate::refusal::Refusal;
use crate::token_store::IssuedToken;

const REDACTED: &str = "[redacted]";

/// At a path of the emulator's own, for whoever has the API key.
pub(crate) async fn show(
    State(account): State<Arc<Account>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    match Caller::from_headers(&headers, &account, account.now())? {
        Caller::Server { .. } => Ok(Json(dump(&account))),
        Caller::Page { .. } => Err(Refusal::takes_the_key()),
    }
}

pub(crate) fn dump(account: &Account) -> Value {
    let now = account.now();
    let mut requests: Map<String, Value> = Map::new();
    for ((operation, answered), count) in account.answers() {
        let answered = answered.map_or_else(|| "none".to_owned(), |status| status.to_string());
        let of_operation = requests
            .entry(operation.as_str())
            .or_insert_with(|| json!({}));
        of_operation[answered] = json!(count);
    }
    let tokens = account.tokens.snapshot(now);
    let mut state = json!({
        "now": expiry::to_wire(now),
        "agents": account.agents.read_all(|agents| agents.iter().map(agent).collect::<Vec<_>>()),
        "tokens": tokens.iter().map(token).collect::<Vec<_>>(),
        "requests": requests,
        "faults": account.faults.present().iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    // Somebody may have put a secret where none belongs, as into a message.
    let mut secrets = account.tokens.secrets();
    secrets.push(account.api_key.secret().expose_secret().to_owned());
    redact(&mut state, &secrets);
    state
}

fn agent(agent: &Agent) -> Value {
    let messages = agent.messages();
    json!({
        "id": agent.id(),
        "name": agent.name(),
        "description": agent.description(),
        "messages": messages.iter().map(message).collect::<Vec<_>>(),
    })
}

fn message(message: &Message) -> Value {
    json!({
        "message_type": message.kind().as_str(),
        "content": message.text(),
    })
}

fn token(token: &IssuedToken) -> Value {
    json!({
        "token": REDACTED,
        "project": match token.project() {
            Project::Default => Value::Null,
            Project::Slug(name) | Project::Id(name) => json!(name),
        },
        "hostname": token.hostname_to_show(),
        "policy": token.policy(),
        "expiresAt": token.to_wire().expires_at,
        "live": token.is_live(),
    })
}

/// Cuts secrets out of all values. The names of members are the emulator's own.
fn redact(value: &mut Value, secrets: &[String]) {
    match value {
        Value::String(text) => {
            for secret in secrets {
                if text.contains(secret.as_str()) {
                    *text = text.replace(secret.as_str(), REDACTED);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, secrets)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| redact(member, secrets)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
