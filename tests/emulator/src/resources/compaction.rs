//! Compacting: a summary takes the place of messages in the context. No message is lost.

use axum::http::StatusCode;
use axum::response::Response;
use letta_api::types::{CompactionMode, CompactionResponse, Message, UserContent, UserMessage};
use serde_json::{Value, json};

use crate::call::{Call, ok, written};
use crate::http::refusal::Refusal;
use crate::id;
use crate::resources::agents;
use crate::resources::conversations::{self, Target};
use crate::resources::members::text;
use crate::world::World;
use crate::world::thread::{StoredMessage, Thread, ThreadKey, date};

/// How much of the context is summed up, unless the settings say otherwise.
const SHARE: f64 = 0.3;
/// How many messages a summary quotes at most, and how many letters of each.
const QUOTES: usize = 5;
const QUOTED_LETTERS: usize = 80;
const NOTE: &str = "Earlier messages are hidden from view. This is a summary of them:\n";

pub(crate) fn of_agent(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let agent = agents::found(world, call.path("agent_id"))?;
    let thread = &agent.thread;
    let is_said = |it: &&StoredMessage| !is_system(it) && Some(&it.id) != thread.summary.as_ref();
    if thread.in_context().find(is_said).is_none() {
        // There is nothing to sum up. The server answers with the present summary.
        let summary = thread.summary.as_ref().and_then(|id| {
            let summary = thread.messages.iter().find(|it| it.id == *id)?;
            message_of(summary)
        });
        let summary = summary.ok_or_else(|| {
            let detail = "there are no messages to sum up";
            Refusal::detail(StatusCode::BAD_REQUEST, detail)
        })?;
        let count = count(thread);
        return Ok(ok(&CompactionResponse::new(summary, count, count)));
    }
    let settings = Settings::of(call.json(), world, call.path("agent_id"));
    let key = ThreadKey::Agent(agent.state.id.clone());
    carry_out(call, world, &key, &settings)
}

pub(crate) fn of_conversation(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let agent = text(call.json(), "agent_id");
    let target = conversations::target(call.path("conversation_id"), agent);
    let (key, agent) = match target {
        Target::Agent(agent) => {
            let id = &agents::found(world, agent)?.state.id;
            (ThreadKey::Agent(id.clone()), id.clone())
        }
        Target::Conversation(id) => {
            let conversation = &conversations::found(world, id)?.conversation;
            let key = ThreadKey::Conversation(conversation.id.clone());
            (key, conversation.agent_id.clone())
        }
    };
    let settings = Settings::of(call.json(), world, agent.as_str());
    carry_out(call, world, &key, &settings)
}

/// How to compact.
struct Settings {
    /// Whether all is summed up. Otherwise, the newest messages stay.
    all: bool,
    share: f64,
}

impl Settings {
    /// Those of the request, over those of the agent.
    fn of(body: &Value, world: &World, agent: &str) -> Self {
        let of_request = body.get("compaction_settings");
        let of_request = of_request.filter(|settings| !settings.is_null());
        let of_agent = world.agents.get(agent);
        let of_agent = of_agent.and_then(|agent| agent.state.compaction_settings.as_ref());
        let mode = of_request
            .and_then(|settings| text(settings, "mode").map(CompactionMode::from))
            .or_else(|| of_agent.and_then(|settings| settings.mode.clone()));
        let share = of_request
            .and_then(|settings| settings.get("sliding_window_percentage")?.as_f64())
            .or_else(|| of_agent.and_then(|settings| settings.sliding_window_percentage));
        Self {
            all: matches!(
                mode,
                Some(CompactionMode::All | CompactionMode::SelfCompactAll)
            ),
            share: share.unwrap_or(SHARE),
        }
    }
}

fn carry_out(
    call: &Call,
    world: &mut World,
    key: &ThreadKey,
    settings: &Settings,
) -> Result<Response, Refusal> {
    let Some(thread) = world.thread_mut(key) else {
        return Err(Refusal::no_such("Conversation", &key.to_string()));
    };
    let before = count(thread);
    let context: Vec<&StoredMessage> = thread.in_context().collect();
    let kept_from = match settings.all {
        true => None,
        false => first_kept(&context, settings.share),
    };
    let kept_from = kept_from.unwrap_or_else(|| {
        // What waits for an answer stays.
        let pending = thread.pending.as_ref();
        let pending =
            pending.and_then(|pending| context.iter().position(|it| it.id == pending.request));
        pending.unwrap_or(context.len())
    });
    let hidden = context.get(1..kept_from).unwrap_or_default();
    let after = 2 + context.len().saturating_sub(kept_from);
    if context.len() <= after {
        return Err(Refusal::detail(
            StatusCode::BAD_REQUEST,
            "a summary would not make the context shorter; there are too few messages, or take the mode `all`",
        ));
    }
    let summary = summary(hidden);
    let first_kept = context.get(kept_from).map(|it| it.id.clone());
    let message = summary_message(&summary, call);
    let forgotten = first_kept.and_then(|id| thread.messages.iter().position(|it| it.id == id));
    thread.forgotten = forgotten.unwrap_or(thread.messages.len());
    thread.summary = Some(message.id.clone());
    thread.messages.insert(thread.forgotten, message);
    let after = count(thread);
    Ok(ok(&CompactionResponse::new(summary, before, after)))
}

fn count(thread: &Thread) -> i64 {
    thread.in_context().count().try_into().unwrap_or(i64::MAX)
}

/// The first message that stays: the last of the agent's own in the share that is to go, which grows until it has one. `None`
/// if there is none, or only the last message.
fn first_kept(context: &[&StoredMessage], share: f64) -> Option<usize> {
    let count = context.len();
    let mut share = share;
    while share < 1.0 {
        share += 0.1;
        // A count of messages is far below where this is inexact.
        let cut = (share * count as f64).round_ties_even() as usize;
        let own = (1..=cut.min(count.saturating_sub(1))).rev();
        if let Some(own) = own.into_iter().find(|place| is_of_agent(context[*place])) {
            return (share < 1.0 && own < count - 1).then_some(own);
        }
    }
    None
}

fn is_system(message: &StoredMessage) -> bool {
    matches!(&message.shown[..], [Message::SystemMessage(_), ..])
}

fn is_of_agent(message: &StoredMessage) -> bool {
    message.shown.iter().any(|shown| {
        matches!(
            shown,
            Message::AssistantMessage(_)
                | Message::ReasoningMessage(_)
                | Message::HiddenReasoningMessage(_)
                | Message::ToolCallMessage(_)
                | Message::ApprovalRequestMessage(_)
        )
    })
}

/// A stand-in for what a model would say: how many messages there were, and what the user said.
fn summary(hidden: &[&StoredMessage]) -> String {
    let said = hidden.iter().flat_map(|message| &message.shown);
    let said = said.filter_map(|shown| match shown {
        Message::UserMessage(message) => match &message.content {
            UserContent::Text(text) => Some(text),
            _ => None,
        },
        _ => None,
    });
    let quotes: Vec<String> = said
        .take(QUOTES)
        .map(|text| text.chars().take(QUOTED_LETTERS).collect())
        .collect();
    let messages = match hidden.len() {
        1 => "1 message".to_owned(),
        count => format!("{count} messages"),
    };
    match quotes.is_empty() {
        true => format!("{messages}."),
        false => format!("{messages}. The user said: {}", quotes.join("; ")),
    }
}

/// A summary is shown as a message of the user's.
fn summary_message(summary: &str, call: &Call) -> StoredMessage {
    let content = json!({
        "type": "system_alert",
        "message": format!("{NOTE}{summary}"),
        "time": written(call.now),
    });
    let id = id::generate("message");
    let message = UserMessage::new(
        id.as_str(),
        date(call.now),
        UserContent::Text(content.to_string()),
    );
    StoredMessage {
        id: id.as_str().into(),
        date: call.now,
        run_id: None,
        step_id: None,
        shown: vec![Message::UserMessage(Box::new(message))],
    }
}

/// What a summary says to the agent.
fn message_of(summary: &StoredMessage) -> Option<String> {
    match &summary.shown[..] {
        [Message::UserMessage(message)] => match &message.content {
            UserContent::Text(text) => {
                let content: Value = serde_json::from_str(text).ok()?;
                Some(self::text(&content, "message")?.to_owned())
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::fixture::{
        Filled, answer, call, filled, members, of_agent as own, of_conversation as conversation,
    };
    use crate::resources::messages;
    use crate::world::thread::Pending;

    fn compacted(filled: &mut Filled, body: Value) -> Result<Value, Refusal> {
        let call = call(&[("agent_id", "agent-1")], "", body);
        answer(&mut filled.world, of_agent, &call)
    }

    fn context(filled: &Filled, key: &ThreadKey) -> Vec<String> {
        let thread = filled.world.thread(key).unwrap();
        let ids = thread.context().map(|id| id.to_string());
        ids.map(|id| match thread.summary.as_ref().map(|it| it.as_str()) {
            Some(summary) if summary == id => "summary".to_owned(),
            _ => id.strip_prefix("message-").unwrap().to_owned(),
        })
        .skip(1)
        .collect()
    }

    #[test]
    fn a_summary_takes_the_place_of_all_messages_and_none_is_lost() {
        let mut filled = filled();
        let all = json!({"compaction_settings": {"mode": "all"}});
        let answer_of = compacted(&mut filled, all.clone()).unwrap();
        assert_eq!(
            (
                &answer_of["num_messages_before"],
                &answer_of["num_messages_after"]
            ),
            (&json!(5), &json!(2))
        );
        let summary = answer_of["summary"].as_str().unwrap();
        assert_eq!(summary, "4 messages. The user said: one; four");
        assert_eq!(context(&filled, &own("agent-1")), ["summary"]);
        let list = call(
            &[("agent_id", "agent-1")],
            "conversation_id=default",
            Value::Null,
        );
        let listed = answer(&mut filled.world, messages::list, &list).unwrap();
        let types = members(&listed, "message_type");
        assert_eq!((types.len(), &**types.last().unwrap()), (8, "user_message"));
        let content = listed[7]["content"].as_str().unwrap();
        assert!(content.contains("system_alert") && content.contains(summary));

        // Again, there is only the summary, and it is answered with.
        let again = compacted(&mut filled, all).unwrap();
        assert_eq!(again["num_messages_after"], 2);
        assert!(again["summary"].as_str().unwrap().ends_with(summary));
        filled.turn(&own("agent-1"), "seven");
        assert_eq!(context(&filled, &own("agent-1")), ["summary", "u7", "a7"]);
    }

    #[test]
    fn the_newest_messages_stay_unless_all_are_to_go() {
        let mut filled = filled();
        for text in ["seven", "eight", "nine"] {
            filled.turn(&own("agent-1"), text);
        }
        // 11 messages, of which 40 % are 4: the last of the agent's own up to there stays.
        let answer_of = compacted(&mut filled, Value::Null).unwrap();
        assert_eq!(answer_of["num_messages_after"], 9);
        let stayed = ["summary", "a4", "u7", "a7", "u8", "a8", "u9", "a9"];
        assert_eq!(context(&filled, &own("agent-1"))[..], stayed[..1 + 7]);
        let more = json!({"compaction_settings": {"sliding_window_percentage": 0.7}});
        compacted(&mut filled, more).unwrap();
        assert_eq!(
            context(&filled, &own("agent-1")),
            ["summary", "a8", "u9", "a9"]
        );

        let agent = filled.world.agents.get_mut("agent-1").unwrap();
        agent.state.compaction_settings =
            serde_json::from_value(json!({"mode": "self_compact_all"})).unwrap();
        compacted(&mut filled, Value::Null).unwrap();
        assert_eq!(context(&filled, &own("agent-1")), ["summary"]);
    }

    #[test]
    fn what_waits_for_an_answer_stays() {
        let mut filled = filled();
        let thread = filled.world.thread_mut(&own("agent-1")).unwrap();
        thread.pending = Some(Pending {
            request: "message-a4".into(),
            run_id: "run-4".into(),
            step_id: "step-4".into(),
            calls: Vec::new(),
            automatic: Vec::new(),
            rest: Vec::new(),
        });
        let all = json!({"compaction_settings": {"mode": "all"}});
        compacted(&mut filled, all).unwrap();
        assert_eq!(context(&filled, &own("agent-1")), ["summary", "a4"]);
    }

    #[test]
    fn a_conversation_is_compacted_and_so_is_the_default() {
        let mut filled = filled();
        let mut compact = |id: &str, body: Value| {
            let call = call(&[("conversation_id", id)], "", body);
            answer(&mut filled.world, of_conversation, &call)
        };
        let all = json!({"mode": "all"});
        let of_conversation = compact("conv-1", json!({"compaction_settings": all})).unwrap();
        assert_eq!(
            of_conversation["summary"],
            "4 messages. The user said: two; five"
        );
        // The summary alone would be no shorter.
        assert!(compact("conv-1", json!({"compaction_settings": all})).is_err());
        let of_agent = json!({"agent_id": "agent-1", "compaction_settings": all});
        assert_eq!(
            compact("default", of_agent).unwrap()["num_messages_after"],
            2
        );
        compact("agent-2", json!({"compaction_settings": all})).unwrap();
        for (id, body) in [
            ("default", Value::Null),
            ("default", json!({"agent_id": "agent-9"})),
            ("conv-9", Value::Null),
        ] {
            assert!(compact(id, body).is_err(), "{id}");
        }
        assert_eq!(context(&filled, &conversation("conv-1")), ["summary"]);
        let list = call(
            &[("conversation_id", "conv-1")],
            "order=asc&limit=3",
            Value::Null,
        );
        let listed = answer(&mut filled.world, conversations::list_messages, &list).unwrap();
        // As in the context, it comes after the system prompt.
        assert_eq!(members(&listed, "id")[2], "message-u2");
        let none = call(&[("agent_id", "agent-9")], "", Value::Null);
        assert!(answer(&mut filled.world, super::of_agent, &none).is_err());
    }
}
