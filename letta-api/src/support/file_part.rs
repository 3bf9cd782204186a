//! Files to upload, and the form (`multipart/form-data`, RFC 7578) that they are sent in.

use bytes::Bytes;
use reqwest::RequestBuilder;
use reqwest::multipart;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::platform::form;
use crate::{Error, InvalidRequest};

const OCTETS: &str = "application/octet-stream";

/// A file to upload: its name, what is in it, and its media type.
///
/// `Debug` shows the media type alone.
///
/// ```
/// use letta_api::FilePart;
///
/// let file = FilePart::bytes("notes.txt", "Buy milk.").with_media_type("text/plain");
/// ```
pub struct FilePart {
    name: String,
    content: Content,
    media_type: String,
}

enum Content {
    Bytes(Bytes),
    Body(reqwest::Body),
}

impl FilePart {
    /// A file that is in memory. The call can be repeated: a form of such files is put together in memory, which takes as
    /// much memory again. In a browser, the form is the browser's own, and the request cannot be sent again: a transport that
    /// retries gets one attempt.
    ///
    /// Services recognise a file by its name, so it must have one. It need not be the name of the file on this machine.
    /// If it holds a line break or another control character, the call fails with [`Error::InvalidRequest`]: such a name could
    /// add parts to the form.
    pub fn bytes(name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self::new(name.into(), Content::Bytes(content.into()))
    }

    /// A file that is read while it is sent, for instance by [`reqwest::Body::wrap_stream`]. The request cannot be repeated: a
    /// transport that retries gets one attempt. If the length is not known, the request has no `Content-Length`, which not
    /// every service accepts.
    pub fn body(name: impl Into<String>, content: impl Into<reqwest::Body>) -> Self {
        Self::new(name.into(), Content::Body(content.into()))
    }

    fn new(name: String, content: Content) -> Self {
        Self {
            name,
            content,
            media_type: OCTETS.to_owned(),
        }
    }

    /// The same file with another media type than `application/octet-stream`. If it is invalid,
    /// the call fails with [`Error::InvalidRequest`].
    #[must_use]
    pub fn with_media_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = media_type.into();
        self
    }
}

impl std::fmt::Debug for FilePart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilePart")
            .field("media_type", &self.media_type)
            .finish_non_exhaustive()
    }
}

/// What a field of files holds: one, perhaps one, or any number.
pub trait Files {
    fn into_files(self) -> Vec<FilePart>;
}

impl Files for FilePart {
    fn into_files(self) -> Vec<FilePart> {
        vec![self]
    }
}

impl<F: Files> Files for Option<F> {
    fn into_files(self) -> Vec<FilePart> {
        self.map(F::into_files).unwrap_or_default()
    }
}

impl<F: Files> Files for Vec<F> {
    fn into_files(self) -> Vec<FilePart> {
        self.into_iter().flat_map(F::into_files).collect()
    }
}

/// The parts of a form, in order. Made by generated code.
#[derive(Default)]
pub struct Form(Vec<(&'static str, Part)>);

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Form").finish_non_exhaustive()
    }
}

enum Part {
    File(FilePart),
    Text(String),
    Json(String),
}

impl Form {
    /// Adds a part for each file.
    pub fn files(&mut self, name: &'static str, files: impl Files) {
        let parts = files.into_files().into_iter().map(Part::File);
        self.0.extend(parts.map(|part| (name, part)));
    }

    /// Adds a value as OpenAPI does by default: texts, numbers and booleans as text, objects as JSON, and an array as a part
    /// for each item. `None` adds no part.
    pub fn value(
        &mut self,
        name: &'static str,
        value: &impl Serialize,
    ) -> Result<(), InvalidRequest> {
        let no_json = |_| InvalidRequest::body(name, "cannot be written as JSON");
        // As text: a `Value` would lose the order of fields.
        let json = serde_json::to_string(value).map_err(no_json)?;
        if json.starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(&json).map_err(no_json)?;
            for item in items {
                let part = Part::of(item.get()).map_err(no_json)?;
                self.0.extend(part.map(|part| (name, part)));
            }
        } else {
            let part = Part::of(&json).map_err(no_json)?;
            self.0.extend(part.map(|part| (name, part)));
        }
        Ok(())
    }
}

impl Part {
    fn of(json: &str) -> serde_json::Result<Option<Self>> {
        Ok(match json.as_bytes() {
            b"null" => None,
            [b'"', ..] => Some(Self::Text(serde_json::from_str(json)?)),
            [b'{' | b'[', ..] => Some(Self::Json(json.to_owned())),
            _ => Some(Self::Text(json.to_owned())),
        })
    }

    fn is_in_memory(&self) -> bool {
        !matches!(
            self,
            Self::File(FilePart {
                content: Content::Body(_),
                ..
            })
        )
    }

    fn into_part(self, name: &'static str) -> Result<multipart::Part, InvalidRequest> {
        let (part, media_type) = match self {
            Self::Text(text) => return Ok(multipart::Part::text(text)),
            Self::Json(text) => (multipart::Part::text(text), "application/json".to_owned()),
            Self::File(file) if file.name.contains(char::is_control) => {
                let rule = "has a file name with a control character; remove it";
                return Err(InvalidRequest::body(name, rule));
            }
            Self::File(file) => {
                let part = match file.content {
                    // An array of bytes would be copied.
                    Content::Bytes(bytes) => multipart::Part::stream(bytes),
                    Content::Body(body) => multipart::Part::stream(body),
                };
                (part.file_name(file.name), file.media_type)
            }
        };
        part.mime_str(&media_type).map_err(|_| {
            let rule = "has an invalid media type; write it like text/plain";
            InvalidRequest::body(name, rule)
        })
    }
}

/// Called by generated code.
pub async fn send<E>(
    request: RequestBuilder,
    Form(parts): Form,
) -> Result<RequestBuilder, Error<E>> {
    let is_in_memory = parts.iter().all(|(_, part)| part.is_in_memory());
    let mut form = form::new();
    for (name, part) in parts {
        form = form.part(name, part.into_part(name)?);
    }
    Ok(form::attach(request, form, is_in_memory).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    async fn request(form: Form) -> Result<reqwest::Request, Error> {
        let request = reqwest::Client::new().post("https://example.com");
        Ok(send(request, form).await?.build()?)
    }

    #[tokio::test]
    async fn a_form_is_written_as_rfc_7578_says_and_can_be_sent_again() {
        let mut form = Form::default();
        let name = "ä \"b\" c.txt";
        form.files("file", FilePart::bytes(name, &b"one\r\n"[..]));
        form.files(
            "more",
            Some(vec![FilePart::bytes("d", "").with_media_type("text/csv")]),
        );
        form.files("none", None::<FilePart>);
        form.value("ein text", &"ключ").unwrap();
        form.value("secret", &Secret::from("s")).unwrap();
        form.value("tags", &["a", "b"]).unwrap();
        form.value("count", &Some(1.5)).unwrap();
        form.value("mixed", &(true, [1], "", None::<bool>)).unwrap();
        form.value("left_out", &None::<bool>).unwrap();
        form.value("object", &serde_json::json!({"a": [1]}))
            .unwrap();
        let request = request(form).await.unwrap();

        let media_type = request.headers()["content-type"].to_str().unwrap();
        let boundary = media_type
            .strip_prefix("multipart/form-data; boundary=")
            .unwrap();
        let part = |head: &str, content: &str| {
            format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
        };
        let octets = "\r\nContent-Type: application/octet-stream";
        let wanted = [
            part(
                &format!("name=\"file\"; filename=\"ä \\\"b\\\" c.txt\"{octets}"),
                "one\r\n",
            ),
            part(
                "name=\"more\"; filename=\"d\"\r\nContent-Type: text/csv",
                "",
            ),
            part("name=\"ein text\"", "ключ"),
            part("name=\"secret\"", "s"),
            part("name=\"tags\"", "a"),
            part("name=\"tags\"", "b"),
            part("name=\"count\"", "1.5"),
            part("name=\"mixed\"", "true"),
            part("name=\"mixed\"\r\nContent-Type: application/json", "[1]"),
            part("name=\"mixed\"", ""),
            part(
                "name=\"object\"\r\nContent-Type: application/json",
                r#"{"a":[1]}"#,
            ),
            format!("--{boundary}--\r\n"),
        ];
        let body = request.body().unwrap().as_bytes().unwrap();
        assert_eq!(String::from_utf8_lossy(body), wanted.concat());
        assert!(request.try_clone().is_some());
    }

    #[tokio::test]
    async fn a_file_that_is_read_as_it_is_sent_makes_one_attempt_only() {
        let mut form = Form::default();
        let body = reqwest::Body::from("content");
        form.files("file", FilePart::body("a", body));
        let request = request(form).await.unwrap();
        assert!(request.try_clone().is_none());
        assert!(request.headers().contains_key("content-type"));
    }

    #[tokio::test]
    async fn a_name_that_could_pass_for_more_of_the_form_is_refused_unseen() {
        for name in ["a\r\nContent-Type: text/html", "a\nb", "a\0"] {
            let mut form = Form::default();
            form.files("file", FilePart::bytes(name, "content"));
            let message = request(form).await.unwrap_err().to_string();
            assert_eq!(
                message,
                "invalid request: body field `file` has a file name with a control character; remove it"
            );
        }
    }

    #[tokio::test]
    async fn a_media_type_that_is_none_is_refused_unseen() {
        let mut form = Form::default();
        let file = FilePart::bytes("a", "content").with_media_type("no media type\r\n");
        form.files("file", file);
        let message = request(form).await.unwrap_err().to_string();
        assert_eq!(
            message,
            "invalid request: body field `file` has an invalid media type; write it like text/plain"
        );
    }

    #[test]
    fn printing_shows_neither_name_nor_content() {
        let file = FilePart::bytes("secret.txt", "secret");
        let printed = format!("{file:?}");
        assert_eq!(
            printed,
            r#"FilePart { media_type: "application/octet-stream", .. }"#
        );
    }
}
