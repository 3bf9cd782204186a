//! Values in headers. A value that a header cannot carry is refused.

use reqwest::header::HeaderValue;

use super::text_value::TextValue;
use crate::failure::InvalidRequest;

/// The value of a header parameter.
///
/// # Errors
///
/// The value holds a control character, which could end the header.
pub fn value<T: TextValue>(name: &'static str, value: &T) -> Result<HeaderValue, InvalidRequest> {
    value.with_text(|text| {
        let value = HeaderValue::from_bytes(text.as_bytes());
        let mut value = value.map_err(|_| {
            let rule = "holds a control character, which a header cannot carry; remove it";
            InvalidRequest::header(name, rule)
        })?;
        value.set_sensitive(T::IS_SECRET);
        Ok(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_goes_as_its_text() {
        for (text, sent) in [("a b", &b"a b"[..]), ("", b""), ("ä\t", b"\xc3\xa4\t")] {
            assert_eq!(value("n", &text).unwrap().as_bytes(), sent);
        }
        assert_eq!(value("n", &7_u8).unwrap().as_bytes(), b"7");
        assert_eq!(value("n", &true).unwrap().as_bytes(), b"true");
        assert!(!value("n", &true).unwrap().is_sensitive());
        let secret = value("n", &crate::Secret::new("s")).unwrap();
        assert_eq!(
            (secret.as_bytes(), secret.is_sensitive()),
            (&b"s"[..], true)
        );
    }

    #[test]
    fn a_value_that_could_end_the_header_is_refused_by_its_name_and_unseen() {
        for text in ["hunter2\r\nX: y", "hunter2\n", "\0", "\x7f"] {
            let refused = value("X-Trace", &text).unwrap_err();
            assert_eq!(refused.field(), Some("X-Trace"));
            assert_eq!(
                refused.to_string(),
                "header parameter `X-Trace` holds a control character, which a header cannot carry; remove it"
            );
            assert!(!format!("{refused:?}").contains("hunter2"));
        }
    }
}
