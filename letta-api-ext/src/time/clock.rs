//! The time of day and its text form, and timers. Nothing else in the crate asks for the time.

use std::time::{Duration, SystemTime};

use super::email_date;
use crate::platform;
pub(crate) use crate::platform::{Instant, now, sleep, timeout_at};

/// The instant `time` after `start`, or one that no program lives to see.
pub(crate) fn after(start: Instant, time: Duration) -> Instant {
    start + time.min(platform::FOREVER)
}

/// Parses an instant in RFC 3339, with its offset from UTC. `None` for any other text.
pub(crate) fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    let instant = from_timestamp(text.parse().ok()?)?;
    // jiff reads a leap second as the second before it. POSIX clocks count it as the second after.
    let seconds = text.get("2016-12-31T23:59".len()..);
    match seconds.is_some_and(|seconds| seconds.starts_with(":60")) {
        true => instant.checked_add(Duration::from_secs(1)),
        false => Some(instant),
    }
}

/// Parses a date in one of the three forms of RFC 9110. The form of e-mail is accepted as well, since some servers
/// use it (a day of one digit, an offset). `None` for any other text.
pub(crate) fn parse_http_date(text: &str) -> Option<SystemTime> {
    let date = httpdate::parse_http_date(text).ok();
    date.or_else(|| email_date::parse(text))
}

/// The instant in RFC 3339, in UTC, cut to whole milliseconds, which is JavaScript's precision. `None` beyond the
/// year 9999.
pub(crate) fn to_rfc3339(instant: SystemTime) -> Option<String> {
    Some(cut(instant)?.to_string())
}

/// The same, with the instant that the text stands for.
pub(crate) fn to_rfc3339_and_back(instant: SystemTime) -> Option<(String, SystemTime)> {
    let timestamp = cut(instant)?;
    Some((timestamp.to_string(), from_timestamp(timestamp)?))
}

fn cut(instant: SystemTime) -> Option<jiff::Timestamp> {
    let timestamp = jiff::Timestamp::try_from(instant).ok()?;
    jiff::Timestamp::from_millisecond(timestamp.as_millisecond()).ok()
}

fn from_timestamp(timestamp: jiff::Timestamp) -> Option<SystemTime> {
    SystemTime::try_from(timestamp).ok()
}
