//! A client that holds a token: how it is made, and what its calls ask the holder.

use std::any::Any;
use std::sync::Arc;

use letta_api::{ApiKey, BoxFuture};

use super::holder::TokenHolder;
use super::source::TokenSource;
use crate::client::{Letta, LettaBuilder};
use crate::error::{Error, Result};
use crate::ids::Origin;
use crate::transport::credentials::{Asking, HeldToken, MakeKeeper, TokenKeeper};

impl LettaBuilder {
    /// Gets client-side tokens from this source, for a page or a desktop program that has no key. See
    /// [`token_holder`](crate::token_holder).
    ///
    /// Replaces an earlier [`api_key`](Self::api_key), and the key of the environment. Each client that is built has a holder of its
    /// own, which its clones share. No token is fetched before the first call.
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
    fn token<'a>(&'a self, _asking: Asking<'a>) -> BoxFuture<'a, Result<HeldToken>> {
        Box::pin(async {
            let token = self.fetch(None, false).await?;
            let key = ApiKey::new(token.secret).map_err(|error| {
                Error::invalid_input("token", format!("cannot be used: {}", error.rule()), None)
            })?;
            Ok(HeldToken::of(key))
        })
    }

    fn replace<'a>(
        &'a self,
        _asking: Asking<'a>,
        _refused: &'a HeldToken,
    ) -> BoxFuture<'a, Result<Option<HeldToken>>> {
        Box::pin(async { Ok(None) })
    }

    fn give_up(&self, _asking: Asking<'_>, _refused: &HeldToken, _was_replaced: bool) {}

    fn accepted(&self, _asking: Asking<'_>, _token: &HeldToken) {}

    fn doubted(&self, _asking: Asking<'_>, _token: &HeldToken) {}
}
