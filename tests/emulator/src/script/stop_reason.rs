//! Why a turn ends, if a script says so.

/// Why a turn ends, for [`Act::stops`](crate::Act::stops).
///
/// These are the service's stop reasons, without the two that a script cannot bring about: `requires_approval`, which
/// a call has, and `cancelled`, which a caller asks for.
///
/// ```
/// use letta_api_emulator::StopReason;
///
/// assert_eq!(StopReason::MaxSteps.as_str(), "max_steps");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// `end_turn`: the agent has said what it had to say.
    EndTurn,
    /// `error`: something failed that is not the model. The run is `failed`.
    Error,
    /// `llm_api_error`: the model's provider failed. The run is `failed`.
    LlmApiError,
    /// `invalid_llm_response`: the model answered what cannot be used. The run is `failed`.
    InvalidLlmResponse,
    /// `invalid_tool_call`: the model called a tool in a way that cannot be carried out. The run is `failed`.
    InvalidToolCall,
    /// `max_steps`: the turn had as many steps as it may have. The run is `completed`.
    MaxSteps,
    /// `max_tokens_exceeded`: the model reached its limit of tokens. The run is `failed`.
    MaxTokensExceeded,
    /// `no_tool_call`: the model called no tool, and had to. The run is `failed`.
    NoToolCall,
    /// `tool_rule`: a tool was called that ends the turn. The run is `completed`.
    ToolRule,
    /// `insufficient_credits`: the account has no credits left. The run is `failed`.
    InsufficientCredits,
    /// `context_window_overflow_in_system_prompt`: the system prompt alone is too long. The run is `failed`.
    ContextWindowOverflowInSystemPrompt,
}

impl StopReason {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::EndTurn,
        Self::Error,
        Self::LlmApiError,
        Self::InvalidLlmResponse,
        Self::InvalidToolCall,
        Self::MaxSteps,
        Self::MaxTokensExceeded,
        Self::NoToolCall,
        Self::ToolRule,
        Self::InsufficientCredits,
        Self::ContextWindowOverflowInSystemPrompt,
    ];

    /// As the service writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EndTurn => "end_turn",
            Self::Error => "error",
            Self::LlmApiError => "llm_api_error",
            Self::InvalidLlmResponse => "invalid_llm_response",
            Self::InvalidToolCall => "invalid_tool_call",
            Self::MaxSteps => "max_steps",
            Self::MaxTokensExceeded => "max_tokens_exceeded",
            Self::NoToolCall => "no_tool_call",
            Self::ToolRule => "tool_rule",
            Self::InsufficientCredits => "insufficient_credits",
            Self::ContextWindowOverflowInSystemPrompt => "context_window_overflow_in_system_prompt",
        }
    }
}

#[cfg(test)]
mod tests {
    use letta_api::types::StopReasonType;

    use super::*;

    #[test]
    fn they_are_those_of_the_description_without_what_a_script_cannot_bring_about() {
        let described: Vec<&str> = StopReasonType::KNOWN
            .iter()
            .map(StopReasonType::as_str)
            .filter(|name| !["requires_approval", "cancelled"].contains(name))
            .collect();
        let ours: Vec<&str> = StopReason::ALL
            .iter()
            .map(|reason| reason.as_str())
            .collect();
        assert_eq!(ours, described);
    }
}
