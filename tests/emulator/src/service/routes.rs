//! Which handler answers which path and method.

use std::sync::Arc;

use axum::Router;
use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, delete, get, patch, post, put};
use letta_api::types::AccessRight;
use letta_api::{Operation, operations};

use crate::http::host::{self, Hosts};
use crate::http::refusal::Refusal;
use crate::operation;
use crate::service::account::Account;
use crate::service::caller::{self, Caller};
use crate::service::gate::open;
use crate::service::{cors, envelope, gate, page, state};

pub(crate) fn routes(account: Arc<Account>, hosts: Hosts) -> Router {
    let open = |right, handler| open(&account, right, handler);
    let (mut for_pages, mut for_servers) = (Router::new(), Router::new());
    for (path, operations) in paths() {
        let mut methods = MethodRouter::new();
        for operation in &operations {
            methods = methods.merge(answered(&account, *operation));
        }
        if operations.iter().any(|it| operation::right(it).is_some()) {
            // No operation, though the published source opens it.
            if account.token_rules.update_by_post && path == operations::UPDATE_AGENT.path_template
            {
                methods = methods.merge(open(AccessRight::WriteAgent, post(no_such_method)));
            }
            for_pages = for_pages.route(path, methods);
        } else {
            for_servers = for_servers.route(path, methods);
            // The self-hosted server answers so at each of these.
            if let Some(bare) = path.strip_suffix('/') {
                for_servers = for_servers.route(bare, any(with_closing_slash));
            }
        }
    }
    let for_servers = for_servers
        .route("/_emulator/state", get(state::show))
        .route("/_emulator", get(with_closing_slash))
        .route("/_emulator/", get(page::page))
        .route("/_emulator/changes", get(page::changes))
        .method_not_allowed_fallback(other_method);
    let for_pages = for_pages
        // Such as one message.
        .route(
            "/v1/agents/{agent_id}/messages/{part}",
            open(AccessRight::ReadMessages, get(not_described))
                .merge(open(AccessRight::WriteMessages, post(not_described))),
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

/// The operations of the description by path. Of the two names that some have, one stands here.
fn paths() -> Vec<(&'static str, Vec<Operation>)> {
    let mut paths: Vec<(&str, Vec<Operation>)> = Vec::new();
    for operation in operations::ALL {
        let of_path = match paths
            .iter_mut()
            .find(|(path, _)| *path == operation.path_template)
        {
            Some((_, of_path)) => of_path,
            None => {
                paths.push((operation.path_template, Vec::new()));
                let (_, of_path) = paths.last_mut().expect("one was added");
                of_path
            }
        };
        if of_path.iter().all(|it| it.method != operation.method) {
            of_path.push(**operation);
        }
    }
    paths
}

/// What answers a request for an operation.
fn answered(account: &Arc<Account>, operation: Operation) -> MethodRouter<Arc<Account>> {
    // It needs no key, and no fault strikes it: who waits for the emulator asks for it.
    if operation.id == operations::CHECK_HEALTH.id {
        return get(health);
    }
    let account = Arc::clone(account);
    let handler = move |path: gate::PathParams, request: Request| {
        gate::pass(Arc::clone(&account), operation, path, request)
    };
    match operation.method {
        "GET" => get(handler),
        "POST" => post(handler),
        "PUT" => put(handler),
        "PATCH" => patch(handler),
        "DELETE" => delete(handler),
        other => unreachable!("no operation has the method {other}"),
    }
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

async fn health() -> Response {
    crate::resources::health::healthy()
}

async fn no_such_method() -> Refusal {
    Refusal::method_not_allowed()
}

async fn not_described() -> Refusal {
    Refusal::not_emulated("an operation that is not in the description")
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
