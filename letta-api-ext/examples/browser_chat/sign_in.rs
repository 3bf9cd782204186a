//! Signing in, and out.

use std::time::Duration;

use axum::Json;
use axum::extract::{Form, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use letta_api_ext::RevocationReport;
use letta_api_ext::token_endpoint::Problem;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::App;
use crate::same_origin::SameOrigin;
use crate::sessions::{SessionId, SignedIn, User};

/// How long a user who signs out waits at most.
const REVOCATION_DEADLINE: Duration = Duration::from_secs(3);

/// Longest name of a user, in characters.
const NAME_LIMIT: usize = 40;

#[derive(Deserialize)]
pub(crate) struct SignIn {
    name: String,
}

/// `POST /sign-in`. Only a demonstration: any name is accepted.
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

/// `POST /sign-out`. Ends the session, so that it gets no more tokens, and has the service delete its tokens.
///
/// The page forgets its token by itself. A copy that somebody kept may work until it expires: by its published source of
/// 2025, the service goes on to accept a token that was used before it was deleted.
pub(crate) async fn sign_out(
    State(app): State<App>,
    _: SameOrigin,
    signed_in: Result<SignedIn, Problem>,
) -> Response {
    if let Ok(SignedIn { session, .. }) = signed_in {
        // First, so that a token that is being minted is not given out.
        app.sessions.end(&session);
        let revoking = app.minter.revoke_subject(session.as_str());
        match tokio::time::timeout(REVOCATION_DEADLINE, revoking).await {
            Ok(report) => log(&report),
            // It goes on by itself. The minter traces what fails.
            Err(_) => tracing::warn!(
                "a user signed out; the service has not answered yet whether it deleted the session's tokens; \
                 they may work for {} s at most",
                app.minter.lifetime().as_secs()
            ),
        }
    }
    (
        [(header::SET_COOKIE, SessionId::to_forget())],
        Redirect::to("/sign-in"),
    )
        .into_response()
}

/// Traces what became of the tokens of a session that ended. The numbers of a report have no secret.
fn log(report: &RevocationReport) {
    let (deleted, not_found) = (report.deleted(), report.not_found());
    let failed = report.failures().len();
    let seconds = report.longest_remaining().as_secs_f64().ceil();
    if report.is_complete() && deleted + not_found == 0 {
        tracing::info!("a user signed out; the minter had no token of the session");
    } else if report.is_complete() {
        tracing::info!(
            "a user signed out; tokens of the session: {deleted} deleted, {not_found} not found; \
             one that a page has used may work for {seconds} s more at most"
        );
    } else {
        // The minter has traced why.
        tracing::warn!(
            "a user signed out; tokens of the session: {deleted} deleted, {not_found} not found, \
             {failed} could not be deleted, and others may be left that the minter does not know; \
             those that it knows may work for {seconds} s more at most"
        );
    }
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
