//! What a browser is told: which pages may ask, what, and whether they may read the answer.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::http::refusal::Refusal;
use crate::service::account::Account;
use crate::service::caller;

/// How long a browser may remember the answer to a preflight.
const MAX_AGE: Duration = Duration::from_secs(600);

/// As [`MAX_AGE`], with the rules of the published source.
const PUBLISHED_MAX_AGE: Duration = Duration::from_secs(86_400);

/// What a page may send: all that the official clients do, of both generations, beside what browsers set
/// themselves.
const REQUEST_HEADERS: [HeaderName; 21] = [
    header::ACCEPT,
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    // Some browsers let a script set it.
    header::USER_AGENT,
    HeaderName::from_static("x-fern-language"),
    HeaderName::from_static("x-fern-runtime"),
    HeaderName::from_static("x-fern-runtime-version"),
    HeaderName::from_static("x-fern-sdk-name"),
    HeaderName::from_static("x-fern-sdk-version"),
    HeaderName::from_static("x-project"),
    HeaderName::from_static("x-project-id"),
    HeaderName::from_static("x-stainless-arch"),
    HeaderName::from_static("x-stainless-async"),
    HeaderName::from_static("x-stainless-lang"),
    HeaderName::from_static("x-stainless-os"),
    HeaderName::from_static("x-stainless-package-version"),
    HeaderName::from_static("x-stainless-read-timeout"),
    HeaderName::from_static("x-stainless-retry-count"),
    HeaderName::from_static("x-stainless-runtime"),
    HeaderName::from_static("x-stainless-runtime-version"),
    HeaderName::from_static("x-stainless-timeout"),
];

/// What a page may read of an answer, beside what every page may.
const RESPONSE_HEADERS: [HeaderName; 3] = [
    header::DATE,
    header::RETRY_AFTER,
    HeaderName::from_static("x-request-id"),
];

/// Writes the headers that browsers go by.
pub(crate) fn layer(account: Arc<Account>) -> CorsLayer {
    let rules = account.token_rules;
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, request| {
            may_read(&account, origin, request)
        }))
        // The source names `Authorization` alone. No page could send JSON then, so this is not taken over.
        .allow_headers(REQUEST_HEADERS)
        .expose_headers(RESPONSE_HEADERS)
        // Whether a page may read the answer hangs on both.
        .vary([header::ORIGIN, header::AUTHORIZATION]);
    if rules.any_origin {
        layer
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
            .allow_credentials(true)
            .max_age(PUBLISHED_MAX_AGE)
    } else {
        layer
            .allow_methods([Method::GET, Method::POST, Method::PATCH])
            .max_age(MAX_AGE)
    }
}

/// Whether a page of this origin may read the answer: one that a token was made for, and not another than
/// that of the token that it shows. No page may read what the API key opens, which has no place in one.
fn may_read(account: &Account, origin: &HeaderValue, request: &Parts) -> bool {
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let shown = caller::bearer(&request.headers).ok();
    if shown == Some(account.api_key.secret().expose_secret()) {
        return false;
    }
    match shown.and_then(|secret| account.tokens.find(secret, account.now())) {
        // The source answers with the hostname as it was given, which a browser compares with its page's origin.
        Some(shown) if account.token_rules.any_origin => shown.token().hostname() == origin,
        Some(shown) => shown.token().origin() == origin,
        None => account.tokens.knows_origin(origin),
    }
}

/// Refuses a preflight from an origin that no token was made for, and says so; and an `OPTIONS` that is not a preflight.
/// Left to [`layer`], both would succeed without the headers, and whoever looks for the reason would find
/// none.
pub(crate) async fn check_preflight(
    State(account): State<Arc<Account>>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() == Method::OPTIONS
        && let Err(refusal) = preflight_is_good(&account, request.headers())
    {
        return refusal.into_response();
    }
    next.run(request).await
}

fn preflight_is_good(account: &Account, headers: &HeaderMap) -> Result<(), Refusal> {
    let method = headers.get(header::ACCESS_CONTROL_REQUEST_METHOD);
    let (Some(origin), Some(_)) = (headers.get(header::ORIGIN), method) else {
        return Err(Refusal::bad_request(
            "OPTIONS is for a preflight, which has Origin and Access-Control-Request-Method",
        ));
    };
    let origin = origin.to_str().unwrap_or_default();
    if !account.tokens.knows_origin(origin) {
        return Err(Refusal::forbidden(
            "no client-side token was made for the origin of this page",
        ));
    }
    Ok(())
}
