//! Follows a turn to its end, and stops the agent if the user wants it.

use std::time::Duration;

use letta_api_ext::turns::{Answer, Event, Turn, TurnStream};

use super::explain::explain;
use super::stops::Stops;
use super::thread::Thread;
use crate::failure::Failure;

/// How long to wait before the agent is asked to stop again, if the service has not named the run yet.
const AGAIN: Duration = Duration::from_millis(100);

/// What the user is told while a turn runs.
pub(crate) enum Told<'a> {
    Event(&'a Event),
    /// The agent is asked to stop.
    Stopping,
    /// The agent could not be asked to stop. The turn goes on.
    NotStopped(Failure),
}

/// How a turn ended for the user.
#[allow(clippy::large_enum_variant, reason = "there is one for each turn")]
pub(crate) enum Ended {
    Answer(Answer),
    /// The user did not want to wait for the end. The run may go on.
    Left,
}

/// Follows a turn. The first Ctrl-C asks the service to stop the agent, and what it said until then still comes. The second one leaves.
pub(crate) async fn follow(
    turn: Turn,
    thread: &Thread,
    stops: &mut Stops,
    mut tell: impl FnMut(Told<'_>) -> Result<(), Failure>,
) -> Result<Ended, Failure> {
    let mut wants_stop = false;
    let mut stream = {
        // What was begun is not given up: the agent may have heard it.
        let mut begun = std::pin::pin!(turn.stream());
        loop {
            tokio::select! {
                stream = &mut begun => break stream.map_err(|error| explain(error, thread))?,
                () = stops.next() => {
                    if wants_stop {
                        return Ok(Ended::Left);
                    }
                    wants_stop = true;
                    tell(Told::Stopping)?;
                }
            }
        }
    };
    let mut is_asked = false;
    loop {
        if wants_stop && !is_asked {
            tokio::select! {
                asked = ask_to_stop(&stream, thread, &mut tell) => is_asked = asked?,
                () = stops.next() => return Ok(Ended::Left),
            }
        }
        tokio::select! {
            event = stream.next() => match event {
                Some(event) => tell(Told::Event(&event.map_err(|error| explain(error, thread))?))?,
                None => break,
            },
            () = stops.next() => {
                if wants_stop {
                    return Ok(Ended::Left);
                }
                wants_stop = true;
                tell(Told::Stopping)?;
            }
            () = tokio::time::sleep(AGAIN), if wants_stop && !is_asked => {}
        }
    }
    let answer = stream.finish().map_err(|error| explain(error, thread))?;
    Ok(Ended::Answer(answer))
}

/// Asks the service to stop the agent. `false` if it has not named the run yet.
async fn ask_to_stop(
    stream: &TurnStream,
    thread: &Thread,
    tell: &mut impl FnMut(Told<'_>) -> Result<(), Failure>,
) -> Result<bool, Failure> {
    if stream.run_id().is_none() {
        return Ok(false);
    }
    if let Err(error) = stream.cancel().await {
        tell(Told::NotStopped(explain(error, thread)))?;
    }
    Ok(true)
}
