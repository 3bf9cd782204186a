//! Guides: what a user of this crate should know besides its types.
//!
//! This module has text and no code.

pub mod token_security;
