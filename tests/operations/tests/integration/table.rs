//! Every operation of a table of our own is in the description and the client, and no other; and each sends and reads what the
//! description's examples say.

use std::collections::BTreeMap;
use std::path::Path;

use letta_api_operations_tests::{
    Answer, Args, Body, Content, Description, Gave, Gives, METHODS, Method, Operation,
};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::server::{KEY, Reply, Scripted, run};

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const FORM: &str = "multipart/form-data";

/// A line of the table.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// The method for JSON, or the only one.
    pub(crate) name: &'a str,
    /// The method for events, besides the other.
    pub(crate) events: Option<&'a str>,
    body: &'a str,
    answer: &'a str,
    pin: Option<&'a str>,
}

const HEAD: &str = "tag\tmethod\tpath\tname\tfor events\tbody\tanswer\tpin";

/// The table. With `UPDATE_EXPECT=1`, it is written anew first: the diff is to be reviewed.
pub(crate) fn table() -> Vec<Row<'static>> {
    rows(include_str!("../../operations.tsv"))
}

fn rows(text: &str) -> Vec<Row<'_>> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(HEAD));
    let rows = lines.map(|line| {
        let [_, method, path, name, events, body, answer, pin] = line
            .split('\t')
            .collect::<Vec<_>>()
            .try_into()
            .unwrap_or_else(|_| panic!("not a line of the table: {line}"));
        let given = |text: &'_ str| (text != "-").then_some(text.len());
        Row {
            method,
            path,
            name,
            events: given(events).map(|_| events),
            body,
            answer,
            pin: given(pin).map(|_| pin),
        }
    });
    rows.collect()
}

fn content<'a>(contents: &'a [Content], media: &str) -> Option<&'a Content> {
    contents.iter().find(|it| it.media == media)
}

/// The content of the first success, with its status.
fn success(operation: &Operation) -> (u16, &[Content]) {
    let mut answers = operation.answers.iter();
    let (status, contents) = answers
        .find(|(status, _)| status.starts_with('2'))
        .expect("it has a success");
    (status.parse().unwrap(), contents)
}

/// The line for an operation, of what the description says and of the methods that there are.
fn line(operation: &Operation) -> String {
    let methods: Vec<&Method> = METHODS
        .iter()
        .filter(|it| {
            let of = it.operation;
            (of.method, of.path_template) == (&operation.method, &operation.path)
        })
        .collect();
    let (name, events) = match methods.as_slice() {
        [only] => (only.name, "-"),
        [json, events] if matches!(events.gives, Gives::Events(_)) => (json.name, events.name),
        other => panic!("{} has {other:?}", operation.path),
    };
    let body = match operation.bodies.as_slice() {
        _ if matches!(methods[0].body, Body::None) => "-",
        [only] if only.media == FORM => "form",
        // The overlay may ask for a body that is documented as optional, and not the other way round.
        [only] if only.media == JSON => match methods[0].body {
            Body::Required(_) => "json",
            Body::Optional(_) if !operation.needs_body => "json?",
            other => panic!("{} has {other:?}", operation.path),
        },
        other => panic!("{} has {other:?}", operation.path),
    };
    let answer = match methods[0].gives {
        Gives::Nothing => "nothing",
        Gives::Json(_) => "json",
        Gives::Events(_) => "events",
    };
    let Operation {
        tag, method, path, ..
    } = operation;
    let pin = methods[0].pins.map_or("-", |it| it.0);
    format!("{tag}\t{method}\t{path}\t{name}\t{events}\t{body}\t{answer}\t{pin}")
}

#[test]
fn the_table_has_the_operations_of_the_description_and_no_other() {
    let description = Description::read();
    let mut expected = format!("{HEAD}\n");
    for operation in description.operations() {
        expected += &format!("{}\n", line(&operation));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("operations.tsv");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let table = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    let expected: Vec<&str> = expected.lines().collect();
    let missing: Vec<_> = expected.iter().filter(|it| !lines.contains(it)).collect();
    let extra: Vec<_> = lines.iter().filter(|it| !expected.contains(it)).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "missing: {missing:#?}\nextra: {extra:#?}"
    );
    assert_eq!(lines.len() - 1, 129);
    let rows = rows(&table);
    let mut names: Vec<&str> = rows
        .iter()
        .flat_map(|it| [Some(it.name), it.events])
        .flatten()
        .collect();
    let of_client: Vec<&str> = letta_api::operations::ALL.iter().map(|it| it.id).collect();
    assert_eq!(names.len(), of_client.len());
    names.retain(|it| !of_client.contains(it));
    assert!(names.is_empty(), "the client has no {names:?}");
}

/// The operations of the description with their lines.
pub(crate) fn operations(description: &Description) -> Vec<(Row<'static>, Operation)> {
    let mut rows = table();
    let operations = description.operations().into_iter().map(|it| {
        let at = rows
            .iter()
            .position(|row| (row.method, row.path) == (&*it.method, &*it.path));
        let at = at.unwrap_or_else(|| panic!("the table has no {} {}", it.method, it.path));
        (rows.swap_remove(at), it)
    });
    operations.collect()
}

/// The segments of a path, each as text.
fn segments(path: &str) -> Vec<String> {
    let segments = path.split('/').map(|it| percent_decode_str(it));
    segments
        .map(|it| it.decode_utf8_lossy().into_owned())
        .collect()
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// What the description's examples say is sent.
pub(crate) struct Sent {
    pub(crate) args: Args,
    body: Option<Value>,
}

/// All parameters and the body, each with its example. A query parameter that has none gets a value that its schema allows.
pub(crate) fn sent(operation: &Operation, row: &Row<'_>) -> Result<Sent, String> {
    let mut args = Args::new();
    for parameter in &operation.parameters {
        if parameter.place == "path" && !parameter.has_example {
            return Err(format!("{} has no example", parameter.name));
        }
        // A header is visible ASCII.
        let value = match parameter.place.as_str() {
            "header" => json!("a b&c"),
            _ => parameter.value.clone(),
        };
        args = args.with(&parameter.place, &parameter.name, value);
    }
    let mut body = None;
    if row.body != "-" {
        let content = operation.bodies.first().ok_or("there is no body")?;
        let example = content.example.clone();
        body = Some(example.ok_or("the body has no example")?);
    }
    match (&body, row.body) {
        (Some(Value::Object(parts)), "form") => {
            for (name, value) in parts {
                args = args.with("form", name, value.clone());
            }
        }
        (body, _) => args = args.with_body(body.clone()),
    }
    Ok(Sent { args, body })
}

/// A call, with the answer that the description shows.
struct Call {
    reply: Reply,
    accept: &'static str,
    /// What the method must give.
    gives: Value,
}

fn call(operation: &Operation, row: &Row<'_>, method: &Method) -> Result<Call, String> {
    let (status, contents) = success(operation);
    // HTTP has no content there, whatever is documented.
    let contents = if status == 204 { &[] } else { contents };
    let example = |media: &str| {
        let content = content(contents, media).ok_or(format!("there is no {media}"))?;
        let example = content.example.clone();
        example.ok_or(format!("{media} has no example"))
    };
    let is_second = row.events == Some(method.name);
    let (reply_media, body, gives) = match (row.answer, is_second) {
        ("json", false) => {
            let example = example(JSON)?;
            (Some(JSON), example.to_string(), example)
        }
        ("nothing", false) => match contents {
            [] => (None, String::new(), Value::Null),
            _ => (Some(JSON), example(JSON)?.to_string(), Value::Null),
        },
        ("events", false) | ("json", true) => {
            let example = example(EVENTS)?;
            let text = format!("data: {example}\n\ndata: {example}\n\ndata: [DONE]\n\n");
            (Some(EVENTS), text, json!([example, example]))
        }
        other => return Err(format!("no answer of {other:?}")),
    };
    let accept = match method.gives {
        Gives::Events(_) => EVENTS,
        Gives::Json(_) | Gives::Nothing => JSON,
    };
    Ok(Call {
        reply: Reply {
            status,
            media: reply_media,
            body: body.into_bytes(),
        },
        accept,
        gives,
    })
}

fn gave(answer: &Answer) -> Result<Value, String> {
    match &answer.gave {
        Gave::Json(seen) => Ok(seen.json.clone()),
        Gave::Events(events) => {
            let events = events.iter().map(|it| match it {
                Ok(seen) => Ok(seen.json.clone()),
                Err(error) => Err(error.to_string()),
            });
            events.collect()
        }
    }
}

/// Holds what was heard against what the description says.
fn check(
    heard: &http::Request<bytes::Bytes>,
    operation: &Operation,
    sent: &Sent,
    call: &Call,
    method: &Method,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |what: &str, is: &dyn std::fmt::Debug, should_be: &dyn std::fmt::Debug| {
        let (is, should_be) = (format!("{is:?}"), format!("{should_be:?}"));
        if is != should_be {
            wrong.push(format!("{what} is {is}, not {should_be}"));
        }
    };
    expect(
        "the method",
        &heard.method().as_str(),
        &operation.method.as_str(),
    );

    let mut path: Vec<String> = operation.path.split('/').map(str::to_owned).collect();
    let mut query: Vec<(String, String)> = Vec::new();
    let mut headers: Vec<(String, String)> = vec![
        ("accept".to_owned(), call.accept.to_owned()),
        ("authorization".to_owned(), format!("Bearer {KEY}")),
    ];
    for (place, name, value) in sent.args.values() {
        match (place, value) {
            ("path", value) => {
                let named = format!("{{{name}}}");
                let found = path.iter_mut().filter(|it| **it == named);
                found.for_each(|it| *it = text(value));
            }
            ("query", Value::Array(items)) => {
                query.extend(items.iter().map(|it| (name.to_owned(), text(it))));
            }
            ("query", value) => query.push((name.to_owned(), text(value))),
            ("header", value) => headers.push((name.to_lowercase(), text(value))),
            _ => {}
        }
    }
    expect("the path", &segments(heard.uri().path()), &path);
    let heard_query = heard.uri().query().unwrap_or_default();
    let mut heard_query: Vec<(String, String)> =
        url::form_urlencoded::parse(heard_query.as_bytes())
            .into_owned()
            .collect();
    // Values of one name stay in their order.
    heard_query.sort_by(|a, b| a.0.cmp(&b.0));
    query.sort_by(|a, b| a.0.cmp(&b.0));
    expect("the query", &heard_query, &query);

    let is_form = matches!(method.body, Body::Form);
    let mut body = sent.body.clone();
    if let Some((member, value)) = method.pins {
        let held = body.get_or_insert_with(|| json!({}));
        held[member] = value.into();
    }
    match &body {
        None => expect("the body", &heard.body(), &bytes::Bytes::new()),
        Some(body) if is_form => {
            let parts = parts(heard);
            let expected: BTreeMap<String, String> = body
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.clone(), text(value)))
                .collect();
            expect("the form", &parts, &expected);
        }
        Some(body) => {
            headers.push(("content-type".to_owned(), JSON.to_owned()));
            let heard: Value = serde_json::from_slice(heard.body()).unwrap_or_default();
            if heard != *body {
                expect("the body", &heard, body);
            }
        }
    }
    // What is not said is left to the HTTP client.
    let ignored = ["host", "content-length", "user-agent", "accept-encoding"];
    let mut heard_headers: Vec<(String, String)> = heard
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), text_of(value)))
        .filter(|(name, _)| !ignored.contains(&name.as_str()))
        .filter(|(name, _)| !(is_form && name == "content-type"))
        .collect();
    heard_headers.sort();
    headers.sort();
    expect("the headers", &heard_headers, &headers);
    wrong
}

fn text_of(value: &http::HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// The parts of a form, by name.
fn parts(heard: &http::Request<bytes::Bytes>) -> BTreeMap<String, String> {
    let media = text_of(&heard.headers()["content-type"]);
    let boundary = media.strip_prefix("multipart/form-data; boundary=");
    let boundary = format!("--{}", boundary.unwrap_or_default());
    let body = String::from_utf8_lossy(heard.body()).into_owned();
    let parts = body.split(&boundary).filter_map(|part| {
        let (head, content) = part.split_once("\r\n\r\n")?;
        let name = head.split_once("name=\"")?.1.split_once('"')?.0;
        Some((name.to_owned(), content.strip_suffix("\r\n")?.to_owned()))
    });
    parts.collect()
}

/// Calls each method, and returns what is wrong.
fn call_all(change: impl Fn(&Operation, Sent) -> Sent) -> (usize, Vec<String>) {
    let description = Description::read();
    let server = Scripted::start();
    let (mut calls, mut wrong) = (0, Vec::new());
    for (row, operation) in operations(&description) {
        for name in [Some(row.name), row.events].into_iter().flatten() {
            let mut tell = |problem: String| wrong.push(format!("{name}: {problem}"));
            let method = Method::named(name).unwrap();
            if method.pins.map(|it| it.0) != row.pin {
                tell(format!("pins {:?}", method.pins));
            }
            let prepared =
                sent(&operation, &row).and_then(|sent| Ok((sent, call(&operation, &row, method)?)));
            let (sent, call) = match prepared {
                Ok((sent, call)) => (change(&operation, sent), call),
                Err(problem) => {
                    tell(problem);
                    continue;
                }
            };
            server.reply(call.reply.clone());
            let answer = run((method.call)(&server.client, &sent.args));
            calls += 1;
            match server.heard() {
                Err(problem) => tell(problem),
                Ok(heard) => check(&heard, &operation, &sent, &call, method)
                    .into_iter()
                    .for_each(&mut tell),
            }
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => {
                    tell(format!("{error:?}"));
                    continue;
                }
            };
            if answer.head.status() != call.reply.status {
                tell(format!("the status is {}", answer.head.status()));
            }
            if answer.head.headers()["x-request-id"] != "req-1" {
                tell("the request ID is another".to_owned());
            }
            match gave(&answer) {
                Ok(gave) => {
                    let differences = description.differences(&call.gives, &gave);
                    differences.into_iter().for_each(&mut tell);
                }
                Err(error) => tell(error),
            }
        }
    }
    (calls, wrong)
}

#[test]
fn every_operation_sends_and_reads_its_examples() {
    let (calls, wrong) = call_all(|_, sent| sent);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(calls >= 129, "{calls}");
}

/// A value in a path is one segment, whatever it holds.
#[test]
fn what_is_special_in_a_path_is_escaped_by_every_operation() {
    let (calls, wrong) = call_all(|operation, mut sent| {
        for parameter in operation.parameters.iter().filter(|it| it.place == "path") {
            sent.args = sent.args.with("path", &parameter.name, "a/b c?d#e%+é");
        }
        sent
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(calls >= 129, "{calls}");
}

/// What may be left out is left out, and nothing takes its place.
#[test]
fn an_operation_without_its_optional_arguments_sends_nothing_of_them() {
    let description = Description::read();
    let server = Scripted::start();
    for (row, operation) in operations(&description) {
        for name in [Some(row.name), row.events].into_iter().flatten() {
            let method = Method::named(name).unwrap();
            let call = call(&operation, &row, method).unwrap();
            let whole = sent(&operation, &row).unwrap();
            let mut args = Args::new();
            let mut query = Vec::new();
            for (place, name, value) in whole.args.values() {
                let is_needed = match place {
                    "path" => true,
                    "form" => operation.bodies[0].files.iter().any(|it| it == name),
                    place => operation
                        .parameters
                        .iter()
                        .any(|it| it.required && (&*it.place, &*it.name) == (place, name)),
                };
                if is_needed {
                    args = args.with(place, name, value.clone());
                    query.extend((place == "query").then_some(name));
                }
            }
            let mut body = None;
            if row.body == "json" {
                body = whole.body.clone();
                args = args.with_body(body.clone());
            }
            if let Some((member, value)) = method.pins {
                body.get_or_insert_with(|| json!({}))[member] = value.into();
            }
            server.reply(call.reply.clone());
            run((method.call)(&server.client, &args)).unwrap_or_else(|it| panic!("{name}: {it:?}"));
            let heard = server.heard().unwrap();
            let sent_query = heard.uri().query().unwrap_or_default().as_bytes();
            let sent_query: Vec<String> = url::form_urlencoded::parse(sent_query)
                .map(|it| it.0.into_owned())
                .collect();
            assert_eq!(sent_query, query, "{name}");
            if matches!(method.body, Body::Form) {
                let expected: Vec<&String> = operation.bodies[0].files.iter().collect();
                assert_eq!(parts(&heard).keys().collect::<Vec<_>>(), expected, "{name}");
                continue;
            }
            match body {
                None => assert!(heard.body().is_empty(), "{name}"),
                Some(body) => {
                    let sent: Value = serde_json::from_slice(heard.body()).unwrap();
                    assert_eq!(sent, body, "{name}");
                }
            }
        }
    }
}
