//! Reading an OpenAPI description.

mod deprecation;
mod document;
pub(crate) mod media_types;
mod operations;

pub use deprecation::deprecation;
pub use document::{Entry, Node, Pointer, Source, Span, Value};
pub use operations::{METHODS, component_schemas, operations, path_items, tags};
