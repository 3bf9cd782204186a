//! Wrong requests of all operations are refused by a real server, too, and it names the same.
//!
//! `LETTA_TEST_SERVER` is the base URL of a self-hosted server that asks for no key. What is sent is wrong, and the IDs in paths lead
//! nowhere. What the server makes nevertheless is deleted.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::description::finding::Finding;
use crate::description::tests::made::{Why, minimal, wrongs};
use crate::description::tests::{Request, data, place, written};

const SERVER: &str = "LETTA_TEST_SERVER";

/// Operations that only the hosted service has, by how their paths begin, and those that reach for other machines.
const ELSEWHERE: [&str; 5] = [
    "/v1/client-side-access-tokens",
    "/v1/environments",
    "/v1/templates",
    "/v1/scheduled-messages",
    "/v1/agents/{agent_id}/schedule",
];

/// How many wrong bodies of an operation are sent, at most.
const MOST: usize = 1000;

/// How deep what is wrong in them lies, at most.
const DEPTH: usize = 3;

/// What the server takes, and the check does not: the operation, pydantic's word for it, where it is, and why. `*` is any, also at the
/// end of a place.
const TAKEN: [(&str, &str, &str, &str); 8] = [
    ("*", "int_type", "*", "True is the number 1 in Python"),
    ("*", "float_type", "*", "True is the number 1 in Python"),
    (
        "*",
        "datetime_type",
        "*",
        "a number is the seconds since 1970",
    ),
    (
        "create_block",
        "*",
        "body.value",
        "the server takes it as empty",
    ),
    (
        "create_agent",
        "*",
        "body.memory_blocks.0.value",
        "the server takes it as empty",
    ),
    (
        "resume_run_stream",
        "missing",
        "body",
        "the server takes null, and fails with 500 if there is no body",
    ),
    (
        "create_agent",
        "*",
        "body.llm_config*",
        "the server fails with 500 before it has read it",
    ),
    (
        "update_agent",
        "*",
        "body.llm_config*",
        "the server fails with 500 before it has read it",
    ),
];

/// A UUID of version 4.
const UUID: &str = "123e4567-e89b-42d3-8456-426614174000";

/// A path in which every ID is of the right form, and leads nowhere.
fn target(path: &str, schemas: &Value) -> String {
    let mut target = path.to_owned();
    for (name, schema) in schemas.as_object().unwrap() {
        let made = minimal(schema);
        let made = made.as_str().unwrap().replace("-1", &format!("-{UUID}"));
        target = target.replace(&format!("{{{name}}}"), &made);
    }
    target
}

/// The locations in the server's text, each as its steps.
fn locations(detail: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for after in detail.split("'loc': (").skip(1) {
        let (mut steps, mut step, mut quote) = (Vec::new(), String::new(), None);
        for character in after.chars() {
            match (quote, character) {
                (None, ')') => break,
                (None, ',') => steps.push(std::mem::take(&mut step)),
                (None, ' ') => {}
                (None, '\'' | '"') => quote = Some(character),
                (Some(open), it) if it == open => quote = None,
                (_, it) => step.push(it),
            }
        }
        steps.push(step);
        steps.retain(|it| !it.is_empty());
        found.push(steps);
    }
    found
}

/// Whether a location of the server's is this one. It has names of classes between the others, and at its end.
fn leads_to(location: &[String], place: &str) -> bool {
    let mut steps = location.iter();
    place.split('.').all(|name| steps.any(|step| step == name))
}

#[test]
fn locations_are_read_from_the_text_of_the_server() {
    let detail = "[{'type': 'a', 'loc': ('body', 'messages', 0, 'function-after[f(), M]', 'role'), 'msg': 'x'}, {'loc': ('body',)}]";
    let found = locations(detail);
    assert_eq!(found.len(), 2);
    assert!(leads_to(&found[0], "body.messages.0.role"));
    assert!(!leads_to(&found[0], "body.messages.1.role"));
    assert!(!leads_to(&found[1], "body.messages"));
    assert_eq!(found[1], ["body"]);
}

#[tokio::test]
async fn a_real_server_refuses_the_same() {
    let Ok(server) = std::env::var(SERVER) else {
        println!("skipped: {SERVER} names no server");
        return;
    };
    // The server closes a connection while it is in use.
    let client = reqwest::Client::builder().pool_max_idle_per_host(0);
    let client = client.build().unwrap();
    let (mut sent, mut operations) = (0, BTreeSet::new());
    let (mut used, mut differences) = (BTreeSet::new(), Vec::new());
    let written = written();
    for entry in written["operations"].as_array().unwrap() {
        let id = entry["ids"][0].as_str().unwrap();
        let template = entry["path"].as_str().unwrap();
        if ELSEWHERE.iter().any(|it| template.starts_with(it)) {
            continue;
        }
        let operation = data().operation(id).unwrap();
        let path = target(template, &operation.path["properties"]);
        let schema = operation.body.as_ref().and_then(|it| it.json.as_ref());
        let mut cases: Vec<(String, Option<Value>)> = Vec::new();
        // Each place once with each kind of wrong.
        let mut seen = BTreeSet::new();
        for wrong in schema.map(wrongs).unwrap_or_default() {
            let kind = match wrong.why {
                Why::Type => kind_at(&wrong.value, &wrong.at),
                _ => "",
            };
            if wrong.at.len() <= DEPTH
                && seen.len() < MOST
                && seen.insert((wrong.at.clone(), wrong.why, kind))
            {
                cases.push((String::new(), Some(wrong.value)));
            }
        }
        for name in operation.query["properties"].as_object().unwrap().keys() {
            let value = format!("{name}=no+such+value");
            let found = Request::query(&value).findings(id).await;
            if found.iter().any(|it| it.kind != "missing") {
                cases.push((value, operation.body.is_some().then(|| json!({}))));
            }
        }
        for (query, body) in cases {
            let mut request = match &body {
                Some(body) => Request::json(body),
                None => Request::default(),
            };
            request.query = query.clone();
            let ours = request.findings(id).await;
            let method = entry["method"].as_str().unwrap().parse().unwrap();
            let url = format!("{server}{path}?{query}");
            let mut asked = client
                .request(method, url)
                .header("x-stainless-package-version", "1.12.1");
            if let Some(body) = &body {
                asked = asked.json(body);
            }
            let answer = asked.send().await.unwrap();
            let status = answer.status().as_u16();
            let text = answer.text().await.unwrap();
            sent += 1;
            operations.insert(id);
            let detail: Value = serde_json::from_str(&text).unwrap_or_default();
            if (200..300).contains(&status)
                && let Some(made) = detail["id"].as_str()
                && template.ends_with('/')
            {
                let made = format!("{server}{template}{made}");
                client.delete(made).send().await.unwrap();
            }
            let detail = detail["detail"].as_str().unwrap_or_default();
            let theirs = locations(detail);
            let is_refused = status == 422 && !theirs.is_empty();
            let named = ours
                .iter()
                .any(|it| theirs.iter().any(|at| leads_to(at, &place(it))));
            if is_refused != ours.is_empty() && (ours.is_empty() || named) {
                continue;
            }
            let allowed = TAKEN.iter().position(|(operation, kind, at, _)| {
                let is = |pattern: &str, value: &str| match pattern.strip_suffix('*') {
                    Some(start) => value.starts_with(start),
                    None => value == pattern,
                };
                let fits =
                    |it: &Finding| is(operation, id) && is(kind, it.kind) && is(at, &place(it));
                // It may find fault with the whole, and not with this.
                ours.iter().any(fits) && theirs.iter().all(|it| *it == ["body"])
            });
            match allowed {
                Some(row) => _ = used.insert(row),
                None => differences.push(format!(
                    "{id} {query}: {status} {theirs:?}, and the check: {:?}",
                    ours.first().map(Finding::print)
                )),
            }
        }
    }
    println!("{sent} requests of {} operations", operations.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(used.len(), TAKEN.len(), "a difference is none any more");
    assert!(operations.len() >= 60 && sent >= 4000);
}

/// The kind of the value at a place.
fn kind_at(value: &Value, at: &[String]) -> &'static str {
    let mut value = value;
    for step in at {
        value = match step.parse::<usize>() {
            Ok(index) => &value[index],
            Err(_) => &value[step],
        };
    }
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}
