use std::time::Duration;

use letta_api_emulator::{Emulator, Fault, MessageKind, operations};
use reqwest::Method;
use serde_json::{Value, json};

use crate::raw::{Answer, request};

const MESSAGES: &str = "/v1/agents/agent-1/messages";
const STREAM: &str = "/v1/agents/agent-1/messages/stream";

async fn emulator() -> Emulator {
    Emulator::builder().agent("agent-1").start().await.unwrap()
}

async fn post(emulator: &Emulator, path: &str, body: Value) -> Answer {
    Answer::of(request(emulator, Method::POST, path).json(&body)).await
}

/// The events of a stream, each as its name, which most do not have, and its data.
fn events(answer: &Answer) -> Vec<(Option<&str>, Value)> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        answer.header("content-type"),
        "text/event-stream; charset=utf-8"
    );
    assert!(answer.text.ends_with("\n\n") && !answer.text.contains('\r'));
    let events = answer.text.trim_end().split("\n\n");
    events
        .map(|event| {
            let (name, data) = match event.strip_prefix("event: ") {
                Some(rest) => rest
                    .split_once('\n')
                    .map(|(name, data)| (Some(name), data))
                    .unwrap(),
                None => (None, event),
            };
            let data = data.strip_prefix("data: ").unwrap();
            let data = serde_json::from_str(data).unwrap_or_else(|_| json!(data));
            (name, data)
        })
        .collect()
}

fn types(events: &[(Option<&str>, Value)]) -> Vec<String> {
    let of = |data: &Value| {
        data["message_type"]
            .as_str()
            .or(data.as_str())
            .unwrap()
            .to_owned()
    };
    events.iter().map(|(_, data)| of(data)).collect()
}

#[tokio::test]
async fn a_message_is_answered_with_itself_and_both_are_listed() {
    let emulator = emulator().await;
    let body = json!({"messages": [{"role": "user", "content": "Hello there", "otid": "mine"}]});
    let answer = post(&emulator, MESSAGES, body).await;
    assert_eq!(answer.status, 200);
    let answer = answer.json();
    let reply = &answer["messages"][0];
    assert_eq!(reply["message_type"], "assistant_message");
    assert_eq!(reply["content"], "You said: Hello there");
    assert_eq!(answer["stop_reason"]["stop_reason"], "end_turn");
    assert_eq!(answer["usage"]["total_tokens"], 2 + 4);

    let listed = Answer::of(request(&emulator, Method::GET, MESSAGES))
        .await
        .json();
    assert_eq!(listed[2], *reply);
    assert_eq!(listed[1]["message_type"], "user_message");
    assert_eq!(listed[1]["content"], "Hello there");
    assert_eq!(listed[1]["otid"], "mine");
    assert_eq!(listed[1]["run_id"], reply["run_id"]);
    assert_eq!(listed[0]["message_type"], "system_message");
    assert_eq!(listed.as_array().unwrap().len(), 3);

    let path = format!(
        "{MESSAGES}?order=asc&limit=1&after={}",
        listed[0]["id"].as_str().unwrap()
    );
    let page = Answer::of(request(&emulator, Method::GET, &path))
        .await
        .json();
    assert_eq!(page, json!([listed[1]]));

    let agent = emulator.agent("agent-1").snapshot().unwrap();
    let kinds: Vec<_> = agent
        .messages()
        .iter()
        .map(letta_api_emulator::Message::kind)
        .collect();
    assert_eq!(
        kinds,
        [
            MessageKind::System,
            MessageKind::User,
            MessageKind::Assistant
        ]
    );
}

#[tokio::test]
async fn a_stream_has_the_steps_or_the_words_between_a_ping_and_done() {
    let emulator = emulator().await;
    for (tokens, contents) in [
        (false, &["You said: Hello  there"][..]),
        (true, &["You ", "said: ", "Hello  ", "there"]),
    ] {
        let answer = post(
            &emulator,
            STREAM,
            json!({"input": "Hello  there", "stream_tokens": tokens}),
        )
        .await;
        let events = events(&answer);
        let mut expected = vec!["ping"];
        expected.extend(contents.iter().map(|_| "assistant_message"));
        expected.extend(["stop_reason", "usage_statistics", "[DONE]"]);
        assert_eq!(types(&events), expected);
        let said = &events[1..=contents.len()];
        for ((_, event), content) in said.iter().zip(contents) {
            assert_eq!(event["content"], *content);
            // All but the content is the same in each piece.
            assert_eq!(event["id"], said[0].1["id"]);
            assert_eq!(event["otid"], said[0].1["otid"]);
        }
        let newest = emulator
            .agent("agent-1")
            .snapshot()
            .unwrap()
            .messages()
            .last()
            .unwrap()
            .clone();
        assert_eq!(said[0].1["id"], newest.id());
        assert_eq!(newest.text(), "You said: Hello  there");
    }
    let quiet = post(
        &emulator,
        STREAM,
        json!({"input": "x", "include_pings": false}),
    )
    .await;
    assert_eq!(types(&events(&quiet))[0], "assistant_message");
}

#[tokio::test]
async fn current_clients_may_stream_at_the_plain_path_and_others_may_not() {
    let emulator = emulator().await;
    let stream = |headers: &[(&str, &str)]| {
        let body = json!({"input": "Hello", "streaming": true});
        let mut request = request(&emulator, Method::POST, MESSAGES).json(&body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request)
    };
    for headers in [
        &[] as &[(&str, &str)],
        &[("user-agent", "letta-client/1.12.1")],
        &[("user-agent", "@letta-ai/letta-client/1.12.1")],
        &[
            ("user-agent", "Mozilla/5.0"),
            ("x-stainless-package-version", "1.12.1"),
        ],
    ] {
        let answer = stream(headers).await;
        assert_eq!(
            types(&events(&answer)).last().unwrap(),
            "[DONE]",
            "{headers:?}"
        );
    }
    for agent in ["Mozilla/5.0", "letta-client/0.1.3", "curl/8"] {
        let answer = stream(&[("user-agent", agent)]).await;
        assert_eq!(answer.status, 422, "{agent}");
        assert!(
            answer.json()["detail"]
                .as_str()
                .unwrap()
                .contains("/messages/stream")
        );
    }
}

#[tokio::test]
async fn what_is_no_message_is_422_and_nothing_is_kept() {
    let emulator = emulator().await;
    for body in [
        json!({}),
        json!({"messages": [{"role": "nobody", "content": ""}]}),
    ] {
        for path in [MESSAGES, STREAM] {
            let answer = post(&emulator, path, body.clone()).await;
            assert_eq!(answer.status, 422, "{body}");
            assert!(answer.json()["detail"].is_string());
        }
    }
    assert_eq!(
        emulator
            .agent("agent-1")
            .snapshot()
            .unwrap()
            .messages()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_model_that_fails_is_429_or_an_event_in_a_stream_that_answers_200() {
    let emulator = emulator().await;
    emulator.inject(Fault::model_failure()).unwrap();
    let body = json!({"input": "Hello", "stream_tokens": true});
    let answer = post(&emulator, MESSAGES, body.clone()).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.json()["error"]["type"], "llm_rate_limit");

    let answer = post(&emulator, STREAM, body).await;
    let events = events(&answer);
    assert_eq!(
        types(&events),
        ["ping", "stop_reason", "error_message", "[DONE]"]
    );
    assert_eq!(events[1].1["stop_reason"], "llm_api_error");
    assert_eq!(events[2].0, Some("error"));
    assert_eq!(events[2].1["run_id"], events[0].1["run_id"]);

    // Nothing is kept of such a turn, not even what was sent.
    assert_eq!(
        emulator
            .agent("agent-1")
            .snapshot()
            .unwrap()
            .messages()
            .len(),
        1
    );
    let listed = Answer::of(request(&emulator, Method::GET, MESSAGES)).await;
    assert_eq!(listed.status, 200);
    assert_eq!(emulator.request_count(operations::STREAM_MESSAGE), 1);
}

#[tokio::test]
async fn a_stream_that_breaks_off_has_begun_and_has_no_end() {
    let emulator = emulator().await;
    emulator.inject(Fault::break_stream()).unwrap();
    for (tokens, begun) in [(true, "You "), (false, "You said: Hello")] {
        let mut response = request(&emulator, Method::POST, STREAM)
            .json(&json!({"input": "Hello", "stream_tokens": tokens}))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status().as_u16(), 200);
        let mut text = String::new();
        let error = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => text += std::str::from_utf8(&chunk).unwrap(),
                Ok(None) => panic!("it ended: {text}"),
                Err(error) => break error,
            }
        };
        assert!(error.is_body() || error.is_decode(), "{error:?}");
        assert!(text.contains(&format!("\"content\":\"{begun}\"")), "{text}");
        assert!(!text.contains("stop_reason") && !text.contains("[DONE]"));
    }
    // An answer that is not streamed has nothing to break off.
    let answer = post(&emulator, MESSAGES, json!({"input": "Hello"})).await;
    assert_eq!(answer.status, 200);
}

/// The events of a stream are made as they come due: a year's pings are not made at once.
#[tokio::test]
async fn a_pause_of_a_year_or_of_all_time_keeps_nobody_else_waiting() {
    for pause in [Duration::from_secs(365 * 24 * 60 * 60), Duration::MAX] {
        let builder = Emulator::builder().agent("agent-1").word_delay(pause);
        let emulator = builder.start().await.unwrap();
        nobody_waits(&emulator).await;
    }
}

async fn nobody_waits(emulator: &Emulator) {
    let mut response = request(emulator, Method::POST, STREAM)
        .json(&json!({"input": "a ".repeat(10_000), "stream_tokens": true}))
        .send()
        .await
        .unwrap();
    let ping = response.chunk().await.unwrap().unwrap();
    assert!(std::str::from_utf8(&ping).unwrap().contains("\"ping\""));
    let listed = Answer::of(request(emulator, Method::GET, MESSAGES)).await;
    assert_eq!(listed.status, 200);
    let word = tokio::time::timeout(Duration::from_millis(50), response.chunk()).await;
    assert!(word.is_err(), "{word:?}");
}

/// Tokio's time, which is paused. The machine's clock goes on meanwhile, and would make pauses shorter.
struct TokioClock {
    began: tokio::time::Instant,
    date: std::time::SystemTime,
}

impl letta_api_emulator::Clock for TokioClock {
    fn now(&self) -> std::time::SystemTime {
        self.date + self.began.elapsed()
    }
}

/// Time passes as soon as nothing else does: the test waits for no clock.
#[tokio::test(start_paused = true)]
async fn words_come_with_a_pause_before_each_and_pings_in_long_ones() {
    for (delay, tokens, expected) in [
        (Duration::from_millis(60), true, &[60, 60, 60][..]),
        (Duration::from_secs(1), false, &[1000]),
        (Duration::from_secs(50), false, &[20_000, 20_000, 10_000]),
    ] {
        let clock = TokioClock {
            began: tokio::time::Instant::now(),
            date: std::time::SystemTime::now(),
        };
        let builder = Emulator::builder().agent("agent-1").word_delay(delay);
        let emulator = builder.clock(clock).start().await.unwrap();
        let mut response = request(&emulator, Method::POST, STREAM)
            .json(&json!({"input": "Hello", "stream_tokens": tokens}))
            .send()
            .await
            .unwrap();
        let mut pauses = Vec::new();
        let mut last = tokio::time::Instant::now();
        while response.chunk().await.unwrap().is_some() {
            let now = tokio::time::Instant::now();
            let pause = now.duration_since(last).as_millis();
            last = now;
            if pause > 0 {
                pauses.push(pause);
            }
        }
        // A sleep ends at the next whole millisecond.
        let near = pauses
            .iter()
            .zip(expected)
            .all(|(pause, expected)| pause.abs_diff(*expected) <= 2);
        assert!(
            near && pauses.len() == expected.len(),
            "{delay:?}: {pauses:?}"
        );
    }
}
