//! A service in memory, on tokio's paused time, with a fault for each exchange. It counts what its agents hear.
//!
//! It is written apart from the emulator, so that the laws do not hold by a mistake that both share.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use letta_api::{BoxFuture, Operation, Response, Transport, TransportError};
use reqwest::header::HeaderMap;
use reqwest::{ResponseBuilderExt, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};
use url::Url;

/// What an agent says in a run.
#[derive(Clone, Debug)]
pub(super) enum Say {
    Text(&'static str),
    Reasoning(&'static str),
    Call(&'static str),
    Return(&'static str),
    /// An event that no client knows.
    Unknown(u32),
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    Well,
    /// With an error event.
    Fails,
    /// With a reason alone, and no error event.
    FailsSilently,
    Cancelled,
}

#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) says: Vec<Say>,
    pub(super) end: End,
    pub(super) tokens: bool,
    /// The time before each event.
    pub(super) pause: Duration,
    /// Whether a ping comes after every 20 s of silence.
    pub(super) pings: bool,
}

/// What becomes of an exchange.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    None,
    /// The request does not arrive.
    LoseRequest,
    /// The request is carried out, and its answer does not arrive.
    LoseAnswer,
    /// A proxy answers instead, and the request does not arrive.
    Status(u16),
    /// The request is carried out, and a proxy answers instead.
    StatusAfter(u16),
    /// The body breaks after so many events and so many bytes.
    Break(usize, usize),
    /// The body ends there, as if all were well.
    EndEarly(usize),
    /// Nothing comes any more after so many events.
    Stall(usize),
    /// Nothing but pings comes after so many events.
    PingsAlone(usize),
    /// The event comes twice.
    Repeat(usize),
    /// The event does not come.
    Skip(usize),
    /// The body comes in pieces of so many bytes.
    Shred(usize),
}

struct Run {
    id: String,
    otids: Vec<String>,
    events: Vec<Event>,
    began: Instant,
    is_background: bool,
}

#[derive(Clone)]
struct Event {
    /// When it comes, after the start of the run.
    at: Duration,
    seq: Option<usize>,
    text: String,
}

pub(super) struct Service {
    script: Script,
    faults: Mutex<VecDeque<Fault>>,
    state: Mutex<State>,
    /// Whether there is a store for events in background.
    pub(super) has_store: bool,
    /// Whether runs may be asked for. A token's holder may not.
    pub(super) shows_runs: bool,
    /// Whether streams end at once, and runs cannot be asked, as behind a proxy that has lost the service.
    pub(super) is_hollow: bool,
}

#[derive(Default)]
struct State {
    runs: Vec<Run>,
    /// All messages that reached an agent, by their keys.
    heard: Vec<String>,
    at_once: usize,
    /// How many requests with messages were sent, except those of which the service said that it did not take them.
    sent: usize,
}

impl Service {
    pub(super) fn new(
        script: Script,
        faults: Vec<Fault>,
        has_store: bool,
        shows_runs: bool,
    ) -> Arc<Self> {
        Arc::new(Self {
            script,
            faults: Mutex::new(faults.into()),
            state: Mutex::default(),
            has_store,
            shows_runs,
            is_hollow: false,
        })
    }

    /// The keys of all that an agent heard.
    pub(super) fn heard(&self) -> Vec<String> {
        self.state.lock().unwrap().heard.clone()
    }

    /// How many requests with messages were sent, except those of which the service said that it did not take them.
    pub(super) fn sent(&self) -> usize {
        self.state.lock().unwrap().sent
    }

    /// The most runs that were under way at a time.
    pub(super) fn at_once(&self) -> usize {
        self.state.lock().unwrap().at_once
    }

    /// All that a run says, as events.
    fn events(&self, id: &str, is_background: bool) -> Vec<Event> {
        let mut at = Duration::ZERO;
        let mut events: Vec<Event> = Vec::new();
        let mut push = |shows: bool, mut json: Value, name: Option<&str>, pause: Duration| {
            at += pause;
            let number = events.len() + 1;
            let seq = is_background.then_some(number);
            if shows {
                json["seq_id"] = json!(seq);
                json["run_id"] = json!(id);
            }
            let name = name
                .map(|name| format!("event: {name}\n"))
                .unwrap_or_default();
            let text = format!("{name}data: {json}\n\n");
            events.push(Event {
                at,
                seq: seq.filter(|_| shows),
                text,
            });
        };
        let date = "2026-11-28T02:39:12+00:00";
        let ping = json!({"message_type": "ping", "id": "ping-1", "date": date});
        push(true, ping, None, Duration::ZERO);
        for (number, say) in self.script.says.iter().enumerate() {
            let message = |kind: &str, more: Value| {
                let mut json =
                    json!({"message_type": kind, "id": format!("message-{number}"), "date": date});
                json.as_object_mut()
                    .unwrap()
                    .extend(more.as_object().unwrap().clone());
                json
            };
            let pause = self.script.pause;
            let pieces = |text: &'static str| -> Vec<&'static str> {
                match self.script.tokens {
                    true => text.split_inclusive(' ').collect(),
                    false => vec![text],
                }
            };
            match say {
                Say::Text(text) => {
                    for piece in pieces(text) {
                        push(
                            true,
                            message("assistant_message", json!({"content": piece})),
                            None,
                            pause,
                        );
                    }
                }
                Say::Reasoning(text) => {
                    for piece in pieces(text) {
                        push(
                            true,
                            message("reasoning_message", json!({"reasoning": piece})),
                            None,
                            pause,
                        );
                    }
                }
                Say::Call(arguments) => {
                    let id = format!("call-{number}");
                    if self.script.tokens {
                        let name =
                            json!({"name": "look_up", "arguments": null, "tool_call_id": id});
                        push(
                            true,
                            message(
                                "tool_call_message",
                                json!({"tool_call": name, "tool_calls": name}),
                            ),
                            None,
                            pause,
                        );
                        for piece in pieces(arguments) {
                            let delta =
                                json!({"name": null, "arguments": piece, "tool_call_id": id});
                            push(
                                true,
                                message(
                                    "tool_call_message",
                                    json!({"tool_call": delta, "tool_calls": delta}),
                                ),
                                None,
                                pause,
                            );
                        }
                    } else {
                        let call =
                            json!({"name": "look_up", "arguments": arguments, "tool_call_id": id});
                        push(
                            true,
                            message(
                                "tool_call_message",
                                json!({"tool_call": call, "tool_calls": [call]}),
                            ),
                            None,
                            pause,
                        );
                    }
                }
                Say::Return(text) => {
                    let more =
                        json!({"tool_return": text, "status": "success", "tool_call_id": "call-0"});
                    push(true, message("tool_return_message", more), None, pause);
                }
                Say::Unknown(value) => {
                    push(
                        true,
                        message("hologram_message", json!({"value": value})),
                        None,
                        pause,
                    );
                }
            }
        }
        let stop = |reason: &str| json!({"message_type": "stop_reason", "stop_reason": reason});
        let pause = self.script.pause;
        match self.script.end {
            End::Well => {
                push(false, stop("end_turn"), None, pause);
                push(
                    false,
                    json!({"message_type": "usage_statistics", "total_tokens": 18}),
                    None,
                    Duration::ZERO,
                );
                push(false, json!("[DONE]"), None, Duration::ZERO);
            }
            End::Fails => {
                push(false, stop("error"), None, pause);
                push(false, stop("llm_api_error"), None, Duration::ZERO);
                let error = json!({"message_type": "error_message", "error_type": "internal_error", "message": "It broke.", "detail": "Why."});
                push(true, error, Some("error"), Duration::ZERO);
            }
            End::FailsSilently => push(false, stop("llm_api_error"), None, pause),
            End::Cancelled => {
                push(false, stop("cancelled"), None, pause);
                if is_background {
                    push(false, json!("[DONE]"), None, Duration::ZERO);
                }
            }
        }
        if let Some(last) = events.last_mut() {
            last.text = last.text.replace("\"[DONE]\"", "[DONE]");
        }
        events
    }

    /// Runs the agent, and returns the place of the run.
    fn execute(&self, body: &Value, is_background: bool) -> usize {
        let mut state = self.state.lock().unwrap();
        let otids: Vec<String> = body["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["otid"].as_str().unwrap().to_owned())
            .collect();
        state.heard.extend(otids.iter().cloned());
        let id = format!("run-{}", state.runs.len() + 1);
        let events = self.events(&id, is_background);
        let under_way = 1 + state.runs.iter().filter(|run| !run.is_over()).count();
        state.at_once = state.at_once.max(under_way);
        state.runs.push(Run {
            id,
            otids,
            events,
            began: Instant::now(),
            is_background,
        });
        state.runs.len() - 1
    }

    fn answer(self: &Arc<Self>, at: &Url, body: &Value, fault: &Fault) -> Response {
        let segments: Vec<&str> = at.path().split('/').skip(2).collect();
        let detail = |status: u16, text: &str| plain(status, json!({"detail": text}));
        match segments[..] {
            ["conversations", _, "messages"] => {
                let is_background = body["background"] == true;
                if is_background && !self.has_store {
                    return detail(
                        503,
                        "INTERNAL_SERVER_ERROR: Background streaming requires Redis to be running.",
                    );
                }
                let wanted = body["messages"][0]["otid"].as_str().unwrap_or_default();
                let known = self.place_of(|run| run.otids.iter().any(|otid| otid == wanted));
                match known {
                    Some(place) if is_background => self.stream(at, place, 0, fault),
                    _ => {
                        let busy = self.place_of(|run| !run.is_over());
                        if let Some(place) = busy {
                            let id = self.state.lock().unwrap().runs[place].id.clone();
                            return plain(
                                409,
                                json!({
                                    "detail": format!("CONFLICT: Cannot send a new message: Another request (run_id={id}) is currently being processed for this conversation."),
                                    "run_id": id,
                                }),
                            );
                        }
                        let place = self.execute(body, is_background);
                        self.stream(at, place, 0, fault)
                    }
                }
            }
            ["agents", _, "messages"] => {
                let place = self.execute(body, false);
                self.stream(at, place, 0, fault)
            }
            ["conversations", _, "stream"] => {
                let otid = body["otid"].as_str().unwrap_or_default();
                match self
                    .place_of(|run| run.is_background && run.otids.iter().any(|it| it == otid))
                {
                    Some(place) => self.stream(at, place, 0, fault),
                    None => detail(404, "No run found for otid."),
                }
            }
            ["runs", id, "stream"] => match self.place_of(|run| run.id == id) {
                Some(place) if self.state.lock().unwrap().runs[place].is_background => {
                    let after = body["starting_after"].as_u64().unwrap_or(0);
                    self.stream(at, place, usize::try_from(after).unwrap(), fault)
                }
                _ => detail(400, "Run was not created in background mode."),
            },
            ["runs", ..] if !self.shows_runs => detail(401, "Unauthorized"),
            ["runs", _] if self.is_hollow => detail(503, "a proxy"),
            ["runs", id] => match self.place_of(|run| run.id == id) {
                Some(place) => plain(
                    200,
                    self.state.lock().unwrap().runs[place].state(self.script.end),
                ),
                None => detail(404, "Run not found"),
            },
            ["runs", id, "messages"] => match self.place_of(|run| run.id == id) {
                Some(place) if body.is_null() => {
                    let state = self.state.lock().unwrap();
                    plain(200, self.stored(&state.runs[place]))
                }
                _ => plain(200, json!([])),
            },
            ["runs", _, "usage"] => plain(200, json!({"total_tokens": 18})),
            _ => detail(405, "Method Not Allowed"),
        }
    }

    fn place_of(&self, is_it: impl Fn(&Run) -> bool) -> Option<usize> {
        self.state.lock().unwrap().runs.iter().position(is_it)
    }

    /// The messages of a run, as they are stored: whole. Of one that broke in tokens, nothing is.
    fn stored(&self, run: &Run) -> Value {
        if !run.is_over() || (self.script.tokens && self.script.end != End::Well) {
            return json!([]);
        }
        let date = "2026-11-28T02:39:12+00:00";
        let messages = self.script.says.iter().enumerate().map(|(number, say)| {
            let (kind, more) = match say {
                Say::Text(text) => ("assistant_message", json!({"content": text})),
                Say::Reasoning(text) => ("reasoning_message", json!({"reasoning": text})),
                Say::Call(arguments) => {
                    let call = json!({"name": "look_up", "arguments": arguments, "tool_call_id": format!("call-{number}")});
                    ("tool_call_message", json!({"tool_call": call, "tool_calls": [call]}))
                }
                Say::Return(text) => (
                    "tool_return_message",
                    json!({"tool_return": text, "status": "success", "tool_call_id": "call-0"}),
                ),
                Say::Unknown(value) => ("hologram_message", json!({"value": value})),
            };
            let mut json = json!({"message_type": kind, "id": format!("message-{number}"), "date": date});
            json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json
        });
        messages.collect()
    }

    /// The events of a run after a number, with a fault.
    fn stream(&self, at: &Url, place: usize, after: usize, fault: &Fault) -> Response {
        let state = self.state.lock().unwrap();
        let run = &state.runs[place];
        let mut events: Vec<Event> = run.events[after.min(run.events.len())..].to_vec();
        if self.is_hollow {
            events.truncate(usize::from(after == 0));
        }
        let began = run.began;
        let mut end = BodyEnd::Well;
        match *fault {
            Fault::Break(count, bytes) => {
                end = BodyEnd::Breaks;
                let partial = events.get(count).map(|event| Event {
                    text: event.text.chars().take(bytes).collect(),
                    ..event.clone()
                });
                events.truncate(count);
                events.extend(partial);
            }
            Fault::EndEarly(count) => events.truncate(count),
            Fault::Stall(count) | Fault::PingsAlone(count) if count < events.len() => {
                let is_stall = matches!(fault, Fault::Stall(_));
                end = match is_stall {
                    true => BodyEnd::Stalls,
                    false => {
                        BodyEnd::Pings(events[..count].iter().rev().find_map(|event| event.seq))
                    }
                };
                events.truncate(count);
            }
            // Events without a number cannot be told apart, as on the real service's plain path.
            Fault::Repeat(at) if at < events.len() && events[at].seq.is_some() => {
                events.insert(at, events[at].clone());
            }
            // Nobody can see that the last event with a number is missing.
            Fault::Skip(at)
                if at + 1 < events.len()
                    && events[at].seq.is_some()
                    && events[at + 1].seq.is_some() =>
            {
                events.remove(at);
            }
            _ => {}
        }
        let size = match fault {
            Fault::Shred(size) => *size,
            _ => usize::MAX,
        };
        body(at.clone(), events, began, end, size, self.script.pings)
    }
}

enum BodyEnd {
    Well,
    Breaks,
    Stalls,
    /// Pings with the last number for ever.
    Pings(Option<usize>),
}

/// A body of these events, each at its time.
fn body(
    at: Url,
    events: Vec<Event>,
    began: Instant,
    end: BodyEnd,
    size: usize,
    pings: bool,
) -> Response {
    // What was there before comes at once; the rest has pings between.
    let mut before = began.elapsed();
    let mut last = None;
    let mut pieces: VecDeque<(Instant, Bytes)> = VecDeque::new();
    for event in events {
        while pings && event.at > before + Duration::from_secs(20) {
            before += Duration::from_secs(20);
            pieces.push_back((began + before, ping(last)));
        }
        before = before.max(event.at);
        last = event.seq.or(last);
        let bytes = event.text.into_bytes();
        let size = size.min(bytes.len().max(1));
        for piece in bytes.chunks(size) {
            pieces.push_back((began + event.at, Bytes::copy_from_slice(piece)));
        }
    }
    let pieces = stream::unfold((pieces, Some(end)), |(mut pieces, end)| async move {
        if let Some((at, piece)) = pieces.pop_front() {
            sleep_until(at).await;
            return Some((Ok(piece), (pieces, end)));
        }
        match end? {
            BodyEnd::Well => None,
            BodyEnd::Breaks => Some((Err(io::Error::other("it broke")), (pieces, None))),
            BodyEnd::Stalls => std::future::pending().await,
            BodyEnd::Pings(seq) => {
                sleep(Duration::from_secs(20)).await;
                Some((Ok(ping(seq)), (pieces, Some(BodyEnd::Pings(seq)))))
            }
        }
    });
    let response = http::Response::builder()
        .url(at)
        .header("content-type", "text/event-stream")
        .body(reqwest::Body::wrap_stream(pieces))
        .unwrap();
    reqwest::Response::from(response).into()
}

/// A ping that keeps the connection alive.
fn ping(seq: Option<usize>) -> Bytes {
    let ping = json!({"message_type": "ping", "id": "ping-2", "date": "2026-11-28T02:39:12+00:00", "seq_id": seq});
    Bytes::from(format!("data: {ping}\n\n"))
}

fn plain(status: u16, json: Value) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    Response::new(
        StatusCode::from_u16(status).unwrap(),
        headers,
        json.to_string(),
    )
}

impl Run {
    fn is_over(&self) -> bool {
        let last = self.events.last().map_or(Duration::ZERO, |event| event.at);
        self.began.elapsed() >= last
    }

    fn state(&self, end: End) -> Value {
        let (status, reason) = match (self.is_over(), end) {
            (false, _) => ("running", Value::Null),
            (true, End::Well) => ("completed", json!("end_turn")),
            (true, End::Fails | End::FailsSilently) => ("failed", json!("llm_api_error")),
            (true, End::Cancelled) => ("cancelled", json!("cancelled")),
        };
        json!({"id": self.id, "agent_id": "agent-1", "status": status, "stop_reason": reason})
    }
}

pub(super) struct Network(pub(super) Arc<Service>);

impl Transport for Network {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        request: reqwest::Request,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            sleep(Duration::from_millis(20)).await;
            let fault = self
                .0
                .faults
                .lock()
                .unwrap()
                .pop_front()
                .unwrap_or(Fault::None);
            let is_send = request.url().path().ends_with("/messages") && request.method() == "POST";
            if is_send && !matches!(fault, Fault::Status(429)) {
                self.0.state.lock().unwrap().sent += 1;
            }
            let lost = || Err(TransportError::new(io::Error::other("it broke")));
            match fault {
                Fault::LoseRequest => return lost(),
                Fault::Status(status) => return Ok(plain(status, json!({"detail": "a proxy"}))),
                _ => {}
            }
            let body = request
                .body()
                .and_then(|body| body.as_bytes())
                .unwrap_or_default();
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            // A list's second page is empty.
            let is_next_page = request
                .url()
                .query()
                .is_some_and(|query| query.contains("after="));
            let body = if is_next_page { json!("next") } else { body };
            let answer = self.0.answer(request.url(), &body, &fault);
            match fault {
                Fault::LoseAnswer => lost(),
                Fault::StatusAfter(status) => Ok(plain(status, json!({"detail": "a proxy"}))),
                _ => Ok(answer),
            }
        })
    }
}
