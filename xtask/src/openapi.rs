//! Reading an OpenAPI description: the floor that all stages stand on.
//!
//! A question about a description that two stages ask has its answer here, once: what a `$ref` leads to
//! ([`mod@reference`]), what stands where ([`walk`]), what a keyword is about ([`keywords`]), what a schema says without
//! the keywords that the overlay hides ([`schema`]), what a part without a name is in the place of a reference to it ([`copies`]), how a list comes in pages ([`pages`]), which operations there are, whether a schema is sent or received
//! ([`uses`]), which components are merged one into the other ([`merges`]), how large a description may be ([`limits`]). Nothing here knows a stage.

pub mod copies;
mod deprecation;
mod document;
pub mod keywords;
pub mod limits;
pub mod media_types;
pub mod merges;
mod operations;
pub mod pages;
pub mod reference;
pub mod schema;
mod tag;
pub mod uses;
pub mod walk;

pub use deprecation::deprecation;
pub use document::{Entry, Node, Pointer, Source, Span, Value};
pub use operations::{
    METHODS, component_schemas, newer_operations, newer_operations_of, operations, path_items, tags,
};
pub use tag::Tag;
pub use uses::Uses;
