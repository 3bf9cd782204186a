//! Turns, and their traps: each row of `BEHAVIOUR.md` about them.

use std::time::Duration;

use letta_api_emulator::{Act, Emulator, Reply};
use reqwest::Method;
use serde_json::{Value, json};

use crate::raw::{Answer, request};

mod approvals;
mod background;
mod busy;
mod cancel;
mod client_tools;
mod conversations;
mod ends;
mod pieces;

/// What is not there after this does not come.
const SOON: Duration = Duration::from_millis(300);

/// What does not come within this is a failure of the test.
const PATIENCE: Duration = Duration::from_secs(20);

const AGENT: &str = "/v1/agents/agent-1";
const MESSAGES: &str = "/v1/agents/agent-1/messages";
const DEFAULT: &str = "/v1/conversations/default/messages";

/// An emulator with one agent, which may call several tools at once.
async fn emulator() -> Emulator {
    start(Emulator::builder()).await
}

async fn start(builder: letta_api_emulator::Builder) -> Emulator {
    let emulator = builder.agent("agent-1").start().await.unwrap();
    let body = json!({"parallel_tool_calls": true});
    let changed = request(&emulator, Method::PATCH, AGENT).json(&body);
    assert_eq!(Answer::of(changed).await.status, 200);
    emulator
}

/// The same, whose agent replies so to whatever it is told.
async fn emulator_that(reply: impl Into<Reply>) -> Emulator {
    let emulator = emulator().await;
    let rule = letta_api_emulator::Rule::new(reply).always();
    emulator.agent("agent-1").script([rule]).unwrap();
    emulator
}

async fn post(emulator: &Emulator, path: &str, body: Value) -> Answer {
    let sent = Answer::of(request(emulator, Method::POST, path).json(&body));
    tokio::time::timeout(PATIENCE, sent).await.expect("it ends")
}

async fn get(emulator: &Emulator, path: &str) -> Value {
    let answer = Answer::of(request(emulator, Method::GET, path)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// Says something to the agent, answered with JSON.
async fn say(emulator: &Emulator, text: &str) -> Answer {
    post(emulator, MESSAGES, json!({"input": text})).await
}

/// Answers a request for approval.
async fn answer(emulator: &Emulator, approvals: Value) -> Answer {
    let body = json!({"messages": [{"type": "approval", "approvals": approvals}]});
    post(emulator, MESSAGES, body).await
}

fn approve(call: &str) -> Value {
    json!({"type": "approval", "tool_call_id": call, "approve": true})
}

fn deny(call: &str, reason: &str) -> Value {
    json!({"type": "approval", "tool_call_id": call, "approve": false, "reason": reason})
}

/// A call that waits for approval, of a tool that is not attached to the agent.
fn risky(id: &str) -> Act {
    Act::call("delete_file", json!({"path": "a.txt"}))
        .needs_approval()
        .returns("deleted")
        .with_id(id)
}

/// The kinds of the messages of a JSON answer.
fn kinds(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    let messages = answer["messages"].as_array().unwrap();
    messages
        .iter()
        .map(|message| message["message_type"].as_str().unwrap().to_owned())
        .collect()
}

fn stop_reason(answer: &Answer) -> String {
    let reason = &answer.json()["stop_reason"]["stop_reason"];
    reason.as_str().unwrap().to_owned()
}

/// A run as it is now.
async fn run(emulator: &Emulator, id: &str) -> Value {
    let state = emulator.dump();
    let runs = state["runs"].as_array().unwrap();
    let found = runs.iter().find(|run| run["id"] == id);
    found.unwrap_or_else(|| panic!("{id} in {runs:?}")).clone()
}

/// Waits until a run is over.
async fn run_when_over(emulator: &Emulator, id: &str) -> Value {
    let over = async {
        loop {
            let run = run(emulator, id).await;
            if !matches!(run["status"].as_str(), Some("created" | "running")) {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, over).await.expect("it ends")
}

/// The kinds of the messages of the agent's own thread.
fn kept(emulator: &Emulator) -> Vec<&'static str> {
    let agent = emulator.agent("agent-1").snapshot().unwrap();
    let messages = agent.messages();
    messages.iter().map(|it| it.kind().as_str()).collect()
}

/// A stream that is read event by event.
struct Events {
    response: reqwest::Response,
    bytes: Vec<u8>,
}

impl Events {
    async fn of(emulator: &Emulator, path: &str, body: Value) -> Self {
        let sent = request(emulator, Method::POST, path).json(&body).send();
        let response = sent.await.unwrap();
        let status = response.status().as_u16();
        if status != 200 {
            panic!("{status}: {}", response.text().await.unwrap());
        }
        Self {
            response,
            bytes: Vec::new(),
        }
    }

    /// The next event: its data, and with it whether it is an error. `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.bytes.windows(2).position(|it| it == b"\n\n") {
                let event: Vec<u8> = self.bytes.drain(..end + 2).collect();
                return Some(Event::read(std::str::from_utf8(&event).unwrap().trim_end()));
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await;
            match chunk.expect("something comes").unwrap() {
                Some(chunk) => self.bytes.extend_from_slice(&chunk),
                None => return None,
            }
        }
    }

    /// All that comes until the end.
    async fn rest(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }

    /// Whether nothing comes for a while, not even the end.
    async fn is_silent(&mut self) -> bool {
        self.bytes.is_empty()
            && tokio::time::timeout(SOON, self.response.chunk())
                .await
                .is_err()
    }
}

/// An event of a stream.
#[derive(Clone, Debug, PartialEq)]
struct Event {
    is_error: bool,
    text: String,
}

impl Event {
    fn read(event: &str) -> Self {
        let (is_error, data) = match event.strip_prefix("event: error\n") {
            Some(data) => (true, data),
            None => (false, event),
        };
        let text = data
            .strip_prefix("data: ")
            .unwrap_or_else(|| panic!("{event}"));
        Self {
            is_error,
            text: text.to_owned(),
        }
    }

    fn data(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| json!(self.text))
    }

    /// What it is: the type of a message, with the reason for which a turn stops, or `[DONE]`.
    fn kind(&self) -> String {
        let data = self.data();
        match (&data["message_type"], &data["stop_reason"]) {
            (_, Value::String(reason)) => format!("stop: {reason}"),
            (Value::String(kind), _) => kind.clone(),
            _ => self.text.clone(),
        }
    }

    fn seq_id(&self) -> Option<u64> {
        self.data()["seq_id"].as_u64()
    }
}

fn kinds_of(events: &[Event]) -> Vec<String> {
    events.iter().map(Event::kind).collect()
}

/// All events of a stream.
async fn events(emulator: &Emulator, path: &str, body: Value) -> Vec<Event> {
    Events::of(emulator, path, body).await.rest().await
}

/// The run that a stream is of, which its first event names.
fn run_of(events: &[Event]) -> String {
    events[0].data()["run_id"].as_str().unwrap().to_owned()
}
