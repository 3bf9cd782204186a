use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use letta_api_emulator::Emulator;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::raw::{Answer, TOKENS, client, create, good_body, list, request, token_for};

/// Far more than anything here takes, and far less than the hour that it would take to wait for what is not waited for.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn two_hundred_run_at_once_each_with_a_store_of_its_own() {
    let mut emulators = Vec::new();
    for _ in 0..200 {
        emulators.push(Emulator::start().await.unwrap());
    }

    for (index, emulator) in emulators.iter().enumerate() {
        for _ in 0..index % 3 {
            client(emulator)
                .create_client_side_access_token(&token_for("agent-1"))
                .await
                .unwrap();
        }
    }
    for (index, emulator) in emulators.iter().enumerate() {
        assert_eq!(emulator.token_count().live, index % 3);
    }
}

#[tokio::test]
async fn dropping_the_handle_frees_the_port_at_once() {
    for _ in 0..20 {
        let emulator = Emulator::start().await.unwrap();
        let addr = emulator.addr();
        assert_eq!(list(&emulator, "").await.status, 200);
        drop(emulator);
        // No await in between: the runtime has had no chance to tidy up.
        TcpListener::bind(addr).unwrap();
    }
}

#[test]
fn a_handle_may_outlive_its_runtime_and_be_dropped_outside_of_it() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let outside = runtime.block_on(Emulator::start()).unwrap();
    let (free, orphan) = (outside.addr(), runtime.block_on(Emulator::start()).unwrap());
    drop(outside);
    TcpListener::bind(free).unwrap();
    drop(runtime);
    drop(orphan);
}

#[tokio::test]
async fn dropping_the_handle_cuts_connections_off() {
    let emulator = Emulator::start().await.unwrap();
    let mut half_sent = half_a_request(emulator.addr()).await;
    drop(emulator);
    // A graceful stop would read the rest, and answer. The connection may be gone already.
    let _ = half_sent.write_all(b"xx").await;
    assert_eq!(half_sent.read(&mut [0; 64]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn shutting_down_closes_idle_connections_and_frees_the_port_without_waiting() {
    let emulator = with_grace(Duration::from_secs(3600)).await;
    let addr = emulator.addr();
    let silent = TcpStream::connect(addr).await.unwrap();
    let mut idle = TcpStream::connect(addr).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    assert!(idle.read(&mut [0; 1024]).await.unwrap() > 0);

    let ended = tokio::time::timeout(PATIENCE, emulator.shutdown()).await;
    assert!(ended.is_ok(), "it waits for an idle connection");
    TcpListener::bind(addr).unwrap();
    for mut stream in [silent, idle] {
        assert_eq!(stream.read(&mut [0; 64]).await.unwrap_or(0), 0);
    }
}

#[tokio::test]
async fn shutting_down_lets_a_request_finish() {
    let emulator = with_grace(Duration::from_secs(3600)).await;
    let mut stream = half_a_request(emulator.addr()).await;
    let addr = emulator.addr();
    let shutdown = tokio::spawn(emulator.shutdown());
    // The port is freed first.
    while TcpListener::bind(addr).is_err() {
        tokio::task::yield_now().await;
    }
    stream.write_all(b"xx").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    shutdown.await.unwrap();
}

#[tokio::test]
async fn shutting_down_cuts_a_request_off_that_does_not_finish_in_time() {
    let grace = Duration::from_millis(100);
    let emulator = with_grace(grace).await;
    let mut stream = half_a_request(emulator.addr()).await;
    let began = Instant::now();
    emulator.shutdown().await;
    assert!(began.elapsed() >= grace, "{:?}", began.elapsed());
    assert!(matches!(stream.read(&mut [0; 64]).await, Ok(0) | Err(_)));
}

async fn with_grace(grace: Duration) -> Emulator {
    let builder = Emulator::builder().shutdown_grace(grace);
    builder.start().await.unwrap()
}

/// Has `agent-1`, whose streams begin with a ping and go on for hours.
async fn with_a_slow_agent() -> Emulator {
    let builder = Emulator::builder().agent("agent-1");
    let builder = builder.word_delay(Duration::from_secs(3600));
    builder.start().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_end_with_the_emulator_whether_it_is_dropped_or_shut_down() {
    for shut_down in [false, true] {
        let emulator = with_a_slow_agent().await;
        let mut stream = request(
            &emulator,
            reqwest::Method::POST,
            "/v1/agents/agent-1/messages/stream",
        )
        .json(&serde_json::json!({"input": "Hello"}))
        .send()
        .await
        .unwrap();
        assert!(stream.chunk().await.unwrap().is_some());
        if shut_down {
            let ended = tokio::time::timeout(PATIENCE, emulator.shutdown()).await;
            assert!(ended.is_ok(), "it waits for the stream");
        } else {
            drop(emulator);
        }
        let end = tokio::time::timeout(PATIENCE, stream.chunk()).await;
        assert!(end.unwrap().is_err());
    }
}

/// On one thread, where a task that has ended is not counted any more.
#[tokio::test]
async fn once_it_is_shut_down_nothing_of_it_is_left() {
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    let emulator = with_a_slow_agent().await;
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let body = r#"{"input":"Hello"}"#;
    let request = format!(
        "POST /v1/agents/agent-1/messages/stream HTTP/1.1\r\nhost: localhost\r\n\
         authorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        Emulator::DEFAULT_API_KEY,
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
    assert!(tasks() > before);
    emulator.shutdown().await;
    assert_eq!(tasks(), before);
}

/// A connection on which a request was begun, two bytes of body to go.
async fn half_a_request(addr: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let head = format!(
        "POST {TOKENS} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n",
        Emulator::DEFAULT_API_KEY,
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The emulator asks for the body, so it has read the head.
    let mut asked = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"xx").await.unwrap();
    stream
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_the_address() {
    let first = Emulator::start().await.unwrap();
    let error = Emulator::builder()
        .listen(first.addr())
        .start()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(
        error.to_string().contains(&first.addr().to_string()),
        "{error}"
    );
}

#[tokio::test]
async fn a_key_that_no_header_can_carry_does_not_start() {
    for key in ["", "  ", "sk-let a", "sk-let-\u{7f}", "sk-let-é"] {
        let error = Emulator::builder().api_key(key).start().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("API key"), "{error}");
    }
}

#[tokio::test]
async fn the_base_url_can_be_called_wherever_it_listens() {
    for listen in ["127.0.0.1:0", "127.0.0.2:0", "0.0.0.0:0", "[::1]:0"] {
        // Not every machine has IPv6, or all of 127.0.0.0/8.
        if listen != "127.0.0.1:0" && TcpListener::bind(listen).is_err() {
            continue;
        }
        let builder = Emulator::builder().listen(listen.parse().unwrap());
        let emulator = builder.start().await.unwrap();
        assert_ne!(emulator.addr().port(), 0);
        assert!(!emulator.base_url().contains("0.0.0.0"));
        assert_eq!(list(&emulator, "").await.status, 200, "{listen}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_at_the_same_time_lose_no_token_and_make_none_twice() {
    let emulator = Emulator::start().await.unwrap();
    let http = reqwest::Client::new();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let http = http.clone();
        let url = format!("{}{TOKENS}", emulator.base_url());
        tasks.spawn(async move {
            for _ in 0..50 {
                let request = http
                    .post(&url)
                    .bearer_auth(Emulator::DEFAULT_API_KEY)
                    .json(&good_body());
                let token = Answer::of(request).await.json()["token"].clone();
                let url = format!("{url}/{}", token.as_str().unwrap());
                let request = http.delete(url).bearer_auth(Emulator::DEFAULT_API_KEY);
                assert_eq!(Answer::of(request).await.status, 204);
            }
        });
    }
    while let Some(result) = tasks.join_next().await {
        result.unwrap();
    }
    assert_eq!(emulator.tokens().len(), 0);
    create(&emulator, &good_body()).await;
    let again = request(&emulator, reqwest::Method::GET, TOKENS);
    assert_eq!(Answer::of(again).await.status, 200);
}
