//! Text from a file, as a terminal may show it. A description is written by others: an escape sequence in it could
//! clear the screen or hide what follows, and a bidirectional control could make a line read as another.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character does something to the text around it and cannot be seen: controls, and the format characters
/// of Unicode that no writing system needs.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            // The bidirectional controls.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Separators of lines and paragraphs.
            | '\u{2028}' | '\u{2029}'
            // Nothing to see at all. The joiners U+200C and U+200D are left: writing systems and emoji need them.
            | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text with each hidden character escaped as Rust does, `\u{1b}`. Tabs and ends of lines stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |c, out| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{}", c.escape_default());
    })
}

/// As [`visible`], of JSON: each hidden character in it stands in a text, and is escaped as JSON does, `\u009b`.
pub fn visible_json(json: &str) -> Cow<'_, str> {
    escaped(json, |c, out| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

/// The text with each hidden character written by `escape`. Most texts have none, and are not copied.
fn escaped(text: &str, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    let is_escaped = |c: char| is_hidden(c) && !matches!(c, '\n' | '\t');
    if !text.contains(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_escaped(c) {
            true => escape(c, &mut out),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped_and_the_rest_stays() {
        for (text, shown) in [
            ("plain\n\ttext", "plain\n\ttext"),
            ("größe 木 👩‍👩‍👧 می‌خواهم", "größe 木 👩‍👩‍👧 می‌خواهم"),
            ("\u{1b}[2J\u{7}\r\0", "\\u{1b}[2J\\u{7}\\r\\u{0}"),
            ("\u{9b}31m\u{7f}", "\\u{9b}31m\\u{7f}"),
            (
                "a\u{202e}b\u{2066}c\u{200f}",
                "a\\u{202e}b\\u{2066}c\\u{200f}",
            ),
            ("\u{feff}\u{200b}\u{2028}", "\\u{feff}\\u{200b}\\u{2028}"),
            ("\u{e0041}", "\\u{e0041}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn json_means_the_same_and_shows_all() {
        let text = "\u{9b}31m\u{7f}\u{202e}\u{e0041}ü\n";
        let json = serde_json::to_string(text).unwrap();
        let shown = visible_json(&json);
        assert_eq!(shown, r#""\u009b31m\u007f\u202e\udb40\udc41ü\n""#);
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }
}
