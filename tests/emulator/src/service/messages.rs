//! The operations on an agent's messages.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::agents::page::CursorPage;
use crate::agents::reply::{Reply, StreamOptions};
use crate::faults::present::AgentFault;
use crate::http::json_body::JsonBody;
use crate::http::refusal::Refusal;
use crate::messages::message::Message;
use crate::messages::request::MessageRequest;
use crate::service::account::Account;
use crate::service::agents::not_found;

const DEFAULT_LIMIT: usize = 100;

pub(crate) async fn list(
    State(account): State<Arc<Account>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<Value>>, Refusal> {
    let page = CursorPage::from_query(query.as_deref().unwrap_or_default(), DEFAULT_LIMIT)?;
    let listed = account.agents.read(&id, |agent| {
        let messages = page.of_messages(&agent.messages)?;
        Ok(Json(messages.iter().map(Message::to_wire).collect()))
    });
    listed.ok_or_else(not_found)?
}

pub(crate) async fn send(
    State(account): State<Arc<Account>>,
    fault: Option<Extension<AgentFault>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Response, Refusal> {
    let request = MessageRequest::from_json(&body)?;
    let fault = fault.map(|Extension(fault)| fault);
    if !request.streaming {
        let reply = reply(&account, &id, request, fault)?;
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
    stream_reply(account, &id, request, fault)
}

pub(crate) async fn stream(
    State(account): State<Arc<Account>>,
    fault: Option<Extension<AgentFault>>,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Response, Refusal> {
    let request = MessageRequest::from_json(&body)?;
    stream_reply(account, &id, request, fault.map(|Extension(fault)| fault))
}

fn stream_reply(
    account: Arc<Account>,
    id: &str,
    request: MessageRequest,
    fault: Option<AgentFault>,
) -> Result<Response, Refusal> {
    let options = StreamOptions {
        by_words: request.stream_tokens,
        word_delay: account.word_delay,
        pings: request.include_pings,
        breaks_off: false,
    };
    let reply = reply(&account, id, request, fault)?;
    Ok(reply.into_stream(account.clock(), options))
}

fn reply(
    account: &Account,
    id: &str,
    request: MessageRequest,
    fault: Option<AgentFault>,
) -> Result<Reply, Refusal> {
    let now = account.now();
    let model_fails = fault == Some(AgentFault::ModelFails);
    account
        .agents
        .change(id, |agent| Reply::of(agent, request, model_fails, now))
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
