//! What an operation is called, apart from any one call of it.

/// An operation of the API: its name, method and path template.
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
}

impl Operation {
    pub(crate) const fn new(
        id: &'static str,
        method: &'static str,
        path_template: &'static str,
    ) -> Self {
        Self {
            id,
            method,
            path_template,
        }
    }
}

impl std::fmt::Display for Operation {
    /// Writes the [`id`](Self::id).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}
