//! Why a request begins no turn, and how that is told.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::http::refusal::Refusal;

const NONE_PENDING: &str = "Cannot process approval response: No tool call is currently awaiting approval. \
     Please send a regular message to interact with the agent.";

const PENDING: &str = "CONFLICT: Cannot send a new message: The agent is waiting for approval on a tool call. \
     Please approve or deny the pending request before continuing.";

/// Why there is no turn.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The agent waits for an answer.
    Pending { request: String },
    /// The answer is not one.
    BadAnswer(String),
    /// A denial in the old form: the server says nothing, and does nothing.
    OldDenial,
}

impl Trouble {
    pub(crate) fn none_pending() -> Self {
        Self::BadAnswer(NONE_PENDING.to_owned())
    }

    /// The answer does not name exactly the calls that wait.
    pub(crate) fn wrong_calls<'a>(
        expected: impl Iterator<Item = &'a str>,
        received: impl Iterator<Item = &'a str>,
    ) -> Self {
        Self::BadAnswer(invalid_ids(expected, received))
    }

    /// As the answer of a status. What the agent's own path says has more than what a conversation's says.
    pub(crate) fn into_refusal(self, of_agent: bool) -> Refusal {
        match self {
            Self::Pending { request } if of_agent => Refusal::whole(
                StatusCode::CONFLICT,
                PENDING,
                json!({"detail": {
                    "code": "PENDING_APPROVAL",
                    "message": PENDING,
                    "pending_request_id": request,
                }}),
            ),
            Self::Pending { .. } => Refusal::detail(StatusCode::CONFLICT, PENDING),
            Self::BadAnswer(detail) => Refusal::detail(StatusCode::BAD_REQUEST, detail),
            Self::OldDenial => Refusal::detail(StatusCode::BAD_REQUEST, NONE_PENDING),
        }
    }

    /// As the error of a stream: its message and its detail.
    pub(crate) fn told(&self) -> (&str, &str) {
        match self {
            Self::Pending { .. } => (PENDING, PENDING),
            Self::BadAnswer(detail) => (
                "An unknown error occurred with the LLM streaming request.",
                detail,
            ),
            Self::OldDenial => (NONE_PENDING, NONE_PENDING),
        }
    }
}

fn invalid_ids<'a>(
    expected: impl Iterator<Item = &'a str>,
    received: impl Iterator<Item = &'a str>,
) -> String {
    // As Python writes lists of texts. IDs of calls have no quotes in them.
    let list = |ids: Vec<&str>| format!("['{}']", ids.join("', '"));
    let received: Vec<&str> = received.collect();
    let received = match received.is_empty() {
        true => "[]".to_owned(),
        false => list(received),
    };
    format!(
        "Invalid tool call IDs. Expected '{}', but received '{received}'.",
        list(expected.collect())
    )
}

/// The JSON that answers a denial in the old form.
pub(crate) fn old_denial() -> Value {
    json!({
        "messages": [],
        "stop_reason": {"message_type": "stop_reason", "stop_reason": "invalid_tool_call"},
        "usage": {
            "message_type": "usage_statistics",
            "completion_tokens": 0,
            "prompt_tokens": 0,
            "total_tokens": 0,
            "step_count": 0,
            "run_ids": null,
            "cached_input_tokens": null,
            "cache_write_tokens": null,
            "reasoning_tokens": null,
            "context_tokens": null,
        },
        "logprobs": null,
        "turns": null,
    })
}
