//! What a real server sent and was sent is read and written by the generated types, with nothing dropped and nothing unknown.
//!
//! The captures are not part of this repository. `LETTA_CAPTURES` names their folder: a pair of files for each exchange,
//! `NAME.request.http` and `NAME.response.http`, with the bytes as they crossed the wire.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use letta_api::{
    BaseUrl, BoxFuture, Client, Error, EventStream, Response, ServiceError, Transport,
    TransportError,
};
use letta_api_operations_tests::{
    Answer, Args, Body, Description, Failed, Gave, Gives, Kept, Method, Operation, Way,
};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::server::run;
use crate::table::{Row, operations};

const FOLDER: &str = "LETTA_CAPTURES";

/// The longest capture that is read, in bytes.
const LONGEST: u64 = 64 * 1024 * 1024;

/// A message of HTTP.
struct Message {
    /// The words of the first line.
    first: Vec<String>,
    headers: http::HeaderMap,
    body: Vec<u8>,
}

impl Message {
    /// Reads a message, its body without chunks. A body that breaks off is as long as it is.
    fn read(path: &Path) -> Self {
        let length = std::fs::metadata(path).unwrap().len();
        assert!(length <= LONGEST, "{} is too long", path.display());
        let bytes = std::fs::read(path).unwrap();
        let end = bytes.windows(4).position(|it| it == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("{} has no head", path.display()));
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let mut headers = http::HeaderMap::new();
        for (name, value) in lines.filter_map(|it| it.split_once(':')) {
            let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, value.trim().parse().unwrap());
        }
        let body = &bytes[end + 4..];
        let is_chunked = headers
            .get("transfer-encoding")
            .is_some_and(|it| it == "chunked");
        Self {
            first: first.split(' ').map(str::to_owned).collect(),
            headers,
            body: if is_chunked {
                without_chunks(body)
            } else {
                body.to_vec()
            },
        }
    }

    fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    fn is_events(&self) -> bool {
        let media = self.headers.get("content-type");
        media.is_some_and(|it| it.as_bytes().starts_with(b"text/event-stream"))
    }
}

fn without_chunks(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|it| it == b"\r\n") {
        let size = std::str::from_utf8(&bytes[..end]).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let rest = &bytes[end + 2..];
        let piece = &rest[..size.min(rest.len())];
        body.extend_from_slice(piece);
        bytes = rest.get(size + 2..).unwrap_or_default();
        if size == 0 {
            break;
        }
    }
    body
}

/// An exchange that was captured.
struct Exchange {
    name: String,
    method: String,
    /// Its path, without the slash at the end.
    path: Vec<String>,
    query: Vec<(String, String)>,
    request: Message,
    status: u16,
    response: Message,
}

impl Exchange {
    fn read(folder: &Path, name: &str) -> Self {
        let file = |kind: &str| Message::read(&folder.join(format!("{name}.{kind}.http")));
        let (request, response) = (file("request"), file("response"));
        let (path, query) = match request.first[1].split_once('?') {
            Some((path, query)) => (path, query),
            None => (request.first[1].as_str(), ""),
        };
        Self {
            name: name.to_owned(),
            method: request.first[0].clone(),
            path: segments(path),
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            status: response.first[1].parse().unwrap(),
            request,
            response,
        }
    }

    /// The names of all in a folder.
    fn names(folder: &Path) -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder);
        let entries = entries.unwrap_or_else(|it| panic!("{}: {it}", folder.display()));
        let names = entries.filter_map(|it| it.unwrap().file_name().into_string().ok());
        let names = names.filter_map(|it| Some(it.strip_suffix(".response.http")?.to_owned()));
        names.collect()
    }

    fn matches(&self, operation: &Operation) -> bool {
        let template = segments(&operation.path);
        operation.method == self.method
            && template.len() == self.path.len()
            && template
                .iter()
                .zip(&self.path)
                .all(|(is, has)| is == has || is.starts_with('{'))
    }

    /// The arguments of the call. A member of the query that the operation does not declare is an error.
    fn args(&self, operation: &Operation) -> Result<Args, String> {
        let mut args = Args::new();
        for (name, value) in segments(&operation.path).iter().zip(&self.path) {
            if let Some(name) = name.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
                args = args.with("path", name, value.as_str());
            }
        }
        let mut lists: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for (name, text) in &self.query {
            let mut declared = operation.parameters.iter();
            let declared = declared.find(|it| (&*it.place, &*it.name) == ("query", name));
            let declared = declared.ok_or(format!("{name} in query is not declared"))?;
            match &declared.value {
                Value::Array(items) => {
                    let list = lists.entry(name).or_default();
                    list.push(as_kind_of(&items[0], text));
                }
                kind => args = args.with("query", name, as_kind_of(kind, text)),
            }
        }
        for (name, list) in lists {
            args = args.with("query", name, list);
        }
        Ok(args)
    }
}

fn segments(path: &str) -> Vec<String> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let segments = path.split('/').map(|it| percent_decode_str(it));
    segments
        .map(|it| it.decode_utf8_lossy().into_owned())
        .collect()
}

fn as_kind_of(kind: &Value, text: &str) -> Value {
    match kind {
        Value::String(_) => text.into(),
        _ => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
    }
}

/// Gives each request the captured answer, and keeps what was sent.
struct Replay {
    status: u16,
    headers: http::HeaderMap,
    body: Vec<u8>,
    sent: Mutex<Option<reqwest::Request>>,
}

struct Replayed(Arc<Replay>);

impl Transport for Replayed {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        request: reqwest::Request,
        _: &'static letta_api::Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        *self.0.sent.lock().unwrap() = Some(request);
        let status = reqwest::StatusCode::from_u16(self.0.status).unwrap();
        let response = Response::new(status, self.0.headers.clone(), self.0.body.clone());
        Box::pin(async move { Ok(response) })
    }
}

/// What was looked at.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    requests: usize,
    answers: usize,
    events: usize,
    errors: usize,
}

struct Check<'a> {
    description: &'a Description,
    kept: Kept,
    tally: Tally,
    wrong: Vec<String>,
}

impl Check<'_> {
    fn exchange(&mut self, exchange: &Exchange, row: &Row<'_>, operation: &Operation) {
        let problems = match exchange.args(operation) {
            Ok(args) => self.call(exchange, row, args),
            Err(problem) => vec![problem],
        };
        let problems = problems.into_iter();
        self.wrong
            .extend(problems.map(|it| format!("{} ({}): {it}", exchange.name, row.name)));
    }

    fn call(&mut self, exchange: &Exchange, row: &Row<'_>, args: Args) -> Vec<String> {
        let Exchange {
            request, response, ..
        } = exchange;
        let body = request.json();
        // The same path answers with events or with JSON.
        let method = [Some(row.name), row.events]
            .into_iter()
            .flatten()
            .filter_map(Method::named)
            .find(|it| {
                let gives_events = matches!(it.gives, Gives::Events(_));
                row.events.is_none() || gives_events == response.is_events()
            })
            .unwrap();
        let mut wrong = Vec::new();
        let mut args = args;
        match (method.body, &body) {
            (Body::None, None) | (Body::Optional(_), None) => {}
            (Body::Form, None) => args = args.with("form", "file", "as it was"),
            (Body::Required(reader) | Body::Optional(reader), Some(body)) => {
                let problems = self
                    .kept
                    .problems(self.description, reader, body, Way::Sent);
                if exchange.status == 422 && !problems.is_empty() {
                    // The server refused it for its form, so it need not be one that the types can make.
                    self.error(exchange, &mut wrong);
                    return wrong;
                }
                let problems = problems.into_iter();
                wrong.extend(problems.map(|it| format!("the request {it}")));
                self.tally.requests += 1;
                args = args.with_body(body.clone());
            }
            (kind, body) => return vec![format!("takes {kind:?}, and was sent {body:?}")],
        }

        let replay = Arc::new(Replay {
            status: exchange.status,
            headers: response.headers.clone(),
            body: response.body.clone(),
            sent: Mutex::default(),
        });
        let base_url = BaseUrl::parse("http://localhost:8283").unwrap();
        let client =
            Client::new(base_url, reqwest::Client::new()).with_transport(Replayed(replay.clone()));
        let outcome = run((method.call)(&client, &args));
        let sent = replay.sent.lock().unwrap().take();
        match sent {
            Some(sent) => wrong.extend(self.sent(exchange, method, &sent, body)),
            None => return vec![format!("the call was not made: {outcome:?}")],
        }
        match outcome {
            Ok(answer) => wrong.extend(self.answer(exchange, method, &answer)),
            Err(Failed::Call(error)) if exchange.status >= 400 => match *error {
                Error::ErrorResponse(answer) if answer.status() == exchange.status => {
                    self.error(exchange, &mut wrong);
                }
                other => wrong.push(format!("{other:?}")),
            },
            Err(failed) => wrong.push(format!("{failed:?}")),
        }
        wrong
    }

    /// The request that the method makes is the captured one.
    fn sent(
        &self,
        exchange: &Exchange,
        method: &Method,
        sent: &reqwest::Request,
        body: Option<Value>,
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        if (sent.method().as_str(), segments(sent.url().path()))
            != (exchange.method.as_str(), exchange.path.clone())
        {
            wrong.push(format!("is sent to {} {}", sent.method(), sent.url()));
        }
        let mut query: Vec<(String, String)> = sent.url().query_pairs().into_owned().collect();
        let mut captured = exchange.query.clone();
        query.sort();
        captured.sort();
        if query != captured {
            wrong.push(format!("sends {query:?}, not {captured:?}"));
        }
        if matches!(method.body, Body::Form) {
            return wrong;
        }
        let mut body = body;
        if let Some((member, value)) = method.pins {
            body.get_or_insert_with(|| json!({}))[member] = value.into();
        }
        let bytes = sent.body().and_then(reqwest::Body::as_bytes);
        let sent: Option<Value> = bytes.and_then(|it| serde_json::from_slice(it).ok());
        if sent != body {
            wrong.push(format!("sends {sent:?}, not {body:?}"));
        }
        wrong
    }

    fn answer(&mut self, exchange: &Exchange, method: &Method, answer: &Answer) -> Vec<String> {
        let body = &exchange.response.body;
        match (&answer.gave, method.gives) {
            (Gave::Json(_), Gives::Nothing) => {
                self.tally.answers += 1;
                Vec::new()
            }
            (Gave::Json(_), Gives::Json(reader)) => {
                self.tally.answers += 1;
                let value = exchange.response.json().unwrap_or_default();
                self.kept
                    .problems(self.description, reader, &value, Way::Received)
            }
            (Gave::Events(events), Gives::Events(reader)) => {
                let frames = frames(body);
                let mut wrong = Vec::new();
                let data: Vec<&String> = frames.iter().filter(|it| *it != "[DONE]").collect();
                if events.len() != data.len() {
                    wrong.push(format!("{} of {} events", events.len(), data.len()));
                }
                for (data, event) in data.iter().zip(events) {
                    self.tally.events += 1;
                    match event {
                        Err(error) => wrong.push(format!("{error}: {data}")),
                        Ok(_) => {
                            let value: Value = serde_json::from_str(data).unwrap();
                            wrong.extend(self.kept.problems(
                                self.description,
                                reader,
                                &value,
                                Way::Received,
                            ));
                        }
                    }
                }
                wrong
            }
            (gave, gives) => vec![format!("{gives:?} gave {gave:?}")],
        }
    }

    fn error(&mut self, exchange: &Exchange, wrong: &mut Vec<String>) {
        self.tally.errors += 1;
        wrong.extend(silent(&exchange.response));
    }
}

/// An error says something, and keeps all that the server said.
fn silent(response: &Message) -> Option<String> {
    let error = ServiceError::read(&response.body);
    let said = response.json().unwrap_or_default();
    if error.message().is_none() && error.fields().is_empty() {
        return Some(format!("the error says nothing: {said}"));
    }
    let trace = error.trace_id() == said["trace_id"].as_str();
    (*error.json() != said || !trace).then(|| format!("the error drops some of {said}"))
}

/// The data of each event.
fn frames(body: &[u8]) -> Vec<String> {
    run(async {
        let body = bytes::Bytes::copy_from_slice(body);
        let mut frames = EventStream::<Value>::new(body.into()).frames();
        let mut found = Vec::new();
        while let Some(frame) = frames.next().await {
            found.push(frame.unwrap().data().to_owned());
        }
        found
    })
}

#[test]
fn every_captured_exchange_is_read_and_can_be_sent() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        println!("skipped: {FOLDER} names no folder of captures");
        return;
    };
    let description = Description::read();
    let operations = operations(&description);
    let mut check = Check {
        description: &description,
        kept: Kept::default(),
        tally: Tally::default(),
        wrong: Vec::new(),
    };
    let names = Exchange::names(&folder);
    let mut others = Vec::new();
    for name in &names {
        let exchange = Exchange::read(&folder, name);
        let found = operations.iter().find(|(_, it)| exchange.matches(it));
        match found {
            // A slash too few or too many. The HTTP client goes on to the same path, and calls are made with the right one.
            Some(_) if (300..400).contains(&exchange.status) => {
                let target = exchange.response.headers.get("location");
                let target = target.and_then(|it| it.to_str().ok()).unwrap_or_default();
                let base = url::Url::parse("http://localhost").unwrap();
                let target = base.join(target).map(|it| segments(it.path()));
                if target.as_ref() != Ok(&exchange.path) {
                    check.wrong.push(format!("{name}: leads to {target:?}"));
                }
            }
            Some((row, operation)) => check.exchange(&exchange, row, operation),
            // No operation of ours: the server refused a method that it does not know, or the path is not public.
            None => {
                others.push(format!("{} {}", exchange.method, exchange.path.join("/")));
                if exchange.status < 400 {
                    check.wrong.push(format!("{name}: there is no operation"));
                }
                check.wrong.extend(silent(&exchange.response));
            }
        }
    }
    println!(
        "{} exchanges: {:?}; of no operation: {others:?}",
        names.len(),
        check.tally
    );
    assert!(check.wrong.is_empty(), "{:#?}", check.wrong);
    assert!(check.tally.requests > 0 && check.tally.answers > 0);
    assert!(check.tally.events > 0 && check.tally.errors > 0);
}
