//! Which handler answers which path and method.

use std::sync::Arc;

use axum::Router;
use axum::extract::OriginalUri;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, patch, post};

use crate::account::Account;
use crate::gate::guard;
use crate::host::{self, Hosts};
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::{agents, cors, envelope, health, messages, state, tokens};

pub(crate) fn routes(account: Arc<Account>, hosts: Hosts) -> Router {
    let guard = |operation, handler| guard(&account, operation, handler);
    let for_servers = Router::new()
        .route(
            "/v1/client-side-access-tokens",
            guard(Operation::ListTokens, get(tokens::list))
                .merge(guard(Operation::CreateToken, post(tokens::create))),
        )
        .route(
            "/v1/client-side-access-tokens/{token}",
            guard(Operation::DeleteToken, delete(tokens::delete)),
        )
        .route(
            "/v1/agents/",
            guard(Operation::ListAgents, get(agents::list))
                .merge(guard(Operation::CreateAgent, post(agents::create))),
        )
        .route("/v1/agents", any(with_closing_slash))
        .route("/v1/health", any(with_closing_slash))
        .route("/v1/health/", get(health::check))
        .route("/_emulator/state", get(state::show))
        .method_not_allowed_fallback(async || Refusal::method_not_allowed());
    let for_pages = Router::new()
        .route(
            "/v1/agents/{agent_id}",
            guard(Operation::RetrieveAgent, get(agents::retrieve))
                .merge(guard(Operation::ModifyAgent, patch(agents::modify))),
        )
        .route(
            "/v1/agents/{agent_id}/messages",
            guard(Operation::ListMessages, get(messages::list))
                .merge(guard(Operation::SendMessage, post(messages::send))),
        )
        .route(
            "/v1/agents/{agent_id}/messages/stream",
            guard(Operation::StreamMessage, post(messages::stream)),
        )
        .method_not_allowed_fallback(async || Refusal::method_not_allowed())
        .layer(cors::layer(Arc::clone(&account)))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&account),
            cors::check_preflight,
        ));
    for_servers
        .merge(for_pages)
        .fallback(async || Refusal::not_found("there is nothing at this path"))
        .layer(axum::middleware::from_fn_with_state(
            Arc::new(hosts),
            host::check,
        ))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&account),
            envelope::wrap,
        ))
        .with_state(account)
}

/// Sends the caller to the same path with a slash behind it, as the self-hosted server does.
async fn with_closing_slash(OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Response {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| uri.authority().map(|authority| authority.as_str()));
    let origin = host.map_or_else(String::new, |host| format!("http://{host}"));
    let query = uri
        .query()
        .map_or_else(String::new, |query| format!("?{query}"));
    let location = format!("{origin}{}/{query}", uri.path());
    (
        StatusCode::TEMPORARY_REDIRECT,
        [(header::LOCATION, location)],
    )
        .into_response()
}
