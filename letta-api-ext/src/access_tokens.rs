//! Client-side access tokens: create, list, revoke.

use crate::access_tokens::policy::AccessPolicy;
use crate::client::Letta;
use letta_api::Secret;

use crate::error::Error;
use crate::ids::Origin;

#[cfg(feature = "axum")]
pub mod endpoint;
#[cfg(feature = "minter")]
mod minter;
pub mod policy;

mod create;
mod entries;
mod grant_mismatch;
pub(crate) mod granted;
mod list;
mod revoke;
mod salvage;
pub(crate) mod token;
mod token_text;
#[cfg(test)]
mod work_counter;

pub use create::CreateAccessToken;
pub use list::{AccessTokenPage, ListAccessTokens};
#[cfg(all(feature = "minter", feature = "test-util"))]
pub(crate) use minter::Fault;
#[cfg(feature = "minter")]
pub use minter::{
    AgentTokens, AgentTokensFuture, AgentTokensRequest, BrowserTokens, MinterCounters,
    RevocationFailure, RevocationReport, TokenFuture, TokenMinter, TokenMinterBuilder,
    TokenRequest,
};
pub use revoke::{Revocation, RevokeAccessToken, TokenToRevoke};
pub use token::{AccessToken, BrowserToken};

impl Letta {
    /// Client-side access tokens: create, list, revoke.
    pub fn access_tokens(&self) -> AccessTokens {
        AccessTokens {
            letta: self.clone(),
        }
    }
}

/// The calls on client-side access tokens. From [`Letta::access_tokens`].
///
/// Each method returns a request. It can be changed, and is sent by `send()` or by awaiting it. Only the hosted
/// service has these calls. A self-hosted server answers 404.
///
/// A request is not a future, so it can be changed, kept and cloned before it is sent. To spawn it, or to join it
/// with others, call `send()`. The future that it returns owns everything, and is `Send` except in a browser.
///
/// ```no_run
/// use letta_api_ext::{AccessPolicy, Letta};
///
/// # async fn run(letta: Letta, policy: AccessPolicy) -> Result<(), Box<dyn std::error::Error>> {
/// let tokens = letta.access_tokens();
/// let minting = tokio::spawn(tokens.create(policy, "https://chat.example.com").send());
/// let listing = tokio::spawn(tokens.list().send());
/// let (token, page) = (minting.await??, listing.await??);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AccessTokens {
    letta: Letta,
}

impl AccessTokens {
    /// Mints a token with `policy` for the web application at `origin`.
    ///
    /// [A token is for one agent](crate::policy#one-agent-for-a-token). For several, mint a token for each
    /// [part](AccessPolicy::per_agent) of the policy.
    ///
    /// The origin is text or an [`Origin`]. `send` reports an invalid origin.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use letta_api_ext::{AccessPolicy, Letta};
    ///
    /// # async fn run(letta: Letta) -> Result<(), letta_api_ext::Error> {
    /// let policy = AccessPolicy::builder().agent("agent-1").chat().build()?;
    /// let token = letta
    ///     .access_tokens()
    ///     .create(policy, "https://chat.example.com")
    ///     .expires_in(Duration::from_secs(2 * 60))
    ///     .send()
    ///     .await?;
    /// assert!(token.policy().allows("agent-1", &letta_api_ext::AccessRight::ReadMessages));
    /// # Ok(())
    /// # }
    /// ```
    pub fn create<O>(&self, policy: impl Into<AccessPolicy>, origin: O) -> CreateAccessToken
    where
        O: TryInto<Origin>,
        O::Error: Into<Error>,
    {
        let origin = origin.try_into().map_err(Into::into);
        CreateAccessToken::new(self.letta.call(), policy.into(), origin)
    }

    /// Lists the account's tokens: a page, all pages, or token by token. By the service's published source of 2025,
    /// the list has expired tokens too. It does not have deleted tokens, although they [may still work](Revocation).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let mut tokens = letta.access_tokens().list().agent("agent-1").items();
    /// while let Some(token) = tokens.next().await {
    ///     let token = token?;
    ///     println!("{} until {}", token.hostname(), token.expires_at_text());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Pages are counted by position. To revoke what is listed, collect it first: each revocation shifts the tokens
    /// that follow, so the next page would skip some.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let mut tokens = letta.access_tokens().list().agent("agent-1").limit(100).items();
    /// let mut all = Vec::new();
    /// while let Some(token) = tokens.next().await {
    ///     all.push(token?);
    /// }
    /// for token in &all {
    ///     letta.access_tokens().revoke(token).send().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> ListAccessTokens {
        ListAccessTokens::new(self.letta.call())
    }

    /// Asks the service to delete a token. Takes an [`AccessToken`](crate::AccessToken), by value or by reference, or
    /// the token's secret. A text that cannot be a token, such as an API key, is [refused](RevokeAccessToken::send)
    /// before it gets into a URL.
    ///
    /// **A token that was used may work until it expires, even after it was deleted** ([source](Revocation)). Keep
    /// lives short, and do not rely on deletion alone.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta, token: letta_api_ext::AccessToken)
    /// # -> Result<(), letta_api_ext::Error> {
    /// letta.access_tokens().revoke(&token).send().await?;
    /// println!("deleted; whoever has used it may go on until {}", token.expires_at_text());
    /// # Ok(())
    /// # }
    /// ```
    pub fn revoke(&self, token: impl Into<TokenToRevoke>) -> RevokeAccessToken {
        RevokeAccessToken::new(self.letta.call(), token.into())
    }

    /// Like [`revoke`](Self::revoke), for a token that one of our creates returned. It must be deleted, whatever it
    /// looks like.
    #[cfg(feature = "minter")]
    fn revoke_minted(&self, token: &AccessToken) -> RevokeAccessToken {
        self.revoke_answered(&Secret::from(token))
    }

    /// Like [`revoke`](Self::revoke), for a secret in the answer to one of our creates.
    fn revoke_answered(&self, token: &Secret) -> RevokeAccessToken {
        RevokeAccessToken::of_answered(self.letta.call(), token)
    }
}
