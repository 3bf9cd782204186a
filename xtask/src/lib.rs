//! The maintainers' commands of this workspace, as a library for its tests.
//!
//! `cargo xtask codegen` takes the OpenAPI description to the source of `letta-api`. Data flows one
//! way: [`load`] → [`overlay`] → [`select`] → [`lower`] → [`arrange`] → [`lint`] → [`generate`] → [`refine`] →
//! [`split`] → [`output`]. Each stage is a function from value to value. Only the first reads files, and only the last
//! writes them. [`commands::codegen`] runs them. [`drift`](mod@drift) compares a description with another.
//!
//! This is what the stages do to one property of a schema `Agent`:
//!
//! | stage | what becomes of it |
//! |---|---|
//! | load | `status: {type: [string, 'null'], enum: [idle, busy, null]}`, every value with its place in the file |
//! | overlay | an action adds `x-codegen-name: AgentState` |
//! | select | nothing. If no operation that is chosen reached `Agent`, it would go |
//! | lower | `{type: string, enum: [idle, busy], nullable: true}`: OpenAPI 3.0 has no list of types |
//! | arrange | `{nullable: true, allOf: [{$ref: AgentState}]}`, and a component `AgentState` with the enum |
//! | lint | nothing to refuse. A misspelt `nulable` would be an error here |
//! | generate | `pub status: Option<AgentState>`, and a closed `enum AgentState { Idle, Busy }` |
//! | refine | the enum gets `Unknown(String)`, the field gets a setter `with_status` |
//! | split | the type goes to the file of the tag whose operations reach it, with that tag's feature |
//! | output | the file is printed, and written if it has changed |
//!
//! The design, and what was rejected, is in `DESIGN.md` beside this package's manifest.

#![deny(clippy::print_stderr, clippy::print_stdout)]

pub mod arrange;
pub mod callers;
pub mod commands;
pub mod console;
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
pub mod report;
pub mod requests;
pub mod select;
pub mod split;
pub mod standalone;
pub mod taken;
mod template;
pub mod told;
pub mod visible;
