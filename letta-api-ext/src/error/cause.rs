//! The causes of an error, in words that are safe to print.

use std::error::Error;

use crate::error::redact;

/// The text of an error and of its causes, redacted. The errors themselves may contain what a server said, and would
/// print it.
pub(crate) struct Cause {
    text: String,
    source: Option<Box<Cause>>,
}

impl Cause {
    pub(crate) fn of(error: &(dyn Error + 'static), secrets: &[&str]) -> Self {
        Self {
            text: redact::text(&error.to_string(), secrets)
                .unwrap_or_else(|| "[redacted]".to_owned()),
            source: error
                .source()
                .map(|source| Box::new(Self::of(source, secrets))),
        }
    }

    /// The text of the innermost cause.
    pub(crate) fn root(&self) -> &str {
        let mut cause = self;
        while let Some(next) = &cause.source {
            cause = next;
        }
        &cause.text
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::fmt::Debug for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)?;
        match &self.source {
            Some(source) => write!(f, ": {source:?}"),
            None => Ok(()),
        }
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&**self.source.as_ref()?)
    }
}
