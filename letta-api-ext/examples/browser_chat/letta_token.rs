//! `POST /api/letta-token`: the one route that an application needs, to hand its page a token.
//!
//! The API key stays in this process. The page gets a token that can do two things, read and write
//! messages, to one agent, from one origin, for a few minutes; and then it comes back for another.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use letta_api_ext::{AccessPolicy, BrowserToken};

use crate::problem::Problem;
use crate::same_origin::SameOrigin;
use crate::sessions::SignedIn;
use crate::{App, log};

/// `Cache-Control: no-store` is on every answer; see `headers.rs`.
pub(crate) async fn mint(
    State(app): State<App>,
    // 403 unless a page of this application asks: another site must not spend the user's session.
    _: SameOrigin,
    // 401 unless somebody is signed in.
    SignedIn { session, user }: SignedIn,
) -> Result<Json<BrowserToken>, Problem> {
    // Which agent it is comes from the session. A page that could name it could name another user's.
    let policy = AccessPolicy::builder()
        .agent(user.agent.id)
        .chat()
        .build()?;

    let tokens = app.letta.access_tokens();
    let token = tokens
        .create(policy, app.origin.clone())
        .expires_in(app.token_lifetime)
        .send()
        .await?;

    // So that signing out ends it. If that was just now, this is the last that is known of it.
    if !app.sessions.remember(&session, &token) {
        if let Err(error) = tokens.revoke(&token).send().await {
            log("a token that nobody needs lives until it expires", &error);
        }
        return Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "You have signed out.",
        ));
    }

    // The one form of a token that can be serialised: the secret, and when it expires.
    Ok(Json(token.to_browser()))
}
