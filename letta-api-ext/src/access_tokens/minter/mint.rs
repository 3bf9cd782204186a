//! Asks the service for a token with the intended life, even if the clock of this machine is wrong.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use reqwest::StatusCode;

use super::counters::{Counts, count};
use super::hold_off::HoldOff;
use super::key::Key;
use super::sync::{Arc, Mutex, lock};
use crate::access_tokens::entries;
use crate::access_tokens::token::AccessToken;
use crate::client::Letta;
use crate::error::{Error, Result};
use crate::ids::Origin;
use crate::time::clock::{self, Instant};
use crate::time::service_clock::{ClockReading, RESOLUTION, ServiceDate};

/// How long tokens live if no expiry is asked for (documented).
pub(super) const DOCUMENTED_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// A difference to the service's clock that does not matter.
const TOLERANCE: Duration = Duration::from_secs(5);

pub(super) struct Mint {
    letta: Letta,
    /// The origin for keys that have none.
    origin: Origin,
    lifetime: Duration,
    /// The service's clock, as of its last answer.
    known: Mutex<Option<Known>>,
    /// Whether the service's own default life is longer than documented.
    is_default_longer: AtomicBool,
    counts: Arc<Counts>,
    /// Records attempts that fail while the call goes on.
    hold_off: Arc<HoldOff>,
}

/// A token that was minted.
pub(super) struct Minted {
    pub(super) token: AccessToken,
    /// Until when the token is served. No longer than was asked for, even if the service's `Date` is far off.
    pub(super) good_until: Instant,
    /// The life that the service gives, at most. The time that the answer took to arrive is not subtracted, because
    /// it is not the service's choice.
    pub(super) granted: Duration,
}

/// A reading of the service's clock.
#[derive(Clone, Copy)]
struct Known {
    reading: ClockReading,
    /// How long the answer took to arrive. The reading is uncertain by as much.
    took: Duration,
}

/// A request to the service, and its result.
struct Sent {
    expiry: Option<SystemTime>,
    result: Result<AccessToken>,
    learnt: Option<Known>,
    at: Instant,
    took: Duration,
}

impl Mint {
    pub(super) fn new(
        letta: Letta,
        origin: Origin,
        lifetime: Duration,
        counts: Arc<Counts>,
        hold_off: Arc<HoldOff>,
    ) -> Self {
        Self {
            letta,
            origin,
            lifetime,
            known: Mutex::new(None),
            is_default_longer: AtomicBool::new(false),
            counts,
            hold_off,
        }
    }

    /// Mints a token. Mints again if the known time of the service turns out to be wrong, and gives the token that
    /// lives too long or too short to `discard`. The first known time is the clock of this machine; later on, a clock
    /// may have been set, or this machine may have been suspended. Also mints again if the service chose the expiry,
    /// and gave a longer life than it documents.
    pub(super) async fn create(
        &self,
        key: &Key,
        deadline: Instant,
        is_renewal: bool,
        discard: impl FnOnce(AccessToken),
    ) -> Result<Minted> {
        // Warned about here, because a repeated create says nothing new.
        entries::warn_unless_one(key.policy.policy());
        let known = *lock(&self.known);
        let mut sent = self.send(key, known, deadline, is_renewal).await;
        let learnt = sent.learnt;
        let is_default_longer = self.is_longer_by_itself(&sent);
        if is_default_longer {
            self.is_default_longer.store(true, Ordering::Relaxed);
        }
        if (is_default_longer || self.is_off(&sent, known)) && Instant::now() < deadline {
            if let Ok(token) = sent.result {
                discard(token);
            }
            sent = self.send(key, learnt, deadline, is_renewal).await;
        }
        let token = sent.result?;
        let unsure = sent.took + RESOLUTION;
        let (end, ended) = match token.ends() {
            Some(end) => (end, clock::after(end, unsure)),
            // Without a `Date`, the clock of this machine must do.
            None => {
                let left = token.expires_at().map_or(Duration::ZERO, |expiry| {
                    expiry.duration_since(clock::now()).unwrap_or_default()
                });
                let ended = clock::after(sent.at, left.saturating_add(unsure));
                (sent.at + left.min(self.lifetime), ended)
            }
        };
        Ok(Minted {
            token: token.ending(end).ended_by(ended),
            good_until: end.min(sent.at + self.lifetime),
            granted: end.saturating_duration_since(sent.at) + unsure,
        })
    }

    async fn send(
        &self,
        key: &Key,
        known: Option<Known>,
        deadline: Instant,
        is_renewal: bool,
    ) -> Sent {
        if is_renewal {
            count!(
                self.counts,
                debug,
                renewals,
                letta_minter_renewals,
                "a token is renewed"
            );
        } else {
            count!(
                self.counts,
                debug,
                creates,
                letta_minter_creates,
                "a token is minted"
            );
        }
        let at = Instant::now();
        let left = deadline.saturating_duration_since(at);
        let tokens = self.letta.access_tokens();
        let request = tokens
            .create(
                key.policy.policy(),
                key.origin.as_ref().unwrap_or(&self.origin).clone(),
            )
            .only_if_known()
            .with_deadline(left.max(Duration::from_nanos(1)));
        // If the service chooses the expiry, its own clock is right.
        let is_left_to_it =
            self.lifetime == DOCUMENTED_LIFETIME && !self.is_default_longer.load(Ordering::Relaxed);
        let expiry = (!is_left_to_it)
            .then(|| {
                let now = known.and_then(|known| known.reading.service_time_at(at));
                now.unwrap_or_else(clock::now).checked_add(self.lifetime)
            })
            .flatten();
        let request = match expiry {
            Some(expiry) => request.expires_at_by_service(expiry),
            None => request,
        };
        let hold_off = self.hold_off.clone();
        let watch = move |error: &Error| hold_off.attempt_failed(error, Instant::now());
        let result = request.without_warning().watched(watch).send().await;
        if let Err(error) = &result
            && error.may_have_happened()
        {
            count!(
                self.counts,
                debug,
                unknown_outcomes,
                letta_minter_unknown_outcomes,
                "there may be a live token that nobody knows"
            );
        }
        let took = at.elapsed();
        // The answer to a failed create has a date, too.
        let date = match &result {
            Ok(token) => token.date(),
            Err(error) => error.attempts.date.as_ref(),
        };
        let reading = date.and_then(ServiceDate::reading);
        let learnt = reading.map(|reading| Known { reading, took });
        if learnt.is_some() {
            *lock(&self.known) = learnt;
        }
        Sent {
            expiry,
            result,
            learnt,
            at,
            took,
        }
    }

    /// Whether the service chose the expiry, and gave a longer life than it documents. The clock of this machine must
    /// agree with the service's `Date`, since either may be wrong.
    fn is_longer_by_itself(&self, sent: &Sent) -> bool {
        let (None, Some(learnt), Ok(token)) = (sent.expiry, sent.learnt, &sent.result) else {
            return false;
        };
        token.expires_at().is_some_and(|given| {
            let by_service = learnt.reading.instant_of(given);
            let by_service = by_service.saturating_duration_since(sent.at);
            let by_us = given.duration_since(clock::now()).unwrap_or_default();
            by_service.min(by_us) > self.lifetime + self.tolerance() + sent.took
        })
    }

    fn tolerance(&self) -> Duration {
        TOLERANCE
            .min(self.lifetime / 10)
            .max(Duration::from_secs(2))
    }

    /// Whether the expiry was sent with a wrong idea of the service's clock, so that the token lives too long or too
    /// short, or the service refused it.
    fn is_off(&self, sent: &Sent, known: Option<Known>) -> bool {
        let (Some(expiry), Some(learnt)) = (sent.expiry, sent.learnt) else {
            return false;
        };
        let life_until = |expiry| {
            let end = learnt.reading.instant_of(expiry);
            end.saturating_duration_since(sent.at)
        };
        let unsure =
            self.tolerance() + sent.took + known.map_or(Duration::ZERO, |known| known.took);
        let is_asked_otherwise = life_until(expiry).abs_diff(self.lifetime) > unsure;
        match &sent.result {
            Ok(token) => token.expires_at().is_some_and(|given| {
                let is_as_asked = given
                    .max(expiry)
                    .duration_since(given.min(expiry))
                    .is_ok_and(|difference| difference < Duration::from_secs(1));
                // The service itself chose a shorter life than was asked for.
                let is_too_long = life_until(given).saturating_sub(self.lifetime) > unsure;
                is_asked_otherwise && (is_as_asked || is_too_long)
            }),
            // The expiry that was sent may have been earlier than intended. Then a later one in the answer may be
            // right.
            Err(error) => is_asked_otherwise && (is_refused(error) || error.is_grant_mismatch()),
        }
    }
}

/// The service refuses an expiry that is in the past by its clock.
fn is_refused(error: &Error) -> bool {
    matches!(
        error.status(),
        Some(StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY)
    )
}
