//! What an operation is called and how it behaves, apart from any one call of it.

/// An operation of the API: its name, method and path template, and what a
/// [`Transport`](crate::Transport) may need to know of it.
///
/// The constants in [`operations`](crate::operations) are generated from the description. All of it
/// is safe to log, and fit for metric labels: a template holds no IDs and no secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Operation {
    /// The operation's name, as the method on [`Client`](crate::Client) is called.
    pub id: &'static str,
    /// The HTTP method, in capitals.
    pub method: &'static str,
    /// The path with its parameters in braces, as in `/v1/agents/{agent_id}`.
    pub path_template: &'static str,
    /// Whether a call whose outcome is unknown may be sent again without harm, as when the connection
    /// broke after it was sent. The meaning of the operation decides, not its HTTP method; the overlay
    /// of the description says so for each.
    pub safe_to_repeat: bool,
    /// Whether a success's body is handed over as a stream, not read whole.
    pub streams: bool,
}

impl std::fmt::Display for Operation {
    /// Writes the [`id`](Self::id).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

#[cfg(test)]
mod tests {
    use crate::operations;

    #[cfg(feature = "client-side-access-tokens")]
    #[test]
    fn a_call_that_creates_is_not_safe_to_repeat_and_all_others_are() {
        let unsafe_to_repeat: Vec<&str> = operations::ALL
            .iter()
            .filter(|operation| !operation.safe_to_repeat)
            .map(|operation| operation.id)
            .collect();
        assert_eq!(unsafe_to_repeat, ["create_client_side_access_token"]);
    }

    #[test]
    fn no_token_is_handed_over_as_a_stream() {
        assert!(operations::ALL.iter().all(|operation| !operation.streams));
    }
}
