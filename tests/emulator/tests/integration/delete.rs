use std::time::Duration;

use letta_api::Secret;
use letta_api_emulator::{Emulator, ManualClock};
use reqwest::Method;

use crate::raw::{Answer, RULES, TOKENS, client, create, delete, good_body, list, request};

async fn make(emulator: &Emulator) -> String {
    let answer = create(emulator, &good_body()).await.json();
    answer["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_deleted_token_is_gone_and_the_204_is_bare() {
    let emulator = Emulator::start().await.unwrap();
    let (kept, token) = (make(&emulator).await, make(&emulator).await);
    let answer = delete(&emulator, &token).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.text, "");
    for header in ["content-type", "content-length", "transfer-encoding"] {
        assert!(!answer.headers.contains_key(header), "{header}");
    }
    let page = list(&emulator, "").await.json();
    assert_eq!(page["tokens"].as_array().unwrap().len(), 1);
    assert_eq!(page["tokens"][0]["token"], kept.as_str());
    assert_eq!(emulator.tokens().len(), 1);
}

#[tokio::test]
async fn the_generated_client_deletes_a_token_as_often_as_it_likes() {
    let emulator = Emulator::start().await.unwrap();
    let client = client(&emulator);
    let token = Secret::new(make(&emulator).await);
    for _ in 0..2 {
        client
            .delete_client_side_access_token(&token)
            .await
            .unwrap();
        assert_eq!(emulator.tokens().len(), 0);
    }
}

#[tokio::test]
async fn whatever_is_deleted_the_answer_is_a_204_and_no_other_token_is_touched() {
    for rules in RULES.map(|rules| rules()) {
        let clock = ManualClock::new();
        let emulator = Emulator::builder()
            .clock(clock.clone())
            .token_rules(rules)
            .start()
            .await
            .unwrap();
        let expired = make(&emulator).await;
        clock.advance(Duration::from_secs(300));
        let deleted = make(&emulator).await;
        delete(&emulator, &deleted).await;
        let live = make(&emulator).await;
        let cases = [
            deleted,
            "ck-let-unknown".to_owned(),
            "agent-1".to_owned(),
            live.to_uppercase(),
            live[..live.len() - 1].to_owned(),
            format!("{live}%20"),
            "%00".to_owned(),
        ];
        for token in cases {
            let answer = delete(&emulator, &token).await;
            assert_eq!((answer.status, &*answer.text), (204, ""), "{token}");
        }
        let count = emulator.token_count();
        assert_eq!((count.live, count.expired), (1, 1));
        assert_eq!(delete(&emulator, &expired).await.status, 204);
        let count = emulator.token_count();
        assert_eq!((count.live, count.expired), (1, 0));
    }
}

#[tokio::test]
async fn the_token_in_the_path_is_one_segment_and_decoded_once() {
    let emulator = Emulator::start().await.unwrap();
    let token = make(&emulator).await;
    let encoded = |dash: &str| token.replacen('-', dash, 1);
    for (segment, status) in [
        (encoded("%252D"), 204),
        (encoded("%FF"), 400),
        (encoded("%2F"), 204),
        (encoded("/"), 404),
        (format!("{token}/"), 404),
        (String::new(), 404),
        (encoded("%2d"), 204),
    ] {
        // Nothing before the last names the token.
        assert_eq!(emulator.tokens().len(), 1);
        let answer = delete(&emulator, &segment).await;
        assert_eq!(answer.status, status, "{segment}");
        if status == 400 {
            assert_eq!(answer.message(), "what the path names is not UTF-8");
        }
    }
    assert_eq!(emulator.tokens().len(), 0);
}

#[tokio::test]
async fn a_body_is_passed_over_whatever_it_is() {
    let emulator = Emulator::start().await.unwrap();
    let large = " ".repeat(2 * 1024 * 1024);
    for (content_type, body) in [
        ("application/json", "{}"),
        ("application/json", "{"),
        ("text/plain", "x"),
        ("application/json", &large),
    ] {
        let token = make(&emulator).await;
        let request = request(&emulator, Method::DELETE, &format!("{TOKENS}/{token}"))
            .header("content-type", content_type)
            .body(body.to_owned());
        assert_eq!(Answer::of(request).await.status, 204);
    }
}
