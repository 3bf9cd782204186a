//! Where tokens come from, and what a source gives.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use letta_api::{BoxFuture, MaybeSend, MaybeSync, Secret};

use super::source_error::TokenSourceError;
use crate::access_tokens::AccessToken;
#[cfg(feature = "minter")]
use crate::access_tokens::AgentTokens;
use crate::access_tokens::policy::AccessPolicy;
use crate::ids::{AgentId, Origin};
use crate::time::clock::{self, Instant};

/// Gives tokens when a [`TokenHolder`](super::TokenHolder) needs one.
///
/// A closure is a source. So are a [`SourcedToken`] and an [`AccessToken`](crate::AccessToken), which give the same token each time,
/// and an `Arc` of a source.
///
/// ```
/// use std::time::Duration;
/// use letta_api_ext::Letta;
/// use letta_api_ext::token_holder::{SourcedToken, TokenNeed, TokenSourceError};
///
/// async fn fetch(need: TokenNeed) -> Result<SourcedToken, TokenSourceError> {
///     # let token = "ck-let-0f3c";
///     // Ask your application here. Tell it if `need.is_refused()`.
///     Ok(SourcedToken::new(token).expires_in(Duration::from_secs(300)))
/// }
///
/// let letta = Letta::builder().token_source(fetch).build()?;
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
pub trait TokenSource: MaybeSend + MaybeSync {
    /// Gives tokens. The holder asks again when they are about to expire, and when the service refuses one. It asks once at a time, and
    /// waits for at most 60 seconds.
    ///
    /// # Errors
    ///
    /// There are no tokens. [`TokenSourceError::signed_out`] says that nobody is signed in. The holder tries again after any other
    /// error, as long as the token that it has lives.
    fn tokens(&self, need: TokenNeed) -> BoxFuture<'_, Result<SourcedTokens, TokenSourceError>>;
}

impl<F, Fut, T> TokenSource for F
where
    F: Fn(TokenNeed) -> Fut + MaybeSend + MaybeSync,
    Fut: Future<Output = Result<T, TokenSourceError>> + MaybeSend + 'static,
    T: Into<SourcedTokens>,
{
    fn tokens(&self, need: TokenNeed) -> BoxFuture<'_, Result<SourcedTokens, TokenSourceError>> {
        let given = self(need);
        Box::pin(async move { given.await.map(Into::into) })
    }
}

impl TokenSource for SourcedToken {
    fn tokens(&self, _: TokenNeed) -> BoxFuture<'_, Result<SourcedTokens, TokenSourceError>> {
        Box::pin(async { Ok(self.clone().into()) })
    }
}

impl TokenSource for AccessToken {
    fn tokens(&self, _: TokenNeed) -> BoxFuture<'_, Result<SourcedTokens, TokenSourceError>> {
        Box::pin(async { Ok(self.clone().into()) })
    }
}

impl<S: TokenSource + ?Sized> TokenSource for Arc<S> {
    fn tokens(&self, need: TokenNeed) -> BoxFuture<'_, Result<SourcedTokens, TokenSourceError>> {
        (**self).tokens(need)
    }
}

/// What a token is needed for.
#[derive(Clone, Debug, Default)]
pub struct TokenNeed {
    pub(super) agent: Option<AgentId>,
    pub(super) is_refused: bool,
    pub(super) origin: Option<Origin>,
}

impl TokenNeed {
    /// The agent of the call. `None` if the path of the call names no agent, and if a token is needed for no call in particular.
    ///
    /// ```
    /// use letta_api_ext::token_holder::TokenNeed;
    ///
    /// assert!(TokenNeed::default().agent().is_none());
    /// ```
    pub fn agent(&self) -> Option<&AgentId> {
        self.agent.as_ref()
    }

    /// Whether the service refused the last token. Then give another one: a cache must not give the same again.
    ///
    /// ```
    /// use letta_api_ext::token_holder::TokenNeed;
    ///
    /// assert!(!TokenNeed::default().is_refused());
    /// ```
    pub fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// The origin that the client sends with its calls, if [one is set](crate::LettaBuilder::origin). The token must be for it.
    ///
    /// ```
    /// use letta_api_ext::token_holder::TokenNeed;
    ///
    /// assert!(TokenNeed::default().origin().is_none());
    /// ```
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }
}

/// A token that a source gives.
///
/// `Debug` redacts the token.
///
/// ```
/// use std::time::Duration;
/// use letta_api_ext::token_holder::SourcedToken;
///
/// let token = SourcedToken::new("ck-let-0f3c").expires_in(Duration::from_secs(300));
/// assert!(!format!("{token:?}").contains("0f3c"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a token does nothing until a source gives it"]
pub struct SourcedToken {
    pub(super) secret: Secret,
    pub(super) end: End,
    pub(super) policy: Option<AccessPolicy>,
}

/// When a token ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Unknown,
    /// This long after the request for it began.
    In(Duration),
    At(Instant),
}

impl SourcedToken {
    /// A token. It is assumed to live for 60 seconds, unless [`expires_in`](Self::expires_in) says how long. White space around it is
    /// dropped. The rest must be visible ASCII: a call that needs an invalid token fails.
    ///
    /// ```
    /// use letta_api_ext::token_holder::SourcedToken;
    ///
    /// let token = SourcedToken::new("ck-let-0f3c");
    /// ```
    pub fn new(token: impl Into<Secret>) -> Self {
        Self {
            secret: token.into(),
            end: End::Unknown,
            policy: None,
        }
    }

    /// How long the token lives, counted from when the source was asked for it. Zero means less than a second: the token is used for
    /// the calls that waited for it, and not again.
    ///
    /// ```
    /// use std::time::Duration;
    /// use letta_api_ext::token_holder::SourcedToken;
    ///
    /// let token = SourcedToken::new("ck-let-0f3c").expires_in(Duration::from_secs(300));
    /// ```
    pub fn expires_in(mut self, life: Duration) -> Self {
        self.end = End::In(life);
        self
    }

    /// What the token opens. A call that it does not open is refused before it is sent. By default that is not known, and the service
    /// decides.
    ///
    /// ```
    /// use letta_api_ext::AccessPolicy;
    /// use letta_api_ext::policy::Preset;
    /// use letta_api_ext::token_holder::SourcedToken;
    ///
    /// let policy = AccessPolicy::for_agent("agent-1", Preset::Chat)?;
    /// let token = SourcedToken::new("ck-let-0f3c").policy(policy);
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn policy(mut self, policy: AccessPolicy) -> Self {
        self.policy = Some(policy);
        self
    }
}

/// The token's own expiry and policy.
impl From<AccessToken> for SourcedToken {
    fn from(token: AccessToken) -> Self {
        let end = match token.expires_at() {
            Some(_) => End::At(clock::after(Instant::now(), token.remaining())),
            None => End::Unknown,
        };
        Self {
            secret: Secret::from(&token),
            end,
            policy: Some(token.policy().clone()),
        }
    }
}

/// The tokens that a source gives: one for all calls, or one for each agent.
///
/// Made by `into()` from a [`SourcedToken`] or an [`AccessToken`](crate::AccessToken), and with the feature `minter` from
/// `AgentTokens`; or by [`per_agent`](Self::per_agent).
#[derive(Clone, Debug)]
#[must_use = "tokens do nothing until a source gives them"]
pub struct SourcedTokens(pub(super) Given);

#[derive(Clone, Debug)]
pub(super) enum Given {
    ForAll(SourcedToken),
    PerAgent(HashMap<AgentId, SourcedToken>),
}

impl SourcedTokens {
    /// A token for each agent. A source may give tokens for the [agent that is needed](TokenNeed::agent) alone, or for others too.
    /// Tokens of other agents that the holder has are kept. If an agent comes twice, the last token counts.
    ///
    /// ```
    /// use letta_api_ext::AgentId;
    /// use letta_api_ext::token_holder::{SourcedToken, SourcedTokens};
    ///
    /// let tokens = SourcedTokens::per_agent([
    ///     (AgentId::new("agent-1")?, SourcedToken::new("ck-let-0f3c")),
    ///     (AgentId::new("agent-2")?, SourcedToken::new("ck-let-1a2b")),
    /// ]);
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn per_agent(tokens: impl IntoIterator<Item = (AgentId, SourcedToken)>) -> Self {
        Self(Given::PerAgent(tokens.into_iter().collect()))
    }
}

impl From<SourcedToken> for SourcedTokens {
    fn from(token: SourcedToken) -> Self {
        Self(Given::ForAll(token))
    }
}

impl From<AccessToken> for SourcedTokens {
    fn from(token: AccessToken) -> Self {
        SourcedToken::from(token).into()
    }
}

#[cfg(feature = "minter")]
impl From<AgentTokens> for SourcedTokens {
    fn from(tokens: AgentTokens) -> Self {
        Self::per_agent((tokens.into_iter()).map(|(agent, token)| (agent, token.into())))
    }
}
