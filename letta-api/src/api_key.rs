//! The credential that goes into the `Authorization` header.

use bytes::Bytes;
use reqwest::header::HeaderValue;

use crate::Secret;
use crate::wiped::Wiped;

/// An API key (`sk-let-…`), or a client-side token (`ck-let-…`) used as one.
///
/// Cannot hold what is not fit for an HTTP header, and cannot be printed: `Debug` is redacted and
/// there is no `Display`. The prefix is not checked, since a self-hosted server accepts any key.
///
/// ```
/// use letta_api::ApiKey;
///
/// let key = ApiKey::new("sk-let-0f3c\n")?; // as read from a file: trimmed
/// assert_eq!(key.secret().expose_secret(), "sk-let-0f3c");
/// assert!(ApiKey::new("  ").is_err());
/// # Ok::<(), letta_api::InvalidApiKey>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey(Secret);

impl ApiKey {
    /// Checks a key. White space round it is dropped, as keys that come from files end in a newline.
    ///
    /// # Errors
    ///
    /// A key that is empty, or holds anything but visible ASCII (a space, a control character, a
    /// letter beyond ASCII). The error does not hold the key.
    pub fn new(key: impl Into<Secret>) -> Result<Self, InvalidApiKey> {
        let key = key.into();
        let trimmed = key.expose_secret().trim();
        if trimmed.is_empty() {
            return Err(InvalidApiKey {
                rule: "it is empty".to_owned(),
            });
        }
        if let Some((index, character)) = trimmed
            .chars()
            .enumerate()
            .find(|(_, character)| !character.is_ascii_graphic())
        {
            let kind = match character {
                c if c.is_control() => "a control character",
                c if c.is_whitespace() => "white space",
                _ => "a character beyond ASCII",
            };
            let position = index + 1;
            return Err(InvalidApiKey {
                rule: format!(
                    "it holds {kind} at character {position}; it must be visible ASCII, without \
                     `Bearer` in front"
                ),
            });
        }
        Ok(Self(Secret::new(trimmed)))
    }

    /// The key itself.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// `Bearer <key>`, marked sensitive, so that no HTTP library prints or indexes it. Its memory is wiped when the last copy of
    /// it is dropped.
    pub fn to_authorization(&self) -> HeaderValue {
        let (scheme, key) = ("Bearer ", self.0.expose_secret());
        let mut text = Wiped::with_capacity(scheme.len() + key.len());
        text.append(scheme.as_bytes(), 0);
        text.append(key.as_bytes(), 0);
        let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(text))
            .expect("an ApiKey holds visible ASCII only");
        value.set_sensitive(true);
        value
    }
}

impl From<&ApiKey> for Secret {
    fn from(key: &ApiKey) -> Self {
        key.0.clone()
    }
}

impl From<ApiKey> for Secret {
    fn from(key: ApiKey) -> Self {
        key.0
    }
}

impl std::str::FromStr for ApiKey {
    type Err = InvalidApiKey;

    /// As [`ApiKey::new`].
    fn from_str(key: &str) -> Result<Self, InvalidApiKey> {
        Self::new(key)
    }
}

/// Why a text cannot be an API key. Does not hold the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidApiKey {
    rule: String,
}

impl InvalidApiKey {
    /// The rule that it breaks, in words: `it is empty`.
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

impl std::fmt::Display for InvalidApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the API key cannot be used: {}", self.rule)
    }
}

impl std::error::Error for InvalidApiKey {}
