//! Requests that another site's page makes in the user's name, and how they are told.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use letta_api_ext::Origin;

use crate::App;
use crate::problem::Problem;

/// A request that a page of this application made. Others are answered 403.
pub(crate) struct SameOrigin;

impl FromRequestParts<App> for SameOrigin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if is_same_origin(&parts.headers, &app.origin) {
            return Ok(Self);
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "Only a page of this application may ask for this.",
        ))
    }
}

/// Browsers write both headers themselves, and no script can change them. `Sec-Fetch-Site` is the clear one.
/// Where it is missing, in an older browser, `Origin` must be there and be ours. It may be `null` beside
/// `same-origin`: a page that sends no referrer submits its forms so.
fn is_same_origin(headers: &HeaderMap, own: &Origin) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text("sec-fetch-site"), text("origin")) {
        (Some("same-origin"), None | Some("null")) => true,
        (Some("same-origin") | None, Some(origin)) => origin == own.as_str(),
        _ => false,
    }
}

/// Sends whoever comes by another name, like `localhost`, to the origin that tokens are bound to. It also
/// keeps out a site whose name an attacker has made to point here.
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
    let own = app.origin.as_str().trim_start_matches("http://");
    if host == Some(own) {
        return next.run(request).await;
    }
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Redirect::temporary(&format!("{}{}", app.origin, uri.path())).into_response();
    }
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "This application is reached by another address.",
    )
    .into_response()
}
