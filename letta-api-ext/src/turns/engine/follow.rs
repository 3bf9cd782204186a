//! Reads the events of a run to its end: what each means, and what is new.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use letta_api::{EventError, Frame, Frames};

use super::recover::Silence;
use super::{Engine, Run};
use crate::error::{Error, Result};
use crate::time::clock::{self, Instant};
use crate::turns::fault;
use crate::turns::path::TurnPath;
use crate::turns::wire::{What, Wire};

/// How long what follows the reason to stop may take: usage, an error, the end of the body.
const AFTER_STOP: Duration = Duration::from_secs(5);

/// How long the end of the body may take after the last event. If it comes, the connection serves the next request.
const AFTER_DONE: Duration = Duration::from_millis(250);

/// How a stream of events ended.
enum Ended {
    /// The run is over.
    Over,
    /// The stream broke, or an event is missing.
    Broke(Option<Error>),
    /// Nothing came for too long.
    Silent,
    /// Pings alone came for long, or what was told already. The agent may think.
    PingsAlone,
}

/// What an event's number says.
enum Order {
    New,
    Old,
    /// Events before it are missing.
    Gap,
}

/// The next event if it is there. Polls once.
fn at_once(
    frames: &mut Frames,
    context: &mut Context<'_>,
) -> Poll<Option<Option<Result<Frame, EventError>>>> {
    match Pin::new(frames).poll_next(context) {
        Poll::Ready(next) => Poll::Ready(Some(next)),
        Poll::Pending => Poll::Ready(None),
    }
}

impl Engine {
    /// Follows a run to its end, over breaks.
    pub(super) async fn follow(&mut self, run: &mut Run, frames: &mut Frames) -> Result<()> {
        loop {
            let next = match self.read(run, frames).await? {
                Ended::Over => return Ok(()),
                Ended::Broke(cause) => {
                    self.telemetry.broke(cause.as_ref());
                    self.reconnect(run, cause).await?
                }
                ended @ (Ended::Silent | Ended::PingsAlone) => match self
                    .after_silence(run, matches!(ended, Ended::PingsAlone))
                    .await?
                {
                    // The stream is as good as another.
                    Silence::Wait => continue,
                    Silence::Reconnect => {
                        self.telemetry.broke(None);
                        self.reconnect(run, None).await?
                    }
                    Silence::Over => None,
                },
            };
            match next {
                Some(next) => *frames = next,
                // What the run left was told.
                None => return Ok(()),
            }
        }
    }

    /// Reads events until the stream ends.
    async fn read(&mut self, run: &mut Run, frames: &mut Frames) -> Result<Ended> {
        let began = Instant::now();
        let mut stopped: Option<Instant> = None;
        loop {
            // What follows the reason to stop has an end, too.
            if run.is_stopped() && stopped.get_or_insert_with(Instant::now).elapsed() > AFTER_STOP {
                return Ok(Ended::Over);
            }
            let next = match std::future::poll_fn(|context| at_once(frames, context)).await {
                Some(next) => Ok(next),
                // Asking for the time of each event would take longer than to read it.
                None => {
                    let patience = match run.is_stopped() {
                        true => AFTER_STOP.min(self.settings.silence),
                        false => self.settings.silence,
                    };
                    let listens = Instant::now();
                    run.note_progress(listens);
                    clock::timeout_at(clock::after(listens, patience), frames.next()).await
                }
            };
            let frame = match next {
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(error))) if error.lost_to().is_none() => {
                    // It cannot be left out: it may be what the agent said.
                    let why = "an event is longer than what is read";
                    return Err(fault::unreadable(why, run.id.as_ref(), Some(error.into())));
                }
                // The reason to stop is the end, whatever becomes of the connection.
                _ if run.is_stopped() => return Ok(Ended::Over),
                Ok(Some(Err(error))) => return Ok(Ended::Broke(Some(error.into()))),
                Ok(None) => return Ok(Ended::Broke(None)),
                Err(_) => return Ok(Ended::Silent),
            };
            let size = frame.data().len();
            let wire = Wire::of(&frame, &self.transcript, run.id.as_ref());
            if let Some(id) = wire.run {
                self.note_run(run, id);
            }
            self.out.open();
            let is_ping = matches!(wire.what, What::Ping);
            let is_new = match self.order_of(run, wire.seq, is_ping) {
                Order::New => !is_ping,
                Order::Old => false,
                Order::Gap => return Ok(Ended::Broke(None)),
            };
            if !is_new {
                run.note_progress(Instant::now());
                if run.heard.max(run.alive).max(began).elapsed() >= self.settings.silence {
                    return Ok(Ended::PingsAlone);
                }
                continue;
            }
            let out = &self.out;
            match wire.what {
                What::Ping => continue,
                What::Done if run.is_stopped() => {
                    let until = clock::after(Instant::now(), AFTER_DONE);
                    let _ = clock::timeout_at(until, frames.next()).await;
                    return Ok(Ended::Over);
                }
                What::Done => return Ok(Ended::Broke(None)),
                What::Piece(piece) => {
                    self.transcript
                        .take_piece(piece, &mut |event| out.tell(event));
                }
                What::Message(message) => {
                    self.telemetry.first();
                    self.transcript
                        .take(*message, size, &mut |event| out.tell(event));
                }
                What::Other(value) => self.transcript.other(value, &mut |event| out.tell(event)),
                // The second one is more exact than the first.
                What::Stop(reason) => run.stop = Some(reason),
                What::Usage(usage) => run.usage = Some(*usage),
                What::Failed(failure) => run.failure = Some(failure),
            }
            run.progresses();
            self.out.taken().await;
            if let Some(problem) = self.transcript.fault() {
                return Err(fault::unreadable(problem, run.id.as_ref(), None));
            }
        }
    }

    /// Whether an event is new, by its number. Only runs in background have numbers.
    fn order_of(&self, run: &mut Run, seq: Option<i64>, is_ping: bool) -> Order {
        let (Some(seq), TurnPath::Resumable) = (seq, self.path) else {
            return Order::New;
        };
        if seq <= run.last {
            return Order::Old;
        }
        // The reason to stop and the usage have numbers that are not shown.
        let is_next = seq == run.last + 1 && !(is_ping && run.last > 0);
        if is_next || run.is_stopped() {
            run.last = seq;
            return Order::New;
        }
        // Numbers may be left out by the service. If the run was resumed here and the events are still missing, there are none.
        if run.gap == Some(run.last) {
            if !is_ping {
                run.last = seq;
            }
            return Order::New;
        }
        run.gap = Some(run.last);
        Order::Gap
    }
}
