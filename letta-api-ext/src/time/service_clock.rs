//! Relates the service's clock to a monotonic clock. The time of day of this machine may be wrong, and may be
//! corrected at any moment, but the service decides when a token ends.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap};

use crate::time::clock::{self, Instant};

/// HTTP dates are cut to whole seconds.
pub(crate) const RESOLUTION: Duration = Duration::from_secs(1);

/// The length of HTTP dates in today's form.
const LENGTH: usize = "Sun, 06 Nov 1994 08:49:37 GMT".len();

/// Instants further away are cut to this distance: a platform cannot represent every instant.
const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// A `Date` header of the service, unparsed. Most tokens' dates are never asked for.
#[derive(Clone)]
pub(crate) struct ServiceDate {
    inner: Arc<Unread>,
}

struct Unread {
    // A copy, because a header value shares the memory that the whole answer was received into, and would keep all of
    // it, including the token's secret.
    date: [u8; LENGTH],
    sent: Instant,
    reading: OnceLock<Option<ClockReading>>,
}

impl ServiceDate {
    /// From the answer to a request that was sent at `sent`. `None` if it has no date.
    pub(crate) fn of(headers: &HeaderMap, sent: Instant) -> Option<Self> {
        let text = headers.get(DATE)?.as_bytes();
        let mut inner = Unread {
            date: [0; LENGTH],
            sent,
            reading: OnceLock::new(),
        };
        match text.try_into() {
            Ok(date) => inner.date = date,
            Err(_) => inner.reading = OnceLock::from(ClockReading::of(text, sent)),
        }
        Some(Self {
            inner: Arc::new(inner),
        })
    }

    /// The parsed date. `None` if it is invalid.
    pub(crate) fn reading(&self) -> Option<ClockReading> {
        let Unread {
            date,
            sent,
            reading,
        } = &*self.inner;
        *reading.get_or_init(|| ClockReading::of(date, *sent))
    }
}

/// A `Date` of the service, and when it was made: after the request was sent, and before now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClockReading {
    date: SystemTime,
    sent: Instant,
}

impl ClockReading {
    /// `None` if the text is not a date.
    fn of(date: &[u8], sent: Instant) -> Option<Self> {
        let date = clock::parse_http_date(std::str::from_utf8(date).ok()?)?;
        Some(Self { date, sent })
    }

    /// The last instant at which the service's clock surely does not show `expiry` yet.
    ///
    /// Computed as if the service had made the date when the request was sent, and at the end of its second. It is
    /// too early by the time that the answer took to arrive, and up to a second more.
    pub(crate) fn instant_of(&self, expiry: SystemTime) -> Instant {
        let left = expiry.duration_since(self.date).unwrap_or_default();
        self.sent + left.saturating_sub(RESOLUTION).min(FAR)
    }

    /// The service's time at `instant`. It may be too early by up to a second, or too late by the time that the
    /// answer took to arrive. `None` beyond what this platform can represent.
    #[cfg(feature = "minter")]
    pub(crate) fn service_time_at(&self, instant: Instant) -> Option<SystemTime> {
        self.date
            .checked_add(instant.saturating_duration_since(self.sent))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reqwest::header::HeaderValue;

    use super::*;

    fn reading(date: &'static str, sent: Instant) -> Option<ClockReading> {
        let headers = HeaderMap::from_iter([(DATE, date.parse().unwrap())]);
        ServiceDate::of(&headers, sent)?.reading()
    }

    #[tokio::test(start_paused = true)]
    async fn a_life_is_counted_from_the_services_date_and_never_too_long() {
        let sent = Instant::now();
        let reading = reading("Sun, 01 Mar 2026 12:00:00 GMT", sent).unwrap();
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_366_400);
        let end = |seconds| reading.instant_of(date + Duration::from_secs(seconds)) - sent;
        assert_eq!(end(300), Duration::from_secs(299));
        assert_eq!(end(1), Duration::ZERO);
        assert_eq!(
            reading.instant_of(date - Duration::from_secs(9)),
            sent,
            "what has ended is not in the past by much"
        );
    }

    #[cfg(feature = "minter")]
    #[tokio::test(start_paused = true)]
    async fn the_services_clock_goes_on_from_its_last_date() {
        let reading = reading("Sun, 01 Mar 2026 12:00:00 GMT", Instant::now()).unwrap();
        tokio::time::advance(Duration::from_secs(7)).await;
        let now = reading.service_time_at(Instant::now());
        let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_366_407);
        assert_eq!(now, Some(expected));
    }

    #[tokio::test(start_paused = true)]
    async fn dates_beyond_reason_do_no_harm() {
        let sent = Instant::now();
        let epoch = reading("Thu, 01 Jan 1970 00:00:00 GMT", sent).unwrap();
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
        assert_eq!(epoch.instant_of(far), sent + FAR);
        for odd in [
            "",
            "yesterday",
            "2026-03-01T12:00:00Z",
            "Sun, 99 Mar 2026 12:00:00 GMT",
        ] {
            assert!(reading(odd, sent).is_none(), "{odd}");
        }
        let mail = reading("1 Mar 2026 12:00:00 +0000", sent).unwrap();
        let http = reading("Sun, 01 Mar 2026 12:00:00 GMT", sent).unwrap();
        assert_eq!(mail.instant_of(far), http.instant_of(far));
        assert!(ServiceDate::of(&HeaderMap::new(), sent).is_none());
    }

    #[test]
    fn a_date_keeps_nothing_of_the_answer_that_it_came_with() {
        for text in ["Sun, 01 Mar 2026 12:00:00 GMT", "1 Mar 2026 12:00:00 +0000"] {
            // Made like the HTTP client's header values: they are slices of what it received.
            let received = Bytes::from(format!("Date: {text}\r\n\r\nsecret"));
            let value = received.slice(6..6 + text.len());
            let value = HeaderValue::from_maybe_shared(value).unwrap();
            let headers = HeaderMap::from_iter([(DATE, value)]);
            let date = ServiceDate::of(&headers, Instant::now()).unwrap();
            drop(headers);
            assert!(received.is_unique());
            assert!(date.reading().is_some());
        }
    }
}
