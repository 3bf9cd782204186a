//! The three token operations.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::StatusCode;
use letta_api::types::{ClientSideAccessToken, ClientSideAccessTokenPage};

use crate::http::json_body::JsonBody;
use crate::http::refusal::Refusal;
use crate::service::account::Account;
use crate::service::caller::Caller;
use crate::tokens::page::PageRequest;
use crate::tokens::request::TokenRequest;

pub(crate) async fn create(
    Extension(caller): Extension<Caller>,
    State(account): State<Arc<Account>>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<ClientSideAccessToken>), Refusal> {
    let now = account.now();
    let request = TokenRequest::from_json(body, now, account.token_rules)?;
    let secret = account.token_form.generate()?;
    let token = account
        .tokens
        .add(secret, caller.project().clone(), request, now);
    Ok((StatusCode::CREATED, Json(token)))
}

pub(crate) async fn list(
    Extension(caller): Extension<Caller>,
    State(account): State<Arc<Account>>,
    RawQuery(query): RawQuery,
) -> Result<Json<ClientSideAccessTokenPage>, Refusal> {
    let request = PageRequest::from_query(query.as_deref().unwrap_or_default())?;
    let (tokens, has_next_page) = account.tokens.page(caller.project(), &request);
    Ok(Json(ClientSideAccessTokenPage::new(tokens, has_next_page)))
}

pub(crate) async fn delete(
    Extension(caller): Extension<Caller>,
    State(account): State<Arc<Account>>,
    Path(token): Path<String>,
) -> StatusCode {
    account.tokens.delete(caller.project(), &token);
    StatusCode::NO_CONTENT
}
