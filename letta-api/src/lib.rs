//! Raw client for the Letta API, generated from the OpenAPI description in `openapi/`.
//!
//! One method per operation on [`Client`], one type per schema in [`types`], one constant per
//! operation in [`operations`]. The crate adds nothing to what the service does and leaves nothing
//! out: for policies, checked input, time-outs and plain errors, take `letta-api-ext`, which is
//! built on this crate and hands it out for everything that it does not wrap.
//!
//! ```no_run
//! use letta_api::{ApiKey, Bearer, Client, types};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let key = ApiKey::new(std::env::var("LETTA_API_KEY")?)?;
//! let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
//! let client = Client::new("https://api.letta.com".parse()?, http).with_transport(Bearer::new(&key));
//!
//! let body = types::ClientSideAccessTokenCreate::new(
//!     "https://chat.example.com",
//!     vec![types::AccessPolicyEntry::agent("agent-1", vec![types::AccessRight::ReadMessages])],
//! );
//! let token = client.create_client_side_access_token(&body).await?.into_inner();
//! println!("expires at {}", token.expires_at); // `token.token` prints as `Secret([redacted])`
//! # Ok(())
//! # }
//! ```
//!
//! # How a call is written
//!
//! - **What must be given** is an argument: paths first, then the others.
//! - **Parameters that may be left out** are `Option`s where they are one or two. Where they are more, they are one
//!   struct with `Default` and setters: `types::ListClientSideAccessTokensParams::default().with_limit(20u32)`.
//! - **A body that may be left out** is an `Option`; without one, none is sent.
//! - **An operation that answers with JSON or server-sent events** has two methods. The second, often
//!   `…_stream`, hands over the bytes of the events as they arrive, a [`ByteStream`].
//! - **What only answers have** (`readOnly` in the description) is not sent. **What only requests have** (`writeOnly`) is
//!   an argument of the constructor where it is required, and missing in answers.
//! - **What the service deprecates** has `#[deprecated]`, or says so in its documentation.
//! - **Uploads** need the feature `multipart`, and take files as `FilePart`.
//!
//! # What this crate promises
//!
//! - **Nothing off the wire is refused for being newer than the description.** Enums and unions have
//!   an `Unknown` variant that keeps what it was given and sends it back unchanged, and a branch of a
//!   union keeps members that it does not know. Unknown fields of other objects are passed over.
//! - **Printing is safe.** `Debug` and `Display` of everything in here, errors included, show no
//!   key, no token, no URL of a request, no header, and no body. What the service said is there when
//!   asked for by name ([`Error::into_body`], [`ResponseValue::into_inner`]). A value of [`types`]
//!   prints its fields, but for those that the overlay calls sensitive: a service that puts a secret
//!   where the description has none would have it printed.
//! - **A path parameter is one path segment.** It is percent-encoded, and what could name another
//!   resource (an empty one, `.`, `..`) is refused before anything is sent.
//! - **Bodies have a limit** ([`Client::with_body_limit`]), counted after decompression.
//! - **One hook.** Every request passes through a [`Transport`], which may change it, repeat it,
//!   observe it or refuse it.
//!
//! Time-outs, redirects and proxies are those of the [`reqwest::Client`] that you pass in.
//!
//! # Features
//!
//! Each tag of the description is a feature, and only the operations of those that are on are compiled, with the types
//! that they need. `full` turns all of them on. By default, `client-side-access-tokens` is on, and so are:
//!
//! - `rustls`: TLS by rustls, in reqwest's own default client.
//! - `http2`: HTTP/2 in reqwest, and [`TransportError::is_unprocessed`] tells what a server refused over it. Without the
//!   feature, and with an HTTP client that speaks HTTP/2 all the same, that counts as a request which may have been
//!   worked on.
//!
//! The other features are `native-tls` (TLS by the platform's own library, which comes before rustls where both are on),
//! `schemars` and `multipart`.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use crate::base_url::{BaseUrl, InvalidBaseUrl};
pub use crate::client::Client;
#[doc(hidden)]
pub use crate::credentials::slip::slip;
pub use crate::credentials::{ApiKey, InvalidApiKey, Secret};
pub use crate::error::Error;
pub use crate::failure::TransportError;
pub use crate::generated::{operations, types};
pub use crate::operation::Operation;
#[doc(hidden)]
pub use crate::response::html::{NOT_JSON as HTML_NOT_JSON, is_html};
#[doc(hidden)]
pub use crate::response::json::read_json;
pub use crate::response::{BodyError, ByteStream, InvalidPayload, Response, ResponseValue};
#[cfg(feature = "multipart")]
pub use crate::support::file_part::FilePart;
pub use crate::transport::{Bearer, BoxFuture, Direct, MaybeSend, MaybeSync, Transport};

mod base_url;
mod client;
mod credentials;
mod error;
mod failure;
// What is imported depends on the features, and what is deprecated is there all the same.
#[allow(clippy::all, deprecated, unreachable_pub, unused_imports)]
#[rustfmt::skip]
mod generated;
mod operation;
mod response;
#[doc(hidden)]
pub mod support;
mod transport;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
