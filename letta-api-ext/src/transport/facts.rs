//! What is known about a call besides its answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use letta_api::{Operation, ResponseValue, Secret};
use reqwest::header::HeaderMap;
use url::Url;

use super::headers::OwnHeaders;
use crate::error::attempts::Attempts;
use crate::error::wiped_url::WipedUrl;
use crate::error::{secrets_in_body, secrets_in_url};
use crate::time::clock::Instant;
use crate::time::service_clock::ServiceDate;

/// What is known about a call besides its answer: how often it was sent, when, and where the answer came from.
///
/// Every answer to a call of [`Letta::api`](crate::Letta::api) has it, and so have the raw client's errors that have
/// an answer ([`letta_api::Error::extension`]). An [`Error`](crate::Error) has accessors for the same.
///
/// ```no_run
/// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
/// use letta_api_ext::CallFacts;
/// use letta_api_ext::letta_api::types::ListClientSideAccessTokensParams;
///
/// let params = ListClientSideAccessTokensParams::default();
/// let page = letta.api().list_client_side_access_tokens(&params).await?;
/// if let Some(facts) = CallFacts::of(&page) {
///     println!("{} was sent {} times", facts.operation(), facts.attempts());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CallFacts {
    operation: &'static Operation,
    attempts: Attempts,
    sent: Instant,
    secrets: Secrets,
}

impl CallFacts {
    pub(super) fn new(
        operation: &'static Operation,
        attempts: Attempts,
        sent: Instant,
        secrets: Secrets,
    ) -> Self {
        Self {
            operation,
            attempts,
            sent,
            secrets,
        }
    }

    /// The facts of an answer. `None` if the answer did not come through a [`Letta`](crate::Letta).
    pub fn of<T>(answer: &ResponseValue<T>) -> Option<&Self> {
        answer.extension()
    }

    /// The operation that was called.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// How many attempts were made, including the first.
    pub fn attempts(&self) -> u32 {
        self.attempts.count
    }

    /// Whether an attempt before the last one may have had its effect, because its answer was lost. See
    /// [`Error::may_have_happened`](crate::Error::may_have_happened).
    pub fn earlier_may_have_happened(&self) -> bool {
        self.attempts.earlier_may_have_happened
    }

    /// The time since the last attempt was sent, by a monotonic clock.
    pub fn elapsed(&self) -> Duration {
        self.sent.elapsed()
    }

    /// Whether redirects led to another path, which gave the answer. A slash at the end is not another path. A
    /// browser follows redirects by itself, and there a redirect that returns to the same path cannot be detected.
    pub fn is_redirected(&self) -> bool {
        self.attempts.is_redirected
    }

    /// The attempts so far, for an error about the answer with these headers.
    pub(crate) fn attempts_until(&self, headers: &HeaderMap) -> Attempts {
        Attempts {
            date: self.date(headers),
            ..self.attempts.clone()
        }
    }

    /// The date of the answer with these headers.
    pub(crate) fn date(&self, headers: &HeaderMap) -> Option<ServiceDate> {
        ServiceDate::of(headers, self.sent)
    }

    /// Whether a text that the service made up has the key in it, or the value of a header of the caller's.
    #[cfg(feature = "turns")]
    pub(crate) fn is_told_by(&self, text: &str) -> bool {
        let keys = self.secrets.keys.all().iter();
        keys.map(|key| key.expose_secret())
            .chain(self.secrets.headers.secrets())
            .any(|secret| secret.len() >= super::headers::SHORT && text.contains(secret))
    }

    /// Calls `use_them` with all texts that no message about the call may contain.
    pub(crate) fn with_secrets<T>(&self, use_them: impl FnOnce(&[&str]) -> T) -> T {
        let secrets = &self.secrets;
        let url = secrets.url.as_deref().map(|url| &**url);
        let template = secrets.template.as_str();
        with_secrets(
            secrets.keys.all(),
            &secrets.headers,
            url,
            template,
            secrets.body.as_deref(),
            use_them,
        )
    }
}

impl std::fmt::Debug for CallFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallFacts")
            .field("operation", &self.operation().id)
            .field("attempts", &self.attempts())
            .field(
                "earlier_may_have_happened",
                &self.earlier_may_have_happened(),
            )
            .field("is_redirected", &self.is_redirected())
            .finish_non_exhaustive()
    }
}

/// The texts that no message about a call may contain, kept as long as its answer.
#[derive(Clone)]
pub(super) struct Secrets {
    pub(super) keys: Keys,
    pub(super) headers: OwnHeaders,
    /// The path with its parameters in braces.
    pub(super) template: Template,
    /// Kept if the path may have a secret.
    pub(super) url: Option<Arc<WipedUrl>>,
    /// The body that was sent, kept if the service may repeat it.
    pub(super) body: Option<Bytes>,
}

/// The path of a call with its parameters in braces.
#[derive(Clone)]
pub(super) enum Template {
    Of(&'static Operation),
    /// A request that the API description does not have.
    Custom(Arc<str>),
}

impl Template {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Of(operation) => operation.path_template,
            Self::Custom(template) => template,
        }
    }
}

/// What identified the caller.
#[derive(Clone)]
pub(super) enum Keys {
    Key(Option<Arc<Secret>>),
    /// The tokens that the attempts had.
    Tokens(Arc<[Arc<Secret>]>),
}

impl Keys {
    fn all(&self) -> &[Arc<Secret>] {
        match self {
            Self::Key(key) => key.as_slice(),
            Self::Tokens(tokens) => tokens,
        }
    }
}

/// Calls `use_them` with all texts that no message may contain: the key or the tokens, the values of the caller's headers, the
/// parameters of the path, which may be a token, and what the API description marks as sensitive in the body.
pub(super) fn with_secrets<T>(
    keys: &[Arc<Secret>],
    headers: &OwnHeaders,
    url: Option<&Url>,
    template: &str,
    body: Option<&[u8]>,
    use_them: impl FnOnce(&[&str]) -> T,
) -> T {
    let in_body = body.map(secrets_in_body::values);
    let in_path = url.map(|url| secrets_in_url::path_values(url, template));
    let mut secrets: Vec<&str> = Vec::new();
    secrets.extend(keys.iter().map(|key| key.expose_secret()));
    secrets.extend(headers.secrets());
    let in_path = in_path.iter().flatten();
    secrets.extend(in_path.map(|secret| secret.expose_secret()));
    let in_body = in_body.iter().flatten();
    secrets.extend(in_body.map(|secret| secret.expose_secret()));
    use_them(&secrets)
}
