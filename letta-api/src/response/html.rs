//! Pages of HTML that are answered in place of the service.

use reqwest::header::{CONTENT_TYPE, HeaderMap};

/// What is wrong if a page is answered, and what to do.
pub const NOT_JSON: &str = "it is a page of HTML, not JSON; check the base URL: a proxy, a sign-in page or \
                                   another server may have answered in place of the service";

/// How pages of HTML begin, in lower case.
const BEGINNINGS: [&[u8]; 5] = [b"<!doctype html", b"<html", b"<head", b"<body", b"<title"];

/// Whether a body is a page of HTML: by its media type, or by how it begins. An empty body is not.
pub fn is_html(headers: &HeaderMap, body: &[u8]) -> bool {
    let body = body
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(body)
        .trim_ascii_start();
    !body.is_empty() && (is_html_type(headers) || BEGINNINGS.iter().any(|tag| begins(body, tag)))
}

/// Whether the media type is that of a page of HTML, whatever the body is.
pub(crate) fn is_html_type(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .map_or(&b""[..], |kind| kind.as_bytes());
    let kind = kind.trim_ascii_start();
    [&b"text/html"[..], b"application/xhtml"]
        .iter()
        .any(|html| begins(kind, html))
}

fn begins(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len())
        .is_some_and(|it| it.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_known_by_what_it_says_or_how_it_begins() {
        for (kind, body, is_page) in [
            ("text/html; charset=utf-8", "oops", true),
            ("Text/HTML", "<p>", true),
            ("application/json", "<html>", true),
            ("", "\u{feff}\n <!DOCTYPE html><html>", true),
            ("text/html", "", false),
            ("text/html", " \n", false),
            ("application/json", "{}", false),
            ("", "<?xml version=\"1.0\"?><Error/>", false),
            ("text/plain", "<", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, kind.parse().unwrap());
            assert_eq!(is_html(&headers, body.as_bytes()), is_page, "{kind} {body}");
        }
    }
}
