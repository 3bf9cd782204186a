//! What a library offers, a line for each item, and what of it a release must not lose.
//!
//! `public-api.txt` of each published library is such a list, so that a review sees what a change does to it. The last release is
//! the list at the last tag.

pub mod listing;
pub mod release;
