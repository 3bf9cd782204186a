//! What became of a call.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use letta_api::{Error, EventError, EventStream, ResponseValue, ServiceError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Seen;

/// A call under way.
pub type Calling<'a> = Pin<Box<dyn Future<Output = Result<Answer, Failed>> + Send + 'a>>;

/// How many events a test reads at most.
const EVENTS: usize = 100_000;

/// A success.
#[derive(Debug)]
pub struct Answer {
    /// The status and headers.
    pub head: ResponseValue<()>,
    /// What the method gave.
    pub gave: Gave,
}

/// What a method gave.
#[derive(Debug)]
pub enum Gave {
    /// A value. Null, if the method gives nothing.
    Json(Seen),
    /// Each event, or why it was not read.
    Events(Vec<Result<Seen, EventError>>),
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failed {
    /// The arguments do not fit the method. Nothing was sent.
    Arguments(String),
    /// The call failed.
    Call(Box<Error<ServiceError>>),
}

type Outcome<T> = Result<ResponseValue<T>, Error<ServiceError>>;

impl Answer {
    pub(crate) fn json<T: Serialize + Debug>(outcome: Outcome<T>) -> Result<Self, Failed> {
        let (head, value) = apart(outcome)?;
        Ok(Self {
            head,
            gave: Gave::Json(Seen::of(&value)),
        })
    }

    pub(crate) async fn events<T>(outcome: Outcome<EventStream<T>>) -> Result<Self, Failed>
    where
        T: DeserializeOwned + Serialize + Debug,
    {
        let (head, mut events) = apart(outcome)?;
        let mut seen = Vec::new();
        while let Some(event) = events.next().await {
            seen.push(event.map(|event| Seen::of(&event)));
            assert!(seen.len() < EVENTS, "the events do not end");
        }
        Ok(Self {
            head,
            gave: Gave::Events(seen),
        })
    }
}

fn apart<T>(outcome: Outcome<T>) -> Result<(ResponseValue<()>, T), Failed> {
    let answer = outcome.map_err(|error| Failed::Call(Box::new(error)))?;
    let mut value = None;
    let head = answer.map(|it| value = Some(it));
    Ok((head, value.expect("a success has a value")))
}
