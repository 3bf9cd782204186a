//! Forms, with files or without.

use std::convert::Infallible;

use axum::body::Bytes;
use multer::Multipart;
use url::form_urlencoded;

/// The most fields that a form may have.
const MOST_FIELDS: usize = 1000;

/// The fields of a form, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Form {
    pub(crate) fields: Vec<Field>,
}

/// A field of a form.
pub(crate) struct Field {
    pub(crate) name: String,
    /// What the file is called, if the field is a file.
    pub(crate) file_name: Option<String>,
    /// The media type that the field names.
    pub(crate) content_type: Option<String>,
    pub(crate) bytes: Bytes,
}

/// A field may hold a secret: its bytes are not shown.
impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Field")
            .field("name", &self.name)
            .field("is_file", &self.file_name.is_some())
            .field("length", &self.bytes.len())
            .finish()
    }
}

impl Form {
    /// Reads `multipart/form-data`. The body is whole already, so the limit of a body holds for all fields together.
    ///
    /// # Errors
    ///
    /// Why it cannot be read. The text holds nothing of the form.
    pub(crate) async fn read(content_type: &str, bytes: Bytes) -> Result<Self, &'static str> {
        let boundary = multer::parse_boundary(content_type)
            .map_err(|_| "the Content-Type header has no boundary")?;
        let body = futures_util::stream::iter([Ok::<_, Infallible>(bytes)]);
        let mut parts = Multipart::new(body, boundary);
        let mut form = Self::default();
        let malformed = |_| "the form is malformed";
        while let Some(part) = parts.next_field().await.map_err(malformed)? {
            if form.fields.len() == MOST_FIELDS {
                return Err("the form has too many fields");
            }
            form.fields.push(Field {
                name: part.name().unwrap_or_default().to_owned(),
                file_name: part.file_name().map(str::to_owned),
                content_type: part.content_type().map(ToString::to_string),
                bytes: part.bytes().await.map_err(malformed)?,
            });
        }
        Ok(form)
    }

    /// Reads `application/x-www-form-urlencoded`.
    pub(crate) fn read_urlencoded(bytes: &[u8]) -> Self {
        let fields = form_urlencoded::parse(bytes).take(MOST_FIELDS);
        let fields = fields.map(|(name, value)| Field {
            name: name.into_owned(),
            file_name: None,
            content_type: None,
            bytes: Bytes::from(value.into_owned()),
        });
        Self {
            fields: fields.collect(),
        }
    }

    /// The fields of this name.
    pub(crate) fn named<'f>(&'f self, name: &str) -> impl Iterator<Item = &'f Field> {
        let name = name.to_owned();
        self.fields.iter().filter(move |it| it.name == name)
    }

    /// The texts of this name, those that are UTF-8 and no files.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        self.named(name).filter_map(Field::text).collect()
    }

    /// The last text of this name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).pop()
    }

    /// The last file of this name.
    pub(crate) fn file(&self, name: &str) -> Option<&Field> {
        self.named(name).filter(|it| it.file_name.is_some()).last()
    }
}

impl Field {
    /// The text, if it is no file and UTF-8.
    pub(crate) fn text(&self) -> Option<&str> {
        match self.file_name {
            Some(_) => None,
            None => std::str::from_utf8(&self.bytes).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=XX";

    async fn read(body: &str) -> Result<Form, &'static str> {
        Form::read(TYPE, Bytes::copy_from_slice(body.as_bytes())).await
    }

    #[tokio::test]
    async fn a_form_has_texts_and_files() {
        let form = read(
            "--XX\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nAda\r\n\
             --XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.af\"\r\n\
             Content-Type: application/json\r\n\r\n{}\r\n--XX--\r\n",
        );
        let form = form.await.unwrap();
        assert_eq!(form.text("name"), Some("Ada"));
        assert_eq!(form.text("file"), None);
        let file = form.file("file").unwrap();
        assert_eq!(file.file_name.as_deref(), Some("a.af"));
        assert_eq!(file.content_type.as_deref(), Some("application/json"));
        assert_eq!(&file.bytes[..], b"{}");
        assert!(!format!("{form:?}").contains("Ada"));
    }

    #[tokio::test]
    async fn what_is_no_form_is_an_error_that_repeats_nothing() {
        for body in [
            "",
            "sk-let-abc",
            "--XX\r\nsk-let-abc",
            "--XX\r\nContent-Disposition: form-data\r\n\r\nsk-let-abc",
        ] {
            let error = read(body).await.unwrap_err();
            assert!(!error.contains("abc"), "{body}: {error}");
        }
    }

    #[tokio::test]
    async fn the_number_of_fields_is_bounded() {
        let field = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n";
        let body = format!("{}--XX--\r\n", field.repeat(MOST_FIELDS + 1));
        assert_eq!(
            read(&body).await.unwrap_err(),
            "the form has too many fields"
        );
        let form = Form::read_urlencoded("a&".repeat(MOST_FIELDS + 1).as_bytes());
        assert_eq!(form.fields.len(), MOST_FIELDS);
    }
}
