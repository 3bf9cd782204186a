//! Headers of the caller's own, and clients without a key.

use letta_api_ext::{Error, Letta, RetryPolicy};
use letta_api_tests::{API_KEY, Tap, answer, configured, printed, split};

const PAGE: &str = r#"{"tokens":[],"hasNextPage":false}"#;

async fn page() -> Tap {
    Tap::start(answer("200 OK", "application/json", PAGE)).await
}

fn value(request: &str, name: &str) -> Vec<String> {
    let headers = split(request).1;
    let found = headers.into_iter().filter(|(it, _)| it == name);
    found.map(|(_, value)| value).collect()
}

#[tokio::test]
async fn a_header_is_sent_with_every_call_and_a_later_one_takes_its_place() {
    let tap = page().await;
    let letta = configured(tap.url(), |it| it.header("X-Gateway", "of-the-builder"));
    letta.access_tokens().list().await.unwrap();
    let cloned = letta.with_header("x-gateway", "of-a-clone");
    cloned.access_tokens().list().await.unwrap();
    let list = cloned.access_tokens().list();
    list.with_header("x-gateway", "of-a-call")
        .with_header("x-trace", "7")
        .await
        .unwrap();
    // The raw client is the same client.
    let params = letta_api::types::ListClientSideAccessTokensParams::default();
    cloned
        .api()
        .list_client_side_access_tokens(&params)
        .await
        .unwrap();
    // And the first one is as it was.
    letta.access_tokens().list().await.unwrap();

    let sent: Vec<Vec<String>> = tap
        .requests()
        .iter()
        .map(|request| value(request, "x-gateway"))
        .collect();
    let expected = [
        "of-the-builder",
        "of-a-clone",
        "of-a-call",
        "of-a-clone",
        "of-the-builder",
    ];
    assert_eq!(sent, expected.map(|it| vec![it.to_owned()]));
    assert_eq!(value(&tap.requests()[2], "x-trace"), ["7"]);
    for request in tap.requests() {
        assert_eq!(
            value(&request, "authorization"),
            [format!("Bearer {API_KEY}")]
        );
    }
}

#[tokio::test]
async fn the_name_of_the_client_may_be_the_applications() {
    let tap = page().await;
    let letta = configured(tap.url(), |it| it.header("User-Agent", "my-app/1.0"));
    letta.access_tokens().list().await.unwrap();
    assert_eq!(value(&tap.request(), "user-agent"), ["my-app/1.0"]);
}

#[tokio::test]
async fn the_generation_that_the_service_sees_may_be_the_applications() {
    let tap = page().await;
    let name = "x-stainless-package-version";
    let letta = configured(tap.url(), |it| it.header(name, "9.9.9"));
    letta.access_tokens().list().await.unwrap();
    assert_eq!(value(&tap.request(), name), ["9.9.9"]);
}

#[tokio::test]
async fn a_header_of_the_sdks_own_is_refused_by_name() {
    let tap = page().await;
    for name in [
        "Authorization",
        "X-Project",
        "x-project-id",
        "Accept",
        "Content-Type",
        "Content-Length",
        "Host",
    ] {
        let builder = Letta::builder().api_key("key").base_url(tap.url());
        let built = builder.header(name, "hunter2").build().unwrap_err();
        let letta = configured(tap.url(), |it| it);
        let cloned = letta
            .with_header(name, "hunter2")
            .access_tokens()
            .list()
            .await
            .unwrap_err();
        let call = letta
            .access_tokens()
            .list()
            .with_header(name, "hunter2")
            .await
            .unwrap_err();
        for error in [built, cloned, call] {
            assert_eq!(error.field(), Some("header"), "{error}");
            let text = printed(&error);
            assert!(text.contains(&name.to_lowercase()), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
    assert!(tap.requests().is_empty());
}

#[tokio::test]
async fn a_value_is_never_printed_whatever_the_service_says() {
    let echo = r#"{"message":"the gateway key hunter2-hunter2 is not known"}"#;
    let tap = Tap::start(answer("403 Forbidden", "application/json", echo)).await;
    let letta = configured(tap.url(), |it| {
        it.header("x-gateway", "hunter2-hunter2")
            .retry(RetryPolicy::never())
    });
    let list = letta.access_tokens().list();
    let of_call = list.clone().with_header("x-other", "x").await.unwrap_err();
    let of_client = list.clone().await.unwrap_err();
    let params = letta_api::types::ListClientSideAccessTokensParams::default();
    let raw = letta.api().list_client_side_access_tokens(&params).await;
    let raw: Error = raw.unwrap_err().into();
    for error in [of_call, of_client, raw] {
        let text = printed(&error);
        assert!(
            text.contains("the gateway key [redacted] is not known"),
            "{text}"
        );
    }
    assert!(!format!("{letta:?} {list:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_value_is_not_printed_as_a_server_reads_it() {
    for (value, echo) in [
        ("  hunter2-hunter2 ", "hunter2-hunter2"),
        ("Bearer hunter2-hunter2", "hunter2-hunter2"),
        ("schl\u{fc}ssel-hunter2", "schl\u{fc}ssel-hunter2"),
        // As ISO 8859-1.
        ("schl\u{fc}ssel-hunter2", "schl\u{c3}\u{bc}ssel-hunter2"),
    ] {
        let body = format!(r#"{{"message":"not known: {echo}"}}"#);
        let tap = Tap::start(answer("403 Forbidden", "application/json", &body)).await;
        let list = tap.letta().access_tokens().list();
        let error = list.with_header("x-gateway", value).await.unwrap_err();
        let text = printed(&error);
        assert!(text.contains("not known: [redacted]"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn a_client_without_a_key_sends_none() {
    let tap = page().await;
    let letta = Letta::builder()
        .base_url(tap.url())
        .without_api_key()
        .build()
        .unwrap();
    letta.access_tokens().list().await.unwrap();
    assert!(value(&tap.request(), "authorization").is_empty());
    // Nothing is cut out of texts for being an empty key.
    let tap = Tap::start(answer(
        "404 Not Found",
        "application/json",
        r#"{"detail":"Not Found"}"#,
    ))
    .await;
    let letta = Letta::builder()
        .base_url(tap.url())
        .without_api_key()
        .build()
        .unwrap();
    let error = letta.access_tokens().list().await.unwrap_err();
    assert_eq!(error.message(), Some("Not Found"));
    // What is no token is still refused.
    let error = letta
        .access_tokens()
        .revoke("sk-let-hunter2")
        .await
        .unwrap_err();
    assert_eq!(error.field(), Some("token"));
    assert_eq!(tap.requests().len(), 1);
}

#[test]
fn a_client_without_a_key_is_for_a_server_on_this_machine_unless_told_otherwise() {
    let url = |letta: &Letta| letta.api().base_url().as_str().to_owned();
    assert_eq!(url(&Letta::local().unwrap()), "http://localhost:8283");
    let builder = || Letta::builder().without_api_key();
    assert_eq!(url(&builder().build().unwrap()), "http://localhost:8283");
    let elsewhere = builder()
        .base_url("https://letta.example.com")
        .build()
        .unwrap();
    assert_eq!(url(&elsewhere), "https://letta.example.com");
    // The last word counts.
    assert_eq!(
        url(&builder().api_key("key").build().unwrap()),
        "https://api.letta.com"
    );
    let without = Letta::builder()
        .api_key("key")
        .without_api_key()
        .build()
        .unwrap();
    assert_eq!(url(&without), "http://localhost:8283");
    // What is sent to a server may be read on the way, with a key or without.
    let plain = builder().base_url("http://letta.example.com");
    let error = plain.clone().build().unwrap_err();
    assert_eq!(error.field(), Some("base_url"));
    assert!(plain.allow_plain_http().build().is_ok());
    let error = Letta::builder().build().unwrap_err();
    assert!(error.to_string().contains("`Letta::local`"), "{error}");
}
