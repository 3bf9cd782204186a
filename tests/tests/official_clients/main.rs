//! What the official Python and Node clients send and understand, beside letta-api-ext.
//!
//! Each makes the same calls through a proxy that records, to an emulator of its own, all of which have one
//! clock. So what differs is a difference between the clients.

use std::time::{Duration, SystemTime};

use letta_api_emulator::{Emulator, ManualClock};
use letta_api_tests::recording_proxy::{RecordedRequest, RecordingProxy};
use serde_json::{Value, json};

use crate::labels::Labels;
use crate::program::Program;

mod labels;
mod ours;
mod program;

/// An expiry that does not come.
const EXPIRY: &str = "2126-03-01T12:00:00Z";

/// The instant of [`EXPIRY`].
fn expiry() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(4_928_040_000)
}

/// A token that nobody minted.
const UNKNOWN_TOKEN: &str = "ck-let-00000000000000000000000000000000";

/// Who makes the calls.
enum Caller<'a> {
    /// A program around an official client.
    Official(&'a Program),
    /// letta-api-ext.
    Ours,
}

/// What went over the wire and what was made of it, without what differs from run to run.
struct Run {
    understood: Vec<Value>,
    sent: Vec<Sent>,
}

/// A request but for its headers.
#[derive(Debug, PartialEq)]
struct Sent {
    method: String,
    target: String,
    /// To the byte.
    body: String,
}

impl Caller<'_> {
    /// Makes the calls against a new emulator.
    async fn run(&self, clock: &ManualClock, steps: &[Value]) -> Run {
        let emulator = Emulator::builder()
            .clock(clock.clone())
            .start()
            .await
            .unwrap();
        let proxy = RecordingProxy::start(emulator.base_url()).await;
        let task = json!({
            "baseUrl": proxy.url(),
            "keys": { "server": Emulator::DEFAULT_API_KEY, "wrong": "sk-let-wrong" },
            "steps": steps,
        });
        let results = match self {
            Self::Official(program) => program.run(task).await,
            Self::Ours => ours::run(&task).await,
        };
        assert_eq!(results.len(), steps.len());
        let mut labels = Labels::default();
        let understood = results
            .iter()
            .map(|result| serde_json::from_str(&labels.of(&result.to_string())).unwrap())
            .collect();
        let requests = proxy.requests();
        let sent = requests
            .iter()
            .map(|request| Sent::new(request, &mut labels));
        Run {
            understood,
            sent: sent.collect(),
        }
    }
}

impl Sent {
    fn new(request: &RecordedRequest, labels: &mut Labels) -> Self {
        Self {
            method: request.method.to_string(),
            target: labels.of(&request.target),
            body: labels.of(std::str::from_utf8(&request.body).unwrap()),
        }
    }
}

fn create(key: &str, policy: Value, expires_at: Option<&str>) -> Value {
    // In the order in which the Python client writes them.
    let mut body = json!({ "hostname": "https://chat.example.com", "policy": policy });
    if let Some(expires_at) = expires_at {
        body["expires_at"] = expires_at.into();
    }
    json!({ "call": "tokens.create", "key": key, "body": body })
}

fn list(key: &str, query: Value) -> Value {
    json!({ "call": "tokens.list", "key": key, "query": query })
}

fn delete(key: &str, token: impl Into<Value>) -> Value {
    json!({ "call": "tokens.delete", "key": key, "token": token.into() })
}

fn grant(agent: &str, access: &[&str]) -> Value {
    json!({ "type": "agent", "id": agent, "access": access })
}

#[tokio::test(flavor = "multi_thread")]
async fn letta_api_ext_sends_and_understands_of_tokens_what_the_official_clients_do() {
    let test = "letta_api_ext_sends_and_understands_of_tokens_what_the_official_clients_do";
    let Some(programs) = program::both(test) else {
        return;
    };
    let all = [
        "read_messages",
        "write_messages",
        "read_agent",
        "write_agent",
    ];
    let two_agents = json!([grant("agent-1", &all), grant("agent-2", &["read_messages"])]);
    let one_agent = json!([grant("agent-1", &["read_messages"])]);
    let dream = json!([grant("agent-1", &["dream"])]);
    // Each call, and how it is refused if it is.
    let cases = [
        (create("server", two_agents, Some(EXPIRY)), None),
        (create("server", one_agent.clone(), None), None),
        (create("server", one_agent.clone(), Some(EXPIRY)), None),
        (
            create("server", dream, None),
            Some(("BadRequestError", 400)),
        ),
        (list("server", json!({})), None),
        (
            list(
                "server",
                json!({ "agentId": "agent-1", "limit": 1, "offset": 1 }),
            ),
            None,
        ),
        (list("server", json!({ "agentId": "agent-2" })), None),
        (
            list(
                "server",
                json!({ "agentId": "agent-3", "limit": 50, "offset": 100 }),
            ),
            None,
        ),
        (
            json!({ "call": "tokens.walk", "key": "server", "limit": 2 }),
            None,
        ),
        (delete("server", 1), None),
        (delete("server", 1), Some(("NotFoundError", 404))),
        (
            delete("server", UNKNOWN_TOKEN),
            Some(("NotFoundError", 404)),
        ),
        (list("server", json!({})), None),
        (
            create("wrong", one_agent, None),
            Some(("AuthenticationError", 401)),
        ),
        (list("wrong", json!({})), Some(("AuthenticationError", 401))),
        (delete("wrong", 0), Some(("AuthenticationError", 401))),
    ];
    let (steps, refusals): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    let clock = ManualClock::new();
    let ours = Caller::Ours.run(&clock, &steps).await;
    for program in &programs {
        let mut theirs = Caller::Official(program).run(&clock, &steps).await;
        assert_refusals(program.name, &theirs, &refusals);
        for (step, result) in steps.iter().zip(&mut theirs.understood) {
            if step["call"] == "tokens.delete" {
                revoked_or_gone(result);
            }
        }
        for ((step, ours), theirs) in steps.iter().zip(&ours.understood).zip(&theirs.understood) {
            assert_eq!(ours, theirs, "{}: {step}", program.name);
        }
        assert_eq!(ours.sent, theirs.sent, "{}", program.name);
    }
}

/// The calls were refused that should be, as they should be.
fn assert_refusals(who: &str, run: &Run, refusals: &[Option<(&str, u16)>]) {
    for (number, (result, refusal)) in run.understood.iter().zip(refusals).enumerate() {
        let refused = &result["refused"];
        let expected = refusal.map_or(Value::Null, |(class, status)| json!([class, status]));
        let seen = match refused {
            Value::Null => Value::Null,
            refused => json!([refused["class"], refused["status"]]),
        };
        assert_eq!(seen, expected, "{who}, call {number}: {result}");
        // The reason gets through.
        assert!(
            refusal.is_none() || refused["message"].is_string(),
            "{who}, call {number}: {result}"
        );
    }
}

/// For letta-api-ext a token that was not there is revoked all the same, where the official clients fail.
fn revoked_or_gone(result: &mut Value) {
    if result["understood"].is_null() && result["refused"].is_null() {
        *result = json!({ "understood": "revoked" });
    } else if result["refused"]["class"] == "NotFoundError" {
        *result = json!({ "understood": "already gone" });
    }
}
