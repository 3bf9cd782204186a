//! What completing adds is what a real server writes: answers of its, without what is `null`, are completed, and are as they were.
//!
//! `LETTA_CAPTURES` names the folder of exchanges with a real server, and `LETTA_TEST_SERVER` a self-hosted server that asks for no key.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::description::answers::{complete, complete_event};
use crate::description::tests::captures::{FOLDER, message, operation};

const SERVER: &str = "LETTA_TEST_SERVER";

/// What differs: the operation or the event, the member, and why. `-` is one that is not added, and `+` one that is, although the server
/// left it out.
const DIFFERENT: [(&str, &str, &str); 6] = [
    (
        "start_run",
        "-.metadata.lettuce",
        "what a map of anything holds is not described",
    ),
    (
        "list_run_steps",
        "-[].prompt_tokens_details.cache_creation_tokens",
        "the same",
    ),
    (
        "tool_call_message",
        "+.tool_call.name",
        "the server leaves out what a piece of a call does not have",
    ),
    ("tool_call_message", "+.tool_call.arguments", "the same"),
    ("tool_call_message", "+.tool_calls.name", "the same"),
    ("tool_call_message", "+.tool_calls.arguments", "the same"),
];

/// Members that are maps of anything by the description. At a server they may hold nulls, depending on what is kept there.
const ANYTHING: [&str; 9] = [
    ".metadata.",
    ".metadata_.",
    ".json_schema.",
    ".args_json_schema.",
    ".prompt_tokens_details.",
    ".completion_tokens_details.",
    ".request_json.",
    ".response_json.",
    ".error_data.",
];

/// Where IDs for the parameters of paths are found, and the member of the items that has them.
const KNOWN: [(&str, &str); 14] = [
    ("agent_id", "/v1/agents/"),
    ("archive_id", "/v1/archives/"),
    ("block_id", "/v1/blocks/"),
    ("conversation_id", "/v1/conversations/"),
    ("file_id", "/v1/folders/{folder_id}/files"),
    ("folder_id", "/v1/folders/"),
    ("mcp_server_id", "/v1/mcp-servers/"),
    ("message_id", "/v1/messages/"),
    ("run_id", "/v1/runs/"),
    ("step_id", "/v1/steps/"),
    ("tool_id", "/v1/tools/"),
    ("passage_id", "/v1/agents/{agent_id}/archival-memory"),
    ("memory_id", "/v1/agents/{agent_id}/archival-memory"),
    ("identity_id", "/v1/identities/"),
];

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        Value::Object(members) => {
            let members = members.iter().filter(|(_, it)| !it.is_null());
            members
                .map(|(name, it)| (name.clone(), without_nulls(it)))
                .collect()
        }
        other => other.clone(),
    }
}

fn differences(theirs: &Value, ours: &Value, at: &str, found: &mut BTreeSet<String>) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for (name, member) in theirs {
                match ours.get(name) {
                    Some(our) => differences(member, our, &format!("{at}.{name}"), found),
                    None => _ = found.insert(format!("-{at}.{name}")),
                }
            }
            let added = ours.keys().filter(|name| !theirs.contains_key(*name));
            found.extend(added.map(|name| format!("+{at}.{name}")));
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            for (their, our) in theirs.iter().zip(ours) {
                differences(their, our, &format!("{at}[]"), found);
            }
        }
        _ if theirs == ours => {}
        _ => _ = found.insert(format!("{at}: {theirs} became {ours}")),
    }
}

/// How an answer differs from itself, completed.
fn of_completed(theirs: &Value, complete: impl FnOnce(&mut Value)) -> BTreeSet<String> {
    let mut ours = without_nulls(theirs);
    complete(&mut ours);
    let mut found = BTreeSet::new();
    differences(theirs, &ours, "", &mut found);
    found
}

#[test]
fn captured_answers_are_completed_to_what_they_were() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        println!("skipped: {FOLDER} names no folder");
        return;
    };
    let (mut answers, mut events, mut operations) = (0, 0, BTreeSet::new());
    let mut found: BTreeMap<(String, String), String> = BTreeMap::new();
    let entries = std::fs::read_dir(&folder).unwrap();
    let names = entries.filter_map(|it| it.unwrap().file_name().into_string().ok());
    for name in names.filter_map(|it| Some(it.strip_suffix(".request.http")?.to_owned())) {
        let file = |kind: &str| Path::new(&folder).join(format!("{name}.{kind}.http"));
        let (first, _, _) = message(&file("request"));
        let (status, media, body) = message(&file("response"));
        if !status
            .split(' ')
            .nth(1)
            .is_some_and(|it| it.starts_with('2'))
        {
            continue;
        }
        let mut note = |of: &str, differences: BTreeSet<String>| {
            for difference in differences {
                found.insert((of.to_owned(), difference), name.clone());
            }
        };
        match media.as_deref() {
            Some(media) if media.starts_with("application/json") => {
                let mut words = first.split(' ');
                let (method, target) = (words.next().unwrap(), words.next().unwrap());
                let path = target.split('?').next().unwrap();
                let answer = serde_json::from_slice::<Value>(&body);
                let (Some((id, _)), Ok(answer)) = (operation(method, path), answer) else {
                    continue;
                };
                note(id, of_completed(&answer, |it| complete(id, it)));
                operations.insert(id);
                answers += 1;
            }
            Some(media) if media.starts_with("text/event-stream") => {
                let text = String::from_utf8_lossy(&body);
                for data in text.lines().filter_map(|it| it.strip_prefix("data: ")) {
                    // The stream may be broken off, and its end is no JSON.
                    let Ok(event) = serde_json::from_str::<Value>(data) else {
                        continue;
                    };
                    let kind = event["message_type"].as_str().unwrap_or_default();
                    note(kind, of_completed(&event, complete_event));
                    events += 1;
                }
            }
            _ => {}
        }
    }
    println!(
        "{answers} answers of {} operations, {events} events",
        operations.len()
    );
    let expected = DIFFERENT.map(|(of, what, _)| (of.to_owned(), what.to_owned()));
    let expected = BTreeSet::from(expected);
    let actual: BTreeSet<_> = found.keys().cloned().collect();
    assert_eq!(actual, expected, "{found:#?}");
    assert!(answers >= 50 && operations.len() >= 25 && events >= 200);
}

#[tokio::test]
async fn answers_of_a_real_server_are_completed_to_what_they_were() {
    let Ok(server) = std::env::var(SERVER) else {
        println!("skipped: {SERVER} names no server");
        return;
    };
    let client = reqwest::Client::builder().pool_max_idle_per_host(0);
    let client = client.build().unwrap();
    let get = async |path: &str| -> Option<Value> {
        let request = client.get(format!("{server}{path}"));
        let request = request.header("x-stainless-package-version", "1.12.1");
        let answer = request.send().await.ok()?;
        let is_json = answer.headers().get("content-type")? == "application/json";
        if answer.status() != 200 || !is_json {
            return None;
        }
        serde_json::from_str(&answer.text().await.ok()?).ok()
    };
    let mut known: Vec<(&str, String)> = Vec::new();
    let filled = |template: &str, known: &[(&str, String)]| {
        let mut path = template.to_owned();
        for (name, id) in known {
            path = path.replace(&format!("{{{name}}}"), id);
        }
        path
    };
    // The second time, lists within what was found the first time are asked for as well.
    for (name, list) in KNOWN.iter().chain(&KNOWN) {
        let path = filled(list, &known);
        if path.contains('{') || known.iter().any(|(it, _)| it == name) {
            continue;
        }
        if let Some(list) = get(&format!("{path}?limit=50")).await
            && let Some(id) = list[0]["id"].as_str()
        {
            known.push((name, id.to_owned()));
        }
    }
    let (mut asked, mut empty, mut found) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for operation in letta_api::operations::ALL
        .iter()
        .filter(|it| it.method == "GET")
    {
        let path = filled(operation.path_template, &known);
        if path.contains('{') {
            continue;
        }
        let Some(answer) = get(&path).await else {
            continue;
        };
        for difference in of_completed(&answer, |it| complete(operation.id, it)) {
            let is_in_a_map = ANYTHING.iter().any(|it| difference.contains(it));
            if !is_in_a_map || !difference.starts_with('-') {
                found.push(format!("{} {difference}", operation.id));
            }
        }
        match answer.as_array().is_some_and(Vec::is_empty) {
            true => empty.insert(operation.id),
            false => asked.insert(operation.id),
        };
    }
    println!(
        "{} operations: {asked:?}; with nothing to show: {empty:?}",
        asked.len()
    );
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(asked.len() >= 10);
}
