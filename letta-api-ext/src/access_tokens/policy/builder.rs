//! The step-by-step builder. Its type says which steps come next.

use std::marker::PhantomData;

use letta_api::types::AccessRight;

use super::{AccessPolicy, Draft, Preset, Rights};
use crate::error::{Error, Result};
use crate::ids::AgentId;

/// Builds an [`AccessPolicy`]: an agent, and its rights. [`build`](Self::build) gives the policy.
///
/// The state `S` decides which methods there are: [`Empty`], [`AgentNamed`], [`Ready`], and after another agent is
/// named [`SeveralNamed`] and [`Several`]. A useless policy does not compile. An agent without a right:
///
/// ```compile_fail
/// letta_api_ext::AccessPolicy::builder().agent("agent-1").build();
/// ```
///
/// A policy without an agent:
///
/// ```compile_fail
/// letta_api_ext::AccessPolicy::builder().build();
/// ```
///
/// A right without an agent:
///
/// ```compile_fail
/// letta_api_ext::AccessPolicy::builder().read_messages();
/// ```
///
/// # Several agents
///
/// [A token is for one agent](super#one-agent-for-a-token), so there is no `build` if several agents are named:
///
/// ```compile_fail,E0277
/// letta_api_ext::AccessPolicy::builder().agent("agent-1").chat().agent("agent-2").read_agent().build();
/// ```
///
/// [`build_per_agent`](Self::build_per_agent) gives a policy for each, to mint a token for each:
///
/// ```
/// use letta_api_ext::AccessPolicy;
///
/// let policies = AccessPolicy::builder()
///     .agent("agent-1").chat()
///     .agent("agent-2").read_agent()
///     .build_per_agent()?;
/// assert_eq!(policies[1].to_string(), "agent-2:read_agent");
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
///
/// [`build_combined`](Self::build_combined) gives one policy for all agents, for instance for
/// `TokenMinter::tokens_per_agent`.
///
/// The types cannot tell whether an agent is named twice. So naming the same agent again also counts as several, and
/// merges its rights.
///
/// # In a loop
///
/// A step changes the builder's type, so a variable cannot hold it in a loop:
///
/// ```compile_fail,E0308
/// let mut builder = letta_api_ext::AccessPolicy::builder();
/// for agent in ["agent-1", "agent-2"] {
///     builder = builder.agent(agent).chat();
/// }
/// ```
///
/// Make a policy for each agent, with [`AccessPolicy::for_agent`]:
///
/// ```
/// use letta_api_ext::{AccessPolicy, policy::Preset};
///
/// for agent in ["agent-1", "agent-2"] {
///     let policy = AccessPolicy::for_agent(agent, Preset::Chat)?;
/// }
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
///
/// Or make one policy for all agents with [`AccessPolicy::from_grants`], and split it with
/// [`AccessPolicy::per_agent`].
#[must_use = "a policy builder does nothing until `build`"]
#[derive(Clone, Debug)]
pub struct PolicyBuilder<S> {
    /// Rights by agent, unchecked. `build` reports an invalid ID.
    grants: Vec<(Result<AgentId>, Rights)>,
    state: PhantomData<S>,
}

/// State of a [`PolicyBuilder`]: no agent has been named.
#[derive(Clone, Copy, Debug)]
pub enum Empty {}

/// State of a [`PolicyBuilder`]: an agent has been named, and has no right yet.
#[derive(Clone, Copy, Debug)]
pub enum AgentNamed {}

/// State of a [`PolicyBuilder`]: one agent has been named, and has a right.
#[derive(Clone, Copy, Debug)]
pub enum Ready {}

/// State of a [`PolicyBuilder`]: another agent has been named, and has no right yet.
#[derive(Clone, Copy, Debug)]
pub enum SeveralNamed {}

/// State of a [`PolicyBuilder`]: several agents have been named, or one more than once, and each has a right.
#[derive(Clone, Copy, Debug)]
pub enum Several {}

/// The states of a [`PolicyBuilder`], and the state that follows each step. Nothing outside this crate implements it.
///
/// It is separate from the traits that allow a step: with these associated types in a method's signature, the
/// compiler would not show the traits' messages.
pub trait State: sealed::Sealed {
    /// The state after an agent is named.
    type WithAgent;
    /// The state after a right is given.
    type WithRight;
}
impl State for Empty {
    type WithAgent = AgentNamed;
    type WithRight = Ready;
}
impl State for AgentNamed {
    type WithAgent = SeveralNamed;
    type WithRight = Ready;
}
impl State for Ready {
    type WithAgent = SeveralNamed;
    type WithRight = Ready;
}
impl State for SeveralNamed {
    type WithAgent = SeveralNamed;
    type WithRight = Several;
}
impl State for Several {
    type WithAgent = SeveralNamed;
    type WithRight = Several;
}

/// The states in which rights can be given. Nothing outside this crate implements it.
#[diagnostic::on_unimplemented(
    message = "a right needs an agent: call `agent` first",
    label = "no agent has been named yet"
)]
pub trait HasAgent: sealed::Sealed {}
impl HasAgent for AgentNamed {}
impl HasAgent for Ready {}
impl HasAgent for SeveralNamed {}
impl HasAgent for Several {}

/// The states in which the next agent can be named. Nothing outside this crate implements it.
#[diagnostic::on_unimplemented(
    message = "an agent needs a right before the next agent is named",
    label = "the agent before has no right yet",
    note = "call `chat`, `read_messages` or another right first"
)]
pub trait TakesAgent: sealed::Sealed {}
impl TakesAgent for Empty {}
impl TakesAgent for Ready {}
impl TakesAgent for Several {}

/// The states in which the policy can be built. Nothing outside this crate implements it.
#[diagnostic::on_unimplemented(
    message = "a policy needs an agent, and every agent needs a right",
    label = "the policy is not complete yet",
    note = "in a loop, and for agents that are known only at run time, use `AccessPolicy::for_agent` or `AccessPolicy::from_grants`"
)]
pub trait IsComplete: sealed::Sealed {}
impl IsComplete for Ready {}
impl IsComplete for Several {}

/// The states in which at most one agent has rights. Nothing outside this crate implements it.
#[diagnostic::on_unimplemented(
    message = "a token opens one agent, and this policy names several: the service may refuse every call of such a token",
    label = "more than one agent has been named, or one agent twice",
    note = "call `build_per_agent` for a policy, and then a token, for each agent",
    note = "call `build_combined` if one policy of all agents is meant, for instance for `TokenMinter::tokens_per_agent`"
)]
pub trait IsOneAgent: sealed::Sealed {}
impl IsOneAgent for Empty {}
impl IsOneAgent for AgentNamed {}
impl IsOneAgent for Ready {}
// This state lacks a right. The compiler should report only that.
impl IsOneAgent for SeveralNamed {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Empty {}
    impl Sealed for super::AgentNamed {}
    impl Sealed for super::Ready {}
    impl Sealed for super::SeveralNamed {}
    impl Sealed for super::Several {}
}

impl PolicyBuilder<Empty> {
    pub(super) fn new() -> Self {
        Self {
            grants: Vec::new(),
            state: PhantomData,
        }
    }
}

// The bounds are on the methods: on a whole `impl`, the compiler would not show the traits' messages.
impl<S: State> PolicyBuilder<S> {
    /// Names the agent for the rights that follow. Naming it again later adds to its rights.
    ///
    /// After a second call, there is [`build_per_agent`](Self::build_per_agent) instead of [`build`](Self::build),
    /// since [a token is for one agent](super#one-agent-for-a-token).
    ///
    /// Takes text or an [`AgentId`]. [`build`](Self::build) reports an invalid ID.
    pub fn agent<A>(mut self, agent: A) -> PolicyBuilder<S::WithAgent>
    where
        S: TakesAgent,
        A: TryInto<AgentId>,
        A::Error: Into<Error>,
    {
        let agent = agent.try_into().map_err(Into::into);
        self.grants.push((agent, Rights::default()));
        self.into_state()
    }
}

impl<S: State> PolicyBuilder<S> {
    /// The agent's messages may be listed.
    pub fn read_messages(self) -> PolicyBuilder<S::WithRight>
    where
        S: HasAgent,
    {
        self.right(AccessRight::ReadMessages)
    }

    /// The agent may be sent messages.
    pub fn write_messages(self) -> PolicyBuilder<S::WithRight>
    where
        S: HasAgent,
    {
        self.right(AccessRight::WriteMessages)
    }

    /// The agent itself may be read: its name, its configuration, its memory.
    pub fn read_agent(self) -> PolicyBuilder<S::WithRight>
    where
        S: HasAgent,
    {
        self.right(AccessRight::ReadAgent)
    }

    /// The agent itself may be changed.
    pub fn write_agent(self) -> PolicyBuilder<S::WithRight>
    where
        S: HasAgent,
    {
        self.right(AccessRight::WriteAgent)
    }

    /// What a chat page needs: [`read_messages`](Self::read_messages) and
    /// [`write_messages`](Self::write_messages).
    pub fn chat(self) -> PolicyBuilder<S::WithRight>
    where
        S: HasAgent,
    {
        self.preset(Preset::Chat)
    }

    /// Everything that changes nothing: [`read_messages`](Self::read_messages) and [`read_agent`](Self::read_agent).
    pub fn read_only(self) -> PolicyBuilder<S::WithRight>
    where
        S: HasAgent,
    {
        self.preset(Preset::ReadOnly)
    }

    /// Every right that this version knows. A browser rarely needs all of them.
    pub fn all_rights(self) -> PolicyBuilder<S::WithRight>
    where
        S: HasAgent,
    {
        self.preset(Preset::AllRights)
    }

    /// The rights of a preset.
    pub fn preset(mut self, preset: Preset) -> PolicyBuilder<S::WithRight>
    where
        S: HasAgent,
    {
        self.last_rights().extend(preset);
        self.into_state()
    }

    /// One right, even one that this version does not know.
    pub fn right(mut self, right: AccessRight) -> PolicyBuilder<S::WithRight>
    where
        S: HasAgent,
    {
        self.last_rights().insert(right);
        self.into_state()
    }

    fn last_rights(&mut self) -> &mut Rights {
        let (_, rights) = self.grants.last_mut().expect("this state has an agent");
        rights
    }
}

impl<S> PolicyBuilder<S> {
    /// The policy for the agent that was named.
    ///
    /// # Errors
    ///
    /// An invalid agent ID (`agent`), see [`AgentId`].
    pub fn build(self) -> Result<AccessPolicy>
    where
        S: IsComplete + IsOneAgent,
    {
        self.build_combined()
    }

    /// A policy for each agent that was named, in the order of their IDs. Mint a token with each. An agent that was
    /// named twice has one policy, with the rights of both.
    ///
    /// # Errors
    ///
    /// An invalid agent ID (`agent`), see [`AgentId`]. The first one is reported.
    pub fn build_per_agent(self) -> Result<Vec<AccessPolicy>>
    where
        S: IsComplete,
    {
        Ok(self.build_combined()?.per_agent().collect())
    }

    /// One policy for all agents that were named.
    ///
    /// Use it for methods that take a policy of several agents, such as `TokenMinter::tokens_per_agent`. A token that
    /// is minted with the whole policy [may open nothing](super#one-agent-for-a-token).
    ///
    /// # Errors
    ///
    /// An invalid agent ID (`agent`), see [`AgentId`]. The first one is reported.
    pub fn build_combined(self) -> Result<AccessPolicy>
    where
        S: IsComplete,
    {
        let mut draft = Draft::with_room_for(self.grants.len());
        for (agent, rights) in self.grants {
            draft.grant(agent?, rights)?;
        }
        draft.into_policy()
    }
}

impl<S> PolicyBuilder<S> {
    fn into_state<T>(self) -> PolicyBuilder<T> {
        PolicyBuilder {
            grants: self.grants,
            state: PhantomData,
        }
    }
}
