//! What the official Python and Node clients send and understand, beside letta-api-ext.
//!
//! Each makes the same calls through a proxy that records, to an emulator of its own, all of which have one
//! clock. So what differs is a difference between the clients.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use letta_api_emulator::{Emulator, ManualClock, NewAgent};
use letta_api_tests::recording_proxy::{RecordedRequest, RecordingProxy};
use serde_json::{Value, json};

use crate::labels::Labels;
use crate::program::Program;

mod labels;
mod ours;
mod plain;
mod program;

/// An expiry that does not come.
const EXPIRY: &str = "2126-03-01T12:00:00Z";

/// The instant of [`EXPIRY`].
fn expiry() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(4_928_040_000)
}

/// A token that nobody minted.
const UNKNOWN_TOKEN: &str = "ck-let-00000000000000000000000000000000";

/// The web application that tokens are for, and another one.
const ORIGIN: &str = "https://chat.example.com";
const OTHER_ORIGIN: &str = "https://other.example.com";

const ALL_RIGHTS: [&str; 4] = [
    "read_messages",
    "write_messages",
    "read_agent",
    "write_agent",
];

/// How a call is refused: the class of the official clients' error, and the status.
type Refusal = Option<(&'static str, u16)>;

const OPEN: Refusal = None;
const BAD_REQUEST: Refusal = Some(("BadRequestError", 400));
const UNAUTHORIZED: Refusal = Some(("AuthenticationError", 401));
const FORBIDDEN: Refusal = Some(("PermissionDeniedError", 403));
const NOT_FOUND: Refusal = Some(("NotFoundError", 404));

/// Who makes the calls.
enum Caller<'a> {
    /// A program around an official client.
    Official(&'a Program),
    /// letta-api-ext.
    Ours,
    /// Nothing but an HTTP client.
    Plain,
}

/// An emulator that nobody has called yet, with the recording proxy before it.
struct Scene {
    emulator: Emulator,
    proxy: RecordingProxy,
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

impl Scene {
    async fn new(clock: &ManualClock) -> Self {
        let emulator = Emulator::builder()
            .clock(clock.clone())
            .agent(
                NewAgent::new("agent-1")
                    .name("Ada")
                    .description("Knows engines."),
            )
            .agent("agent-2")
            .start()
            .await
            .unwrap();
        let proxy = RecordingProxy::start(emulator.base_url()).await;
        Self { emulator, proxy }
    }

    /// Has the caller make these calls.
    async fn play(&self, caller: &Caller<'_>, steps: &[Value]) -> Run {
        let task = json!({
            "baseUrl": self.proxy.url(),
            "keys": { "server": Emulator::DEFAULT_API_KEY, "wrong": "sk-let-wrong" },
            "steps": steps,
        });
        let results = match caller {
            Caller::Official(program) => program.run(task).await,
            Caller::Ours => ours::run(&task).await,
            Caller::Plain => plain::run(&task).await,
        };
        assert_eq!(results.len(), steps.len());
        let mut labels = Labels::default();
        let understood = results
            .iter()
            .map(|result| serde_json::from_str(&labels.of(&result.to_string())).unwrap())
            .collect();
        let requests = self.proxy.requests();
        let sent = requests
            .iter()
            .map(|request| Sent::new(request, &mut labels))
            .collect();
        Run { understood, sent }
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

/// A step of a task, with these members beside the name of its call.
fn step(call: &str, mut members: Value) -> Value {
    members["call"] = call.into();
    members
}

/// The members of a token's creation.
fn token_for(policy: &[Value], expires_at: Option<&str>) -> Value {
    // In the order in which the Python client writes them, whatever it is told.
    let mut body = json!({ "hostname": ORIGIN, "policy": policy });
    if let Some(expires_at) = expires_at {
        body["expires_at"] = expires_at.into();
    }
    body
}

fn grant(agent: &str, access: &[&str]) -> Value {
    json!({ "type": "agent", "id": agent, "access": access })
}

/// The calls were refused that should be, and as they should be.
fn assert_refusals(who: &str, cases: &[(Value, Refusal)], run: &Run) {
    for ((step, expected), result) in cases.iter().zip(&run.understood) {
        let refused = &result["refused"];
        match expected {
            None => assert!(refused.is_null(), "{who}: {step}: {result}"),
            Some((class, status)) => {
                let seen = (&refused["class"], &refused["status"]);
                assert_eq!(seen, (&json!(class), &json!(status)), "{who}: {step}");
                // The reason gets through.
                assert!(refused["message"].is_string(), "{who}: {step}: {result}");
            }
        }
    }
}

fn assert_same(who: &str, cases: &[(Value, Refusal)], one: &Run, other: &Run) {
    let understood = one.understood.iter().zip(&other.understood);
    for ((step, _), (one, other)) in cases.iter().zip(understood) {
        assert_eq!(one, other, "{who}: {step}");
    }
    assert_eq!(one.sent, other.sent, "{who}");
}

#[tokio::test(flavor = "multi_thread")]
async fn letta_api_ext_and_the_official_clients_send_and_understand_the_same_of_tokens() {
    let test = "letta_api_ext_and_the_official_clients_send_and_understand_the_same_of_tokens";
    let Some(programs) = program::both(test) else {
        return;
    };
    let two_agents = [
        grant("agent-1", &ALL_RIGHTS),
        grant("agent-2", &["read_messages"]),
    ];
    let one_agent = [grant("agent-1", &["read_messages"])];
    let create = |key, policy: &[Value], expires_at| {
        step(
            "tokens.create",
            json!({ "key": key, "body": token_for(policy, expires_at) }),
        )
    };
    let list = |key, query| step("tokens.list", json!({ "key": key, "query": query }));
    let delete = |key, token| step("tokens.delete", json!({ "key": key, "token": token }));
    let cases = [
        (create("server", &two_agents, Some(EXPIRY)), OPEN),
        (create("server", &one_agent, None), OPEN),
        (create("server", &one_agent, Some(EXPIRY)), OPEN),
        (
            create("server", &[grant("agent-1", &["dream"])], None),
            BAD_REQUEST,
        ),
        (list("server", json!({})), OPEN),
        (
            list(
                "server",
                json!({ "agentId": "agent-1", "limit": 1, "offset": 1 }),
            ),
            OPEN,
        ),
        (list("server", json!({ "agentId": "agent-2" })), OPEN),
        (
            list("server", json!({ "agentId": "agent-3", "offset": 100 })),
            OPEN,
        ),
        (
            step("tokens.walk", json!({ "key": "server", "limit": 2 })),
            OPEN,
        ),
        (delete("server", json!(1)), OPEN),
        (delete("server", json!(1)), NOT_FOUND),
        (delete("server", json!(UNKNOWN_TOKEN)), NOT_FOUND),
        (list("server", json!({})), OPEN),
        (create("wrong", &one_agent, None), UNAUTHORIZED),
        (list("wrong", json!({})), UNAUTHORIZED),
        (delete("wrong", json!(0)), UNAUTHORIZED),
    ];
    let steps: Vec<_> = cases.iter().map(|(step, _)| step.clone()).collect();
    let clock = ManualClock::new();
    let ours = Scene::new(&clock).await.play(&Caller::Ours, &steps).await;
    for program in &programs {
        let caller = Caller::Official(program);
        let mut theirs = Scene::new(&clock).await.play(&caller, &steps).await;
        assert_refusals(program.name, &cases, &theirs);
        for (step, result) in steps.iter().zip(&mut theirs.understood) {
            if step["call"] == "tokens.delete" {
                revoked_or_gone(result);
            }
        }
        assert_same(program.name, &cases, &ours, &theirs);
    }
}

/// The one difference in meaning: to letta-api-ext, a token that is not there is no failure to revoke it.
fn revoked_or_gone(result: &mut Value) {
    if result["refused"]["class"] == "NotFoundError" {
        *result = json!({ "understood": "already gone" });
    } else if *result == json!({ "understood": null }) {
        *result = json!({ "understood": "revoked" });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_side_token_opens_to_the_official_clients_what_its_policy_says_and_nothing_else() {
    let test =
        "a_client_side_token_opens_to_the_official_clients_what_its_policy_says_and_nothing_else";
    let Some(programs) = program::both(test) else {
        return;
    };
    let mint = |policy: &[Value]| {
        step(
            "tokens.create",
            json!({ "key": "server", "body": token_for(policy, Some(EXPIRY)) }),
        )
    };
    // The tokens by number, as they are minted below.
    let (full, read_only, revoked) = (0, 1, 2);
    let on = |agent: &str, token: u8, call: &str, mut members: Value| {
        members["key"] = token.into();
        members["origin"] = ORIGIN.into();
        members["agent"] = agent.into();
        step(call, members)
    };
    let with_origin = |origin: Value, mut step: Value| {
        step["origin"] = origin;
        step
    };
    let say = |text: &str| json!([{ "role": "user", "content": text }]);
    let cases = [
        (mint(&[grant("agent-1", &ALL_RIGHTS)]), OPEN),
        (
            mint(&[grant("agent-1", &["read_messages", "read_agent"])]),
            OPEN,
        ),
        (mint(&[grant("agent-1", &ALL_RIGHTS)]), OPEN),
        // What the token opens.
        (on("agent-1", full, "agents.retrieve", json!({})), OPEN),
        (
            on(
                "agent-1",
                full,
                "agents.update",
                json!({ "body": { "name": "Grace" } }),
            ),
            OPEN,
        ),
        (
            on(
                "agent-1",
                full,
                "messages.create",
                json!({ "body": { "messages": say("Grüße 👋") } }),
            ),
            OPEN,
        ),
        (
            on(
                "agent-1",
                full,
                "messages.create",
                json!({ "body": { "input": "Good morning" } }),
            ),
            OPEN,
        ),
        (
            on(
                "agent-1",
                full,
                "messages.stream",
                json!({ "body": { "messages": say("Step by step") } }),
            ),
            OPEN,
        ),
        (
            on(
                "agent-1",
                full,
                "messages.stream",
                json!({ "body": { "messages": say("Word by word"), "stream_tokens": true } }),
            ),
            OPEN,
        ),
        (
            on(
                "agent-1",
                full,
                "messages.create",
                json!({ "body": { "messages": say("Line by line"), "stream_tokens": true, "streaming": true } }),
            ),
            OPEN,
        ),
        (
            on("agent-1", full, "messages.list", json!({ "query": {} })),
            OPEN,
        ),
        (
            on(
                "agent-1",
                full,
                "messages.list",
                json!({ "query": { "limit": 3, "order": "asc" } }),
            ),
            OPEN,
        ),
        (
            on(
                "agent-1",
                full,
                "messages.walk",
                json!({ "query": { "limit": 2 } }),
            ),
            OPEN,
        ),
        (on("agent-1", read_only, "agents.retrieve", json!({})), OPEN),
        // Another agent than the policy names.
        (on("agent-2", full, "agents.retrieve", json!({})), FORBIDDEN),
        (
            on("agent-2", full, "messages.list", json!({ "query": {} })),
            FORBIDDEN,
        ),
        // Another right.
        (
            on(
                "agent-1",
                read_only,
                "agents.update",
                json!({ "body": { "name": "Eve" } }),
            ),
            FORBIDDEN,
        ),
        (
            on(
                "agent-1",
                read_only,
                "messages.create",
                json!({ "body": { "messages": say("Hello") } }),
            ),
            FORBIDDEN,
        ),
        (
            on(
                "agent-1",
                read_only,
                "messages.stream",
                json!({ "body": { "messages": say("Hello") } }),
            ),
            FORBIDDEN,
        ),
        // Another origin, and none.
        (
            with_origin(
                json!(OTHER_ORIGIN),
                on("agent-1", full, "agents.retrieve", json!({})),
            ),
            FORBIDDEN,
        ),
        (
            with_origin(
                Value::Null,
                on("agent-1", full, "agents.retrieve", json!({})),
            ),
            FORBIDDEN,
        ),
        (
            with_origin(
                Value::Null,
                on(
                    "agent-1",
                    full,
                    "messages.create",
                    json!({ "body": { "messages": say("Hello") } }),
                ),
            ),
            FORBIDDEN,
        ),
        // What takes the API key.
        (
            on("agent-1", full, "tokens.list", json!({ "query": {} })),
            FORBIDDEN,
        ),
        (
            on(
                "agent-1",
                full,
                "tokens.create",
                json!({ "body": token_for(&[grant("agent-1", &ALL_RIGHTS)], None) }),
            ),
            FORBIDDEN,
        ),
        (
            on("agent-1", full, "tokens.delete", json!({ "token": full })),
            FORBIDDEN,
        ),
        // A token that was live.
        (on("agent-1", revoked, "agents.retrieve", json!({})), OPEN),
        (
            step(
                "tokens.delete",
                json!({ "key": "server", "token": revoked }),
            ),
            OPEN,
        ),
        (
            on("agent-1", revoked, "agents.retrieve", json!({})),
            UNAUTHORIZED,
        ),
    ];
    let steps: Vec<_> = cases.iter().map(|(step, _)| step.clone()).collect();
    let clock = ManualClock::new();
    let plain = Scene::new(&clock).await.play(&Caller::Plain, &steps).await;
    assert_refusals("plain", &cases, &plain);
    assert_heard(&plain.understood);
    for program in &programs {
        let caller = Caller::Official(program);
        let theirs = Scene::new(&clock).await.play(&caller, &steps).await;
        assert_refusals(program.name, &cases, &theirs);
        assert_same(program.name, &cases, &plain, &theirs);
    }
}

/// What the calls of the test above were answered. That all callers understood the same would also be so
/// if there was nothing to understand.
fn assert_heard(results: &[Value]) {
    let understood: Vec<_> = results.iter().map(|result| &result["understood"]).collect();
    let types = |events: &Value| -> Vec<String> {
        let events = events.as_array().unwrap().iter();
        events
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect()
    };
    let said = |events: &Value| -> String {
        let events = events.as_array().unwrap().iter();
        events
            .filter_map(|event| event["content"].as_str())
            .collect()
    };
    assert_eq!(understood[3]["name"], "Ada");
    assert_eq!(understood[4]["name"], "Grace");
    assert_eq!(
        understood[5]["messages"][0]["content"],
        "You said: Grüße 👋"
    );
    assert_eq!(understood[5]["reason"], "end_turn");
    assert_eq!(
        understood[6]["messages"][0]["content"],
        "You said: Good morning"
    );

    let whole = [
        "ping",
        "assistant_message",
        "stop_reason",
        "usage_statistics",
    ];
    assert_eq!(types(understood[7]), whole);
    assert_eq!(said(understood[7]), "You said: Step by step");
    for (number, text) in [(8, "You said: Word by word"), (9, "You said: Line by line")] {
        let events = understood[number].as_array().unwrap();
        let mut types = types(understood[number]);
        types.dedup();
        assert_eq!(types, whole);
        assert_eq!(said(understood[number]), text);
        let pieces = &events[1..events.len() - 2];
        assert_eq!(pieces.len(), 5, "{pieces:?}");
        assert!(pieces.iter().all(|piece| piece["id"] == pieces[0]["id"]));
    }

    // The system's, and two for each of five requests.
    let listed = understood[10].as_array().unwrap();
    assert_eq!(listed.len(), 11);
    let oldest: Vec<_> = listed.iter().rev().take(3).cloned().collect();
    assert_eq!(understood[11], &Value::from(oldest));
    assert_eq!(understood[12], understood[10]);
}

/// Headers that a browser sets itself, or that a page may send without asking.
const UNASKED: [&str; 7] = [
    "accept-encoding",
    "accept-language",
    "connection",
    "content-length",
    "host",
    "origin",
    "sec-fetch-mode",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_send_every_header_that_an_official_client_sends() {
    let Some(programs) =
        program::both("a_page_may_send_every_header_that_an_official_client_sends")
    else {
        return;
    };
    let mint =
        json!({ "key": "server", "body": token_for(&[grant("agent-1", &ALL_RIGHTS)], None) });
    let on = |call: &str, mut members: Value| {
        members["key"] = json!(0);
        members["origin"] = ORIGIN.into();
        members["agent"] = "agent-1".into();
        step(call, members)
    };
    let steps = [
        step("tokens.create", mint),
        on("agents.retrieve", json!({})),
        on("agents.update", json!({ "body": { "name": "Grace" } })),
        on("messages.list", json!({ "query": {} })),
        on("messages.create", json!({ "body": { "input": "Hello" } })),
        on("messages.stream", json!({ "body": { "input": "Hello" } })),
    ];
    let browser = reqwest::Client::builder().no_proxy().build().unwrap();
    for program in &programs {
        let scene = Scene::new(&ManualClock::new()).await;
        scene.play(&Caller::Official(program), &steps).await;
        let requests = scene.proxy.requests();
        assert_eq!(requests.len(), steps.len());
        for request in &requests[1..] {
            let asked: Vec<_> = request
                .header_names()
                .into_iter()
                .filter(|name| !UNASKED.contains(name))
                .collect();
            // A list that holds nothing of the client's own would prove nothing.
            assert!(asked.contains(&"x-stainless-package-version"));
            let url = format!("{}{}", scene.emulator.base_url(), request.target);
            let answer = browser
                .request(http::Method::OPTIONS, url)
                .header("origin", ORIGIN)
                .header("access-control-request-method", request.method.as_str())
                .header("access-control-request-headers", asked.join(","))
                .send()
                .await
                .unwrap();
            let who = format!("{}: {} {}", program.name, request.method, request.target);
            assert!(answer.status().is_success(), "{who}: {}", answer.status());
            let said = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(said("access-control-allow-origin"), ORIGIN, "{who}");
            let methods = said("access-control-allow-methods");
            assert!(
                methods
                    .split(',')
                    .any(|method| method.trim() == request.method),
                "{who}: {methods}"
            );
            let headers = said("access-control-allow-headers").to_ascii_lowercase();
            let allowed: BTreeSet<_> = headers.split(',').map(str::trim).collect();
            let missing: Vec<_> = asked
                .iter()
                .filter(|name| !allowed.contains(*name))
                .collect();
            assert!(missing.is_empty(), "{who}: {missing:?} of {asked:?}");
        }
    }
}
