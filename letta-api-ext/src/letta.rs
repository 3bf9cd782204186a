//! The client.

use std::sync::Arc;

use letta_api::{ApiKey, Secret};

use crate::access_tokens::AccessTokens;
use crate::builder::LettaBuilder;
use crate::error::Result;

/// A client for the Letta API.
///
/// Make one and share it: cloning is cheap, and clones share one pool of connections. `Debug` shows
/// where it points and nothing else.
///
/// ```no_run
/// use letta_api_ext::Letta;
///
/// let letta = Letta::from_env()?;
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
#[derive(Clone)]
pub struct Letta {
    inner: Arc<Inner>,
}

struct Inner {
    api: letta_api::Client,
    key: ApiKey,
}

impl Letta {
    /// A client for the hosted service with this key.
    ///
    /// # Errors
    ///
    /// A key that cannot be one, see [`LettaBuilder::api_key`].
    ///
    /// ```
    /// use letta_api_ext::Letta;
    ///
    /// let letta = Letta::new("sk-let-0f3c")?;
    /// assert_eq!(letta.api().base_url().as_str(), "https://api.letta.com");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn new(api_key: impl Into<Secret>) -> Result<Self> {
        Self::builder().api_key(api_key).build()
    }

    /// A client configured by the environment: `LETTA_API_KEY`, and where they are set
    /// `LETTA_BASE_URL` and `LETTA_PROJECT` (a slug). A variable that is empty counts as not set.
    ///
    /// # Errors
    ///
    /// No `LETTA_API_KEY`, and what [`LettaBuilder::build`] refuses. To add to what the environment
    /// says, begin with [`LettaBuilder::from_env`].
    pub fn from_env() -> Result<Self> {
        LettaBuilder::from_env().build()
    }

    /// A client configured step by step.
    pub fn builder() -> LettaBuilder {
        LettaBuilder::default()
    }

    /// Client-side access tokens: create, list, revoke.
    pub fn access_tokens(&self) -> AccessTokens {
        AccessTokens::new(self.clone())
    }

    /// The generated client, for everything that this crate does not wrap. Calls through it carry
    /// the key and the project, like all others.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), Box<dyn std::error::Error>> {
    /// let page = letta.api().list_client_side_access_tokens(None, Some(50), None).await?;
    /// println!("{} tokens", page.tokens.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn api(&self) -> &letta_api::Client {
        &self.inner.api
    }

    pub(crate) fn from_parts(api: letta_api::Client, key: ApiKey) -> Self {
        Self {
            inner: Arc::new(Inner { api, key }),
        }
    }

    /// What must not be in any text that this client prints.
    pub(crate) fn key(&self) -> &Secret {
        self.inner.key.secret()
    }
}

impl std::fmt::Debug for Letta {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letta")
            .field("base_url", &self.inner.api.base_url().as_str())
            .finish_non_exhaustive()
    }
}
