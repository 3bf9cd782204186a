//! The client that the generated operations are methods of.

use std::sync::Arc;

use progenitor_client::ByteStream;
use serde::de::DeserializeOwned;

use crate::{
    BaseUrl, Direct, Error, Operation, Response, ResponseValue, Transport, TransportError,
};

/// A client for the API: a base URL, an HTTP client, and the [`Transport`] between them.
///
/// Has one method per operation of the description. Cloning is cheap. It starts with [`Direct`],
/// which sends no credentials; see [`Bearer`](crate::Bearer) for the API key.
#[derive(Clone)]
pub struct Client {
    // Named as generated code expects it.
    pub(crate) baseurl: BaseUrl,
    pub(crate) client: reqwest::Client,
    transport: Arc<dyn Transport>,
    body_limit: usize,
}

impl Client {
    /// Will send what the operations are given to `base_url`, through `http`.
    ///
    /// The time-outs, redirect policy, proxies and pool are those of `http`. It should follow no
    /// redirects: on its way to another host, a request takes its body along. A time-out for the whole
    /// call ([`reqwest::ClientBuilder::timeout`]) also cuts answers that are streamed.
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

    /// The same client with a transport that others use, too, or that is asked later what it has seen.
    #[must_use]
    pub fn with_shared_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = transport;
        self
    }

    /// The same client with another limit to the bodies of answers, in bytes; a longer one is an
    /// error. By default [`Response::BODY_LIMIT`], 8 MiB. Bodies that are handed over as a stream have no limit.
    #[must_use]
    pub fn with_body_limit(mut self, limit: usize) -> Self {
        self.body_limit = limit;
        self
    }

    /// Where requests go.
    pub fn base_url(&self) -> &BaseUrl {
        &self.baseurl
    }

    /// What requests go through.
    pub fn http(&self) -> &reqwest::Client {
        &self.client
    }

    /// Called by generated operations that answer with JSON.
    #[allow(dead_code, reason = "used by whatever operations are there")]
    pub(crate) async fn receive_json<T: DeserializeOwned, E: DeserializeOwned>(
        &self,
        request: reqwest::Request,
        operation: &'static Operation,
        successes: &[u16],
        errors: &[u16],
    ) -> Result<ResponseValue<T>, Error<E>> {
        let response = self.execute(request, operation).await?;
        let response = documented(response, successes, errors).await?;
        ResponseValue::from_response(response).await
    }

    /// Called by generated operations whose answer has no body.
    #[allow(dead_code, reason = "used by whatever operations are there")]
    pub(crate) async fn receive_nothing<E: DeserializeOwned>(
        &self,
        request: reqwest::Request,
        operation: &'static Operation,
        successes: &[u16],
        errors: &[u16],
    ) -> Result<ResponseValue<()>, Error<E>> {
        let response = self.execute(request, operation).await?;
        let response = documented(response, successes, errors).await?;
        Ok(ResponseValue::empty(response))
    }

    /// Called by generated operations that hand their answer over as it comes.
    #[allow(dead_code, reason = "used by whatever operations are there")]
    pub(crate) async fn receive_stream<E: DeserializeOwned>(
        &self,
        request: reqwest::Request,
        operation: &'static Operation,
        successes: &[u16],
        errors: &[u16],
    ) -> Result<ResponseValue<ByteStream>, Error<E>> {
        let response = self.execute(request, operation).await?;
        let response = documented(response, successes, errors).await?;
        Ok(ResponseValue::stream(response))
    }

    /// Called by every generated operation, by itself where its answers are read in several ways.
    #[allow(dead_code, reason = "used by whatever operations are there")]
    pub(crate) async fn execute(
        &self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> Result<Response, TransportError> {
        let response = self
            .transport
            .execute(&self.client, request, operation)
            .await?;
        Ok(response.with_body_limit(self.body_limit))
    }
}

/// The answer, if it is a success. Of the others, those that are documented are read, as JSON.
#[allow(dead_code, reason = "used by whatever operations are there")]
async fn documented<E: DeserializeOwned>(
    response: Response,
    successes: &[u16],
    errors: &[u16],
) -> Result<Response, Error<E>> {
    let status = response.status().as_u16();
    if successes.contains(&status) {
        Ok(response)
    } else if errors.contains(&status) {
        Err(Error::documented(
            ResponseValue::from_response(response).await?,
        ))
    } else {
        Err(Error::undocumented(response))
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.baseurl.as_str())
            .finish_non_exhaustive()
    }
}
