//! The server of the benchmarks: answers that were written beforehand, whatever is asked.
//!
//! Each answer has a port of its own, and speaks HTTP/1.1 and HTTP/2 there. The base URLs are written to the standard
//! output, as a line of JSON. Each line on the standard input is answered with the processor time that the process has
//! taken so far, in seconds; it ends where that does.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{BufRead, Write};

use bytes::Bytes;
use cpu_time::ProcessTime;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use letta_api_bench_caller::plain::{Page, Token};
use tokio::net::TcpListener;

/// What a port answers.
#[derive(Clone)]
struct Answer {
    status: StatusCode,
    body: Bytes,
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let answers = [
        ("create", StatusCode::CREATED, json(&Token::new())),
        ("list_10", StatusCode::OK, json(&Page::new(10))),
        ("list_1000", StatusCode::OK, json(&Page::new(1_000))),
    ];
    let urls: BTreeMap<&str, String> = runtime.block_on(async {
        let mut urls = BTreeMap::new();
        for (name, status, body) in answers {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address");
            urls.insert(name, format!("http://{address}"));
            tokio::spawn(serve(listener, Answer { status, body }));
        }
        urls
    });
    say(&serde_json::to_string(&urls).expect("names and URLs"));
    std::thread::spawn(|| {
        for line in std::io::stdin().lock().lines() {
            line.expect("text");
            say(&ProcessTime::now().as_duration().as_secs_f64().to_string());
        }
        std::process::exit(0);
    });
    runtime.block_on(std::future::pending::<()>());
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").expect("somebody who reads it");
    out.flush().expect("somebody who reads it");
}

fn json(value: &impl serde::Serialize) -> Bytes {
    serde_json::to_vec(value).expect("JSON").into()
}

async fn serve(listener: TcpListener, answer: Answer) {
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let answer = answer.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| reply(request, answer.clone()));
            let mut builder = auto::Builder::new(TokioExecutor::new());
            builder.http2().max_concurrent_streams(1_000);
            // Clients go when they are done.
            let _ = builder
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn reply(
    request: Request<Incoming>,
    answer: Answer,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        if frame.is_err() {
            break;
        }
    }
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() = answer.status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    let id = HeaderValue::from_static("req-0c5fd2e17a644c0e");
    response.headers_mut().insert("x-request-id", id);
    Ok(response)
}
