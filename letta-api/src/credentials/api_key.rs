//! The credential that goes into the `Authorization` header.

use bytes::Bytes;
use reqwest::header::HeaderValue;

use super::{Secret, slip};

use crate::credentials::wiped::Wiped;
use crate::service::KEY_PREFIXES;

/// An API key (`sk-let-…`), or a client-side token (`ck-let-…`) used as one.
///
/// It always fits into an HTTP header, and cannot be printed: `Debug` is redacted and there is no `Display`. The prefix is
/// not required, since a self-hosted server accepts any password as a key. Obvious mistakes are refused: a key in quotes,
/// or a placeholder that was not filled in.
///
/// ```
/// use letta_api::ApiKey;
///
/// let key = ApiKey::new("sk-let-0f3c\n")?; // as read from a file: trimmed
/// assert_eq!(key.secret().expose_secret(), "sk-let-0f3c");
/// assert!(ApiKey::new("  ").is_err());
/// let quoted = ApiKey::new("\"sk-let-0f3c\"").unwrap_err();
/// assert!(quoted.rule().contains("leave the quotes out"));
/// # Ok::<(), letta_api::InvalidApiKey>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey(Secret);

impl ApiKey {
    /// Checks a key. White space around it is dropped: keys that are read from files end in a newline.
    ///
    /// # Errors
    ///
    /// The error says what is wrong and what to do. It does not hold the key. These are refused:
    ///
    /// - an empty key, and a key with any character that is not visible ASCII;
    /// - a text in quotes; a placeholder (`${NAME}`, `$(…)`, `{{…}}`, `<…>`, `%NAME%`, `$NAME`, `YOUR_API_KEY`); the name of
    ///   the variable, or a line of an env file (`LETTA_API_KEY=…`); a redacted key; `undefined`, `null` and `None`; a
    ///   URL or another reference (`scheme://…`);
    /// - `sk-let-` or `ck-let-` after other text;
    /// - a key that begins with one of these and then has nothing, is cut short (`...`), is masked (`***`), has a
    ///   placeholder, or ends with a quotation mark, a separator or a written `\n`.
    pub fn new(key: impl Into<Secret>) -> Result<Self, InvalidApiKey> {
        let key = key.into();
        let trimmed = key.expose_secret().trim();
        if trimmed.is_empty() {
            return Err(InvalidApiKey {
                rule: "it is empty".to_owned(),
            });
        }
        if let Some(rule) = slip::slip(trimmed) {
            let rule = rule.to_owned();
            return Err(InvalidApiKey { rule });
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
        if let Some(rule) = what_is_no_key(trimmed) {
            return Err(InvalidApiKey { rule });
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

/// What is wrong with a text of visible ASCII characters.
fn what_is_no_key(text: &str) -> Option<String> {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    if scheme.is_some_and(|it| {
        it.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    }) {
        let rule = "it is a URL or a reference to a secret; set it to the key itself";
        return Some(rule.to_owned());
    }
    let lower = text.to_ascii_lowercase();
    for prefix in KEY_PREFIXES {
        if lower.rfind(prefix).is_some_and(|start| start > 0) {
            return Some(format!(
                "it holds `{prefix}` after other text; give one key and nothing else"
            ));
        }
    }
    let length = KEY_PREFIXES
        .iter()
        .find(|prefix| lower.starts_with(**prefix))?
        .len();
    let rest = &text[length..];
    if rest.is_empty() || rest.ends_with("...") || rest.contains("***") {
        return Some("it is cut short or masked; give the whole key".to_owned());
    }
    if rest.contains("${") || rest.contains("$(") || rest.contains("{{") {
        return Some("it holds a placeholder; set it to the key itself".to_owned());
    }
    let kind = match rest.chars().next_back()? {
        last if slip::QUOTES.contains(last) => "a quotation mark",
        ',' | ';' => "a separator",
        _ if rest.ends_with("\\n") || rest.ends_with("\\r") => "a written line break",
        _ => return None,
    };
    Some(format!(
        "it ends with {kind}; give one key and nothing else"
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_whatever_a_server_may_have_for_one() {
        for key in [
            "sk-let-0f3c",
            "SK-LET-0f3c",
            "sk-let-MTIz.A_b~c+d/e==",
            "sk-let-\"quoted\\0123456789",
            "ck-let-b3JnLTE6M2Y4OGQ0Y2UtOGQ1Zg==",
            "plain=k3yk3yk3y/4711",
            "a",
            "p\"q'r",
            "changeme",
        ] {
            assert!(ApiKey::new(key).is_ok(), "{key}");
        }
    }

    #[test]
    fn a_key_that_cannot_be_one_is_refused_and_never_shown() {
        for (key, says) in [
            ("\"sk-let-hunter2\"", "quotes"),
            ("'hunter2'", "leave the quotes out"),
            ("\"sk-let-hunter2", "after other text"),
            ("sk-let-hunter2\"", "ends with a quotation mark"),
            ("sk-let-hunter2;", "a separator"),
            ("sk-let-1,sk-let-hunter2", "`sk-let-` after other text"),
            ("Bearer:sk-let-hunter2", "after other text"),
            ("Bearer sk-let-hunter2", "without `Bearer`"),
            ("sk-let-hunter2\\n", "a written line break"),
            ("sk-let-${hunter2}", "a placeholder"),
            ("sk-let-****", "masked"),
            ("sk-let-", "cut short"),
            ("sk-let-hunter2...", "cut short"),
            ("sk-let-hunter2\u{2026}", "beyond ASCII"),
            ("${hunter2}", "filled in"),
            ("LETTA_API_KEY=hunter2", "after the `=`"),
            ("https://hunter2", "a URL"),
            ("op://vault/hunter2", "a reference"),
            ("undefined", "missing"),
        ] {
            let error = ApiKey::new(key).expect_err(key);
            let text = format!("{error} {error:?} {}", error.rule());
            assert!(text.contains(says), "{key}: {text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
