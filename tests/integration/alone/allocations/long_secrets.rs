//! What it costs to print what has a long secret in it.

use std::time::Duration;

use allocation_counter::measure;
use cpu_time::ThreadTime;
use letta_api::Secret;
use letta_api_ext::AccessToken;
use letta_api_tests::{Tap, answer, configured, policy};

const MIB: usize = 1024 * 1024;

/// A secret of so many bytes. No eight of them stand in the token's other fields.
fn secret(length: usize) -> String {
    let mut random = fastrand::Rng::with_seed(4711);
    (0..length).map(|_| random.alphanumeric()).collect()
}

/// A token as a service gives it that has odd ideas of how long its fields are.
async fn token(secret: &str, other: &str) -> AccessToken {
    let body = serde_json::json!({
        "token": secret,
        "hostname": other,
        "expiresAt": other,
        "policy": {"version": "1", "data": [{"type": "agent", "id": other, "access": [other, other]}]},
    });
    let answer = answer("201 Created", "application/json", &body.to_string());
    let tap = Tap::start(answer).await;
    let long = Duration::from_secs(600);
    let letta = configured(tap.url(), |builder| {
        builder
            .deadline(long)
            .attempt_timeout(long)
            .response_body_limit(64 * MIB)
    });
    let create = letta.access_tokens().create(policy(), "https://a.b");
    create.with_any_grant().await.unwrap()
}

/// How much of the processor's time it takes to print the token. Other programs do not count.
fn cost(token: &AccessToken) -> Duration {
    let once = || {
        let began = ThreadTime::now();
        std::hint::black_box(format!("{token:?}"));
        began.elapsed()
    };
    // The first one reads the policy.
    once();
    (0..3).map(|_| once()).min().unwrap()
}

#[tokio::test]
async fn printing_a_token_takes_no_memory_for_its_secret() {
    for other in ["https://a.b".to_owned(), "no secret ".repeat(100_000)] {
        let token = token(&secret(4 * MIB), &other).await;
        let print = || drop(format!("{token:?}"));
        print();
        let counted = measure(print);
        assert!(counted.bytes_total < MIB as u64, "{counted:?}");
        assert!(format!("{token:?}").contains("[redacted]"));
        assert!(format!("{token:?}").len() < 8_000);
        let browser = token.to_browser();
        let counted = measure(|| drop(format!("{browser:?}")));
        assert!(counted.bytes_total < MIB as u64, "{counted:?}");
    }
    let secret = Secret::new(secret(4 * MIB));
    let counted = measure(|| drop(format!("{secret:?}")));
    assert!(counted.bytes_total < 1_000, "{counted:?}");
}

#[tokio::test]
async fn printing_a_token_does_not_look_for_each_part_of_its_secret_in_all_of_its_text() {
    let secret = secret(MIB);
    let short = cost(&token(&secret, "a-short-1-hostname").await);
    let long = cost(&token(&secret, &"an-other-hostname".repeat(200)).await);
    println!("{short:?} with short fields, {long:?} with long ones");
    // The fields are 200 times as long, and so is what was done before.
    assert!(long < 20 * short, "{short:?}, then {long:?}");
}

#[tokio::test]
async fn printing_a_token_takes_no_longer_than_its_secret_is() {
    let one = cost(&token(&secret(MIB / 2), "https://a.b/hostname").await);
    let eight = cost(&token(&secret(4 * MIB), "https://a.b/hostname").await);
    println!("{one:?} for half a MiB, {eight:?} for 4 MiB");
    assert!(eight < 32 * one, "{one:?}, then {eight:?}");
}
