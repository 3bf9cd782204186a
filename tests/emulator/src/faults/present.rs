//! The faults that an emulator has at present.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::faults::fault::{Fault, FaultKind};
use crate::faults::stream_fault::StreamFault;
use crate::http::refusal::Refusal;
use letta_api::Operation;

pub(crate) struct Faults(Mutex<Inner>);

struct Inner {
    faults: Vec<Present>,
    dice: fastrand::Rng,
}

/// A fault and how far it has come.
struct Present {
    fault: Fault,
    /// Of a rate limit: when the span began, and how many requests it has had.
    span: Option<(Timestamp, u32)>,
}

/// What strikes a request.
#[derive(Debug, Default)]
pub(crate) struct Strike {
    pub(crate) delay: Duration,
    /// How long nothing may be sent.
    pub(crate) idle_limit: Option<Duration>,
    pub(crate) effect: Option<Effect>,
}

#[derive(Debug)]
pub(crate) enum Effect {
    Answer(Refusal),
    Disconnect,
    LoseAnswer,
    LateAnswer(Duration),
    Agent(AgentFault),
}

/// Marks a request whose agent is to fail, which is for the handler to see to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AgentFault {
    ModelFails,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(Inner {
            faults: Vec::new(),
            dice: fastrand::Rng::with_seed(seed),
        }))
    }

    pub(crate) fn add(&self, fault: Fault) -> io::Result<()> {
        fault.check()?;
        self.lock().faults.push(Present { fault, span: None });
        Ok(())
    }

    pub(crate) fn clear(&self) {
        self.lock().faults.clear();
    }

    /// Those that are left, with the times that they have left.
    pub(crate) fn present(&self) -> Vec<Fault> {
        let inner = self.lock();
        inner
            .faults
            .iter()
            .map(|present| present.fault.clone())
            .collect()
    }

    /// What strikes a request of this operation now, whatever it is answered.
    pub(crate) fn strike(&self, operation: Operation, now: Timestamp) -> Strike {
        let mut strike = Strike::default();
        self.lock().throw(operation, |present, falls| {
            let kind = present.fault.kind;
            let adds_up = matches!(kind, FaultKind::Latency(_) | FaultKind::IdleLimit(_));
            let is_past = strike.effect.is_some() && !adds_up;
            if matches!(kind, FaultKind::Stream(_)) || is_past || !falls() {
                return false;
            }
            match kind {
                FaultKind::Latency(delay) => strike.delay = strike.delay.saturating_add(delay),
                FaultKind::IdleLimit(limit) => {
                    let shortest = strike.idle_limit.map_or(limit, |it| it.min(limit));
                    strike.idle_limit = Some(shortest);
                }
                _ => strike.effect = present.effect(now),
            }
            adds_up || strike.effect.is_some()
        });
        strike
    }

    /// What strikes the stream that a request of this operation is answered with.
    pub(crate) fn strike_stream(&self, operation: Operation) -> Vec<StreamFault> {
        let mut struck = Vec::new();
        self.lock()
            .throw(operation, |present, falls| match present.fault.kind {
                FaultKind::Stream(fault) if falls() => {
                    struck.push(fault);
                    true
                }
                _ => false,
            });
        struck
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing here panics half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Goes through the faults that concern the operation. `strikes` throws the dice of one by its second argument, if
    /// it is this fault's turn, and says whether it struck.
    fn throw(
        &mut self,
        operation: Operation,
        mut strikes: impl FnMut(&mut Present, &mut dyn FnMut() -> bool) -> bool,
    ) {
        let Self { faults, dice } = self;
        for present in faults.iter_mut() {
            let probability = present.fault.probability;
            if present.fault.concerns(operation)
                && strikes(present, &mut || dice.f64() < probability)
                && let Some(times) = &mut present.fault.times
            {
                *times = times.saturating_sub(1);
            }
        }
        faults.retain(|present| present.fault.times != Some(0));
    }
}

impl Present {
    fn effect(&mut self, now: Timestamp) -> Option<Effect> {
        Some(match self.fault.kind {
            FaultKind::Status {
                status,
                retry_after,
            } => Effect::Answer(Refusal::fault(status, retry_after)),
            FaultKind::RateLimit { requests, per } => {
                let left = self.limit(requests, per, now)?;
                Effect::Answer(Refusal::fault(429, Some(left)))
            }
            FaultKind::Disconnect => Effect::Disconnect,
            FaultKind::LoseAnswer => Effect::LoseAnswer,
            FaultKind::LateAnswer(delay) => Effect::LateAnswer(delay),
            FaultKind::ModelFailure => Effect::Agent(AgentFault::ModelFails),
            FaultKind::Latency(_) | FaultKind::IdleLimit(_) | FaultKind::Stream(_) => return None,
        })
    }

    /// Counts a request. What is left of the span if it has had all its requests.
    fn limit(&mut self, requests: u32, per: Duration, now: Timestamp) -> Option<Duration> {
        let (began, count) = self.span.get_or_insert((now, 0));
        // A clock that was put back begins a span as well: it would last as long as it was put back.
        let since = Duration::try_from(now.duration_since(*began)).unwrap_or(per);
        let left = per.saturating_sub(since);
        if left.is_zero() {
            (*began, *count) = (now, 1);
            return (requests == 0).then_some(per);
        }
        *count = count.saturating_add(1);
        (*count > requests).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::faults::stream_fault::{Place, Stop};

    fn struck(faults: &Faults, operation: Operation) -> bool {
        faults
            .strike(operation, Timestamp::UNIX_EPOCH)
            .effect
            .is_some()
    }

    #[test]
    fn a_fault_strikes_its_operation_as_often_as_it_says() {
        let faults = Faults::new(0);
        let fault = Fault::disconnect()
            .on(letta_api::operations::LIST_CLIENT_SIDE_ACCESS_TOKENS)
            .times(2);
        faults.add(fault).unwrap();
        assert!(!struck(
            &faults,
            letta_api::operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN
        ));
        assert!(struck(
            &faults,
            letta_api::operations::LIST_CLIENT_SIDE_ACCESS_TOKENS
        ));
        assert_eq!(faults.present()[0].times, Some(1));
        assert!(struck(
            &faults,
            letta_api::operations::LIST_CLIENT_SIDE_ACCESS_TOKENS
        ));
        assert!(!struck(
            &faults,
            letta_api::operations::LIST_CLIENT_SIDE_ACCESS_TOKENS
        ));
        assert!(faults.present().is_empty());
    }

    #[test]
    fn the_first_that_strikes_is_the_one_and_latencies_add_up() {
        let faults = Faults::new(0);
        let second = Duration::from_secs(1);
        for fault in [
            Fault::latency(second),
            Fault::disconnect().times(1),
            Fault::status(500),
            Fault::latency(second),
        ] {
            faults.add(fault).unwrap();
        }
        let strike = faults.strike(
            letta_api::operations::LIST_CLIENT_SIDE_ACCESS_TOKENS,
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(strike.delay, 2 * second);
        assert!(matches!(strike.effect, Some(Effect::Disconnect)));
        let strike = faults.strike(
            letta_api::operations::LIST_CLIENT_SIDE_ACCESS_TOKENS,
            Timestamp::UNIX_EPOCH,
        );
        assert!(matches!(strike.effect, Some(Effect::Answer(_))));
    }

    #[test]
    fn faults_of_streams_strike_streams_alone_and_all_of_them_do() {
        let faults = Faults::new(0);
        let second = Duration::from_secs(1);
        for fault in [
            Fault::shred_stream().times(1),
            Fault::status(503).times(1),
            Fault::break_stream().with_probability(0.0),
            Fault::idle_limit(2 * second),
            Fault::stall_stream(3),
            Fault::idle_limit(second).times(1),
            Fault::skip_event(1).on(letta_api::operations::SEND_MESSAGE_STREAM),
        ] {
            faults.add(fault).unwrap();
        }
        let now = Timestamp::UNIX_EPOCH;
        let strike = faults.strike(letta_api::operations::STREAM_MESSAGE, now);
        assert!(matches!(strike.effect, Some(Effect::Answer(_))));
        assert_eq!(strike.idle_limit, Some(second));
        let strike = faults.strike(letta_api::operations::LIST_CLIENT_SIDE_ACCESS_TOKENS, now);
        assert!(strike.effect.is_none());
        assert_eq!(strike.idle_limit, Some(2 * second));

        let stall = StreamFault::Stop(Stop::Stall, Place::Events(3));
        let expected = [StreamFault::Shred, stall];
        assert_eq!(
            faults.strike_stream(letta_api::operations::STREAM_MESSAGE),
            expected
        );
        let expected = [stall, StreamFault::Skip(1)];
        assert_eq!(
            faults.strike_stream(letta_api::operations::SEND_MESSAGE_STREAM),
            expected
        );
        assert_eq!(
            faults.strike_stream(letta_api::operations::LIST_CLIENT_SIDE_ACCESS_TOKENS),
            []
        );
    }

    #[test]
    fn a_probability_is_kept_and_the_same_seed_strikes_the_same_requests() {
        let run = |seed, probability| {
            let faults = Faults::new(seed);
            faults
                .add(Fault::disconnect().with_probability(probability))
                .unwrap();
            (0..10_000)
                .map(|_| struck(&faults, letta_api::operations::SEND_MESSAGE))
                .collect::<Vec<_>>()
        };
        let struck = |run: &[bool]| run.iter().filter(|struck| **struck).count();
        assert!((1800..2200).contains(&struck(&run(1, 0.2))));
        assert_eq!(run(1, 0.2), run(1, 0.2));
        assert_ne!(run(1, 0.2), run(2, 0.2));
        assert_eq!(struck(&run(1, 0.0)), 0);
        assert_eq!(struck(&run(1, 1.0)), 10_000);
    }

    #[test]
    fn a_rate_limit_lets_so_many_through_in_each_span() {
        let faults = Faults::new(0);
        faults
            .add(Fault::rate_limit(2, Duration::from_secs(10)))
            .unwrap();
        let at = |milliseconds| {
            let now = Timestamp::UNIX_EPOCH + SignedDuration::from_millis(milliseconds);
            match faults
                .strike(letta_api::operations::LIST_CLIENT_SIDE_ACCESS_TOKENS, now)
                .effect
            {
                None => None,
                Some(Effect::Answer(refusal)) => refusal.retry_after(),
                Some(other) => panic!("{other:?}"),
            }
        };
        let seen = [0, 1, 1500, 9999, 10_000, 10_001, 10_002, 5000, 5001, 5002].map(at);
        let (free, wait) = (None, Some);
        assert_eq!(
            seen,
            [
                free,
                free,
                wait(9),
                wait(1),
                free,
                free,
                wait(10),
                free,
                free,
                wait(10)
            ]
        );
    }

    #[test]
    fn a_rate_limit_of_none_lets_nothing_through() {
        let faults = Faults::new(0);
        faults
            .add(Fault::rate_limit(0, Duration::from_secs(10)))
            .unwrap();
        for seconds in [0, 1, 10, 25] {
            let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
            let strike = faults.strike(letta_api::operations::LIST_CLIENT_SIDE_ACCESS_TOKENS, now);
            assert!(strike.effect.is_some(), "{seconds}");
        }
    }
}
