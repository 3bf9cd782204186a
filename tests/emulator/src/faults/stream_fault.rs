//! What goes wrong with a stream of events, and its text form.

use std::fmt;

/// What strikes an answer that is a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamFault {
    /// At this place, it ends in this way.
    Stop(Stop, Place),
    /// In pieces of one byte.
    Shred,
    /// This event, from 1, is sent twice.
    Repeat(u64),
    /// This event, from 1, is not sent.
    Skip(u64),
}

/// How a stream ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The connection is closed in the middle of the body.
    Break,
    /// The body ends as if it were whole.
    End,
    /// Nothing more comes.
    Stall,
}

/// Where in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// After the first event that is not a ping.
    FirstMessage,
    /// After so many events.
    Events(u64),
    /// After so many bytes of the body.
    Bytes(u64),
    /// In the middle of this event, from 1.
    WithinEvent(u64),
    /// After the first byte of the first character that has several.
    WithinCharacter,
}

impl StreamFault {
    /// The rule that it breaks.
    pub(crate) fn broken_rule(self) -> Option<&'static str> {
        match self {
            Self::Repeat(0) | Self::Skip(0) | Self::Stop(_, Place::WithinEvent(0)) => {
                Some("events are counted from 1")
            }
            _ => None,
        }
    }

    /// What the text forms begin with.
    pub(crate) const KEYS: [&str; 6] = [
        "break-stream",
        "end-stream",
        "stall-stream",
        "shred-stream",
        "repeat-event",
        "skip-event",
    ];

    /// Reads one by its key, and by what comes after `=`.
    pub(crate) fn read(key: &str, value: Option<&str>) -> Result<Self, &'static str> {
        let number = |make: fn(u64) -> Self| {
            let number = value.and_then(|value| value.parse().ok());
            number.map(make).ok_or(EVENT_FORM)
        };
        match key {
            "break-stream" => value
                .map_or(Some(Place::FirstMessage), Place::read)
                .map(|place| Self::Stop(Stop::Break, place))
                .ok_or(BREAK_FORMS),
            "end-stream" => number(|events| Self::Stop(Stop::End, Place::Events(events))),
            "stall-stream" => number(|events| Self::Stop(Stop::Stall, Place::Events(events))),
            "shred-stream" if value.is_some() => Err("it takes no value"),
            "shred-stream" => Ok(Self::Shred),
            "repeat-event" => number(Self::Repeat),
            "skip-event" => number(Self::Skip),
            _ => Err("it is not a fault of streams"),
        }
    }
}

const EVENT_FORM: &str = "write a whole number of events, as in end-stream=3";

const BREAK_FORMS: &str = "write break-stream alone, or a number of events as in break-stream=3, or of bytes as in \
     break-stream=120b, or break-stream=mid-event-3, or break-stream=mid-character";

impl Place {
    fn read(text: &str) -> Option<Self> {
        if text == "mid-character" {
            return Some(Self::WithinCharacter);
        }
        let (number, make): (_, fn(u64) -> Self) = match text.strip_prefix("mid-event-") {
            Some(number) => (number, Self::WithinEvent),
            None => match text.strip_suffix('b') {
                Some(number) => (number, Self::Bytes),
                None => (text, Self::Events),
            },
        };
        number.parse().ok().map(make)
    }
}

impl fmt::Display for StreamFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stop(stop, place) => {
                f.write_str(match stop {
                    Stop::Break => "break-stream",
                    Stop::End => "end-stream",
                    Stop::Stall => "stall-stream",
                })?;
                match place {
                    Place::FirstMessage => Ok(()),
                    Place::Events(events) => write!(f, "={events}"),
                    Place::Bytes(bytes) => write!(f, "={bytes}b"),
                    Place::WithinEvent(event) => write!(f, "=mid-event-{event}"),
                    Place::WithinCharacter => f.write_str("=mid-character"),
                }
            }
            Self::Shred => f.write_str("shred-stream"),
            Self::Repeat(event) => write!(f, "repeat-event={event}"),
            Self::Skip(event) => write!(f, "skip-event={event}"),
        }
    }
}
