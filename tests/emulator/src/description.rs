//! What the API description says of requests and answers: the check of a request against it, and the completing of an answer.
//!
//! `description.json` is written by `cargo xtask codegen`. It has every operation of [`letta_api::operations`], with its parameters
//! and bodies as JSON Schema, and what its answer has in any case. So nothing here knows an operation by name.
//!
//! A request goes through two steps. [`Body::read`] reads what was sent by its media type. [`check()`] says whether the operation takes
//! it. The `jsonschema` crate decides that. If it says no, `report/` goes through the body once more and tells what is wrong in the
//! words of the self-hosted server, which is written in Python and answers with a list of its errors as Python prints it.
//!
//! | file | what it does |
//! |---|---|
//! | `data.rs` | reads `description.json` once, and compiles what an operation needs when it is first asked for |
//! | `body.rs`, `form.rs` | a body by its media type: JSON, a form with files |
//! | `check.rs` | the check |
//! | `text.rs` | numbers, booleans and dates that are written as text |
//! | `report.rs` | what is wrong with a value, at most [`report::MOST`] findings |
//! | `finding.rs`, `python.rs` | a finding, as the server prints it |
//! | `answers.rs` | gives an answer the members that have no value, which the service writes as `null` |
//! | `secrets.rs` | what is not repeated of a request |

pub(crate) mod answers;
pub(crate) mod body;
pub(crate) mod check;
mod data;
mod finding;
pub(crate) mod form;
mod python;
mod report;
mod secrets;
mod text;

#[cfg(test)]
mod tests;
