//! The maintainers' commands of this workspace, as a library for its tests.
//!
//! `cargo xtask codegen` takes the OpenAPI description to the source of `letta-api`. Data flows one
//! way: [`load`] → [`overlay`] → [`lower`] → [`arrange`] → [`lint`] → [`generate`] → [`refine`] →
//! [`split`] → [`output`]. Each stage is a function from value to value; files are touched in the first
//! and the last alone. [`commands::codegen`] runs them. [`drift`](mod@drift) compares a description with another.

pub mod arrange;
pub mod commands;
pub mod diagnostic;
pub mod drift;
pub mod generate;
pub mod lint;
pub mod load;
pub mod lower;
pub mod manifest;
pub mod markdown;
pub mod markers;
pub mod model;
pub mod naming;
pub mod openapi;
pub mod output;
pub mod overlay;
mod parallel;
pub mod refine;
pub mod split;
pub mod taken;
mod template;
pub mod visible;
