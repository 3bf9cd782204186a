//! What identifies the caller: nothing, a key, or tokens that a holder gets and renews.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use letta_api::{ApiKey, BoxFuture, MaybeSend, MaybeSync, Operation, Secret};
use reqwest::header::HeaderValue;
use url::Url;

use crate::error::token_form::TOKEN_PREFIX;
use crate::error::{Error, Result};
use crate::ids::Origin;

/// What identifies the caller of a client's calls.
pub(crate) enum Credentials {
    /// For a server that needs no key.
    None,
    Key {
        secret: Arc<Secret>,
        authorization: HeaderValue,
    },
    Held(Arc<dyn TokenKeeper>),
}

impl Credentials {
    pub(crate) fn of_key(key: ApiKey) -> Self {
        Self::Key {
            authorization: key.to_authorization(),
            secret: Arc::new(Secret::from(key)),
        }
    }

    /// The key. `None` if there is none, or tokens that change.
    pub(crate) fn key(&self) -> Option<&Arc<Secret>> {
        match self {
            Self::Key { secret, .. } => Some(secret),
            Self::None | Self::Held(_) => None,
        }
    }

    /// The header of all calls. `None` if it depends on the call.
    pub(super) fn authorization(&self) -> Option<&HeaderValue> {
        match self {
            Self::Key { authorization, .. } => Some(authorization),
            Self::None | Self::Held(_) => None,
        }
    }

    pub(crate) fn keeper(&self) -> Option<&dyn TokenKeeper> {
        match self {
            Self::Held(keeper) => Some(&**keeper),
            Self::None | Self::Key { .. } => None,
        }
    }

    /// Whether calls are made with a client-side token.
    pub(crate) fn is_token(&self) -> bool {
        match self {
            Self::None => false,
            Self::Key { secret, .. } => secret.expose_secret().starts_with(TOKEN_PREFIX),
            Self::Held(_) => true,
        }
    }
}

/// Gives calls their tokens. The floor above has one.
pub(crate) trait TokenKeeper: Any + MaybeSend + MaybeSync {
    /// A token for this call.
    ///
    /// # Errors
    ///
    /// There is none, or it does not open the call. Nothing is to be sent.
    fn token<'a>(&'a self, asking: Asking<'a>) -> BoxFuture<'a, Result<HeldToken>>;

    /// Another token for this call, whose token the service refused. `None` if there is no other to try.
    ///
    /// # Errors
    ///
    /// The refused token should be replaced, and there is no token.
    fn replace<'a>(
        &'a self,
        asking: Asking<'a>,
        refused: &'a HeldToken,
    ) -> BoxFuture<'a, Result<Option<HeldToken>>>;

    /// The service refused this token, and the call tries no other. `is_last` says that no call is to try another by itself, since
    /// this one had replaced a refused one.
    fn give_up(&self, asking: Asking<'_>, refused: &HeldToken, is_last: bool);

    /// The service took this token.
    fn accepted(&self, asking: Asking<'_>, token: &HeldToken);

    /// A call with this token got no answer that a page may read. The service may have refused it.
    fn doubted(&self, asking: Asking<'_>, token: &HeldToken);

    /// The error of a call that got no token until its deadline.
    fn out_of_time(&self, deadline: Duration) -> Error;
}

/// Makes a keeper for each client that is built.
pub(crate) trait MakeKeeper: MaybeSend + MaybeSync {
    /// `origin` is what the client sends with each call.
    fn make(&self, origin: Option<Origin>) -> Arc<dyn TokenKeeper>;
}

/// The call that needs a token.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) operation: &'static Operation,
    /// The path of the call, with parameters in braces.
    pub(crate) template: &'a str,
    pub(crate) url: &'a Url,
}

/// A token of a holder's, in the form that calls need.
#[derive(Clone)]
pub(crate) struct HeldToken {
    pub(crate) secret: Arc<Secret>,
    pub(crate) authorization: HeaderValue,
}

impl HeldToken {
    pub(crate) fn of(token: ApiKey) -> Self {
        Self {
            authorization: token.to_authorization(),
            secret: Arc::new(Secret::from(token)),
        }
    }
}
