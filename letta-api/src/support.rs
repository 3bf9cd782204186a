//! What generated code calls. It is public only for that: it is not documented, and may change in any release.
//!
//! The description and the features decide what is called. The modules are public, so that what is not called is no dead
//! code.

pub mod answered;
pub mod body;
pub mod borrowed;
pub mod call;
pub mod cookie;
#[cfg(feature = "multipart")]
pub mod file_part;
pub mod header;
pub mod named_text;
pub mod one_error;
pub mod open_enum;
pub mod pages;
pub mod path;
pub mod pinned;
pub mod query;
pub mod styled;
pub mod tagged;
pub mod text_value;
pub mod union;

/// What letta-api-ext does on each platform as this crate does.
pub mod platform {
    pub use crate::platform::{execute, sort};
}

/// What generated methods have in scope.
pub mod scope {
    pub use super::{body, call, cookie, header, one_error, pages, path, pinned, query, styled};
    pub use crate::{ByteStream, Client, Error, EventStream, Pages, ResponseValue};
}
