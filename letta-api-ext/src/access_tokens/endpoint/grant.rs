//! What an application grants to who asks.

use std::fmt;
use std::time::Duration;

use crate::access_tokens::minter::{AgentTokens, AgentTokensRequest, TokenMinter, TokenRequest};
use crate::access_tokens::policy::AccessPolicy;
use crate::access_tokens::token::AccessToken;
use crate::error::Result;
use crate::ids::AgentId;

/// What the application lets the page of a user have: the answer of the function that a
/// [`TokenEndpoint`](super::TokenEndpoint) asks.
///
/// A grant has no origin. The endpoint answers pages of its minter's origin alone, and checks that before it asks who the
/// user is. A token for another origin would be of no use to such a page. For an application that is served under several
/// origins, make a minter and an endpoint for each:
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
/// **Take all of it from the session, and nothing from the request.** A page that could name the agent could name
/// another user's.
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
/// [A token is for one agent](crate::policy#one-agent-for-a-token). [`per_agent`](Self::per_agent) hands out a token for each:
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

/// What is handed out for a grant.
pub(super) enum Issued {
    One(AccessToken),
    PerAgent(AgentTokens),
}

impl TokenGrant {
    /// Grants one token that allows what the policy does. An empty policy is answered with a problem of status 500.
    ///
    /// For a policy of one agent. Of several, one token is minted as asked, with a
    /// [warning](crate::CreateAccessToken::send), and may open nothing: see [`per_agent`](Self::per_agent).
    pub fn new(policy: AccessPolicy) -> Self {
        Self {
            policy,
            is_per_agent: false,
            subject: None,
            valid_for: None,
        }
    }

    /// Grants a token for each agent that the policy names, with the rights on that agent. The page is answered a
    /// [map by agent](super#several-agents), also if there is one agent. All or nothing: if one token cannot be minted, the answer is a problem,
    /// and those that were minted are there when the page asks again.
    ///
    /// An empty policy, and one with a [grant of an unknown kind](AccessPolicy::unknown_grants), is answered with a problem
    /// of status 500.
    pub fn per_agent(policy: AccessPolicy) -> Self {
        Self {
            is_per_agent: true,
            ..Self::new(policy)
        }
    }

    /// Whom the token is for: best the session, so that signing out of one does not revoke another's. Then
    /// [`TokenMinter::revoke_subject`] revokes it. By default, all who are granted the same policy share a token, and
    /// a page that says that its token was [refused](super#a-token-that-was-refused) gets no other.
    ///
    /// Kept in memory, not sent to the service, and never printed.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// How long the token must be good for, in place of the minter's
    /// [`valid_for`](crate::TokenMinterBuilder::valid_for). A value out of its bounds is answered with a problem
    /// of status 500.
    pub fn valid_for(mut self, left: Duration) -> Self {
        self.valid_for = Some(left);
        self
    }

    pub(super) fn subject_name(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Whether a token for the other is one for this. How long it is good for changes by itself.
    pub(super) fn is_for_the_same(&self, other: &Self) -> bool {
        self.policy == other.policy
            && self.is_per_agent == other.is_per_agent
            && self.subject == other.subject
    }

    pub(super) fn is_per_agent(&self) -> bool {
        self.is_per_agent
    }

    /// The agents that have a token each.
    pub(super) fn agents_with_a_token(&self) -> impl Iterator<Item = &AgentId> {
        let agents = self.is_per_agent.then(|| self.policy.agents());
        agents.into_iter().flatten()
    }

    /// The agent of this ID, if it has a token of its own.
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
