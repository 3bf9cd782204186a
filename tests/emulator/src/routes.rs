//! Which handler answers which path and method.

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get};

use crate::account::Account;
use crate::refusal::Refusal;
use crate::{envelope, tokens};

pub(crate) fn routes(account: Arc<Account>) -> Router {
    Router::new()
        .route(
            "/v1/client-side-access-tokens",
            get(tokens::list).post(tokens::create),
        )
        .route(
            "/v1/client-side-access-tokens/{token}",
            delete(tokens::delete),
        )
        .fallback(async || Refusal::not_found("there is nothing at this path"))
        .method_not_allowed_fallback(async || Refusal::method_not_allowed())
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&account),
            envelope::wrap,
        ))
        .with_state(account)
}
