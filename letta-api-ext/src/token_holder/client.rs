//! A client that holds a token: how it is made, and what its calls ask the holder.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use letta_api::BoxFuture;

use super::holder::TokenHolder;
use super::slots::Ready;
use super::source::TokenSource;
use super::source_error::TokenSourceError;
use super::{fault, opens, path_agent};
use crate::client::{Letta, LettaBuilder};
use crate::error::{Error, Result};
use crate::ids::{AgentId, Origin};
use crate::transport::credentials::{Asking, HeldToken, MakeKeeper, TokenKeeper};

impl LettaBuilder {
    /// Gets client-side tokens from this source, for a page or a desktop program that has no key. See
    /// [`token_holder`](crate::token_holder).
    ///
    /// Replaces an earlier [`api_key`](Self::api_key), and the key of the environment; an `api_key` or
    /// [`without_api_key`](Self::without_api_key) after it replaces it. Each client that is built has a holder of its own, which its clones
    /// share. Nothing is fetched before the first call. Outside of a browser, set the [`origin`](Self::origin) that the tokens are for.
    ///
    /// ```
    /// use letta_api_ext::Letta;
    /// use letta_api_ext::token_holder::SourcedToken;
    ///
    /// let letta = Letta::builder().token_source(SourcedToken::new("ck-let-0f3c")).build()?;
    /// assert!(letta.token_holder().is_some());
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn token_source(self, source: impl TokenSource + 'static) -> Self {
        self.token_keeper(Arc::new(Maker(Arc::new(source))))
    }
}

impl Letta {
    /// The holder of this client's token. `None` unless the client has a [source of tokens](LettaBuilder::token_source).
    ///
    /// ```
    /// use letta_api_ext::Letta;
    ///
    /// let letta = Letta::new("sk-let-0f3c")?;
    /// assert!(letta.token_holder().is_none());
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn token_holder(&self) -> Option<&TokenHolder> {
        let keeper: &dyn Any = self.token_keeper()?;
        keeper.downcast_ref()
    }
}

/// Makes a holder for each client that is built.
struct Maker(Arc<dyn TokenSource>);

impl MakeKeeper for Maker {
    fn make(&self, origin: Option<Origin>) -> Arc<dyn TokenKeeper> {
        Arc::new(TokenHolder::new(self.0.clone(), origin))
    }
}

impl TokenKeeper for TokenHolder {
    fn token<'a>(&'a self, asking: Asking<'a>) -> BoxFuture<'a, Result<HeldToken>> {
        Box::pin(async move {
            let agent = asking.agent();
            let ready = self.token(agent.as_ref()).await?;
            checked(ready, &asking, agent.as_ref())
        })
    }

    fn replace<'a>(
        &'a self,
        asking: Asking<'a>,
        refused: &'a HeldToken,
    ) -> BoxFuture<'a, Result<Option<HeldToken>>> {
        Box::pin(async move {
            let agent = asking.agent();
            match self.replace(agent.as_ref(), refused).await? {
                Some(ready) => checked(ready, &asking, agent.as_ref()).map(Some),
                None => Ok(None),
            }
        })
    }

    fn give_up(&self, asking: Asking<'_>, refused: &HeldToken, is_last: bool) {
        self.give_up(asking.agent().as_ref(), refused, is_last);
    }

    fn accepted(&self, asking: Asking<'_>, token: &HeldToken) {
        self.accepted(asking.agent().as_ref(), token);
    }

    fn doubted(&self, asking: Asking<'_>, token: &HeldToken) {
        self.doubted(asking.agent().as_ref(), token);
    }

    fn out_of_time(&self, deadline: Duration) -> Error {
        let message = format!("none came within the call's deadline of {deadline:?}");
        fault::without_token(TokenSourceError::out_of_time(message))
    }
}

impl Asking<'_> {
    fn agent(&self) -> Option<AgentId> {
        path_agent::of(self.template, self.url)
    }
}

/// The token, if it opens the call.
fn checked(ready: Ready, asking: &Asking<'_>, agent: Option<&AgentId>) -> Result<HeldToken> {
    if let Some(policy) = &ready.policy {
        opens::check(policy, asking.operation.method, asking.template, agent)
            .map_err(|missing| fault::not_opened(missing, agent))?;
    }
    Ok(ready.token)
}
