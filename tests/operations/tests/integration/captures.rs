//! What a real server sent and was sent is read and written by the generated types, with nothing dropped and nothing unknown.
//!
//! The captures are not part of this repository. `LETTA_CAPTURES` names their folder: a pair of files for each exchange,
//! `NAME.request.http` and `NAME.response.http`, with the bytes as they crossed the wire.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use letta_api::{
    BaseUrl, BoxFuture, Client, Error, EventStream, Response, ServiceError, Transport,
    TransportError,
};
use letta_api_operations_tests::{
    Answer, Args, Body, Description, Exchange, Failed, Gave, Gives, Kept, Message, Method,
    Operation, Way, segments,
};
use serde_json::{Value, json};

use crate::server::run;
use crate::table::{Row, operations};

const FOLDER: &str = "LETTA_CAPTURES";

fn matches(exchange: &Exchange, operation: &Operation) -> bool {
    let template = segments(&operation.path);
    operation.method == exchange.method
        && template.len() == exchange.path.len()
        && template
            .iter()
            .zip(&exchange.path)
            .all(|(is, has)| is == has || is.starts_with('{'))
}

/// The arguments of the call. A member of the query that the operation does not declare is an error.
fn args_of(exchange: &Exchange, operation: &Operation) -> Result<Args, String> {
    let mut args = Args::new();
    for (name, value) in segments(&operation.path).iter().zip(&exchange.path) {
        if let Some(name) = name.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
            args = args.with("path", name, value.as_str());
        }
    }
    let mut lists: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (name, text) in &exchange.query {
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
        let problems = match args_of(exchange, operation) {
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
        let found = operations.iter().find(|(_, it)| matches(&exchange, it));
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
