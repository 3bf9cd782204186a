//! A series of events as the body of an answer.

pub(crate) mod event;
pub(crate) mod respond;
pub(crate) mod struck;

#[cfg(test)]
mod tests;
