//! What generated code calls. It is public for that alone: it is not documented, and may change in any release.
//!
//! Which of it is called is up to the description and the features. A public module may hold what nobody calls.

pub mod body;
pub mod call;
#[cfg(feature = "multipart")]
pub mod file_part;
pub mod header;
pub mod path;
pub mod query;
pub mod tagged;
pub mod text_enum;
pub mod text_value;
pub mod union;

/// What is in scope where generated methods are.
pub mod scope {
    pub use super::{body, call, header, path, query};
    pub use crate::{ByteStream, Client, Error, ResponseValue};
}
