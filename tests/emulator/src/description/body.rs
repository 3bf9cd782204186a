//! What a request sends, read by its media type.

use axum::body::Bytes;
use serde_json::Value;

use crate::description::form::Form;

/// The body of a request. It says nothing yet about what the operation takes.
#[derive(Debug)]
pub(crate) enum Body {
    /// Nothing was sent.
    Missing,
    Json(Value),
    /// It is said to be JSON, and is not.
    NotJson {
        /// The byte where it goes wrong, from 0.
        at: usize,
    },
    Form(Form),
    /// It is said to be a form, and is not. The text says why.
    NotForm(&'static str),
    /// Something else.
    Other,
}

impl Body {
    /// Reads a body. One without a media type is taken for JSON, as the server does.
    pub(crate) async fn read(content_type: Option<&str>, bytes: Bytes) -> Self {
        let essence = content_type.map(|it| it.split(';').next().unwrap_or_default().trim());
        let essence = essence.map(str::to_ascii_lowercase);
        let is_json = |it: &str| {
            it == "application/json" || it.starts_with("application/") && it.ends_with("+json")
        };
        match (essence.as_deref(), content_type) {
            (Some("multipart/form-data"), Some(content_type)) => {
                match Form::read(content_type, bytes).await {
                    Ok(form) => Self::Form(form),
                    Err(why) => Self::NotForm(why),
                }
            }
            (Some("application/x-www-form-urlencoded"), _) => {
                Self::Form(Form::read_urlencoded(&bytes))
            }
            _ if bytes.is_empty() => Self::Missing,
            (None, _) => Self::read_json(&bytes),
            (Some(essence), _) if is_json(essence) => Self::read_json(&bytes),
            _ => Self::Other,
        }
    }

    fn read_json(bytes: &[u8]) -> Self {
        match serde_json::from_slice(bytes) {
            Ok(value) => Self::Json(value),
            Err(error) => {
                let lines = bytes.split_inclusive(|byte| *byte == b'\n');
                let before: usize = lines.take(error.line().max(1) - 1).map(<[u8]>::len).sum();
                let at = before + error.column().saturating_sub(1);
                Self::NotJson {
                    at: at.min(bytes.len()),
                }
            }
        }
    }

    /// The value, if it is JSON.
    pub(crate) fn json(&self) -> Option<&Value> {
        match self {
            Self::Json(value) => Some(value),
            _ => None,
        }
    }

    /// The form, if it is one.
    pub(crate) fn form(&self) -> Option<&Form> {
        match self {
            Self::Form(form) => Some(form),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn read(content_type: Option<&str>, text: &str) -> Body {
        Body::read(content_type, Bytes::copy_from_slice(text.as_bytes())).await
    }

    #[tokio::test]
    async fn a_body_is_read_by_its_media_type() {
        for content_type in [
            None,
            Some("application/json"),
            Some("Application/JSON; charset=utf-8"),
            Some("application/merge-patch+json"),
        ] {
            let body = read(content_type, "{\"a\": 1}").await;
            assert_eq!(body.json(), Some(&json!({"a": 1})), "{content_type:?}");
        }
        assert!(matches!(read(Some("text/plain"), "{}").await, Body::Other));
        assert!(matches!(
            read(Some("application/json"), "").await,
            Body::Missing
        ));
        let form = read(Some("application/x-www-form-urlencoded"), "a=1&a=2").await;
        assert_eq!(form.form().unwrap().texts("a"), ["1", "2"]);
        let form = read(Some("multipart/form-data"), "a=1").await;
        assert!(matches!(form, Body::NotForm(_)), "{form:?}");
    }

    #[tokio::test]
    async fn where_json_goes_wrong_is_told_in_bytes() {
        for (text, expected) in [
            ("{\"name\": 5", 9),
            ("[1,\n 2,\n}]", 8),
            ("nope", 1),
            ("é", 0),
        ] {
            match read(None, text).await {
                Body::NotJson { at } => assert_eq!(at, expected, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn json_that_is_nested_too_deep_is_not_read() {
        let deep = "[".repeat(100_000);
        assert!(matches!(read(None, &deep).await, Body::NotJson { .. }));
    }
}
