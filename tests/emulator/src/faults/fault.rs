//! A fault that an emulator injects.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;

use letta_api::Operation;

use crate::operation;

/// A fault to inject, so that an application can test how it handles failures.
///
/// A fault strikes every request of every operation. [`on`](Self::on) limits it to one operation,
/// [`with_probability`](Self::with_probability) to a share of the requests, and [`times`](Self::times) to a number of
/// them. If several latencies strike a request, they add up. If several other faults strike it, the one that was added
/// first takes effect. Faults strike before the key is checked, as if a proxy in front of the service had failed.
///
/// ```
/// use std::time::Duration;
/// use letta_api_emulator::{Emulator, Fault, operations};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let emulator = Emulator::builder()
///     .fault(Fault::latency(Duration::from_millis(1)))
///     .fault(Fault::rate_limit(100, Duration::from_secs(60)).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN))
///     .fault("status=503,retry-after=2s,probability=0.01".parse().unwrap())
///     .start()
///     .await?;
/// emulator.inject(Fault::lose_answer().on(operations::DELETE_CLIENT_SIDE_ACCESS_TOKEN).times(1))?;
/// emulator.clear_faults();
/// # Ok(())
/// # }
/// ```
///
/// # As text
///
/// On command lines, a fault is a list of `key=value` pairs with commas between them. Exactly one pair is the kind of
/// fault: `status=503`, `rate-limit=100/1m`, `latency=200ms`, `disconnect`, `lose-answer`, `late-answer=30s`,
/// `model-failure` or `break-stream`. The other pairs are optional: `retry-after=2s` (only with `status`),
/// `on=send_message` (an [`Operation`]), `probability=0.1` and `times=3`. Durations are written like `2s`, `150ms` or
/// `1m 30s`.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a fault does nothing until it is given to an emulator"]
pub struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) operation: Option<Operation>,
    pub(crate) probability: f64,
    pub(crate) times: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FaultKind {
    Status {
        status: u16,
        retry_after: Option<Duration>,
    },
    RateLimit {
        requests: u32,
        per: Duration,
    },
    Latency(Duration),
    Disconnect,
    LoseAnswer,
    LateAnswer(Duration),
    ModelFailure,
    BreakStream,
}

impl FaultKind {
    /// Whether it is about an agent's answer, and so about messages that are sent.
    fn is_about_an_agent(self) -> bool {
        matches!(self, Self::ModelFailure | Self::BreakStream)
    }
}

impl Fault {
    fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            operation: None,
            probability: 1.0,
            times: None,
        }
    }

    /// Answers with an error of this status, 400 to 599, and `{"message": …}`. The request has no effect.
    pub fn status(status: u16) -> Self {
        Self::new(FaultKind::Status {
            status,
            retry_after: None,
        })
    }

    /// Adds `Retry-After` to a [`status`](Self::status), rounded up to whole seconds. Ignored for any other kind of
    /// fault.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        if let FaultKind::Status { retry_after, .. } = &mut self.kind {
            *retry_after = Some(wait);
        }
        self
    }

    /// Lets this many requests through in each span of `per`, by the emulator's clock. Answers the others with 429 and
    /// a `Retry-After` of the time that is left of the span. A span begins with the first request after the one before.
    pub fn rate_limit(requests: u32, per: Duration) -> Self {
        Self::new(FaultKind::RateLimit { requests, per })
    }

    /// Waits before the request is read. If the caller gives up meanwhile, the request has no effect.
    pub fn latency(delay: Duration) -> Self {
        Self::new(FaultKind::Latency(delay))
    }

    /// Closes the connection instead of answering. The request has no effect.
    pub fn disconnect() -> Self {
        Self::new(FaultKind::Disconnect)
    }

    /// Carries the request out, then closes the connection instead of answering. A client that sends a create again
    /// after this makes a second token.
    ///
    /// A browser may send the request again by itself. Chromium does so if the connection was used before, even for a
    /// `POST`. To find out, inject the fault with [`times(1)`](Self::times) and count the requests.
    pub fn lose_answer() -> Self {
        Self::new(FaultKind::LoseAnswer)
    }

    /// Carries the request out, then waits before it answers. If the caller gives up meanwhile, the request still has
    /// its effect.
    pub fn late_answer(delay: Duration) -> Self {
        Self::new(FaultKind::LateAnswer(delay))
    }

    /// Lets the agent's model fail. The answer to a message is a 429; a streamed answer is a 200 with an `error` event.
    /// Strikes only requests that send a message.
    pub fn model_failure() -> Self {
        Self::new(FaultKind::ModelFailure)
    }

    /// Closes the connection after the first event of a streamed answer. The message and the answer are kept. Strikes
    /// only requests that send a message, and has no effect on an answer that is not streamed.
    pub fn break_stream() -> Self {
        Self::new(FaultKind::BreakStream)
    }

    /// Limits the fault to requests of this operation.
    pub fn on(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Limits the fault to a random share of requests: the probability, from 0 to 1. See [`Builder::seed`](crate::Builder::seed).
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// Removes the fault after it has struck this many times, at least 1.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Whether it has to do with the operation at all.
    pub(crate) fn concerns(&self, operation: Operation) -> bool {
        self.operation.is_none_or(|on| on.id == operation.id)
            && (!self.kind.is_about_an_agent() || operation::is_sending(&operation))
    }

    /// Refuses a fault that could not strike as it says.
    pub(crate) fn check(&self) -> io::Result<()> {
        let rule = match self.kind {
            FaultKind::Status { status, .. } if !(400..=599).contains(&status) => {
                "the status must be from 400 to 599"
            }
            FaultKind::RateLimit { per, .. } if per.is_zero() => {
                "the span of a rate limit must be longer than zero"
            }
            kind if kind.is_about_an_agent()
                && self.operation.is_some_and(|on| !operation::is_sending(&on)) =>
            {
                "`on` must be an operation that sends a message, such as `send_message` or `stream_message`"
            }
            _ if self.times == Some(0) => "`times` must be at least 1",
            _ if !(0.0..=1.0).contains(&self.probability) => "the probability must be from 0 to 1",
            _ => return Ok(()),
        };
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("the fault `{self}` is invalid: {rule}"),
        ))
    }
}

/// Written as in [`Fault`]'s text form.
struct Text(Duration);

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match SignedDuration::try_from(self.0) {
            Ok(duration) => write!(f, "{duration:#}"),
            Err(_) => write!(f, "{}s", self.0.as_secs()),
        }
    }
}

impl fmt::Display for Fault {
    /// Writes the text form, which is read back as the same fault.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            FaultKind::Status {
                status,
                retry_after,
            } => {
                write!(f, "status={status}")?;
                if let Some(wait) = retry_after {
                    write!(f, ",retry-after={}", Text(wait))?;
                }
            }
            FaultKind::RateLimit { requests, per } => {
                write!(f, "rate-limit={requests}/{}", Text(per))?;
            }
            FaultKind::Latency(delay) => write!(f, "latency={}", Text(delay))?,
            FaultKind::Disconnect => f.write_str("disconnect")?,
            FaultKind::LoseAnswer => f.write_str("lose-answer")?,
            FaultKind::LateAnswer(delay) => write!(f, "late-answer={}", Text(delay))?,
            FaultKind::ModelFailure => f.write_str("model-failure")?,
            FaultKind::BreakStream => f.write_str("break-stream")?,
        }
        if let Some(operation) = self.operation {
            write!(f, ",on={operation}")?;
        }
        if self.probability != 1.0 {
            write!(f, ",probability={}", self.probability)?;
        }
        if let Some(times) = self.times {
            write!(f, ",times={times}")?;
        }
        Ok(())
    }
}

impl FromStr for Fault {
    type Err = io::Error;

    /// Reads the text form.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput), naming the part that is not understood.
    fn from_str(text: &str) -> io::Result<Self> {
        let invalid = |message: String| io::Error::new(io::ErrorKind::InvalidInput, message);
        let mut kind: Option<FaultKind> = None;
        let mut retry_after = None;
        let mut operation = None;
        let mut probability = None;
        let mut times = None;
        for part in text.split(',').map(str::trim) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let odd = |what: &str| invalid(format!("`{part}` in a fault: {what}"));
            let new_kind = match key {
                "status" => FaultKind::Status {
                    status: value
                        .parse()
                        .map_err(|_| odd("the status must be a number, for example 503"))?,
                    retry_after: None,
                },
                "rate-limit" => {
                    let (requests, per) = value
                        .split_once('/')
                        .ok_or_else(|| odd("write it as REQUESTS/DURATION, for example 100/1m"))?;
                    FaultKind::RateLimit {
                        requests: requests
                            .parse()
                            .map_err(|_| odd("REQUESTS must be a whole number"))?,
                        per: duration(per).ok_or_else(|| odd(DURATION))?,
                    }
                }
                "latency" => FaultKind::Latency(duration(value).ok_or_else(|| odd(DURATION))?),
                "late-answer" => {
                    FaultKind::LateAnswer(duration(value).ok_or_else(|| odd(DURATION))?)
                }
                "disconnect" | "lose-answer" | "model-failure" | "break-stream"
                    if part.contains('=') =>
                {
                    return Err(odd("it takes no value"));
                }
                "disconnect" => FaultKind::Disconnect,
                "lose-answer" => FaultKind::LoseAnswer,
                "model-failure" => FaultKind::ModelFailure,
                "break-stream" => FaultKind::BreakStream,
                _ => {
                    let twice = match key {
                        "retry-after" => {
                            let wait = duration(value).ok_or_else(|| odd(DURATION))?;
                            retry_after.replace(wait).is_some()
                        }
                        "on" => {
                            let on =
                                operation::named(value).map_err(|error| odd(&error.to_string()))?;
                            operation.replace(on).is_some()
                        }
                        "probability" => {
                            let number = value
                                .parse()
                                .map_err(|_| odd("the probability must be a number from 0 to 1"))?;
                            probability.replace(number).is_some()
                        }
                        "times" => {
                            let number =
                                value.parse().map_err(|_| odd("must be a whole number"))?;
                            times.replace(number).is_some()
                        }
                        _ => {
                            return Err(odd(
                                "unknown; use one of status, rate-limit, latency, disconnect, \
                                 lose-answer, late-answer, model-failure, break-stream, \
                                 retry-after, on, probability, times",
                            ));
                        }
                    };
                    if twice {
                        return Err(odd("it is given twice"));
                    }
                    continue;
                }
            };
            if kind.replace(new_kind).is_some() {
                return Err(odd(
                    "a fault has one kind; write another fault for another kind",
                ));
            }
        }
        let mut kind = kind.ok_or_else(|| {
            invalid(format!(
                "the fault `{text}` has no kind: add one of \
                 status, rate-limit, latency, disconnect, lose-answer, late-answer, model-failure \
                 or break-stream"
            ))
        })?;
        if retry_after.is_some() {
            let FaultKind::Status {
                retry_after: of_status,
                ..
            } = &mut kind
            else {
                return Err(invalid(format!(
                    "retry-after in the fault `{text}` needs status, for example status=429"
                )));
            };
            *of_status = retry_after;
        }
        let fault = Self {
            kind,
            operation,
            probability: probability.unwrap_or(1.0),
            times,
        };
        fault.check()?;
        Ok(fault)
    }
}

const DURATION: &str = "write a duration as 2s, 150ms or 1m 30s";

/// Reads a duration, which is never negative.
fn duration(text: &str) -> Option<Duration> {
    text.parse::<SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_fault_is_written_as_it_is_read() {
        let second = Duration::from_secs(1);
        for (text, fault) in [
            ("status=503", Fault::status(503)),
            (
                "status=429,retry-after=2s,on=send_message,probability=0.25,times=3",
                Fault::status(429)
                    .retry_after(2 * second)
                    .on(letta_api::operations::SEND_MESSAGE)
                    .with_probability(0.25)
                    .times(3),
            ),
            ("rate-limit=100/1m", Fault::rate_limit(100, 60 * second)),
            (
                "latency=150ms,on=create_agent",
                Fault::latency(Duration::from_millis(150)).on(letta_api::operations::CREATE_AGENT),
            ),
            ("disconnect", Fault::disconnect()),
            ("lose-answer,times=1", Fault::lose_answer().times(1)),
            ("late-answer=30s", Fault::late_answer(30 * second)),
            ("model-failure", Fault::model_failure()),
            ("break-stream", Fault::break_stream()),
        ] {
            assert_eq!(text.parse::<Fault>().unwrap(), fault);
            assert_eq!(fault.to_string(), text);
        }
        let spaced: Fault = " times=2 , latency=1s 500ms".parse().unwrap();
        assert_eq!(spaced, Fault::latency(Duration::from_millis(1500)).times(2));
    }

    #[test]
    fn what_is_no_fault_is_refused_and_says_what_is_wrong() {
        for (text, says) in [
            ("", "use one of status"),
            ("times=3", "has no kind"),
            ("slow", "`slow`"),
            ("status", "`status`"),
            ("status=x", "must be a number"),
            ("status=200", "from 400 to 599"),
            ("status=503,status=500", "one kind"),
            ("status=503,disconnect", "one kind"),
            ("latency=1", "write a duration as"),
            ("latency=-1s", "write a duration as"),
            ("rate-limit=5", "REQUESTS/DURATION"),
            ("rate-limit=x/1s", "whole number"),
            ("rate-limit=5/0s", "longer than zero"),
            ("disconnect=1", "no value"),
            ("disconnect,retry-after=1s", "needs status"),
            ("disconnect,on=mint", "`mint`"),
            ("disconnect,on=send_message,on=send_message", "twice"),
            ("disconnect,probability=2", "from 0 to 1"),
            ("disconnect,probability=NaN", "from 0 to 1"),
            ("disconnect,times=-1", "whole number"),
            ("disconnect,times=0", "at least 1"),
            ("model-failure,on=list_agents", "such as `send_message`"),
        ] {
            let error = text.parse::<Fault>().unwrap_err();
            assert!(error.to_string().contains(says), "{text}: {error}");
        }
    }

    fn any_fault() -> impl Strategy<Value = Fault> {
        let duration = || {
            (0..=u64::MAX >> 1, 0..1_000_000_000_u32).prop_map(|(s, n)| Duration::new(s >> 20, n))
        };
        let kind = prop_oneof![
            (400..=599_u16, proptest::option::of(duration())).prop_map(|(status, retry_after)| {
                FaultKind::Status {
                    status,
                    retry_after,
                }
            }),
            (any::<u32>(), duration()).prop_map(|(requests, per)| FaultKind::RateLimit {
                requests,
                per: per + Duration::from_nanos(1),
            }),
            duration().prop_map(FaultKind::Latency),
            duration().prop_map(FaultKind::LateAnswer),
            Just(FaultKind::Disconnect),
            Just(FaultKind::LoseAnswer),
        ];
        let operation = proptest::option::of(
            proptest::sample::select(letta_api::operations::ALL).prop_map(|it| *it),
        );
        let probability = prop_oneof![Just(1.0), 0.0..1.0];
        (
            kind,
            operation,
            probability,
            proptest::option::of(1..=u32::MAX),
        )
            .prop_map(|(kind, operation, probability, times)| Fault {
                kind,
                operation,
                probability,
                times,
            })
    }

    proptest! {
        #[test]
        fn every_fault_is_read_back_as_it_was_written(fault in any_fault()) {
            prop_assert_eq!(fault.to_string().parse::<Fault>().unwrap(), fault);
        }

        #[test]
        fn no_text_is_too_odd_to_be_read_or_refused(
            text in "((status|latency|rate-limit|times|on|probability|retry-after)?=?[0-9a-z/.= -]{0,9},?){0,4}|\\PC*"
        ) {
            if let Ok(fault) = text.parse::<Fault>() {
                prop_assert!(fault.check().is_ok());
                prop_assert_eq!(fault.to_string().parse::<Fault>().unwrap(), fault);
            }
        }
    }
}
