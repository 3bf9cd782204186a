//! The three token operations. Their answers are documented as they are, and nothing is added to them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use letta_api::types::ClientSideAccessTokenPage;

use crate::call::{Call, no_content};
use crate::http::json_body::{is_json, parse};
use crate::http::refusal::Refusal;
use crate::service::account::Account;
use crate::tokens::page::PageRequest;
use crate::tokens::request::TokenRequest;

pub(crate) fn create(call: &Call, account: &Account) -> Result<Response, Refusal> {
    if !is_json(&call.headers) {
        return Err(Refusal::bad_request(
            "the Content-Type header must be application/json",
        ));
    }
    let body = parse(&call.bytes)?;
    let request = TokenRequest::from_json(body, call.now, account.token_rules)?;
    let secret = account.token_form.generate()?;
    let token = account
        .tokens
        .add(secret, call.project.clone(), request, call.now);
    Ok((StatusCode::CREATED, Json(token)).into_response())
}

pub(crate) fn list(call: &Call, account: &Account) -> Result<Response, Refusal> {
    let request = PageRequest::from_query(&call.query)?;
    let (tokens, has_next_page) = account.tokens.page(&call.project, &request);
    let page = ClientSideAccessTokenPage::new(tokens, has_next_page);
    Ok(Json(page).into_response())
}

pub(crate) fn delete(call: &Call, account: &Account) -> Result<Response, Refusal> {
    account.tokens.delete(&call.project, call.path("token"));
    Ok(no_content())
}
