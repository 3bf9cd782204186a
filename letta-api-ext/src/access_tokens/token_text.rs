//! What a token's secret can look like, so that nothing else gets into a URL.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::secrets_in_url::decoded;

/// How the service's API keys begin.
const KEY_PREFIX: &str = "sk-let-";

/// How its tokens begin.
const TOKEN_PREFIX: &str = "ck-let-";

/// A key shorter than this may be a part of any token by chance.
const SHORT: usize = 8;

/// Checks that `text` can be a token, and is no API key. `key` is the client's own.
///
/// A token is `ck-let-` and base64 today. A newer form passes if it is made of what a bearer token is made of
/// (RFC 6750, section 2.1), or has `:`, which tokens of other services have.
///
/// # Errors
///
/// The rest of a sentence that begins with the field. It does not hold the text.
pub(super) fn check(text: &str, key: &str) -> Result<(), Cow<'static, str>> {
    if text.is_empty() {
        return Err("must not be empty".into());
    }
    // Whoever has it from a URL may have it encoded, perhaps twice.
    let once = decoded(text);
    let twice = decoded(once.expose_secret());
    for form in [text, once.expose_secret(), twice.expose_secret()] {
        if form.trim() == key || (key.len() >= SHORT && form.contains(key)) {
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
            _ => "a character that no token has",
        };
        let position = text[..index].chars().count() + 1;
        return Err(
            format!("cannot be a token: character {position} of what was given is {what}").into(),
        );
    }
    if text.eq_ignore_ascii_case(TOKEN_PREFIX)
        || (text.starts_with(TOKEN_PREFIX) && text.ends_with("..."))
    {
        return Err("is cut short; pass the whole secret of the token".into());
    }
    Ok(())
}

/// What is wrong with a text that a service gave as a token: a page that got it would have a key. Whatever else it is, the
/// service may know it.
pub(super) fn is_not_for_a_page(text: &str, key: &str) -> Option<&'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Some("the token is empty");
    }
    let begins_as_key = text
        .get(..KEY_PREFIX.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(KEY_PREFIX));
    (text == key || begins_as_key).then_some("it has an API key in place of the token")
}

fn may_be_in_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._~+/=:".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "plain=k3yk3yk3y/4711";

    #[test]
    fn a_token_of_today_and_of_tomorrow_passes() {
        for text in [
            "ck-let-b3JnLTE6M2Y4OGQ0Y2UtOGQ1Zg==",
            "ck-let-a+b/c=",
            "ck-let-a-b_c",
            "ck-let-v2.eyJhbGciOiJub25lIn0.e30.~x",
            "CK-LET-1",
            "ct-1:2",
            "1",
        ] {
            assert_eq!(check(text, KEY), Ok(()), "{text}");
            // A key that is short is compared as a whole.
            assert_eq!(check(text, "a"), Ok(()), "{text}");
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
            ("“hunter2”", "character 1 of what was given is a quotation"),
            ("hunter2,x", "a separator"),
            ("hunter2;x", "a separator"),
            ("ck-let-hunter 2", "white space"),
            ("hunter2\nx", "white space"),
            ("hunter2\u{a0}x", "white space"),
            ("hunter2\u{0}x", "control character"),
            ("hunter2\u{200b}x", "beyond ASCII"),
            ("ck-let-hunter2…", "beyond ASCII"),
            ("ck-let-hunter2%3D", "decode"),
            ("${TOKEN}", "no token has"),
            ("<token>", "no token has"),
            ("{token}", "no token has"),
            ("ck-let-[redacted]", "no token has"),
            ("ck-let-****", "no token has"),
            ("hunter2?x", "no token has"),
            ("hunter2#x", "no token has"),
            ("hunter2&x", "no token has"),
            ("hunter2\\x", "no token has"),
            ("ck-let-", "cut short"),
            ("ck-let-hunter2...", "cut short"),
        ] {
            let rule = check(text, KEY).expect_err(text);
            assert!(rule.contains(says), "{text}: {rule}");
            assert!(
                !rule.contains("hunter2") && !rule.contains("k3yk3y"),
                "{rule}"
            );
        }
    }
}
