//! Server-sent events, as they arrive.

use letta_api_ext::letta_api::EventStream;
use letta_api_in_browser_tests::Service;
use reqwest::Method;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

/// The data of all events of an answer in these pieces.
async fn read(name: &'static str, pieces: &[&str]) -> Vec<String> {
    let service = Service::answering(name, [json!({"pieces": pieces})]).await;
    let request = service.letta().request(Method::GET, "/v1/x");
    let stream = EventStream::<Value>::new(request.stream().await.unwrap());
    let mut frames = stream.frames();
    let mut all = Vec::new();
    while let Some(frame) = frames.next().await {
        all.push(frame.unwrap().data().to_owned());
    }
    all
}

#[wasm_bindgen_test]
async fn events_are_read_wherever_they_are_cut_and_whatever_ends_their_lines() {
    let text = "data: {\"a\":1}\n\n: a comment\n\ndata: ä🦀\r\ndata: two\r\n\r\ndata: three\r\r";
    let wanted = ["{\"a\":1}", "ä🦀\ntwo", "three"];
    assert_eq!(read("events_whole", &[text]).await, wanted);
    let single: Vec<String> = text.chars().map(String::from).collect();
    let single: Vec<&str> = single.iter().map(String::as_str).collect();
    assert_eq!(read("events_cut", &single).await, wanted);
}

#[wasm_bindgen_test]
async fn an_event_is_handed_over_before_the_answer_ends() {
    let open = json!({"pieces": ["data: {\"n\":1}\n\n", "data: {\"n\":2}\n\n"], "end": "open"});
    let service = Service::answering("events_open", [open]).await;
    let stream = service.letta().request(Method::GET, "/v1/x").stream();
    let mut events = EventStream::<Value>::new(stream.await.unwrap());
    for number in 1..=2 {
        let event = events.next().await.unwrap().unwrap();
        assert_eq!(event["n"], number);
    }
    // The service would never end it. Dropping it does.
    drop(events);
    service.until_given_up().await;
}

#[wasm_bindgen_test]
async fn a_stream_that_breaks_is_interrupted_and_prints_nothing_of_the_page() {
    let broken = json!({"pieces": ["data: {\"n\":1}\n\n", "data: {\"n\""], "end": "broken"});
    let service = Service::answering("events_broken", [broken]).await;
    let stream = service.letta().request(Method::GET, "/v1/x").stream();
    let mut events = EventStream::<Value>::new(stream.await.unwrap());
    // A browser drops what it has not handed over when a connection breaks, so the first event may be missing.
    let error = match events.next().await.unwrap() {
        Ok(event) => {
            assert_eq!(event["n"], 1);
            events.next().await.unwrap().unwrap_err()
        }
        Err(error) => error,
    };
    let error = letta_api_ext::Error::from(error);
    assert!(
        error.is_interrupted() && error.may_have_happened(),
        "{error}"
    );
    crate::failures::assert_prints_nothing_of_the_page(&error);
    assert!(events.next().await.is_none());
}

#[wasm_bindgen_test]
async fn an_event_that_never_ends_is_given_up_at_its_limit() {
    let long = json!({"pieces": ["data: 12345678", "9012345678", "90"], "end": "open"});
    let service = Service::answering("events_limit", [long]).await;
    let stream = service.letta().request(Method::GET, "/v1/x").stream();
    let events = EventStream::<Value>::new(stream.await.unwrap());
    let mut events = events.with_event_limit(20);
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.limit(), Some(20), "{error}");
    drop(events);
    service.until_given_up().await;
}
