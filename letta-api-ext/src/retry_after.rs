//! How long the service asks to wait.

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::clock;

/// Reads `retry-after-ms` (milliseconds), then `Retry-After` (whole seconds, or an HTTP date, which is
/// compared with the answer's own `Date` where there is one, and else with `now`).
///
/// Nothing for what cannot be read, for zero, and for a date that has passed: they say nothing about
/// how long to wait.
pub(crate) fn parse(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let is_wait = |wait: &Duration| !wait.is_zero();
    let milliseconds = text("retry-after-ms").and_then(|text| {
        let whole = text.parse().ok().map(Duration::from_millis);
        whole.or_else(|| Duration::try_from_secs_f64(text.parse::<f64>().ok()? / 1000.0).ok())
    });
    milliseconds.filter(is_wait).or_else(|| {
        let value = text(RETRY_AFTER.as_str())?;
        let wait = match value.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let its_now = text(DATE.as_str()).and_then(clock::parse_http_date);
                let then = clock::parse_http_date(value)?;
                then.duration_since(its_now.unwrap_or(now)).ok()?
            }
        };
        Some(wait).filter(is_wait)
    })
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
            ("retry-after-ms", "20.5", Some(20)),
            ("retry-after-ms", "0.0", None),
            ("retry-after-ms", "-3.5", None),
            ("retry-after-ms", "inf", None),
            ("retry-after-ms", "1e300", None),
            ("retry-after-ms", "x", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            assert_eq!(
                parse(&headers, now).map(|wait| wait.as_millis()),
                wait,
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
        headers.insert("retry-after-ms", "0".parse().unwrap());
        assert_eq!(parse(&headers, now), Some(Duration::from_secs(3)));
    }

    #[test]
    fn a_date_is_compared_with_the_clock_that_wrote_it() {
        let mut headers = HeaderMap::new();
        headers.insert(
            RETRY_AFTER,
            "Sun, 06 Nov 1994 08:49:47 GMT".parse().unwrap(),
        );
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
        assert_eq!(parse(&headers, now), None);
        headers.insert(DATE, "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap());
        assert_eq!(parse(&headers, now), Some(Duration::from_secs(10)));
        headers.insert(DATE, "today".parse().unwrap());
        assert_eq!(parse(&headers, now), None);
    }
}
