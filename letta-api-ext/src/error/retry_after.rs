//! How long the service asks to wait.

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::time::clock;

/// Reads `retry-after-ms` (milliseconds), then `Retry-After` (whole seconds, or an HTTP date). A date is compared
/// with the answer's own `Date`, or with `now` if there is none. A number that is too large for a `Duration` gives
/// [`Duration::MAX`].
///
/// `None` for an invalid value, for zero, and for a date that has passed: they do not say how long to wait.
pub(crate) fn parse(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let is_wait = |wait: &Duration| !wait.is_zero();
    let wait = text("retry-after-ms").and_then(milliseconds);
    wait.filter(is_wait).or_else(|| {
        let value = text(RETRY_AFTER.as_str())?;
        let wait = seconds(value).or_else(|| {
            let its_now = text(DATE.as_str()).and_then(clock::parse_http_date);
            let then = clock::parse_http_date(value)?;
            then.duration_since(its_now.unwrap_or(now)).ok()
        });
        wait.filter(is_wait)
    })
}

/// Digits, of any number.
fn seconds(text: &str) -> Option<Duration> {
    let is_too_large = || text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
    let seconds = text.parse().ok().map(Duration::from_secs);
    seconds.or_else(|| is_too_large().then_some(Duration::MAX))
}

/// A decimal number, perhaps with a fraction or an exponent.
fn milliseconds(text: &str) -> Option<Duration> {
    if let Ok(whole) = text.parse() {
        return Some(Duration::from_millis(whole));
    }
    // As a number of JSON. `str::parse` would also accept `inf`, and brings tables of its own, which count in a browser.
    let text = text.as_bytes();
    let Ok(milliseconds) = serde_json::from_slice::<f64>(text) else {
        // A number that no float holds is one all the same.
        let is_number = text.first().is_some_and(u8::is_ascii_digit)
            && serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok();
        return is_number.then_some(Duration::MAX);
    };
    let seconds = milliseconds / 1000.0;
    match Duration::try_from_secs_f64(seconds) {
        Ok(wait) => Some(wait),
        // The number is below zero or too large.
        Err(_) => (seconds > 0.0).then_some(Duration::MAX),
    }
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
            ("retry-after", "-99999999999999999999", None),
            ("retry-after", "99999999999999999999x", None),
            ("retry-after", "", None),
            ("retry-after-ms", "1500", Some(1_500)),
            ("retry-after-ms", "20.5", Some(20)),
            ("retry-after-ms", "0.0", None),
            ("retry-after-ms", "-3.5", None),
            ("retry-after-ms", "inf", None),
            ("retry-after-ms", "-inf", None),
            ("retry-after-ms", "infinity", None),
            ("retry-after-ms", "NaN", None),
            ("retry-after-ms", "-1e300", None),
            ("retry-after-ms", "-1e999", None),
            ("retry-after-ms", "1e-999", None),
            ("retry-after-ms", "-99999999999999999999", None),
            ("retry-after-ms", "1e3", Some(1_000)),
            (
                "retry-after-ms",
                "18446744073709551616",
                Some(18_446_744_073_709_552_000),
            ),
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
    fn a_wait_too_long_to_be_counted_is_the_longest_there_is() {
        let long = "9".repeat(400);
        for (name, value) in [
            ("retry-after", "18446744073709551616"),
            ("retry-after", "99999999999999999999"),
            ("retry-after", &long),
            ("retry-after-ms", &long),
            ("retry-after-ms", "1e300"),
            ("retry-after-ms", "1e999999"),
            ("retry-after-ms", "99999999999999999999999.5"),
        ] {
            let headers = HeaderMap::from_iter([(
                name.parse::<reqwest::header::HeaderName>().unwrap(),
                value.parse().unwrap(),
            )]);
            for now in [
                SystemTime::UNIX_EPOCH,
                SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40),
            ] {
                assert_eq!(parse(&headers, now), Some(Duration::MAX), "{name}: {value}");
            }
        }
        // Zeros before a number do not make it large.
        for (zeros, wait) in [("0".repeat(400), None), (format!("{:0>400}", 7), Some(7))] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, zeros.parse().unwrap())]);
            let wait = wait.map(Duration::from_secs);
            assert_eq!(parse(&headers, SystemTime::UNIX_EPOCH), wait);
        }
    }

    #[test]
    fn a_date_is_read_in_each_form_that_http_has() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let ten = Some(Duration::from_secs(10));
        for date in [
            "Sun, 06 Nov 1994 08:49:47 GMT",
            "Sunday, 06-Nov-94 08:49:47 GMT",
            "Sun Nov  6 08:49:47 1994",
            // As some servers write it.
            "Sun, 6 Nov 1994 08:49:47 GMT",
            "Sun, 06 Nov 1994 08:49:47 +0000",
        ] {
            let mut headers = HeaderMap::from_iter([(RETRY_AFTER, date.parse().unwrap())]);
            assert_eq!(parse(&headers, now), ten, "{date}");
            // The answer's own date, in another form.
            for date in [
                "Sun, 06 Nov 1994 08:49:37 GMT",
                "Sunday, 06-Nov-94 08:49:37 GMT",
                "Sun Nov  6 08:49:37 1994",
            ] {
                headers.insert(DATE, date.parse().unwrap());
                assert_eq!(parse(&headers, SystemTime::UNIX_EPOCH), ten, "{date}");
            }
        }
        let last = "Fri, 31 Dec 9999 23:59:59 GMT";
        let headers = HeaderMap::from_iter([(RETRY_AFTER, last.parse().unwrap())]);
        let wait = Duration::from_secs(253_402_300_799);
        assert_eq!(parse(&headers, SystemTime::UNIX_EPOCH), Some(wait));
        for odd in [
            "Fri, 31 Dec 99999 23:59:59 GMT",
            "Sun, 31 Feb 2094 08:49:47 GMT",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Sat, 01 Jan 0000 00:00:00 GMT",
            "Wed Dec 31 23:59:59 1969",
            "Sunday, 06-Nov-94",
            "Sun Nov  6",
            "Mon",
            "\u{e9}",
        ] {
            let value = reqwest::header::HeaderValue::from_bytes(odd.as_bytes()).unwrap();
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value)]);
            assert_eq!(parse(&headers, now), None, "{odd}");
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
