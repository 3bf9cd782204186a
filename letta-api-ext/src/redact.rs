//! Takes secrets out of text that was not written here.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What stands in place of a secret.
const REDACTED: &str = "[redacted]";

/// How the service's keys and tokens begin, see the [module](self).
const PREFIXES: [&str; 2] = ["sk-let-", "ck-let-"];

/// A secret shorter than this may be a part of any word. Text that holds it is dropped whole, since
/// cutting it out would only show where it was.
const SHORT: usize = 8;

/// Longest text that is kept, in characters.
const LIMIT: usize = 1_000;

/// Makes text of the service's fit to print: without the `secrets`, without anything that looks like
/// a key or a token of the service, on one line, and not without end. Nothing where a secret is in it
/// in a form that cannot be cut out.
pub(crate) fn text(text: &str, secrets: &[&str]) -> Option<String> {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        for form in forms(secret) {
            if !text.contains(&form) {
                continue;
            }
            if form.len() < SHORT {
                return None;
            }
            text = text.replace(&form, REDACTED);
        }
    }
    let text = patterns(&text);
    // What is left may still hold a secret in disguise.
    let folded = fold(&text);
    let disguised = |secret: &&str| {
        let secret = fold(secret);
        !secret.is_empty() && folded.contains(&secret)
    };
    if secrets.iter().any(disguised) {
        return None;
    }
    let text: String = text
        .chars()
        .take(LIMIT)
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A text without what servers do to texts that they echo: percent-encoding, HTML entities, escapes,
/// capitals, line breaks and other characters that cannot be seen.
fn fold(text: &str) -> String {
    let text = percent_decode_str(text).decode_utf8_lossy();
    let mut text = text.to_lowercase();
    for (entity, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&#47;", "/"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, character);
    }
    text.retain(|character| {
        !character.is_control()
            && !character.is_whitespace()
            && character != '\\'
            && !matches!(
                character,
                '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
            )
    });
    text
}

/// The ways in which a secret may stand in a text: as it is, and as it goes into a URL.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![
        secret.to_owned(),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        percent_decode_str(secret).decode_utf8_lossy().into_owned(),
    ];
    // The encoding of URL paths, which spares more characters than the one above.
    if let Ok(mut url) = url::Url::parse("https://x") {
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.push(secret);
        }
        forms.push(url.path().trim_start_matches('/').to_owned());
    }
    forms.retain(|form| !form.is_empty());
    forms.dedup();
    // Longest first, so that no form leaves the rest of another behind.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms
}

/// Takes out what begins like a key or a token, known or not and in capitals or not, up to white space
/// or a quote.
pub(crate) fn patterns(text: &str) -> String {
    // Keeps the bytes where they are.
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    let first = |from: usize| {
        let found = PREFIXES
            .iter()
            .filter_map(|prefix| lower[from..].find(prefix));
        found.min().map(|start| from + start)
    };
    while let Some(start) = first(done) {
        let word = start + PREFIXES[0].len();
        let end = text[word..]
            .find(|c: char| c.is_whitespace() || c.is_control() || "\"'`,;<>(){}[]".contains(c))
            .map_or(text.len(), |length| word + length);
        out.push_str(&text[done..word]);
        out.push_str(REDACTED);
        done = end;
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_in_every_form() {
        for (given, secrets, left) in [
            (
                "no token t0ken-abc here",
                &["t0ken-abc"][..],
                Some("no token [redacted] here"),
            ),
            (
                "at /v1/x/a%2Fb%20c%23defg",
                &["a/b c#defg"],
                Some("at /v1/x/[redacted]"),
            ),
            (
                "at /v1/x/a%2Fb-cdefgh",
                &["a/b-cdefgh"],
                Some("at /v1/x/[redacted]"),
            ),
            ("got a/b-cdefgh", &["a%2Fb-cdefgh"], Some("got [redacted]")),
            ("key abc is bad", &["abc"], None),
            ("key is bad", &["abc"], Some("key is bad")),
            (
                "key sk-let-AbC.1_2 bad",
                &[],
                Some("key sk-let-[redacted] bad"),
            ),
            (
                "key SK-LET-abc:def!1 bad",
                &[],
                Some("key SK-LET-[redacted] bad"),
            ),
            (
                "\"ck-let-1\",\"sk-let-2\"",
                &[],
                Some("\"ck-let-[redacted]\",\"sk-let-[redacted]\""),
            ),
            ("HUNTER2/KEY+99", &["hunter2/Key+99"], None),
            ("hunter2%2fkey%2b99", &["hunter2/Key+99"], None),
            ("hunter2\\/Key+99", &["hunter2/Key+99"], None),
            ("hunter2&amp;Key&lt;99", &["hunter2&Key<99"], None),
            ("hunter2K\ney9999", &["hunter2Key9999"], None),
            ("hunter2\u{200b}Key9999", &["hunter2Key9999"], None),
            ("two\nlines\u{1b}[31m", &[], Some("two lines [31m")),
            ("  ", &[], None),
            ("nothing", &[""], Some("nothing")),
        ] {
            assert_eq!(text(given, secrets).as_deref(), left, "{given}");
        }
    }

    #[test]
    fn text_without_end_is_cut() {
        assert_eq!(text(&"x".repeat(10_000), &[]).unwrap().len(), LIMIT);
    }
}
