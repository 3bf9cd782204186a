//! An answer: its head, its body, and the value that the body is decoded to.

pub use self::body::BodyError;
pub use self::event_head::EventHead;
pub use self::events::{EventError, EventStream};
pub use self::frames::{Frame, Frames};
pub use self::head::Response;
pub use self::payload::InvalidPayload;
pub use self::stream::ByteStream;
pub use self::value::ResponseValue;

mod body;
mod event_head;
mod events;
mod frames;
mod head;
pub(crate) mod html;
pub(crate) mod json;
mod payload;
mod stream;
mod value;
