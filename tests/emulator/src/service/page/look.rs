//! What the page shows. Bounded, whatever the emulator holds; and without secrets.

use std::sync::Arc;

use letta_api::Fingerprint;
use letta_api::types::AccessPolicyEntry;
use serde_json::{Value, json};

use crate::agent::message_text;
use crate::service::account::Account;
use crate::service::state;
use crate::tokens::expiry;
use crate::tokens::store::IssuedToken;
use crate::world::World;
use crate::world::agent::AgentRecord;
use crate::world::run::RunRecord;
use crate::world::thread::StoredMessage;

const AGENTS: usize = 500;
const MESSAGES: usize = 200;
const RUNS: usize = 50;
const TOKENS: usize = 100;

/// Characters of one message.
const TEXT: usize = 4_000;

/// What there is, with the messages of this agent. Without one, those of the first.
pub(super) fn at(account: &Arc<Account>, version: u64, chosen: Option<&str>) -> Value {
    let now = account.now();
    let tokens = account.tokens.snapshot(now);
    let newest = tokens.iter().rev().take(TOKENS);
    let mut look = json!({
        "version": version,
        "now": expiry::to_wire(now),
        "tokens": newest.map(token).collect::<Vec<_>>(),
        "token_count": tokens.len(),
        "requests": state::requests(account),
        "faults": account.faults.present().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "trouble": account.trouble(),
    });
    {
        let world = account.stage.world();
        let agents = world.agents.iter().take(AGENTS);
        look["agents"] = agents.map(|it| agent(&world, it)).collect();
        look["agent_count"] = json!(world.agents.len());
        let chosen = chosen.and_then(|id| world.agents.get(id));
        let chosen = chosen.or_else(|| world.agents.iter().next());
        look["agent"] = json!(chosen.map(|it| messages(&world, it)));
        let runs = world.runs.iter().rev().take(RUNS);
        look["runs"] = runs.map(run).collect();
        look["run_count"] = json!(world.runs.len());
    }
    state::redact_secrets(account, &mut look);
    look
}

/// The messages of an agent's own thread and of its conversations, with the ID of the conversation.
fn threads<'a>(
    world: &'a World,
    agent: &'a AgentRecord,
) -> impl Iterator<Item = (Option<&'a str>, &'a [StoredMessage])> {
    let conversations = world.conversations.iter();
    let of_agent = conversations.filter(|it| it.conversation.agent_id == agent.state.id);
    let threads = of_agent.map(|it| (Some(it.conversation.id.as_str()), &it.thread.messages[..]));
    std::iter::once((None, &agent.thread.messages[..])).chain(threads)
}

fn agent(world: &World, agent: &AgentRecord) -> Value {
    json!({
        "id": agent.state.id,
        "name": agent.state.name,
        // Of its own thread: the conversations of each agent would be looked for among all.
        "messages": match world.conversations.len() {
            0 => agent.thread.messages.len(),
            _ => threads(world, agent).map(|(_, messages)| messages.len()).sum(),
        },
    })
}

fn messages(world: &World, agent: &AgentRecord) -> Value {
    let mut newest: Vec<(Option<&str>, &StoredMessage)> = Vec::new();
    let mut count = 0;
    for (conversation, messages) in threads(world, agent) {
        count += messages.len();
        let last = messages.len().saturating_sub(MESSAGES);
        newest.extend(messages[last..].iter().map(|it| (conversation, it)));
    }
    // Those of one time stay in the order of their thread.
    newest.sort_by_key(|(_, message)| message.date);
    let last = newest.len().saturating_sub(MESSAGES);
    let shown = newest[last..].iter().flat_map(|(conversation, message)| {
        let parts = message.shown.iter().enumerate();
        parts.map(move |(place, part)| {
            let wire = serde_json::to_value(part).unwrap_or_default();
            let mut content = message_text(part);
            if content.is_empty() {
                content = done(&wire);
            }
            json!({
                "key": format!("{}-{place}", message.id),
                "date": expiry::to_wire(message.date),
                "message_type": wire["message_type"],
                "conversation": conversation,
                "content": clipped(content),
            })
        })
    });
    json!({
        "id": agent.state.id,
        "name": agent.state.name,
        "messages": shown.collect::<Vec<_>>(),
        "message_count": count,
        "older": count - (newest.len() - last),
    })
}

/// What a message does that has no text: the tools that it calls, or what is approved.
fn done(wire: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let call = |call: &Value| format!("{}({})", text(&call["name"]), text(&call["arguments"]));
    if let Some(calls) = wire["tool_calls"].as_array() {
        return calls.iter().map(call).collect::<Vec<_>>().join("\n");
    }
    if wire["tool_call"].is_object() {
        return call(&wire["tool_call"]);
    }
    let answers = wire["approvals"].as_array().into_iter().flatten();
    let answer = |answer: &Value| {
        let what = match (&answer["approve"], &answer["status"]) {
            (Value::Bool(true), _) => "approved".to_owned(),
            (Value::Bool(false), _) => "denied".to_owned(),
            (_, status) => text(status),
        };
        format!("{}: {what}", text(&answer["tool_call_id"]))
    };
    answers.map(answer).collect::<Vec<_>>().join("\n")
}

/// The beginning of a long text, and how much is left out.
fn clipped(text: String) -> String {
    match text.char_indices().nth(TEXT) {
        None => text,
        Some((end, _)) => {
            let left = text[end..].chars().count();
            format!("{}… ({left} more characters)", &text[..end])
        }
    }
}

fn run(record: &RunRecord) -> Value {
    let run = json!(record.run);
    json!({
        "id": run["id"],
        "agent": run["agent_id"],
        "status": run["status"],
        "stop_reason": run["stop_reason"],
        "created_at": run["created_at"],
    })
}

fn token(token: &IssuedToken) -> Value {
    let rights = token.policy().data.iter().map(|entry| match entry {
        AccessPolicyEntry::Agent { id, access, .. } => {
            let rights: Vec<_> = access.iter().map(ToString::to_string).collect();
            format!("{id} {}", rights.join(", "))
        }
        _ => "other".to_owned(),
    });
    json!({
        "fingerprint": Fingerprint::of(token.secret()),
        "hostname": token.hostname_to_show(),
        "rights": rights.collect::<Vec<_>>().join("; "),
        "expires_at": token.to_wire().expires_at,
    })
}
