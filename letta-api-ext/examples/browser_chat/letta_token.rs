//! `POST /api/letta-token`: the one route that an application needs, to hand its page a token.
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

/// Answers pages of this application alone: another site must not spend the user's session. A page that comes
/// back too soon gets the same token again, from the minter's cache.
pub(crate) fn route(minter: TokenMinter) -> MethodRouter<App> {
    post(TokenEndpoint::new(minter, authorize))
}

/// Who gets a token, and for what. Where nobody is signed in, `SignedIn` answers 401.
async fn authorize(SignedIn { session, user }: SignedIn) -> Result<TokenGrant, Problem> {
    // Which agent it is comes from the session. A page that could name it could name another user's.
    // One agent for a token: by its published source of 2025, the service lets a call through only if every entry of the
    // policy allows it, and an entry allows calls on its own agent alone. So a token for two agents opens neither.
    let policy = AccessPolicy::builder()
        .agent(user.agent.id)
        .chat()
        .build()?;
    // Each session has tokens of its own, so that signing out has them deleted, and nobody else's.
    Ok(TokenGrant::new(policy).subject(session.as_str()))
}
