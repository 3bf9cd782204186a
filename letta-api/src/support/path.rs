//! Values in paths. Each becomes one segment, or the call is refused.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use url::Url;

use super::text_value::TextValue;
use crate::{BaseUrl, InvalidRequest, Secret};

/// The characters that are percent-encoded in a segment: those that would end it, those that a URL library would encode, and
/// the percent sign.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'/')
    .add(b'%')
    // URL libraries read it as a slash.
    .add(b'\\');

/// A percent-encoded segment of a path. It may be a secret, so it is wiped.
pub struct Segment(Secret);

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment").finish_non_exhaustive()
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.expose_secret())
    }
}

/// Encodes `value` as one path segment.
///
/// # Errors
///
/// - An empty value, which would name the collection.
/// - A value with `.` or `..` between slashes. URL libraries resolve dot segments, and a proxy may do so after decoding
///   `%2F`. The request would reach another resource.
pub fn segment(name: &'static str, value: &impl TextValue) -> Result<Segment, InvalidRequest> {
    value.with_text(|text| {
        checked(name, text)?;
        let pieces = || utf8_percent_encode(text, ENCODED);
        // Room for all of it is made first, since a text that grows leaves copies behind.
        let mut encoded = String::with_capacity(pieces().map(str::len).sum());
        encoded.extend(pieces());
        Ok(Segment(Secret::new(encoded)))
    })
}

/// Encodes the parts of a list as one path segment, with commas between them. A comma within a part is encoded.
///
/// # Errors
///
/// As [`segment`], for what the parts are together.
pub(super) fn joined(
    name: &'static str,
    parts: &[std::borrow::Cow<'_, str>],
) -> Result<Segment, InvalidRequest> {
    const LISTED: &AsciiSet = &ENCODED.add(b',');
    checked(name, &parts.join(","))?;
    let parts: Vec<String> = parts
        .iter()
        .map(|part| utf8_percent_encode(part, LISTED).to_string())
        .collect();
    Ok(Segment(Secret::new(parts.join(","))))
}

/// Whether a text names one resource.
fn checked(name: &'static str, text: &str) -> Result<(), InvalidRequest> {
    let refuse = |rule| Err(InvalidRequest::path(name, rule));
    if text.is_empty() {
        return refuse("is empty; it must name one resource");
    }
    if text
        .split(['/', '\\'])
        .any(|part| matches!(part, "." | ".."))
    {
        return refuse("holds a `.` or `..` segment, which would name another resource");
    }
    Ok(())
}

/// The base URL with a path appended.
pub fn url(base: &BaseUrl, path: &str) -> Url {
    base.with_path(path)
}

/// The base URL with a path appended that is not written yet. The path may hold a secret.
pub fn url_of(base: &BaseUrl, path: fmt::Arguments<'_>) -> Url {
    base.with_path_of(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> Result<String, String> {
        let segment = segment("id", &text).map_err(|refused| {
            assert_eq!(refused.field(), Some("id"));
            refused.to_string()
        })?;
        Ok(segment.to_string())
    }

    #[test]
    fn a_value_becomes_one_segment_of_a_parsed_url() {
        for text in [
            "agent-1",
            "a/b?c#d %..",
            "a\\b",
            "...",
            "..a",
            "%2e%2e",
            "a;b=c",
            "ключ",
            "tab\tnewline\n",
            "'\"<>`{}|^[]",
        ] {
            let segment = encoded(text).unwrap();
            let url = url::Url::parse(&format!("https://example.com/v1/x/{segment}")).unwrap();
            let segments: Vec<_> = url.path_segments().unwrap().collect();
            assert_eq!(segments.len(), 3, "{text:?} became {url}");
            assert!(url.query().is_none() && url.fragment().is_none());
            let decoded = percent_encoding::percent_decode_str(&segment).decode_utf8();
            assert_eq!(decoded.unwrap(), text);
            assert_eq!(
                url.as_str(),
                format!("https://example.com/v1/x/{segment}"),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_value_that_could_name_another_resource_is_refused_unseen() {
        for text in [
            "",
            ".",
            "..",
            "../agents/agent-1",
            "a/../b",
            "a\\..\\b",
            "./a",
            "a/.",
        ] {
            let message = encoded(text).unwrap_err();
            assert!(message.contains("`id`"), "{message}");
            assert!(!message.contains("agent-1"), "{message}");
        }
    }
}
