//! The maintainers' commands of this workspace, as a library for its tests.
//!
//! `cargo xtask codegen` takes the OpenAPI description to the source of `letta-api`. Data flows one
//! way: [`load`] → [`overlay`] → [`lower`] → [`arrange`] → [`lint`] → [`generate`] → [`refine`] →
//! [`split`] → [`render`] → [`write`](mod@write). Each stage is a function from value to value; files are touched in the first
//! and the last alone. [`codegen`] runs them. [`drift`](mod@drift) compares a description with another.

pub mod arrange;
mod beside;
pub mod codegen;
pub mod diagnostic;
pub mod document;
pub mod drift;
pub mod drift_command;
pub mod generate;
mod lines;
pub mod lint;
pub mod lint_command;
pub mod load;
pub mod lower;
pub mod manifest;
pub mod markdown;
mod media_types;
pub mod model;
pub mod naming;
pub mod overlay;
pub mod refine;
pub mod render;
pub mod split;
pub mod taken;
mod template;
pub mod visible;
pub mod write;
