//! Tokens from the application's own endpoint, by HTTP.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use letta_api::{ApiKey, BaseUrl, BoxFuture, Operation, Response, Secret, TransportError};
use reqwest::header::{ACCEPT, CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use reqwest::{Method, Request, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::source::{SourcedToken, SourcedTokens, TokenNeed, TokenSource};
use super::source_error::{TokenSourceError, Why};
use crate::access_tokens::policy::AccessPolicy;
use crate::error::kind::{Redirect, TimeLimit};
use crate::error::token_form::KEY_PREFIX;
use crate::error::{Error, Result, reason, redact, retry_after};
use crate::ids::AgentId;
use crate::platform::{self, HttpSettings};
use crate::time::clock::{self, Instant};
use crate::transport::headers::{OwnHeaders, SHORT};

/// The header that says that the service refused the last token.
const REFUSED: HeaderName = HeaderName::from_static("letta-token-refused");

/// The time for an answer, if none is set.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The longest body that is read, in bytes.
const BODY_LIMIT: usize = 64 * 1024;

/// How the request is named in errors.
static ASK: Operation = Operation::new("fetch_token", "POST", "");

/// Headers that this source sets.
const OWNED: [(&str, &str); 8] = [
    ("accept", "the answer is JSON"),
    ("content-type", "there is no body"),
    ("content-length", "there is no body"),
    ("transfer-encoding", "there is no body"),
    ("host", "the URL decides"),
    ("origin", "set it with `LettaBuilder::origin`"),
    ("letta-token-refused", "the holder decides"),
    ("proxy-authorization", "give the source an `http_client`"),
];

/// A source that asks the application's own endpoint for tokens, such as one that is made with `token_endpoint` (feature `axum`).
///
/// ```
/// use letta_api_ext::Letta;
/// use letta_api_ext::token_holder::HttpTokenSource;
///
/// let source = HttpTokenSource::new("https://chat.example.com/api/letta-token")?;
/// let letta = Letta::builder().token_source(source).origin("https://chat.example.com").build()?;
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
///
/// In a browser, a page asks its own origin by a path: `HttpTokenSource::new("/api/letta-token")`.
///
/// # What is asked
///
/// `POST`, without a body. If the service refused the last token, the request has the header `Letta-Token-Refused: 1`, so that the
/// application does not give the same token again. If the application gives a token for each agent, the value is the ID of the agent whose
/// token was refused. Outside of a browser, the request has the client's [`Origin`](crate::LettaBuilder::origin), if one is set. A browser
/// sends the cookies of the endpoint's origin. Elsewhere, say who asks by a [`header`](Self::header), or by an
/// [`http_client`](Self::http_client) that keeps cookies.
///
/// # What is answered
///
/// | answer | |
/// |---|---|
/// | a success with `{"token": "ck-let-…", "expiresIn": 299}` | a token, and how many seconds it lives |
/// | a success with `{"tokens": {"agent-1": {"token": "ck-let-…", "expiresIn": 299}}}` | a token for each agent |
/// | 401 | nobody is signed in: [`Error::is_signed_out`] |
/// | any other status | no token: [`Error::is_without_token`]. `detail` of a problem document (RFC 9457), or another common form of a message, is [`Error::message`]. `Retry-After` is [`Error::retry_after`] |
///
/// `expiresIn` may have a fraction. Without it, or if it is not a number, a token counts as living for 60 seconds. Zero and less
/// count as less than a second. Other members are ignored. These are errors: an answer that is not JSON, a body over 64 KiB, a token
/// that is not visible ASCII, and an API key in place of a token. A redirect is an error, and is not followed. A browser follows it
/// by itself: there, the answer is an error.
///
/// `Debug` shows the URL without its query.
#[derive(Clone)]
#[must_use = "a source does nothing until it is given to `LettaBuilder::token_source`"]
pub struct HttpTokenSource {
    url: Url,
    http: reqwest::Client,
    /// Host and port of the proxy on the way, if the default HTTP client has one.
    proxy: Option<String>,
    headers: OwnHeaders,
    timeout: Duration,
    policy: Option<Policy>,
    sends_cookies_elsewhere: bool,
    /// Whether the endpoint gives a token for each agent, as far as is known.
    is_per_agent: Arc<AtomicBool>,
}

impl HttpTokenSource {
    /// A source that asks at this URL. White space around it is dropped. It must be `https`, or `http` to this machine.
    ///
    /// In a browser it may be relative to the page, such as `/api/letta-token`, and may have the scheme of the page.
    ///
    /// # Errors
    ///
    /// An invalid URL (`url`): one that is not a URL, or is relative outside of a browser; one with another scheme, a user name, a
    /// password or a fragment; plain `http` to another machine. The default HTTP client cannot be made, or a proxy setting of the
    /// environment applies and is invalid.
    ///
    /// ```
    /// use letta_api_ext::token_holder::HttpTokenSource;
    ///
    /// let source = HttpTokenSource::new("https://chat.example.com/api/letta-token")?;
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn new(url: impl AsRef<str>) -> Result<Self> {
        let url = parse(url.as_ref())?;
        let origin = BaseUrl::parse(&url.origin().ascii_serialization());
        let origin =
            origin.map_err(|error| invalid_url(format!("cannot be used: {}", error.rule())))?;
        if origin.is_cleartext() && !platform::page::is_of_page(&url) {
            return Err(invalid_url(
                "must be https, or anyone on the network can read the token; plain http is for this machine alone",
            ));
        }
        let variable = |name: &str| std::env::var_os(name);
        let proxy = platform::proxy_of(&origin, &variable)
            .map_err(|proxy| Error::invalid_input(proxy.variable, proxy.to_string(), None))?;
        let settings = HttpSettings {
            is_loopback: origin.is_loopback(),
            shortest_time: TIMEOUT,
        };
        let http = platform::http_client(&settings).map_err(|problem| {
            Error::invalid_input("http_client", format!("could not be made: {problem}"), None)
        })?;
        Ok(Self {
            url,
            http,
            proxy,
            headers: OwnHeaders::default(),
            timeout: TIMEOUT,
            policy: None,
            sends_cookies_elsewhere: false,
            is_per_agent: Arc::default(),
        })
    }

    /// Sends this header with each request, such as `Authorization` with the session of a desktop program. Replaces an earlier header of
    /// the same name. By default none. The value is treated as a secret: it is never printed, and a value of 8 characters or more is
    /// redacted from what the application says.
    ///
    /// In a browser, an endpoint of another origin must allow the header to the page (CORS).
    ///
    /// # Errors
    ///
    /// An invalid name or value (`header`), and a header that this source or the HTTP client sets, such as `Accept`, `Content-Type`,
    /// `Host` and `Origin`.
    ///
    /// ```
    /// use letta_api_ext::token_holder::HttpTokenSource;
    ///
    /// let source = HttpTokenSource::new("https://chat.example.com/api/letta-token")?
    ///     .header("Authorization", "Bearer s3ss10n")?;
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn header<N, V>(mut self, name: N, value: V) -> Result<Self>
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        self.headers.set_unless(name, value, &OWNED);
        self.headers.check()?;
        Ok(self)
    }

    /// The longest time for an answer, its body included. By default 15 seconds. The holder waits for at most 60 seconds. A call that
    /// waits for a token also ends at its own [deadline](crate::LettaBuilder::deadline).
    ///
    /// # Errors
    ///
    /// A time-out of zero (`timeout`).
    ///
    /// ```
    /// use std::time::Duration;
    /// use letta_api_ext::token_holder::HttpTokenSource;
    ///
    /// let source = HttpTokenSource::new("https://chat.example.com/api/letta-token")?
    ///     .timeout(Duration::from_secs(5))?;
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Result<Self> {
        if timeout.is_zero() {
            let got = "0s".to_owned();
            return Err(Error::invalid_input_got("timeout", "must be positive", got));
        }
        self.timeout = timeout;
        Ok(self)
    }

    /// What the endpoint's tokens open, since its answer does not say. A call that they do not open is [refused before it is
    /// sent](Error::is_not_opened). By default that is not known, and the service decides.
    ///
    /// If the endpoint gives a token for each agent, each is taken to open what the policy gives on its agent.
    ///
    /// ```
    /// use letta_api_ext::AccessPolicy;
    /// use letta_api_ext::policy::Preset;
    /// use letta_api_ext::token_holder::HttpTokenSource;
    ///
    /// let source = HttpTokenSource::new("https://chat.example.com/api/letta-token")?
    ///     .policy(AccessPolicy::for_agent("agent-1", Preset::Chat)?);
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn policy(mut self, policy: AccessPolicy) -> Self {
        self.policy = Some(Policy {
            per_agent: policy.per_agent().collect(),
            whole: policy,
        });
        self
    }

    /// The HTTP client to use, for your own cookies, proxies and certificates. It must not follow redirects
    /// (`redirect::Policy::none()`): an answer that comes from another URL is an error.
    ///
    /// ```
    /// use letta_api_ext::reqwest;
    /// use letta_api_ext::token_holder::HttpTokenSource;
    ///
    /// # fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    /// let source = HttpTokenSource::new("https://chat.example.com/api/letta-token")?.http_client(http);
    /// # Ok(())
    /// # }
    /// ```
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http = client;
        // The client decides on its proxies.
        self.proxy = None;
        self
    }

    /// In a browser, sends cookies also if the endpoint is of another origin than the page. By default only to the page's own origin. The
    /// endpoint must allow it (CORS with credentials). Outside of a browser this changes nothing.
    ///
    /// ```
    /// use letta_api_ext::token_holder::HttpTokenSource;
    ///
    /// let source = HttpTokenSource::new("https://accounts.example.com/letta-token")?.with_cross_origin_cookies();
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn with_cross_origin_cookies(mut self) -> Self {
        self.sends_cookies_elsewhere = true;
        self
    }

    async fn fetch(&self, need: &TokenNeed) -> Result<SourcedTokens, TokenSourceError> {
        platform::check_runtime().map_err(Error::from)?;
        let limit = clock::after(Instant::now(), self.timeout);
        match clock::timeout_at(limit, self.exchange(need)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let limit = TimeLimit::Attempt(self.timeout);
                Err(self.with_secrets(|secrets| {
                    Error::out_of_time(&ASK, limit, None, None, secrets).into()
                }))
            }
        }
    }

    async fn exchange(&self, need: &TokenNeed) -> Result<SourcedTokens, TokenSourceError> {
        let sent = platform::page::fetch_fresh(
            &self.http,
            self.request(need),
            self.sends_cookies_elsewhere,
        );
        let mut response = match sent.await {
            Ok(response) => Response::from(response),
            Err(error) => return Err(self.no_answer(error)),
        };
        let (status, is_success) = (response.status(), response.status().is_success());
        if let Some(at) = response.url().filter(|at| **at != self.url) {
            return Err(self.redirected(None, at));
        }
        if status.is_redirection() {
            return Err(self.redirected(Some((status, response.headers())), &self.url));
        }
        if status == StatusCode::UNAUTHORIZED {
            return Err(TokenSourceError::signed_out());
        }
        response.set_body_limit(BODY_LIMIT);
        match response.buffer().await {
            Err(error) if is_success => Err(self.with_secrets(|secrets| {
                Error::from_lost_body(&ASK, status, response.headers(), &error, secrets).into()
            })),
            _ if is_success => self.read(&response),
            // The status counts, even if the body is lost.
            _ => Err(self.refused(&response)),
        }
    }

    fn request(&self, need: &TokenNeed) -> Request {
        let mut request = Request::new(Method::POST, self.url.clone());
        let headers = request.headers_mut();
        self.headers.apply(headers);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if !platform::ASKS_FOR_HEADERS {
            // A browser sets these itself.
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            let origin = need
                .origin()
                .map(|origin| HeaderValue::from_str(origin.as_str()));
            if let Some(Ok(origin)) = origin {
                headers.insert(ORIGIN, origin);
            }
        }
        if need.is_refused() {
            headers.insert(REFUSED, self.refused_value(need));
        }
        request
    }

    /// What is said of the refused token: whose it is, so that the tokens of other agents stay.
    fn refused_value(&self, need: &TokenNeed) -> HeaderValue {
        let agent = need.agent().filter(|_| self.is_per_agent.load(Relaxed));
        let named = agent.and_then(|agent| HeaderValue::from_str(agent.as_str()).ok());
        named.unwrap_or(HeaderValue::from_static("1"))
    }

    /// The tokens of a success.
    fn read(&self, response: &Response) -> Result<SourcedTokens, TokenSourceError> {
        let fail = |problem: &str| {
            let (status, headers) = (response.status(), response.headers());
            self.with_secrets(|secrets| {
                Error::invalid_response(&ASK, status, headers, problem, secrets).into()
            })
        };
        let body = response.buffered_body();
        // serde's own words may repeat the token.
        let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
            return Err(fail(match letta_api::is_html(response.headers(), body) {
                true => {
                    "the endpoint answered with a web page and not with a token; check its URL, and that it answers 401 if \
                     nobody is signed in"
                }
                false => {
                    "the endpoint's answer is not JSON with a `token`, or with `tokens` by agent"
                }
            }));
        };
        self.is_per_agent.store(answer.tokens.is_some(), Relaxed);
        match (answer.token, answer.tokens) {
            (Some(token), None) => {
                let token = Issued {
                    token,
                    expires_in: answer.expires_in,
                };
                let token = token.check().map_err(fail)?;
                let policy = self.policy.as_ref().map(|policy| policy.whole.clone());
                Ok(with_policy(token, policy).into())
            }
            (None, Some(tokens)) => {
                let mut all = Vec::with_capacity(tokens.len());
                for (agent, token) in tokens {
                    let agent = AgentId::new(agent).map_err(|_| {
                        fail("the endpoint's answer names an agent by an invalid ID")
                    })?;
                    let token = token.check().map_err(fail)?;
                    let policy = self.policy_on(&agent);
                    all.push((agent, with_policy(token, policy)));
                }
                Ok(SourcedTokens::per_agent(all))
            }
            _ => Err(fail(
                "the endpoint's answer has neither `token` nor `tokens` by agent, or has both",
            )),
        }
    }

    /// What the policy gives on an agent. `None` if it does not name the agent, so that nothing is known.
    fn policy_on(&self, agent: &AgentId) -> Option<AccessPolicy> {
        let mut parts = self.policy.as_ref()?.per_agent.iter();
        parts.find(|part| part.sole_agent() == Some(agent)).cloned()
    }

    /// Why the application gives no token, by an answer with an error status.
    fn refused(&self, response: &Response) -> TokenSourceError {
        let (status, headers) = (response.status(), response.headers());
        let body = response.buffered_body();
        let message = self.with_secrets(|secrets| reason::of(headers, body, secrets));
        let error = match message {
            Some(message) => TokenSourceError::new(message),
            None => TokenSourceError::of(Why::Refused),
        };
        let error = error.status(status);
        match retry_after::parse(headers, clock::now()) {
            Some(wait) => error.retry_after(wait),
            None => error,
        }
    }

    fn no_answer(&self, error: reqwest::Error) -> TokenSourceError {
        let error = TransportError::from(error);
        self.with_secrets(|secrets| {
            Error::from_transport(&error, &ASK, self.proxy.as_deref(), secrets).into()
        })
    }

    fn redirected(&self, head: Option<(StatusCode, &HeaderMap)>, to: &Url) -> TokenSourceError {
        let rule = "a request for a token is not redirected; give the endpoint's own URL, and have the endpoint answer 401 if \
                    nobody is signed in";
        let redirect = Redirect::new(&self.url, to, rule);
        self.with_secrets(|secrets| Error::redirected(&ASK, head, redirect, secrets).into())
    }

    /// Calls `use_them` with all texts that no message may contain.
    fn with_secrets<T>(&self, use_them: impl FnOnce(&[&str]) -> T) -> T {
        let in_query: Vec<_> = self.url.query_pairs().map(|(_, value)| value).collect();
        let query = self.url.query();
        let mut secrets: Vec<&str> = self.headers.secrets().collect();
        let long = in_query.iter().map(AsRef::as_ref).chain(query);
        secrets.extend(long.filter(|text: &&str| text.len() >= SHORT));
        use_them(&secrets)
    }
}

impl TokenSource for HttpTokenSource {
    fn tokens(&self, need: TokenNeed) -> BoxFuture<'_, Result<SourcedTokens, TokenSourceError>> {
        Box::pin(async move { self.fetch(&need).await })
    }
}

impl fmt::Debug for HttpTokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.url.clone();
        url.set_query(None);
        f.debug_struct("HttpTokenSource")
            .field("url", &redact::patterns(url.as_str()))
            .field("headers", &self.headers)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// What the endpoint answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    token: Option<Secret>,
    expires_in: Option<Value>,
    tokens: Option<HashMap<String, Issued>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Issued {
    token: Secret,
    expires_in: Option<Value>,
}

impl Issued {
    /// The token, if it can be one.
    fn check(self) -> Result<SourcedToken, &'static str> {
        let token = self.token.expose_secret().trim();
        if token.starts_with(KEY_PREFIX) {
            return Err(
                "the endpoint gave an API key in place of a token; an API key must never leave the server: give `ck-let-…`",
            );
        }
        if ApiKey::new(token).is_err() {
            return Err(
                "the endpoint gave a token that is not visible ASCII, or that is cut short or masked",
            );
        }
        let token = SourcedToken::new(token);
        Ok(match self.expires_in.as_ref().and_then(Value::as_f64) {
            Some(seconds) => token.expires_in(life(seconds)),
            None => token,
        })
    }
}

/// What all tokens open. Split once: a page that sets none has no code for it.
#[derive(Clone)]
struct Policy {
    whole: AccessPolicy,
    per_agent: Vec<AccessPolicy>,
}

fn with_policy(token: SourcedToken, policy: Option<AccessPolicy>) -> SourcedToken {
    match policy {
        Some(policy) => token.policy(policy),
        None => token,
    }
}

/// A life in seconds, between zero and what no program lives to see.
fn life(seconds: f64) -> Duration {
    let life = Duration::try_from_secs_f64(seconds.max(0.0));
    life.unwrap_or(platform::FOREVER).min(platform::FOREVER)
}

fn invalid_url(rule: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    // The URL may hold a password, or a secret in its query.
    Error::invalid_input("url", rule, None)
}

fn parse(text: &str) -> Result<Url> {
    let text = text.trim();
    // The URL parser drops line breaks.
    if text.contains(char::is_control) {
        return Err(invalid_url(
            "must not hold a line break or another control character",
        ));
    }
    let url = match Url::parse(text) {
        Err(url::ParseError::RelativeUrlWithoutBase) => platform::page::resolve(text),
        parsed => {
            parsed.map_err(|_| "must be a URL, like https://chat.example.com/api/letta-token")
        }
    };
    let url = url.map_err(invalid_url)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid_url("must have the scheme `https`"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid_url(
            "must not hold a user name or a password; say who asks by `header`",
        ));
    }
    if url.fragment().is_some() {
        return Err(invalid_url(
            "must not hold a fragment; leave out the part from `#`",
        ));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_never_negative_and_never_too_long_to_count() {
        for (seconds, expected) in [
            (299.5, Duration::from_millis(299_500)),
            (0.0, Duration::ZERO),
            (-0.0, Duration::ZERO),
            (-7.0, Duration::ZERO),
            (1e300, platform::FOREVER),
            (f64::MIN, Duration::ZERO),
        ] {
            assert_eq!(life(seconds), expected, "{seconds}");
        }
    }
}
