//! What a refusal means: a conflict, a limit, a failure of the model. Nothing else in the crate compares the service's
//! codes, reasons and texts.
//!
//! In goes what an error body or an error event says. Out comes a [`Meaning`], which has no text and so no secret. Bodies and
//! events are read by the same rules, since the service writes the same texts in both.

use std::time::Duration;

use letta_api::ServiceError;
use reqwest::StatusCode;
use serde_json::Value;

/// The reasons that another attempt cannot change.
const FUTILE: [&str; 8] = [
    AGENTS_LIMIT,
    "free-usage-exceeded",
    "premium-usage-exceeded",
    "standard-usage-exceeded",
    "basic-usage-exceeded",
    NO_CREDITS,
    "byok-not-available-on-free-tier",
    "model-unknown",
];

const AGENTS_LIMIT: &str = "agents-limit-exceeded";
const NO_CREDITS: &str = "not-enough-credits";
/// It passes after the time that the body names.
const QUOTA: &str = "exceeded-quota";

/// How many reasons of a body are compared.
const MOST_REASONS: usize = 20;

/// What an error body or an error event says, as it came.
#[derive(Default)]
pub(crate) struct Words<'a> {
    /// `None` for an event.
    pub(crate) status: Option<StatusCode>,
    pub(crate) code: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
    pub(crate) detail: Option<&'a str>,
    pub(crate) reasons: Vec<&'a str>,
    pub(crate) limit: Option<u64>,
    pub(crate) time_to_reset: Option<Duration>,
    pub(crate) run_id: Option<&'a str>,
    pub(crate) pending_request_id: Option<&'a str>,
}

impl<'a> Words<'a> {
    pub(crate) fn of(status: StatusCode, error: &'a ServiceError) -> Self {
        let text = |name| error.member(name).and_then(Value::as_str).filter(is_said);
        Self {
            status: Some(status),
            code: error.code().filter(is_said),
            message: error.message(),
            detail: error.detail(),
            reasons: error.reasons().take(MOST_REASONS).collect(),
            limit: error.limit(),
            time_to_reset: error.time_to_quota_reset().filter(|it| !it.is_zero()),
            run_id: text("run_id"),
            pending_request_id: text("pending_request_id"),
        }
    }

    /// The run that the error names, in a member of its own or within its text.
    pub(crate) fn run(&self) -> Option<&'a str> {
        self.run_id.or_else(|| {
            let texts = [self.message, self.detail];
            texts.into_iter().flatten().find_map(run_in)
        })
    }
}

fn is_said(text: &&str) -> bool {
    !text.trim().is_empty()
}

/// The run in a text such as `Another request (run_id=run-1) is …`.
fn run_in(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("run_id=")?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    let id = &rest[..end.unwrap_or(rest.len())];
    id.starts_with("run-").then_some(id)
}

/// What a refusal means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Meaning {
    pub(crate) class: Option<Class>,
    /// Another attempt would be refused as well, however long it waits.
    pub(crate) is_futile: bool,
    /// The account's quota is used up, and is renewed some time.
    pub(crate) is_quota: bool,
    /// The model failed, so the agent had begun to work.
    pub(crate) is_of_model: bool,
    /// How long the account must wait.
    pub(crate) wait: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Another turn runs in the conversation.
    Busy,
    /// The agent waits for an approval.
    PendingApproval,
    OutOfCredits,
    /// A limit of the account is reached.
    QuotaExceeded,
    /// The model's provider had too many calls.
    RateLimited,
    /// The model failed in a way that may pass.
    ModelFailed,
}

impl Meaning {
    pub(crate) fn of(words: &Words<'_>) -> Self {
        let code = words.code.map(to_kebab).unwrap_or_default();
        let reasons: Vec<String> = words.reasons.iter().copied().map(to_kebab).collect();
        let has = |known: &str| code == known || reasons.iter().any(|it| it == known);
        let is_futile = FUTILE.into_iter().any(has);
        let is_out_of_credits = has(NO_CREDITS)
            || matches!(&*code, "insufficient-credits" | "llm-insufficient-credits");
        let is_quota = has(QUOTA);
        let is_limit = is_quota
            || has(AGENTS_LIMIT)
            || FUTILE.into_iter().any(|it| it.ends_with("-usage-exceeded") && has(it))
            // With 429, it may be how many calls are allowed a minute.
            || (words.limit.is_some() && words.status == Some(StatusCode::PAYMENT_REQUIRED));
        let class = if words.is_pending(&code) {
            Some(Class::PendingApproval)
        } else if words.is_busy(&code) {
            Some(Class::Busy)
        } else if is_out_of_credits {
            Some(Class::OutOfCredits)
        } else if is_limit {
            Some(Class::QuotaExceeded)
        } else {
            match &*code {
                "llm-rate-limit" => Some(Class::RateLimited),
                "llm-timeout" | "llm-empty-response" | "llm-error" | "stream-incomplete" => {
                    Some(Class::ModelFailed)
                }
                _ => None,
            }
        };
        Self {
            class,
            is_futile: is_futile || is_out_of_credits,
            is_quota: is_quota && !is_futile && !is_out_of_credits,
            is_of_model: code.starts_with("llm-"),
            wait: words.time_to_reset.filter(|_| is_quota),
        }
    }
}

impl Words<'_> {
    /// Whether it is an event, or an answer with status 409.
    fn may_be_conflict(&self) -> bool {
        self.status.is_none_or(|it| it == StatusCode::CONFLICT)
    }

    fn is_pending(&self, code: &str) -> bool {
        if !self.may_be_conflict() {
            return false;
        }
        match code {
            "pending-approval" => true,
            // The type of an event says less than its text.
            _ if self.is_without_own_code(code) => {
                self.pending_request_id.is_some() || self.says("waiting for approval")
            }
            _ => false,
        }
    }

    fn is_busy(&self, code: &str) -> bool {
        if !self.may_be_conflict() {
            return false;
        }
        let names_a_run = || self.status.is_some() && self.run_id.is_some();
        match code {
            "conversation-busy" => true,
            _ if self.is_without_own_code(code) => {
                names_a_run() || self.says("is currently being processed")
            }
            _ => false,
        }
    }

    /// Whether the code names nothing more than a conflict, or a failure of any kind. Another code is another error.
    fn is_without_own_code(&self, code: &str) -> bool {
        matches!(code, "" | "conflict")
            || (self.status.is_none() && matches!(code, "internal-error" | "error"))
    }

    /// Whether the service's text about a conflict has these words. A text that merely quotes them, such as the name of a
    /// block, does not begin so.
    fn says(&self, words: &str) -> bool {
        let mut texts = [self.message, self.detail].into_iter().flatten();
        texts.any(|text| {
            let text = text.trim_start().to_ascii_lowercase();
            let is_conflict =
                text.starts_with("conflict:") || text.starts_with("cannot send a new message");
            (is_conflict || self.status.is_none()) && text.contains(words)
        })
    }
}

/// The service writes its codes in several ways: `PENDING_APPROVAL`, `not-enough-credits`.
fn to_kebab(code: &str) -> String {
    // All known codes are shorter.
    let signs = code.trim().chars().take(64);
    signs
        .map(|c| {
            if c == '_' {
                '-'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PENDING: &str = "CONFLICT: Cannot send a new message: The agent is waiting for approval on a tool call. Please approve or deny the pending request before continuing.";
    const BUSY: &str = "CONFLICT: Cannot send a new message: Another request (run_id=run-afc6ea6d-fe7a-4cb7-8fcc-e6d8fdf1ab8c) is currently being processed for this conversation. Please wait for it to complete.";

    fn of_body(status: u16, body: &str) -> Meaning {
        let status = StatusCode::from_u16(status).unwrap();
        let error = ServiceError::read(body.as_bytes());
        Meaning::of(&Words::of(status, &error))
    }

    fn of_event(error_type: &str, message: &str, detail: Option<&str>) -> Meaning {
        Meaning::of(&Words {
            code: Some(error_type),
            message: Some(message),
            detail,
            ..Words::default()
        })
    }

    #[test]
    fn two_conflicts_of_one_shape_are_told_apart_and_an_unrelated_one_is_neither() {
        let text = |text: &str| serde_json::json!({ "detail": text }).to_string();
        let busy = serde_json::json!({ "detail": BUSY, "run_id": "run-1" }).to_string();
        let coded = |code: &str| {
            serde_json::json!({"detail": {"code": code, "message": PENDING, "pending_request_id": "message-1"}})
                .to_string()
        };
        let (is_busy, is_pending) = (Some(Class::Busy), Some(Class::PendingApproval));
        for (body, class) in [
            (text(PENDING), is_pending),
            (coded("PENDING_APPROVAL"), is_pending),
            (text(BUSY), is_busy),
            (busy, is_busy),
            // Without the run, as the server writes it if it does not know it.
            (
                text(
                    "CONFLICT: Cannot send a new message: Another request is currently being processed for this conversation.",
                ),
                is_busy,
            ),
            (
                r#"{"error_code":"x","detail":{"code":"CONVERSATION_BUSY"}}"#.to_owned(),
                is_busy,
            ),
            (r#"{"detail":"Later","run_id":"run-1"}"#.to_owned(), is_busy),
            // Another code is another error, whatever else it has.
            (coded("BLOCK_LABEL_TAKEN"), None),
            (
                r#"{"detail":{"code":"RUN_ENDED","run_id":"run-1"}}"#.to_owned(),
                None,
            ),
            (text("CONFLICT: No active runs to cancel"), None),
            (text("The block 'waiting for approval' exists"), None),
            (
                text("A report that is currently being processed has this name"),
                None,
            ),
            (
                r#"{"detail":"Taken","run_id":null,"pending_request_id":""}"#.to_owned(),
                None,
            ),
            (r#"{"detail":"Taken","run_id":7}"#.to_owned(), None),
            (String::new(), None),
            ("<html>".to_owned(), None),
        ] {
            assert_eq!(of_body(409, &body).class, class, "{body}");
            assert!(!of_body(409, &body).is_futile, "{body}");
            assert_eq!(of_body(400, &body).class, None, "{body}");
            assert_eq!(of_body(500, &body).class, None, "{body}");
        }
    }

    #[test]
    fn events_are_read_by_the_same_rules() {
        for (error_type, message, detail, class) in [
            (
                "internal_error",
                PENDING,
                Some(PENDING),
                Some(Class::PendingApproval),
            ),
            (
                "internal_error",
                "An error occurred",
                Some(PENDING),
                Some(Class::PendingApproval),
            ),
            (
                "internal_error",
                "the agent is WAITING FOR APPROVAL",
                None,
                Some(Class::PendingApproval),
            ),
            ("PENDING_APPROVAL", "", None, Some(Class::PendingApproval)),
            ("internal_error", BUSY, None, Some(Class::Busy)),
            ("internal_error", "An error occurred", None, None),
            (
                "llm_rate_limit",
                "Slow down",
                None,
                Some(Class::RateLimited),
            ),
            ("llm_rate_limit", PENDING, None, Some(Class::RateLimited)),
            ("llm_timeout", "", None, Some(Class::ModelFailed)),
            ("llm_authentication", "", None, None),
            ("insufficient_credits", "", None, Some(Class::OutOfCredits)),
            (
                "llm_insufficient_credits",
                "",
                None,
                Some(Class::OutOfCredits),
            ),
        ] {
            let meaning = of_event(error_type, message, detail);
            assert_eq!(meaning.class, class, "{error_type}: {message}");
            assert_eq!(meaning.is_of_model, error_type.starts_with("llm_"));
        }
    }

    #[test]
    fn the_reasons_of_limits_say_whether_waiting_helps() {
        let (credits, quota) = (Some(Class::OutOfCredits), Some(Class::QuotaExceeded));
        for (reason, class) in [
            ("agents-limit-exceeded", quota),
            ("free-usage-exceeded", quota),
            ("premium-usage-exceeded", quota),
            ("standard-usage-exceeded", quota),
            ("basic-usage-exceeded", quota),
            ("not-enough-credits", credits),
            ("NOT_ENOUGH_CREDITS", credits),
            ("byok-not-available-on-free-tier", None),
            ("model-unknown", None),
        ] {
            for status in [402, 429] {
                let body = format!(r#"{{"error":"No","reasons":["new-reason","{reason}"]}}"#);
                let meaning = of_body(status, &body);
                assert_eq!((meaning.class, meaning.is_futile), (class, true), "{body}");
                // Even if the quota would be renewed.
                let body = format!(
                    r#"{{"error":"No","reasons":["exceeded-quota","{reason}"],"timeToQuotaResetMs":5}}"#
                );
                let meaning = of_body(status, &body);
                assert!(meaning.is_futile && !meaning.is_quota, "{body}");
            }
        }
        let renewed = of_body(
            429,
            r#"{"reasons":["exceeded-quota"],"timeToQuotaResetMs":1500}"#,
        );
        assert_eq!(renewed.wait, Some(Duration::from_millis(1500)));
        assert!(renewed.is_quota && !renewed.is_futile);
        assert_eq!(renewed.class, quota);
        let reached = r#"{"error":"You have reached your limit for agents","limit":3}"#;
        assert_eq!(of_body(402, reached).class, quota);
        // So many calls a minute, perhaps.
        assert_eq!(of_body(429, reached), Meaning::default());
        assert_eq!(
            of_body(429, r#"{"reasons":["new-reason"]}"#),
            Meaning::default()
        );
        assert_eq!(
            of_body(429, r#"{"reasons":"exceeded-quota"}"#),
            Meaning::default()
        );
    }

    #[test]
    fn a_run_is_found_in_its_member_or_in_the_text() {
        let run = |body: &str| {
            let error = ServiceError::read(body.as_bytes());
            Words::of(StatusCode::CONFLICT, &error)
                .run()
                .map(str::to_owned)
        };
        let in_text = serde_json::json!({ "detail": BUSY }).to_string();
        assert_eq!(
            run(&in_text).unwrap(),
            "run-afc6ea6d-fe7a-4cb7-8fcc-e6d8fdf1ab8c"
        );
        assert_eq!(
            run(r#"{"detail":"run_id=run-1","run_id":"run-2"}"#).unwrap(),
            "run-2"
        );
        assert_eq!(
            run(r#"{"detail":"at the end run_id=run-1"}"#).unwrap(),
            "run-1"
        );
        for none in [
            r#"{"detail":"run_id="}"#,
            r#"{"detail":"run_id=None)"}"#,
            "{}",
        ] {
            assert_eq!(run(none), None, "{none}");
        }
    }
}
