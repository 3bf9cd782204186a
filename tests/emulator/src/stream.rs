//! A series of events as the body of an answer.

pub(crate) mod event;
pub(crate) mod respond;

#[cfg(test)]
mod tests;
