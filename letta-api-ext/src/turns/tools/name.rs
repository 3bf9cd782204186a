//! Names of tools.

/// Longest name, in bytes.
const LIMIT: usize = 64;

/// Whether models take it as the name of a tool.
pub(super) fn is_valid(name: &str) -> bool {
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    !name.is_empty() && name.len() <= LIMIT && name.bytes().all(is_valid)
}

/// The name of a type in snake_case: `GetHTTPStatus` is `get_http_status`.
pub(super) fn in_snake_case(title: &str) -> String {
    let mut name = String::new();
    let mut letters = title.chars().peekable();
    let mut before: Option<char> = None;
    while let Some(letter) = letters.next() {
        let is_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                let ends_word = before.is_lowercase() || before.is_numeric();
                let next_is_lower = letters.peek().is_some_and(|next| next.is_lowercase());
                ends_word || (before.is_uppercase() && next_is_lower)
            });
        if is_word {
            name.push('_');
        }
        match letter {
            ' ' => name.push('_'),
            _ => name.extend(letter.to_lowercase()),
        }
        before = Some(letter);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::{in_snake_case, is_valid};

    #[test]
    fn names_are_ascii_letters_digits_and_two_signs() {
        for name in ["a", "get_weather", "Get-Weather2", "7", &"x".repeat(64)] {
            assert!(is_valid(name), "{name}");
        }
        for name in [
            "",
            "get weather",
            "wetter_für",
            "a.b",
            "a\n",
            &"x".repeat(65),
        ] {
            assert!(!is_valid(name), "{name}");
        }
    }

    #[test]
    fn titles_become_names() {
        let cases = [
            ("Weather", "weather"),
            ("GetWeather", "get_weather"),
            ("GetHTTPStatus", "get_http_status"),
            ("HTTPGet", "http_get"),
            ("Utf8Text", "utf8_text"),
            ("Base64Encode", "base64_encode"),
            ("get_weather", "get_weather"),
            ("Get the weather", "get_the_weather"),
            ("A", "a"),
            ("", ""),
        ];
        for (title, name) in cases {
            assert_eq!(in_snake_case(title), name);
        }
    }
}
