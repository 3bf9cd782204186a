//! Reading an OpenAPI description.

mod document;
pub(crate) mod media_types;

pub use document::{Entry, Node, Pointer, Source, Span, Value};
