//! Values of a configuration that were not filled in: a text in quotes, a variable's name, a placeholder.
//!
//! Only clear mistakes count: a server may accept any text as a key.

use crate::service::{KEY_PREFIXES, KEY_WORDS, VARIABLES};

/// Marks that people and editors put around a text.
pub(crate) const QUOTES: &str = "\"'`‘’‚‛“”„‟«»‹›＂＇";

const QUOTED: &str = "it is in quotes, as some env files have it; leave the quotes out";

const UNFILLED: &str =
    "it is a variable or a placeholder that was not filled in; set it to the value itself";

const ASSIGNMENT: &str = "it is a line of an env file; take only what is after the `=`";

const NAME: &str = "it is the name of the variable; set it to the value itself";

const ABSENT: &str = "it is what programs write for a missing value; check where it is read from";

const REDACTED: &str = "it is a redacted secret, as logs show it; set it to the value itself";

/// What is wrong with a text, and what to do, if it clearly is not a value. White space around it is ignored.
pub fn slip(text: &str) -> Option<&'static str> {
    let text = text.trim();
    if is_between(text, QUOTES, QUOTES) {
        return Some(QUOTED);
    }
    if is_placeholder(text) {
        return Some(UNFILLED);
    }
    if text.contains("[redacted]") {
        return Some(REDACTED);
    }
    if matches!(
        text,
        "undefined" | "null" | "None" | "nil" | "[object Object]"
    ) {
        return Some(ABSENT);
    }
    let upper = text.to_ascii_uppercase();
    if VARIABLES.contains(&upper.as_str()) {
        return Some(NAME);
    }
    let is_assignment = VARIABLES.iter().any(|name| {
        upper
            .split_once(name)
            .is_some_and(|(_, rest)| rest.trim_start().starts_with(['=', ':']))
    });
    is_assignment.then_some(ASSIGNMENT)
}

/// Like [`slip`], for a URL. A part of a URL may be a placeholder.
pub(crate) fn slip_in_url(text: &str) -> Option<&'static str> {
    let text = text.trim();
    if text.starts_with(|c| QUOTES.contains(c)) || text.ends_with(|c| QUOTES.contains(c)) {
        return Some(QUOTED);
    }
    let has_name_after = |sign: char| {
        let after = text.split(sign).skip(1);
        after
            .map(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '('))
    };
    let is_unfilled = text.contains(['{', '}', '<', '>'])
        || has_name_after('$').any(|it| it)
        // Between percent signs, unless it is percent-encoding.
        || text.split('%').skip(1).zip(text.split('%').skip(2)).any(|(name, _)| is_unfilled_percent(name));
    if is_unfilled {
        return Some(UNFILLED);
    }
    slip(text)
}

fn is_unfilled_percent(name: &str) -> bool {
    let is_encoded = name.len() >= 2 && name.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    is_name(name) && (!is_encoded || (name.contains('_') && is_upper(name)))
}

fn is_placeholder(text: &str) -> bool {
    let wrapped = [
        ("${", "}"),
        ("$(", ")"),
        ("{{", "}}"),
        ("#{", "}"),
        ("<", ">"),
    ]
    .into_iter()
    .any(|(open, close)| {
        text.len() > open.len() && text.starts_with(open) && text.ends_with(close)
    });
    let between = |open: &str, close: &str| {
        let inner = text
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close));
        inner.is_some_and(is_name)
    };
    // A password may begin with a dollar sign.
    let bare = text.strip_prefix('$').is_some_and(|name| {
        let name = name
            .strip_prefix("env:")
            .or(name.strip_prefix("ENV:"))
            .unwrap_or(name);
        is_name(name) && (is_upper(name) || speaks_of_a_key(name))
    });
    wrapped
        || bare
        || between("%", "%")
        || (between("__", "__") && is_upper(text))
        || text.starts_with("process.env.")
        || is_yours(text, &["your"])
        // `my-secret` may be a password.
        || (is_yours(text, &["my"]) && speaks_of_a_key(text))
        || KEY_PREFIXES
            .iter()
            .filter_map(|prefix| text.get(prefix.len()..).filter(|_| starts_with(text, prefix)))
            .any(|rest| is_yours(rest, &["your", "my"]))
}

/// `your-api-key`, `YOUR_SERVICE_API_KEY_HERE`.
fn is_yours(text: &str, beginnings: &[&str]) -> bool {
    let lower = text.to_ascii_lowercase();
    let rest = beginnings.iter().find_map(|it| lower.strip_prefix(it));
    rest.is_some_and(|rest| {
        rest.starts_with(['-', '_'])
            && ["key", "token", "secret"]
                .iter()
                .any(|word| rest.contains(word))
            && rest
                .chars()
                .all(|c| c.is_ascii_alphabetic() || "-_".contains(c))
    })
}

fn speaks_of_a_key(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    KEY_WORDS.iter().any(|word| lower.contains(word))
}

/// Whether a text begins with another, in capitals or not.
fn starts_with(text: &str, beginning: &str) -> bool {
    let start = text.get(..beginning.len());
    start.is_some_and(|it| it.eq_ignore_ascii_case(beginning))
}

fn is_between(text: &str, open: &str, close: &str) -> bool {
    let mut chars = text.chars();
    let (first, last) = (chars.next(), chars.next_back());
    first.is_some_and(|c| open.contains(c)) && last.is_none_or(|c| close.contains(c))
}

/// Whether it may be the name of a variable.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_upper(text: &str) -> bool {
    !text.bytes().any(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clearly_is_no_value_is_told_with_the_way_out() {
        for (text, rule) in [
            ("\"sk-let-1\"", QUOTED),
            ("'x'", QUOTED),
            ("`x`", QUOTED),
            ("“sk-let-1”", QUOTED),
            ("«x»", QUOTED),
            (" \"x\"\n", QUOTED),
            ("\"\"", QUOTED),
            ("'", QUOTED),
            ("${LETTA_API_KEY}", UNFILLED),
            ("${LETTA_API_KEY:-sk-let-1}", UNFILLED),
            ("${{ secrets.LETTA_API_KEY }}", UNFILLED),
            ("{{ letta_key }}", UNFILLED),
            ("$(cat /run/secrets/letta)", UNFILLED),
            ("#{LettaKey}", UNFILLED),
            ("$LETTA_API_KEY", UNFILLED),
            ("$letta_api_key", UNFILLED),
            ("$env:LETTA_API_KEY", UNFILLED),
            ("%LETTA_API_KEY%", UNFILLED),
            ("__LETTA_API_KEY__", UNFILLED),
            ("<your key>", UNFILLED),
            ("process.env.LETTA_API_KEY", UNFILLED),
            ("YOUR_API_KEY", UNFILLED),
            ("your-letta-api-key-here", UNFILLED),
            ("sk-let-your-api-key", UNFILLED),
            ("my-api-key", UNFILLED),
            ("MY_LETTA_KEY", UNFILLED),
            ("sk-let-my-secret", UNFILLED),
            ("sk-let-[redacted]", REDACTED),
            ("Secret([redacted])", REDACTED),
            ("undefined", ABSENT),
            ("null", ABSENT),
            ("None", ABSENT),
            ("LETTA_API_KEY", NAME),
            ("LETTA_API_KEY=sk-let-1", ASSIGNMENT),
            ("export LETTA_API_KEY = sk-let-1", ASSIGNMENT),
            ("letta_api_key: sk-let-1", ASSIGNMENT),
        ] {
            assert_eq!(slip(text), Some(rule), "{text}");
        }
    }

    #[test]
    fn a_password_of_a_self_hosted_server_is_none() {
        for text in [
            "sk-let-0f3c",
            "a",
            "none",
            "dummy",
            "changeme",
            "$ecret",
            "Pa$$word",
            "$uper_Secret1",
            "100%",
            "%x-y%",
            "a\"b",
            "it's",
            "'tis",
            "<3",
            "{x}",
            "your_majesty",
            "my-cat",
            "my-secret",
            "my_secret_token",
            "my-password",
            "p@$$w0rd",
            "a$b",
            "$2b$12$abcdef",
            "aGVsbG8gd29ybGQ=",
            "0b5c6f2e-8f5e-4c0e-9d6a-2f1f7d1b7c11",
            "plain=k3yk3yk3y/4711",
            "_",
            "__",
            "a[b]",
            "",
        ] {
            assert_eq!(slip(text), None, "{text}");
        }
    }

    #[test]
    fn a_part_of_a_url_may_be_a_placeholder() {
        for (text, rule) in [
            ("\"https://x\"", QUOTED),
            ("https://x\"", QUOTED),
            ("'https://x", QUOTED),
            ("${LETTA_BASE_URL}", UNFILLED),
            ("https://${HOST}/letta", UNFILLED),
            ("https://$HOST:8283", UNFILLED),
            ("https://$host", UNFILLED),
            ("https://%HOST%/", UNFILLED),
            ("https://x/%BASE_PATH%", UNFILLED),
            ("https://{host}", UNFILLED),
            ("https://{{ host }}", UNFILLED),
            ("https://<host>", UNFILLED),
            ("%LETTA_BASE_URL%", UNFILLED),
            ("LETTA_BASE_URL=https://x", ASSIGNMENT),
            ("LETTA_BASE_URL", NAME),
        ] {
            assert_eq!(slip_in_url(text), Some(rule), "{text}");
        }
        for text in [
            "https://api.letta.com",
            "https://x/it's/%C3%A4pfel%20x/%2F",
            "https://x/%AB%CD",
            "https://x/a$",
            "not a url",
            "",
        ] {
            assert_eq!(slip_in_url(text), None, "{text}");
        }
    }
}
