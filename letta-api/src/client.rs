//! The client that the generated operations are methods of.

use std::sync::Arc;

#[cfg(feature = "tracing")]
use crate::spans;
use crate::{BaseUrl, BoxFuture, Direct, Operation, Response, Transport, TransportError};

/// A client for the API: a base URL, an HTTP client, and the [`Transport`] between them.
///
/// Has one method per operation of the description. Cloning is cheap. It starts with [`Direct`],
/// which sends no credentials; see [`Bearer`](crate::Bearer) for the API key.
///
/// Except in a browser, calls need a tokio runtime with time and I/O enabled. Outside one, the HTTP client panics.
#[derive(Clone)]
pub struct Client {
    // Named as generated code expects it.
    pub(crate) baseurl: BaseUrl,
    pub(crate) client: reqwest::Client,
    transport: Arc<dyn Transport>,
    body_limit: usize,
}

impl Client {
    /// A client that sends requests to `base_url` with `http`.
    ///
    /// The time-outs, redirect policy, proxies and pool are those of `http`. It should not follow redirects: a request
    /// that is redirected to another host takes its body along. A time-out for the whole call
    /// ([`reqwest::ClientBuilder::timeout`]) also ends answers that are streamed.
    pub fn new(base_url: BaseUrl, http: reqwest::Client) -> Self {
        Self {
            baseurl: base_url,
            client: http,
            transport: Arc::new(Direct),
            body_limit: Response::BODY_LIMIT,
        }
    }

    /// The same client with another transport.
    #[must_use]
    pub fn with_transport(self, transport: impl Transport + 'static) -> Self {
        self.with_shared_transport(Arc::new(transport))
    }

    /// The same client with a transport that is shared: with other clients, or with code that reads what it has seen.
    #[must_use]
    pub fn with_shared_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = transport;
        self
    }

    /// The same client with another limit to the bodies of answers, in bytes. A longer body is an error. The default is
    /// [`Response::BODY_LIMIT`], 8 MiB. Bodies that are streamed have no limit.
    #[must_use]
    pub fn with_body_limit(mut self, limit: usize) -> Self {
        self.body_limit = limit;
        self
    }

    /// The base URL that requests are sent to.
    pub fn base_url(&self) -> &BaseUrl {
        &self.baseurl
    }

    /// The HTTP client that requests are sent with.
    pub fn http(&self) -> &reqwest::Client {
        &self.client
    }

    /// Sends a request that was put together by hand: one for an operation that the description does not have.
    ///
    /// It passes through the [`Transport`] as the generated methods' requests do, and the answer has this client's limit to its
    /// body. An answer of any status is `Ok`. [`ResponseValue::decode_json`](crate::ResponseValue::decode_json)
    /// reads a body that is JSON.
    ///
    /// The request goes to its own URL, whatever the base URL of this client is. A transport that adds
    /// credentials, such as [`Bearer`](crate::Bearer), sends them there.
    ///
    /// ```
    /// use letta_api::{Client, Operation, ResponseValue};
    ///
    /// static GET_HEALTH: Operation = Operation::new("get_health", "GET", "/v1/health/").with_safe_to_repeat(true);
    ///
    /// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let url = client.base_url().as_url().join("v1/health/")?;
    /// let request = client.http().get(url).build()?;
    /// let mut response = client.execute(request, &GET_HEALTH).await?;
    /// response.buffer().await?;
    /// let health: ResponseValue<serde_json::Value> = ResponseValue::decode_json(response)?;
    /// println!("{} {}", health.status(), health["version"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// No answer arrived, or the transport gave up.
    pub fn execute(
        &self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> impl Future<Output = Result<Response, TransportError>> {
        let sent = self.send(request, operation);
        async move { self.received(sent.await) }
    }

    /// Hands a request to the transport. A request is large, and only the transport's own future has to hold it.
    pub(crate) fn send<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        #[cfg(feature = "tracing")]
        if !self.transport.has_own_spans() {
            let span = spans::of_call(&request, operation);
            let call = span.in_scope(|| self.transport.execute(&self.client, request, operation));
            return spans::watch(span, call);
        }
        self.transport.execute(&self.client, request, operation)
    }

    /// What the transport brought back, with this client's limit to its body.
    pub(crate) fn received(
        &self,
        mut response: Result<Response, TransportError>,
    ) -> Result<Response, TransportError> {
        if let Ok(response) = &mut response {
            response.set_body_limit(self.body_limit);
        }
        response
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.baseurl.as_str())
            .finish_non_exhaustive()
    }
}
