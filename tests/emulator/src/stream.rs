//! A series of events as the body of an answer.

// The engine is to answer with these.
#[cfg_attr(not(test), expect(dead_code))]
pub(crate) mod event;
#[cfg_attr(not(test), expect(dead_code))]
pub(crate) mod respond;
pub(crate) mod struck;

#[cfg(test)]
mod tests;
