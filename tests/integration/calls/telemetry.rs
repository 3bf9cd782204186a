//! What a call tells of itself: its span, the events of its attempts, the metrics.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use letta_api_ext::{CallReport, Metrics};
use letta_api_tests::fault_server::{Fault, FaultServer};
use letta_api_tests::traces::{Trace, Traces};
use letta_api_tests::{TOKEN, TOKEN_PART, answer, configured, persistent, policy, token_json};
use tracing_core::Level;
use tracing_subscriber::filter::LevelFilter;

const TEMPLATE: &str = "/v1/client-side-access-tokens";

fn created() -> Fault {
    Fault::Answer(answer("201 Created", "application/json", &token_json()))
}

/// What the SDK itself traced: the fields of the span, all in one, and the events. letta-api's feature `tracing` is on here, so a span of
/// its own around the SDK's would have each field twice.
fn own(traces: &Traces) -> (Vec<(&'static str, String)>, Vec<Trace>) {
    let own = traces
        .take()
        .into_iter()
        .filter(|it| it.target.starts_with("letta_api"));
    let (spans, events): (Vec<_>, Vec<_>) = own.partition(|it| it.span.is_some());
    assert!(
        spans
            .iter()
            .all(|it| it.span == Some("letta.call") && it.level == Level::INFO)
    );
    let mut fields: Vec<_> = spans.into_iter().flat_map(|it| it.fields).collect();
    fields.sort();
    (fields, events)
}

#[tokio::test]
async fn a_call_is_a_span_and_an_attempt_an_event_named_as_opentelemetry_does() {
    let busy =
        "HTTP/1.1 503 X\r\nx-request-id: req-1\r\nretry-after-ms: 2\r\ncontent-length: 0\r\n\r\n";
    let server = FaultServer::start([Fault::Answer(busy.into()), created()]).await;
    let letta = persistent(server.url());
    let (traces, _guard) = Traces::here();
    letta
        .access_tokens()
        .create(policy(), "https://app.example.com")
        .await
        .unwrap();

    let (span, events) = own(&traces);
    let port = server.addr().port().to_string();
    let expected = [
        ("http.request.method", "POST"),
        ("http.request.resend_count", "1"),
        ("http.response.status_code", "201"),
        ("letta.operation", "create_client_side_access_token"),
        ("letta.request_id", "req-1"),
        ("letta.request_id", "req-7"),
        ("otel.kind", "client"),
        ("otel.name", "POST /v1/client-side-access-tokens"),
        ("server.address", "127.0.0.1"),
        ("server.port", &port),
        ("url.scheme", "http"),
        ("url.template", TEMPLATE),
    ];
    let expected: Vec<_> = expected
        .map(|(name, value)| (name, value.to_owned()))
        .into();
    assert_eq!(span, expected);

    let [failed, answered] = &events[..] else {
        panic!("two attempts make two events: {events:?}");
    };
    for (event, level, fields) in [
        (
            failed,
            Level::WARN,
            [
                ("message", Some("attempt failed")),
                ("letta.attempt", Some("1")),
                ("http.request.resend_count", Some("0")),
                ("http.response.status_code", Some("503")),
                ("error.type", Some("503")),
                ("letta.request_id", Some("req-1")),
            ],
        ),
        (
            answered,
            Level::DEBUG,
            [
                ("message", Some("attempt answered")),
                ("letta.attempt", Some("2")),
                ("http.request.resend_count", Some("1")),
                ("http.response.status_code", Some("201")),
                ("error.type", None),
                ("letta.request_id", Some("req-7")),
            ],
        ),
    ] {
        assert_eq!(event.level, level);
        for (field, value) in fields {
            assert_eq!(event.get(field), value, "{field} of {event}");
        }
        assert_eq!(event.get("url.template"), Some(TEMPLATE));
        assert!(
            event
                .get("letta.attempt.duration_ms")
                .unwrap()
                .parse::<f64>()
                .unwrap()
                > 0.0
        );
    }
    assert!(
        failed
            .get("letta.attempt.wait_ms")
            .unwrap()
            .parse::<f64>()
            .unwrap()
            >= 2.0
    );
    assert_eq!(answered.get("letta.attempt.wait_ms"), None);
}

#[tokio::test]
async fn a_failure_is_told_by_its_type_and_a_path_never() {
    let echo = format!("HTTP/1.1 404 X\r\nx-request-id: {TOKEN}\r\ncontent-length: 0\r\n\r\n");
    let server = FaultServer::start([Fault::Answer(echo.into())]).await;
    let (traces, _guard) = Traces::here();
    let letta = persistent(server.url());
    letta.access_tokens().revoke(TOKEN).await.unwrap_err();

    let (span, events) = own(&traces);
    for (name, value) in [
        ("error.type", "404"),
        ("otel.status_code", "ERROR"),
        ("url.template", "/v1/client-side-access-tokens/{token}"),
    ] {
        assert!(span.contains(&(name, value.to_owned())), "{name}: {span:?}");
    }
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].level, Level::DEBUG);
    let text = format!("{span:?} {}", events[0]);
    assert!(!text.contains(TOKEN_PART), "{text}");
}

#[tokio::test]
async fn who_listens_to_warnings_alone_is_told_of_a_failure() {
    let busy = answer("503 X", "application/json", "{}");
    let server = FaultServer::start([Fault::Answer(busy)]).await;
    let (traces, _guard) = Traces::here_from(LevelFilter::WARN);
    let letta = persistent(server.url());
    let call = letta
        .access_tokens()
        .create(policy(), "https://app.example.com");
    call.await.unwrap_err();

    let (span, events) = own(&traces);
    assert!(span.is_empty(), "{span:?}");
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].level, Level::WARN);
    assert_eq!(events[0].get("error.type"), Some("503"));
}

#[tokio::test]
async fn an_application_counts_calls_by_operation_without_tracing() {
    #[derive(Default)]
    struct Calls(Mutex<Vec<String>>);

    impl Metrics for Calls {
        fn call(&self, call: &CallReport) {
            let error = call.error_type.as_deref().unwrap_or("ok");
            let line = format!("{} {} {error}", call.operation, call.attempts);
            self.0.lock().unwrap().push(line);
        }
    }

    let calls = Arc::new(Calls::default());
    let server = FaultServer::start([
        Fault::CloseAfterRequest,
        Fault::CloseAfterRequest,
        Fault::Answer(b"HTTP/1.1 204 X\r\n\r\n".into()),
        Fault::AnswerThenHang(Vec::new()),
    ])
    .await;
    let letta = configured(server.url(), |builder| builder.metrics(calls.clone()));
    let tokens = letta.access_tokens();
    tokens
        .create(policy(), "https://app.example.com")
        .await
        .unwrap_err();
    tokens.revoke(TOKEN).await.unwrap();
    let hasty = tokens
        .list()
        .with_attempt_timeout(Duration::from_millis(50));
    hasty.await.unwrap_err();
    assert_eq!(
        *calls.0.lock().unwrap(),
        [
            "create_client_side_access_token 1 interrupted",
            "delete_client_side_access_token 2 ok",
            "list_client_side_access_tokens 3 timeout",
        ]
    );
}

#[tokio::test]
async fn a_custom_request_is_traced_by_its_template_and_without_its_values() {
    let server =
        FaultServer::start([Fault::Answer(answer("200 OK", "application/json", "null"))]).await;
    let letta = persistent(server.url()).with_header("x-gateway", "hunter2-hunter2");
    let (traces, _guard) = Traces::here();
    letta
        .request(letta_api_ext::reqwest::Method::PUT, "/v1/things/{thing}")
        .path_param("thing", TOKEN)
        .query(&[("q", "hunter2-hunter2")])
        .json("hunter2-hunter2")
        .await
        .unwrap();
    let (span, events) = own(&traces);
    for (name, value) in [
        ("letta.operation", "request"),
        ("otel.name", "PUT /v1/things/{thing}"),
        ("url.template", "/v1/things/{thing}"),
    ] {
        assert!(span.contains(&(name, value.to_owned())), "{span:?}");
    }
    let text = format!("{span:?} {events:?}");
    assert!(
        !text.contains("hunter2") && !text.contains(TOKEN_PART),
        "{text}"
    );
}
