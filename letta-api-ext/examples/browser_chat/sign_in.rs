//! Signing in, and out.

use std::time::Duration;

use axum::Json;
use axum::extract::{Form, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use letta_api_ext::token_endpoint::Problem;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;
use crate::same_origin::SameOrigin;
use crate::sessions::{SessionId, SignedIn, User};

/// How long a user who signs out is kept waiting.
const REVOCATION_DEADLINE: Duration = Duration::from_secs(3);

/// Longest name of a user, in characters.
const NAME_LIMIT: usize = 40;

#[derive(Deserialize)]
pub(crate) struct SignIn {
    name: String,
}

/// `POST /sign-in`. A demonstration: whoever gives a name is believed.
pub(crate) async fn sign_in(
    State(app): State<App>,
    _: SameOrigin,
    Form(form): Form<SignIn>,
) -> Result<Response, Problem> {
    let name = form.name.trim();
    if name.is_empty() || name.chars().count() > NAME_LIMIT || name.contains(char::is_control) {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        tracing::warn!("{what}: {error}");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "You could not be signed in.",
        )
    };
    let agent = app.service.agent_of(name);
    let agent = agent.map_err(|error| failed("no agent could be made", &error))?;
    let name = name.to_owned();
    let session = app.sessions.begin(User { name, agent });
    let session = session.map_err(|error| failed("no session could be begun", &error))?;
    Ok((
        [(header::SET_COOKIE, session.to_cookie())],
        Redirect::to("/"),
    )
        .into_response())
}

/// `POST /sign-out`. Revokes what was minted in the session, as far as the service lets us: what it does not
/// will expire by itself.
pub(crate) async fn sign_out(
    State(app): State<App>,
    _: SameOrigin,
    signed_in: Result<SignedIn, Problem>,
) -> Response {
    if let Ok(SignedIn { session, .. }) = signed_in {
        // First, so that a token which is being minted is not handed over.
        app.sessions.end(&session);
        // The minter traces what cannot be revoked. It goes on by itself where the user waits no longer.
        let revoking = app.minter.revoke_subject(session.as_str());
        let _ = tokio::time::timeout(REVOCATION_DEADLINE, revoking).await;
    }
    (
        [(header::SET_COOKIE, SessionId::to_forget())],
        Redirect::to("/sign-in"),
    )
        .into_response()
}

/// `GET /api/session`: what the page needs to know, and nothing that is secret.
pub(crate) async fn session(
    State(app): State<App>,
    SignedIn { user, .. }: SignedIn,
) -> Json<Value> {
    Json(json!({
        "user": user.name,
        "agent": {"id": user.agent.id.as_str(), "name": user.agent.name},
        "service": app.letta.api().base_url().as_str(),
        "isEmulator": app.service.is_emulator(),
    }))
}
