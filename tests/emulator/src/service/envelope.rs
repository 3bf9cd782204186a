//! What is the same for every exchange: the body is read before the answer, and the answer has an ID
//! and a date.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::body::read_body;
use crate::service::account::Account;

pub(crate) async fn wrap(
    State(account): State<Arc<Account>>,
    request: Request,
    next: Next,
) -> Response {
    let number = account.count_request();
    let mut response = match read_body(request).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };

    if response.status() == StatusCode::UNAUTHORIZED {
        // Who may not call learns nothing of what there is to call.
        response.headers_mut().remove(header::ALLOW);
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(format!("req-{number:08}")) {
        headers.insert("x-request-id", id);
    }
    // hyper adds the machine's own date to an answer that has none.
    if let Ok(date) =
        jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&account.now())
        && let Ok(date) = HeaderValue::try_from(date)
    {
        headers.insert(header::DATE, date);
    }
    response
}
