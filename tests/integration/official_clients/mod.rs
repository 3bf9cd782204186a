//! What the official Python and Node clients send and understand, beside letta-api-ext.
//!
//! Each makes the same calls through a proxy that records, to an emulator of its own, all of which have one
//! clock. So what differs is a difference between the clients.
//!
//! The clients are installed, in `tests/official_clients`, by `npm ci` and by
//! `python3 -m venv .venv && .venv/bin/pip install -r requirements.txt`.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use letta_api_emulator::{Emulator, Fault, ManualClock, NewAgent, TokenRules, operations};
use letta_api_tests::recording_proxy::{RecordedRequest, RecordingProxy};
use serde_json::{Value, json};

use self::labels::Labels;
use self::program::Program;

letta_api_tests::with_both_token_rules!(
    [flavor = "multi_thread"]
    letta_api_ext_and_the_official_clients_send_and_understand_the_same_of_tokens,
    a_client_side_token_opens_to_the_official_clients_what_its_policy_says_and_nothing_else,
    an_agent_that_fails_is_an_error_to_the_official_clients_in_a_stream_too,
    a_page_may_send_every_header_that_an_official_client_sends,
);

mod every_operation;
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

/// One that stands still, at a second: the programs round what is finer in ways of their own.
fn clock() -> ManualClock {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.expect("it is after 1970").as_secs();
    ManualClock::starting_at(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// A key of another service.
const WRONG_KEY: &str = "sk-let-wrong";

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

const REFUSED_AS_UNAUTHORIZED: Refusal = Some(("AuthenticationError", 401));

/// What a call comes to under each of the emulator's rules for tokens.
#[derive(Clone, Copy)]
struct Expected {
    strict: Refusal,
    published_2025: Refusal,
}

impl Expected {
    const fn always(refusal: Refusal) -> Self {
        Self {
            strict: refusal,
            published_2025: refusal,
        }
    }

    fn under(self, rules: TokenRules) -> Refusal {
        match rules == TokenRules::strict() {
            true => self.strict,
            false => self.published_2025,
        }
    }
}

const OPEN: Expected = Expected::always(None);
const BAD_REQUEST: Expected = Expected::always(Some(("BadRequestError", 400)));
const UNAUTHORIZED: Expected = Expected::always(REFUSED_AS_UNAUTHORIZED);
const FORBIDDEN: Expected = Expected {
    strict: Some(("PermissionDeniedError", 403)),
    published_2025: REFUSED_AS_UNAUTHORIZED,
};
/// The source compared the origin with nothing.
const OTHER_PAGE: Expected = Expected {
    strict: FORBIDDEN.strict,
    published_2025: None,
};
/// The source opened POST in place of PATCH.
const UPDATE: Expected = Expected {
    strict: None,
    published_2025: REFUSED_AS_UNAUTHORIZED,
};
/// To the source, a token that was used works on.
const USED_AND_DELETED: Expected = Expected {
    strict: REFUSED_AS_UNAUTHORIZED,
    published_2025: None,
};

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

/// A request but for its headers, save the one that says who calls.
#[derive(Debug, PartialEq)]
struct Sent {
    method: String,
    target: String,
    authorization: String,
    /// To the byte.
    body: String,
}

impl Scene {
    async fn new(clock: &ManualClock, rules: TokenRules) -> Self {
        let emulator = Emulator::builder()
            .token_rules(rules)
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
            "keys": { "server": Emulator::DEFAULT_API_KEY, "wrong": WRONG_KEY },
            "steps": steps,
        });
        let results = match caller {
            Caller::Official(program) => program.run(task).await,
            Caller::Ours => ours::run(&task).await,
            Caller::Plain => plain::run(&task).await,
        };
        assert_eq!(results.len(), steps.len());
        let mut labels = Labels::default();
        labels.hide(Emulator::DEFAULT_API_KEY, "server");
        labels.hide(WRONG_KEY, "wrong");
        let understood = results
            .iter()
            .map(|result| {
                let result = without_otids(result);
                serde_json::from_str(&labels.of(&result.to_string())).unwrap()
            })
            .collect();
        let requests = self.proxy.requests();
        let sent = requests
            .iter()
            .map(|request| Sent::new(request, &mut labels))
            .collect();
        Run { understood, sent }
    }
}

/// The value with one text for all otids. An otid is that of its message but for the last two digits, so one in 256 is the same.
fn without_otids(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_otids).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| match (name.as_str(), value) {
                ("otid", Value::String(_)) => (name.clone(), "<otid>".into()),
                (_, value) => (name.clone(), without_otids(value)),
            })
            .collect(),
        value => value.clone(),
    }
}

impl Sent {
    fn new(request: &RecordedRequest, labels: &mut Labels) -> Self {
        Self {
            method: request.method.to_string(),
            target: labels.of(&request.target),
            authorization: labels.of(request.headers["authorization"].to_str().unwrap()),
            body: labels.of(std::str::from_utf8(&request.body).unwrap()),
        }
    }
}

/// A step of a task, with these members beside the name of its call. `client.py` says what a task is.
fn step(call: &str, mut members: Value) -> Value {
    members["call"] = call.into();
    members
}

/// A step on `agent-1`, with the token of this number, from where the token is for.
fn on_agent(token: u8, call: &str, mut members: Value) -> Value {
    members["key"] = token.into();
    members["origin"] = ORIGIN.into();
    members["agent"] = "agent-1".into();
    step(call, members)
}

/// The step with one member changed.
fn with(name: &str, value: Value, mut step: Value) -> Value {
    step[name] = value;
    step
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
fn assert_refusals(who: &str, rules: TokenRules, cases: &[(Value, Expected)], run: &Run) {
    for ((step, expected), result) in cases.iter().zip(&run.understood) {
        let refused = &result["refused"];
        match expected.under(rules) {
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

fn assert_same(who: &str, cases: &[(Value, Expected)], one: &Run, other: &Run) {
    let understood = one.understood.iter().zip(&other.understood);
    for ((step, _), (one, other)) in cases.iter().zip(understood) {
        assert_eq!(one, other, "{who}: {step}");
    }
    for (one, other) in one.sent.iter().zip(&other.sent) {
        assert_eq!(one, other, "{who}");
    }
    assert_eq!(one.sent.len(), other.sent.len(), "{who}");
}

async fn letta_api_ext_and_the_official_clients_send_and_understand_the_same_of_tokens(
    rules: TokenRules,
) {
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
        (delete("server", json!(1)), OPEN),
        (delete("server", json!(UNKNOWN_TOKEN)), OPEN),
        (list("server", json!({})), OPEN),
        (create("wrong", &one_agent, None), UNAUTHORIZED),
        (list("wrong", json!({})), UNAUTHORIZED),
        (delete("wrong", json!(0)), UNAUTHORIZED),
    ];
    let steps: Vec<_> = cases.iter().map(|(step, _)| step.clone()).collect();
    let clock = clock();
    let ours = Scene::new(&clock, rules).await;
    let ours = ours.play(&Caller::Ours, &steps).await;
    for program in &programs {
        let caller = Caller::Official(program);
        let theirs = Scene::new(&clock, rules).await;
        let mut theirs = theirs.play(&caller, &steps).await;
        assert_refusals(program.name, rules, &cases, &theirs);
        for (step, result) in steps.iter().zip(&mut theirs.understood) {
            if step["call"] == "tokens.delete" {
                deleted(result);
            }
        }
        assert_same(program.name, &cases, &ours, &theirs);
    }
}

/// letta-api-ext says what became of the token. The official clients say nothing.
fn deleted(result: &mut Value) {
    if *result == json!({ "understood": null }) {
        *result = json!({ "understood": "deleted" });
    }
}

async fn a_client_side_token_opens_to_the_official_clients_what_its_policy_says_and_nothing_else(
    rules: TokenRules,
) {
    let test =
        "a_client_side_token_opens_to_the_official_clients_what_its_policy_says_and_nothing_else";
    let Some(programs) = program::both(test) else {
        return;
    };
    // The tokens by number, as they are minted first.
    let (full, read_only, revoked) = (0, 1, 2);
    let mint = |rights: &[&str]| {
        let body = token_for(&[grant("agent-1", rights)], Some(EXPIRY));
        step("tokens.create", json!({ "key": "server", "body": body }))
    };
    let retrieve = |token: u8| on_agent(token, "agents.retrieve", json!({}));
    let rename = |token: u8, name: &str| {
        let body = json!({ "name": name });
        on_agent(token, "agents.update", json!({ "body": body }))
    };
    let list =
        |token: u8, query: Value| on_agent(token, "messages.list", json!({ "query": query }));
    let walk =
        |token: u8, query: Value| on_agent(token, "messages.walk", json!({ "query": query }));
    let send = |token: u8, body: Value| on_agent(token, "messages.create", json!({ "body": body }));
    let stream =
        |token: u8, body: Value| on_agent(token, "messages.stream", json!({ "body": body }));
    let user = |text: &str| json!([{ "role": "user", "content": text }]);
    let hello = json!({ "messages": user("Hello") });
    let by_words = json!({ "messages": user("Word by word"), "stream_tokens": true });
    // The way that is not deprecated.
    let by_lines =
        json!({ "messages": user("Line by line"), "stream_tokens": true, "streaming": true });
    let elsewhere = |step: Value| with("agent", json!("agent-2"), step);
    let from = |origin: Value, step: Value| with("origin", origin, step);
    let by_token = |step: Value| with("key", json!(full), from(json!(ORIGIN), step));
    let cases = [
        (mint(&ALL_RIGHTS), OPEN),
        (mint(&["read_messages", "read_agent"]), OPEN),
        (mint(&ALL_RIGHTS), OPEN),
        // What the token opens. `assert_heard` says what there is to hear.
        (retrieve(full), OPEN),
        (rename(full, "Grace"), UPDATE),
        (send(full, json!({ "messages": user("Grüße 👋") })), OPEN),
        (send(full, json!({ "input": "Good morning" })), OPEN),
        (
            stream(full, json!({ "messages": user("Step by step") })),
            OPEN,
        ),
        (stream(full, by_words), OPEN),
        (send(full, by_lines), OPEN),
        (list(full, json!({})), OPEN),
        (list(full, json!({ "limit": 3, "order": "asc" })), OPEN),
        (walk(full, json!({ "limit": 2, "order": "asc" })), OPEN),
        (walk(full, json!({ "limit": 2 })), OPEN),
        (retrieve(read_only), OPEN),
        (list(read_only, json!({ "limit": 1 })), OPEN),
        // Another agent than the policy names.
        (elsewhere(retrieve(full)), FORBIDDEN),
        (elsewhere(list(full, json!({}))), FORBIDDEN),
        (elsewhere(send(full, hello.clone())), FORBIDDEN),
        // A right that the policy does not give.
        (rename(read_only, "Eve"), FORBIDDEN),
        (send(read_only, hello.clone()), FORBIDDEN),
        (stream(read_only, hello.clone()), FORBIDDEN),
        // Another origin, and none.
        (from(json!(OTHER_ORIGIN), retrieve(full)), OTHER_PAGE),
        (
            from(json!(OTHER_ORIGIN), stream(full, hello.clone())),
            OTHER_PAGE,
        ),
        (from(Value::Null, retrieve(full)), OTHER_PAGE),
        (from(Value::Null, send(full, hello.clone())), OTHER_PAGE),
        // What takes the API key.
        (
            with("call", json!("tokens.list"), list(full, json!({}))),
            FORBIDDEN,
        ),
        (by_token(mint(&ALL_RIGHTS)), FORBIDDEN),
        (
            on_agent(full, "tokens.delete", json!({ "token": revoked })),
            FORBIDDEN,
        ),
        // A token that was live.
        (retrieve(revoked), OPEN),
        (
            step(
                "tokens.delete",
                json!({ "key": "server", "token": revoked }),
            ),
            OPEN,
        ),
        (retrieve(revoked), USED_AND_DELETED),
        (stream(revoked, hello), USED_AND_DELETED),
    ];
    let steps: Vec<_> = cases.iter().map(|(step, _)| step.clone()).collect();
    let clock = clock();
    let plain = Scene::new(&clock, rules).await;
    let plain = plain.play(&Caller::Plain, &steps).await;
    assert_refusals("plain", rules, &cases, &plain);
    assert_heard(&plain.understood, rules);
    for program in &programs {
        let caller = Caller::Official(program);
        let theirs = Scene::new(&clock, rules).await;
        let theirs = theirs.play(&caller, &steps).await;
        assert_refusals(program.name, rules, &cases, &theirs);
        assert_same(program.name, &cases, &plain, &theirs);
    }
}

/// What the calls of the test above were answered. That all callers understood the same would also be so
/// if there was nothing to understand.
fn assert_heard(results: &[Value], rules: TokenRules) {
    let understood: Vec<_> = results.iter().map(|result| &result["understood"]).collect();
    let [
        _,
        _,
        _,
        agent,
        renamed,
        sent,
        input,
        steps,
        words,
        lines,
        all,
        oldest,
        walked,
        not_walked,
        ..,
    ] = understood[..]
    else {
        panic!("{} calls", understood.len());
    };
    assert_eq!(agent["name"], "Ada");
    if UPDATE.under(rules).is_none() {
        assert_eq!(renamed["name"], "Grace");
    }
    for (answer, text) in [
        (sent, "You said: Grüße 👋"),
        (input, "You said: Good morning"),
    ] {
        assert_eq!(answer["messages"][0]["content"], text);
        assert_eq!(answer["reason"], "end_turn");
    }

    let streams = [
        (steps, "You said: Step by step", 1),
        (words, "You said: Word by word", 5),
        (lines, "You said: Line by line", 5),
    ];
    for (events, text, pieces) in streams {
        let [ping, said @ .., reason, usage] = &events.as_array().unwrap()[..] else {
            panic!("{events}");
        };
        let types = [ping, &said[0], reason, usage].map(|event| &event["type"]);
        let expected = [
            "ping",
            "assistant_message",
            "stop_reason",
            "usage_statistics",
        ];
        assert_eq!(types, expected, "{events}");
        assert_eq!(said.len(), pieces, "{events}");
        assert!(
            said.iter().all(|piece| piece["id"] == said[0]["id"]),
            "{events}"
        );
        let content = said.iter().map(|piece| piece["content"].as_str().unwrap());
        assert_eq!(content.collect::<String>(), text);
    }

    // The system's, and two for each of five requests.
    let oldest_first = all.as_array().unwrap();
    assert_eq!(oldest_first.len(), 11);
    assert_eq!(oldest.as_array().unwrap()[..], oldest_first[..3]);
    assert_eq!(walked, all);
    // The clients ask for what is newer than the newest, unless they are told to begin with the oldest.
    assert_eq!(not_walked.as_array().unwrap()[..], oldest_first[9..]);
}

async fn an_agent_that_fails_is_an_error_to_the_official_clients_in_a_stream_too(
    rules: TokenRules,
) {
    let test = "an_agent_that_fails_is_an_error_to_the_official_clients_in_a_stream_too";
    let Some(programs) = program::both(test) else {
        return;
    };
    let stream = |by_words: bool| {
        let body = json!({ "input": "Hello", "stream_tokens": by_words });
        on_agent(0, "messages.stream", json!({ "body": body }))
    };
    let body = token_for(&[grant("agent-1", &ALL_RIGHTS)], None);
    let steps = [
        step("tokens.create", json!({ "key": "server", "body": body })),
        stream(false),
        stream(true),
        on_agent(
            0,
            "messages.create",
            json!({ "body": { "input": "Hello" } }),
        ),
    ];
    let reason =
        "Rate limit exceeded for LLM model provider. Please wait before making another request.";
    for program in &programs {
        let scene = Scene::new(&clock(), rules).await;
        scene.emulator.inject(Fault::model_failure()).unwrap();
        let run = scene.play(&Caller::Official(program), &steps).await;
        // The answer was a 200 by the time that the stream failed.
        let in_a_stream = match program.name {
            "Python" => json!({ "class": "APIStatusError", "status": 200, "message": reason }),
            _ => json!({ "class": "APIError", "status": null, "message": reason }),
        };
        let [_, by_steps, by_words, whole] = &run.understood[..] else {
            panic!("{} answers", run.understood.len());
        };
        assert_eq!(by_steps["refused"], in_a_stream, "{}", program.name);
        assert_eq!(by_words["refused"], in_a_stream, "{}", program.name);
        // The reason is a level deeper here than the clients look for it.
        let limited = json!({ "class": "RateLimitError", "status": 429, "message": null });
        assert_eq!(whole["refused"], limited, "{}", program.name);
        let tries = scene.emulator.request_count(operations::SEND_MESSAGE);
        assert_eq!(tries, 3, "{} tries again", program.name);
    }
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

async fn a_page_may_send_every_header_that_an_official_client_sends(rules: TokenRules) {
    let Some(programs) =
        program::both("a_page_may_send_every_header_that_an_official_client_sends")
    else {
        return;
    };
    let body = token_for(&[grant("agent-1", &ALL_RIGHTS)], None);
    let steps = [
        step("tokens.create", json!({ "key": "server", "body": body })),
        on_agent(0, "agents.retrieve", json!({})),
        on_agent(0, "agents.update", json!({ "body": { "name": "Grace" } })),
        on_agent(0, "messages.list", json!({ "query": {} })),
        on_agent(
            0,
            "messages.create",
            json!({ "body": { "input": "Hello" } }),
        ),
        on_agent(
            0,
            "messages.stream",
            json!({ "body": { "input": "Hello" } }),
        ),
    ];
    let browser = reqwest::Client::builder().no_proxy().build().unwrap();
    for program in &programs {
        let scene = Scene::new(&ManualClock::new(), rules).await;
        scene.play(&Caller::Official(program), &steps).await;
        let requests = scene.proxy.requests();
        assert_eq!(requests.len(), steps.len());
        for request in &requests[1..] {
            // No page may change an agent then.
            if request.method == http::Method::PATCH && UPDATE.under(rules).is_some() {
                continue;
            }
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
