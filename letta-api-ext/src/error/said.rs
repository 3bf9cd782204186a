//! What the service said of an error, redacted, and what it means.

use letta_api::ServiceError;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::reason;
use super::redact;
use super::refusal::{Meaning, Words};

/// What the service said of an error. All texts are safe to print.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) message: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) reasons: Vec<String>,
    pub(crate) limit: Option<u64>,
    pub(crate) run_id: Option<String>,
    pub(crate) pending_request_id: Option<String>,
    pub(crate) meaning: Meaning,
}

/// An error event of a stream, as it came.
pub(crate) struct ErrorEvent<'a> {
    /// What the service calls the error, such as `llm_rate_limit`.
    pub(crate) error_type: &'a str,
    pub(crate) message: &'a str,
    pub(crate) detail: Option<&'a str>,
    pub(crate) run_id: Option<&'a str>,
}

impl Said {
    /// What the body of an error answer says. `None` if it says nothing.
    pub(crate) fn by_body(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[&str],
    ) -> Option<Box<Self>> {
        if body.is_empty() {
            return None;
        }
        let message = reason::of(headers, body, secrets);
        let error = ServiceError::read(body);
        if error.json().is_null() {
            let said = message.map(|text| Self {
                message: Some(text),
                ..Self::default()
            });
            return said.map(Box::new);
        }
        let words = Words::of(status, &error);
        Some(Box::new(Self::clean(
            &words,
            message,
            error.trace_id(),
            secrets,
        )))
    }

    /// What the body of an error answer means, without any of its texts. For an attempt that may be followed by another.
    pub(crate) fn meaning_of_body(status: StatusCode, body: &[u8]) -> Option<Box<Self>> {
        // Of other statuses, the status alone decides whether there is another attempt.
        if !matches!(status.as_u16(), 402 | 429) || body.is_empty() {
            return None;
        }
        let error = ServiceError::read(body);
        let meaning = Meaning::of(&Words::of(status, &error));
        (meaning != Meaning::default()).then(|| {
            Box::new(Self {
                meaning,
                ..Self::default()
            })
        })
    }

    pub(crate) fn by_event(event: &ErrorEvent<'_>, secrets: &[&str]) -> Box<Self> {
        let is_said = |text: &&str| !text.trim().is_empty();
        let words = Words {
            code: Some(event.error_type).filter(is_said),
            message: Some(event.message).filter(is_said),
            detail: event
                .detail
                .filter(|text| is_said(text) && *text != event.message),
            run_id: event.run_id.filter(is_said),
            ..Words::default()
        };
        let message = words.message.and_then(|text| redact::text(text, secrets));
        Box::new(Self::clean(&words, message, None, secrets))
    }

    /// `message` is redacted already.
    fn clean(
        words: &Words<'_>,
        message: Option<String>,
        trace_id: Option<&str>,
        secrets: &[&str],
    ) -> Self {
        let limit = words.limit;
        let meaning = Meaning::of(words);
        let run_id = words.run();
        let mut texts = vec![words.message, words.detail];
        texts.extend(words.reasons.iter().copied().map(Some));
        texts.extend([trace_id, run_id, words.pending_request_id]);
        let in_order = || texts.iter().copied().flatten();
        let with_code = words.code.into_iter().chain(in_order());
        if reason::is_over_several(in_order(), secrets)
            || reason::is_over_several(with_code, secrets)
        {
            return Self {
                limit,
                meaning,
                ..Self::default()
            };
        }
        let clean = |text: &str| redact::text(text, secrets);
        let reasons = words.reasons.iter().copied();
        Self {
            message,
            code: words.code.and_then(clean),
            detail: words.detail.and_then(clean),
            trace_id: trace_id.and_then(clean),
            reasons: reasons.filter_map(clean).collect(),
            limit,
            run_id: run_id.and_then(clean),
            pending_request_id: words.pending_request_id.and_then(clean),
            meaning,
        }
    }
}
