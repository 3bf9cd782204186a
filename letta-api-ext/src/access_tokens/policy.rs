//! Access policies: what a token may do.
//!
//! An [`AccessPolicy`] is a set of grants, each with rights on an agent. There are four ways to make one.
//!
//! **One token is for [one agent](#one-agent-for-a-token).** A page that needs several agents needs a token for each.
//!
//! **Step by step**, if the program knows the rights. An agent without a right, or a policy without an agent, does
//! not compile:
//!
//! ```
//! use letta_api_ext::AccessPolicy;
//!
//! let policy = AccessPolicy::builder().agent("agent-1").read_messages().write_messages().build()?;
//! # Ok::<(), letta_api_ext::Error>(())
//! ```
//!
//! **From data**, for policies known only at run time. The same rules apply, and breaking one is an error. The rights
//! are a list, or a [`Preset`]:
//!
//! ```
//! use letta_api_ext::{AccessPolicy, policy::Preset};
//!
//! # let agent_of_the_user = "agent-1";
//! let policy = AccessPolicy::for_agent(agent_of_the_user, Preset::Chat)?;
//! # Ok::<(), letta_api_ext::Error>(())
//! ```
//!
//! **From a configuration file**, by serde. A [`StrictPolicy`] reads what people write, and refuses mistakes such as
//! an unknown right or key.
//!
//! ```
//! use letta_api_ext::StrictPolicy;
//!
//! #[derive(serde::Deserialize)]
//! struct Settings {
//!     policy: StrictPolicy,
//! }
//!
//! let settings: Settings = serde_json::from_str(
//!     r#"{"policy": [{"type": "agent", "id": "agent-1", "access": ["read_messages"]}]}"#,
//! )?;
//! let same: Settings = serde_json::from_str(r#"{"policy": "agent-1:read_messages"}"#)?;
//! assert_eq!(settings.policy, same.policy);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! A file may have a policy of several agents. Mint with its parts, one for each agent:
//!
//! ```
//! use letta_api_ext::StrictPolicy;
//!
//! let configured: StrictPolicy = serde_json::from_str(r#""agent-1:chat; agent-2:read_agent""#)?;
//! let policies: Vec<_> = configured.per_agent().collect();
//! assert_eq!(policies[1].to_string(), "agent-2:read_agent");
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! An [`AccessPolicy`] reads both forms too, but keeps unknown parts, so that a program can pass on what the service
//! reports. Use it for policies that programs write.
//!
//! **From text**, for command lines and environment variables. A mistake is an error:
//!
//! ```
//! use letta_api_ext::AccessPolicy;
//!
//! let policy: AccessPolicy = "agent-1: read_messages, write_messages".parse()?;
//! assert_eq!(policy.to_string(), "agent-1:read_messages,write_messages");
//! assert_eq!(policy, "agent-1:chat".parse()?);
//! # Ok::<(), letta_api_ext::Error>(())
//! ```
//!
//! # One agent for a token
//!
//! The service may require that **every** entry of a policy allows a call, and an entry allows calls only on its own
//! agent. Then a token whose policy names two agents opens nothing. Neither does a token with a grant of another kind
//! next to an agent's. This is how the service's published source of 2025 works; it may have changed since. The
//! documentation shows only policies of one entry, and does not mention several. A token for one agent works either
//! way.
//!
//! [`AccessPolicy::per_agent`] splits a policy into one for each agent. A `TokenMinter` does so with
//! `TokenMinter::tokens_per_agent` (feature `minter`) and keeps a token for each agent. The token endpoint does so
//! with `TokenGrant::per_agent` (feature `axum`).
//!
//! ```
//! use letta_api_ext::AccessPolicy;
//!
//! let configured: AccessPolicy = "agent-1:chat; agent-2:read_agent".parse()?;
//! for policy in configured.per_agent() {
//!     println!("a token of its own: {policy}");
//! }
//! assert_eq!(configured.per_agent().len(), 2);
//! # Ok::<(), letta_api_ext::Error>(())
//! ```
//!
//! A policy of several agents can be made, kept, compared and split. A token can be minted with it too, with a
//! [warning](crate::CreateAccessToken::send).
//!
//! For the same reason, a policy has one entry per agent: if there were two, such a service would allow only what
//! both allow.
//!
//! # The text form
//!
//! ```text
//! policy  = grant *( ";" grant )
//! grant   = agent ":" right *( "," right )
//!         / "?" unknown                    ; a grant of another kind: its JSON, percent-encoded
//! right   = known
//!         / "chat" / "read_only" / "all_rights"    ; presets: the rights that they stand for
//!         / "?" unknown                    ; a right that this version does not know
//! unknown = *( ALPHA / DIGIT / "-" / "_" / "." / "%" HEXDIG HEXDIG )
//! ```
//!
//! White space around a separator is ignored. The question mark marks an unknown part, so that a misspelt right does
//! not pass as a new one. A policy is printed with the rights of a preset, and not with the preset's name.

use std::collections::BTreeSet;
use std::sync::Arc;

use letta_api::types::{AccessPolicyEntry, AccessRight};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::ids::AgentId;

mod builder;
mod grants;
#[cfg(feature = "minter")]
mod kept_hash;
mod mistakes;
mod per_agent;
mod preset;
mod rights;
#[cfg(feature = "schemars")]
mod schema;
mod serial;
pub mod strict;
mod text;

pub use builder::{AgentNamed, Empty, PolicyBuilder, Ready, Several, SeveralNamed};
pub use preset::Preset;
#[doc(inline)]
pub use strict::StrictPolicy;

use grants::{Grant, Grants};
use rights::Rights;

/// The rights that a token has on agents.
///
/// A token is for [one agent](self#one-agent-for-a-token). A policy may name several agents. [Split](Self::per_agent)
/// it to mint.
///
/// If an agent is named twice, its rights are merged into one entry, since the service may allow only what all
/// entries for an agent allow. Agents are sorted by ID, and rights in the order of [`AccessRight`], so equal policies
/// are always written alike.
///
/// Unknown rights and kinds of grants are kept: they can be read, survive the text form, and are sent back unchanged.
/// [`StrictPolicy`] refuses them. Use it for policies that people write in files.
///
/// The [module](self) shows how to make one.
///
/// Cheap to clone: clones share their data. So make a policy once, and use it for each token.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccessPolicy {
    parts: Arc<Parts>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Parts {
    grants: Grants,
    /// Entries of an unknown kind or shape, each as compact JSON with sorted keys, so that equal entries are equal
    /// texts.
    unknown: BTreeSet<String>,
    #[cfg(feature = "minter")]
    hash: u64,
}

impl AccessPolicy {
    /// Builds a policy step by step.
    pub fn builder() -> PolicyBuilder<Empty> {
        PolicyBuilder::new()
    }

    /// A policy for one agent with these rights: a [`Preset`], or any rights.
    ///
    /// # Errors
    ///
    /// An invalid ID (`agent`), or no right (`access`).
    ///
    /// For agents that are known only at run time, make a policy for each:
    ///
    /// ```
    /// use letta_api_ext::{AccessPolicy, policy::Preset};
    ///
    /// let agents = ["agent-1", "agent-2"];
    /// let policies = agents
    ///     .iter()
    ///     .map(|agent| AccessPolicy::for_agent(*agent, Preset::Chat))
    ///     .collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(policies[1].to_string(), "agent-2:read_messages,write_messages");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn for_agent<A>(agent: A, rights: impl IntoIterator<Item = AccessRight>) -> Result<Self>
    where
        A: TryInto<AgentId>,
        A::Error: Into<Error>,
    {
        Self::from_grants([(agent, rights)])
    }

    /// A policy with these agents and their rights. An agent that occurs twice has the rights of both.
    ///
    /// A token is for [one agent](self#one-agent-for-a-token). If there are several, mint with [the
    /// parts](Self::per_agent) of the policy.
    ///
    /// # Errors
    ///
    /// No agent (`policy`), an agent without a right (`access`), or an invalid ID (`agent`).
    ///
    /// ```
    /// use letta_api_ext::{AccessPolicy, AccessRight};
    ///
    /// let nothing: [(&str, [AccessRight; 0]); 1] = [("agent-1", [])];
    /// let error = AccessPolicy::from_grants(nothing).unwrap_err();
    /// assert_eq!(error.to_string(), "`access` must not be empty; got `agent-1` without a right");
    /// ```
    pub fn from_grants<I, A, R>(grants: I) -> Result<Self>
    where
        I: IntoIterator<Item = (A, R)>,
        A: TryInto<AgentId>,
        A::Error: Into<Error>,
        R: IntoIterator<Item = AccessRight>,
    {
        let grants = grants.into_iter();
        let mut draft = Draft::with_room_for(grants.size_hint().0);
        for (agent, rights) in grants {
            let agent = agent.try_into().map_err(Into::into)?;
            draft.grant(agent, rights.into_iter().collect())?;
        }
        draft.into_policy()
    }

    /// Whether the policy gives `right` on `agent`.
    ///
    /// ```
    /// use letta_api_ext::{AccessPolicy, AccessRight};
    ///
    /// let policy = AccessPolicy::builder().agent("agent-1").chat().build()?;
    /// assert!(policy.allows("agent-1", &AccessRight::WriteMessages));
    /// assert!(!policy.allows("agent-1", &AccessRight::WriteAgent));
    /// assert!(!policy.allows("agent-2", &AccessRight::WriteMessages));
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn allows(&self, agent: impl AsRef<str>, right: &AccessRight) -> bool {
        self.parts
            .grants
            .get(agent.as_ref())
            .is_some_and(|rights| rights.contains(right))
    }

    /// Whether `other` allows everything that this policy allows. An unknown right or grant counts as allowed only if
    /// `other` has the same.
    pub fn is_subset_of(&self, other: &Self) -> bool {
        let (parts, other) = (&self.parts, &other.parts);
        parts.grants.is_subset_of(&other.grants) && parts.unknown.is_subset(&other.unknown)
    }

    /// A policy that allows what this one allows and what `other` allows. The union of the [parts](Self::per_agent)
    /// of a policy is the whole policy.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let (parts, other) = (&self.parts, &other.parts);
        let unknown = parts.unknown.union(&other.unknown).cloned().collect();
        Parts::new(parts.grants.union(&other.grants), unknown).into()
    }

    /// The agents that the policy names, with the rights on each, in the order of the agents' IDs.
    pub fn grants(&self) -> impl Iterator<Item = (&AgentId, impl Iterator<Item = &AccessRight>)> {
        self.parts
            .grants
            .iter()
            .map(|grant| (&grant.agent, grant.rights.iter()))
    }

    /// The agents that the policy names, in the order of their IDs.
    pub fn agents(&self) -> impl Iterator<Item = &AgentId> {
        self.parts.grants.iter().map(|grant| &grant.agent)
    }

    /// Whether the policy gives any right on this agent.
    #[cfg(feature = "minter")]
    pub(crate) fn names(&self, agent: &AgentId) -> bool {
        self.parts.grants.get(agent.as_str()).is_some()
    }

    /// The rights on an agent. Empty if the policy does not name it.
    pub fn rights(&self, agent: impl AsRef<str>) -> impl Iterator<Item = &AccessRight> {
        let rights = self.parts.grants.get(agent.as_ref());
        rights.into_iter().flat_map(Rights::iter)
    }

    /// Grants of a kind or shape that this version does not know, each as JSON. An agent's grant with an unknown
    /// member is one of them: the member may restrict the grant, so it does not count for [`allows`](Self::allows).
    pub fn unknown_grants(&self) -> impl Iterator<Item = &str> {
        self.parts.unknown.iter().map(String::as_str)
    }

    /// Splits the policy into policies of one entry: one for each agent, in the order of the agents' IDs, and then
    /// one for each [unknown grant](Self::unknown_grants). Empty if the policy is [empty](Self::is_empty). A policy
    /// of one entry is its own only part.
    ///
    /// Why: [a token is for one agent](self#one-agent-for-a-token). Mint a token for each part, for instance with
    /// `TokenMinter::tokens_per_agent`.
    ///
    /// ```
    /// use letta_api_ext::AccessPolicy;
    ///
    /// let policy: AccessPolicy = "agent-2:read_agent; agent-1:chat".parse()?;
    /// let parts: Vec<AccessPolicy> = policy.per_agent().collect();
    /// assert_eq!(parts[0].to_string(), "agent-1:read_messages,write_messages");
    /// assert_eq!(parts[1].to_string(), "agent-2:read_agent");
    /// assert_eq!(parts[0].union(&parts[1]), policy);
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn per_agent(&self) -> impl ExactSizeIterator<Item = Self> {
        self.parts_per_agent().into_iter()
    }

    /// The agent of a policy with one entry. `None` if the policy names several agents or none, or has an [unknown
    /// grant](Self::unknown_grants).
    ///
    /// A token with such a policy opens what the policy says. For other policies, that is [not
    /// certain](self#one-agent-for-a-token).
    ///
    /// ```
    /// use letta_api_ext::AccessPolicy;
    ///
    /// let policy: AccessPolicy = "agent-1:chat".parse()?;
    /// assert_eq!(policy.sole_agent().unwrap().as_str(), "agent-1");
    /// let policy: AccessPolicy = "agent-1:chat; agent-2:chat".parse()?;
    /// assert!(policy.sole_agent().is_none());
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn sole_agent(&self) -> Option<&AgentId> {
        let first = self.parts.grants.first()?;
        (self.entry_count() == 1).then_some(&first.agent)
    }

    /// How many entries the policy has when it is sent.
    pub(crate) fn entry_count(&self) -> usize {
        self.parts.grants.len() + self.parts.unknown.len()
    }

    /// Whether the policy allows nothing. Only a policy that the service reported can be empty.
    pub fn is_empty(&self) -> bool {
        self.parts.grants.is_empty() && self.parts.unknown.is_empty()
    }

    /// Refuses a policy with a part that this version does not know.
    ///
    /// serde and the text form keep unknown rights, since the service may have new ones. In a policy that a person
    /// wrote, an unknown right is more likely a mistake. [`StrictPolicy`] refuses it when it reads the policy, and
    /// says where it is. This method refuses it afterwards:
    ///
    /// ```
    /// use letta_api_ext::AccessPolicy;
    ///
    /// let written = r#"[{"type": "agent", "id": "agent-1", "access": ["read_mesages"]}]"#;
    /// let policy: AccessPolicy = serde_json::from_str(written)?;
    /// let error = policy.ensure_known().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "`access` must be among read_messages, write_messages, read_agent, write_agent; \
    ///      got `read_mesages`; did you mean `read_messages`?",
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// An unknown right, or a grant of an unknown kind. The error names it.
    pub fn ensure_known(self) -> Result<Self> {
        if let Some(right) = self
            .parts
            .grants
            .iter()
            .find_map(|grant| grant.rights.unknown().next())
        {
            return Err(mistakes::unknown_right(right.as_str()));
        }
        self.check_is_of_agents()?;
        Ok(self)
    }

    /// Refuses a policy with grants of an unknown kind.
    pub(crate) fn check_is_of_agents(&self) -> Result<()> {
        match self.parts.unknown.first() {
            Some(grant) => {
                let rule = "must grant rights on agents, and nothing else";
                Err(Error::invalid_input("policy", rule, Some(grant)))
            }
            None => Ok(()),
        }
    }

    /// The policy in the form of the API.
    pub(crate) fn to_entries(&self) -> Vec<AccessPolicyEntry> {
        let grants = self.parts.grants.iter().map(|grant| {
            let rights = grant.rights.iter().cloned().collect();
            AccessPolicyEntry::agent(grant.agent.as_str(), rights)
        });
        let unknown = self.parts.unknown.iter().map(|json| {
            let object = serde_json::from_str(json).expect("unknown entries are JSON objects");
            AccessPolicyEntry::Unknown(object)
        });
        grants.chain(unknown).collect()
    }

    /// Reads the policy that the service reports. Never fails: invalid parts are kept as unknown grants.
    pub(crate) fn from_wire(entries: &[AccessPolicyEntry]) -> Self {
        let mut draft = Draft::with_room_for(entries.len());
        for entry in entries {
            // Fails only for nesting that is too deep, which JSON that was read cannot have.
            let _ = draft.absorb(entry);
        }
        draft.into_any_policy()
    }
}

/// A policy under construction: grants in any order.
#[derive(Default)]
struct Draft {
    grants: Vec<Grant>,
    unknown: BTreeSet<String>,
}

impl Draft {
    fn with_room_for(grants: usize) -> Self {
        Self {
            // The number of grants comes from outside, so it is only a hint.
            grants: Vec::with_capacity(grants.min(1_000)),
            unknown: BTreeSet::new(),
        }
    }

    /// Adds to the rights on an agent.
    fn grant(&mut self, agent: AgentId, rights: Rights) -> Result<()> {
        if rights.is_empty() {
            let (rule, got) = ("must not be empty", format!("`{agent}` without a right"));
            return Err(Error::invalid_input_got("access", rule, got));
        }
        self.grants.push(Grant { agent, rights });
        Ok(())
    }

    /// Adds an entry that the service reported. An agent's entry counts as rights only if all its members are known:
    /// another member may restrict them.
    fn absorb(&mut self, entry: &AccessPolicyEntry) -> Result<()> {
        if let AccessPolicyEntry::Agent {
            id,
            access,
            unknown,
            ..
        } = entry
            && unknown.is_empty()
            && !access.is_empty()
            && let Ok(agent) = AgentId::new(id.as_str())
        {
            return self.grant(agent, access.iter().cloned().collect());
        }
        self.keep(entry)
    }

    /// Adds an entry that a person may have written. An agent's entry must be valid. Entries of other kinds are kept.
    fn add_entry(&mut self, entry: &AccessPolicyEntry) -> Result<()> {
        match entry {
            AccessPolicyEntry::Agent {
                id,
                access,
                unknown,
                ..
            } => {
                if !unknown.is_empty() {
                    return self.keep(entry);
                }
                let agent = AgentId::new(id.as_str())?;
                self.grant(agent, access.iter().cloned().collect())
            }
            AccessPolicyEntry::Unknown(object) => {
                check_kind(object)?;
                self.keep(entry)
            }
            // A new version of the API description may add variants to the generated enum.
            _ => self.keep(entry),
        }
    }

    fn keep(&mut self, entry: &AccessPolicyEntry) -> Result<()> {
        let json = serde_json::to_value(entry).expect("an entry has text keys only");
        let json = serial::sorted_json(&json);
        if serde_json::from_str::<Map<String, Value>>(&json).is_err() {
            let rule = "must not be nested deeper than the JSON parser allows";
            return Err(Error::invalid_input("policy", rule, None));
        }
        self.unknown.insert(json);
        Ok(())
    }

    /// The policy. Refuses an empty one, since nobody wants a policy that allows nothing.
    fn into_policy(self) -> Result<AccessPolicy> {
        if self.grants.is_empty() && self.unknown.is_empty() {
            return Err(no_agent());
        }
        Ok(self.into_any_policy())
    }

    /// The policy, even an empty one, since the service may report it.
    fn into_any_policy(self) -> AccessPolicy {
        Parts::new(self.grants.into(), self.unknown).into()
    }
}

fn no_agent() -> Error {
    Error::invalid_input("policy", "must name at least one agent", None)
}

/// An unknown entry must have a `type`, and must not be an invalid entry of an agent.
fn check_kind(object: &Map<String, Value>) -> Result<()> {
    match object.get("type") {
        Some(Value::String(kind)) if kind == "agent" => Err(Error::invalid_input(
            "policy",
            "must have a text `id` and a list of texts `access` in an entry of type `agent`",
            None,
        )),
        Some(Value::String(_)) => Ok(()),
        _ => Err(Error::invalid_input(
            "policy",
            "must have a text `type` in every entry",
            None,
        )),
    }
}

impl Parts {
    fn new(grants: Grants, unknown: BTreeSet<String>) -> Self {
        Self {
            #[cfg(feature = "minter")]
            hash: kept_hash::of(&grants, &unknown),
            grants,
            unknown,
        }
    }
}

impl From<Parts> for AccessPolicy {
    fn from(parts: Parts) -> Self {
        Self {
            parts: Arc::new(parts),
        }
    }
}

impl From<&AccessPolicy> for AccessPolicy {
    fn from(policy: &AccessPolicy) -> Self {
        policy.clone()
    }
}

impl std::fmt::Debug for AccessPolicy {
    /// The text form, which says everything: `AccessPolicy(agent-1:read_messages)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AccessPolicy({self})")
    }
}

#[cfg(test)]
mod tests {
    use letta_api::types;

    use super::*;

    #[test]
    fn what_the_service_reports_survives_the_text_form_and_is_sent_back_unchanged() {
        for data in [
            r#"[]"#,
            r#"[{"type":"agent","id":"agent-1","access":["read_agent","dream"]}]"#,
            r#"[{"type":"agent","id":"agent-1","access":[]}]"#,
            r#"[{"type":"agent","id":"1","access":["read_agent"]}]"#,
            r#"[{"type":"agent","id":7}]"#,
            r#"[{"id":"x"}]"#,
            r#"[{}]"#,
            r#"[{"type":"agent","id":"agent-1","access":["read_agent"],"deny":["x"]}]"#,
            r#"[{"type":"project","a":[0.1,1e-7,123456789.123456789,"%;,?:"]}]"#,
        ] {
            let json = format!(r#"{{"version":"1","data":{data}}}"#);
            let reported: types::AccessPolicy = serde_json::from_str(&json).unwrap();
            let policy = AccessPolicy::from_wire(&reported.data);
            let sent = serde_json::to_value(policy.to_entries()).unwrap();
            assert_eq!(sent, serde_json::from_str::<Value>(data).unwrap());
            if !policy.is_empty() {
                let text = policy.to_string();
                assert_eq!(text.parse::<AccessPolicy>().unwrap(), policy, "{text}");
            }
        }
    }

    #[test]
    fn a_grant_with_a_member_that_is_not_known_allows_nothing_that_is_known() {
        let entry = r#"{"type":"agent","id":"agent-1","access":["read_agent"],"deny":["x"]}"#;
        let json = format!(r#"{{"version":"1","data":[{entry}]}}"#);
        let reported: types::AccessPolicy = serde_json::from_str(&json).unwrap();
        let policy = AccessPolicy::from_wire(&reported.data);
        assert!(!policy.allows("agent-1", &AccessRight::ReadAgent));
        assert_eq!(policy.unknown_grants().count(), 1);
        let plain = AccessPolicy::builder()
            .agent("agent-1")
            .read_agent()
            .build()
            .unwrap();
        assert!(!policy.is_subset_of(&plain) && !plain.is_subset_of(&policy));
        assert!(policy.ensure_known().is_err());
    }

    #[test]
    fn a_right_that_was_put_together_by_hand_is_the_one_that_it_names() {
        let by_hand = AccessRight::Unknown("read_agent".to_owned());
        let policy = AccessPolicy::from_grants([("agent-1", [by_hand.clone()])]).unwrap();
        assert!(policy.allows("agent-1", &AccessRight::ReadAgent));
        assert!(policy.allows("agent-1", &by_hand));
        assert_eq!(policy.to_string(), "agent-1:read_agent");
    }

    #[test]
    fn what_is_nested_too_deep_is_refused_and_not_a_panic() {
        let mut deep = Value::Null;
        for _ in 0..200 {
            deep = Value::Array(vec![deep]);
        }
        let json = serde_json::json!([{"type": "project", "deep": deep}]);
        let error = serde_json::from_value::<AccessPolicy>(json).unwrap_err();
        assert!(error.to_string().contains("nested"), "{error}");
    }
}
