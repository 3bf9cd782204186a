//! What a delete has done.

use letta_api::{Response, ResponseValue, ServiceError};
use reqwest::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer::{Answer, Known, undocumented};
use crate::error::{Error, Result};
use crate::transport::CallFacts;

/// The problem with an answer that came after a redirect to another path.
const ELSEWHERE: &str =
    "a redirect led to another path, so the answer does not say whether anything was deleted";

/// The answer to a delete. Either way, the service does not have it now.
///
/// A delete is repeated if its answer is lost. So a 404 of a later attempt counts as [`Deleted`](Self::Deleted).
///
/// A 404 or 410 counts only if the service itself says that it has no such thing: a JSON object with a `detail` or a `message`, and
/// nothing else, that names the kind or the ID of what was not found. For a tool of the service, a 400 of this form counts too. Any other
/// one is an [error](crate::Error::is_not_found): a wrong base URL must not look like a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deletion {
    /// It was deleted by this call.
    Deleted,
    /// It was not there: it was deleted before, or never existed, or this client may not see it.
    NotFound,
}

/// What was to be deleted.
pub(crate) struct Target<'a> {
    /// What the service calls it in a text for people: `Block`.
    pub(crate) kind: &'static str,
    pub(crate) id: &'a str,
}

impl Deletion {
    /// What the outcome of a delete says.
    pub(crate) fn of<T: DeserializeOwned>(
        outcome: Result<ResponseValue<T>, letta_api::Error<ServiceError>>,
        target: &Target<'_>,
    ) -> Result<Self> {
        Self::of_statuses(outcome, target, &[StatusCode::NOT_FOUND, StatusCode::GONE])
    }

    /// Like [`of`](Self::of), for a service that says with one of these statuses that something is missing.
    pub(crate) fn of_statuses<T: DeserializeOwned>(
        outcome: Result<ResponseValue<T>, letta_api::Error<ServiceError>>,
        target: &Target<'_>,
        missing: &[StatusCode],
    ) -> Result<Self> {
        match outcome {
            Ok(answer) if CallFacts::of(&answer).is_some_and(CallFacts::is_redirected) => {
                Err(Answer::from(answer).invalid(ELSEWHERE))
            }
            Ok(_) => Ok(Self::Deleted),
            Err(letta_api::Error::UnexpectedResponse(response))
                if response.status().is_success() =>
            {
                Self::undocumented(&response)
            }
            Err(letta_api::Error::ErrorResponse(answer)) => {
                match Self::gone(&answer, target, missing) {
                    Some(deletion) => Ok(deletion),
                    None => Err(letta_api::Error::ErrorResponse(answer).into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What a success says whose status is not documented. Only 204 says that something was deleted.
    fn undocumented(response: &Response) -> Result<Self> {
        let (status, headers) = (response.status(), response.headers());
        let facts = response.extension::<CallFacts>();
        if facts.is_some_and(CallFacts::is_redirected) {
            return Err(Known::of(facts, status, headers, |known| {
                Error::invalid_response(known.operation, status, headers, ELSEWHERE, known.secrets)
            }));
        }
        match status {
            StatusCode::NO_CONTENT => Ok(Self::Deleted),
            _ => Err(undocumented(response)),
        }
    }

    /// What the service itself says with one of these statuses. `None` for any other error.
    fn gone(
        answer: &ResponseValue<ServiceError>,
        target: &Target<'_>,
        missing: &[StatusCode],
    ) -> Option<Self> {
        let facts = answer.extension::<CallFacts>();
        let is_gone = missing.contains(&answer.status());
        let is_elsewhere = facts.is_some_and(CallFacts::is_redirected);
        if !is_gone || is_elsewhere || !target.is_said_missing(answer.body()) {
            return None;
        }
        Some(
            match facts.is_some_and(CallFacts::earlier_may_have_happened) {
                true => Self::Deleted,
                false => Self::NotFound,
            },
        )
    }
}

impl Target<'_> {
    /// Whether the body of an error is the service's own word that this does not exist. Routers and gateways answer in
    /// another form, or speak of the path.
    fn is_said_missing(&self, body: &[u8]) -> bool {
        let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
            return false;
        };
        let text = match members.iter().next() {
            Some((name, Value::String(text))) if matches!(&**name, "detail" | "message") => text,
            _ => return false,
        };
        let names_path = text.contains(&format!("/{}", self.id));
        let begins = text.get(..self.kind.len());
        let names_kind = begins.is_some_and(|start| start.eq_ignore_ascii_case(self.kind));
        let names_it = names_kind || text.contains(self.id);
        let is_missing = text.to_ascii_lowercase().contains("not found");
        members.len() == 1 && is_missing && names_it && !names_path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_services_own_word_says_that_something_is_missing() {
        let target = Target {
            kind: "Block",
            id: "block-1",
        };
        for (body, expected) in [
            (r#"{"detail":"Block with ID block-1 not found"}"#, true),
            (
                r#"{"detail":"Block not found with id='['block-1']', access"}"#,
                true,
            ),
            (r#"{"detail":"NOT_FOUND: no block-1: not found"}"#, true),
            (r#"{"message":"block not found"}"#, true),
            (
                r#"{"detail":"Passage with id block-1 not found in database."}"#,
                true,
            ),
            // The web framework and gateways, which say that of any path.
            (r#"{"detail":"Not Found"}"#, false),
            (r#"{"message":"Not Found"}"#, false),
            (r#"{"message":"no Route matched with those values"}"#, false),
            (
                r#"{"message":"Route DELETE:/v1/blocks/block-1 not found"}"#,
                false,
            ),
            (r#"{"message":"Cannot DELETE /v1/blocks/block-1"}"#, false),
            (r#"{"detail":"Block not found","path":"/v1"}"#, false),
            (r#"{"error":"Block not found"}"#, false),
            (r#"{"detail":{"message":"Block not found"}}"#, false),
            (r#"{"detail":"Agent not found"}"#, false),
            (r#"{"detail":"Block block-1 is locked"}"#, false),
            ("Block not found", false),
            ("{}", false),
            ("", false),
        ] {
            assert_eq!(target.is_said_missing(body.as_bytes()), expected, "{body}");
        }
    }
}
