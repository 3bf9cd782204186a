//! Calls of the code that is generated for `fixtures/operations.yaml`, against a server that plays a script. Copied
//! beside that code by `constructs.rs`, and run there.

use std::future::Future;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use letta_api::types::{
    FollowParams, GetThingParameters, ImportThingsBody, Kind, Talk, Thing, ThingId,
};
use letta_api::{Client, Error, FilePart};

const THING: &str = r#"{"type":"new","must":null}"#;

/// A server that takes one request, and the client for it. `answer` writes what it will.
fn served(
    answer: impl FnOnce(&mut TcpStream) + Send + 'static,
) -> (Client, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let request = read(&mut stream);
        answer(&mut stream);
        request
    });
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    (Client::new(url.parse().unwrap(), http), server)
}

/// One request, whole.
fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).unwrap();
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header(head, "content-length").and_then(|it| it.parse().ok());
            let is_whole = match header(head, "transfer-encoding") {
                Some(_) => body.ends_with("0\r\n\r\n"),
                None => body.len() >= length.unwrap_or(0),
            };
            if is_whole || count == 0 {
                return text.into_owned();
            }
        }
    }
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let head = request.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

fn json(body: &'static str) -> impl FnOnce(&mut TcpStream) + Send + 'static {
    move |stream| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
        write!(
            stream,
            "{head}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { tokio::time::timeout(Duration::from_secs(20), future).await })
        .expect("the call hangs")
}

#[test]
fn each_of_two_methods_asks_for_its_own_media_type() {
    let (client, server) = served(json(THING));
    let body = Talk::new("now");
    let answer = wait(client.talk(Some(&body))).unwrap();
    assert!(answer.type_ == Kind::New);
    let request = server.join().unwrap();
    assert!(
        request.starts_with("POST /v1/talks HTTP/1.1\r\n"),
        "{request}"
    );
    assert_eq!(header(&request, "accept"), Some("application/json"));

    let (client, server) = served(|stream| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close";
        write!(stream, "{head}\r\n\r\n").unwrap();
    });
    wait(client.talk_events(Some(&body.with_stream(true)))).unwrap();
    let request = server.join().unwrap();
    assert!(
        request.starts_with("POST /v1/talks HTTP/1.1\r\n"),
        "{request}"
    );
    assert_eq!(header(&request, "accept"), Some("text/event-stream"));
    assert!(
        request.ends_with(r#"{"created":"now","stream":true}"#),
        "{request}"
    );
}

#[test]
fn events_arrive_as_they_are_sent() {
    let (seen, go_on) = mpsc::channel();
    let (client, server) = served(move |stream| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close";
        write!(stream, "{head}\r\n\r\ndata: {{\"word\":\"one\"}}\n\ndata: no JSON\n\n").unwrap();
        // The second is not sent before the first was seen.
        go_on.recv_timeout(Duration::from_secs(20)).unwrap();
        write!(stream, "data: {{\"word\":\"two\"}}\n\n").unwrap();
    });
    let words = wait(async {
        let mut events = client.talk_events(None).await.unwrap().into_inner();
        let mut words = Vec::new();
        while let Some(event) = events.next().await {
            words.push(event.ok().and_then(|event| event.word));
            if words.len() == 2 {
                seen.send(()).unwrap();
            }
        }
        words
    });
    assert_eq!(words, [Some("one".to_owned()), None, Some("two".to_owned())]);
    server.join().unwrap();
}

#[test]
fn json_in_place_of_events_is_an_error() {
    let (client, server) = served(json(THING));
    let error = wait(client.talk_events(None)).unwrap_err();
    assert!(matches!(error, Error::InvalidPayload(_)), "{error:?}");
    server.join().unwrap();
}

#[test]
fn a_flag_that_a_method_sets_is_not_the_callers() {
    for asked in [None, Some(true), Some(false)] {
        let mut body = Talk::new("now");
        body.stream = asked;
        let (client, server) = served(json("{}"));
        wait(client.say(&body)).unwrap();
        let request = server.join().unwrap();
        assert!(request.ends_with(r#"{"created":"now","stream":false}"#), "{request}");

        let (client, server) = served(|stream| {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close";
            write!(stream, "{head}\r\n\r\n").unwrap();
        });
        wait(client.say_stream(&body)).unwrap();
        let request = server.join().unwrap();
        assert!(request.ends_with(r#"{"created":"now","stream":true}"#), "{request}");
    }
}

#[test]
fn an_error_of_a_streaming_call_is_decoded() {
    let (client, server) = served(|stream| {
        let body = r#"{"detail":"gone"}"#;
        let head = "HTTP/1.1 404 Not Found\r\nconnection: close";
        write!(
            stream,
            "{head}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
    });
    let params = FollowParams::default();
    let Err(Error::ErrorResponse(error)) = wait(client.follow_stream("a", "b", &params)) else {
        panic!("a documented error");
    };
    assert_eq!(error.detail.as_deref(), Some("gone"));
    server.join().unwrap();
}

#[test]
fn an_error_without_a_shape_arrives_with_its_status() {
    let (client, server) = served(|stream| {
        write!(
            stream,
            "HTTP/1.1 502 Bad\r\nconnection: close\r\ncontent-length: 1\r\n\r\n?"
        )
        .unwrap();
    });
    let error = wait(client.follow("a", "b", &FollowParams::default())).unwrap_err();
    assert!(matches!(error, Error::UnexpectedResponse(_)));
    assert_eq!(error.status().unwrap().as_u16(), 502);
    server.join().unwrap();
}

#[test]
fn a_body_that_is_left_out_is_not_sent() {
    let (client, server) = served(json(THING));
    wait(client.talk(None)).unwrap();
    let request = server.join().unwrap();
    assert!(request.ends_with("\r\n\r\n"), "{request}");
    assert_eq!(header(&request, "content-type"), None);
    assert_eq!(header(&request, "content-length").unwrap_or("0"), "0");
}

#[test]
fn what_a_struct_of_parameters_holds_is_sent_and_the_rest_is_not() {
    let (client, server) = served(json("{}"));
    let params = FollowParams::default()
        .with_after(Kind::AB)
        .with_x_tags(ThingId::from("t".to_owned()))
        .with_ids(vec![
            ThingId::from("1".to_owned()),
            ThingId::from("2&".to_owned()),
        ]);
    wait(client.follow("a/b", "p", &params)).unwrap();
    let request = server.join().unwrap();
    let line = "POST /v1/streams/a%2Fb?after=a-b&ids=1&ids=2%26&params=p HTTP/1.1\r\n";
    assert!(request.starts_with(line), "{request}");
    assert_eq!(header(&request, "x-tags"), Some("t"));

    let (client, server) = served(json(THING));
    wait(client.get_thing("t", Kind::New, 1, &GetThingParameters::default())).unwrap();
    let request = server.join().unwrap();
    assert!(
        request.starts_with("GET /v1/teams/t/things/new HTTP/1.1\r\n"),
        "{request}"
    );
    assert_eq!(header(&request, "x-trace-id"), None);
    assert_eq!(header(&request, "x-attempt"), Some("1"));
}

#[test]
fn a_parameter_that_is_refused_is_named_as_the_description_does_and_is_not_shown() {
    // Nobody listens there: nothing is sent.
    let client = Client::new("http://127.0.0.1:9".parse().unwrap(), reqwest::Client::new());
    let refused = |error: Error<letta_api::types::RefusedResponse>| {
        let Error::InvalidRequest(refused) = error else {
            panic!("{error:?}");
        };
        assert!(!format!("{refused} {refused:?}").contains("hunter2"));
        (refused.field(), refused.to_string())
    };
    let params = GetThingParameters::default();
    let error = wait(client.get_thing("../hunter2", Kind::New, 1, &params)).unwrap_err();
    let (field, sentence) = refused(error);
    assert_eq!(field, Some("teamId"));
    assert!(sentence.starts_with("path parameter `teamId` holds a `.` or `..` segment"));

    let params = params.with_x_trace_id("hunter2\r\nX-Other: 1");
    let error = wait(client.get_thing("t", Kind::New, 1, &params)).unwrap_err();
    let (field, sentence) = refused(error);
    assert_eq!(field, Some("X-Trace-Id"));
    assert!(sentence.starts_with("header parameter `X-Trace-Id` holds a control character"));

    let file = FilePart::bytes("hunter2\n", "first");
    let error = wait(client.import_things(ImportThingsBody::new(file))).unwrap_err();
    let Error::InvalidRequest(refused) = error else {
        panic!("{error:?}");
    };
    assert_eq!(refused.field(), Some("file"));
}

#[test]
fn an_upload_is_a_form_of_its_parts_in_order() {
    let (client, server) = served(json(THING));
    let file = FilePart::bytes("a.txt", "first\n").with_media_type("text/plain");
    let body = ImportThingsBody::new(file)
        .with_override_(true)
        .with_more(vec![FilePart::bytes("b", "2"), FilePart::bytes("c", "3")])
        .with_key("k")
        .with_tags(vec!["x".to_owned(), "y".to_owned()])
        .with_thing(Thing::new(Kind::New));
    let printed = format!("{body:?}");
    assert!(
        !printed.contains("first") && !printed.contains("a.txt") && printed.contains("[redacted]")
    );
    wait(client.import_things(body)).unwrap();

    let request = server.join().unwrap();
    let media_type = header(&request, "content-type").unwrap();
    let boundary = media_type
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap();
    let (_, form) = request.split_once("\r\n\r\n").unwrap();
    let parts: Vec<String> = form
        .split(&format!("--{boundary}"))
        .map(|part| part.replace("\r\n", "|"))
        .collect();
    let part =
        |name: &str, rest: &str| format!("|Content-Disposition: form-data; name=\"{name}\"{rest}|");
    let octets = "|Content-Type: application/octet-stream||";
    assert_eq!(parts[0], "");
    assert_eq!(
        parts[1..8],
        [
            part("override", "||true"),
            part(
                "file",
                "; filename=\"a.txt\"|Content-Type: text/plain||first\n"
            ),
            part("more", &format!("; filename=\"b\"{octets}2")),
            part("more", &format!("; filename=\"c\"{octets}3")),
            part("key", "||k"),
            part("tags", "||x"),
            part("tags", "||y"),
        ]
    );
    assert!(parts[8].starts_with("|Content-Disposition: form-data; name=\"thing\"|Content-Type: application/json||{\"type\":\"new\""));
    assert_eq!(parts[9..], ["--|"]);
    assert_eq!(
        header(&request, "content-length"),
        Some(form.len().to_string().as_str())
    );
}

#[test]
fn a_file_may_be_read_as_it_is_sent() {
    let (client, server) = served(json(THING));
    let body = ImportThingsBody::new(FilePart::body("a", reqwest::Body::from("content")));
    wait(client.import_things(body)).unwrap();
    let request = server.join().unwrap();
    assert!(
        request.contains("filename=\"a\"") && request.contains("\r\n\r\ncontent\r\n"),
        "{request}"
    );
}
