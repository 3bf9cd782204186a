//! An answer: its head, its body, and the value that the body is decoded to.

pub use self::head::{BodyError, Response};
pub use self::value::ResponseValue;

mod head;
pub(crate) mod html;
pub(crate) mod value;
