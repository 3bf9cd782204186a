//! The step-by-step builder. Its type says which steps come next.

use std::marker::PhantomData;

use letta_api::types::AccessRight;

use super::{AccessPolicy, Draft, Preset, Rights};
use crate::agent_id::AgentId;
use crate::error::{Error, Result};

/// Builds an [`AccessPolicy`]: an agent, its rights, perhaps another agent and its rights, and so on.
///
/// The state `S` is [`Empty`], [`AgentNamed`] or [`Ready`], and decides which methods there are. What
/// would make a useless policy does not compile. An agent without a right:
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
/// For one policy of several agents there is [`AccessPolicy::from_grants`], and [`AccessPolicy::union`].
#[must_use = "a policy builder does nothing until `build`"]
#[derive(Clone, Debug)]
pub struct PolicyBuilder<S> {
    /// Rights by agent, as given. `build` reports an invalid ID.
    grants: Vec<(Result<AgentId>, Rights)>,
    state: PhantomData<S>,
}

/// State of a [`PolicyBuilder`]: no agent has been named.
#[derive(Clone, Copy, Debug)]
pub enum Empty {}

/// State of a [`PolicyBuilder`]: an agent has been named, and has no right yet.
#[derive(Clone, Copy, Debug)]
pub enum AgentNamed {}

/// State of a [`PolicyBuilder`]: every agent named has a right.
#[derive(Clone, Copy, Debug)]
pub enum Ready {}

/// The states in which rights can be given. Nothing outside this crate implements it.
#[diagnostic::on_unimplemented(
    message = "a right needs an agent: call `agent` first",
    label = "no agent has been named yet"
)]
pub trait HasAgent: sealed::Sealed {}
impl HasAgent for AgentNamed {}
impl HasAgent for Ready {}

/// The states in which the next agent can be named. Nothing outside this crate implements it.
#[diagnostic::on_unimplemented(
    message = "an agent needs a right before the next agent is named",
    label = "the agent before has no right yet",
    note = "call `chat`, `read_messages` or another right first"
)]
pub trait TakesAgent: sealed::Sealed {}
impl TakesAgent for Empty {}
impl TakesAgent for Ready {}

/// The state in which there is a policy to build. Nothing outside this crate implements it.
#[diagnostic::on_unimplemented(
    message = "a policy needs an agent, and every agent needs a right",
    label = "the policy is not complete yet",
    note = "in a loop, and for agents that are known only at run time, use `AccessPolicy::for_agent` or `AccessPolicy::from_grants`"
)]
pub trait IsComplete: sealed::Sealed {}
impl IsComplete for Ready {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Empty {}
    impl Sealed for super::AgentNamed {}
    impl Sealed for super::Ready {}
}

impl PolicyBuilder<Empty> {
    pub(super) fn new() -> Self {
        Self {
            grants: Vec::new(),
            state: PhantomData,
        }
    }
}

// The bounds are on the methods: on a whole `impl`, the compiler would not show what the traits say about them.
impl<S> PolicyBuilder<S> {
    /// Names the agent that the following rights are on. Naming it again later adds to its rights.
    ///
    /// Takes text or an [`AgentId`]. [`build`](Self::build) reports an invalid ID.
    pub fn agent<A>(mut self, agent: A) -> PolicyBuilder<AgentNamed>
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

impl<S> PolicyBuilder<S> {
    /// The agent's messages may be listed.
    pub fn read_messages(self) -> PolicyBuilder<Ready>
    where
        S: HasAgent,
    {
        self.right(AccessRight::ReadMessages)
    }

    /// The agent may be sent messages.
    pub fn write_messages(self) -> PolicyBuilder<Ready>
    where
        S: HasAgent,
    {
        self.right(AccessRight::WriteMessages)
    }

    /// The agent itself may be read: its name, its configuration, its memory.
    pub fn read_agent(self) -> PolicyBuilder<Ready>
    where
        S: HasAgent,
    {
        self.right(AccessRight::ReadAgent)
    }

    /// The agent itself may be changed.
    pub fn write_agent(self) -> PolicyBuilder<Ready>
    where
        S: HasAgent,
    {
        self.right(AccessRight::WriteAgent)
    }

    /// What a chat page needs: [`read_messages`](Self::read_messages) and
    /// [`write_messages`](Self::write_messages).
    pub fn chat(self) -> PolicyBuilder<Ready>
    where
        S: HasAgent,
    {
        self.preset(Preset::Chat)
    }

    /// All that changes nothing: [`read_messages`](Self::read_messages) and
    /// [`read_agent`](Self::read_agent).
    pub fn read_only(self) -> PolicyBuilder<Ready>
    where
        S: HasAgent,
    {
        self.preset(Preset::ReadOnly)
    }

    /// Every right that this version knows. A browser rarely needs all of them.
    pub fn all_rights(self) -> PolicyBuilder<Ready>
    where
        S: HasAgent,
    {
        self.preset(Preset::AllRights)
    }

    /// The rights of a preset, given as a value.
    pub fn preset(mut self, preset: Preset) -> PolicyBuilder<Ready>
    where
        S: HasAgent,
    {
        self.last_rights().extend(preset);
        self.into_state()
    }

    /// One right, given as a value; also one that this version does not know.
    pub fn right(mut self, right: AccessRight) -> PolicyBuilder<Ready>
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
    /// The policy.
    ///
    /// # Errors
    ///
    /// An invalid ID, see [`AgentId`]. The first one is reported.
    pub fn build(self) -> Result<AccessPolicy>
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
