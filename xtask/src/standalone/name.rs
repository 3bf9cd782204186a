//! The name of a crate: what cargo takes, and what goes with the code.

use crate::diagnostic::Failure;
use crate::naming::is_identifier;

/// Names that cargo refuses, or that would stand for another crate in the code.
const RESERVED: [&str; 9] = [
    "alloc",
    "core",
    "proc_macro",
    "std",
    "test",
    "build",
    "deps",
    "examples",
    "incremental",
];

/// The name of a crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    ///
    /// A name that cargo refuses, that is a keyword, or that is that of a dependency. The message says what to do.
    pub fn new(name: &str) -> Result<Self, Failure> {
        let fail = |problem: &str| {
            Err(Failure::Message(format!(
                "`{}` cannot be the name of a crate: {problem}. Give another with --name, such as `--name my-api`",
                crate::visible::visible(name)
            )))
        };
        let ident = name.replace('-', "_");
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(is_allowed) {
            return fail("it may have letters without accents, digits, `-` and `_` only");
        }
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return fail("it must begin with a letter");
        }
        if name.len() > 64 {
            return fail("it may have 64 characters");
        }
        if !is_identifier(&ident) || RESERVED.contains(&ident.as_str()) {
            return fail("Rust or cargo has the word for something else");
        }
        if super::manifest::names()?
            .iter()
            .any(|it| it.replace('-', "_") == ident)
        {
            return fail("the crate depends on one of this name");
        }
        Ok(Self(name.to_owned()))
    }

    /// As in the manifest: `my-api`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As in code: `my_api`.
    pub fn ident(&self) -> String {
        self.0.replace('-', "_")
    }

    /// What its variables begin with: `MY_API`.
    pub fn prefix(&self) -> String {
        self.ident().to_ascii_uppercase()
    }
}
