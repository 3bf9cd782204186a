//! Detects requests that another site's page makes in the user's name.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use letta_api_ext::token_endpoint::{Problem, check_same_origin};

use crate::App;

/// A request that a page of this application made. Others are answered 403. For the forms: the token endpoint
/// checks this itself.
pub(crate) struct SameOrigin;

impl FromRequestParts<App> for SameOrigin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        check_same_origin(&parts.headers, app.origin()).map(|()| Self)
    }
}

/// Redirects a request for another name, such as `localhost`, to the origin that tokens are made for. It also
/// keeps out a site whose name an attacker has pointed at this machine.
pub(crate) async fn own_host_only(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    let uri = request.uri();
    let host = request.headers().get(header::HOST);
    let host = uri
        .authority()
        .map(|authority| authority.as_str())
        .or_else(|| host.and_then(|host| host.to_str().ok()));
    let own = app.origin().as_str().trim_start_matches("http://");
    if host == Some(own) {
        return next.run(request).await;
    }
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Redirect::temporary(&format!("{}{}", app.origin(), uri.path())).into_response();
    }
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "This application is reached by another address.",
    )
    .into_response()
}
