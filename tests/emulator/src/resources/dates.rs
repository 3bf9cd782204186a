//! Dates as requests have them, and as the service writes them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::call::Call;
use crate::http::refusal::Refusal;
use crate::resources::members::text;

/// A date with an offset, or without one, which is UTC then, or a day, which is its beginning.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let time: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

/// As the service writes a date that it was given: without a fraction if it has none.
pub(crate) fn written(time: Timestamp) -> String {
    let format = match time.subsec_microsecond() == 0 && time.subsec_millisecond() == 0 {
        true => "%Y-%m-%dT%H:%M:%SZ",
        false => "%Y-%m-%dT%H:%M:%S.%6fZ",
    };
    time.strftime(format).to_string()
}

/// The date of a thing that the service wrote. The beginning of time if there is none.
pub(crate) fn of(written: Option<&str>) -> Timestamp {
    written.and_then(parse).unwrap_or(Timestamp::MIN)
}

/// From when to when.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    pub(crate) start: Option<Timestamp>,
    pub(crate) end: Option<Timestamp>,
}

impl Span {
    /// Of two parameters of the query.
    pub(crate) fn of_query(call: &Call, start: &str, end: &str) -> Result<Self, Refusal> {
        let read = |name| match call.query(name) {
            Some(text) => date(&text, name).map(Some),
            None => Ok(None),
        };
        Ok(Self {
            start: read(start)?,
            end: read(end)?,
        })
    }

    /// Of two members of the body.
    pub(crate) fn of_body(body: &Value, start: &str, end: &str) -> Result<Self, Refusal> {
        let read = |name| match text(body, name) {
            Some(text) => date(text, name).map(Some),
            None => Ok(None),
        };
        Ok(Self {
            start: read(start)?,
            end: read(end)?,
        })
    }

    /// Whether it has this time, its ends among it.
    pub(crate) fn has(&self, time: Timestamp) -> bool {
        self.start.is_none_or(|start| time >= start) && self.end.is_none_or(|end| time <= end)
    }

    /// Whether it has this time, and neither end is it.
    pub(crate) fn has_within(&self, time: Timestamp) -> bool {
        self.start.is_none_or(|start| time > start) && self.end.is_none_or(|end| time < end)
    }
}

fn date(text: &str, name: &str) -> Result<Timestamp, Refusal> {
    parse(text).ok_or_else(|| Refusal::unprocessable(&format!("{name} must be a date of ISO 8601")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_with_or_without_an_offset_or_a_time() {
        for (text, expected) in [
            ("2026-02-01T10:00:00Z", "2026-02-01T10:00:00Z"),
            ("2026-02-01T10:00:00+02:00", "2026-02-01T08:00:00Z"),
            ("2026-02-01T10:00:00.5", "2026-02-01T10:00:00.500000Z"),
            ("2026-02-01T10:00:00.000001Z", "2026-02-01T10:00:00.000001Z"),
            ("2026-02-01", "2026-02-01T00:00:00Z"),
        ] {
            assert_eq!(written(parse(text).unwrap()), expected, "{text}");
        }
        for text in ["yesterday", "", "2026-13-01", "12"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_span_has_its_ends_or_has_not() {
        let at = |text| parse(text).unwrap();
        let span = Span {
            start: Some(at("2026-02-01")),
            end: Some(at("2026-02-03")),
        };
        for (time, has, has_within) in [
            ("2026-01-31", false, false),
            ("2026-02-01", true, false),
            ("2026-02-02", true, true),
            ("2026-02-03", true, false),
            ("2026-02-04", false, false),
        ] {
            assert_eq!(span.has(at(time)), has, "{time}");
            assert_eq!(span.has_within(at(time)), has_within, "{time}");
        }
        assert!(Span::default().has_within(Timestamp::MIN));
    }
}
