//! The pages and files for the browser. All of them are compiled into the program.

use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};

use letta_api_ext::token_endpoint::Problem;

use crate::sessions::SignedIn;

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

const FILES: [(&str, &str, &str); 10] = [
    ("/chat.js", JAVASCRIPT, include_str!("page/chat.js")),
    ("/access.js", JAVASCRIPT, include_str!("page/access.js")),
    ("/agent.js", JAVASCRIPT, include_str!("page/agent.js")),
    ("/events.js", JAVASCRIPT, include_str!("page/events.js")),
    ("/failure.js", JAVASCRIPT, include_str!("page/failure.js")),
    ("/history.js", JAVASCRIPT, include_str!("page/history.js")),
    ("/unsent.js", JAVASCRIPT, include_str!("page/unsent.js")),
    ("/view.js", JAVASCRIPT, include_str!("page/view.js")),
    (
        "/style.css",
        "text/css; charset=utf-8",
        include_str!("page/style.css"),
    ),
    ("/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
];

/// `GET /`.
pub(crate) async fn chat(signed_in: Result<SignedIn, Problem>) -> Response {
    match signed_in {
        Ok(_) => Html(include_str!("page/chat.html")).into_response(),
        Err(_) => Redirect::to("/sign-in").into_response(),
    }
}

/// `GET /sign-in`.
pub(crate) async fn sign_in(signed_in: Result<SignedIn, Problem>) -> Response {
    match signed_in {
        Ok(_) => Redirect::to("/").into_response(),
        Err(_) => Html(include_str!("page/sign-in.html")).into_response(),
    }
}

/// All other files.
pub(crate) async fn file(uri: Uri) -> Response {
    match FILES.iter().find(|(path, ..)| *path == uri.path()) {
        Some((_, content_type, content)) => (
            [
                (header::CONTENT_TYPE, *content_type),
                (header::CACHE_CONTROL, "no-cache"),
            ],
            *content,
        )
            .into_response(),
        None => Problem::new(StatusCode::NOT_FOUND, "There is nothing here.").into_response(),
    }
}
