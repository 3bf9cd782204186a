//! Why a request was not sent, or has no answer, in words that are safe to print.

pub use self::invalid_request::InvalidRequest;
pub use self::transport_error::TransportError;

mod invalid_request;
pub(crate) mod printable;
mod transport_error;
mod words;
