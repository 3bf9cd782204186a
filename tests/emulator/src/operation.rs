//! What can be asked of the service.

use std::fmt;
use std::io;
use std::str::FromStr;

use letta_api::types::AccessRight;

/// An operation that the emulator carries out.
///
/// It is written as the service's own description names it, and as the generated client calls its
/// method, if it has one: `send_message`, for example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Operation {
    /// `POST /v1/client-side-access-tokens`
    CreateToken,
    /// `GET /v1/client-side-access-tokens`
    ListTokens,
    /// `DELETE /v1/client-side-access-tokens/{token}`
    DeleteToken,
    /// `POST /v1/agents/`
    CreateAgent,
    /// `GET /v1/agents/`
    ListAgents,
    /// `GET /v1/agents/{agent_id}`
    RetrieveAgent,
    /// `PATCH /v1/agents/{agent_id}`
    ModifyAgent,
    /// `GET /v1/agents/{agent_id}/messages`
    ListMessages,
    /// `POST /v1/agents/{agent_id}/messages`
    SendMessage,
    /// `POST /v1/agents/{agent_id}/messages/stream`
    StreamMessage,
}

impl Operation {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::CreateToken,
        Self::ListTokens,
        Self::DeleteToken,
        Self::CreateAgent,
        Self::ListAgents,
        Self::RetrieveAgent,
        Self::ModifyAgent,
        Self::ListMessages,
        Self::SendMessage,
        Self::StreamMessage,
    ];

    /// The name, as in `send_message`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateToken => "create_client_side_access_token",
            Self::ListTokens => "list_client_side_access_tokens",
            Self::DeleteToken => "delete_client_side_access_token",
            Self::CreateAgent => "create_agent",
            Self::ListAgents => "list_agents",
            Self::RetrieveAgent => "retrieve_agent",
            Self::ModifyAgent => "modify_agent",
            Self::ListMessages => "list_messages",
            Self::SendMessage => "send_message",
            Self::StreamMessage => "create_agent_message_stream",
        }
    }

    /// The right on the agent that a client-side token needs. `None` if no token may do it.
    #[must_use]
    pub fn right(self) -> Option<AccessRight> {
        match self {
            Self::CreateToken
            | Self::ListTokens
            | Self::DeleteToken
            | Self::CreateAgent
            | Self::ListAgents => None,
            Self::RetrieveAgent => Some(AccessRight::ReadAgent),
            Self::ModifyAgent => Some(AccessRight::WriteAgent),
            Self::ListMessages => Some(AccessRight::ReadMessages),
            Self::SendMessage | Self::StreamMessage => Some(AccessRight::WriteMessages),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Operation {
    type Err = io::Error;

    /// Reads the name.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput), with the operations that exist.
    fn from_str(text: &str) -> io::Result<Self> {
        let found = Self::ALL
            .iter()
            .find(|operation| operation.as_str() == text);
        found.copied().ok_or_else(|| {
            let names: Vec<_> = Self::ALL
                .iter()
                .map(|operation| operation.as_str())
                .collect();
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "`{text}` is not an operation; use one of {}",
                    names.join(", ")
                ),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_an_odd_one_gets_the_list() {
        for operation in Operation::ALL {
            assert_eq!(operation.as_str().parse::<Operation>().unwrap(), *operation);
        }
        let error = "mint".parse::<Operation>().unwrap_err().to_string();
        assert!(
            error.contains("`mint`") && error.contains("send_message"),
            "{error}"
        );
    }

    #[test]
    fn token_operations_are_named_as_the_generated_client_names_them() {
        let generated: Vec<_> = letta_api::operations::ALL.iter().map(|o| o.id).collect();
        for operation in Operation::ALL {
            if operation.as_str().contains("token") {
                assert!(generated.contains(&operation.as_str()), "{operation}");
            }
        }
    }
}
