//! A state to read from, and calls of handlers. For tests alone: the messages, runs and steps that turns would leave.

use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use letta_api::types::{
    AgentId, AssistantContent, AssistantMessage, Conversation, ConversationId, Message,
    ReasoningMessage, Run, RunId, RunStatus, Step, StepId, StepMetrics, StopReasonType,
    UserContent, UserMessage,
};
use serde_json::Value;

use crate::call::{Call, written};
use crate::description::body::Body;
use crate::http::refusal::Refusal;
use crate::resources::agents;
use crate::world::World;
use crate::world::agent::AgentRecord;
use crate::world::conversation::ConversationRecord;
use crate::world::run::{RunRecord, StepRecord};
use crate::world::thread::{StoredMessage, ThreadKey, date};

/// The time at which everything begins.
pub(crate) fn begin() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().expect("it is a time")
}

pub(crate) fn after(seconds: i64) -> Timestamp {
    begin() + SignedDuration::from_secs(seconds)
}

/// A call with this query, this body and these parameters of the path.
pub(crate) fn call(path: &[(&str, &str)], query: &str, body: Value) -> Call {
    let body = match body {
        Value::Null => Body::Missing,
        body => Body::Json(body),
    };
    Call::of(path, query, body, after(1_000))
}

type Handler = fn(&Call, &mut World) -> Result<Response, Refusal>;

/// The JSON that a handler answers with.
pub(crate) fn answer(world: &mut World, handler: Handler, call: &Call) -> Result<Value, Refusal> {
    let response = handler(call, world)?;
    let body = axum::body::to_bytes(response.into_body(), usize::MAX);
    let body = futures_util::FutureExt::now_or_never(body);
    let body = body.expect("it is there").expect("it is whole");
    Ok(match body.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&body).expect("it is JSON"),
    })
}

/// The ends of the IDs of a list of things.
pub(crate) fn ids(list: &Value) -> String {
    let ids = members(list, "id");
    let ids = ids
        .iter()
        .map(|id| id.rsplit('-').next().unwrap_or_default());
    ids.collect::<Vec<_>>().join(" ")
}

/// The members of this name of a list of things.
pub(crate) fn members(list: &Value, name: &str) -> Vec<String> {
    let items = list.as_array().expect("it is a list").iter();
    items
        .map(|item| item[name].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// A world that is filled turn by turn.
#[derive(Default)]
pub(crate) struct Filled {
    pub(crate) world: World,
    turns: i64,
}

impl Filled {
    pub(crate) fn agent(&mut self, id: &str) {
        let state = agents::new_state(id, id, begin());
        agents::add(&mut self.world, AgentRecord::new(state), begin()).expect("its ID is new");
    }

    pub(crate) fn conversation(&mut self, id: &str, agent: &str) {
        let mut system = StoredMessage::system("Be kind.", begin());
        system.id = format!("message-{id}").into();
        if let [Message::SystemMessage(message)] = &mut system.shown[..] {
            message.id = system.id.clone();
        }
        let mut record = ConversationRecord {
            conversation: Conversation::new(id, agent),
            thread: Default::default(),
        };
        record.thread.messages.push(system);
        let added = self.world.conversations.insert(record);
        added.expect("its ID is new");
    }

    /// A turn: the user says `text`, and the agent thinks and says it back. The messages are `message-u…` and `message-a…`, and
    /// the run and its step have the same number.
    pub(crate) fn turn(&mut self, thread: &ThreadKey, text: &str) -> String {
        self.turns += 1;
        let number = self.turns;
        let now = after(number * 10);
        let agent: AgentId = match thread {
            ThreadKey::Agent(id) => id.clone(),
            ThreadKey::Conversation(id) => {
                let record = self.world.conversations.get(id.as_str());
                record.expect("it is there").conversation.agent_id.clone()
            }
        };
        let run_id = RunId::from(format!("run-{number}"));
        let step_id = StepId::from(format!("step-{number}"));
        let mut run = Run::new(run_id.clone(), agent.clone());
        run.status = Some(RunStatus::Completed);
        run.stop_reason = Some(StopReasonType::EndTurn);
        run.created_at = Some(written(now));
        run.completed_at = Some(written(now));
        run.background = Some(number % 2 == 0);
        if let ThreadKey::Conversation(id) = thread {
            run.conversation_id = Some(id.clone());
        }
        let record = RunRecord {
            run,
            thread: thread.clone(),
        };
        self.world.runs.insert(record).expect("its ID is new");
        let mut step = Step::new(step_id.clone());
        step.run_id = Some(run_id.clone());
        step.agent_id = Some(agent);
        step.model = Some("gpt-4.1".to_owned());
        step.prompt_tokens = Some(number);
        step.completion_tokens = Some(2);
        step.total_tokens = Some(number + 2);
        let record = StepRecord {
            step,
            metrics: StepMetrics::new(step_id.clone()),
        };
        self.world.steps.insert(record).expect("its ID is new");
        let stored = |id: String, shown: Vec<Message>| StoredMessage {
            id: id.into(),
            date: now,
            run_id: Some(run_id.clone()),
            step_id: Some(step_id.clone()),
            shown,
        };
        let (user, agent) = (format!("message-u{number}"), format!("message-a{number}"));
        let said = UserMessage::new(user.as_str(), date(now), UserContent::Text(text.to_owned()));
        let thought = ReasoningMessage::new(agent.as_str(), date(now), "Hm.");
        let answered = AssistantContent::Text(format!("You said: {text}"));
        let answered = AssistantMessage::new(agent.as_str(), date(now), answered);
        let thread = self.world.thread_mut(thread).expect("it is there");
        thread
            .messages
            .push(stored(user, vec![Message::UserMessage(Box::new(said))]));
        thread.messages.push(stored(
            agent,
            vec![
                Message::ReasoningMessage(Box::new(thought)),
                Message::AssistantMessage(Box::new(answered)),
            ],
        ));
        run_id.to_string()
    }
}

/// The thread of an agent.
pub(crate) fn of_agent(id: &str) -> ThreadKey {
    ThreadKey::Agent(AgentId::from(id))
}

/// The thread of a conversation.
pub(crate) fn of_conversation(id: &str) -> ThreadKey {
    ThreadKey::Conversation(ConversationId::from(id))
}

/// Two agents, of which the first has a conversation: four turns of one, two of the other.
pub(crate) fn filled() -> Filled {
    let mut filled = Filled::default();
    filled.agent("agent-1");
    filled.agent("agent-2");
    filled.conversation("conv-1", "agent-1");
    for (thread, text) in [
        (of_agent("agent-1"), "one"),
        (of_conversation("conv-1"), "two"),
        (of_agent("agent-2"), "three"),
        (of_agent("agent-1"), "four"),
        (of_conversation("conv-1"), "five"),
        (of_agent("agent-2"), "six"),
    ] {
        filled.turn(&thread, text);
    }
    filled
}
