//! A token for each agent of a policy.

use std::iter::Map;
use std::time::Duration;
use std::{fmt, slice, vec};

use serde::{Serialize, Serializer};

use crate::access_tokens::policy::AccessPolicy;
use crate::access_tokens::token::{AccessToken, BrowserToken};
use crate::ids::AgentId;

/// A token for each agent of a policy: a map by agent, in the order of the agents' IDs. From
/// [`TokenMinter::tokens_per_agent`](crate::TokenMinter::tokens_per_agent).
///
/// ```no_run
/// # use letta_api_ext::{AccessPolicy, TokenMinter};
/// # async fn run(minter: TokenMinter) -> Result<(), Box<dyn std::error::Error>> {
/// let policy: AccessPolicy = "agent-1:chat; agent-2:read_agent".parse()?;
/// let tokens = minter.tokens_per_agent(&policy).await?;
/// let chat = tokens.get("agent-1").ok_or("the policy names this agent")?;
/// for (agent, token) in &tokens {
///     println!("{agent}: {:?} left", token.remaining());
/// }
/// let body = serde_json::to_string(&tokens.to_browser())?;
/// # drop(chat); Ok(())
/// # }
/// ```
///
/// `Debug` redacts the secrets, like that of an [`AccessToken`]. There is no `Serialize`: send a page what
/// [`to_browser`](Self::to_browser) returns.
#[derive(Clone)]
pub struct AgentTokens {
    /// For each agent its part of the policy, which has the agent's ID, and its token. In the order of the IDs.
    tokens: Vec<Entry>,
}

impl AgentTokens {
    /// Takes pairs of a policy with one agent and its token, in the order of the agents' IDs.
    pub(super) fn new(tokens: Vec<(AccessPolicy, AccessToken)>) -> Self {
        Self { tokens }
    }

    /// The token for an agent. `None` if the policy does not name it.
    pub fn get(&self, agent: impl AsRef<str>) -> Option<&AccessToken> {
        let agent = agent.as_ref();
        let place = self
            .tokens
            .binary_search_by(|(part, _)| agent_of(part).as_str().cmp(agent))
            .ok()?;
        Some(&self.tokens[place].1)
    }

    /// The agents and their tokens, in the order of the agents' IDs.
    pub fn iter(&self) -> <&Self as IntoIterator>::IntoIter {
        self.into_iter()
    }

    /// How many agents there are.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there are no agents. Always false for what a minter returns.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// How long the token that expires first is good for, see [`AccessToken::remaining`]. Zero if there are no
    /// tokens.
    pub fn remaining(&self) -> Duration {
        let lives = self.tokens.iter().map(|(_, token)| token.remaining());
        lives.min().unwrap_or_default()
    }

    /// The tokens in the form for a page: for each agent, [`AccessToken::to_browser`]. Serialises to a map by the
    /// agents' IDs. Answer with `Cache-Control: no-store`.
    pub fn to_browser(&self) -> BrowserTokens {
        let tokens = self.iter();
        BrowserTokens(
            tokens
                .map(|(agent, token)| (agent.clone(), token.to_browser()))
                .collect(),
        )
    }
}

/// The agent of a policy that has one.
fn agent_of(part: &AccessPolicy) -> &AgentId {
    part.sole_agent()
        .expect("each part was checked to be one agent's")
}

type Entry = (AccessPolicy, AccessToken);

impl<'a> IntoIterator for &'a AgentTokens {
    type Item = (&'a AgentId, &'a AccessToken);
    type IntoIter = Map<slice::Iter<'a, Entry>, fn(&'a Entry) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.tokens
            .iter()
            .map(|(part, token)| (agent_of(part), token))
    }
}

impl IntoIterator for AgentTokens {
    type Item = (AgentId, AccessToken);
    type IntoIter = Map<vec::IntoIter<Entry>, fn(Entry) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.tokens
            .into_iter()
            .map(|(part, token)| (agent_of(&part).clone(), token))
    }
}

impl fmt::Debug for AgentTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// The tokens in the form for a page. From [`AgentTokens::to_browser`]. Serialises to a map by the agents' IDs:
///
/// ```json
/// {"agent-1": {"token": "ck-let-…", "expiresAt": "2026-03-01T12:00:00Z", "expiresIn": 299}}
/// ```
///
/// `Debug` redacts the secrets.
#[derive(Clone)]
pub struct BrowserTokens(Vec<(AgentId, BrowserToken)>);

impl Serialize for BrowserTokens {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(agent, token)| (agent, token)))
    }
}

impl fmt::Debug for BrowserTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tokens = self.0.iter().map(|(agent, token)| (agent, token));
        f.debug_map().entries(tokens).finish()
    }
}
