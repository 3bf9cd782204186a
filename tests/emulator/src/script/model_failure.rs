//! How the model behind an agent fails, and what the service makes of it.

use crate::script::stop_reason::StopReason;

/// How a model fails, for [`Act::model_fails`](crate::Act::model_fails).
///
/// The status is that of an answer in JSON. A stream is answered 200, and has the failure as an event.
///
/// ```
/// use letta_api_emulator::{Act, ModelFailure, Reply};
///
/// let before_the_first_token = Reply::from(Act::model_fails(ModelFailure::RateLimit));
/// let midway = Reply::from([Act::text("I was about to"), Act::model_fails(ModelFailure::Connection)]);
/// assert_ne!(before_the_first_token, midway);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModelFailure {
    /// Too many requests: 429, `llm_rate_limit`.
    RateLimit,
    /// The provider is overloaded: 500, `llm_error`.
    Overloaded,
    /// The provider failed: 500, `llm_error`.
    ServerError,
    /// The provider could not be reached, or closed the connection: 500, `llm_error`.
    Connection,
    /// The provider did not answer in time: 504, `llm_timeout`.
    Timeout,
    /// The provider does not know the key: 401, `llm_authentication`.
    Authentication,
    /// The account with the provider has no credits: 402, `llm_insufficient_credits`, and `llm_error` on a stream.
    InsufficientCredits,
    /// The provider refused the request: 400, `llm_bad_request`, and `llm_error` on a stream.
    BadRequest,
    /// The model answered nothing: 500, `llm_error`, and `llm_empty_response` on a stream.
    EmptyResponse,
}

/// The type and the message of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Explained {
    pub(crate) kind: &'static str,
    pub(crate) message: &'static str,
}

const ERROR: Explained = Explained {
    kind: "llm_error",
    message: "An error occurred with the LLM request.",
};

impl ModelFailure {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::RateLimit,
        Self::Overloaded,
        Self::ServerError,
        Self::Connection,
        Self::Timeout,
        Self::Authentication,
        Self::InsufficientCredits,
        Self::BadRequest,
        Self::EmptyResponse,
    ];

    /// As a script in a file has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimit => "rate_limit",
            Self::Overloaded => "overloaded",
            Self::ServerError => "server_error",
            Self::Connection => "connection",
            Self::Timeout => "timeout",
            Self::Authentication => "authentication",
            Self::InsufficientCredits => "insufficient_credits",
            Self::BadRequest => "bad_request",
            Self::EmptyResponse => "empty_response",
        }
    }

    /// The status of an answer in JSON.
    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::RateLimit => 429,
            Self::Timeout => 504,
            Self::Authentication => 401,
            Self::InsufficientCredits => 402,
            Self::BadRequest => 400,
            Self::Overloaded | Self::ServerError | Self::Connection | Self::EmptyResponse => 500,
        }
    }

    /// What an answer in JSON says.
    pub(crate) const fn in_json(self) -> Explained {
        match self {
            Self::InsufficientCredits => Explained {
                kind: "llm_insufficient_credits",
                message: "Insufficient credits for LLM request. Please check your account.",
            },
            Self::BadRequest => Explained {
                kind: "llm_bad_request",
                message: "The request to the LLM model provider was invalid.",
            },
            Self::EmptyResponse => ERROR,
            _ => self.at_once_in_stream(),
        }
    }

    /// What a stream says if nothing of the turn was sent before.
    pub(crate) const fn at_once_in_stream(self) -> Explained {
        match self {
            Self::RateLimit => Explained {
                kind: "llm_rate_limit",
                message: "Rate limit exceeded for LLM model provider. Please wait before making another request.",
            },
            Self::Timeout => Explained {
                kind: "llm_timeout",
                message: "The LLM request timed out. Please try again.",
            },
            Self::Authentication => Explained {
                kind: "llm_authentication",
                message: "Authentication failed with the LLM model provider.",
            },
            Self::EmptyResponse => Explained {
                kind: "llm_empty_response",
                message: "LLM returned an empty response.",
            },
            Self::Overloaded
            | Self::ServerError
            | Self::Connection
            | Self::InsufficientCredits
            | Self::BadRequest => ERROR,
        }
    }

    /// What a stream says if something of the turn was sent before. It is the same for all failures.
    pub(crate) const MIDWAY: Explained = Explained {
        kind: "internal_error",
        message: "An error occurred during agent execution.",
    };

    /// Why the turn stopped.
    pub(crate) const fn stop_reason(self) -> StopReason {
        match self {
            Self::EmptyResponse => StopReason::InvalidLlmResponse,
            _ => StopReason::LlmApiError,
        }
    }

    /// What the error has as `detail`, in any answer.
    pub(crate) const fn detail(self) -> &'static str {
        match self {
            Self::RateLimit => "RATE_LIMIT_EXCEEDED: a fault of letta-api-emulator's",
            Self::Timeout => "TIMEOUT: a fault of letta-api-emulator's",
            Self::Authentication => "UNAUTHENTICATED: a fault of letta-api-emulator's",
            Self::InsufficientCredits => "PAYMENT_REQUIRED: a fault of letta-api-emulator's",
            Self::BadRequest => "INVALID_ARGUMENT: a fault of letta-api-emulator's",
            Self::Overloaded | Self::ServerError | Self::Connection | Self::EmptyResponse => {
                "INTERNAL_SERVER_ERROR: a fault of letta-api-emulator's"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The statuses and types that the server's source has, and the messages of the captures of version 0.16.8.
    #[test]
    fn each_failure_is_told_as_the_server_tells_it() {
        use ModelFailure as F;
        for (failure, name, status, json, stream, stop) in [
            (
                F::RateLimit,
                "rate_limit",
                429,
                "llm_rate_limit",
                "llm_rate_limit",
                "llm_api_error",
            ),
            (
                F::Overloaded,
                "overloaded",
                500,
                "llm_error",
                "llm_error",
                "llm_api_error",
            ),
            (
                F::ServerError,
                "server_error",
                500,
                "llm_error",
                "llm_error",
                "llm_api_error",
            ),
            (
                F::Connection,
                "connection",
                500,
                "llm_error",
                "llm_error",
                "llm_api_error",
            ),
            (
                F::Timeout,
                "timeout",
                504,
                "llm_timeout",
                "llm_timeout",
                "llm_api_error",
            ),
            (
                F::Authentication,
                "authentication",
                401,
                "llm_authentication",
                "llm_authentication",
                "llm_api_error",
            ),
            (
                F::InsufficientCredits,
                "insufficient_credits",
                402,
                "llm_insufficient_credits",
                "llm_error",
                "llm_api_error",
            ),
            (
                F::BadRequest,
                "bad_request",
                400,
                "llm_bad_request",
                "llm_error",
                "llm_api_error",
            ),
            (
                F::EmptyResponse,
                "empty_response",
                500,
                "llm_error",
                "llm_empty_response",
                "invalid_llm_response",
            ),
        ] {
            assert_eq!(failure.as_str(), name);
            assert_eq!(failure.status(), status, "{name}");
            assert_eq!(failure.in_json().kind, json, "{name}");
            assert_eq!(failure.at_once_in_stream().kind, stream, "{name}");
            assert_eq!(failure.stop_reason().as_str(), stop, "{name}");
        }
        assert_eq!(F::ALL.len(), 9);
        assert_eq!(
            F::RateLimit.in_json().message,
            "Rate limit exceeded for LLM model provider. Please wait before making another request."
        );
        assert_eq!(
            F::ServerError.in_json().message,
            "An error occurred with the LLM request."
        );
        for failure in F::ALL {
            let (code, _) = failure.detail().split_once(": ").unwrap();
            assert!(
                code.bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
            );
        }
        assert_eq!(F::MIDWAY.kind, "internal_error");
    }
}
