//! Asks the service for a token that lives as long as it should, whatever the clock of this machine says.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;

use super::counters::{Counts, count};
use super::hold_off::HoldOff;
use super::key::Key;
use super::sync::{Arc, Mutex, lock};
use crate::access_token::AccessToken;
use crate::access_tokens::entries;
use crate::clock::{self, Instant};
use crate::clock_reading::{ClockReading, RESOLUTION};
use crate::error::{Error, Result};
use crate::letta::Letta;
use crate::origin::Origin;

/// How long tokens live that are asked for without an expiry, says the service.
pub(super) const DOCUMENTED_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// A service's clock that differs by less does not matter.
const TOLERANCE: Duration = Duration::from_secs(5);

pub(super) struct Mint {
    letta: Letta,
    /// The origin of tokens whose key has none.
    origin: Origin,
    lifetime: Duration,
    /// What the service's clock said in its last answer.
    known: Mutex<Option<Known>>,
    counts: Arc<Counts>,
    /// Is told of attempts that fail while the call goes on.
    hold_off: Arc<HoldOff>,
}

/// A token that was minted.
pub(super) struct Minted {
    pub(super) token: AccessToken,
    /// Until when it is served: no longer than was asked for, should the service's `Date` be far off.
    pub(super) good_until: Instant,
    /// How long the service lets it live, at the most: that the answer was long on its way is no choice of the
    /// service's.
    pub(super) granted: Duration,
}

/// What is known of the service's clock.
#[derive(Clone, Copy)]
struct Known {
    reading: ClockReading,
    /// How long the answer was on its way. It is unsure by as much.
    took: Duration,
}

/// What was asked of the service, and what came of it.
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
            counts,
            hold_off,
        }
    }

    /// Mints a token. Where what was known of the service's clock turns out to be wrong, it does so again, and the
    /// token that lives too long or too short is given to `discard`. At first that is what the clock of this
    /// machine says; later on, a clock may have been set, or this machine suspended.
    pub(super) async fn create(
        &self,
        key: &Key,
        deadline: Instant,
        is_renewal: bool,
        discard: impl FnOnce(AccessToken),
    ) -> Result<Minted> {
        // Here, and not for each create: one that is repeated says nothing new.
        entries::warn_unless_one(key.policy.policy());
        let known = *lock(&self.known);
        let mut sent = self.send(key, known, deadline, is_renewal).await;
        let learnt = sent.learnt;
        if self.is_off(&sent, known) && Instant::now() < deadline {
            if let Ok(token) = sent.result {
                discard(token);
            }
            sent = self.send(key, learnt, deadline, is_renewal).await;
        }
        let token = sent.result?;
        let end = token.ends().unwrap_or_else(|| {
            // The service accepted the expiry that was asked for, or set the one that it documents.
            let left = token.expires_at().map_or(self.lifetime, |expiry| {
                expiry.duration_since(clock::now()).unwrap_or_default()
            });
            sent.at + left.min(self.lifetime)
        });
        Ok(Minted {
            token: token.ending(end),
            good_until: end.min(sent.at + self.lifetime),
            granted: end.saturating_duration_since(sent.at) + sent.took + RESOLUTION,
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
            .deadline(left.max(Duration::from_nanos(1)));
        // The service's own clock is right where it is left to it.
        let expiry = (self.lifetime != DOCUMENTED_LIFETIME)
            .then(|| {
                let now = known.and_then(|known| known.reading.service_time_at(at));
                now.unwrap_or_else(clock::now).checked_add(self.lifetime)
            })
            .flatten();
        let request = match expiry {
            Some(expiry) => request.expires_at_by_service(expiry),
            None => request,
        };
        let mut date = None;
        let hold_off = self.hold_off.clone();
        let watch = move |error: &Error| hold_off.attempt_failed(error, Instant::now());
        let result = request
            .send_with(&mut date, |course| course.watch(Box::new(watch)))
            .await;
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
        let reading = date.and_then(|date| date.reading());
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

    /// Whether the expiry that was asked for is not so far off as it was meant to be, and the service took it.
    fn is_off(&self, sent: &Sent, known: Option<Known>) -> bool {
        let (Some(expiry), Some(learnt)) = (sent.expiry, sent.learnt) else {
            return false;
        };
        let taken = match &sent.result {
            // Another expiry than was asked for is the service's own choice.
            Ok(token) => token.expires_at().is_some_and(|given| {
                given
                    .max(expiry)
                    .duration_since(given.min(expiry))
                    .is_ok_and(|difference| difference < Duration::from_secs(1))
            }),
            Err(error) => is_refused(error),
        };
        let left = learnt
            .reading
            .instant_of(expiry)
            .saturating_duration_since(sent.at);
        let tolerance = TOLERANCE
            .min(self.lifetime / 10)
            .max(Duration::from_secs(2));
        let unsure = sent.took + known.map_or(Duration::ZERO, |known| known.took);
        taken && left.abs_diff(self.lifetime) > tolerance + unsure
    }
}

/// An expiry in the past, by the service's clock, is no valid request.
fn is_refused(error: &Error) -> bool {
    matches!(
        error.status(),
        Some(StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY)
    )
}
