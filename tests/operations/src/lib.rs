//! Calls every method of letta-api by its name, with JSON in and out, for tests that hold for all operations.
//!
//! [`METHODS`] is written by `cargo xtask codegen`, of the signatures of the generated methods. The description is read
//! here anew, and not by xtask: what the generator made is held against what is written.

mod answer;
mod args;
mod capture;
mod description;
#[allow(
    clippy::all,
    deprecated,
    reason = "it is generated, and calls what is deprecated too"
)]
#[rustfmt::skip]
mod generated;
mod kept;

pub use answer::{Answer, Calling, Failed, Gave};
pub use args::Args;
pub use capture::{Exchange, Message, segments};
pub use description::{Content, Description, Operation, Parameter};
pub use generated::METHODS;
pub use kept::{Kept, Reader, Seen, Way, reader};

use letta_api::Client;

/// A method of the client.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// The first tag of its operation.
    pub tag: &'static str,
    /// What a transport gets.
    pub operation: &'static letta_api::Operation,
    /// The body that it takes.
    pub body: Body,
    /// A flag of the body that the method sets, whatever the caller gives.
    pub pins: Option<(&'static str, bool)>,
    /// What it gives if all is well.
    pub gives: Gives,
    /// Calls it.
    pub call: for<'a> fn(&'a Client, &'a Args) -> Calling<'a>,
}

impl Method {
    /// The method of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        METHODS.iter().find(|it| it.name == name)
    }
}

/// The body that a method takes.
#[derive(Clone, Copy, Debug)]
pub enum Body {
    /// It takes none.
    None,
    /// JSON, which may be left out.
    Optional(Reader),
    /// JSON.
    Required(Reader),
    /// A form with files.
    Form,
}

/// What a method gives if all is well.
#[derive(Clone, Copy, Debug)]
pub enum Gives {
    /// Nothing of use.
    Nothing,
    /// A value.
    Json(Reader),
    /// Events, each decoded.
    Events(Reader),
}
