//! The same requests to the emulator and to the self-hosted server, where `LETTA_TEST_SERVER` names one: statuses and the types of
//! members must be the same.

use letta_api_emulator::Emulator;
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use crate::raw::{Answer, HTTP};

/// A server, and what it answered.
pub(crate) struct Server {
    base_url: String,
    key: HeaderValue,
    answers: Vec<(String, u16, Value)>,
}

impl Server {
    /// Sends a request, and gives the JSON of the answer.
    pub(crate) async fn call(&mut self, method: Method, path: &str, body: Option<Value>) -> Value {
        let mut request = self.request(method.clone(), path);
        if let Some(body) = &body {
            request = request.json(body);
        }
        self.send(format!("{method} {path} {body:?}"), request)
            .await
    }

    /// Makes an agent, with `members` besides what it must have, and gives its ID. The answer is not compared.
    pub(crate) async fn agent(&mut self, members: Value) -> String {
        let mut body = json!({
            "name": "side by side",
            "model": "openai-proxy/gpt-4o-mini",
            "embedding": "openai/text-embedding-3-small",
            "include_base_tools": false,
        });
        for (name, value) in members.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let request = self.request(Method::POST, "/v1/agents/").json(&body);
        let agent = Answer::of(request).await.json();
        agent["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        HTTP.request(method, format!("{}{path}", self.base_url))
            .header("authorization", &self.key)
            .header("x-stainless-package-version", "1.12.1")
    }

    pub(crate) async fn send(&mut self, what: String, request: reqwest::RequestBuilder) -> Value {
        let answer = Answer::of(request).await;
        let body = match answer.text.is_empty() {
            true => Value::Null,
            false => answer.json(),
        };
        self.answers.push((what, answer.status, body.clone()));
        body
    }
}

/// Members that are not compared: who did it, since the emulator has no users; and how a text was embedded, since it embeds
/// none.
const NOT_COMPARED: [&str; 4] = [
    "created_by_id",
    "last_updated_by_id",
    "embedding",
    "embedding_config",
];

/// Plays a scenario against the emulator and, if there is one, the server, and compares the answers.
pub(crate) async fn same(scenario: impl AsyncFn(&mut Server)) {
    let emulator = Emulator::start().await.unwrap();
    let mut emulated = Server {
        base_url: emulator.base_url(),
        key: emulator.api_key().to_authorization(),
        answers: Vec::new(),
    };
    scenario(&mut emulated).await;
    let Ok(base_url) = std::env::var("LETTA_TEST_SERVER") else {
        eprintln!("not compared with a server: LETTA_TEST_SERVER names none");
        return;
    };
    let mut real = Server {
        base_url: base_url.trim_end_matches('/').to_owned(),
        key: HeaderValue::from_static("Bearer any"),
        answers: Vec::new(),
    };
    scenario(&mut real).await;
    assert_eq!(emulated.answers.len(), real.answers.len());
    let mut found = Vec::new();
    for (emulated, real) in emulated.answers.iter().zip(&real.answers) {
        if real.1 == 500 {
            // A fault of the server's own, which says nothing.
            eprintln!("{}: not compared, since the server failed", real.0);
        } else if emulated.1 != real.1 {
            found.push(format!(
                "{}: {} {}, but the server {} {}",
                emulated.0, emulated.1, emulated.2, real.1, real.2
            ));
        } else if real.1 < 300 {
            differences(&emulated.2, &real.2, &emulated.0, &mut found);
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// In which members two answers differ. What the server answers as `null` or empty may be missing.
fn differences(emulated: &Value, real: &Value, path: &str, found: &mut Vec<String>) {
    match (emulated, real) {
        (Value::Object(emulated), Value::Object(real)) => {
            for (name, value) in real {
                let path = format!("{path}.{name}");
                match emulated.get(name) {
                    _ if NOT_COMPARED.contains(&&**name) => {}
                    Some(emulated) => differences(emulated, value, &path, found),
                    None if is_nothing(value) => {}
                    None => found.push(format!("{path} is missing")),
                }
            }
            for name in emulated.keys().filter(|name| !real.contains_key(*name)) {
                found.push(format!("{path}.{name} is not the server's"));
            }
        }
        (Value::Array(emulated), Value::Array(real)) => {
            if emulated.len() != real.len() {
                let (emulated, real) = (emulated.len(), real.len());
                found.push(format!("{path} has {emulated}, but the server {real}"));
            }
            for (place, (emulated, real)) in emulated.iter().zip(real).enumerate() {
                differences(emulated, real, &format!("{path}[{place}]"), found);
            }
        }
        (emulated, real) if kind(emulated) == kind(real) => {}
        (emulated, real) => found.push(format!("{path} is {emulated}, but the server's {real}")),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[test]
fn two_answers_differ_by_members_and_types() {
    let differ = |emulated: Value, real: Value| {
        let mut found = Vec::new();
        differences(&emulated, &real, "it", &mut found);
        found
    };
    assert!(differ(json!({"a": [1]}), json!({"a": [2], "b": null})).is_empty());
    assert_eq!(differ(json!({}), json!({"a": 1})), ["it.a is missing"]);
    assert_eq!(
        differ(json!({"a": 1}), json!({})),
        ["it.a is not the server's"]
    );
    assert_eq!(differ(json!({"a": 1}), json!({"a": "1"})).len(), 1);
    assert_eq!(differ(json!([1]), json!([])).len(), 1);
}

#[test]
fn what_the_server_answers_as_null_is_no_number() {
    let mut found = Vec::new();
    differences(&1.into(), &Value::Null, "it", &mut found);
    assert_eq!(found.len(), 1);
}
