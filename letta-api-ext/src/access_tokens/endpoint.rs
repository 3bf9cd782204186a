//! The route that hands a page its token, for [axum](https://docs.rs/axum).
//!
//! The application says who asks and what they may do. The rest is here:
//!
//! ```no_run
//! # use axum::{Router, extract::FromRequestParts, http::request::Parts};
//! # use letta_api_ext::{AccessPolicy, AgentId, TokenMinter};
//! use axum::routing::post;
//! use letta_api_ext::token_endpoint::{Problem, TokenEndpoint, TokenGrant};
//!
//! # /// The application's own extractor: answers 401 if nobody is signed in.
//! # struct SignedIn { agent: AgentId, session: String }
//! # impl<S: Sync> FromRequestParts<S> for SignedIn {
//! #     type Rejection = Problem;
//! #     async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Problem> {
//! #         Err(Problem::unauthorized())
//! #     }
//! # }
//! # fn routes(minter: TokenMinter) -> Router {
//! let authorize = |user: SignedIn| async move {
//!     let policy = AccessPolicy::builder().agent(user.agent).chat().build()?;
//!     Ok::<_, Problem>(TokenGrant::new(policy).subject(user.session))
//! };
//! Router::new().route("/api/letta-token", post(TokenEndpoint::new(minter, authorize)))
//! # }
//! ```
//!
//! The page asks by `POST`, with its cookie and without a body:
//!
//! ```js
//! const answer = await fetch("/api/letta-token", { method: "POST" });
//! const { token, expiresIn } = await answer.json(); // ask again when a fifth of expiresIn is left
//! ```
//!
//! A page or a program in Rust asks by [`HttpTokenSource`](crate::token_holder::HttpTokenSource), and needs to do nothing else.
//!
//! # Several agents
//!
//! [A token is for one agent](crate::policy#one-agent-for-a-token). A page that needs several is granted a token for each,
//! by [`TokenGrant::per_agent`]. The answer is then a map by agent, also if there is one agent:
//!
//! ```json
//! {"tokens": {"agent-1": {"token": "ck-let-…", "expiresAt": "2026-03-01T12:00:00Z", "expiresIn": 299}}}
//! ```
//!
//! ```js
//! const answer = await fetch("/api/letta-token", { method: "POST" });
//! const { tokens } = await answer.json();
//! const { token, expiresIn } = tokens["agent-1"];
//! ```
//!
//! Each token is cached and renewed by itself, so they expire at different times. The page asks for all of them again
//! if the first nears its end. It gets new tokens only in place of those that are no longer good for long enough.
//!
//! # What is answered
//!
//! | | |
//! |---|---|
//! | a token | 200, the JSON of [`AccessToken::to_browser`]: `{"token", "expiresAt", "expiresIn"}` |
//! | a [token for each agent](#several-agents) | 200, `{"tokens"}`: a map by agent of the above |
//! | the request comes from another site's page | 403, a [`Problem`] whose detail names the rule, see [`check_same_origin`] |
//! | the application says no | what the application answers, or its extractor's rejection |
//! | no token could be minted | a [`Problem`], [by what went wrong](Problem#from-an-error) |
//! | a method other than `POST` | 405, a [`Problem`] |
//!
//! Each answer has `Cache-Control: no-store`. What the service says about a failure is traced, and never answered.
//!
//! A 403 for the application's own page has one usual cause: **the minter is for another origin than the page's.**
//! The origin is the address at which users open the page, with its scheme and port. It is not the address behind a
//! proxy, not `127.0.0.1` instead of `localhost`, and not the API's own host name. A WARN event with the target
//! `letta_api_ext::token_endpoint` has the configured origin and the headers of the request.
//!
//! # Signing out during a request
//!
//! Minting a token takes a while. So the application is asked a second time when a new token is ready. If it then
//! says no, that is the answer, and the subject's tokens are revoked. They are also revoked if it grants something
//! else. For [several tokens](self#several-agents), the application is asked again even if a mint failed, because
//! other tokens may have been minted.
//!
//! So an application that **first ends the session, and then calls** [`TokenMinter::revoke_subject`], gives no token
//! to a page that it has signed out. A token that the page got and used before may work [until it
//! expires](crate::Revocation), at most for the minter's [lifetime](crate::TokenMinterBuilder::lifetime). The second
//! answer must not come from what was loaded for the first: if a middleware caches the session for the length of a
//! request, ask its store.
//!
//! # A token that was refused
//!
//! A token may be deleted by somebody else while it is still in the cache. If the service refuses a page's token, the
//! page says so with the header [`REFUSED_HEADER`]. If the grant has a subject, the subject's tokens are revoked and
//! the page gets a fresh one. This happens at most once per subject in a third of the tokens' life. In between, the
//! header changes nothing.
//!
//! If the grant has a [token for each agent](#several-agents), the header may name the agent whose token was refused:
//! `letta-token-refused: agent-1`. Then only that token is replaced, at most once per agent in a third of the tokens'
//! life. Any other value, or the header sent twice, means all tokens. Tokens that were just replaced by name are
//! kept.
//!
//! A refusal does not say what was wrong. By the service's published source of 2025, it is a 401 if the token has
//! expired, was deleted, or does not allow the call. A fresh token does not help in the last case. So a page asks
//! **once**, and repeats its request once: a refused request was not carried out. If the repeated request is refused
//! too, or if the page gets the refused token again, the page tells its user, and tries again only if the user asks.
//! The page of the example `browser_chat` does this.
//!
//! So a subject causes at most about one create per agent in a third of a lifetime, and one more if the page says
//! that a token was refused, however often its page asks. A create that failed is repeated only if somebody asks
//! again, and not before a [wait](crate::TokenMinter#when-the-service-fails) is over. Until then, `Retry-After` tells
//! pages how long that is. The application must limit how often a user may sign in and so become another subject.
//!
//! [`AccessToken::to_browser`]: crate::AccessToken::to_browser
//! [`TokenMinter::revoke_subject`]: crate::TokenMinter::revoke_subject

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use serde::Serialize;

use crate::access_tokens::minter::{BrowserTokens, TokenMinter};
use crate::ids::AgentId;
use grant::Issued;

pub use grant::TokenGrant;
pub use problem::Problem;
pub use same_origin::{check_same_origin, is_same_origin};

mod grant;
mod problem;
mod same_origin;

/// The header with which a page says that the service has [refused](self#a-token-that-was-refused) its last token. If
/// the page has a token for each agent, the value may name one agent. Otherwise the value does not matter.
pub const REFUSED_HEADER: &str = "letta-token-refused";

/// How often a request starts over, because its token was revoked while it was minted, or the application then
/// granted something else.
const MOST_ROUNDS: usize = 3;

/// How many subjects are remembered whose refused tokens were replaced, and how many pairs of a subject and an agent.
const MOST_REPLACED: u64 = 10_000;

/// Answers `POST` with a token for the page that asks. A handler for [`axum::routing::post`]; see
/// [the module](self).
///
/// Cheap to clone.
#[derive(Clone)]
pub struct TokenEndpoint<F> {
    minter: TokenMinter,
    authorize: F,
    is_protected: bool,
    /// Subjects whose refused tokens were replaced a moment ago. They are not replaced again yet.
    replaced: moka::sync::Cache<String, ()>,
    /// The same by subject and agent, for tokens that were replaced by the agent's name.
    replaced_by_name: moka::sync::Cache<(String, AgentId), ()>,
}

/// An answer without a token.
type Refusal = Box<Response>;

impl<F> TokenEndpoint<F> {
    /// Serves tokens of this minter to pages of its [origin](TokenMinter::origin), if `authorize` grants them.
    ///
    /// `authorize` takes one extractor, or a tuple of extractors. It returns a [`TokenGrant`], or the answer for a
    /// request without a grant, such as [`Problem::unauthorized`]. It may be a closure or an `async fn`.
    ///
    /// It is called for each request. If a token had to be minted, it is called once more, with values that are
    /// extracted anew from the same request, see [above](self#signing-out-during-a-request). So it must not do
    /// anything that counts twice, such as using up a code.
    pub fn new<E, R, Fut>(minter: TokenMinter, authorize: F) -> Self
    where
        F: Fn(E) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<TokenGrant, R>> + Send + 'static,
        R: IntoResponse,
    {
        let time = minter.lifetime() / 3;
        Self {
            minter,
            authorize,
            is_protected: true,
            replaced: memory(time),
            replaced_by_name: memory(time),
        }
    }

    /// Answers requests from anywhere, not only from [pages of the token's origin](is_same_origin). Use it for
    /// callers that are not browsers and send no `Origin`. A client of this SDK sends one if it is
    /// [set](crate::LettaBuilder::origin).
    ///
    /// This gives up the protection against pages of other sites. If a cookie signs the user in, such a page could
    /// have tokens minted in the user's name, and could read them if the application allows it by CORS. Do it only if
    /// requests are authorised by something that a browser does not send by itself, such as an `Authorization`
    /// header.
    pub fn without_cross_site_protection(mut self) -> Self {
        self.is_protected = false;
        self
    }

    fn check(&self, parts: &Parts) -> Result<(), Refusal> {
        if parts.method != Method::POST {
            tracing::debug!(
                target: "letta_api_ext::token_endpoint",
                { http.request.method = %parts.method },
                "a request with a method other than POST is refused"
            );
            let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "Ask for this by POST.");
            let allow = [(header::ALLOW, HeaderValue::from_static("POST"))];
            return Err(Box::new((allow, problem).into_response()));
        }
        match self.is_protected {
            true => check_same_origin(&parts.headers, self.minter.origin()).map_err(refusal),
            false => Ok(()),
        }
    }

    /// Revokes the subject's tokens, or only the one for the agent that the page names, unless this was done a moment
    /// ago. So the next tokens are fresh.
    fn replace(&self, grant: &TokenGrant, headers: &HeaderMap) {
        let Some(subject) = grant.subject_name() else {
            return;
        };
        let mut values = headers.get_all(REFUSED_HEADER).iter();
        let named = match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        };
        let named = named.and_then(|name| grant.agent_with_a_token(name));
        let by_name = |agent: &AgentId| (subject.to_owned(), agent.clone());
        if let Some(agent) = named {
            if !self.replaced.contains_key(subject)
                && is_new(&self.replaced_by_name, by_name(&agent))
            {
                tracing::debug!(
                    target: "letta_api_ext::token_endpoint",
                    "a page says that its token for an agent was refused, and gets another"
                );
                self.revoke_on(subject, &agent);
            }
            return;
        }
        if !is_new(&self.replaced, subject.to_owned()) {
            return;
        }
        tracing::debug!(
            target: "letta_api_ext::token_endpoint",
            "a page says that its token was refused, and gets another"
        );
        let is_old = |agent: &&AgentId| !self.replaced_by_name.contains_key(&by_name(agent));
        let (all, old) = (
            grant.agents_with_a_token().count(),
            grant
                .agents_with_a_token()
                .filter(is_old)
                .collect::<Vec<_>>(),
        );
        if old.len() == all {
            self.revoke(grant);
        } else {
            old.into_iter()
                .for_each(|agent| self.revoke_on(subject, agent));
        }
    }

    /// Revokes the subject's token for one agent.
    fn revoke_on(&self, subject: &str, agent: &AgentId) {
        let _ = self.minter.revoke_subject_on(subject, agent).now_or_never();
    }

    /// Revokes the subject's tokens. A token without a subject is shared with other pages, so it stays.
    fn revoke(&self, grant: &TokenGrant) {
        if let Some(subject) = grant.subject_name() {
            // They are forgotten at once. The deletion goes on by itself, and the minter traces failures.
            let _ = self.minter.revoke_subject(subject).now_or_never();
        }
    }

    async fn grant<E, R, Fut, S>(&self, parts: &Parts, state: &S) -> Result<TokenGrant, Refusal>
    where
        E: FromRequestParts<S>,
        F: Fn(E) -> Fut,
        Fut: Future<Output = Result<TokenGrant, R>>,
        R: IntoResponse,
    {
        let extracted = E::from_request_parts(&mut parts.clone(), state).await;
        // A function of its own, so that the extracted value is not held across an await and need not be `Send`.
        let asked = (self.authorize)(extracted.map_err(|answer| no_grant("extractor", answer))?);
        asked.await.map_err(|answer| no_grant("authorize", answer))
    }

    async fn issue<E, R, Fut, S>(&self, parts: &Parts, state: &S) -> Result<Issued, Refusal>
    where
        E: FromRequestParts<S>,
        F: Fn(E) -> Fut,
        Fut: Future<Output = Result<TokenGrant, R>>,
        R: IntoResponse,
    {
        self.check(parts)?;
        let mut grant = self.grant(parts, state).await?;
        if parts.headers.contains_key(REFUSED_HEADER) {
            self.replace(&grant, &parts.headers);
        }
        let mut problem = None;
        for _ in 0..MOST_ROUNDS {
            // From now on, a sign-out revokes this token with all that is in the cache.
            if let Some(issued) = grant.cached(&self.minter) {
                return Ok(issued);
            }
            // The user may have signed out after the check above and before this began. Then nobody would revoke the
            // token.
            let outcome = grant.issue(&self.minter).await;
            // If one of several mints failed, other tokens may have been minted.
            if let Err(error) = &outcome
                && !error.is_revoked()
                && !grant.is_per_agent()
            {
                return Err(refusal(Problem::from(error)));
            }
            let now = match self.grant(parts, state).await {
                Ok(now) => now,
                Err(refusal) => {
                    self.revoke(&grant);
                    return Err(refusal);
                }
            };
            if !now.is_for_the_same(&grant) {
                self.revoke(&grant);
                grant = now;
                continue;
            }
            match outcome {
                Ok(issued) => return Ok(issued),
                Err(error) if error.is_revoked() => problem = Some(error),
                Err(error) => return Err(refusal(Problem::from(error))),
            }
        }
        Err(refusal(problem.map_or_else(
            || {
                tracing::warn!(
                    target: "letta_api_ext::token_endpoint",
                    "the application granted something else each time that it was asked"
                );
                let detail = "What you may do has just changed. Try again.";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
            },
            Problem::from,
        )))
    }
}

impl<E, R, Fut, F, S> Handler<(E,), S> for TokenEndpoint<F>
where
    E: FromRequestParts<S> + 'static,
    F: Fn(E) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<TokenGrant, R>> + Send + 'static,
    R: IntoResponse,
    S: Send + Sync + 'static,
{
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, state: S) -> Self::Future {
        Box::pin(async move {
            let (parts, _) = request.into_parts();
            let mut response = match self.issue(&parts, &state).await {
                Ok(issued) => success(&issued),
                Err(refusal) => *refusal,
            };
            forbid_storing(&mut response);
            response
        })
    }
}

impl<F> fmt::Debug for TokenEndpoint<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEndpoint")
            .field("minter", &self.minter)
            .field("is_protected", &self.is_protected)
            .finish_non_exhaustive()
    }
}

/// A set of keys that forgets each of them after `time`.
fn memory<K: Hash + Eq + Send + Sync + 'static>(time: Duration) -> moka::sync::Cache<K, ()> {
    moka::sync::Cache::builder()
        .max_capacity(MOST_REPLACED)
        // The default policy may not admit new keys.
        .eviction_policy(moka::policy::EvictionPolicy::lru())
        .time_to_live(time)
        .build()
}

/// Whether `key` was not in the set. It is from now on.
fn is_new<K: Hash + Eq + Send + Sync + 'static>(memory: &moka::sync::Cache<K, ()>, key: K) -> bool {
    memory.entry(key).or_insert(()).is_fresh()
}

/// The form of an answer with a token for each agent.
#[derive(Serialize)]
struct PerAgent {
    tokens: BrowserTokens,
}

fn success(issued: &Issued) -> Response {
    let body = match issued {
        Issued::One(token) => serde_json::to_vec(&token.to_browser()),
        Issued::PerAgent(tokens) => {
            let tokens = tokens.to_browser();
            serde_json::to_vec(&PerAgent { tokens })
        }
    };
    match body {
        Ok(body) => {
            let content_type = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, content_type)], body).into_response()
        }
        // Text and numbers can always be written as JSON.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The application's answer for a request without a grant.
fn no_grant(who: &'static str, answer: impl IntoResponse) -> Refusal {
    let refusal = refusal(answer);
    tracing::debug!(
        target: "letta_api_ext::token_endpoint",
        { http.response.status_code = refusal.status().as_u16(), letta.refused_by = who },
        "the application grants no token"
    );
    refusal
}

fn refusal(answer: impl IntoResponse) -> Refusal {
    Box::new(answer.into_response())
}

/// The answer is for this page, and for now.
fn forbid_storing(response: &mut Response) {
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
}
