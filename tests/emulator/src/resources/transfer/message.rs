//! Messages as agent files have them.

use jiff::Timestamp;
use letta_api::types::Message;
use serde_json::{Map, Value, json};

use crate::id;
use crate::world::thread::{StoredMessage, date};

/// The tool that agents of older types speak with. What they say with it is listed as a message of theirs.
const SPEAKING: &str = "send_message";

fn text_part(text: &Value) -> Value {
    json!({"type": "text", "text": text, "signature": null})
}

/// The content of a message as parts.
fn parts(content: &Value) -> Vec<Value> {
    match content {
        Value::Array(parts) => parts.clone(),
        text => vec![text_part(text)],
    }
}

/// A stored message, with the IDs that it has in the file. `None` if the file has no place for it.
pub(crate) fn exported(
    message: &StoredMessage,
    id: &str,
    agent_id: &str,
    model: &str,
) -> Option<Value> {
    let mut exported = json!({
        "type": "message",
        "otid": null,
        "group_id": null,
        "role": null,
        "content": [],
        "name": null,
        "sender_id": null,
        "batch_item_id": null,
        "id": id,
        "model": model,
        "agent_id": agent_id,
        "tool_calls": null,
        "tool_call_id": null,
        "tool_returns": [],
        "created_at": message.date.strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00").to_string(),
        "approve": null,
        "approval_request_id": null,
        "denial_reason": null,
        "approvals": [],
    });
    let mut content = Vec::new();
    for shown in &message.shown {
        let shown = serde_json::to_value(shown).unwrap_or_default();
        let role = match shown["message_type"].as_str()? {
            "system_message" => "system",
            "user_message" => "user",
            "assistant_message" | "reasoning_message" | "tool_call_message" => "assistant",
            "tool_return_message" => "tool",
            "approval_request_message" | "approval_response_message" => "approval",
            "summary_message" => "summary",
            _ => continue,
        };
        // Of a message that thinks and then asks for approval, the last is what it is.
        exported["role"] = json!(role);
        for name in ["otid", "name", "sender_id"] {
            if exported[name].is_null() {
                exported[name] = shown[name].clone();
            }
        }
        match shown["message_type"].as_str()? {
            "reasoning_message" => content.push(json!({
                "type": "reasoning",
                "is_native": true,
                "reasoning": shown["reasoning"],
                "signature": shown["signature"],
            })),
            "tool_call_message" | "approval_request_message" => {
                let calls = match shown["tool_calls"].as_array() {
                    Some(calls) => calls.clone(),
                    None => vec![shown["tool_call"].clone()],
                };
                let calls: Vec<Value> = calls.iter().map(function_call).collect();
                exported["tool_calls"] = json!(calls);
            }
            "tool_return_message" => {
                let returns = match shown["tool_returns"].as_array() {
                    Some(returns) if !returns.is_empty() => returns.clone(),
                    _ => vec![shown.clone()],
                };
                let returns: Vec<Value> = returns.iter().map(tool_return).collect();
                exported["tool_call_id"] = shown["tool_call_id"].clone();
                exported["tool_returns"] = json!(returns);
                content.push(text_part(&shown["tool_return"]));
            }
            "approval_response_message" => {
                exported["approve"] = shown["approve"].clone();
                exported["denial_reason"] = shown["reason"].clone();
                exported["approvals"] = match &shown["approvals"] {
                    Value::Array(approvals) => json!(approvals),
                    _ => json!([]),
                };
            }
            "summary_message" => content.push(text_part(&shown["summary"])),
            _ => content.extend(parts(&shown["content"])),
        }
    }
    if exported["otid"].is_null() {
        exported["otid"] = json!(uuid::Uuid::new_v4().to_string());
    }
    exported["content"] = json!(content);
    exported["role"].is_string().then_some(exported)
}

fn function_call(call: &Value) -> Value {
    json!({
        "id": call["tool_call_id"],
        "function": {"arguments": call["arguments"], "name": call["name"]},
        "type": "function",
    })
}

fn tool_return(value: &Value) -> Value {
    json!({
        "tool_call_id": value["tool_call_id"],
        "status": value["status"],
        "stdout": value["stdout"],
        "stderr": value["stderr"],
        "func_response": value["tool_return"],
    })
}

/// A message of a file, with an ID of its own. What it does not show, such as what a tool for speaking returned, is kept all
/// the same.
pub(crate) fn imported(message: &Value, now: Timestamp) -> StoredMessage {
    let created = message["created_at"].as_str();
    let at = created.and_then(|it| it.parse().ok()).unwrap_or(now);
    let id = id::generate("message");
    let mut shown = Vec::new();
    let mut add = |kind: &str, members: Value| {
        let mut all = Map::new();
        all.insert("id".to_owned(), json!(id));
        all.insert("date".to_owned(), json!(date(at)));
        all.insert("message_type".to_owned(), json!(kind));
        for name in ["otid", "name", "sender_id"] {
            if !message[name].is_null() {
                all.insert(name.to_owned(), message[name].clone());
            }
        }
        if let Value::Object(members) = members {
            all.extend(members);
        }
        // What is no message is left out.
        if let Ok(message) = serde_json::from_value::<Message>(Value::Object(all)) {
            shown.push(message);
        }
    };
    let content = &message["content"];
    let calls: Vec<Value> = message["tool_calls"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    match message["role"].as_str().unwrap_or_default() {
        "system" => add("system_message", json!({"content": text(content)})),
        "user" => add("user_message", json!({"content": said_by_user(content)})),
        "summary" => add("summary_message", json!({"summary": text(content)})),
        "tool" | "function" => {
            if let Some(members) = returned(message) {
                add("tool_return_message", members);
            }
        }
        role => {
            for part in parts(content) {
                if part["type"] == "reasoning" {
                    let members =
                        json!({"reasoning": part["reasoning"], "source": "reasoner_model"});
                    add("reasoning_message", members);
                }
            }
            let said = text(content);
            if !said.is_empty() {
                add("assistant_message", json!({"content": said}));
            }
            let (spoken, calls): (Vec<Value>, Vec<Value>) = calls
                .into_iter()
                .partition(|call| role == "assistant" && call["function"]["name"] == SPEAKING);
            for call in spoken {
                let arguments = call["function"]["arguments"].as_str().unwrap_or_default();
                let arguments: Value = serde_json::from_str(arguments).unwrap_or_default();
                add(
                    "assistant_message",
                    json!({"content": arguments["message"]}),
                );
            }
            let calls: Vec<Value> = calls
                .iter()
                .map(|call| {
                    json!({
                        "name": call["function"]["name"],
                        "arguments": call["function"]["arguments"],
                        "tool_call_id": call["id"],
                    })
                })
                .collect();
            if let Some(first) = calls.first() {
                let kind = match role {
                    "approval" => "approval_request_message",
                    _ => "tool_call_message",
                };
                add(kind, json!({"tool_call": first, "tool_calls": calls}));
            } else if role == "approval" {
                let mut members = json!({"approvals": message["approvals"]});
                for (of_file, name) in [("approve", "approve"), ("denial_reason", "reason")] {
                    if !message[of_file].is_null() {
                        members[name] = message[of_file].clone();
                    }
                }
                add("approval_response_message", members);
            }
        }
    }
    StoredMessage {
        id: id.into(),
        date: at,
        run_id: None,
        step_id: None,
        shown,
    }
}

/// The texts among the parts of a content.
fn text(content: &Value) -> String {
    let parts = parts(content);
    let texts = parts.iter().filter(|part| part["type"] == "text");
    texts.filter_map(|part| part["text"].as_str()).collect()
}

/// What a user said. The server packs it into JSON, with the time.
fn said_by_user(content: &Value) -> Value {
    let packed: Option<Value> = serde_json::from_str(&text(content)).ok();
    match packed {
        Some(packed) if packed["type"] == "user_message" && packed["message"].is_string() => {
            packed["message"].clone()
        }
        _ => match content {
            Value::Array(parts) if parts.iter().all(|part| part["type"] == "text") => {
                json!(text(content))
            }
            other => other.clone(),
        },
    }
}

/// What tools returned. `None` for the return of a tool for speaking, which is not listed.
fn returned(message: &Value) -> Option<Value> {
    let returns = message["tool_returns"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let said = text(&message["content"]);
    let packed: Value = serde_json::from_str(&said).unwrap_or_default();
    if packed["status"] == "OK" && packed["message"] == "None" {
        return None;
    }
    let all: Vec<Value> = returns
        .iter()
        .map(|it| {
            json!({
                "type": "tool",
                "tool_return": it["func_response"],
                "status": it["status"],
                "tool_call_id": it["tool_call_id"],
                "stdout": it["stdout"],
                "stderr": it["stderr"],
            })
        })
        .collect();
    let first = returns.first().cloned().unwrap_or_default();
    let status = first["status"].as_str().unwrap_or("success");
    Some(json!({
        "tool_return": said,
        "status": status,
        "tool_call_id": message["tool_call_id"].as_str().or(first["tool_call_id"].as_str()).unwrap_or_default(),
        "tool_returns": all,
    }))
}
