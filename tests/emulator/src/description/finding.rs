//! What is wrong with a request, one thing at a time.

use serde_json::Value;

use crate::description::python;
use crate::description::secrets::{HIDDEN, is_secret, is_sensitive};

/// Something that is wrong, and where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    /// pydantic's word for it, as in `missing`.
    pub(super) kind: &'static str,
    pub(super) loc: Vec<Loc>,
    pub(super) message: String,
    /// What was found there, as Python prints it.
    pub(super) input: String,
    /// More about it: names, and what Python prints of the values.
    pub(super) context: Vec<(&'static str, String)>,
    /// The pattern that an ID in the path should have.
    pub(super) id_pattern: Option<String>,
}

/// A step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Loc {
    Name(String),
    Index(usize),
}

impl From<&str> for Loc {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl Finding {
    pub(super) fn new(
        kind: &'static str,
        loc: &[Loc],
        message: impl Into<String>,
        input: &Value,
    ) -> Self {
        let is_sensitive = loc
            .iter()
            .any(|it| matches!(it, Loc::Name(name) if is_sensitive(name)));
        Self {
            kind,
            loc: loc.to_vec(),
            message: message.into(),
            input: match is_sensitive {
                true => python::string(HIDDEN),
                false => python::value(input),
            },
            context: Vec::new(),
            id_pattern: None,
        }
    }

    /// The same with more about it.
    pub(super) fn with(mut self, name: &'static str, printed: impl Into<String>) -> Self {
        self.context.push((name, printed.into()));
        self
    }

    /// The name of what is wrong, or its place in a list.
    #[cfg(test)]
    pub(super) fn last(&self) -> String {
        match self.loc.last() {
            Some(Loc::Name(name)) => name.clone(),
            Some(Loc::Index(index)) => index.to_string(),
            None => String::new(),
        }
    }

    /// As Python prints it.
    pub(super) fn print(&self) -> String {
        let loc: Vec<String> = self.loc.iter().map(Loc::print).collect();
        let comma = if loc.len() == 1 { "," } else { "" };
        let context: Vec<String> = self
            .context
            .iter()
            .map(|(name, printed)| format!("'{name}': {printed}"))
            .collect();
        let context = match context.is_empty() {
            true => String::new(),
            false => format!(", 'ctx': {{{}}}", context.join(", ")),
        };
        format!(
            "{{'type': '{}', 'loc': ({}{comma}), 'msg': {}, 'input': {}{context}}}",
            self.kind,
            loc.join(", "),
            python::string(&self.message),
            self.input,
        )
    }
}

impl Loc {
    fn print(&self) -> String {
        match self {
            // A name comes from the request if a schema takes any names.
            Self::Name(name) if is_secret(name) => python::string(HIDDEN),
            Self::Name(name) => python::value(&name.as_str().into()),
            Self::Index(index) => index.to_string(),
        }
    }
}
