//! A client for @TITLE@.
//!
//! [`Client`] has one method for each operation, [`types`] one type for each schema, and [`operations`] one constant for each operation.
//! [`Client::execute`] sends requests for which there is no method. The README has a first call.
//!
//! # How a call is written
//!
//! - **Required parameters** are arguments: those of the path first, then the others.
//! - **Optional parameters** are one struct for each operation, `…Params`, with `Default` and setters. If the service adds a parameter,
//!   callers still compile.
//! - **Texts with a name**, such as IDs, are types, so that one is not taken for another. Any text makes one. A method takes
//!   `&pet.id`, or `&"pet-1".into()`. Constructors and setters take texts, too.
//! - **What is not set is not sent.** An optional field of a request begins as left out, whatever default the service has. Each has a
//!   setter, `with_…`.
//! - **Null is sent on request only.** An optional field of a request that may be null is a [`Nullable`]. Its setter
//!   `with_…_null` sends null. In types that are only received, such a field is an `Option`.
//! - **An optional body** is an `Option`. Without a value, no body is sent.
//! - **An operation that answers with JSON or server-sent events** has two methods. The second, `…_stream`, decodes the
//!   events as they arrive: see [`EventStream`]. If the description does not say what an event is, it returns their bytes,
//!   as a [`ByteStream`].
//! - **Fields that only answers have** (`readOnly` in the description) are not sent. **Fields that only requests have**
//!   (`writeOnly`) are missing in answers. If they are required, the constructor takes them.
//! - **What the service deprecates** has `#[deprecated]`, or says so in its documentation.
//! - **Uploads** need the feature `multipart`, and take files as `FilePart`.
//!
//! # What this crate promises
//!
//! - **An answer is not refused for being newer than the description.** Enums and unions have an `Unknown` variant that
//!   keeps the value and sends it back unchanged. Unknown fields of objects are ignored.
//! - **Printing is safe.** `Debug` and `Display` of clients, errors and answers show no credentials, no URL of a request, no header, and no
//!   body. A value of [`types`] prints its fields, except those that the overlay marks as sensitive.
//! - **A path parameter is one path segment.** It is percent-encoded. A value that could name another resource (an empty
//!   one, `.`, `..`) is refused before anything is sent.
//! - **Bodies have a limit** ([`Client::with_body_limit`]), counted after decompression.
//! - **One hook.** Every request passes through a [`Transport`], which may change it, repeat it, observe it or refuse
//!   it. [`Credentials`] is one.
//! - **A span for each call** (feature `tracing`), `api.call`, with the method, the template of the path, the status and `api.operation`.
//!   It holds no path, query, header or body. A transport that makes spans of its own says so ([`Transport::has_own_spans`]).
//!
//! Time-outs, redirects and proxies are those of the [`reqwest::Client`] that you pass in.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

pub use crate::authentication::Credentials;
pub use crate::base_url::{BaseUrl, InvalidBaseUrl};
pub use crate::client::Client;
pub use crate::credentials::{ApiKey, InvalidApiKey, Secret};
pub use crate::error::Error;
pub use crate::failure::{InvalidRequest, TransportError};
pub use crate::generated::{operations, types};
pub use crate::nullable::Nullable;
pub use crate::operation::Operation;
pub use crate::platform::{BoxFuture, MaybeSend, MaybeSync};
#[doc(hidden)]
pub use crate::response::html::is_html;
pub use crate::response::{
    BodyError, ByteStream, EventError, EventStream, Frame, Frames, InvalidPayload, Response,
    ResponseValue,
};
pub use crate::service_error::{FieldError, ServiceError};
#[cfg(feature = "multipart")]
pub use crate::support::file_part::FilePart;
pub use crate::support::pages::{Items, PageCursor, Pages};
pub use crate::transport::{Bearer, Direct, Transport};

mod authentication;
mod base_url;
mod client;
mod credentials;
mod error;
mod failure;
// Which imports are used depends on the features. Deprecated items are generated, too.
#[allow(clippy::all, deprecated, unreachable_pub, unused_imports)]
#[rustfmt::skip]
mod generated;
mod nullable;
mod operation;
mod platform;
mod response;
mod service;
mod service_error;
#[cfg(feature = "tracing")]
mod spans;
#[doc(hidden)]
pub mod support;
mod transport;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
