//! What errors say of refusals by the service.

use std::time::Duration;

use letta_api::Operation;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::Error;
use super::said::ErrorEvent;

static SEND: Operation = Operation::new("send_message", "POST", "/v1/agents/{id}/messages");
const SECRET: &str = "hunter2/Key+99887766";

fn of_body(status: u16, body: &str) -> Error {
    let status = StatusCode::from_u16(status).unwrap();
    Error::from_status(&SEND, status, &HeaderMap::new(), body.as_bytes(), &[SECRET])
}

fn of_event(event: &ErrorEvent<'_>) -> Error {
    Error::from_error_event(&SEND, &HeaderMap::new(), event, &[SECRET])
}

#[test]
fn a_captured_conflict_is_busy_or_pending_with_its_id() {
    let busy = of_body(
        409,
        r#"{"detail":"CONFLICT: Cannot send a new message: Another request (run_id=run-afc6) is currently being processed for this conversation. Please wait for it to complete.","run_id":"run-afc6"}"#,
    );
    assert!(busy.is_busy() && !busy.is_pending_approval());
    assert_eq!(
        (busy.run_id(), busy.pending_request_id()),
        (Some("run-afc6"), None)
    );
    let pending = of_body(
        409,
        r#"{"detail":{"code":"PENDING_APPROVAL","message":"CONFLICT: Cannot send a new message: The agent is waiting for approval on a tool call.","pending_request_id":"message-989e"}}"#,
    );
    assert!(pending.is_pending_approval() && !pending.is_busy());
    assert_eq!(pending.pending_request_id(), Some("message-989e"));
    assert_eq!(
        (pending.code(), pending.run_id()),
        (Some("PENDING_APPROVAL"), None)
    );
    let of_conversation = of_body(
        409,
        r#"{"detail":"CONFLICT: Cannot send a new message: The agent is waiting for approval on a tool call. Please approve or deny the pending request before continuing."}"#,
    );
    assert!(of_conversation.is_pending_approval() && !of_conversation.is_busy());
    assert_eq!(of_conversation.pending_request_id(), None);
    for error in [busy, pending, of_conversation] {
        assert!(
            !error.may_have_happened() && !error.is_retryable(),
            "{error}"
        );
        assert_eq!(error.status(), Some(StatusCode::CONFLICT));
    }
    let unrelated = of_body(409, r#"{"detail":"No active runs to cancel"}"#);
    assert!(!unrelated.is_busy() && !unrelated.is_pending_approval());
}

#[test]
fn what_a_limit_body_says_is_kept() {
    let error = of_body(
        429,
        r#"{"error":"Too much","reasons":["exceeded-quota","new"],"timeToQuotaResetMs":61000,"limit":5}"#,
    );
    assert!(error.is_quota_exceeded() && !error.is_rate_limited() && error.is_retryable());
    assert_eq!(
        error.reasons().collect::<Vec<_>>(),
        ["exceeded-quota", "new"]
    );
    assert_eq!(error.retry_after(), Some(Duration::from_secs(61)));
    assert_eq!(error.limit(), Some(5));
    assert!(!error.is_out_of_credits());
    let credits = of_body(
        402,
        r#"{"error":"No credits","reasons":["not-enough-credits"]}"#,
    );
    assert!(credits.is_out_of_credits() && !credits.is_quota_exceeded() && !credits.is_retryable());
    let plain = of_body(429, "");
    assert!(plain.is_rate_limited() && plain.is_retryable() && plain.reasons().next().is_none());
    let trace = of_body(422, r#"{"trace_id":"t-1","detail":"is bad"}"#);
    assert_eq!(
        (trace.trace_id(), trace.message()),
        (Some("t-1"), Some("is bad"))
    );
}

#[test]
fn the_longer_of_two_waits_counts() {
    let of = |seconds: &str, body: &str| {
        let headers =
            HeaderMap::from_iter([(reqwest::header::RETRY_AFTER, seconds.parse().unwrap())]);
        let status = StatusCode::TOO_MANY_REQUESTS;
        Error::from_status(&SEND, status, &headers, body.as_bytes(), &[]).retry_after()
    };
    let body = r#"{"reasons":["exceeded-quota"],"timeToQuotaResetMs":60000}"#;
    assert_eq!(of("1", body), Some(Duration::from_secs(60)));
    assert_eq!(of("90", body), Some(Duration::from_secs(90)));
    // A time without the reason is no wait.
    assert_eq!(
        of("1", r#"{"timeToQuotaResetMs":60000}"#),
        Some(Duration::from_secs(1))
    );
}

#[test]
fn an_agent_whose_model_failed_had_begun_to_work() {
    let model = r#"{"error":{"type":"llm_rate_limit","message":"Slow down","detail":"429 of the provider"}}"#;
    let error = of_body(429, model);
    assert!(error.is_rate_limited() && error.is_retryable() && error.may_have_happened());
    assert_eq!(error.code(), Some("llm_rate_limit"));
    assert_eq!(error.detail(), Some("429 of the provider"));
    assert!(!of_body(429, "").may_have_happened());
}

#[test]
fn an_error_event_is_an_error_with_type_message_detail_and_run() {
    let error = of_event(&ErrorEvent {
        error_type: "llm_rate_limit",
        message: "Slow down",
        detail: Some("429 of the provider"),
        run_id: Some("run-1"),
    });
    assert_eq!(error.code(), Some("llm_rate_limit"));
    assert_eq!(error.message(), Some("Slow down"));
    assert_eq!(error.detail(), Some("429 of the provider"));
    assert_eq!((error.run_id(), error.status()), (Some("run-1"), None));
    assert!(error.is_rate_limited() && error.is_retryable() && error.may_have_happened());
    assert_eq!(
        error.to_string(),
        "send_message: the service reported an error in its stream: llm_rate_limit: Slow down: 429 of the provider (run run-1)"
    );
    let text =
        "CONFLICT: Cannot send a new message: The agent is waiting for approval on a tool call.";
    let pending = of_event(&ErrorEvent {
        error_type: "internal_error",
        message: text,
        detail: Some(text),
        run_id: Some("run-2"),
    });
    assert!(
        pending.is_pending_approval() && !pending.may_have_happened() && !pending.is_retryable()
    );
    assert_eq!(
        (pending.code(), pending.detail()),
        (Some("internal_error"), None)
    );
    let credits = of_event(&ErrorEvent {
        error_type: "insufficient_credits",
        message: "",
        detail: None,
        run_id: None,
    });
    assert!(credits.is_out_of_credits() && !credits.is_retryable());
    assert_eq!((credits.message(), credits.run_id()), (None, None));
}

#[test]
fn nothing_that_an_error_says_has_a_secret() {
    let whole = format!(
        r#"{{"detail":{{"code":"{SECRET}","message":"{SECRET}","pending_request_id":"{SECRET}"}},"run_id":"{SECRET}","trace_id":"{SECRET}","reasons":["{SECRET}"]}}"#
    );
    // Spread over what has an accessor each.
    let (begin, end) = SECRET.split_at(10);
    let spread = format!(r#"{{"error":"No","reasons":["{begin}","{end}"]}}"#);
    let over_two = format!(r#"{{"error":{{"type":"t","message":"{begin}","detail":"{end}"}}}}"#);
    let event = of_event(&ErrorEvent {
        error_type: SECRET,
        message: SECRET,
        detail: Some(&format!("see {SECRET}")),
        run_id: Some(SECRET),
    });
    let bodies = [whole, spread, over_two].map(|body| of_body(409, &body));
    for error in bodies.into_iter().chain([event]) {
        let texts = [
            error.message(),
            error.code(),
            error.detail(),
            error.trace_id(),
            error.run_id(),
            error.pending_request_id(),
        ];
        let mut all: String = texts.into_iter().flatten().collect();
        all.extend(error.reasons());
        all += &format!("{error} {error:?}");
        assert!(
            !all.contains("hunter2") && !all.contains("99887766"),
            "{all}"
        );
    }
}

#[test]
fn what_is_said_is_bounded_and_an_error_stays_small() {
    let long = "x".repeat(5_000);
    let reasons = vec![long.as_str(); 30];
    let body = serde_json::json!({ "error": long, "reasons": reasons, "code": long });
    let error = of_body(429, &body.to_string());
    assert_eq!(error.reasons().count(), 20);
    assert!(error.reasons().all(|it| it.len() <= 1_000));
    assert!(error.code().unwrap().len() <= 1_000);
    assert!(
        size_of::<Error>() <= 12 * size_of::<usize>(),
        "{}",
        size_of::<Error>()
    );
}

#[test]
fn what_broke_off_is_interrupted_and_a_time_out_is_not() {
    let broken = letta_api::TransportError::new(std::io::Error::other("broken"));
    let error = Error::from_transport(&broken, &SEND, None, &[]);
    assert!(error.is_interrupted() && !error.is_timeout());
    let limit = super::TimeLimit::Attempt(Duration::from_secs(1));
    let late = Error::out_of_time(&SEND, limit, None, None, &[]);
    assert!(late.is_timeout() && !late.is_interrupted());
}
