//! Headers that the caller adds to calls.

use std::sync::Arc;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Error, Result};

/// Headers that the SDK or the HTTP client sets, and what to use instead.
const OWNED: [(&str, &str); 16] = [
    ("authorization", "set it with `api_key`"),
    ("x-project", "set it with `project`"),
    ("x-project-id", "set it with `project_id`"),
    ("accept", "the operation decides"),
    ("content-type", "the operation decides"),
    ("content-length", "the body decides"),
    ("transfer-encoding", "the body decides"),
    ("host", "set it with `base_url`"),
    ("proxy-authorization", "give the builder an `http_client`"),
    ("connection", "the HTTP client decides"),
    ("keep-alive", "the HTTP client decides"),
    ("proxy-connection", "the HTTP client decides"),
    ("te", "the HTTP client decides"),
    ("trailer", "the HTTP client decides"),
    ("upgrade", "the HTTP client decides"),
    ("expect", "the HTTP client decides"),
];

/// A shorter value is not redacted from texts: it may be a part of any word.
const SHORT: usize = 8;

/// Headers that the caller adds. Their values may be secret, so they are never printed.
///
/// An error is kept until a request is sent, or the client is built.
#[derive(Clone, Default)]
pub(crate) struct OwnHeaders {
    /// `None` if there are none, as in nearly all calls.
    inner: Option<Arc<Result<HeaderMap>>>,
}

impl OwnHeaders {
    /// Sets a header. Replaces one of the same name.
    pub(crate) fn set<N, V>(&mut self, name: N, value: V)
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        let mut headers = match self.inner.as_deref() {
            Some(Ok(headers)) => headers.clone(),
            // The first error is reported.
            Some(Err(_)) => return,
            None => HeaderMap::new(),
        };
        let headers = checked(name, value).map(|(name, value)| {
            headers.insert(name, value);
            headers
        });
        self.inner = Some(Arc::new(headers));
    }

    /// Returns the error of an invalid header.
    pub(crate) fn check(&self) -> Result<()> {
        match self.inner.as_deref() {
            Some(Err(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Adds them to a request. The SDK's own headers are set later, and take precedence.
    pub(super) fn apply(&self, headers: &mut HeaderMap) {
        for (name, value) in self.iter() {
            headers.insert(name.clone(), value.clone());
        }
    }

    /// The values that are redacted from texts of the service.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let values = self.iter().filter_map(|(_, value)| value.to_str().ok());
        values.filter(|value| value.len() >= SHORT)
    }

    fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        let headers = match self.inner.as_deref() {
            Some(Ok(headers)) => Some(headers),
            _ => None,
        };
        headers.into_iter().flatten()
    }
}

fn checked<N, V>(name: N, value: V) -> Result<(HeaderName, HeaderValue)>
where
    N: TryInto<HeaderName>,
    V: TryInto<HeaderValue>,
{
    let fail = |rule: String| Err(Error::invalid_input("header", rule, None));
    let Ok(name) = name.try_into() else {
        return fail(
            "must have a valid name: ASCII letters, digits and signs, without spaces".to_owned(),
        );
    };
    if let Some((_, instead)) = OWNED.iter().find(|(owned, _)| *owned == name) {
        return fail(format!(
            "must not be `{name}`, which is reserved: {instead}"
        ));
    }
    let Ok(mut value) = value.try_into() else {
        return fail(format!(
            "must have a valid value: the value of `{name}` has a character that headers cannot have"
        ));
    };
    value.set_sensitive(true);
    Ok((name, value))
}

impl std::fmt::Debug for OwnHeaders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set()
            .entries(self.iter().map(|(name, _)| name.as_str()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, value: &str) -> OwnHeaders {
        let mut headers = OwnHeaders::default();
        headers.set(name, value);
        headers
    }

    #[test]
    fn a_header_is_sent_and_the_last_of_a_name_counts() {
        let mut headers = of("X-Gateway", "one-hunter2");
        headers.set("x-gateway", "two-hunter2");
        headers.set("x-other", "short");
        headers.check().unwrap();
        let mut sent = HeaderMap::new();
        headers.apply(&mut sent);
        assert_eq!(sent.len(), 2);
        assert_eq!(sent["x-gateway"], "two-hunter2");
        assert!(sent["x-gateway"].is_sensitive());
        assert_eq!(headers.secrets().collect::<Vec<_>>(), ["two-hunter2"]);
        assert_eq!(format!("{headers:?}"), r#"{"x-gateway", "x-other"}"#);
    }

    #[test]
    fn what_the_sdk_owns_or_no_header_can_hold_is_refused_unseen() {
        for (name, value, says) in [
            ("Authorization", "hunter2", "set it with `api_key`"),
            ("X-Project-Id", "hunter2", "set it with `project_id`"),
            ("content-type", "hunter2", "the operation decides"),
            ("Transfer-Encoding", "hunter2", "the body decides"),
            ("", "hunter2", "valid name"),
            ("x y", "hunter2", "valid name"),
            ("x-hunter2\n", "hunter2", "valid name"),
            (
                "x-gateway",
                "hunter2\r\nevil: 1",
                "the value of `x-gateway`",
            ),
        ] {
            let mut headers = of(name, value);
            // A valid header after it does not hide the error.
            headers.set("x-fine", "fine");
            let error = headers.check().unwrap_err();
            assert_eq!(error.field(), Some("header"), "{name}");
            let text = format!("{error} {error:?} {headers:?}");
            assert!(text.contains(says), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
