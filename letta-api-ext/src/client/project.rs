//! The project of all calls.

use reqwest::header::{HeaderName, HeaderValue};

use crate::error::{Error, Result};

/// A project of the account, by its slug or its ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Project {
    /// By its slug, sent as `X-Project`.
    Slug(String),
    /// By its ID, sent as `X-Project-Id`.
    Id(String),
}

impl Project {
    /// The header that names the project to the service.
    pub(crate) fn to_header(&self, field: &'static str) -> Result<(HeaderName, HeaderValue)> {
        let (name, text) = match self {
            Self::Slug(text) => ("x-project", text),
            Self::Id(text) => ("x-project-id", text),
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::invalid_input(field, "must not be empty", None));
        }
        if let Some(slip) = letta_api::slip(text) {
            let rule = format!("cannot be used: {slip}");
            return Err(Error::invalid_input(field, rule, Some(text)));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let rule = "must be visible ASCII without spaces, since it is sent in a header";
            return Err(Error::invalid_input(field, rule, Some(text)));
        }
        let value = HeaderValue::from_str(text)
            .map_err(|_| Error::invalid_input(field, "must be a valid header value", Some(text)))?;
        Ok((HeaderName::from_static(name), value))
    }
}
