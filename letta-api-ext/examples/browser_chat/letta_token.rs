//! `POST /api/letta-token`: the one route that an application needs, to give its page a token.
//!
//! The API key stays in this process. The page gets a token that can do two things, read and write
//! messages, to one agent, for a few minutes; and then it comes back for another. The token is made for this
//! application's origin. By its published source of 2025, the service uses that for CORS alone, so only browsers keep to it.
//! Whoever else gets hold of the token can use it for those minutes.

use axum::routing::{MethodRouter, post};
use letta_api_ext::token_endpoint::{Problem, TokenEndpoint, TokenGrant};
use letta_api_ext::{AccessPolicy, TokenMinter};

use crate::App;
use crate::sessions::SignedIn;

/// Answers only pages of this application: another site must not use the user's session. A page that asks
/// again too soon gets the same token from the minter's cache.
pub(crate) fn route(minter: TokenMinter) -> MethodRouter<App> {
    post(TokenEndpoint::new(minter, authorize))
}

/// Who gets a token, and for what. If nobody is signed in, `SignedIn` answers 401.
async fn authorize(SignedIn { session, user }: SignedIn) -> Result<TokenGrant, Problem> {
    // The session decides which agent it is. A page that could name an agent could name another user's.
    // One agent for a token: by its published source of 2025, the service lets a call through only if every entry of the
    // policy allows it, and an entry allows calls on its own agent alone. So a token for two agents opens neither.
    let policy = AccessPolicy::builder()
        .agent(user.agent.id)
        .chat()
        .build()?;
    // Each session has its own tokens, so that signing out deletes these and no others.
    Ok(TokenGrant::new(policy).subject(session.as_str()))
}
