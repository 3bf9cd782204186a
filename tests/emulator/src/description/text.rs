//! Values that are written as text, in a query or a form, read as Python's pydantic reads them.

use serde_json::Value;

/// The value that a text stands for, in a place for this type. A text that stands for no such value is left a text.
pub(super) fn value(kind: Option<&str>, text: &str) -> Value {
    let read = match kind {
        Some("integer") => integer(text).map(Value::from),
        Some("number") => number(text).map(Value::from),
        Some("boolean") => boolean(text).map(Value::from),
        _ => None,
    };
    read.unwrap_or_else(|| text.into())
}

/// A whole number: digits with a sign or none. There may be blanks around it, a `_` between two digits, and zeros after a point.
pub(super) fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    let grouped = digits
        .split('_')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if !grouped {
        return None;
    }
    let plain: String = whole
        .chars()
        .filter(|it| !matches!(it, '_' | '+'))
        .collect();
    plain.parse().ok()
}

/// A number that JSON has. Python reads `nan` and `inf` as well.
pub(super) fn number(text: &str) -> Option<f64> {
    let number: f64 = text.trim().parse().ok()?;
    number.is_finite().then_some(number)
}

/// True or false, in one of their spellings.
pub(super) fn boolean(text: &str) -> Option<bool> {
    const TRUE: [&str; 6] = ["1", "on", "t", "true", "y", "yes"];
    const FALSE: [&str; 6] = ["0", "off", "f", "false", "n", "no"];
    let is_in = |words: [&str; 6]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match (is_in(TRUE), is_in(FALSE)) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

/// Whether a text is a date, with a time or without, with an offset or without, or the seconds since 1970.
pub(super) fn is_date(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
        || text.parse::<jiff::civil::DateTime>().is_ok()
        || text.parse::<jiff::civil::Date>().is_ok()
        || number(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_as_the_server_reads_them() {
        for (text, expected) in [
            ("5", Some(5)),
            ("-5", Some(-5)),
            ("+5", Some(5)),
            (" 5 ", Some(5)),
            ("1_000", Some(1000)),
            ("5.0", Some(5)),
            ("5.", Some(5)),
            ("007", Some(7)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("", None),
            ("-", None),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("5.5", None),
            ("5e3", None),
            ("0x5", None),
            ("five", None),
            ("+-5", None),
        ] {
            assert_eq!(integer(text), expected, "{text:?}");
        }
    }

    #[test]
    fn true_and_false_have_many_spellings() {
        for text in ["1", "on", "ON", "t", "True", "y", "YES"] {
            assert_eq!(boolean(text), Some(true), "{text}");
        }
        for text in ["0", "off", "f", "False", "n", "no"] {
            assert_eq!(boolean(text), Some(false), "{text}");
        }
        for text in ["", " true", "2", "maybe", "null"] {
            assert_eq!(boolean(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_date_may_lack_its_time_or_its_offset() {
        for text in [
            "2026-03-01T12:00:00Z",
            "2026-03-01T12:00:00+01:00",
            "2026-03-01T12:00:00.123",
            "2026-03-01 12:00:00",
            "2026-03-01",
            "1772366400",
        ] {
            assert!(is_date(text), "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "2026-03-01T25:00:00Z"] {
            assert!(!is_date(text), "{text:?}");
        }
    }
}
