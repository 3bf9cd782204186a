//! The clients that are compared send the same, to the byte, but for the order of their headers.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use letta_api_bench::client::{Hyper, LettaApi, LettaApiExt, Reqwest};
use letta_api_bench_caller::plain::{Page, SECRET, Token};
use letta_api_bench_caller::{Client, Protocol};

/// What one client sent.
#[derive(Debug, PartialEq)]
struct Sent {
    line: String,
    /// In the order of their names.
    headers: Vec<String>,
    body: String,
}

/// Answers two requests on one connection, with a token and with a page, and gives what they were.
fn record(listener: &TcpListener) -> Vec<Sent> {
    let (mut stream, _) = listener.accept().unwrap();
    let answers = [
        ("201 Created", serde_json::to_string(&Token::new()).unwrap()),
        ("200 OK", serde_json::to_string(&Page::new(3)).unwrap()),
    ];
    let mut sent = Vec::new();
    for (status, answer) in answers {
        let (mut text, mut part) = (String::new(), [0; 4096]);
        let request = loop {
            let read = stream.read(&mut part).unwrap();
            assert!(read > 0, "the connection was closed after {text:?}");
            text += std::str::from_utf8(&part[..read]).unwrap();
            if let Some(request) = whole(&text) {
                break request;
            }
        };
        sent.push(request);
        let length = answer.len();
        let head = "content-type: application/json\r\ncontent-length";
        write!(
            stream,
            "HTTP/1.1 {status}\r\n{head}: {length}\r\n\r\n{answer}"
        )
        .unwrap();
    }
    sent
}

/// The request, if all of it is there.
fn whole(text: &str) -> Option<Sent> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let (line, headers) = head.split_once("\r\n")?;
    let mut headers: Vec<String> = headers
        .lines()
        .map(|header| {
            let (name, value) = header.split_once(": ").unwrap();
            format!("{}: {value}", name.to_lowercase())
        })
        .collect();
    headers.sort();
    let length = headers
        .iter()
        .find_map(|header| header.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    (body.len() == length).then(|| Sent {
        line: line.to_owned(),
        headers,
        body: body.to_owned(),
    })
}

/// What a client sends to create a token and to list three. All go to the same port.
fn sent_by<C: Client>(listener: &TcpListener) -> Vec<Sent> {
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    thread::scope(|scope| {
        let recorded = scope.spawn(|| record(listener));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let client = C::new(&base_url, Protocol::Http1);
            assert_eq!(client.create().await, SECRET.len());
            assert_eq!(client.list(3).await, 3);
        });
        recorded.join().unwrap()
    })
}

#[test]
fn all_clients_send_the_same() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = sent_by::<Reqwest>(&listener);
    assert_eq!(base[0].line, "POST /v1/client-side-access-tokens HTTP/1.1");
    assert!(base[0].body.contains("write_messages"), "{base:?}");
    assert_eq!(
        base[1].line,
        "GET /v1/client-side-access-tokens?limit=3 HTTP/1.1"
    );
    assert_eq!(sent_by::<Hyper>(&listener), base);
    assert_eq!(sent_by::<LettaApi>(&listener), base);
    assert_eq!(sent_by::<LettaApiExt>(&listener), base);
}
