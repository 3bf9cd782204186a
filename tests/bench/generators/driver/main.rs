//! Tries what a generator has made of the cases. The benchmarks put this beside the generated code, with the adapters and with
//! `checks.rs`, which they write. Prints a line of JSON for each check: what came of it, and what a server got.

mod adapters;
mod cases;
mod checks;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// What a call came to. An error is its text.
pub type Outcome = Result<Value, String>;

/// Reads a value as `T`, and writes it again.
pub fn through<T: serde::de::DeserializeOwned + serde::Serialize>(given: &str) -> Outcome {
    let value: T =
        serde_json::from_str(given).map_err(|error| format!("it is not read: {error}"))?;
    serde_json::to_value(&value).map_err(|error| format!("it is not written: {error}"))
}

/// What a call has given, as JSON, or its error.
pub fn told<T: serde::Serialize, E: std::fmt::Debug>(called: Result<T, E>) -> Outcome {
    let value = called.map_err(|error| format!("{error:?}"))?;
    serde_json::to_value(&value).map_err(|error| format!("it is not written: {error}"))
}
/// What the server is to answer.
#[derive(Clone)]
struct Answer {
    status: u64,
    media_type: String,
    body: String,
}

fn main() {
    let path = std::env::args().nth(1).expect("the path of the order");
    let order = std::fs::read_to_string(&path).expect("an order");
    let order: Value = serde_json::from_str(&order).expect("an order in JSON");
    std::panic::set_hook(Box::new(|_| {}));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    for case in order.as_array().expect("a list") {
        let name = case["name"].as_str().expect("a name");
        for (index, given) in case["values"].as_array().into_iter().flatten().enumerate() {
            let given = given.as_str().expect("JSON as a text");
            let tried = catch_unwind(AssertUnwindSafe(|| checks::value(name, given)));
            tell(name, "value", index, tried, &json!([]));
        }
        for (index, call) in case["calls"].as_array().into_iter().flatten().enumerate() {
            let (url, got) = serve(Answer {
                status: call["status"].as_u64().unwrap_or(200),
                media_type: call["type"]
                    .as_str()
                    .unwrap_or("application/json")
                    .to_owned(),
                body: call["answer"]
                    .as_str()
                    .unwrap_or(r#"{"name":"x"}"#)
                    .to_owned(),
            });
            let argument = call["argument"].clone();
            let tried = catch_unwind(AssertUnwindSafe(|| {
                runtime.block_on(async {
                    let call = checks::call(name, &url, argument);
                    match tokio::time::timeout(Duration::from_secs(20), call).await {
                        Ok(outcome) => outcome,
                        Err(_) => Some(Err("it hangs".to_owned())),
                    }
                })
            }));
            let got = got.lock().expect("no panic").clone();
            tell(name, "call", index, tried, &json!(got));
        }
    }
}

fn tell(
    case: &str,
    kind: &str,
    index: usize,
    tried: std::thread::Result<Option<Outcome>>,
    got: &Value,
) {
    let outcome = match tried {
        Ok(None) => return,
        Ok(Some(outcome)) => outcome,
        Err(_) => Err("it panics".to_owned()),
    };
    let (gives, fails) = match outcome {
        Ok(value) => (Some(value), None),
        Err(text) => (None, Some(text)),
    };
    let line = json!({
        "case": case, "kind": kind, "index": index, "is_ok": fails.is_none(),
        "gives": gives, "fails": fails, "got": got,
    });
    println!("{line}");
}

/// A server that answers all requests so. Its URL, and the requests that it has got.
fn serve(answer: Answer) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let got = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&got);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let request = read(&stream);
            kept.lock().expect("no panic").push(request);
            let Answer {
                status,
                media_type,
                body,
            } = &answer;
            let head = format!("HTTP/1.1 {status} Said\r\nconnection: close\r\n");
            let rest = match status {
                204 => "\r\n".to_owned(),
                _ => format!(
                    "content-type: {media_type}\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                ),
            };
            let _ = (&stream).write_all((head + &rest).as_bytes());
        }
    });
    (url, got)
}

/// A request, whole. A body in chunks is put together.
fn read(mut stream: &TcpStream) -> String {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length = length.and_then(|it| it.trim().parse().ok()).unwrap_or(0);
            if head.contains("transfer-encoding: chunked") {
                if body.ends_with("0\r\n\r\n") {
                    return format!(
                        "{}\r\n\r\n{}",
                        text.split("\r\n\r\n").next().unwrap_or(""),
                        joined(body)
                    );
                }
            } else if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&bytes).into_owned(),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

fn joined(mut chunks: &str) -> String {
    let mut body = String::new();
    while let Some((size, rest)) = chunks.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        if size == 0 || rest.len() < size {
            break;
        }
        body += &rest[..size];
        chunks = rest[size..].trim_start_matches("\r\n");
    }
    body
}
