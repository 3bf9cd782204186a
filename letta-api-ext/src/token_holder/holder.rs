//! The holder of a token.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_core::Stream;

use super::fault;
use super::source::{Given, SourcedToken, TokenNeed, TokenSource};
use super::state::TokenState;
use crate::error::{Error, Result};
use crate::ids::{AgentId, Origin};

/// Holds a client's token, and renews it. From [`Letta::token_holder`](crate::Letta::token_holder).
///
/// Cheap to clone. Clones share the token.
#[derive(Clone)]
pub struct TokenHolder {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    source: Arc<dyn TokenSource>,
    origin: Option<Origin>,
    state: Mutex<TokenState>,
}

impl TokenHolder {
    pub(super) fn new(source: Arc<dyn TokenSource>, origin: Option<Origin>) -> Self {
        let state = Mutex::new(TokenState::None);
        Self {
            inner: Arc::new(Inner {
                source,
                origin,
                state,
            }),
        }
    }

    /// What the holder has now.
    pub fn state(&self) -> TokenState {
        *self.inner.state.lock().unwrap_or_else(|it| it.into_inner())
    }

    /// The state now, and then each change of it.
    pub fn changes(&self) -> impl Stream<Item = TokenState> + use<> {
        futures_util::stream::iter([self.state()])
    }

    /// How long the token lives from now.
    pub fn remaining(&self) -> Option<Duration> {
        None
    }

    /// Fetches a token now.
    ///
    /// # Errors
    ///
    /// The source gave none.
    pub async fn renew(&self) -> Result<()> {
        self.fetch(None, false).await.map(drop)
    }

    /// Renews the token ahead, as long as this future is polled.
    pub fn keep_renewed(&self) -> impl Future<Output = ()> + use<> {
        std::future::ready(())
    }

    /// Drops the token for good.
    pub fn forget(&self) {
        *self.inner.state.lock().unwrap_or_else(|it| it.into_inner()) = TokenState::SignedOut;
    }

    pub(super) async fn fetch(
        &self,
        agent: Option<AgentId>,
        is_refused: bool,
    ) -> Result<SourcedToken> {
        let need = TokenNeed {
            agent: agent.clone(),
            is_refused,
            origin: self.inner.origin.clone(),
        };
        let given = self.inner.source.tokens(need).await;
        let tokens = given.map_err(fault::without_token)?;
        match (tokens.0, agent) {
            (Given::ForAll(token), _) => Ok(token),
            (Given::PerAgent(mut tokens), Some(agent)) => tokens
                .remove(&agent)
                .ok_or_else(|| Error::invalid_input("agent", "has no token", None)),
            (Given::PerAgent(_), None) => Err(Error::invalid_input("agent", "has no token", None)),
        }
    }
}

impl std::fmt::Debug for TokenHolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenHolder")
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
