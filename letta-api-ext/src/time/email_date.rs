//! Dates in the form of e-mail (RFC 5322), such as `6 Nov 1994 09:49:37 +0100`, which some servers write for those of HTTP.
//!
//! Written as a date of HTTP, which is read then. A time library would do it, too, and is ten times as large: that counts in a browser.

use std::time::{Duration, SystemTime};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Parses a date with a year of four digits, and an offset or `GMT`. The day of the week and the seconds may be missing. `None` for any
/// other text, and for a date before 1970 or after 9999.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let (days, date): (&[&str], _) = match text.split_once(',') {
        Some((day, date)) => {
            let day = DAYS.iter().position(|known| *known == day.trim())?;
            (&DAYS[day..=day], date)
        }
        None => (&DAYS, text),
    };
    let mut words = date.split_ascii_whitespace();
    let mut word = || words.next();
    let (day, month, year, time, zone) = (word()?, word()?, word()?, word()?, word()?);
    if word().is_some() {
        return None;
    }
    let seconds = match time.len() {
        5 => ":00",
        _ => "",
    };
    let in_zone = days.iter().find_map(|name| {
        let date = format!("{name}, {day:0>2} {month} {year} {time}{seconds} GMT");
        httpdate::parse_http_date(&date).ok()
    })?;
    match zone {
        "GMT" | "UT" | "UTC" | "Z" => Some(in_zone),
        _ => {
            let (is_east, offset) = offset_of(zone)?;
            match is_east {
                true => in_zone.checked_sub(offset),
                false => in_zone.checked_add(offset),
            }
        }
    }
}

/// How far a zone such as `+0130` is from UTC, and whether it is east of it.
fn offset_of(zone: &str) -> Option<(bool, Duration)> {
    let is_east = zone.starts_with('+');
    let digits = zone.strip_prefix(['+', '-'])?;
    if digits.len() != 4 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at(2);
    let (hours, minutes): (u64, u64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60)
        .then(|| (is_east, Duration::from_secs((hours * 60 + minutes) * 60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_the_form_of_email_are_read() {
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "6 Nov 1994 08:49:37 UT",
            "6 Nov 1994 08:49:37 +0000",
            " Sun,  6  Nov 1994 08:49:37 -0000 ",
            "Sun, 6 Nov 1994 10:19:37 +0130",
            "5 Nov 1994 22:49:37 -1000",
        ] {
            assert_eq!(parse(text), Some(then), "{text}");
        }
        let minute = then - Duration::from_secs(37);
        assert_eq!(parse("6 Nov 1994 08:49 GMT"), Some(minute));
    }

    #[test]
    fn other_texts_are_no_dates() {
        for text in [
            "",
            ",",
            "Mon, 6 Nov 1994 08:49:37 GMT",
            "Nov, 6 Nov 1994 08:49:37 GMT",
            "6 Nov 94 08:49:37 GMT",
            "31 Feb 2094 08:49:47 GMT",
            "6 Nov 1994 08:49:37",
            "6 Nov 1994 08:49:37 GMT GMT",
            "6 Nov 1994 08:49:37 CET",
            "6 Nov 1994 08:49:37 +01:00",
            "6 Nov 1994 08:49:37 +2400",
            "6 Nov 1994 08:49:37 +0060",
            "6 Nov 1994 08:49:37 +é00",
            "6 Nov 1994 24:49:37 GMT",
            "6 Nov 1969 08:49:37 GMT",
            "é Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
