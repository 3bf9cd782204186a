//! Headers that the caller adds to calls.

use std::sync::Arc;

use letta_api::Secret;
use reqwest::header::{COOKIE, HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Headers that the SDK sets, and what to use instead.
const OWNED: [(&str, &str); 10] = [
    ("authorization", "set it with `api_key`"),
    ("origin", "set it with `origin`"),
    ("x-project", "set it with `project`"),
    ("x-project-id", "set it with `project_id`"),
    ("accept", "the operation decides"),
    ("content-type", "the operation decides"),
    ("content-length", "the body decides"),
    ("transfer-encoding", "the body decides"),
    ("host", "set it with `base_url`"),
    ("proxy-authorization", "give the builder an `http_client`"),
];

/// Headers of a connection. No caller sets them.
const OF_CONNECTIONS: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
];

/// A shorter value is not redacted from texts: it may be a part of any word.
pub(crate) const SHORT: usize = 8;

/// Headers that the caller adds. Their values may be secret, so they are never printed.
///
/// An error is kept until a request is sent, or the client is built.
#[derive(Clone, Default)]
pub(crate) struct OwnHeaders {
    /// `None` if there are none, as in nearly all calls.
    inner: Option<Arc<Result<Checked>>>,
}

#[derive(Clone, Default)]
struct Checked {
    headers: HeaderMap,
    /// The texts that are redacted from what the service says.
    secrets: Vec<Secret>,
}

impl OwnHeaders {
    /// Sets a header of a call to the service. Replaces one of the same name.
    pub(crate) fn set<N, V>(&mut self, name: N, value: V)
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        self.set_unless(name, value, &OWNED);
    }

    /// Sets a header, unless it is one of these, each with what to use instead, or one of a connection.
    pub(crate) fn set_unless<N, V>(&mut self, name: N, value: V, owned: &[(&str, &str)])
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        let mut own = match self.inner.as_deref() {
            Some(Ok(own)) => own.clone(),
            // The first error is reported.
            Some(Err(_)) => return,
            None => Checked::default(),
        };
        let own = checked(name, value, owned).map(|(name, value)| {
            own.headers.insert(name, value);
            own.secrets = own.headers.iter().flat_map(secrets_in).collect();
            own
        });
        self.inner = Some(Arc::new(own));
    }

    /// Returns the error of an invalid header.
    pub(crate) fn check(&self) -> Result<()> {
        match self.inner.as_deref() {
            Some(Err(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Adds them to a request. The SDK's own headers are set later, and take precedence.
    pub(crate) fn apply(&self, headers: &mut HeaderMap) {
        for (name, value) in self.iter() {
            headers.insert(name.clone(), value.clone());
        }
    }

    /// The texts that are redacted from what the service says.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let secrets = self.checked().map(|own| &own.secrets);
        secrets.into_iter().flatten().map(Secret::expose_secret)
    }

    fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.checked().map(|own| &own.headers).into_iter().flatten()
    }

    fn checked(&self) -> Option<&Checked> {
        self.inner.as_deref()?.as_ref().ok()
    }
}

/// What a service may repeat of a header: the value as its server reads it, without white space around it; what follows a
/// scheme, as in `Bearer x`; and the values of cookies.
fn secrets_in((name, value): (&HeaderName, &HeaderValue)) -> Vec<Secret> {
    let bytes = value.as_bytes().trim_ascii();
    let mut secrets = Vec::new();
    let mut add = |text: &str| {
        let text = text.trim();
        if text.len() >= SHORT {
            secrets.push(Secret::from(text));
        }
    };
    let mut add_parts = |text: &str| {
        add(text);
        if *name == COOKIE {
            let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
            pairs.for_each(|(_, value)| add(value.trim().trim_matches('"')));
        } else if let Some((_, rest)) = text.split_once(' ')
            && !rest.trim().contains(' ')
        {
            add(rest);
        }
    };
    if let Ok(text) = std::str::from_utf8(bytes) {
        add_parts(text);
    }
    if !bytes.is_ascii() {
        // Many servers read headers as ISO 8859-1, in which each byte is a character.
        let text: Zeroizing<String> =
            Zeroizing::new(bytes.iter().copied().map(char::from).collect());
        add_parts(&text);
    }
    secrets
}

fn checked<N, V>(name: N, value: V, owned: &[(&str, &str)]) -> Result<(HeaderName, HeaderValue)>
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
    let owned = owned.iter().find(|(owned, _)| *owned == name);
    let instead = owned.map(|(_, instead)| *instead);
    let of_connection = || OF_CONNECTIONS.contains(&name.as_str());
    if let Some(instead) = instead.or_else(|| of_connection().then_some("the HTTP client decides"))
    {
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
    fn what_a_service_may_repeat_of_a_value_is_secret() {
        for (name, value, secrets) in [
            ("x-gateway", "  hunter2-hunter2\t", &["hunter2-hunter2"][..]),
            ("x-gateway", "", &[]),
            ("x-gateway", "hunter2", &[]),
            (
                "x-gateway",
                "Bearer hunter2-hunter2",
                &["Bearer hunter2-hunter2", "hunter2-hunter2"],
            ),
            ("x-gateway", "my own gateway", &["my own gateway"]),
            (
                "x-gateway",
                "schlüssel-hunter2",
                &["schlüssel-hunter2", "schlÃ¼ssel-hunter2"],
            ),
            (
                "cookie",
                "a=hunter2-hunter2; b=\"hunter3-hunter3\"; c=d",
                &[
                    "a=hunter2-hunter2; b=\"hunter3-hunter3\"; c=d",
                    "hunter2-hunter2",
                    "hunter3-hunter3",
                ],
            ),
        ] {
            let headers = of(name, value);
            assert_eq!(headers.secrets().collect::<Vec<_>>(), secrets, "{value}");
        }
        let mut headers = OwnHeaders::default();
        headers.set(
            "x-gateway",
            HeaderValue::from_bytes(b"hunter2-\xfchunter2").unwrap(),
        );
        assert_eq!(headers.secrets().collect::<Vec<_>>(), ["hunter2-ühunter2"]);
        // A value that was replaced is not kept.
        headers.set("x-gateway", "other-value");
        assert_eq!(headers.secrets().collect::<Vec<_>>(), ["other-value"]);
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
