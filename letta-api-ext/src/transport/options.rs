//! Options that may differ from call to call.

use std::sync::Arc;
use std::time::Duration;

use super::headers::OwnHeaders;
use super::retry_policy::RetryPolicy;
use crate::error::{Error, Result};

/// Options that may differ from call to call.
#[derive(Clone)]
pub(crate) struct CallOptions {
    pub(crate) deadline: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) retry: RetryPolicy,
    pub(crate) headers: OwnHeaders,
    /// The path with its parameters in braces, for a request that the API description does not have.
    pub(crate) template: Option<Arc<str>>,
    /// Called for each attempt that fails, even if the call goes on.
    pub(crate) watch: Option<FailureWatch>,
}

/// A function that is called for failures.
pub(crate) type FailureWatch = Arc<dyn Fn(&Error) + Send + Sync>;

impl CallOptions {
    pub(crate) fn check(&self) -> Result<()> {
        for (field, value) in [
            ("deadline", self.deadline),
            ("attempt_timeout", self.attempt_timeout),
        ] {
            if value.is_zero() {
                let rule = "must be positive";
                return Err(Error::invalid_input_got(field, rule, "0s".to_owned()));
            }
        }
        self.headers.check()?;
        self.retry.check()
    }
}

impl Default for CallOptions {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            attempt_timeout: Duration::from_secs(10),
            retry: RetryPolicy::standard(),
            headers: OwnHeaders::default(),
            template: None,
            watch: None,
        }
    }
}

impl std::fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallOptions")
            .field("deadline", &self.deadline)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("retry", &self.retry)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
