//! Operations: their names, and how they behave.

/// An operation of the API: its name, method and path template, and what a
/// [`Transport`](crate::Transport) may need to know of it.
///
/// The constants in [`operations`](crate::operations) are generated from the description. All fields are safe to log and
/// to use as labels of metrics: a path template holds no IDs and no secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Operation {
    /// The operation's name, which is the name of the method on [`Client`](crate::Client).
    pub id: &'static str,
    /// The HTTP method, in capitals.
    pub method: &'static str,
    /// The path with its parameters in braces, as in `/v1/agents/{agent_id}`.
    pub path_template: &'static str,
    /// Whether a call may be sent again if its outcome is unknown, for instance because the connection broke. What the
    /// operation does decides this, not its HTTP method. The overlay of the description marks each operation.
    pub safe_to_repeat: bool,
    /// Whether the body of a success is handed over as a stream, and not read whole.
    pub streams: bool,
}

impl Operation {
    /// An operation that the description does not have, for [`Client::execute`](crate::Client::execute). It is not safe
    /// to repeat, and its body is read whole.
    ///
    /// The `method` is in capitals. The `path_template` has its parameters in braces: it is written to logs and
    /// metrics, and a path itself may hold a secret.
    ///
    /// ```
    /// use letta_api::Operation;
    ///
    /// static LIST_TOOLS: Operation = Operation::new("list_tools", "GET", "/v1/tools/").with_safe_to_repeat(true);
    /// assert!(LIST_TOOLS.safe_to_repeat && !LIST_TOOLS.streams);
    /// ```
    pub const fn new(id: &'static str, method: &'static str, path_template: &'static str) -> Self {
        Self {
            id,
            method,
            path_template,
            safe_to_repeat: false,
            streams: false,
        }
    }

    /// The same operation with another [`safe_to_repeat`](Self::safe_to_repeat).
    #[must_use]
    pub const fn with_safe_to_repeat(mut self, safe_to_repeat: bool) -> Self {
        self.safe_to_repeat = safe_to_repeat;
        self
    }

    /// The same operation with another [`streams`](Self::streams).
    #[must_use]
    pub const fn with_streams(mut self, streams: bool) -> Self {
        self.streams = streams;
        self
    }
}

impl std::fmt::Display for Operation {
    /// Writes the [`id`](Self::id).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::Operation;
    use crate::operations;

    #[test]
    fn an_operation_is_made_by_hand_as_the_generated_ones_are() {
        const MADE: Operation = Operation::new("get_it", "GET", "/v1/it/{id}");
        let literal = Operation {
            id: "get_it",
            method: "GET",
            path_template: "/v1/it/{id}",
            safe_to_repeat: false,
            streams: false,
        };
        assert_eq!(MADE, literal);
        for flag in [true, false] {
            let repeatable = MADE.with_safe_to_repeat(flag);
            assert_eq!(
                (repeatable.safe_to_repeat, repeatable.streams),
                (flag, false)
            );
            let streaming = MADE.with_streams(flag);
            assert_eq!((streaming.safe_to_repeat, streaming.streams), (false, flag));
        }
        assert_eq!(MADE.to_string(), "get_it");
    }

    #[cfg(feature = "client-side-access-tokens")]
    #[test]
    fn a_call_that_creates_is_not_safe_to_repeat_and_all_others_are() {
        let unsafe_to_repeat: Vec<&str> = operations::ALL
            .iter()
            .filter(|operation| operation.id.contains("client_side_access_token"))
            .filter(|operation| !operation.safe_to_repeat)
            .map(|operation| operation.id)
            .collect();
        assert_eq!(unsafe_to_repeat, ["create_client_side_access_token"]);
    }

    #[test]
    fn no_token_is_handed_over_as_a_stream() {
        let mut tokens = operations::ALL.iter();
        assert!(tokens.all(|it| !it.streams || !it.id.contains("client_side_access_token")));
    }

    /// A create, a message, what a tool does, and what would take away more than the first call did.
    #[cfg(feature = "full")]
    #[test]
    fn what_must_not_be_done_twice_is_not_safe_to_repeat_and_all_else_is() {
        let mut unsafe_to_repeat: Vec<&str> = operations::ALL
            .iter()
            .filter(|operation| !operation.safe_to_repeat)
            .map(|operation| operation.id)
            .collect();
        unsafe_to_repeat.sort_unstable();
        assert_eq!(
            unsafe_to_repeat,
            [
                "cancel_conversation",
                "cancel_runs",
                "compact_conversation",
                "compact_messages",
                "create_agent",
                "create_agent_passage",
                "create_agents_from_template",
                "create_archive",
                "create_archive_passage",
                "create_archive_passages",
                "create_block",
                "create_client_side_access_token",
                "create_conversation",
                "create_folder",
                "create_mcp_server",
                "create_template",
                "create_tool",
                "fork_conversation",
                "import_agent",
                "reset_messages",
                "run_agent_tool",
                "run_mcp_server_tool",
                "save_template",
                "schedule_message",
                "send_conversation_message",
                "send_conversation_message_stream",
                "send_message",
                "send_message_stream",
                "send_to_environment",
                "start_run",
                "stream_message",
                "update_template",
                "upload_file",
            ]
        );
    }

    #[cfg(feature = "full")]
    #[test]
    fn turns_and_what_resumes_them_are_streams() {
        let mut streams: Vec<&str> = operations::ALL
            .iter()
            .filter(|operation| operation.streams)
            .map(|operation| operation.id)
            .collect();
        streams.sort_unstable();
        assert_eq!(
            streams,
            [
                "resume_conversation_stream",
                "resume_run_stream",
                "send_conversation_message_stream",
                "send_message_stream",
                "stream_message",
            ]
        );
    }
}
