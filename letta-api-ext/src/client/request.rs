//! The core of all requests: the client, and options for one call.
//!
//! In go a [`Letta`] and changes to its options. Out comes the raw client to make the call with. The macros
//! `request!` and `options!` give every request type the same `with_…` methods, and make it awaitable.

use std::borrow::Cow;
use std::time::Duration;

use letta_api::Secret;

use super::Letta;
use crate::transport::CallOptions;

/// A call to be made. Each request type has one.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    letta: Letta,
    /// `None` for the client's own options, as in most calls.
    options: Option<Box<CallOptions>>,
}

impl Call {
    pub(crate) fn new(letta: Letta) -> Self {
        Self {
            letta,
            options: None,
        }
    }

    /// Changes the options of this call.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut CallOptions)) {
        let options = self.options.take();
        let mut options = options.unwrap_or_else(|| Box::new(self.letta.options().clone()));
        change(&mut options);
        self.options = Some(options);
    }

    /// The raw client for this call.
    pub(crate) fn api(&self) -> Cow<'_, letta_api::Client> {
        match &self.options {
            None => Cow::Borrowed(self.letta.api()),
            Some(options) => Cow::Owned(self.letta.api_with(CallOptions::clone(options))),
        }
    }

    /// The client, to make another call.
    pub(crate) fn letta(&self) -> &Letta {
        &self.letta
    }

    /// The client's key, if it has one. No printed text may contain it.
    pub(crate) fn key(&self) -> Option<&str> {
        self.letta.key().map(Secret::expose_secret)
    }

    /// The texts that no printed text may contain: the key, and the values of own headers.
    #[cfg(feature = "folders")]
    pub(crate) fn secrets(&self) -> Vec<&str> {
        let options = self.options.as_deref();
        let options = options.unwrap_or_else(|| self.letta.options());
        self.key()
            .into_iter()
            .chain(options.headers.secrets())
            .collect()
    }

    /// When the call is sent again.
    #[cfg(feature = "turns")]
    pub(crate) fn retry(&self) -> &crate::RetryPolicy {
        let options = self.options.as_deref();
        &options.unwrap_or_else(|| self.letta.options()).retry
    }

    pub(crate) fn deadline(&self) -> Duration {
        let options = self.options.as_deref();
        options.unwrap_or_else(|| self.letta.options()).deadline()
    }
}

/// What all requests have in common: options, and awaiting instead of `send()`.
///
/// The request must have a field `call` and a method `send`.
macro_rules! request {
    ($request:ident => $output:ty) => {
        impl $request {
            $crate::client::request::options!();
        }

        impl std::future::IntoFuture for $request {
            type Output = $crate::error::Result<$output>;
            type IntoFuture = letta_api::BoxFuture<'static, Self::Output>;

            fn into_future(self) -> Self::IntoFuture {
                Box::pin(self.send())
            }
        }
    };
}
pub(crate) use request;

/// The options of a request.
macro_rules! options {
    () => {
        /// The longest that this call may take. By default the client's [`deadline`](crate::LettaBuilder::deadline).
        /// With zero, the call fails.
        pub fn with_deadline(mut self, deadline: std::time::Duration) -> Self {
            self.call
                .change(|options| options.deadline = Some(deadline));
            self
        }

        /// The longest that each attempt of this call may take. By default the client's
        /// [`attempt_timeout`](crate::LettaBuilder::attempt_timeout). With zero, the call fails.
        pub fn with_attempt_timeout(mut self, timeout: std::time::Duration) -> Self {
            self.call
                .change(|options| options.attempt_timeout = Some(timeout));
            self
        }

        /// When this call is sent again. By default the client's [`retry`](crate::LettaBuilder::retry). With an
        /// invalid policy, the call fails.
        pub fn with_retry(mut self, retry: crate::RetryPolicy) -> Self {
            self.call.change(|options| options.retry = retry);
            self
        }

        /// Sends a header with this call. Replaces a header of the same name that the client sends. See
        /// [`LettaBuilder::header`](crate::LettaBuilder::header). With an invalid header, the call fails.
        pub fn with_header<N, V>(mut self, name: N, value: V) -> Self
        where
            N: TryInto<crate::reqwest::header::HeaderName>,
            V: TryInto<crate::reqwest::header::HeaderValue>,
        {
            self.call.change(|options| options.headers.set(name, value));
            self
        }
    };
}
pub(crate) use options;

#[cfg(test)]
#[allow(unreachable_pub, reason = "the macro is for public requests")]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use letta_api::types::ListClientSideAccessTokensParams;
    use letta_api::{BoxFuture, Operation, Response, Transport, TransportError};
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::Call;
    use crate::client::answer::Answer;
    use crate::error::Result;
    use crate::{Letta, RetryPolicy};

    /// A request of a new resource, in full.
    #[derive(Clone, Debug)]
    struct CountTokens {
        call: Call,
        limit: Option<u32>,
    }

    impl CountTokens {
        fn limit(mut self, limit: u32) -> Self {
            self.limit = Some(limit);
            self
        }

        async fn send(self) -> Result<usize> {
            let mut params = ListClientSideAccessTokensParams::default();
            params.limit = self.limit;
            let outcome = self
                .call
                .api()
                .list_client_side_access_tokens(&params)
                .await;
            Ok(Answer::of(outcome)?.tokens.len())
        }
    }

    super::request!(CountTokens => usize);

    /// Answers with this body, and keeps what it was sent.
    struct Network(&'static str, Mutex<Vec<(String, HeaderMap)>>);

    impl Transport for Network {
        fn execute<'a>(
            &'a self,
            _: &'a reqwest::Client,
            request: reqwest::Request,
            _: &'static Operation,
        ) -> BoxFuture<'a, Result<Response, TransportError>> {
            let sent = (request.url().to_string(), request.headers().clone());
            self.1.lock().unwrap().push(sent);
            let body = self.0;
            Box::pin(async move { Ok(Response::new(StatusCode::OK, HeaderMap::new(), body)) })
        }
    }

    fn count(body: &'static str) -> (CountTokens, Arc<Network>) {
        let network = Arc::new(Network(body, Mutex::default()));
        let letta = Letta::new("key").unwrap().with_inner(network.clone());
        let call = letta.call();
        (CountTokens { call, limit: None }, network)
    }

    #[tokio::test]
    async fn a_new_request_is_written_with_what_is_its_own_and_has_the_rest() {
        let (request, network) = count(r#"{"tokens":[],"hasNextPage":false}"#);
        assert_eq!(request.clone().limit(7).await.unwrap(), 0);
        let with_options = request
            .clone()
            .with_deadline(Duration::from_secs(1))
            .with_attempt_timeout(Duration::from_secs(1))
            .with_retry(RetryPolicy::never())
            .with_header("x-trace", "4711");
        assert_eq!(with_options.send().await.unwrap(), 0);
        let sent = std::mem::take(&mut *network.1.lock().unwrap());
        assert!(sent[0].0.ends_with("?limit=7"), "{}", sent[0].0);
        assert_eq!(sent[1].1["x-trace"], "4711");
        assert!(!sent[0].1.contains_key("x-trace"));

        let error = request.with_deadline(Duration::ZERO).await.unwrap_err();
        assert_eq!(error.field(), Some("deadline"));
        let (request, _) = count("{}");
        let error = request.await.unwrap_err();
        assert!(error.is_invalid_response(), "{error}");
        assert_eq!(error.operation(), Some("list_client_side_access_tokens"));
        assert_eq!(error.attempts(), 1);
    }
}
