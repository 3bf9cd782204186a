use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use crate::{ApiKey, Bearer, BoxFuture, Client, Direct, Error, Operation, Response, Secret};
use crate::{Transport, TransportError, types};

type Fields = BTreeMap<String, String>;

/// All that was told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    /// The fields of each span, by its ID.
    spans: BTreeMap<u64, Fields>,
    /// The span that each event of a transport is in.
    within: Vec<String>,
}

struct Reader<'a>(&'a mut Fields);

impl Visit for Reader<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let text = format!("{value:?}").trim_matches('"').to_owned();
        self.0.insert(field.name().to_owned(), text);
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Told {
    fn on_new_span(&self, span: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut fields = Fields::new();
        fields.insert("name".to_owned(), span.metadata().name().to_owned());
        fields.insert("target".to_owned(), span.metadata().target().to_owned());
        span.record(&mut Reader(&mut fields));
        self.0.lock().unwrap().spans.insert(id.into_u64(), fields);
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, _: Context<'_, S>) {
        let spans = &mut self.0.lock().unwrap().spans;
        record.record(&mut Reader(spans.get_mut(&id.into_u64()).unwrap()));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() == "a_transport" {
            let within = context.event_span(event).map_or("nothing", |it| it.name());
            self.0.lock().unwrap().within.push(within.to_owned());
        }
    }
}

/// What is told while this is alive, on this thread.
fn listen() -> (Told, impl Drop) {
    let told = Told::default();
    let subscriber = Registry::default().with(told.clone());
    (told, tracing::subscriber::set_default(subscriber))
}

impl Told {
    /// The only span of ours.
    fn span(&self) -> Fields {
        let spans = &self.0.lock().unwrap().spans;
        let ours: Vec<&Fields> = spans
            .values()
            .filter(|it| it["target"] == "letta_api")
            .collect();
        assert_eq!(ours.len(), 1, "{ours:#?}");
        ours[0].clone()
    }

    fn is_empty(&self) -> bool {
        let spans = &self.0.lock().unwrap().spans;
        !spans.values().any(|it| it["target"] == "letta_api")
    }
}

/// Answers with this status, or never, or fails with an error of its own.
#[derive(Clone, Copy)]
enum Fake {
    Status(u16),
    Never,
    Fails,
    /// As `Status(200)`, and it makes a span of its own.
    WithOwnSpans,
}

impl Transport for Fake {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        _: reqwest::Request,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            tracing::info!(target: "a_transport", "sending");
            let status = match self {
                Self::Status(status) => *status,
                Self::WithOwnSpans => 200,
                Self::Never => std::future::pending().await,
                Self::Fails => return Err(TransportError::new(std::fmt::Error)),
            };
            let body = r#"{"hasNextPage": false, "tokens": [], "detail": "said-secret"}"#;
            let answer = http::Response::builder().status(status);
            let answer = answer
                .header("content-type", "application/json")
                .body(body)
                .unwrap();
            Ok(reqwest::Response::from(answer).into())
        })
    }

    fn has_own_spans(&self) -> bool {
        matches!(self, Self::WithOwnSpans)
    }
}

fn client(transport: impl Transport + 'static) -> Client {
    let base_url = "http://127.0.0.1:1/base-secret/".parse().unwrap();
    Client::new(base_url, reqwest::Client::new()).with_transport(transport)
}

async fn list(transport: impl Transport + 'static) -> Result<(), Error<crate::ServiceError>> {
    let params = types::ListClientSideAccessTokensParams::default().with_agent_id("query-secret");
    let answer = client(transport)
        .list_client_side_access_tokens(&params)
        .await;
    answer.map(drop)
}

fn expected(outcome: &[(&str, &str)]) -> Fields {
    let always = [
        ("name", "letta.call"),
        ("target", "letta_api"),
        ("otel.name", "GET /v1/client-side-access-tokens"),
        ("otel.kind", "client"),
        ("letta.operation", "list_client_side_access_tokens"),
        ("http.request.method", "GET"),
        ("url.template", "/v1/client-side-access-tokens"),
        ("url.scheme", "http"),
        ("server.address", "127.0.0.1"),
        ("server.port", "1"),
    ];
    let all = always.iter().chain(outcome);
    all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// A call with no listener on another thread would otherwise decide that nobody ever listens.
fn keep_interest() -> tracing::Dispatch {
    tracing::Dispatch::new(Registry::default())
}

#[tokio::test]
async fn a_call_has_one_span_that_tells_how_it_ended() {
    let _second = keep_interest();
    for (transport, is_success, outcome) in [
        (
            Fake::Status(200),
            true,
            &[("http.response.status_code", "200")][..],
        ),
        // Not documented, and no failure of the exchange.
        (
            Fake::Status(302),
            false,
            &[("http.response.status_code", "302")],
        ),
        (
            Fake::Status(404),
            false,
            &[
                ("http.response.status_code", "404"),
                ("error.type", "404"),
                ("otel.status_code", "ERROR"),
            ],
        ),
        (
            Fake::Status(503),
            false,
            &[
                ("http.response.status_code", "503"),
                ("error.type", "503"),
                ("otel.status_code", "ERROR"),
            ],
        ),
        (
            Fake::Fails,
            false,
            &[("error.type", "_OTHER"), ("otel.status_code", "ERROR")],
        ),
    ] {
        let (told, _guard) = listen();
        assert_eq!(list(transport).await.is_ok(), is_success);
        assert_eq!(told.span(), expected(outcome));
        // What the transport tells is told within the span.
        assert_eq!(told.0.lock().unwrap().within, ["letta.call"]);
    }
}

#[tokio::test]
async fn a_call_without_a_connection_says_so() {
    let _second = keep_interest();
    let (told, _guard) = listen();
    list(Direct).await.unwrap_err();
    let outcome = [("error.type", "connect"), ("otel.status_code", "ERROR")];
    assert_eq!(told.span(), expected(&outcome));
}

#[tokio::test]
async fn a_call_that_is_dropped_is_told_as_cancelled() {
    let _second = keep_interest();
    let (told, _guard) = listen();
    let client = client(Fake::Never);
    let params = types::ListClientSideAccessTokensParams::default();
    let mut call = Box::pin(client.list_client_side_access_tokens(&params));
    std::future::poll_fn(|context| {
        assert!(call.as_mut().poll(context).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
    assert_eq!(told.span(), expected(&[]));
    drop(call);
    let outcome = [("error.type", "cancelled"), ("otel.status_code", "ERROR")];
    assert_eq!(told.span(), expected(&outcome));
}

#[tokio::test]
async fn a_transport_that_makes_spans_has_no_second_one_around_it() {
    let _second = keep_interest();
    let (told, _guard) = listen();
    list(Fake::WithOwnSpans).await.unwrap();
    assert!(told.is_empty());
}

#[tokio::test]
async fn no_span_holds_a_secret() {
    let _second = keep_interest();
    let key = ApiKey::new("key-secret").unwrap();
    let (told, _guard) = listen();
    // With a key, a path, a query and an answer that are secret.
    list(Bearer::new(&key)).await.unwrap_err();
    list(Fake::Status(404)).await.unwrap_err();
    for transport in [Fake::Status(200), Fake::Status(500), Fake::Never] {
        let client = client(transport);
        let token = Secret::from("path-secret");
        let call = client.delete_client_side_access_token(&token);
        let wait = std::time::Duration::from_millis(1);
        let _ = tokio::time::timeout(wait, call).await;
    }
    let all = format!("{:?}", told.0.lock().unwrap());
    assert!(all.contains("delete_client_side_access_token"), "{all}");
    assert!(!all.contains("secret"), "{all}");
}
