//! Talking with an agent: what `letta chat`, `letta send` and `letta run tail` share.

mod decide;
mod events;
mod explain;
mod follow;
mod message;
mod screen;
mod stops;
mod thread;

pub(crate) use decide::{describe, title};
pub(crate) use events::{Lines, Summary};
pub(crate) use explain::unanswered;
pub(crate) use follow::{Ended, Told, follow};
pub(crate) use message::Shown;
pub(crate) use screen::{Detail, Screen};
pub(crate) use stops::Stops;
pub(crate) use thread::Thread;
