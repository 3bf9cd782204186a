//! Checks that a text has the form of a token's secret, so that nothing else gets into a URL.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::error::secrets_in_url::decoded;
use crate::error::token_form::{self, KEY_PREFIX, TOKEN_PREFIX};

/// A key shorter than this may occur in any token by chance.
const SHORT: usize = 8;

/// Checks that `text` can be a token, and is no API key. `key` is the client's own.
///
/// A token is `ck-let-` and base64 today. A newer form is accepted if it has only the characters of bearer tokens
/// (RFC 6750, section 2.1) and `:`, which tokens of other services have. A changed token of today's form is refused:
/// the service would answer 204 for it, and the token would live on.
///
/// # Errors
///
/// The rest of a sentence that begins with the field. It does not hold the text.
pub(super) fn check(text: &str, key: Option<&str>) -> Result<(), Cow<'static, str>> {
    if text.is_empty() {
        return Err("must not be empty".into());
    }
    check_is_no_key(text, key)?;
    check_form(text)
}

/// Checks that `text` neither is nor contains an API key. `key` is the client's own.
///
/// # Errors
///
/// As for [`check`].
pub(super) fn check_is_no_key(text: &str, key: Option<&str>) -> Result<(), Cow<'static, str>> {
    // A text from a URL may be percent-encoded, even twice.
    let once = decoded(text);
    let twice = decoded(once.expose_secret());
    for form in [text, once.expose_secret(), twice.expose_secret()] {
        if key.is_some_and(|key| form.trim() == key || (key.len() >= SHORT && form.contains(key))) {
            return Err(
                "is or holds this client's own key, which must not be in a URL; \
                        pass the secret of a token"
                    .into(),
            );
        }
        let lower = Zeroizing::new(form.to_ascii_lowercase());
        if lower.contains(KEY_PREFIX) {
            return Err(
                "is or holds an API key (`sk-let-…`), which must not be in a URL; \
                        pass the secret of a token"
                    .into(),
            );
        }
    }
    Ok(())
}

/// Checks the characters and the form of a token.
fn check_form(text: &str) -> Result<(), Cow<'static, str>> {
    let once = decoded(text);
    let twice = decoded(once.expose_secret());
    for form in [text, once.expose_secret(), twice.expose_secret()] {
        let lower = Zeroizing::new(form.to_ascii_lowercase());
        if lower.rfind(TOKEN_PREFIX).is_some_and(|start| start > 0) {
            return Err("has `ck-let-` after other text; pass one token and nothing else".into());
        }
    }
    if let Some((index, character)) = text.char_indices().find(|(_, c)| !may_be_in_token(*c)) {
        let what = match character {
            '%' => "a percent sign; decode the token first",
            '"' | '\'' | '`' | '‘' | '’' | '“' | '”' | '„' | '‚' | '«' | '»' => {
                "a quotation mark; pass the token without quotes"
            }
            ',' | ';' => "a separator; pass one token at a time",
            c if c.is_whitespace() => "white space; pass one token and nothing else",
            c if c.is_control() => "a control character",
            c if !c.is_ascii() => "a character beyond ASCII",
            _ => "a character that tokens cannot have",
        };
        let position = text[..index].chars().count() + 1;
        return Err(
            format!("cannot be a token: character {position} of the text is {what}").into(),
        );
    }
    if text.eq_ignore_ascii_case(TOKEN_PREFIX)
        || (text.starts_with(TOKEN_PREFIX) && text.ends_with("..."))
    {
        return Err("is cut short; pass the whole secret of the token".into());
    }
    changed_form(text).map_or(Ok(()), |rule| Err(rule.into()))
}

/// How the text differs from a token of today's form, if the service would not know it because of that.
fn changed_form(text: &str) -> Option<&'static str> {
    if token_form::parts(text).is_some() {
        return Some("is a decoded token; pass the secret as the service gave it, `ck-let-…`");
    }
    let base64 = token_form::without_prefix(text);
    let decoded = token_form::decode(base64)?;
    token_form::parts(&decoded)?;
    let token = token_form::encode(&decoded);
    if *token == text {
        return None;
    }
    Some(if !text.starts_with(TOKEN_PREFIX) {
        "is a token without `ck-let-` in lower case before it; pass the whole secret of the token"
    } else if base64.contains(['-', '_']) {
        "is a token in the URL alphabet of base64; pass it as the service gave it, with `+` and `/`"
    } else if base64.trim_end_matches('=')
        == token_form::without_prefix(&token).trim_end_matches('=')
    {
        "is a token whose `=` at the end are missing or too many; pass the whole secret of the token"
    } else {
        "is a token that was changed at its end; pass it as the service gave it"
    })
}

/// The problem with a text that a service returned as a token: a page must not get a key, or nothing. Any other text
/// may be a token that the service knows.
pub(super) fn is_not_for_a_page(text: &str, key: Option<&str>) -> Option<&'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Some("the token is empty");
    }
    let begins_as_key = text
        .get(..KEY_PREFIX.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(KEY_PREFIX));
    (Some(text) == key || begins_as_key).then_some("it has an API key instead of the token")
}

fn may_be_in_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._~+/=:".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "plain=k3yk3yk3y/4711";

    /// `org-12:7c9e6679-7425-40de-944b-e07fc1f90ae7`.
    const ORG_TOKEN: &str = "ck-let-b3JnLTEyOjdjOWU2Njc5LTc0MjUtNDBkZS05NDRiLWUwN2ZjMWY5MGFlNw==";

    #[test]
    fn a_token_that_was_decoded_or_changed_is_refused() {
        let encoded = ORG_TOKEN.replace('=', "%3D");
        let doubly = encoded.replace('%', "%25");
        let upper = ORG_TOKEN.replace("ck-let-", "CK-LET-");
        for (text, says) in [
            (
                "org-12:7c9e6679-7425-40de-944b-e07fc1f90ae7",
                "a decoded token",
            ),
            ("org-12:7C9E6679742540DE944BE07FC1F90AE7", "a decoded token"),
            (&encoded, "decode the token first"),
            (&doubly, "decode the token first"),
            (&ORG_TOKEN[7..], "without `ck-let-`"),
            (&upper, "in lower case"),
            (&ORG_TOKEN[..ORG_TOKEN.len() - 1], "`=` at the end"),
            (&ORG_TOKEN[..ORG_TOKEN.len() - 2], "`=` at the end"),
            (&format!("{ORG_TOKEN}="), "`=` at the end"),
            (
                "ck-let-Pj4-Pz8_fn5-OjdjOWU2Njc5LTc0MjUtNDBkZS05NDRiLWUwN2ZjMWY5MGFlNw==",
                "URL alphabet",
            ),
            (
                "ck-let-Pj4-Pz8_fn5-OjdjOWU2Njc5LTc0MjUtNDBkZS05NDRiLWUwN2ZjMWY5MGFlNw",
                "URL alphabet",
            ),
            (
                "ck-let-b3JnLTEyOjdjOWU2Njc5LTc0MjUtNDBkZS05NDRiLWUwN2ZjMWY5MGFlNx==",
                "changed at its end",
            ),
        ] {
            let rule = check(text, Some(KEY)).expect_err(text);
            assert!(rule.contains(says), "{text}: {rule}");
            assert!(!rule.contains("7c9e") && !rule.contains("b3Jn"), "{rule}");
        }
    }

    #[test]
    fn a_token_of_today_and_of_tomorrow_passes() {
        for text in [
            "ck-let-b3JnLTE6M2Y4OGQ0Y2UtOGQ1Zg==",
            "ck-let-a+b/c=",
            // `org-1:` and a UUID, `a?b~?:` and a UUID.
            ORG_TOKEN,
            "ck-let-YT9ifj86N2M5ZTY2NzktNzQyNS00MGRlLTk0NGItZTA3ZmMxZjkwYWU3",
            "ck-let-Pj4+Pz8/fn5+OjdjOWU2Njc5LTc0MjUtNDBkZS05NDRiLWUwN2ZjMWY5MGFlNw==",
            "ck-let-a-b_c",
            "ck-let-v2.eyJhbGciOiJub25lIn0.e30.~x",
            "CK-LET-1",
            "ct-1:2",
            "1",
        ] {
            assert_eq!(check(text, Some(KEY)), Ok(()), "{text}");
            // A short key is compared as a whole.
            assert_eq!(check(text, Some("a")), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused_with_the_rule_and_never_shown() {
        let encoded = "plain%3Dk3yk3yk3y%2F4711";
        let twice = encoded.replace('%', "%25");
        for (text, says) in [
            ("", "empty"),
            (KEY, "own key"),
            (&format!("\"{KEY}\""), "own key"),
            (&format!("Bearer {KEY}"), "own key"),
            (encoded, "own key"),
            (&twice, "own key"),
            ("sk-let-hunter2", "API key"),
            ("SK-LET-hunter2", "API key"),
            ("sk%2Dlet%2Dhunter2", "API key"),
            ("'sk-let-hunter2'", "API key"),
            ("ck-let-1,sk-let-hunter2", "API key"),
            ("ck-let-1,ck-let-hunter2", "after other text"),
            ("ck-let-1|ck-let-hunter2", "after other text"),
            ("ck-let-1ck-let-hunter2", "after other text"),
            ("Bearer ck-let-hunter2", "after other text"),
            ("\"ck-let-hunter2\"", "after other text"),
            ("https://x/ck-let-hunter2", "after other text"),
            ("LETTA_TOKEN=ck-let-hunter2", "after other text"),
            ("hunter2\"", "a quotation mark"),
            ("ck-let-hunter2'", "a quotation mark"),
            ("“hunter2”", "character 1 of the text is a quotation"),
            ("hunter2,x", "a separator"),
            ("hunter2;x", "a separator"),
            ("ck-let-hunter 2", "white space"),
            ("hunter2\nx", "white space"),
            ("hunter2\u{a0}x", "white space"),
            ("hunter2\u{0}x", "control character"),
            ("hunter2\u{200b}x", "beyond ASCII"),
            ("ck-let-hunter2…", "beyond ASCII"),
            ("ck-let-hunter2%3D", "decode"),
            ("${TOKEN}", "tokens cannot have"),
            ("<token>", "tokens cannot have"),
            ("{token}", "tokens cannot have"),
            ("ck-let-[redacted]", "tokens cannot have"),
            ("ck-let-****", "tokens cannot have"),
            ("hunter2?x", "tokens cannot have"),
            ("hunter2#x", "tokens cannot have"),
            ("hunter2&x", "tokens cannot have"),
            ("hunter2\\x", "tokens cannot have"),
            ("ck-let-", "cut short"),
            ("ck-let-hunter2...", "cut short"),
        ] {
            let rule = check(text, Some(KEY)).expect_err(text);
            assert!(rule.contains(says), "{text}: {rule}");
            assert!(
                !rule.contains("hunter2") && !rule.contains("k3yk3y"),
                "{rule}"
            );
        }
    }
}
