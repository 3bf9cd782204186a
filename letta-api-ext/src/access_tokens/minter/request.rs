//! Asking for a token.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use letta_api::BoxFuture;

use super::builder::check_valid_for;
use super::key::KeyRef;
use super::{TokenMinter, Wanted};
use crate::access_tokens::policy::AccessPolicy;
use crate::access_tokens::token::AccessToken;
use crate::error::{Error, Result};
use crate::ids::Origin;

/// A request for a token, from the cache or freshly minted. From [`TokenMinter::token`]. Await it, or call
/// [`send`](Self::send).
///
/// It borrows the minter and the policy, so a cached token costs no copy. A spawned task must own them. Clones of
/// both are cheap:
///
/// ```no_run
/// # use letta_api_ext::{AccessPolicy, TokenMinter};
/// # async fn run(minter: &TokenMinter, policy: &AccessPolicy) -> Result<(), Box<dyn std::error::Error>> {
/// let (minter, policy) = (minter.clone(), policy.clone());
/// let token = tokio::spawn(async move { minter.token(&policy).await }).await??;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a request does nothing until it is awaited"]
pub struct TokenRequest<'a> {
    pub(super) minter: &'a TokenMinter,
    pub(super) policy: &'a AccessPolicy,
    pub(super) subject: Option<&'a str>,
    /// `None` for the minter's own origin.
    pub(super) origin: Option<&'a Origin>,
    pub(super) valid_for: Duration,
    pub(super) up_to: Option<&'a AccessPolicy>,
}

impl<'a> TokenRequest<'a> {
    pub(super) fn new(minter: &'a TokenMinter, policy: &'a AccessPolicy) -> Self {
        Self {
            minter,
            policy,
            subject: None,
            origin: None,
            valid_for: minter.inner.valid_for,
            up_to: None,
        }
    }

    /// Whom the token is for: a user or a session. A token of one subject is not served to another subject, or to a
    /// request without one. [`revoke_subject`](TokenMinter::revoke_subject) revokes it. By default, everyone who asks
    /// for the same policy gets the same token.
    ///
    /// The name is kept in memory, is not sent to the service, and is never printed.
    pub fn subject(mut self, subject: &'a str) -> Self {
        self.subject = Some(subject);
        self
    }

    /// The web application that the token is for. By default the minter's own origin.
    pub fn origin(mut self, origin: &'a Origin) -> Self {
        self.origin = (origin != self.minter.origin()).then_some(origin);
        self
    }

    /// How long the token must be good for. By default the minter's
    /// [`valid_for`](crate::TokenMinterBuilder::valid_for). It must be at least 5 seconds less than the lifetime; an
    /// invalid value is reported when the request is sent.
    pub fn valid_for(mut self, left: Duration) -> Self {
        self.valid_for = left;
        self
    }

    /// Also accepts a cached token that allows more than was asked for, but no more than `policy`. If there is none,
    /// the minted token allows only what was asked for.
    ///
    /// By default, a cached token must allow exactly what was asked for.
    ///
    /// A token that is served names the same agents: a token that names more of them [may open
    /// less](crate::policy#one-agent-for-a-token).
    ///
    /// ```no_run
    /// # use letta_api_ext::{AccessPolicy, TokenMinter};
    /// # async fn run(minter: TokenMinter) -> Result<(), letta_api_ext::Error> {
    /// let read = AccessPolicy::builder().agent("agent-1").read_messages().build()?;
    /// let chat = AccessPolicy::builder().agent("agent-1").chat().build()?;
    /// let token = minter.token(&read).up_to(&chat).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn up_to(mut self, policy: &'a AccessPolicy) -> Self {
        self.up_to = Some(policy);
        self
    }

    /// Asks for the token. Equivalent to awaiting the request.
    ///
    /// # Errors
    ///
    /// See [`TokenMinter::token`].
    pub fn send(self) -> TokenFuture<'a> {
        self.into_future()
    }

    /// The token, if it is in the cache. Nothing is minted or waited for.
    #[cfg(feature = "axum")]
    pub(crate) fn cached(&self) -> Option<AccessToken> {
        self.minter.inner.lookup(&self.key(), self.valid_for)
    }

    /// Refuses an invalid request.
    pub(super) fn check(&self) -> Result<()> {
        check_valid_for(self.valid_for, self.minter.inner.lifetime)?;
        if self.policy.is_empty() {
            return Err(Error::invalid_input("policy", "must allow something", None));
        }
        match self.up_to {
            Some(bound) if !self.policy.is_subset_of(bound) => {
                let rule = "must allow all that the policy does";
                Err(Error::invalid_input(
                    "up_to",
                    rule,
                    Some(&bound.to_string()),
                ))
            }
            _ => Ok(()),
        }
    }

    /// The same request for another policy.
    pub(super) fn for_part<'b>(&self, part: &'b AccessPolicy) -> TokenRequest<'b>
    where
        'a: 'b,
    {
        TokenRequest {
            policy: part,
            ..self.clone()
        }
    }

    pub(super) fn key(&self) -> KeyRef<'a> {
        let store = &self.minter.inner.store;
        store.key_ref(self.subject, self.origin, self.policy)
    }
}

impl<'a> IntoFuture for TokenRequest<'a> {
    type Output = Result<AccessToken>;
    type IntoFuture = TokenFuture<'a>;

    fn into_future(self) -> Self::IntoFuture {
        TokenFuture(State::New(self))
    }
}

impl std::fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A subject may be a session's ID, which is as good as a password.
        f.debug_struct("TokenRequest")
            .field("policy", &self.policy)
            .field("has_subject", &self.subject.is_some())
            .field("origin", self.origin.unwrap_or(self.minter.origin()))
            .field("valid_for", &self.valid_for)
            .field("up_to", &self.up_to)
            .finish_non_exhaustive()
    }
}

/// The future of a [`TokenRequest`].
///
/// It may be dropped at any time. A token that is being minted for it is kept for the next request.
#[must_use = "futures do nothing until they are polled"]
pub struct TokenFuture<'a>(State<'a>);

enum State<'a> {
    New(TokenRequest<'a>),
    Waiting(BoxFuture<'static, Result<AccessToken>>),
    Done,
}

impl Future for TokenFuture<'_> {
    type Output = Result<AccessToken>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let State::New(request) = &self.0 {
            if let Err(error) = request.check() {
                self.0 = State::Done;
                return Poll::Ready(Err(error));
            }
            let minter = &request.minter.inner;
            // The common case: no lock, and no allocation of this crate.
            let key = request.key();
            if let Some(token) = minter.lookup(&key, request.valid_for) {
                self.0 = State::Done;
                return Poll::Ready(Ok(token));
            }
            let wanted = Wanted {
                key: minter.store.to_key(&key),
                valid_for: request.valid_for,
                up_to: request.up_to.cloned(),
            };
            self.0 = State::Waiting(Box::pin(minter.clone().obtain(wanted)));
        }
        let State::Waiting(future) = &mut self.0 else {
            panic!("polled after it was ready");
        };
        let outcome = std::task::ready!(future.as_mut().poll(context));
        self.0 = State::Done;
        Poll::Ready(outcome)
    }
}

impl std::fmt::Debug for TokenFuture<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenFuture").finish_non_exhaustive()
    }
}
