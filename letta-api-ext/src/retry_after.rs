//! How long the service asks to wait.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::clock;

/// Reads `retry-after-ms` (milliseconds), then `Retry-After` (whole seconds, or an HTTP date).
///
/// Nothing for what cannot be read, for zero, and for a date that has passed: they say nothing about
/// how long to wait.
pub(crate) fn parse(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let milliseconds = text("retry-after-ms")
        .and_then(|text| text.parse::<u64>().ok())
        .map(Duration::from_millis);
    let wait = milliseconds.or_else(|| {
        let text = text(RETRY_AFTER.as_str())?;
        match text.parse::<u64>() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => clock::parse_http_date(text)?.duration_since(now).ok(),
        }
    })?;
    (!wait.is_zero()).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_from_seconds_milliseconds_and_dates() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (name, value, wait) in [
            ("retry-after", "65", Some(65_000)),
            ("retry-after", " 2 ", Some(2_000)),
            ("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT", Some(10_000)),
            ("retry-after", "Sun, 06 Nov 1994 08:49:27 GMT", None),
            ("retry-after", "0", None),
            ("retry-after", "-1", None),
            ("retry-after", "1.5", None),
            ("retry-after", "soon", None),
            ("retry-after", "99999999999999999999", None),
            ("retry-after-ms", "1500", Some(1_500)),
            ("retry-after-ms", "x", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            assert_eq!(
                parse(&headers, now),
                wait.map(Duration::from_millis),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn milliseconds_come_before_seconds() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "3".parse().unwrap());
        headers.insert("retry-after-ms", "20".parse().unwrap());
        let now = SystemTime::UNIX_EPOCH;
        assert_eq!(parse(&headers, now), Some(Duration::from_millis(20)));
        headers.insert("retry-after-ms", "x".parse().unwrap());
        assert_eq!(parse(&headers, now), Some(Duration::from_secs(3)));
    }
}
