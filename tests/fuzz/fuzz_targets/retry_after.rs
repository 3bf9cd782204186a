//! `Retry-After` and `retry-after-ms`: whatever they hold, the wait is one that makes sense.

#![no_main]

use std::time::{Duration, SystemTime};

use letta_api_ext::fuzzing::retry_after;
use letta_api_ext::reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use libfuzzer_sys::fuzz_target;

// The two values, on lines of their own.
fuzz_target!(|input: &[u8]| {
    let mut lines = input.split(|byte| *byte == b'\n');
    let mut headers = HeaderMap::new();
    let mut insert = |name: &'static str| {
        if let Some(Ok(value)) = lines.next().map(HeaderValue::from_bytes) {
            headers.insert(name, value);
        }
    };
    insert(RETRY_AFTER.as_str());
    insert("retry-after-ms");

    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_366_400);
    let wait = retry_after(&headers, now);
    assert_ne!(wait, Some(Duration::ZERO));
    // The same question has the same answer, and a date comes no later the later one asks.
    let later = retry_after(&headers, now + Duration::from_secs(60));
    assert!(later <= wait, "{wait:?}, then {later:?}");
});
