//! A fault that an emulator injects.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;

use letta_api::Operation;

use crate::faults::stream_fault::{Place, Stop, StreamFault};
use crate::operation;

/// A fault to inject, so that an application can test how it handles failures.
///
/// A fault strikes every request of every operation. [`on`](Self::on) limits it to one operation,
/// [`with_probability`](Self::with_probability) to a share of the requests, and [`times`](Self::times) to a number of
/// them. If several latencies strike a request, they add up. If several other faults strike it, the one that was added
/// first takes effect. Faults strike before the key is checked, as if a proxy in front of the service had failed.
///
/// # Streams
///
/// Faults of streams strike answers that are streams of events, and [`times`](Self::times) counts these alone. All that
/// strike an answer have their effect. Events are counted as the service sends them, pings among them.
///
/// 1. [`skip_event`](Self::skip_event) and [`repeat_event`](Self::repeat_event) change what is sent.
/// 2. It breaks off, ends or stalls at the first place that one of
///    [`break_stream`](Self::break_stream) and its kin, [`end_stream`](Self::end_stream) and
///    [`stall_stream`](Self::stall_stream) names. If two name the same place, the one that was added first takes
///    effect. Places count what is sent: a skipped event does not count, and a repeated one counts twice.
/// 3. [`shred_stream`](Self::shred_stream) cuts into pieces what is sent up to there.
/// 4. [`idle_limit`](Self::idle_limit) watches what comes out of that, and so ends a stream that has stalled.
///
/// A connection that breaks is closed, and what was sent before arrives: over HTTP/1.1, the body lacks its last chunk;
/// over HTTP/2, the stream is reset.
///
/// ```
/// use std::time::Duration;
/// use letta_api_emulator::{Emulator, Fault, operations};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let emulator = Emulator::builder()
///     .agent("agent-1")
///     .fault(Fault::shred_stream())
///     .fault(Fault::stall_stream(3).on(operations::STREAM_MESSAGE).times(1))
///     .fault(Fault::idle_limit(Duration::from_secs(60)))
///     .start()
///     .await?;
/// # Ok(())
/// # }
/// ```
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
/// `model-failure`, `idle-limit=60s`, or one of streams: `break-stream`, `break-stream=3` (events), `break-stream=120b`
/// (bytes), `break-stream=mid-event-3`, `break-stream=mid-character`, `end-stream=3`, `stall-stream=3`, `shred-stream`,
/// `repeat-event=3`, `skip-event=3`. The other pairs are optional: `retry-after=2s` (only with `status`),
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
    IdleLimit(Duration),
    Stream(StreamFault),
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

    /// Waits before the request is carried out, by tokio's timer and not by the emulator's clock. If the caller gives up
    /// meanwhile, the request has no effect.
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

    /// Carries the request out, then waits before it answers, by tokio's timer and not by the emulator's clock. If the
    /// caller gives up meanwhile, the request still has its effect.
    pub fn late_answer(delay: Duration) -> Self {
        Self::new(FaultKind::LateAnswer(delay))
    }

    /// Lets the agent's model fail. The answer to a message is a 429; a streamed answer is a 200 with an `error` event.
    /// Strikes only requests that send a message.
    pub fn model_failure() -> Self {
        Self::new(FaultKind::ModelFailure)
    }

    /// Closes the connection after the first event of a streamed answer that is not a ping. The message and the answer are
    /// kept. Has no effect on an answer that is not streamed. See [Streams](Self#streams).
    pub fn break_stream() -> Self {
        Self::stop(Stop::Break, Place::FirstMessage)
    }

    /// Closes the connection after this many events of a streamed answer. With 0, after its head.
    ///
    /// ```
    /// # use letta_api_emulator::Fault;
    /// assert_eq!(Fault::break_stream_after(3), "break-stream=3".parse().unwrap());
    /// ```
    pub fn break_stream_after(events: u64) -> Self {
        Self::stop(Stop::Break, Place::Events(events))
    }

    /// Closes the connection after this many bytes of a streamed answer's body. Neither its head nor the framing of its
    /// chunks counts. With 0, after its head.
    ///
    /// ```
    /// # use letta_api_emulator::Fault;
    /// assert_eq!(Fault::break_stream_after_bytes(120), "break-stream=120b".parse().unwrap());
    /// ```
    pub fn break_stream_after_bytes(bytes: u64) -> Self {
        Self::stop(Stop::Break, Place::Bytes(bytes))
    }

    /// Closes the connection in the middle of this event of a streamed answer, counted from 1: half of its bytes are
    /// sent, rounded down.
    ///
    /// ```
    /// # use letta_api_emulator::Fault;
    /// assert_eq!(Fault::break_stream_within_event(3), "break-stream=mid-event-3".parse().unwrap());
    /// ```
    pub fn break_stream_within_event(event: u64) -> Self {
        Self::stop(Stop::Break, Place::WithinEvent(event))
    }

    /// Closes the connection in the middle of the first character of a streamed answer that has more than one byte in
    /// UTF-8. Its first byte is the last that is sent. A stream of ASCII alone does not break.
    ///
    /// ```
    /// # use letta_api_emulator::Fault;
    /// assert_eq!(Fault::break_stream_within_character(), "break-stream=mid-character".parse().unwrap());
    /// ```
    pub fn break_stream_within_character() -> Self {
        Self::stop(Stop::Break, Place::WithinCharacter)
    }

    /// Ends a streamed answer after this many events as if it were whole: by its last chunk, but without the events
    /// that end a turn.
    ///
    /// ```
    /// # use letta_api_emulator::Fault;
    /// assert_eq!(Fault::end_stream(3), "end-stream=3".parse().unwrap());
    /// ```
    pub fn end_stream(events: u64) -> Self {
        Self::stop(Stop::End, Place::Events(events))
    }

    /// Sends nothing more after this many events of a streamed answer, not even a ping, and leaves the connection open.
    /// With 0, the head is sent.
    ///
    /// ```
    /// # use letta_api_emulator::Fault;
    /// assert_eq!(Fault::stall_stream(3), "stall-stream=3".parse().unwrap());
    /// ```
    pub fn stall_stream(events: u64) -> Self {
        Self::stop(Stop::Stall, Place::Events(events))
    }

    /// Sends a streamed answer in pieces of one byte. Each is a chunk of its own, and written alone. After 64 KiB,
    /// events are sent whole: a longer answer would take too much of the machine.
    ///
    /// ```
    /// # use letta_api_emulator::Fault;
    /// assert_eq!(Fault::shred_stream(), "shred-stream".parse().unwrap());
    /// ```
    pub fn shred_stream() -> Self {
        Self::new(FaultKind::Stream(StreamFault::Shred))
    }

    /// Sends this event of a streamed answer twice, counted from 1. Both have the same `seq_id`, if it has one.
    ///
    /// ```
    /// # use letta_api_emulator::Fault;
    /// assert_eq!(Fault::repeat_event(3), "repeat-event=3".parse().unwrap());
    /// ```
    pub fn repeat_event(event: u64) -> Self {
        Self::new(FaultKind::Stream(StreamFault::Repeat(event)))
    }

    /// Leaves this event of a streamed answer out, counted from 1. Its `seq_id`, if it has one, is missing from the
    /// stream.
    ///
    /// ```
    /// # use letta_api_emulator::Fault;
    /// assert_eq!(Fault::skip_event(3), "skip-event=3".parse().unwrap());
    /// ```
    pub fn skip_event(event: u64) -> Self {
        Self::new(FaultKind::Stream(StreamFault::Skip(event)))
    }

    /// Closes the connection when nothing was sent over it for this long, by the emulator's clock, as a proxy does. It
    /// begins with the request, so that an answer that takes longer does not come at all. Pings are sent, too. If
    /// several strike a request, the shortest counts. What a reader does not read counts as sent.
    ///
    /// The request has been carried out by then, or goes on, as after a caller that gives up. [`times`](Self::times)
    /// counts the requests that were watched, whether or not they were idle.
    ///
    /// ```
    /// use std::time::Duration;
    /// use letta_api_emulator::{Fault, operations};
    ///
    /// let fault = Fault::idle_limit(Duration::from_secs(60)).on(operations::SEND_MESSAGE);
    /// assert_eq!(fault.to_string(), "idle-limit=1m,on=send_message");
    /// ```
    pub fn idle_limit(limit: Duration) -> Self {
        Self::new(FaultKind::IdleLimit(limit))
    }

    fn stop(stop: Stop, place: Place) -> Self {
        Self::new(FaultKind::Stream(StreamFault::Stop(stop, place)))
    }

    /// Limits the fault to requests of this operation.
    pub fn on(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Limits the fault to a random share of requests: the probability, from 0 to 1. See
    /// [`Builder::seed`](crate::Builder::seed).
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
        self.operation.is_none_or(|on| on.id == operation.id) && self.can_strike(operation)
    }

    fn can_strike(&self, operation: Operation) -> bool {
        match self.kind {
            FaultKind::ModelFailure => operation::is_sending(&operation),
            FaultKind::Stream(_) => operation.streams,
            _ => true,
        }
    }

    /// Refuses a fault that could not strike as it says.
    pub(crate) fn check(&self) -> io::Result<()> {
        let cannot_strike = self.operation.is_some_and(|on| !self.can_strike(on));
        let rule = match self.kind {
            FaultKind::Status { status, .. } if !(400..=599).contains(&status) => {
                "the status must be from 400 to 599"
            }
            FaultKind::RateLimit { per, .. } if per.is_zero() => {
                "the span of a rate limit must be longer than zero"
            }
            FaultKind::IdleLimit(limit) if limit.is_zero() => "the limit must be longer than zero",
            FaultKind::Stream(fault) if fault.broken_rule().is_some() => {
                fault.broken_rule().unwrap_or_default()
            }
            FaultKind::Stream(_) if cannot_strike => {
                "`on` must be an operation that answers with a stream, such as `stream_message` or `send_message_stream`"
            }
            _ if cannot_strike => {
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
            FaultKind::IdleLimit(limit) => write!(f, "idle-limit={}", Text(limit))?,
            FaultKind::Stream(fault) => write!(f, "{fault}")?,
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
                "idle-limit" => FaultKind::IdleLimit(duration(value).ok_or_else(|| odd(DURATION))?),
                "disconnect" | "lose-answer" | "model-failure" if part.contains('=') => {
                    return Err(odd("it takes no value"));
                }
                "disconnect" => FaultKind::Disconnect,
                "lose-answer" => FaultKind::LoseAnswer,
                "model-failure" => FaultKind::ModelFailure,
                _ if StreamFault::KEYS.contains(&key) => {
                    let value = part.contains('=').then_some(value);
                    FaultKind::Stream(StreamFault::read(key, value).map_err(odd)?)
                }
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
                            return Err(odd(&format!(
                                "unknown; use one of {}, retry-after, on, probability, times",
                                kinds()
                            )));
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
                "the fault `{text}` has no kind: add one of {}",
                kinds()
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

/// What the text form of a fault's kind begins with, for people.
fn kinds() -> String {
    let others = "status, rate-limit, latency, disconnect, lose-answer, late-answer, model-failure, idle-limit";
    format!("{others}, {}", StreamFault::KEYS.join(", "))
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
            (
                "idle-limit=30s,probability=0.5",
                Fault::idle_limit(30 * second).with_probability(0.5),
            ),
            ("break-stream", Fault::break_stream()),
            ("break-stream=0", Fault::break_stream_after(0)),
            ("break-stream=3", Fault::break_stream_after(3)),
            ("break-stream=120b", Fault::break_stream_after_bytes(120)),
            (
                "break-stream=mid-event-2",
                Fault::break_stream_within_event(2),
            ),
            (
                "break-stream=mid-character,times=1",
                Fault::break_stream_within_character().times(1),
            ),
            ("end-stream=0", Fault::end_stream(0)),
            ("stall-stream=2", Fault::stall_stream(2)),
            ("shred-stream", Fault::shred_stream()),
            (
                "repeat-event=3,on=stream_message",
                Fault::repeat_event(3).on(letta_api::operations::STREAM_MESSAGE),
            ),
            ("skip-event=3", Fault::skip_event(3)),
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
            ("break-stream=x", "break-stream=120b"),
            ("break-stream=", "break-stream=120b"),
            ("break-stream=b", "break-stream=120b"),
            ("break-stream=-1", "break-stream=120b"),
            ("break-stream=mid-event", "break-stream=mid-event-3"),
            ("break-stream=mid-event-0", "counted from 1"),
            ("break-stream,on=send_message", "such as `stream_message`"),
            ("shred-stream,on=send_message", "such as `stream_message`"),
            ("shred-stream=", "no value"),
            ("stall-stream", "whole number of events"),
            ("end-stream=3b", "whole number of events"),
            ("repeat-event=0", "counted from 1"),
            ("skip-event=0", "counted from 1"),
            ("skip-event=1,repeat-event=1", "one kind"),
            ("idle-limit", "write a duration as"),
            ("idle-limit=0s", "longer than zero"),
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
            duration().prop_map(|limit| FaultKind::IdleLimit(limit + Duration::from_nanos(1))),
            any_stream_fault().prop_map(FaultKind::Stream),
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
            .prop_filter("it can strike", |fault| fault.check().is_ok())
    }

    fn any_stream_fault() -> impl Strategy<Value = StreamFault> {
        let events = any::<u64>;
        prop_oneof![
            Just(StreamFault::Stop(Stop::Break, Place::FirstMessage)),
            Just(StreamFault::Stop(Stop::Break, Place::WithinCharacter)),
            events().prop_map(|events| StreamFault::Stop(Stop::Break, Place::Events(events))),
            events().prop_map(|bytes| StreamFault::Stop(Stop::Break, Place::Bytes(bytes))),
            (1..=u64::MAX)
                .prop_map(|event| StreamFault::Stop(Stop::Break, Place::WithinEvent(event))),
            events().prop_map(|events| StreamFault::Stop(Stop::End, Place::Events(events))),
            events().prop_map(|events| StreamFault::Stop(Stop::Stall, Place::Events(events))),
            Just(StreamFault::Shred),
            (1..=u64::MAX).prop_map(StreamFault::Repeat),
            (1..=u64::MAX).prop_map(StreamFault::Skip),
        ]
    }

    proptest! {
        #[test]
        fn every_fault_is_read_back_as_it_was_written(fault in any_fault()) {
            prop_assert_eq!(fault.to_string().parse::<Fault>().unwrap(), fault);
        }

        #[test]
        fn no_text_is_too_odd_to_be_read_or_refused(
            text in "((status|latency|rate-limit|times|on|probability|retry-after|(break|end|stall|shred)-stream|(skip|repeat)-event|idle-limit)?=?(mid-event-)?[0-9a-z/.= -]{0,9},?){0,4}|\\PC*"
        ) {
            if let Ok(fault) = text.parse::<Fault>() {
                prop_assert!(fault.check().is_ok());
                prop_assert_eq!(fault.to_string().parse::<Fault>().unwrap(), fault);
            }
        }
    }
}
