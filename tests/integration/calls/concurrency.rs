//! One client for many tasks, over HTTP/1.1 and HTTP/2.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use h2::server::SendResponse;
use http::Response;
use letta_api_emulator::Emulator;
use letta_api_ext::{Letta, LettaBuilder};
use letta_api_tests::fault_server::{Fault, FaultServer};
use letta_api_tests::traces::Traces;
use letta_api_tests::{
    API_KEY, TOKEN, TOKEN_PART, configured, persistent, policy, printed, token_json,
};
use tokio::net::TcpListener;

/// Speaks HTTP/2 without TLS.
fn http2(builder: LettaBuilder) -> LettaBuilder {
    let http = reqwest::Client::builder()
        .http2_prior_knowledge()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .build()
        .unwrap();
    builder.http_client(http)
}

/// Lists from so many tasks at a time, all of which must succeed.
async fn list_from(tasks: usize, letta: &Letta) {
    let tasks: Vec<_> = (0..tasks)
        .map(|_| {
            let tokens = letta.access_tokens();
            tokio::spawn(async move { tokens.list().await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn thousands_of_tasks_share_a_client_and_its_connections() {
    let page = r#"{"tokens":[],"hasNextPage":false}"#;
    let page = format!(
        "HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n{page}",
        page.len()
    );
    let server = FaultServer::start([Fault::AnswerKeepAlive(page.into())]).await;
    let letta = persistent(server.url());
    list_from(1000, &letta).await;
    let connections = server.connections();
    assert!(connections <= 1000);
    // The pool has enough for as many again.
    list_from(1000, &letta).await;
    assert!(
        server.connections() < connections + 100,
        "{}",
        server.connections()
    );
    assert_eq!(server.requests().len(), 2000);
}

#[tokio::test]
async fn a_thousand_tokens_are_minted_over_one_http2_connection() {
    let emulator = Emulator::start().await.unwrap();
    let key = emulator.api_key().clone();
    let letta = configured(emulator.base_url(), |builder| http2(builder.api_key(key)));
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            tokio::spawn(
                letta
                    .access_tokens()
                    .create(policy(), "https://app.example.com")
                    .send(),
            )
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(emulator.tokens().len(), 1000);
}

/// What an HTTP/2 server does with a request, by its number from 0.
type Behaviour = fn(usize, &mut SendResponse<Bytes>) -> Then;

/// What becomes of the connection.
enum Then {
    Stay,
    /// It takes no more requests, and ends with those that it has (`GOAWAY`).
    GoAway,
    /// It is cut off.
    Cut,
}

/// Starts a server, and gives its base URL and the number of requests and of connections that it counts.
async fn serve(behaviour: Behaviour) -> (String, Arc<[AtomicUsize; 2]>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let counted = counts.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let counts = counted.clone();
            counts[1].fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                // A stream that is let go of is reset.
                let mut held = Vec::new();
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    let number = counts[0].fetch_add(1, Ordering::SeqCst);
                    match behaviour(number, &mut respond) {
                        Then::Stay => {}
                        Then::GoAway => connection.graceful_shutdown(),
                        Then::Cut => return,
                    }
                    held.push(respond);
                }
            });
        }
    });
    (url, counts)
}

fn answer(respond: &mut SendResponse<Bytes>, status: u16, body: String) {
    let head = Response::builder().status(status).body(()).unwrap();
    let mut stream = respond.send_response(head, false).unwrap();
    stream.send_data(body.into(), true).unwrap();
}

fn created(respond: &mut SendResponse<Bytes>) -> Then {
    answer(respond, 201, token_json());
    Then::Stay
}

fn listed(respond: &mut SendResponse<Bytes>) -> Then {
    answer(
        respond,
        200,
        r#"{"tokens":[],"hasNextPage":false}"#.to_owned(),
    );
    Then::Stay
}

#[tokio::test]
async fn a_stream_that_the_server_refuses_was_not_worked_on_and_is_sent_again() {
    let (url, counts) = serve(|number, respond| match number {
        0 => {
            respond.send_reset(Reason::REFUSED_STREAM);
            Then::Stay
        }
        _ => created(respond),
    })
    .await;
    let letta = configured(url, http2);
    let token = letta
        .access_tokens()
        .create(policy(), "https://app.example.com")
        .await
        .unwrap();
    assert_eq!(token.expose_secret(), TOKEN);
    assert_eq!(counts[0].load(Ordering::SeqCst), 2);

    let refuse: Behaviour = |_, respond| {
        respond.send_reset(Reason::REFUSED_STREAM);
        Then::Stay
    };
    let (url, counts) = serve(refuse).await;
    let create = configured(url, http2)
        .access_tokens()
        .create(policy(), "https://app.example.com");
    let error = create.await.unwrap_err();
    assert!(
        error.is_retryable() && !error.may_have_happened(),
        "{error:?}"
    );
    assert_eq!((error.attempts(), counts[0].load(Ordering::SeqCst)), (3, 3));
}

/// A frame of HTTP/2 on stream 0.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, 0, 0, 0, 0, 0], payload].concat()
}

fn bottom(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), bottom)
}

#[tokio::test]
async fn what_a_server_says_when_it_goes_away_is_not_printed() {
    let plain_key = "plain=k3yk3yk3y/4711";
    for (reason, said) in [(0u32, plain_key), (1, plain_key), (11, TOKEN), (2, "")] {
        // Settings, and that it goes away with all streams above 0, for this reason, and why.
        let mut payload = 0u32.to_be_bytes().to_vec();
        payload.extend(reason.to_be_bytes());
        payload.extend(format!("no {said} at /v1/{said}").bytes());
        let bytes = [frame(4, &[]), frame(7, &payload)].concat();
        let server = FaultServer::start([Fault::Answer(bytes)]).await;
        let letta = configured(server.url(), |builder| http2(builder.api_key(plain_key)));
        let http = letta.api().http().clone();
        let key = letta_api::ApiKey::new(plain_key).unwrap();
        let raw = letta_api::Client::new(letta.api().base_url().clone(), http)
            .with_transport(letta_api::Bearer::new(&key));
        let error = letta.access_tokens().revoke(TOKEN).await.unwrap_err();
        let token = letta_api_ext::Secret::new(TOKEN);
        let raw = raw
            .delete_client_side_access_token(&token)
            .await
            .unwrap_err();
        let letta_api::Error::Transport(failure) = &raw else {
            panic!("{raw:?}")
        };
        let kept = failure.downcast_ref::<reqwest::Error>();
        let text = bottom(kept.expect("the error as it is"));
        // What letta-api knows it by without its feature `http2`: h2's types are not known to it then.
        assert!(text.starts_with("connection error received: "), "{text}");
        let errors: [&dyn std::error::Error; 2] = [&error, &raw];
        for error in errors {
            let text = printed(error);
            assert!(
                !text.contains("k3yk3yk3y") && !text.contains(TOKEN_PART),
                "{text}"
            );
            assert!(
                text.contains("HTTP/2") || text.contains("connection"),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn a_stream_that_is_reset_may_have_been_worked_on() {
    let reset: Behaviour = |_, respond| {
        respond.send_reset(Reason::INTERNAL_ERROR);
        Then::Stay
    };
    let (url, counts) = serve(reset).await;
    let letta = configured(url, http2);
    let error = letta
        .access_tokens()
        .create(policy(), "https://app.example.com")
        .await
        .unwrap_err();
    assert!(
        error.may_have_happened() && error.is_retryable(),
        "{error:?}"
    );
    assert_eq!((error.attempts(), counts[0].load(Ordering::SeqCst)), (1, 1));
    let error = letta.access_tokens().list().await.unwrap_err();
    assert_eq!((error.attempts(), counts[0].load(Ordering::SeqCst)), (3, 4));
    // A stream is not the connection.
    assert_eq!(counts[1].load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_server_that_goes_away_is_connected_to_anew() {
    let (url, counts) = serve(|number, respond| {
        listed(respond);
        match number % 10 {
            9 => Then::GoAway,
            _ => Then::Stay,
        }
    })
    .await;
    let letta = configured(url, http2);
    for _ in 0..10 {
        list_from(10, &letta).await;
    }
    assert!(counts[1].load(Ordering::SeqCst) > 5);
}

#[tokio::test]
async fn a_connection_that_is_cut_takes_calls_down_that_are_made_anew_where_that_is_safe() {
    let (url, counts) = serve(|number, respond| match number {
        20 => Then::Cut,
        0..20 => Then::Stay,
        _ => listed(respond),
    })
    .await;
    let letta = configured(url, |builder| {
        http2(builder).retry_budget(letta_api_ext::RetryBudget::unlimited())
    });
    list_from(21, &letta).await;
    assert_eq!(counts[1].load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_http2_traces_holds_no_secret() {
    let (url, _) = serve(|_, respond| created(respond)).await;
    let (traces, _guard) = Traces::here();
    let letta = configured(url, http2);
    let tokens = letta.access_tokens();
    tokens
        .create(policy(), "https://app.example.com")
        .await
        .unwrap();
    tokens.revoke(TOKEN).await.unwrap_err();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let traces = traces.take();
    // The server is on this thread too, and is as talkative as the client.
    assert!(
        traces
            .iter()
            .any(|it| it.target.starts_with("h2::client") || it.target.starts_with("h2::codec"))
    );
    for trace in traces {
        let text = trace.to_string();
        for secret in [TOKEN, API_KEY, TOKEN_PART, "k3yk3yk3y"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
