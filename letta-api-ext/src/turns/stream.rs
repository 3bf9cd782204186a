//! The events of a turn as they come.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use letta_api::BoxFuture;
use letta_api::types::{CancelConversationParams, CancelRunsRequest, RunId};

use super::answer::Answer;
use super::emit::{Emitter, Told};
use super::engine::Engine;
use super::event::Event;
use super::target::Target;
use super::turn::{Settings, Turn};
use crate::client::cancellation::Cancellation;
use crate::error::{Error, Result};
use crate::platform;

/// The events of a turn as they come, and at the end its [`Answer`]. From [`Turn::stream`].
///
/// Events come once and in order, whatever the connection does. Giving up waiting for one, such as by a time-out around
/// [`next`](Self::next), loses none. While nobody asks for events, the connection stands still.
///
/// **Dropping it does not stop the agent.** The run goes on at the service, and its messages are stored. To stop the agent, call
/// [`AgentHandle::cancel`](crate::agents::AgentHandle::cancel), or set [`with_cancel_on_drop`](Turn::with_cancel_on_drop).
#[must_use = "nothing more is received until it is polled"]
pub struct TurnStream {
    told: Told,
    state: State,
    is_failure_told: bool,
    settings: Settings,
    /// Whether to cancel the run when this is dropped.
    cancels_on_drop: bool,
}

enum State {
    Running(BoxFuture<'static, Result<Answer>>),
    Ended(Option<Box<Result<Answer>>>),
}

impl TurnStream {
    /// Sends what is said, and waits until the service has taken it.
    pub(super) async fn begin(turn: Turn) -> Result<Self> {
        let (emitter, told) = Emitter::new();
        let settings = turn.settings().clone();
        let mut stream = Self {
            told,
            is_failure_told: false,
            cancels_on_drop: settings.cancel_on_drop,
            settings,
            state: State::Running(Box::pin(Engine::run(turn, emitter))),
        };
        std::future::poll_fn(|context| {
            stream.advance(context);
            let is_begun = stream.told.is_open() || matches!(stream.state, State::Ended(_));
            match is_begun {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
        match &stream.state {
            // It failed before anything was told.
            State::Ended(Some(end)) if !stream.told.is_open() => match &**end {
                Err(error) => Err(error.clone()),
                Ok(_) => Ok(stream),
            },
            _ => Ok(stream),
        }
    }

    /// The next event. `None` at the end, and after an error.
    ///
    /// # Errors
    ///
    /// The turn failed: the service said so, or the connection broke and the turn could not be resumed. See [`Turn`].
    pub async fn next(&mut self) -> Option<Result<Event>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// What the turn ended with: the same as [`Turn::send`] gives.
    ///
    /// # Errors
    ///
    /// The error that the events ended with. If they were not read to their end, an error for the [field](Error::field) `turn`:
    /// the turn is not over.
    pub fn finish(mut self) -> Result<Answer> {
        match &mut self.state {
            State::Ended(end) if self.told.is_empty() => match end.take() {
                Some(end) => *end,
                None => Err(unread()),
            },
            _ => Err(unread()),
        }
    }

    /// The run that is under way, as the service counts. `None` until the service has told it.
    pub fn run_id(&self) -> Option<RunId> {
        self.told.run_id()
    }

    /// Asks the service to stop the agent. The events that are still to come end with the reason
    /// [`Cancelled`](letta_api::types::StopReasonType::Cancelled).
    ///
    /// Read on to the end. In [tokens](Turn::tokens), an agent stops at the next piece, and nothing of the turn is stored. Otherwise it
    /// stops when its model has answered, which may take long. A turn that has ended meanwhile stays as it is.
    ///
    /// # Errors
    ///
    /// Any failure of the service or the network. It is no error if nothing is under way, or if the service has not named the run: the [result](Cancellation) says so.
    pub async fn cancel(&self) -> Result<Cancellation> {
        match (self.run_id(), &self.settings.target) {
            // Without its ID, the service would take any run of the agent.
            (None, Target::Agent(_)) => Ok(Cancellation::NothingActive),
            (run, _) => cancel(&self.settings, run).await,
        }
    }

    fn advance(&mut self, context: &mut Context<'_>) {
        if let State::Running(future) = &mut self.state
            && let Poll::Ready(end) = future.as_mut().poll(context)
        {
            self.cancels_on_drop = false;
            self.state = State::Ended(Some(Box::new(end)));
        }
    }
}

fn unread() -> Error {
    let rule = "must be read to its end before `finish`: call `next` until it gives `None`";
    Error::invalid_input("turn", rule, None)
}

impl Stream for TurnStream {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(event) = self.told.pop() {
            return Poll::Ready(Some(Ok(event)));
        }
        self.advance(context);
        if let Some(event) = self.told.pop() {
            return Poll::Ready(Some(Ok(event)));
        }
        let failure = match &self.state {
            State::Running(_) => return Poll::Pending,
            State::Ended(Some(end)) if !self.is_failure_told => {
                end.as_ref().as_ref().err().cloned()
            }
            State::Ended(_) => None,
        };
        self.is_failure_told = failure.is_some() || self.is_failure_told;
        Poll::Ready(failure.map(Err))
    }
}

impl Drop for TurnStream {
    fn drop(&mut self) {
        let run = self.told.run_id();
        let is_known = run.is_some() || matches!(self.settings.target, Target::Conversation(_));
        if self.cancels_on_drop && self.told.is_open() && is_known {
            let settings = self.settings.clone();
            // Before the run is cancelled, so that its place in the queue is free.
            self.state = State::Ended(None);
            platform::spawn(async move {
                let _ = cancel(&settings, run).await;
            });
        }
    }
}

/// Asks the service to stop the run that is under way.
async fn cancel(settings: &Settings, run: Option<RunId>) -> Result<Cancellation> {
    let api = settings.call.api();
    let outcome = match &settings.target {
        Target::Agent(agent) => {
            let mut body = CancelRunsRequest::new();
            if let Some(run) = run {
                body = body.with_run_ids([run]);
            }
            api.cancel_runs(agent, Some(&body)).await
        }
        Target::Conversation(conversation) => {
            let params = CancelConversationParams::default();
            api.cancel_conversation(conversation, &params).await
        }
    };
    Cancellation::of(outcome)
}

impl fmt::Debug for TurnStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TurnStream").finish_non_exhaustive()
    }
}
