//! Where something is said: to an agent, or in a conversation.

use letta_api::types::{AgentId, ConversationId, Run, RunStatus};
use serde_json::Value;

use crate::call::{Call, written};
use crate::http::refusal::Refusal;
use crate::resources::agents;
use crate::turns::stage::Stage;
use crate::world::World;
use crate::world::thread::ThreadKey;

/// Where something is said.
pub(super) struct Target {
    pub(super) agent: AgentId,
    pub(super) key: ThreadKey,
    pub(super) conversation: Option<ConversationId>,
    /// What only one run at a time may hold. The agent's own path has no lock.
    pub(super) lock: Option<String>,
    /// Whether the `otid`s of a JSON request are noted.
    pub(super) notes_json: bool,
    /// Whether a run of JSON is told when it is over.
    pub(super) closes_json: bool,
    /// As runs have it in their metadata.
    pub(super) run_type: &'static str,
    /// Whether the agent's own path is asked.
    pub(super) is_of_agent: bool,
}

pub(super) fn of_agent(world: &World, id: &str, run_type: &'static str) -> Result<Target, Refusal> {
    let agent = agents::found(world, id)?.state.id.clone();
    Ok(Target {
        key: ThreadKey::Agent(agent.clone()),
        agent,
        conversation: None,
        lock: None,
        notes_json: false,
        closes_json: true,
        run_type,
        is_of_agent: true,
    })
}

/// The conversation of the path, or the agent's own thread: `default` with an agent, or the agent's ID as that of a
/// conversation.
pub(super) fn of_conversation(stage: &Stage, call: &Call) -> Result<Target, Refusal> {
    let id = call.path("conversation_id");
    let mut world = stage.world();
    if let Some(agent) = direct(id, call.json().get("agent_id").and_then(Value::as_str)) {
        let target = of_agent(&world, agent, "send_message")?;
        return Ok(Target {
            lock: Some(target.agent.to_string()),
            notes_json: true,
            closes_json: false,
            is_of_agent: false,
            ..target
        });
    }
    let Some(record) = world.conversations.get_mut(id) else {
        return Err(Refusal::no_such("Conversation", id));
    };
    record.conversation.last_message_at = Some(written(call.now));
    let conversation = record.conversation.id.clone();
    Ok(Target {
        agent: record.conversation.agent_id.clone(),
        key: ThreadKey::Conversation(conversation.clone()),
        lock: Some(conversation.to_string()),
        conversation: Some(conversation),
        notes_json: false,
        closes_json: false,
        run_type: "send_conversation_message",
        is_of_agent: false,
    })
}

/// The agent whose own thread is meant by the ID of a conversation.
pub(super) fn direct<'a>(conversation: &'a str, agent: Option<&'a str>) -> Option<&'a str> {
    match conversation {
        "default" => agent,
        id if id.starts_with("agent-") => Some(id),
        _ => None,
    }
}

/// The runs of a conversation that go on, the newest first. With an agent, those of the agent.
pub(super) fn going_on<'a>(
    world: &'a World,
    conversation: &'a str,
    agent: Option<&'a str>,
) -> impl Iterator<Item = &'a Run> {
    let runs = world.runs.iter().rev().map(|it| &it.run);
    runs.filter(move |run| {
        let is_meant = match agent {
            Some(agent) => run.agent_id.as_str() == agent,
            None => run
                .conversation_id
                .as_ref()
                .is_some_and(|it| it.as_str() == conversation),
        };
        is_meant && matches!(run.status, Some(RunStatus::Created | RunStatus::Running))
    })
}
