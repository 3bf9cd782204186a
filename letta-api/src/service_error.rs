//! The error body of the service, in any form that it has.

use std::time::Duration;

use serde_json::Value;

use reason::Reason;

#[doc(hidden)]
pub mod reason;

/// What the service says of why it refused a request.
///
/// It is read from an error answer of any status, documented or not. The service has several forms of errors; the
/// methods here read all of them, and the forms of validation errors that web frameworks have. A body that is not JSON
/// says nothing here: all methods give `None` or are empty. Status, headers and the body as it came are those of the
/// answer, see [`ResponseValue`](crate::ResponseValue).
///
/// **What the service says may repeat what it was sent, keys and tokens included.** `Debug` and `Display` show none of
/// it. Do not log it as it is.
///
/// ```
/// use letta_api::{Error, ServiceError};
///
/// fn explain(error: &Error<ServiceError>) -> Option<&str> {
///     match error {
///         Error::ErrorResponse(answer) => answer.message(),
///         _ => None,
///     }
/// }
/// ```
#[derive(Clone, Default)]
pub struct ServiceError(Box<Said>);

#[derive(Clone, Default)]
struct Said {
    json: Value,
    message: Option<String>,
    fields: Vec<FieldError>,
}

/// What is wrong with a field of the request. `Debug` shows neither the field nor the text.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldError {
    /// The way to the field, its steps joined by dots, as in `body.policy.0.id`. Empty if the text names no field.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl ServiceError {
    /// The longest body that is read, in bytes: 256 KiB. JSON takes many times its length in memory. A longer body says nothing
    /// here, and is still part of the answer.
    pub const BODY_LIMIT: usize = 256 * 1024;

    /// Reads the body of an error answer. It cannot fail: a body that is not JSON says nothing.
    ///
    /// ```
    /// use letta_api::ServiceError;
    ///
    /// let error = ServiceError::read(br#"{"detail": {"code": "PENDING_APPROVAL", "message": "busy"}}"#);
    /// assert_eq!((error.code(), error.message()), (Some("PENDING_APPROVAL"), Some("busy")));
    /// assert_eq!(ServiceError::read(b"<html>").message(), None);
    /// ```
    pub fn read(body: &[u8]) -> Self {
        if body.len() > Self::BODY_LIMIT {
            return Self::default();
        }
        let text = String::from_utf8_lossy(body);
        let Ok(json) = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) else {
            return Self::default();
        };
        let reason = Reason::of(&json);
        let mut error = Self(Box::new(Said {
            json,
            message: reason.headline,
            fields: Vec::new(),
        }));
        // The reasons of a refusal about limits are about no field.
        let mut entries = reason.entries;
        entries.retain(|it| !it.field.is_empty() || !error.reasons().any(|text| text == it.text));
        let fields = entries.into_iter().map(|entry| FieldError {
            field: entry.field,
            message: entry.text,
        });
        error.0.fields = fields.collect();
        error
    }

    /// The text about the whole refusal. `None` if the body has none, as a list of [`fields`](Self::fields).
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// What the service calls the error, for programs: `code`, `errorCode`, or the `type` of an `error`. `None` if it gives it no name.
    pub fn code(&self) -> Option<&str> {
        let of_error = || self.0.json.get("error")?.get("type")?.as_str();
        let text = |name| self.member(name).and_then(Value::as_str);
        text("code").or_else(|| text("errorCode")).or_else(of_error)
    }

    /// More about the refusal, if the body has a `detail` besides the [`message`](Self::message).
    pub fn detail(&self) -> Option<&str> {
        let json = &self.0.json;
        let inner = json.get("error").and_then(|it| it.get("detail"));
        let detail = inner.or_else(|| json.get("detail"))?.as_str()?;
        (self.message() != Some(detail)).then_some(detail)
    }

    /// What is wrong with single fields of the request, at most 20 of them. Empty if the service names none.
    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// The ID under which the service has logged the request.
    pub fn trace_id(&self) -> Option<&str> {
        self.member("trace_id")?.as_str()
    }

    /// The limit that the account has reached. `None` if the service names none, or one that is no whole number.
    pub fn limit(&self) -> Option<u64> {
        self.member("limit")?.as_u64()
    }

    /// The reasons of a refusal about limits, such as `not-enough-credits`, in the service's order. Texts only.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        let listed = self.member("reasons").and_then(Value::as_array);
        listed.into_iter().flatten().filter_map(Value::as_str)
    }

    /// How long until the quota is renewed, which the service gives in milliseconds. `None` if it gives no such time.
    pub fn time_to_quota_reset(&self) -> Option<Duration> {
        let milliseconds = self.member("timeToQuotaResetMs")?.as_f64()?;
        Duration::try_from_secs_f64(milliseconds / 1_000.0).ok()
    }

    /// A member of the body by its name, or of the object that is its `detail` or `error`: `run_id` of a conflict, for
    /// example. `None` if there is no such member, or it is null.
    pub fn member(&self, name: &str) -> Option<&Value> {
        let top = self.0.json.as_object()?;
        let inner = ["detail", "error"].into_iter();
        let inner = inner.filter_map(|name| top.get(name)?.as_object());
        let holders = std::iter::once(top).chain(inner);
        let mut found = holders.filter_map(|members| members.get(name));
        found.find(|value| !value.is_null())
    }

    /// The body as JSON. Null if it is not JSON, or longer than [`BODY_LIMIT`](Self::BODY_LIMIT).
    pub fn json(&self) -> &Value {
        &self.0.json
    }
}

impl std::fmt::Display for ServiceError {
    /// Says that it is an error of the service, and nothing that the service said.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the service refused the request")
    }
}

impl std::fmt::Debug for ServiceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceError").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FieldError").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Read<'a> {
        message: Option<&'a str>,
        code: Option<&'a str>,
        detail: Option<&'a str>,
        trace_id: Option<&'a str>,
        fields: Vec<(&'a str, &'a str)>,
        limit: Option<u64>,
        reasons: Vec<&'a str>,
        reset: Option<Duration>,
    }

    impl<'a> Read<'a> {
        fn of(error: &'a ServiceError) -> Self {
            let fields = error.fields().iter();
            Self {
                message: error.message(),
                code: error.code(),
                detail: error.detail(),
                trace_id: error.trace_id(),
                fields: fields.map(|it| (&*it.field, &*it.message)).collect(),
                limit: error.limit(),
                reasons: error.reasons().collect(),
                reset: error.time_to_quota_reset(),
            }
        }
    }

    #[test]
    fn each_form_of_the_service_is_read() {
        let said = |message| Read {
            message: Some(message),
            ..Read::default()
        };
        for (body, expected) in [
            (r#"{"message":"is bad"}"#, said("is bad")),
            (r#"{"detail":"is bad"}"#, said("is bad")),
            (
                "\u{feff}{\"trace_id\":\"t-1\",\"detail\":\"is bad\",\"examples\":[{\"a\":1}]}",
                Read {
                    trace_id: Some("t-1"),
                    ..said("is bad")
                },
            ),
            (
                r#"{"detail":{"code":"PENDING_APPROVAL","message":"is busy","pending_request_id":"m-1"}}"#,
                Read {
                    code: Some("PENDING_APPROVAL"),
                    ..said("is busy")
                },
            ),
            (
                r#"{"errorCode":"offline","message":"is off"}"#,
                Read {
                    code: Some("offline"),
                    ..said("is off")
                },
            ),
            (
                r#"{"error":{"type":"llm_error","message":"is down","detail":"no host"}}"#,
                Read {
                    code: Some("llm_error"),
                    detail: Some("no host"),
                    ..said("is down")
                },
            ),
            (
                r#"{"error":"No credits left","reasons":["not-enough-credits",7],"timeToQuotaResetMs":1500,"limit":3}"#,
                Read {
                    reasons: vec!["not-enough-credits"],
                    reset: Some(Duration::from_millis(1500)),
                    limit: Some(3),
                    ..said("No credits left")
                },
            ),
            (
                r#"{"detail":[{"loc":["body","policy",0,"id"],"msg":"is missing","type":"missing"},{"loc":["body"],"msg":"is bad"}]}"#,
                Read {
                    fields: vec![("body.policy.0.id", "is missing"), ("body", "is bad")],
                    ..Read::default()
                },
            ),
            (
                r#"{"message":"Bad","errors":{"policy":{"id":["is missing"]}}}"#,
                Read {
                    fields: vec![("policy.id", "is missing")],
                    ..said("Bad")
                },
            ),
        ] {
            let error = ServiceError::read(body.as_bytes());
            assert_eq!(Read::of(&error), expected, "{body}");
        }
    }

    #[test]
    fn what_has_no_method_is_reached_by_its_name() {
        let body = r#"{"detail":{"pending_request_id":"m-1","code":null},"error":{"code":"c"},"run_id":"r-1"}"#;
        let error = ServiceError::read(body.as_bytes());
        let text = |name| error.member(name).and_then(Value::as_str);
        assert_eq!(text("run_id"), Some("r-1"));
        assert_eq!(text("pending_request_id"), Some("m-1"));
        assert_eq!(error.code(), Some("c"), "null is no code");
        assert_eq!(error.member("message"), None);
        assert!(error.json().is_object());
    }

    #[test]
    fn what_says_nothing_is_read_as_nothing() {
        let long = format!(
            r#"{{"message":"{}"}}"#,
            "x".repeat(ServiceError::BODY_LIMIT)
        );
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let odd_members = r#"{"message":7,"code":7,"trace_id":[],"limit":-1,"reasons":{},"timeToQuotaResetMs":-1,"error":{"type":{}}}"#;
        for body in [
            "",
            "null",
            "7",
            "[]",
            "<html>",
            "{\"mess",
            &long,
            &deep,
            odd_members,
        ] {
            let error = ServiceError::read(body.as_bytes());
            let start: String = body.chars().take(20).collect();
            assert_eq!(Read::of(&error), Read::default(), "{start}");
        }
        for milliseconds in ["1e300", "1e-300", "0"] {
            let body = format!(r#"{{"timeToQuotaResetMs":{milliseconds}}}"#);
            let reset = ServiceError::read(body.as_bytes()).time_to_quota_reset();
            assert_eq!(reset, (milliseconds != "1e300").then_some(Duration::ZERO));
        }
        assert_eq!(
            ServiceError::read(b"{\"message\":\"b\xffd\"}").message(),
            Some("b\u{fffd}d")
        );
    }

    #[test]
    fn of_many_fields_some_are_kept() {
        let entries: Vec<String> = (0..1_000)
            .map(|number| format!(r#"{{"loc":["f{number}"],"msg":"is bad"}}"#))
            .collect();
        let body = format!(r#"{{"detail":[{}]}}"#, entries.join(","));
        let error = ServiceError::read(body.as_bytes());
        assert_eq!(error.fields().len(), reason::MAX_ENTRIES);
        assert_eq!(error.fields()[0].field, "f0");
    }

    #[test]
    fn printing_shows_nothing_that_the_service_said() {
        let body = r#"{"message":"ck-let-0f3c","code":"ck-let-0f3c","trace_id":"ck-let-0f3c","errors":{"ck-let-0f3c":["ck-let-0f3c is bad"]}}"#;
        let error = ServiceError::read(body.as_bytes());
        assert_eq!(error.fields().len(), 1);
        let printed = format!("{error} {error:?} {error:#?} {:?}", error.fields());
        assert!(!printed.contains("0f3c"), "{printed}");
    }
}
