//! A fleet as code: agents as a file says.
//!
//! [`mod@file`] reads what there should be, [`plan`] compares it with what there is, and [`act`] does what is left.

pub(crate) mod act;
pub(crate) mod file;
pub(crate) mod plan;
