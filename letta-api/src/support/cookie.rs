//! Parameters in cookies. All cookies of a request are in one header.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::header::{COOKIE, HeaderMap, HeaderValue};

use super::text_value::TextValue;

/// What a cookie cannot hold, and the sign of the encoding itself. A server that decodes reads the value as it was given, and most
/// values are sent as they are.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'%')
    .add(b',')
    .add(b';')
    .add(b'\\');

/// Adds a parameter to the cookies of a request.
pub fn add<T: TextValue>(headers: &mut HeaderMap, name: &'static str, value: &T) {
    let cookies = value.with_text(|text| with(headers.get(COOKIE), name, text));
    headers.insert(COOKIE, cookies);
}

/// The header with a further cookie. Marked as sensitive, since cookies often are.
pub fn with(before: Option<&HeaderValue>, name: &str, value: &str) -> HeaderValue {
    let mut cookies = before.map_or_else(Vec::new, |it| it.as_bytes().to_vec());
    if !cookies.is_empty() {
        cookies.extend_from_slice(b"; ");
    }
    for piece in utf8_percent_encode(name, ENCODED) {
        cookies.extend_from_slice(piece.as_bytes());
    }
    cookies.push(b'=');
    for piece in utf8_percent_encode(value, ENCODED) {
        cookies.extend_from_slice(piece.as_bytes());
    }
    let header = HeaderValue::from_bytes(&cookies);
    let mut header = header.expect("a header, and what was encoded, hold no control character");
    header.set_sensitive(true);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_stand_in_one_header_and_cannot_end_each_other() {
        let mut headers = HeaderMap::new();
        add(&mut headers, "a", &"x y;z=1, \"q\"\\%\r\nX: y");
        add(&mut headers, "b", &7);
        add(&mut headers, "c", &"dG9rZW4+/w==");
        add(&mut headers, "d", &"ä");
        let sent: Vec<&HeaderValue> = headers.get_all(COOKIE).iter().collect();
        assert_eq!(
            sent,
            ["a=x%20y%3Bz=1%2C%20%22q%22%5C%25%0D%0AX:%20y; b=7; c=dG9rZW4+/w==; d=%C3%A4"]
        );
        assert!(sent[0].is_sensitive());
    }
}
