//! A form of several parts (`multipart/form-data`), such as an upload.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use futures_util::FutureExt as _;
use futures_util::stream;

use crate::http::refusal::Refusal;

/// The most parts that a form may have.
const PART_LIMIT: usize = 100;

/// A part of a form.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// If it is a file.
    pub(crate) file_name: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content: Bytes,
}

/// The parts of a form, in their order. None if the body is not declared as a form.
///
/// # Errors
///
/// 400 if the form is broken or has too many parts.
pub(crate) fn parts(headers: &HeaderMap, body: Bytes) -> Result<Vec<Part>, Refusal> {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|it| it.to_str().ok());
    let Some(Ok(boundary)) = content_type.map(multer::parse_boundary) else {
        return Ok(Vec::new());
    };
    let body = stream::iter([Ok::<_, Infallible>(body)]);
    let form = multer::Multipart::new(body, boundary);
    // All of it is there, so nothing waits.
    let parts = read(form).now_or_never();
    parts.unwrap_or_else(|| Err(broken()))
}

async fn read(mut form: multer::Multipart<'_>) -> Result<Vec<Part>, Refusal> {
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| broken())? {
        if parts.len() == PART_LIMIT {
            return Err(Refusal::bad_request(format!(
                "the form has more than {PART_LIMIT} parts"
            )));
        }
        parts.push(Part {
            name: field.name().unwrap_or_default().to_owned(),
            file_name: field.file_name().map(str::to_owned),
            content_type: field.content_type().map(ToString::to_string),
            content: field.bytes().await.map_err(|_| broken())?,
        });
    }
    Ok(parts)
}

fn broken() -> Refusal {
    Refusal::bad_request("the form of several parts is broken")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(content_type: &str) -> HeaderMap {
        let value = content_type.parse().unwrap();
        HeaderMap::from_iter([(header::CONTENT_TYPE, value)])
    }

    #[test]
    fn a_form_is_read_part_by_part() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.txt\"\r\n\
            Content-Type: text/plain; charset=utf-8\r\n\r\none\r\ntwo\r\n--b\r\n\
            Content-Disposition: form-data; name=\"note\"\r\n\r\n\r\n--b--\r\n";
        let headers = headers("multipart/form-data; boundary=b");
        let parts = parts(&headers, Bytes::from_static(body.as_bytes())).unwrap();
        let [file, note] = &parts[..] else {
            panic!("{parts:?}")
        };
        assert_eq!(
            (&*file.name, file.file_name.as_deref()),
            ("file", Some("a b.txt"))
        );
        assert_eq!(
            file.content_type.as_deref(),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(&file.content[..], b"one\r\ntwo");
        assert_eq!(
            (&*note.name, note.file_name.as_deref(), note.content.len()),
            ("note", None, 0)
        );
    }

    #[test]
    fn what_is_no_form_has_no_parts_and_a_broken_one_is_refused() {
        let body =
            Bytes::from_static(b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\ncut");
        for content_type in [
            "application/json",
            "multipart/form-data",
            "text/plain; boundary=b",
        ] {
            assert!(
                parts(&headers(content_type), body.clone())
                    .unwrap()
                    .is_empty()
            );
        }
        assert!(parts(&HeaderMap::new(), body.clone()).unwrap().is_empty());
        assert!(parts(&headers("multipart/form-data; boundary=b"), body).is_err());
        let many = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n".repeat(101)
            + "--b--\r\n";
        let refused = parts(&headers("multipart/form-data; boundary=b"), many.into()).unwrap_err();
        assert!(refused.message().contains("100"), "{refused:?}");
    }
}
