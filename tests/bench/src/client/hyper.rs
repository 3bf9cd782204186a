//! Nothing but hyper and serde_json.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use letta_api_bench_caller::plain::{Create, Page, Token};
use letta_api_bench_caller::{API_KEY, Client, Protocol};
use serde::de::DeserializeOwned;

use super::{GENERATION, USER_AGENT};

/// See the module.
#[derive(Clone, Debug)]
pub struct Hyper {
    http: HttpClient<HttpConnector, Full<Bytes>>,
    url: String,
    authorization: HeaderValue,
}

impl Client for Hyper {
    fn new(base_url: &str, protocol: Protocol) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let http = HttpClient::builder(TokioExecutor::new())
            .http2_only(protocol == Protocol::Http2)
            // As reqwest does.
            .pool_timer(TokioTimer::new())
            .http2_initial_stream_window_size(2 * 1024 * 1024)
            .http2_initial_connection_window_size(5 * 1024 * 1024)
            .build(connector);
        Self {
            http,
            url: format!("{base_url}/v1/client-side-access-tokens"),
            authorization: super::authorization(API_KEY),
        }
    }

    async fn create(&self) -> usize {
        let body = serde_json::to_vec(&Create::new()).expect("JSON");
        let (method, url) = (Method::POST, self.url.as_str());
        let token: Token = self
            .send(method, url, body.into(), StatusCode::CREATED)
            .await;
        token.token.len()
    }

    async fn list(&self, limit: u32) -> usize {
        let url = format!("{}?limit={limit}", self.url);
        let page: Page = self
            .send(Method::GET, &url, Bytes::new(), StatusCode::OK)
            .await;
        page.tokens.len()
    }
}

impl Hyper {
    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        url: &str,
        body: Bytes,
        success: StatusCode,
    ) -> T {
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .header(header::ACCEPT, HeaderValue::from_static("application/json"))
            .header(header::USER_AGENT, HeaderValue::from_static(USER_AGENT))
            .header(GENERATION.0, HeaderValue::from_static(GENERATION.1))
            .header(header::AUTHORIZATION, self.authorization.clone());
        if !body.is_empty() {
            let json = HeaderValue::from_static("application/json");
            request = request.header(header::CONTENT_TYPE, json);
        }
        let request = request.body(Full::new(body)).expect("a request");
        let response = self.http.request(request).await.expect("an answer");
        assert_eq!(response.status(), success);
        let body = response.into_body().collect().await.expect("a body");
        serde_json::from_slice(&body.to_bytes()).expect("as documented")
    }
}
