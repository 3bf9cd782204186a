//! What an application grants to a request.

use std::fmt;
use std::time::Duration;

use crate::access_tokens::minter::{AgentTokens, AgentTokensRequest, TokenMinter, TokenRequest};
use crate::access_tokens::policy::AccessPolicy;
use crate::access_tokens::token::AccessToken;
use crate::error::Result;
use crate::ids::AgentId;

/// What the application grants to a user's page. The function that you give a [`TokenEndpoint`](super::TokenEndpoint)
/// returns it.
///
/// A grant has no origin. The endpoint answers only pages of its minter's origin, and checks that before it asks who
/// the user is. A token for another origin would be useless to such a page. For an application with several origins,
/// make a minter and an endpoint for each:
///
/// ```
/// use axum::{Router, routing::post};
/// use letta_api_ext::{AccessPolicy, Letta, TokenMinter};
/// use letta_api_ext::token_endpoint::{Problem, TokenEndpoint, TokenGrant};
///
/// # fn route(letta: &Letta) -> Result<Router, letta_api_ext::Error> {
/// let mut routes = Router::new();
/// for (path, origin) in [("/chat/token", "https://chat.example.com"), ("/desk/token", "https://desk.example.com")] {
///     let minter = TokenMinter::new(letta, origin)?;
///     let endpoint = TokenEndpoint::new(minter, async |_: axum::http::Method| {
///         let policy = AccessPolicy::builder().agent("agent-1").chat().build()?;
///         Ok::<_, Problem>(TokenGrant::new(policy).subject("session-7"))
///     });
///     routes = routes.route(path, post(endpoint));
/// }
/// # Ok(routes)
/// # }
/// ```
///
/// **Take everything from the session, and nothing from the request.** A page that could name the agent could name
/// another user's agent.
///
/// ```
/// use letta_api_ext::{AccessPolicy, token_endpoint::TokenGrant};
///
/// let policy = AccessPolicy::builder().agent("agent-1").chat().build()?;
/// let grant = TokenGrant::new(policy).subject("session-7");
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
///
/// # Several agents
///
/// [A token is for one agent](crate::policy#one-agent-for-a-token). [`per_agent`](Self::per_agent) grants a token for
/// each:
///
/// ```
/// use letta_api_ext::{AccessPolicy, policy::Preset, token_endpoint::TokenGrant};
///
/// let agents_of_the_user = ["agent-1", "agent-2"];
/// let policy = AccessPolicy::from_grants(agents_of_the_user.map(|agent| (agent, Preset::Chat)))?;
/// let grant = TokenGrant::per_agent(policy).subject("session-7");
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a grant does nothing until it is given to the endpoint"]
pub struct TokenGrant {
    policy: AccessPolicy,
    is_per_agent: bool,
    subject: Option<String>,
    valid_for: Option<Duration>,
}

/// What is issued for a grant.
pub(super) enum Issued {
    One(AccessToken),
    PerAgent(AgentTokens),
}

impl TokenGrant {
    /// Grants one token that allows what the policy allows. An empty policy is answered with a problem of status 500.
    ///
    /// Use a policy of one agent. For a policy of several agents, one token is minted with a
    /// [warning](crate::CreateAccessToken::send), and it may open nothing: see [`per_agent`](Self::per_agent).
    pub fn new(policy: AccessPolicy) -> Self {
        Self {
            policy,
            is_per_agent: false,
            subject: None,
            valid_for: None,
        }
    }

    /// Grants a token for each agent that the policy names, with the rights on that agent. The answer is a [map by
    /// agent](super#several-agents), even for one agent. It is all or nothing: if one token cannot be minted, the
    /// answer is a problem. Tokens that were already minted are kept for the next request.
    ///
    /// A policy that is empty, or has a [grant of an unknown kind](AccessPolicy::unknown_grants), is answered with a
    /// problem of status 500.
    pub fn per_agent(policy: AccessPolicy) -> Self {
        Self {
            is_per_agent: true,
            ..Self::new(policy)
        }
    }

    /// Whom the token is for. Best use the session, so that signing out of one session does not revoke another's
    /// token. [`TokenMinter::revoke_subject`] revokes the tokens of a subject. By default, everyone who is granted
    /// the same policy shares a token, and a page whose token was [refused](super#a-token-that-was-refused) gets no
    /// new one.
    ///
    /// Kept in memory, not sent to the service, and never printed.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// How long the token must be good for. Replaces the minter's
    /// [`valid_for`](crate::TokenMinterBuilder::valid_for), and has the same bounds. A value out of bounds is
    /// answered with a problem of status 500.
    pub fn valid_for(mut self, left: Duration) -> Self {
        self.valid_for = Some(left);
        self
    }

    pub(super) fn subject_name(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Whether a token for `other` may serve this grant. The time that it must be good for does not matter.
    pub(super) fn is_for_the_same(&self, other: &Self) -> bool {
        self.policy == other.policy
            && self.is_per_agent == other.is_per_agent
            && self.subject == other.subject
    }

    pub(super) fn is_per_agent(&self) -> bool {
        self.is_per_agent
    }

    /// The agents for which a token each is granted.
    pub(super) fn agents_with_a_token(&self) -> impl Iterator<Item = &AgentId> {
        let agents = self.is_per_agent.then(|| self.policy.agents());
        agents.into_iter().flatten()
    }

    /// The agent with this ID, if a token is granted for it alone.
    pub(super) fn agent_with_a_token(&self, id: &str) -> Option<AgentId> {
        let agent = AgentId::new(id).ok()?;
        (self.is_per_agent && self.policy.names(&agent)).then_some(agent)
    }

    /// What is granted, if it is in the cache.
    pub(super) fn cached(&self, minter: &TokenMinter) -> Option<Issued> {
        match self.is_per_agent {
            true => self.requests(minter).cached().map(Issued::PerAgent),
            false => self.request(minter).cached().map(Issued::One),
        }
    }

    /// What is granted, from the cache or minted.
    pub(super) async fn issue(&self, minter: &TokenMinter) -> Result<Issued> {
        match self.is_per_agent {
            true => self.requests(minter).await.map(Issued::PerAgent),
            false => self.request(minter).await.map(Issued::One),
        }
    }

    fn requests<'a>(&'a self, minter: &'a TokenMinter) -> AgentTokensRequest<'a> {
        let mut requests = minter.tokens_per_agent(&self.policy);
        if let Some(subject) = &self.subject {
            requests = requests.subject(subject);
        }
        if let Some(left) = self.valid_for {
            requests = requests.valid_for(left);
        }
        requests
    }

    fn request<'a>(&'a self, minter: &'a TokenMinter) -> TokenRequest<'a> {
        let mut request = minter.token(&self.policy);
        if let Some(subject) = &self.subject {
            request = request.subject(subject);
        }
        if let Some(left) = self.valid_for {
            request = request.valid_for(left);
        }
        request
    }
}

impl fmt::Debug for TokenGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A subject may be a session's ID, which is as good as a password.
        f.debug_struct("TokenGrant")
            .field("policy", &self.policy)
            .field("is_per_agent", &self.is_per_agent)
            .field("has_subject", &self.subject.is_some())
            .field("valid_for", &self.valid_for)
            .finish_non_exhaustive()
    }
}
