//! Why a request was refused before anything was sent.

use std::fmt;

/// Why a request was refused before anything was sent: which part of it breaks which rule.
///
/// `Display` is one sentence. Neither it nor `Debug` shows a value, which may be a secret.
///
/// ```
/// # async fn run(client: &letta_api::Client) {
/// # #[cfg(feature = "client-side-access-tokens")]
/// let error = client.delete_client_side_access_token(&"".into()).await.unwrap_err();
/// # #[cfg(feature = "client-side-access-tokens")]
/// if let letta_api::Error::InvalidRequest(refused) = error {
///     println!("{refused}"); // path parameter `token` is empty; it must name one resource
///     assert_eq!(refused.field(), Some("token"));
///     assert_eq!(refused.rule(), "is empty; it must name one resource");
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRequest {
    /// `None` for the request as a whole.
    part: Option<Part>,
    rule: &'static str,
}

/// A part of a request, with its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    kind: &'static str,
    name: &'static str,
}

impl InvalidRequest {
    /// The name of the parameter of the path, the query or the headers, or of the body's field, as the API description
    /// has it. `None` if the problem is with the request as a whole, or if the field is not known.
    pub fn field(&self) -> Option<&'static str> {
        Some(self.part?.name)
    }

    /// The rule that it breaks, and what to do: the rest of a sentence that begins with the field or with "the request".
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    pub(crate) fn whole(rule: &'static str) -> Self {
        Self { part: None, rule }
    }

    pub(crate) fn path(name: &'static str, rule: &'static str) -> Self {
        Self::of("path parameter", name, rule)
    }

    pub(crate) fn query(name: &'static str, rule: &'static str) -> Self {
        Self::of("query parameter", name, rule)
    }

    pub(crate) fn header(name: &'static str, rule: &'static str) -> Self {
        Self::of("header parameter", name, rule)
    }

    #[cfg(feature = "multipart")]
    pub(crate) fn body(name: &'static str, rule: &'static str) -> Self {
        Self::of("body field", name, rule)
    }

    fn of(kind: &'static str, name: &'static str, rule: &'static str) -> Self {
        let part = Some(Part { kind, name });
        Self { part, rule }
    }
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Some(Part { kind, name }) => write!(f, "{kind} `{name}`")?,
            None => f.write_str("the request")?,
        }
        write!(f, " {}", self.rule)
    }
}

impl std::error::Error for InvalidRequest {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_sentence_of_a_part_and_a_rule() {
        let rule = "is empty";
        for (refused, field, sentence) in [
            (InvalidRequest::whole(rule), None, "the request is empty"),
            (
                InvalidRequest::path("a", rule),
                Some("a"),
                "path parameter `a` is empty",
            ),
            (
                InvalidRequest::query("b", rule),
                Some("b"),
                "query parameter `b` is empty",
            ),
            (
                InvalidRequest::header("C-D", rule),
                Some("C-D"),
                "header parameter `C-D` is empty",
            ),
            (
                InvalidRequest::of("body field", "e", rule),
                Some("e"),
                "body field `e` is empty",
            ),
        ] {
            assert_eq!((refused.field(), refused.rule()), (field, rule));
            assert_eq!(refused.to_string(), sentence);
            let error = crate::Error::<()>::from(refused);
            assert_eq!(error.to_string(), format!("invalid request: {sentence}"));
            assert!(error.status().is_none());
        }
    }
}
