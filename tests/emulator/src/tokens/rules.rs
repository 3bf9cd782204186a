//! How client-side tokens are treated if the service's guide and its published source differ.

use crate::http::refusal::Refusal;

/// How an emulator treats client-side tokens.
///
/// The service's guide and its source, as it was published in 2025, differ in some points. Nobody outside knows what the
/// service does today. [`strict`](Self::strict), the default, takes the stricter of the two in each point, and says why it
/// refuses a call. [`published_2025`](Self::published_2025) does what the source did. Code that works with both works
/// on the service, whichever it does.
///
/// Each difference is a switch, off in `strict` and on in `published_2025`:
///
/// ```
/// use letta_api_emulator::{Emulator, TokenRules};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let rules = TokenRules::strict().used_tokens_outlive_deletion(true);
/// let emulator = Emulator::builder().token_rules(rules).start().await?;
/// # Ok(())
/// # }
/// ```
///
/// Some things hold with all rules, because the source is stricter than the guide there, or the guide says nothing: every entry of a
/// policy must allow a call, so that a policy of two agents opens nothing; a `hostname` that ends with a slash is a 400;
/// deleting is a 204 for any token; lists have no order to rely on, and have expired tokens in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "rules do nothing until they are given to a builder"]
pub struct TokenRules {
    pub(crate) bare_refusals: bool,
    pub(crate) used_tokens_outlive_deletion: bool,
    pub(crate) lenient_expiry: bool,
    pub(crate) any_origin: bool,
    pub(crate) update_by_post: bool,
}

impl TokenRules {
    /// All switches off: the default.
    pub fn strict() -> Self {
        Self::default()
    }

    /// All switches on: as the service's source was in 2025.
    pub fn published_2025() -> Self {
        Self {
            bare_refusals: true,
            used_tokens_outlive_deletion: true,
            lenient_expiry: true,
            any_origin: true,
            update_by_post: true,
        }
    }

    /// Answers every refusal of a token alike: 401, and a `message` without a reason. A holder cannot tell a token that is
    /// unknown, expired or deleted from a call that its policy does not allow.
    ///
    /// Off: 401 if the token is unknown, expired or deleted, and else 403, each with the reason.
    pub fn bare_refusals(mut self, on: bool) -> Self {
        self.bare_refusals = on;
        self
    }

    /// Lets a token work after it was deleted, until it expires, if it was used before: shown in a call, even in one that was
    /// refused. The source kept used tokens in a
    /// cache that deleting did not clear.
    ///
    /// Off: a deleted token stops at once.
    pub fn used_tokens_outlive_deletion(mut self, on: bool) -> Self {
        self.used_tokens_outlive_deletion = on;
        self
    }

    /// Ignores an `expires_at` that cannot be parsed, and gives 5 minutes then. One in the past makes a token that has
    /// expired.
    ///
    /// Off: both are a 400.
    pub fn lenient_expiry(mut self, on: bool) -> Self {
        self.lenient_expiry = on;
        self
    }

    /// Compares the `Origin` of a request with nothing. CORS headers then name the token's `hostname`, and are those of the
    /// source: with credentials, for 86,400 seconds, and without `PATCH`.
    ///
    /// Off: a request must have the `Origin` of the token's hostname.
    pub fn any_origin(mut self, on: bool) -> Self {
        self.any_origin = on;
        self
    }

    /// Opens `POST /v1/agents/{id}` by `write_agent`, which is not an operation of the service, and not `PATCH`, which is one. So a
    /// token cannot change an agent.
    ///
    /// Off: `write_agent` opens `PATCH`.
    pub fn update_by_post(mut self, on: bool) -> Self {
        self.update_by_post = on;
        self
    }

    /// A refusal of whoever did not show the API key, as the rules want it.
    pub(crate) fn refuse(self, refusal: Refusal) -> Refusal {
        match self.bare_refusals {
            true => Refusal::unauthorized("Unauthorized"),
            false => refusal,
        }
    }
}
