//! When a token ends: how that is read from a request, and how it is written in an answer.

use jiff::{SignedDuration, Timestamp};

/// How long a token lives whose request does not say.
const DEFAULT_LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// Whole milliseconds, since no more than these are shown: what a client reads is then exactly when
/// the token ends.
fn whole_milliseconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(instant.as_millisecond()).unwrap_or(instant)
}

/// For a token made at `now` whose request does not say.
pub(crate) fn default_from(now: Timestamp) -> Timestamp {
    let end = now.checked_add(DEFAULT_LIFETIME).unwrap_or(Timestamp::MAX);
    whole_milliseconds(end)
}

/// As a JavaScript server writes it: UTC, milliseconds, `Z`.
pub(crate) fn to_wire(instant: Timestamp) -> String {
    format!("{instant:.3}")
}

/// Reads an RFC 3339 instant. `None` for everything else, which jiff alone would not see to: it also
/// takes the other forms of ISO 8601.
pub(crate) fn from_wire(text: &str) -> Option<Timestamp> {
    // Where the digits are in `2026-03-01T12:00:00`.
    const SHAPE: &[u8] = b"dddd-dd-ddTdd:dd:dd";

    let fits = |bytes: &[u8], shape: &[u8]| {
        bytes.len() == shape.len()
            && bytes.iter().zip(shape).all(|(byte, shape)| match shape {
                b'd' => byte.is_ascii_digit(),
                _ => byte.eq_ignore_ascii_case(shape),
            })
    };

    let (date_time, rest) = text.split_at_checked(SHAPE.len())?;
    if !fits(date_time.as_bytes(), SHAPE) {
        return None;
    }
    let (fraction, offset) = match rest.strip_prefix('.') {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return None;
            }
            rest.split_at(digits)
        }
        None => ("0", rest),
    };
    let offset_fits = offset.eq_ignore_ascii_case("z")
        || fits(offset.as_bytes(), b"+dd:dd")
        || fits(offset.as_bytes(), b"-dd:dd");
    if !offset_fits {
        return None;
    }
    // RFC 3339 sets no limit to the digits of a second; jiff reads nine, and three are kept.
    let fraction = &fraction[..fraction.len().min(9)];
    let instant: Timestamp = format!("{date_time}.{fraction}{offset}").parse().ok()?;
    Some(whole_milliseconds(instant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rfc_3339_instant_is_read_and_written_in_utc_with_milliseconds() {
        for (text, expected) in [
            ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000Z"),
            ("2026-03-01t12:00:00z", "2026-03-01T12:00:00.000Z"),
            ("2026-03-01T12:00:00.5Z", "2026-03-01T12:00:00.500Z"),
            ("2026-03-01T12:00:00.123987Z", "2026-03-01T12:00:00.123Z"),
            (
                "2026-03-01T12:00:00.1239999999999Z",
                "2026-03-01T12:00:00.123Z",
            ),
            ("2026-03-01T12:00:00+01:30", "2026-03-01T10:30:00.000Z"),
            ("2026-03-01T12:00:00-08:00", "2026-03-01T20:00:00.000Z"),
            ("2026-03-01T12:00:00-00:00", "2026-03-01T12:00:00.000Z"),
            ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000Z"),
        ] {
            assert_eq!(
                from_wire(text).map(to_wire).as_deref(),
                Some(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_rfc_3339_is_not_read() {
        for text in [
            "",
            "soon",
            "PT5M",
            "300",
            "1772366400",
            "2026-03-01",
            "2026-03-01T12:00:00",
            "2026-03-01 12:00:00Z",
            "2026-03-01T12:00Z",
            "2026-03-01T12Z",
            "20260301T120000Z",
            "2026-03-01T12:00:00,5Z",
            "2026-03-01T12:00:00.Z",
            "2026-03-01T12:00:00+0100",
            "2026-03-01T12:00:00+01",
            "2026-03-01T12:00:00Z[UTC]",
            "2026-03-01T12:00:00ZZ",
            " 2026-03-01T12:00:00Z",
            "2026-02-30T12:00:00Z",
            "2026-13-01T12:00:00Z",
            "2026-03-01T25:00:00Z",
            "+002026-03-01T12:00:00Z",
            "２026-03-01T12:00:00Z",
            "2026-03-01T12:00:0é",
        ] {
            assert_eq!(from_wire(text), None, "{text}");
        }
    }

    #[test]
    fn a_token_ends_when_its_answer_says_to_the_nanosecond() {
        let fine = from_wire("2026-03-01T12:00:00.123987654Z").unwrap();
        let default = default_from("2026-03-01T12:00:00.123987654Z".parse().unwrap());
        for instant in [fine, default] {
            assert_eq!(to_wire(instant).parse::<Timestamp>().unwrap(), instant);
        }
    }

    #[test]
    fn a_token_lives_five_minutes_unless_told_otherwise() {
        let now: Timestamp = "2026-03-01T12:00:00.0009Z".parse().unwrap();
        assert_eq!(to_wire(default_from(now)), "2026-03-01T12:05:00.000Z");
        assert_eq!(
            default_from(Timestamp::MAX),
            whole_milliseconds(Timestamp::MAX)
        );
    }
}
