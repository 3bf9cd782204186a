//! Which handler answers which path and method.

use std::sync::Arc;

use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, delete, get, patch, post};
use letta_api::types::AccessRight;

use crate::http::host::{self, Hosts};
use crate::http::refusal::Refusal;
use crate::operation::Operation;
use crate::service::account::Account;
use crate::service::caller::{self, Caller};
use crate::service::gate::{guard, open};
use crate::service::{agents, cors, envelope, health, messages, state, tokens};

pub(crate) fn routes(account: Arc<Account>, hosts: Hosts) -> Router {
    let guard = |operation, handler| guard(&account, operation, handler);
    let open = |right, handler| open(&account, right, handler);
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
        .method_not_allowed_fallback(other_method);
    // No operation, though the published source opens it.
    let update_by_post = match account.token_rules.update_by_post {
        true => open(AccessRight::WriteAgent, post(no_such_method)),
        false => MethodRouter::new(),
    };
    let for_pages = Router::new()
        .route(
            "/v1/agents/{agent_id}",
            guard(Operation::RetrieveAgent, get(agents::retrieve))
                .merge(guard(Operation::ModifyAgent, patch(agents::modify)))
                .merge(update_by_post),
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
        // Such as `cancel`, `async` and one message.
        .route(
            "/v1/agents/{agent_id}/messages/{part}",
            open(AccessRight::ReadMessages, get(not_emulated))
                .merge(open(AccessRight::WriteMessages, post(not_emulated))),
        )
        .method_not_allowed_fallback(other_method)
        .layer(cors::layer(Arc::clone(&account)))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&account),
            cors::check_preflight,
        ));
    let routes = for_servers
        .merge(for_pages)
        .fallback(other_path)
        .with_state(Arc::clone(&account));
    // Round the whole: a router writes `Allow` into an answer after the layers of its routes.
    Router::new()
        .fallback_service(routes)
        .layer(axum::middleware::from_fn_with_state(
            Arc::new(hosts),
            host::check,
        ))
        .layer(axum::middleware::from_fn_with_state(
            account,
            envelope::wrap,
        ))
}

/// What a token is answered at a path that no policy opens, whether or not the path exists.
fn takes_the_key(account: &Account, headers: &HeaderMap) -> Option<Refusal> {
    let credential = caller::bearer(headers).ok()?;
    let is_known = account.tokens.find(credential, account.now()).is_some();
    let is_key = credential == account.api_key.secret().expose_secret();
    // A bare refusal does not tell a token that is unknown from one that may not.
    if !is_known && (is_key || !account.token_rules.bare_refusals) {
        return None;
    }
    let refusal = Caller::from_headers(headers, account, account.now())
        .and_then(|caller| caller.authorize(account, None, None));
    refusal.err()
}

async fn other_path(State(account): State<Arc<Account>>, headers: HeaderMap) -> Refusal {
    takes_the_key(&account, &headers)
        .unwrap_or_else(|| Refusal::not_found("there is nothing at this path"))
}

async fn other_method(State(account): State<Arc<Account>>, headers: HeaderMap) -> Refusal {
    takes_the_key(&account, &headers).unwrap_or_else(Refusal::method_not_allowed)
}

async fn no_such_method() -> Refusal {
    Refusal::method_not_allowed()
}

async fn not_emulated() -> Refusal {
    Refusal::not_emulated()
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
