//! Plays scenes on a server over plain HTTP, and keeps what was heard.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::scenes::{How, Scene, Step};

/// How long an answer may take as a whole. A server that is busy needs most of it.
const LIMIT: Duration = Duration::from_secs(60);

/// The longest answer that is read, in bytes.
const LONGEST: usize = 8 * 1024 * 1024;

/// How often a call is made again until its answer is the one that a step waits for, and the time in between.
const TRIES: usize = 200;
const PAUSE: Duration = Duration::from_millis(100);

/// A server to play on.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) base_url: String,
    pub(super) api_key: String,
    pub(super) model: String,
    pub(super) embedding: String,
}

/// What was heard of a request.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) status: u16,
    pub(super) media: String,
    pub(super) body: Body,
}

/// What a body says.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// JSON, or null for no byte.
    Value(Value),
    /// Something else.
    Text(String),
    Events {
        events: Vec<Event>,
        end: End,
    },
}

/// An event of a stream. Its data is JSON, or a text.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) name: Option<String>,
    pub(super) data: Value,
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    /// With `[DONE]`.
    Done,
    /// Without it.
    Closed,
    /// The connection broke.
    Broken,
    /// It did not end in the time that the step gives it.
    Open,
}

/// An exchange of a scene.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    /// The scene and the step.
    pub(super) name: String,
    pub(super) step: Step,
    /// The path and query, and the body, as they were sent.
    pub(super) target: String,
    pub(super) sent: Option<Value>,
    pub(super) heard: Heard,
}

/// A request under way, the answer to which is read in a task.
struct Reading {
    task: JoinHandle<Heard>,
    events: watch::Receiver<usize>,
    exchange: Exchange,
}

pub(super) struct Player<'a> {
    server: &'a Server,
    client: reqwest::Client,
    kept: BTreeMap<String, Value>,
    readings: BTreeMap<String, Reading>,
    exchanges: Vec<Exchange>,
}

impl Exchange {
    /// Whether no answer came in time.
    fn is_unanswered(&self) -> bool {
        self.heard.status == 0 && !matches!(self.step.how, How::Within(_))
    }
}

impl Server {
    /// All exchanges of the scene.
    ///
    /// Now and then, a real server does not answer a request that it answers otherwise. So a scene in which that happens is played
    /// again.
    pub(super) async fn play(&self, scene: &Scene) -> Vec<Exchange> {
        let exchanges = self.play_once(scene).await;
        match exchanges.iter().find(|it| it.is_unanswered()) {
            Some(exchange) => {
                println!("{} is not answered", exchange.name);
                self.play_once(scene).await
            }
            None => exchanges,
        }
    }

    async fn play_once(&self, scene: &Scene) -> Vec<Exchange> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            // A real server resets the connection on which it answered 500.
            .pool_max_idle_per_host(0)
            .build()
            .expect("nothing in this needs the system");
        let task = json!({ "model": self.model, "embedding": self.embedding, "unique": uuid() });
        let otids: Vec<String> = (0..10).map(|_| uuid()).collect();
        let mut player = Player {
            server: self,
            client,
            kept: BTreeMap::from([
                ("task".to_owned(), task),
                ("otids".to_owned(), otids.into()),
            ]),
            readings: BTreeMap::new(),
            exchanges: Vec::new(),
        };
        for step in &scene.steps {
            player.step(scene, step).await;
        }
        let left = player.readings.into_values();
        left.for_each(|it| it.task.abort());
        player.exchanges
    }
}

impl Player<'_> {
    async fn step(&mut self, scene: &Scene, step: &Step) {
        match &step.how {
            How::End => {
                let Some(reading) = self.readings.remove(&step.name) else {
                    panic!("{}: {} has not begun", scene.name, step.name)
                };
                let heard = reading.task.await.expect("reading does not fail");
                self.keep(Exchange {
                    heard,
                    ..reading.exchange
                });
            }
            How::Leave => {
                if let Some(reading) = self.readings.remove(&step.name) {
                    reading.task.abort();
                }
            }
            How::Begin(events) => {
                let mut reading = self.begin(scene, step, LIMIT);
                let limit = Instant::now() + LIMIT;
                // A request that is answered at once may have fewer events.
                let _ = timeout_at(limit, reading.events.wait_for(|count| count >= events)).await;
                self.readings.insert(step.name.clone(), reading);
            }
            How::Whole => {
                let reading = self.begin(scene, step, LIMIT);
                self.finish(reading).await;
            }
            How::Within(limit) => {
                let reading = self.begin(scene, step, *limit);
                self.finish(reading).await;
            }
            How::Until(at, is) => {
                for attempt in 1..=TRIES {
                    let reading = self.begin(scene, step, LIMIT);
                    let heard = reading.task.await.expect("reading does not fail");
                    let value = found(&value(&heard), at);
                    let came = match is.is_empty() {
                        true => value.is_some(),
                        false => is.iter().any(|it| value.as_ref().is_some_and(|v| v == it)),
                    };
                    if came || heard.status >= 400 || attempt == TRIES {
                        let exchange = reading.exchange;
                        return self.keep(Exchange { heard, ..exchange });
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn finish(&mut self, reading: Reading) {
        let heard = reading.task.await.expect("reading does not fail");
        self.keep(Exchange {
            heard,
            ..reading.exchange
        });
    }

    fn keep(&mut self, exchange: Exchange) {
        let said = value(&exchange.heard);
        self.kept.insert(exchange.step.name.clone(), said);
        self.exchanges.push(exchange);
    }

    /// Sends a request, and has a task read the answer until the limit.
    fn begin(&self, scene: &Scene, step: &Step, limit: Duration) -> Reading {
        let (method, path) = step.call.split_once(' ').expect("a method and a path");
        let target = self.path(path);
        let sent = step.body.as_ref().map(|it| self.argument(it));
        let method = method.parse().expect("a method");
        let url = format!("{}{target}", self.server.base_url);
        let mut request = self
            .client
            .request(method, url)
            .bearer_auth(&self.server.api_key)
            .header("user-agent", "a-comparison/1.0");
        if !step.legacy {
            request = request.header("x-stainless-package-version", "1.12.1");
        }
        match (&sent, &step.file) {
            (_, Some(file)) => {
                let boundary = "a-boundary-of-a-comparison";
                let body = format!(
                    "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"hello.txt\"\r\nContent-Type: text/plain\r\n\r\n{file}\r\n--{boundary}--\r\n"
                );
                request = request
                    .header(
                        "content-type",
                        format!("multipart/form-data; boundary={boundary}"),
                    )
                    .body(body);
            }
            (Some(body), None) => {
                request = request
                    .header("content-type", "application/json")
                    .body(body.to_string());
            }
            (None, None) => {}
        }
        let (count, events) = watch::channel(0);
        let limit = Instant::now() + limit;
        Reading {
            task: tokio::spawn(async move { read(request, limit, &count).await }),
            events,
            exchange: Exchange {
                name: format!("{}/{}", scene.name, step.name),
                step: step.clone(),
                target,
                sent,
                heard: Heard {
                    status: 0,
                    media: String::new(),
                    body: Body::Value(Value::Null),
                },
            },
        }
    }

    /// A path with all that it refers to, in braces, in its place.
    fn path(&self, path: &str) -> String {
        let mut parts = path.split('{');
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').expect("a brace closes");
            match self.referred(name) {
                Some(Value::String(text)) => whole += &text,
                Some(value) => whole += &value.to_string(),
                None => whole += "not-there",
            }
            whole += rest;
        }
        whole
    }

    /// A value with all that it refers to, by `$`, in its place.
    fn argument(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match text.strip_prefix('$') {
                Some(name) => self.referred(name).unwrap_or_else(|| "not-there".into()),
                None => value.clone(),
            },
            Value::Array(items) => items.iter().map(|it| self.argument(it)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, it)| (name.clone(), self.argument(it)))
                .collect(),
            _ => value.clone(),
        }
    }

    fn referred(&self, text: &str) -> Option<Value> {
        let end = text.find(['.', '[']).unwrap_or(text.len());
        found(self.kept.get(&text[..end])?, &text[end..])
    }
}

/// What an exchange gave as a value: that of the answer, or the data of all events.
pub(super) fn value(heard: &Heard) -> Value {
    match &heard.body {
        Body::Value(value) => value.clone(),
        Body::Text(text) => text.as_str().into(),
        Body::Events { events, .. } => events.iter().map(|it| it.data.clone()).collect(),
    }
}

/// The value at a path: `.member`, `.0`, `.-1` from the end, `[member=value]` for the first item that has this member.
fn found(value: &Value, path: &str) -> Option<Value> {
    let path = path.replace('[', ".[");
    let mut value = value;
    for word in path.split('.').filter(|it| !it.is_empty()) {
        value = match (word.strip_prefix('['), value) {
            (Some(condition), Value::Array(items)) => {
                let (member, wanted) = condition.trim_end_matches(']').split_once('=')?;
                items.iter().find(|it| it[member] == wanted)?
            }
            (None, Value::Array(items)) => match word.strip_prefix('-') {
                Some(back) => items.get(items.len().checked_sub(back.parse().ok()?)?)?,
                None => items.get(word.parse::<usize>().ok()?)?,
            },
            (None, value) => value.get(word)?,
            _ => return None,
        };
    }
    (!value.is_null()).then(|| value.clone())
}

/// A UUID at random.
fn uuid() -> String {
    let text = format!("{:032x}", fastrand::u128(..));
    let (a, b, c, d) = (&text[..8], &text[8..12], &text[13..16], &text[17..20]);
    format!("{a}-{b}-4{c}-8{d}-{}", &text[20..])
}

/// Sends a request, and reads the answer until the limit. `count` gets how many events there are.
async fn read(
    request: reqwest::RequestBuilder,
    limit: Instant,
    count: &watch::Sender<usize>,
) -> Heard {
    let silent = |body| Heard {
        status: 0,
        media: String::new(),
        body,
    };
    let mut answer = match timeout_at(limit, request.send()).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return silent(Body::Text(format!("no answer: {}", error.without_url()))),
        Err(_) => {
            let (events, end) = (Vec::new(), End::Open);
            return silent(Body::Events { events, end });
        }
    };
    let status = answer.status().as_u16();
    let media = answer.headers().get("content-type");
    let media = media.and_then(|it| it.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().to_owned();
    let is_stream = media == "text/event-stream";
    let mut bytes = Vec::new();
    let end = loop {
        match timeout_at(limit, answer.chunk()).await {
            Ok(Ok(Some(part))) => bytes.extend_from_slice(&part),
            Ok(Ok(None)) => break End::Closed,
            Ok(Err(_)) => break End::Broken,
            Err(_) => break End::Open,
        }
        assert!(bytes.len() <= LONGEST, "an answer is too long");
        if is_stream {
            // Nobody listens after the last step.
            let _ = count.send(events(&bytes).0.len());
        }
    };
    let body = if is_stream {
        let (events, is_done) = events(&bytes);
        let end = if is_done { End::Done } else { end };
        Body::Events { events, end }
    } else {
        body(&bytes)
    };
    Heard {
        status,
        media,
        body,
    }
}

/// What the body of an answer that is not a stream says.
pub(super) fn body(bytes: &[u8]) -> Body {
    match bytes.is_empty() {
        true => Body::Value(Value::Null),
        false => serde_json::from_slice(bytes).map_or_else(
            |_| Body::Text(String::from_utf8_lossy(bytes).into_owned()),
            Body::Value,
        ),
    }
}

/// The whole events in these bytes, and whether `[DONE]` came.
pub(super) fn events(bytes: &[u8]) -> (Vec<Event>, bool) {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    let whole = text.rfind("\n\n").map_or("", |end| &text[..end]);
    for block in whole.split("\n\n").filter(|it| !it.trim().is_empty()) {
        let field = |name: &str| {
            let lines = block.lines();
            lines.filter_map(|it| it.strip_prefix(name)).next()
        };
        let data = field("data: ").unwrap_or_default();
        if data == "[DONE]" {
            return (found, true);
        }
        found.push(Event {
            name: field("event: ").map(str::to_owned),
            data: serde_json::from_str(data).unwrap_or_else(|_| data.into()),
        });
    }
    (found, false)
}
