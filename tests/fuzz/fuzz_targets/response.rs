//! Answers of any status, with any headers and any body: no panic, no endless call, no secret printed.

#![no_main]

use std::time::Duration;

use letta_api_ext::fuzzing::letta;
use letta_api_ext::reqwest::StatusCode;
use letta_api_ext::reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use letta_api_ext::{AccessPolicy, Error, RetryPolicy};
use libfuzzer_sys::fuzz_target;

const KEY: &str = "plain/K3yk3yk3y=4711";
const TOKEN: &str = "plain/t0kent0ken+4712=";

/// The headers that are looked at, by the number that stands for them.
const HEADERS: [&str; 6] = [
    "content-type",
    "x-request-id",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "location",
];

fn printed(error: &Error) -> String {
    let mut text = format!("{:?} {:?}", error.message(), error.request_id());
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        text += &format!(" {error} {error:?}");
        cause = error.source();
    }
    text
}

// A line of the status, lines of headers (a digit and the value), an empty line, the body.
fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let mut line = || {
        let end = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        line
    };
    let status = std::str::from_utf8(line()).ok();
    let status = status.and_then(|text| text.parse().ok());
    let Some(Ok(status)) = status.map(StatusCode::from_u16) else {
        return;
    };
    let mut headers = HeaderMap::new();
    loop {
        let [digit, value @ ..] = line() else { break };
        let name = HEADERS.get(usize::from(digit.wrapping_sub(b'0')));
        if let (Some(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.expect("a runtime starts").block_on(async {
        let tokens = letta(KEY, status, headers, rest.to_vec())
            .with_retry(RetryPolicy::never())
            .with_deadline(Duration::from_secs(5))
            .access_tokens();
        let policy = AccessPolicy::builder().agent("agent-1").chat().build();
        let policy = policy.expect("`agent-1` is an ID");
        let texts = [
            match tokens.create(policy, "https://a.b").await {
                Ok(token) => {
                    // The service may give the key as the token; it then prints no less than that.
                    format!("{:?} {}", token.to_browser(), token.policy_version())
                }
                Err(error) => printed(&error),
            },
            match tokens.list().await {
                Ok(page) => format!("{} {}", page.tokens().len(), page.has_next_page()),
                Err(error) => printed(&error),
            },
            match tokens.revoke(TOKEN).await {
                Ok(outcome) => format!("{outcome:?}"),
                Err(error) => printed(&error),
            },
        ];
        for text in &texts[1..] {
            assert!(!text.contains("K3yk3yk3y"), "{text}");
        }
        assert!(!texts[2].contains("t0kent0ken"), "{}", texts[2]);
    });
});
