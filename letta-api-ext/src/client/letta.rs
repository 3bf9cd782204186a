//! The client.

use std::sync::Arc;
use std::time::Duration;

use letta_api::{BaseUrl, Secret};
use reqwest::header::{HeaderName, HeaderValue};

use super::LettaBuilder;
use super::request::Call;
#[cfg(feature = "turns")]
use super::run_calls::RunCalls;
use crate::error::Result;
use crate::transport::credentials::TokenKeeper;
use crate::transport::{CallOptions, HttpTransport, RetryPolicy};

/// A client for the Letta API.
///
/// Make one client and share it, even among thousands of tasks: cloning is cheap, and clones share one pool of
/// connections and one [`RetryBudget`](crate::RetryBudget). `Debug` shows the base URL and nothing else.
///
/// Calls need a tokio runtime with time and I/O enabled, except in a browser. Await them in a task of the runtime,
/// under `#[tokio::main]`, or in `Runtime::block_on`. Outside a runtime, a call fails with an error for the
/// [field](crate::Error::field) `runtime`, and nothing is sent. In a runtime without time or I/O, tokio panics, and
/// its message names what to enable. A client can be made anywhere, and used from several runtimes.
///
/// Every call has a [deadline](LettaBuilder::deadline), and is sent again if that is safe, see [`RetryPolicy`].
/// Dropping its future cancels it. These options can be set for the client, for a clone of it
/// ([`with_deadline`](Self::with_deadline) and so on), or for one request.
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

#[derive(Clone)]
struct Inner {
    api: letta_api::Client,
    transport: Arc<HttpTransport>,
    #[cfg(feature = "turns")]
    runs: Option<&'static dyn RunCalls>,
}

impl Letta {
    /// A client for the hosted service with this key.
    ///
    /// # Errors
    ///
    /// An invalid key, see [`LettaBuilder::api_key`].
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

    /// A client configured by the environment: `LETTA_API_KEY`, and if they are set `LETTA_BASE_URL` and
    /// `LETTA_PROJECT` (a slug). An empty variable counts as not set.
    ///
    /// # Errors
    ///
    /// A missing `LETTA_API_KEY`, and any error of [`LettaBuilder::build`]. The error names the invalid variable
    /// ([`Error::field`](crate::Error::field)). To set more than the environment has, begin with
    /// [`LettaBuilder::from_env`].
    pub fn from_env() -> Result<Self> {
        LettaBuilder::from_env().build()
    }

    /// A client for a self-hosted server on this machine, at `http://localhost:8283`, without a key. The environment is not
    /// read.
    ///
    /// For a server elsewhere, or one with a password, see [`LettaBuilder::without_api_key`] and
    /// [`LettaBuilder::api_key`]. A self-hosted server has agents and messages, but no client-side access tokens.
    ///
    /// # Errors
    ///
    /// The default HTTP client cannot be made.
    ///
    /// ```
    /// use letta_api_ext::Letta;
    ///
    /// let letta = Letta::local()?;
    /// assert_eq!(letta.api().base_url().as_str(), "http://localhost:8283");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn local() -> Result<Self> {
        Self::builder().without_api_key().build()
    }

    /// Configures a client step by step.
    pub fn builder() -> LettaBuilder {
        LettaBuilder::default()
    }

    /// The same client with another deadline for each call. It shares connections with the original. See
    /// [`LettaBuilder::deadline`]. With a deadline of zero, calls fail.
    ///
    /// ```
    /// # fn run(letta: letta_api_ext::Letta) {
    /// use std::time::Duration;
    ///
    /// let patient = letta.with_deadline(Duration::from_secs(120));
    /// # }
    /// ```
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        self.with_options(|options| options.deadline = Some(deadline))
    }

    /// The same client with another time-out for each attempt. See [`LettaBuilder::attempt_timeout`]. With a time-out
    /// of zero, calls fail.
    #[must_use]
    pub fn with_attempt_timeout(&self, timeout: Duration) -> Self {
        self.with_options(|options| options.attempt_timeout = Some(timeout))
    }

    /// The same client with another retry policy. See [`LettaBuilder::retry`]. With an invalid policy, calls fail.
    #[must_use]
    pub fn with_retry(&self, retry: RetryPolicy) -> Self {
        self.with_options(|options| options.retry = retry)
    }

    /// The same client with another header on each call. See [`LettaBuilder::header`]. With an invalid header, calls
    /// fail.
    #[must_use]
    pub fn with_header<N, V>(&self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        self.with_options(|options| options.headers.set(name, value))
    }

    fn with_options(&self, change: impl FnOnce(&mut CallOptions)) -> Self {
        self.with_transport(|transport| change(&mut transport.options))
    }

    fn with_transport(&self, change: impl FnOnce(&mut HttpTransport)) -> Self {
        let mut transport = HttpTransport::clone(&self.inner.transport);
        change(&mut transport);
        let mut inner = Inner::clone(&self.inner);
        inner.transport = Arc::new(transport);
        inner.api = (inner.api).with_shared_transport(inner.transport.clone());
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The same client with another way of sending one request.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn with_inner(&self, inner: Arc<dyn letta_api::Transport>) -> Self {
        self.with_transport(|transport| transport.inner = Some(inner))
    }

    #[cfg(test)]
    pub(crate) fn transport(&self) -> &HttpTransport {
        &self.inner.transport
    }

    /// The generated client, for operations that this crate does not wrap. Its calls carry the key and the project,
    /// and have a deadline and retries, like all others. [`CallFacts`](crate::CallFacts) come with the answer.
    ///
    /// `?` turns its errors into an [`Error`](crate::Error) with the same details as those of this crate's own calls.
    /// Set a limit for bodies with [`LettaBuilder::response_body_limit`].
    ///
    /// A path parameter may be any text that does not name another resource. So an API key that is passed to
    /// `delete_client_side_access_token` gets into a URL. [`revoke`](crate::AccessTokens::revoke) refuses it.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// use letta_api_ext::letta_api::types::ListClientSideAccessTokensParams;
    ///
    /// let params = ListClientSideAccessTokensParams::default().with_limit(50u32);
    /// let page = letta.api().list_client_side_access_tokens(&params).await?;
    /// println!("{} tokens", page.tokens.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn api(&self) -> &letta_api::Client {
        &self.inner.api
    }

    pub(crate) fn new_with(
        base_url: BaseUrl,
        http: reqwest::Client,
        transport: HttpTransport,
    ) -> Self {
        let api =
            letta_api::Client::new(base_url, http).with_body_limit(transport.settings.body_limit);
        let transport = Arc::new(transport);
        let inner = Inner {
            api: api.with_shared_transport(transport.clone()),
            transport,
            #[cfg(feature = "turns")]
            runs: None,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The same client, which asks for runs by this.
    #[cfg(feature = "turns")]
    pub(super) fn asking_runs(&self, runs: Option<&'static dyn RunCalls>) -> Self {
        let inner = Inner {
            runs,
            ..Inner::clone(&self.inner)
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// How the client asks for runs. `None` if it calls by a client-side token, which opens none.
    #[cfg(feature = "turns")]
    pub(crate) fn run_calls(&self) -> Option<&'static dyn RunCalls> {
        self.inner.runs.filter(|_| !self.holds_a_token())
    }

    /// A new call, with the client's options.
    pub(crate) fn call(&self) -> Call {
        Call::new(self.clone())
    }

    /// The options of calls that have no others.
    pub(crate) fn options(&self) -> &CallOptions {
        &self.inner.transport.options
    }

    /// The generated client with other options.
    pub(crate) fn api_with(&self, options: CallOptions) -> letta_api::Client {
        let transport = HttpTransport {
            settings: self.inner.transport.settings.clone(),
            options,
            #[cfg(any(test, fuzzing))]
            inner: self.inner.transport.inner.clone(),
        };
        let api = self.inner.api.clone();
        api.with_shared_transport(Arc::new(transport))
    }

    /// A value that all clones of this client share, such as what a floor above keeps for a client. It is made once. All calls must ask
    /// for the same type.
    #[cfg(feature = "turns")]
    pub(crate) fn shared<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let shared = &self.inner.transport.settings.shared;
        let shared = shared.get_or_init(|| Arc::new(T::default())).clone();
        shared.downcast().expect("one type alone is kept here")
    }

    /// The key, which no printed text may contain.
    pub(crate) fn key(&self) -> Option<&Secret> {
        let key = self.inner.transport.settings.credentials.key();
        key.map(|key| &**key)
    }

    /// Whether calls are made with a client-side token: one of a holder, or a key that is one.
    #[cfg_attr(not(feature = "turns"), allow(dead_code, reason = "turns alone ask"))]
    pub(crate) fn holds_a_token(&self) -> bool {
        self.inner.transport.settings.credentials.is_token()
    }

    /// Who gives calls their tokens. `None` for a client with a key, or without one.
    pub(crate) fn token_keeper(&self) -> Option<&dyn TokenKeeper> {
        self.inner.transport.settings.credentials.keeper()
    }
}

impl std::fmt::Debug for Letta {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letta")
            .field("base_url", &self.inner.api.base_url().as_str())
            .finish_non_exhaustive()
    }
}
