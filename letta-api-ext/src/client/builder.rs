//! How a client is configured.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use letta_api::{ApiKey, BaseUrl, Response, Secret};
use reqwest::header::{HeaderName, HeaderValue};

use crate::client::Letta;
use crate::client::project::Project;
use crate::error::{Error, Result};
use crate::ids::Origin;
use crate::platform::{self, HttpSettings};
use crate::transport::RetryBudget;
use crate::transport::RetryPolicy;
use crate::transport::credentials::{Credentials, MakeKeeper};
use crate::transport::metrics::Metrics;
use crate::transport::{CallOptions, HttpTransport, Settings};

/// The hosted service: the default base URL of clients with a key.
const HOSTED: &str = "https://api.letta.com";

/// A self-hosted server on this machine: the default base URL of clients without a key.
const LOCAL: &str = "http://localhost:8283";

/// Configures a [`Letta`]. Nothing is checked before [`build`](Self::build).
///
/// ```
/// use letta_api_ext::Letta;
///
/// let letta = Letta::builder()
///     .api_key("sk-let-0f3c")
///     .project("my-project")
///     .build()?;
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct LettaBuilder {
    api_key: Option<Given<Secret>>,
    is_without_key: bool,
    base_url: Option<Given<String>>,
    project: Option<Given<Project>>,
    http_client: Option<reqwest::Client>,
    allow_plain_http: bool,
    options: CallOptions,
    budget: Option<RetryBudget>,
    body_limit: Option<usize>,
    metrics: Option<Arc<dyn Metrics>>,
    keeper: Option<Arc<dyn MakeKeeper>>,
    origin: Option<Result<Origin>>,
}

/// A setting, and the name of the method or environment variable that set it.
#[derive(Clone)]
struct Given<T> {
    field: &'static str,
    /// An error if the variable could not be read.
    value: Result<T>,
}

impl<T> Given<T> {
    fn by(field: &'static str, value: T) -> Self {
        let value = Ok(value);
        Self { field, value }
    }

    fn map<U>(self, change: impl FnOnce(T) -> U) -> Given<U> {
        let (field, value) = (self.field, self.value.map(change));
        Given { field, value }
    }
}

impl LettaBuilder {
    /// Starts with the settings of the environment: `LETTA_API_KEY`, `LETTA_BASE_URL` and `LETTA_PROJECT` (a slug).
    /// An empty variable counts as not set. Methods of the builder take precedence.
    pub fn from_env() -> Self {
        Self::from_variables(|name| std::env::var_os(name))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let read = |name: &'static str| {
            let text = variable(name).filter(|text| !text.is_empty())?;
            let value = text
                .into_string()
                .map_err(|_| Error::invalid_input(name, "must be valid UTF-8", None));
            Some(Given { field: name, value })
        };
        Self {
            api_key: read("LETTA_API_KEY").map(|key| key.map(Secret::from)),
            base_url: read("LETTA_BASE_URL"),
            project: read("LETTA_PROJECT").map(|slug| slug.map(Project::Slug)),
            ..Self::default()
        }
    }

    /// The secret API key (`sk-let-…`), or a client-side token (`ck-let-…`) for the calls that its policy opens.
    /// White space around it is dropped. The rest must be visible ASCII. [`build`](Self::build) refuses a key in
    /// quotes, a placeholder such as `${NAME}`, and other obvious mistakes; see [`ApiKey::new`].
    pub fn api_key(mut self, key: impl Into<Secret>) -> Self {
        self.api_key = Some(Given::by("api_key", key.into()));
        self.is_without_key = false;
        self.keeper = None;
        self
    }

    /// Gets tokens from a keeper that this makes. Replaces a key.
    pub(crate) fn token_keeper(mut self, keeper: Arc<dyn MakeKeeper>) -> Self {
        self.api_key = None;
        self.is_without_key = false;
        self.keeper = Some(keeper);
        self
    }

    /// Sends no key, for a self-hosted server without authentication. Replaces an earlier [`api_key`](Self::api_key),
    /// and the key of the environment. The base URL is `http://localhost:8283` by default then.
    ///
    /// ```
    /// use letta_api_ext::Letta;
    ///
    /// let letta = Letta::builder().base_url("https://letta.example.com").without_api_key().build()?;
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn without_api_key(mut self) -> Self {
        self.api_key = None;
        self.is_without_key = true;
        self.keeper = None;
        self
    }

    /// The address of the service: text, or a [`BaseUrl`]. By default `https://api.letta.com`, or
    /// `http://localhost:8283` for a client [without a key](Self::without_api_key). A slash or `/v1` at the end is
    /// dropped. [`build`](Self::build) refuses an invalid URL, and a URL in quotes or with a placeholder.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(Given::by("base_url", url.into()));
        self
    }

    /// The project of all calls, by its slug (`X-Project`). By default the key's own project. Replaces an earlier
    /// [`project_id`](Self::project_id). [`build`](Self::build) refuses a slug that is empty or not visible ASCII.
    pub fn project(mut self, slug: impl Into<String>) -> Self {
        self.project = Some(Given::by("project", Project::Slug(slug.into())));
        self
    }

    /// The project of all calls, by its ID (`X-Project-Id`). Replaces an earlier [`project`](Self::project).
    /// [`build`](Self::build) refuses an ID that is empty or not visible ASCII.
    pub fn project_id(mut self, id: impl Into<String>) -> Self {
        self.project = Some(Given::by("project_id", Project::Id(id.into())));
        self
    }

    /// The longest that a call may take, from the moment it is sent to the end of its answer: all attempts, the waits
    /// between them, and reading the body. By default 30 seconds. Must be positive; [`build`](Self::build) refuses
    /// zero. `Duration::MAX` means no deadline.
    ///
    /// Some calls have no deadline unless you set one: an operation that answers when an agent, a model or a tool is done, and an upload. The
    /// first are `send_message`, `send_conversation_message`, `compact_messages`, `compact_conversation`, `run_agent_tool` and
    /// `run_mcp_server_tool` of the [raw client](crate::Letta::api). Uploads are `upload_file` and `import_agent`. If the service asks such a
    /// call to wait for more than 30 seconds before another attempt, the call fails at once. For [requests by hand](crate::Letta::request), set
    /// what you need.
    ///
    /// In a stream of pages, each page is a call. If the answer of an operation is a stream, the deadline ends when
    /// the stream begins.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.options.deadline = Some(deadline);
        self
    }

    /// The longest that one attempt of a call may take, from the moment it is sent to the end of its answer. By
    /// default 10 seconds. Must be positive; [`build`](Self::build) refuses zero. The deadline takes precedence.
    ///
    /// An attempt of an operation that answers when an agent, a model or a tool is done (see
    /// [`deadline`](Self::deadline)) may wait for its answer without end, unless you set a time-out. Once the answer has
    /// begun, its body has 10 seconds. An upload may stand still for 60 seconds, or for the time that you set.
    ///
    /// An attempt that takes longer counts as lost: it may have had its effect. Connecting may take half of this, and
    /// at most 5 seconds, so that an unreachable service is told from one that does not answer. This connect time is
    /// fixed when the client is built. If one call has less time, or you give your own HTTP client, a connection that
    /// is too slow counts as a lost attempt.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.options.attempt_timeout = Some(timeout);
        self
    }

    /// When a call is sent again. By default [`RetryPolicy::standard`]: three attempts. [`build`](Self::build)
    /// refuses an invalid policy.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.options.retry = retry;
        self
    }

    /// How many retries all calls may make together. By default a [`RetryBudget::standard`], which this client shares
    /// with its clones.
    pub fn retry_budget(mut self, budget: RetryBudget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// The longest body of an answer, in bytes after any decompression. By default 8 MiB. A success with a longer
    /// body is an [invalid response](Error::is_invalid_response). Of an answer with an error status, at most 64 KiB
    /// are read, and a longer one has no message. Streams have no limit.
    ///
    /// Decoded JSON takes up to 150 times the memory of its text. Decoding 8 MiB takes up to about a second, and no deadline
    /// interrupts it.
    pub fn response_body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// Sends a header with each call. Replaces an earlier header of the same name. By default none.
    ///
    /// For example a gateway's key, a tenant's name or a trace ID. The value is treated as a secret: it is never
    /// printed, and a value of 8 characters or more is redacted from what the service says.
    ///
    /// [`build`](Self::build) refuses an invalid name or value, and a header that the SDK or the HTTP client sets,
    /// such as `Authorization`, `X-Project`, `Accept`, `Content-Type` and `Host`. The error has the
    /// [field](Error::field) `header`.
    ///
    /// In a browser, the service must allow the header to pages of other origins (CORS).
    ///
    /// ```
    /// use letta_api_ext::Letta;
    ///
    /// let letta = Letta::builder().api_key("sk-let-0f3c").header("X-Gateway-Key", "g-4711").build()?;
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        self.options.headers.set(name, value);
        self
    }

    /// The origin of the application, sent as `Origin` with each call. By default none. A client-side token works only for calls from
    /// the origin that it was made for.
    ///
    /// For programs outside of a browser. A browser sends the page's own origin, and this setting is ignored there.
    /// [`build`](Self::build) refuses an invalid [`Origin`], with the [field](Error::field) `origin`.
    ///
    /// ```
    /// use letta_api_ext::Letta;
    ///
    /// let letta = Letta::builder().api_key("ck-let-0f3c").origin("https://chat.example.com").build()?;
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn origin<O>(mut self, origin: O) -> Self
    where
        O: TryInto<Origin>,
        O::Error: Into<Error>,
    {
        self.origin = Some(origin.try_into().map_err(Into::into));
        self
    }

    /// Reports every attempt and every call to `metrics`. By default none. See [`Metrics`]. For tracing, see the
    /// [crate's documentation](crate#observability).
    pub fn metrics(mut self, metrics: Arc<dyn Metrics>) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// The HTTP client to use, for your own proxies, certificates, compression and connection pools.
    ///
    /// The default client (in a browser, the browser decides all of this):
    ///
    /// - connects within 5 seconds, or within half of the time for an attempt if that is less;
    /// - keeps idle connections for 90 seconds: as many as there were calls at the same time (HTTP/1.1), or one for
    ///   all calls (HTTP/2, with the feature `http2`, if the service offers it under TLS);
    /// - pings an HTTP/2 connection after 5 seconds of silence while calls are under way;
    /// - asks for no compression;
    /// - sends this crate's name as `User-Agent`, and with each call `X-Stainless-Package-Version`, by which the service
    ///   takes it for a current client (in a browser only with a body). A [header](Self::header) of yours takes precedence;
    /// - uses the proxy of the environment: `HTTPS_PROXY` or `HTTP_PROXY`, by the scheme of the base URL, otherwise
    ///   `ALL_PROXY`, each also in lower case. It uses none if the base URL is on this machine, or `NO_PROXY` has its
    ///   host. If a setting applies and is invalid, [`build`](Self::build) fails, so that the proxy is never bypassed
    ///   unnoticed. If an invalid setting does not apply, there is a warning event. Both name the variable and not
    ///   its value. SOCKS proxies need the feature `socks`.
    ///
    /// Deadlines, time-outs, retries and redirects are this crate's, with any client. Your own client
    ///
    /// - must not follow redirects (`redirect::Policy::none()`): to another origin, a redirected request takes its
    ///   body along, and its path as `Referer`. If the answer comes from another origin, or from another URL to
    ///   anything but a GET, the call fails [afterwards](Error::is_redirect). A redirect that leads away and back
    ///   cannot be detected;
    /// - should not retry (`retry(reqwest::retry::never())`): its retries are not counted, and an attempt that only
    ///   it knows of may have had its effect;
    /// - should not be `connection_verbose`, which logs everything that is sent, including the key;
    /// - may have its own time-outs, which apply too.
    ///
    /// With the feature `rustls-ring` alone, reqwest has no cryptography of its own, and panics if a client is built
    /// before the application has installed a provider.
    ///
    /// ```
    /// use letta_api_ext::{Letta, reqwest};
    ///
    /// # fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let http = reqwest::Client::builder()
    ///     .redirect(reqwest::redirect::Policy::none())
    ///     .retry(reqwest::retry::never())
    ///     .pool_max_idle_per_host(8)
    ///     .build()?;
    /// let letta = Letta::builder().api_key("sk-let-0f3c").http_client(http).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http_client = Some(client);
        self
    }

    /// Allows a base URL with plain `http` to another machine. Anyone on the network can then read the key and the
    /// tokens. By default, `http` is allowed only for this machine.
    pub fn allow_plain_http(mut self) -> Self {
        self.allow_plain_http = true;
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// - A missing API key, unless the client is [without a key](Self::without_api_key) or has a
    ///   [source of tokens](Self::token_source), or a key that [`ApiKey::new`] refuses.
    /// - An invalid [`origin`](Self::origin).
    /// - A base URL that [`BaseUrl::parse`] refuses, or that is plain `http` to another machine.
    /// - A project that is empty, in quotes, a placeholder, or not visible ASCII.
    /// - A deadline or a time-out of zero, an invalid retry policy, or an invalid header.
    /// - A proxy setting of the environment that applies and is invalid.
    ///
    /// The error names the field or the environment variable ([`Error::field`]), the rule, and what to do. It has no
    /// secret.
    pub fn build(self) -> Result<Letta> {
        self.build_in(&|name| std::env::var_os(name))
    }

    /// Like [`build`](Self::build), with this environment. Only its proxy settings are read.
    fn build_in(self, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Letta> {
        let api_key = match self.api_key {
            Some(key) => {
                Some(ApiKey::new(key.value?).map_err(|error| refused(key.field, error.rule()))?)
            }
            None if self.is_without_key || self.keeper.is_some() => None,
            None => {
                let rule = "must be set: pass it to `api_key`, or set LETTA_API_KEY; a self-hosted server may need none, \
                            see `Letta::local` and `without_api_key`";
                return Err(Error::invalid_input("api_key", rule, None));
            }
        };

        let url = self.base_url;
        let default = if self.is_without_key { LOCAL } else { HOSTED };
        let url = url.unwrap_or_else(|| Given::by("base_url", default.to_owned()));
        let base_url =
            BaseUrl::parse(&url.value?).map_err(|error| refused(url.field, error.rule()))?;
        if base_url.is_cleartext() && !self.allow_plain_http {
            let rule = "must be https, or anyone on the network can read what is sent, including the key; \
                        `allow_plain_http` allows it";
            return Err(Error::invalid_input(
                url.field,
                rule,
                Some(base_url.as_str()),
            ));
        }

        let project = self
            .project
            .map(|given| given.value?.to_header(given.field));
        let project = project.transpose()?;
        self.options.check()?;
        let (http, proxy) = match self.http_client {
            // Your own client decides on its proxies.
            Some(client) => (client, None),
            None => {
                let proxy = proxy_of_environment(&base_url, variable)?;
                (default_http_client(&base_url, &self.options)?, proxy)
            }
        };
        let origin = self.origin.transpose()?;
        let origin = origin.filter(|_| !platform::SETS_ORIGIN);
        let settings = Settings {
            origin: origin.as_ref().map(to_header).transpose()?,
            credentials: match (api_key, self.keeper) {
                (Some(key), _) => Credentials::of_key(key),
                (None, Some(keeper)) => Credentials::Held(keeper.make(origin)),
                (None, None) => Credentials::None,
            },
            project,
            proxy,
            budget: self.budget.unwrap_or_default(),
            metrics: self.metrics,
            body_limit: self.body_limit.unwrap_or(Response::BODY_LIMIT),
            #[cfg(feature = "turns")]
            shared: std::sync::OnceLock::new(),
        };
        let transport = HttpTransport {
            settings: Arc::new(settings),
            options: self.options,
            #[cfg(any(test, fuzzing))]
            inner: None,
        };
        Ok(Letta::new_with(base_url, http, transport))
    }
}

fn to_header(origin: &Origin) -> Result<HeaderValue> {
    HeaderValue::from_str(origin.as_str())
        .map_err(|_| Error::invalid_input("origin", "must be visible ASCII", None))
}

fn proxy_of_environment(
    base_url: &BaseUrl,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Option<String>> {
    platform::proxy_of(base_url, variable)
        .map_err(|proxy| Error::invalid_input(proxy.variable, proxy.to_string(), None))
}

fn default_http_client(base_url: &BaseUrl, options: &CallOptions) -> Result<reqwest::Client> {
    let settings = HttpSettings {
        is_loopback: base_url.is_loopback(),
        shortest_time: options.attempt_timeout().min(options.deadline()),
    };
    platform::http_client(&settings).map_err(|problem| {
        let rule = format!("could not be made: {problem}");
        Error::invalid_input("http_client", rule, None)
    })
}

/// An error for a rule that another type checks. The value may be secret, so it is left out.
fn refused(field: &'static str, rule: &str) -> Error {
    Error::invalid_input(field, format!("cannot be used: {rule}"), None)
}

impl std::fmt::Debug for LettaBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A value that is not checked yet may have a password, or the key in the wrong place.
        f.debug_struct("LettaBuilder")
            .field("has_api_key", &self.api_key.is_some())
            .field("is_without_key", &self.is_without_key)
            .field("has_token_source", &self.keeper.is_some())
            .field("has_base_url", &self.base_url.is_some())
            .field("has_project", &self.project.is_some())
            .field("allow_plain_http", &self.allow_plain_http)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<Letta> {
        LettaBuilder::from_variables(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.into())
        })
        .build()
    }

    #[test]
    fn the_environment_configures_a_client() {
        let letta = from(&[("LETTA_API_KEY", "sk-let-1")]).unwrap();
        assert_eq!(letta.api().base_url().as_str(), "https://api.letta.com");
        let letta = from(&[
            ("LETTA_API_KEY", "sk-let-1\n"),
            ("LETTA_BASE_URL", "http://localhost:8283/v1/"),
            ("LETTA_PROJECT", "mine"),
        ])
        .unwrap();
        assert_eq!(letta.api().base_url().as_str(), "http://localhost:8283");
    }

    #[test]
    fn a_variable_that_is_empty_counts_as_not_set() {
        let letta = from(&[("LETTA_API_KEY", "sk-let-1"), ("LETTA_BASE_URL", "")]).unwrap();
        assert_eq!(letta.api().base_url().as_str(), "https://api.letta.com");
        let error = from(&[("LETTA_API_KEY", "")]).unwrap_err();
        assert_eq!(error.field(), Some("api_key"));
        assert!(error.to_string().contains("LETTA_API_KEY"), "{error}");
    }

    #[test]
    fn a_variable_that_holds_no_value_is_named_and_not_shown() {
        let key = ("LETTA_API_KEY", "sk-let-1");
        for (variable, value, says) in [
            (
                "LETTA_API_KEY",
                "\"sk-let-hunter2\"",
                "leave the quotes out",
            ),
            ("LETTA_API_KEY", "${hunter2}", "the value itself"),
            ("LETTA_API_KEY", "sk-let-hunter2,", "one key"),
            (
                "LETTA_BASE_URL",
                "\"https://hunter2\"",
                "leave the quotes out",
            ),
            ("LETTA_BASE_URL", "https://$hunter2", "the value itself"),
            ("LETTA_BASE_URL", "hunter2", "absolute URL"),
            ("LETTA_PROJECT", "${PROJECT}", "the value itself"),
            ("LETTA_PROJECT", "'mine'", "leave the quotes out"),
        ] {
            let set = [(variable, value), key];
            let error = from(&set).unwrap_err();
            assert_eq!(error.field(), Some(variable), "{error}");
            let text = format!("{error} {error:?}");
            assert!(text.contains(says) && text.contains(variable), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
        // A value that a method set has the method's name.
        let variables = |name: &str| (name == "LETTA_API_KEY").then(|| "'x'".into());
        let builder = LettaBuilder::from_variables(variables).api_key("'y'");
        assert_eq!(builder.build().unwrap_err().field(), Some("api_key"));
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_utf_8_is_an_error() {
        use std::os::unix::ffi::OsStringExt;

        let error = LettaBuilder::from_variables(|_| Some(OsString::from_vec(vec![0xff])))
            .build()
            .unwrap_err();
        assert!(error.to_string().contains("UTF-8"), "{error}");

        // A value that was set after the environment takes precedence.
        let unreadable = |name: &str| match name {
            "LETTA_API_KEY" => Some("sk-let-1".into()),
            _ => Some(OsString::from_vec(vec![0xff])),
        };
        let builder = LettaBuilder::from_variables(unreadable);
        assert!(builder.clone().base_url("https://x").build().is_err());
        assert!(
            builder
                .base_url("https://x")
                .project("mine")
                .build()
                .is_ok()
        );
    }
}
