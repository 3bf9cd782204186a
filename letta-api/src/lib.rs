//! Raw client for the Letta API, generated from the OpenAPI description in the folder `openapi/` of its repository.
//!
//! [`Client`] has one method per operation, [`types`] one type per schema, and [`operations`] one constant per
//! operation. The crate offers what the service offers, unchanged. For policies, checked input, time-outs and plain
//! errors, use `letta-api-ext`. It is built on this crate, and gives access to it for everything that it does not wrap.
//! [`Client::execute`] sends requests for which there is no method.
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
//! - **Required parameters** are arguments: those of the path first, then the others.
//! - **Optional parameters** are one struct per operation, `…Params`, with `Default` and setters:
//!   `types::ListClientSideAccessTokensParams::default().with_limit(20u32)`. If the service adds a parameter, callers still
//!   compile.
//! - **IDs are types**, such as `types::AgentId`, so that one is not taken for another. Any text makes one, and any form is
//!   read. A method takes `&agent.id`, or `&"agent-1".into()`. Constructors and setters take texts, too.
//! - **What is not set is not sent.** An optional field of a request begins as left out, whatever default the service has; its
//!   documentation names the default. Each has a setter, `with_…`.
//! - **Null is sent on request only.** An optional field of a request that may be null is a [`Nullable`]. Its setter
//!   `with_…_null` sends null. In types that are only received, such a field is an `Option`.
//! - **An optional body** is an `Option`. Without a value, no body is sent.
//! - **An operation that answers with JSON or server-sent events** has two methods. The second, `…_stream`, decodes the
//!   events as they arrive: see [`EventStream`]. If the description does not say what an event is, it returns their bytes,
//!   as a [`ByteStream`]. A stream answers 200 even if the turn fails, and an event says so. A server 0.16.8 refuses events to
//!   clients with a `User-Agent` of their own, unless they send `X-Stainless-Package-Version`, as letta-api-ext does.
//! - **A list that comes in pages** has a second method, `…_pages`. It takes the same arguments and gives [`Pages`], a stream of
//!   pages, of which [`Pages::items`] makes a stream of items.
//! - **An error answer** of any status has one body, [`ServiceError`], whatever form the service has given it.
//! - **Fields that only answers have** (`readOnly` in the description) are not sent. **Fields that only requests have**
//!   (`writeOnly`) are missing in answers. If they are required, the constructor takes them.
//! - **What the service deprecates** has `#[deprecated]`, or says so in its documentation.
//! - **Uploads** need the feature `multipart`, and take files as `FilePart`.
//!
//! # What this crate promises
//!
//! - **An answer is not refused for being newer than the description.** Enums and unions have an `Unknown` variant that
//!   keeps the value and sends it back unchanged. A branch of a union keeps members that it does not know. Unknown fields
//!   of other objects are ignored.
//! - **Printing is safe.** `Debug` and `Display` of all types in this crate, errors included, show no key, no token, no
//!   URL of a request, no header, and no body. Methods such as [`Error::into_body`] and [`ResponseValue::into_inner`]
//!   give what the service said. A value of [`types`] prints its fields, except those that the overlay marks as
//!   sensitive. If a service puts a secret into any other field, it is printed.
//! - **A path parameter is one path segment.** It is percent-encoded. A value that could name another resource (an empty
//!   one, `.`, `..`) is refused before anything is sent.
//! - **Bodies have a limit** ([`Client::with_body_limit`]), counted after decompression.
//! - **One hook.** Every request passes through a [`Transport`], which may change it, repeat it, observe it or refuse
//!   it. What it notes in the answer ([`Response::insert_extension`]) stays with the value or the error.
//!
//! Time-outs, redirects and proxies are those of the [`reqwest::Client`] that you pass in.
//!
//! # Features
//!
//! Each tag of the description is a feature, and only the operations of those that are on are compiled, with the types
//! that they need. `full` turns all of them on. By default, `client-side-access-tokens` is on, and so are:
//!
//! - `rustls`: TLS by rustls, in reqwest's own default client.
//! - `http2`: HTTP/2 in reqwest, and [`TransportError::is_unprocessed`] recognises requests that a server refused over
//!   HTTP/2. Without the feature, such a request counts as one that may have been processed.
//!
//! The other features are `native-tls` (TLS by the platform's own library, which takes precedence if both are on),
//! `schemars`, `multipart` and `tracing`.
//!
//! # Spans
//!
//! With the feature `tracing`, each call has a span `letta.call` of the target `letta_api`, at the level INFO. It begins when the request is
//! handed to the [`Transport`], and ends when the head of the answer is there. Its fields have the names of OpenTelemetry's conventions for
//! HTTP clients: `http.request.method`, `url.template`, `url.scheme`, `server.address`, `server.port`, `http.response.status_code`, `error.type`
//! (the status, `connect`, `timeout`, `unprocessed`, `no_answer`, `cancelled`, or `_OTHER`), `otel.name`, `otel.kind`, `otel.status_code`; and
//! `letta.operation`. It holds no path, query, header or body. A transport that makes spans of its own says so
//! ([`Transport::has_own_spans`]), as letta-api-ext's does.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use crate::base_url::{BaseUrl, InvalidBaseUrl};
pub use crate::client::Client;
#[doc(hidden)]
pub use crate::credentials::slip::slip;
pub use crate::credentials::{ApiKey, Fingerprint, InvalidApiKey, Secret};
pub use crate::error::Error;
pub use crate::event_head::EventHead;
pub use crate::failure::{InvalidRequest, TransportError};
pub use crate::generated::{operations, types};
pub use crate::nullable::Nullable;
pub use crate::operation::Operation;
pub use crate::platform::{BoxFuture, MaybeSend, MaybeSync};
#[doc(hidden)]
pub use crate::response::html::{NOT_JSON as HTML_NOT_JSON, is_html};
#[doc(hidden)]
pub use crate::response::json::read_json;
pub use crate::response::{
    BodyError, ByteStream, EventError, EventStream, Frame, Frames, InvalidPayload, Response,
    ResponseValue,
};
#[doc(hidden)]
pub use crate::service_error::reason;
pub use crate::service_error::{FieldError, ServiceError};
#[cfg(feature = "multipart")]
pub use crate::support::file_part::FilePart;
pub use crate::support::pages::{Items, PageCursor, Pages};
pub use crate::transport::{Bearer, Direct, Transport};

mod base_url;
mod client;
mod credentials;
mod error;
mod event_head;
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
