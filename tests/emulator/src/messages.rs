//! The operations on an agent's messages.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::account::Account;
use crate::agents::{AgentPath, in_path, not_found};
use crate::cursor_page::CursorPage;
use crate::gate::ModelFails;
use crate::json_body::JsonBody;
use crate::message::Message;
use crate::message_request::MessageRequest;
use crate::refusal::Refusal;
use crate::reply::Reply;

const DEFAULT_LIMIT: usize = 100;

pub(crate) async fn list(
    State(account): State<Arc<Account>>,
    id: AgentPath,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<Value>>, Refusal> {
    let page = CursorPage::from_query(query.as_deref().unwrap_or_default(), DEFAULT_LIMIT)?;
    let listed = account.agents.read(&in_path(id)?, |agent| {
        let messages = page.of(&agent.messages, Message::id)?;
        Ok(Json(messages.into_iter().map(Message::to_wire).collect()))
    });
    listed.ok_or_else(not_found)?
}

pub(crate) async fn send(
    State(account): State<Arc<Account>>,
    model_fails: Option<Extension<ModelFails>>,
    headers: HeaderMap,
    id: AgentPath,
    JsonBody(body): JsonBody,
) -> Result<Response, Refusal> {
    let request = MessageRequest::from_json(&body)?;
    if !request.streaming {
        let reply = reply(&account, id, request, model_fails.is_some())?;
        return Ok(match reply.to_json() {
            Ok(body) => Json(body).into_response(),
            Err(failure) => {
                (StatusCode::TOO_MANY_REQUESTS, Json(failure.to_body())).into_response()
            }
        });
    }
    if !is_current_client(&headers) {
        return Err(Refusal::unprocessable(
            "streaming is for current clients, told by their X-Stainless-Package-Version or User-Agent; \
             others send to /messages/stream",
        ));
    }
    stream_reply(&account, id, request, model_fails.is_some())
}

pub(crate) async fn stream(
    State(account): State<Arc<Account>>,
    model_fails: Option<Extension<ModelFails>>,
    id: AgentPath,
    JsonBody(body): JsonBody,
) -> Result<Response, Refusal> {
    let request = MessageRequest::from_json(&body)?;
    stream_reply(&account, id, request, model_fails.is_some())
}

fn stream_reply(
    account: &Account,
    id: AgentPath,
    request: MessageRequest,
    model_fails: bool,
) -> Result<Response, Refusal> {
    let (by_words, pings) = (request.stream_tokens, request.include_pings);
    let reply = reply(account, id, request, model_fails)?;
    Ok(reply.into_stream(by_words, pings, account.word_delay))
}

fn reply(
    account: &Account,
    id: AgentPath,
    request: MessageRequest,
    model_fails: bool,
) -> Result<Reply, Refusal> {
    let now = account.now();
    account
        .agents
        .change(&in_path(id)?, |agent| {
            Reply::of(agent, request, model_fails, now)
        })
        .ok_or_else(not_found)
}

/// Whether the service takes the caller for a current client of its own.
fn is_current_client(headers: &HeaderMap) -> bool {
    if headers.contains_key("x-stainless-package-version") {
        return true;
    }
    match headers.get(header::USER_AGENT) {
        None => true,
        Some(agent) => agent.to_str().is_ok_and(|agent| {
            agent.starts_with("letta-client/1.") || agent.starts_with("@letta-ai/letta-client/1.")
        }),
    }
}
