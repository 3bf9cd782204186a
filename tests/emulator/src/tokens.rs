//! Client-side access tokens: how they are asked for, kept and listed. What they open is for `service/caller.rs`.

pub(crate) mod expiry;
pub(crate) mod page;
pub(crate) mod request;
pub(crate) mod rules;
pub(crate) mod secret;
pub(crate) mod store;
