//! Why there is no answer, in words that are safe to print.

pub use self::transport_error::TransportError;

pub(crate) mod printable;
mod transport_error;
mod words;
