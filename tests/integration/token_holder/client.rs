//! How a client with a source of tokens is made, and what it sends.

use letta_api_ext::token_holder::SourcedToken;
use letta_api_ext::{Letta, LettaBuilder};
use letta_api_tests::{API_KEY, TOKEN, TOKEN_PART, Tap, answer, printed, split};

/// The values of a header that a call of this client has.
async fn sent(header: &str, configure: impl FnOnce(LettaBuilder) -> LettaBuilder) -> Vec<String> {
    let tap = Tap::start(answer("200 OK", "application/json", "[]")).await;
    let letta = configure(Letta::builder().base_url(tap.url()))
        .build()
        .unwrap();
    letta.agent("agent-1").messages().send().await.unwrap();
    let request = tap.request();
    let (_, headers, _) = split(&request);
    let found = headers.into_iter().filter(|(name, _)| name == header);
    found.map(|(_, value)| value).collect()
}

#[tokio::test]
async fn of_a_source_and_a_key_the_last_one_counts() {
    let token = || SourcedToken::new(TOKEN);
    let by_token = [format!("Bearer {TOKEN}")];
    let by_key = [format!("Bearer {API_KEY}")];
    let name = "authorization";
    let both = sent(name, |builder| {
        builder.api_key(API_KEY).token_source(token())
    });
    assert_eq!(both.await, by_token);
    let both = sent(name, |builder| {
        builder.token_source(token()).api_key(API_KEY)
    });
    assert_eq!(both.await, by_key);
    let neither = sent(name, |builder| {
        builder.token_source(token()).without_api_key()
    });
    assert_eq!(neither.await, [""; 0]);
    let again = sent(name, |builder| {
        builder.without_api_key().token_source(token())
    });
    assert_eq!(again.await, by_token);
}

#[tokio::test]
async fn the_origin_is_sent_with_or_without_a_holder() {
    let origin = "https://chat.example.com";
    let by_token = |builder: LettaBuilder| builder.token_source(SourcedToken::new(TOKEN));
    assert_eq!(
        sent("origin", |builder| by_token(builder).origin(origin)).await,
        [origin]
    );
    // As browsers write it.
    let given = "https://CHAT.example.com:443/";
    assert_eq!(
        sent("origin", |builder| builder.origin(given).api_key(TOKEN)).await,
        [origin]
    );
    assert_eq!(sent("origin", by_token).await, [""; 0]);
}

#[test]
fn an_invalid_origin_and_an_origin_as_a_header_are_errors() {
    let error = Letta::builder()
        .api_key(API_KEY)
        .origin("chat.example.com")
        .build()
        .unwrap_err();
    assert_eq!(error.field(), Some("origin"), "{error}");
    let error = Letta::builder()
        .api_key(API_KEY)
        .header("Origin", "https://a.b")
        .build()
        .unwrap_err();
    assert_eq!(error.field(), Some("header"), "{error}");
    assert!(error.to_string().contains("`origin`"), "{error}");
}

#[test]
fn a_client_with_a_source_has_a_holder_that_its_clones_share() {
    let builder = Letta::builder().token_source(SourcedToken::new(TOKEN));
    let text = format!("{builder:?}");
    let letta = builder.build().unwrap();
    // A source is for the hosted service unless a URL is given.
    assert_eq!(letta.api().base_url().as_str(), "https://api.letta.com");
    let clone = letta
        .clone()
        .with_deadline(std::time::Duration::from_secs(1));
    clone.token_holder().unwrap().forget();
    let state = letta.token_holder().unwrap().state();
    assert_eq!(state, letta_api_ext::token_holder::TokenState::SignedOut);
    assert!(Letta::new(API_KEY).unwrap().token_holder().is_none());
    let text = format!("{text} {letta:?} {:?}", letta.token_holder());
    assert!(!text.contains(TOKEN_PART), "{text}");
}

#[tokio::test]
async fn a_token_that_no_header_can_hold_is_an_error_of_the_call() {
    for token in ["", "hunter2 hunter2", "hunter2\r\nx: y", "hünter2"] {
        let source = SourcedToken::new(token);
        let builder = Letta::builder()
            .base_url("http://127.0.0.1:1")
            .token_source(source);
        let letta = builder.build().unwrap();
        let error = letta.agent("agent-1").messages().send().await.unwrap_err();
        let text = printed(&error);
        assert!(!error.may_have_happened() && !error.is_connect(), "{text}");
        assert!(!text.contains("nter2"), "{text}");
    }
}
