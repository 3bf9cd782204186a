//! All operations of the description, each by its generated method.

/// A server that answers as it is told.
mod server;

mod captures;
mod errors;
mod examples;
mod kept;
mod lists;
mod real_lists;
mod real_server;
mod streams;
mod table;
