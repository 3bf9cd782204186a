use letta_api_emulator::{Emulator, operations};
use reqwest::{Method, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::raw::{Answer, HOSTNAME, TOKENS, create, good_body, request};

/// Every kind of path: with a key, for pages, without a key, the emulator's own, none at all.
const PATHS: [&str; 8] = [
    TOKENS,
    "/v1/agents/",
    "/v1/agents",
    "/v1/agents/agent-1",
    "/v1/agents/agent-1/messages",
    "/v1/health/",
    "/_emulator/state",
    "/nothing",
];

/// Sends a head as it is, and gives the answer.
async fn raw(emulator: &Emulator, head: &str) -> String {
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let rest = format!(
        "authorization: Bearer {}\r\nconnection: close\r\n\r\n",
        Emulator::DEFAULT_API_KEY
    );
    stream
        .write_all(format!("{head}{rest}").as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_name_that_was_rebound_to_loopback_reads_nothing_with_the_well_known_key() {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    // A token for the page's own origin changes nothing.
    let mut body = good_body();
    body["hostname"] = "http://evil.example".into();
    assert_eq!(create(&emulator, &body).await.status, 201);
    for path in PATHS {
        for host in [
            "evil.example",
            "evil.example:8283",
            "localhost.evil.example",
            "x",
        ] {
            let evil = request(&emulator, Method::GET, path)
                .header(header::HOST, host)
                .header(header::ORIGIN, "http://evil.example");
            let answer = Answer::of(evil).await;
            assert_eq!(answer.status, 403, "{host} {path}");
            assert!(answer.message().contains("Builder::allow_host"));
            assert!(!answer.headers.contains_key("access-control-allow-origin"));
            // As every answer has.
            assert!(answer.headers.contains_key("x-request-id"));
            assert!(answer.headers.contains_key("date"));
        }
        for host in [
            "localhost",
            "chat.localhost:9",
            "127.0.0.1",
            "127.9.9.9:1",
            "[::1]:8283",
        ] {
            // This one redirects to the host that it was asked under.
            if path == "/v1/agents" {
                continue;
            }
            let own = request(&emulator, Method::GET, path).header(header::HOST, host);
            assert_ne!(Answer::of(own).await.status, 403, "{host} {path}");
        }
    }
    // Nothing was carried out, so nothing was counted.
    assert_eq!(emulator.request_count(operations::GET_AGENT), 5);
}

#[tokio::test]
async fn a_preflight_under_another_name_is_refused() {
    let emulator = Emulator::start().await.unwrap();
    create(&emulator, &good_body()).await;
    for (host, status) in [("evil.example", 403), ("localhost", 200)] {
        let preflight = crate::raw::anonymous(&emulator, Method::OPTIONS, "/v1/agents/agent-1")
            .header(header::HOST, host)
            .header(header::ORIGIN, HOSTNAME)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "GET");
        let answer = Answer::of(preflight).await;
        assert_eq!(answer.status, status, "{host}");
        let allowed = answer
            .headers
            .contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        assert_eq!(allowed, status == 200);
    }
}

#[tokio::test]
async fn the_target_of_a_request_counts_as_much_as_its_host_header() {
    let emulator = Emulator::start().await.unwrap();
    for (head, status) in [
        ("GET /v1/health/ HTTP/1.1\r\nhost: localhost\r\n", 200),
        (
            "GET http://localhost/v1/health/ HTTP/1.1\r\nhost: localhost\r\n",
            200,
        ),
        (
            "GET http://evil.example/v1/health/ HTTP/1.1\r\nhost: localhost\r\n",
            403,
        ),
        (
            "GET http://localhost/v1/health/ HTTP/1.1\r\nhost: evil.example\r\n",
            403,
        ),
        ("GET http://localhost/v1/health/ HTTP/1.1\r\n", 200),
        ("GET /v1/health/ HTTP/1.1\r\nhost:\r\n", 403),
        (
            "GET /v1/health/ HTTP/1.1\r\nhost: localhost@evil.example\r\n",
            403,
        ),
        (
            "GET /v1/health/ HTTP/1.1\r\nhost: evil.example\r\nx-forwarded-host: localhost\r\n",
            403,
        ),
        (
            "GET /v1/health/ HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n",
            400,
        ),
        (
            "GET /v1/health/ HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n",
            400,
        ),
        ("GET /v1/health/ HTTP/1.1\r\n", 400),
        // No browser speaks it, and it has no header for the host.
        ("GET /v1/health/ HTTP/1.0\r\n", 200),
        ("GET /v1/health/ HTTP/1.0\r\nhost: evil.example\r\n", 403),
    ] {
        let answer = raw(&emulator, head).await;
        let line = answer.lines().next().unwrap_or_default();
        assert!(line.contains(&format!(" {status} ")), "{head}: {answer}");
    }
}

#[tokio::test]
async fn http_2_names_the_host_otherwise_and_is_checked_too() {
    let emulator = Emulator::start().await.unwrap();
    let address = emulator.addr();
    for (name, status) in [
        ("localhost", 200),
        ("chat.localhost", 200),
        ("evil.example", 403),
    ] {
        let http = reqwest::Client::builder()
            .http2_prior_knowledge()
            .resolve(name, address)
            .build()
            .unwrap();
        let url = format!("http://{name}:{}/v1/health/", address.port());
        let response = http.get(url).send().await.unwrap();
        assert_eq!(response.version(), reqwest::Version::HTTP_2);
        assert_eq!(response.status().as_u16(), status, "{name}");
    }
}

#[tokio::test]
async fn what_is_allowed_is_served_wherever_the_emulator_listens() {
    for listen in ["127.0.0.1:0", "0.0.0.0:0"] {
        let builder = Emulator::builder().listen(listen.parse().unwrap());
        let emulator = builder.allow_host("emulator.test").start().await.unwrap();
        for (host, status) in [
            ("emulator.test", 200),
            ("Emulator.Test:8283", 200),
            ("127.0.0.1", 200),
            ("sub.emulator.test", 403),
            ("evil.example", 403),
            ("0.0.0.0", 403),
        ] {
            let asked = request(&emulator, Method::GET, "/_emulator/state");
            let answer = Answer::of(asked.header(header::HOST, host)).await;
            assert_eq!(answer.status, status, "{listen} {host}");
        }
    }
    let builder = Emulator::builder().allow_host("emulator.test:8283");
    let error = builder.start().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}
