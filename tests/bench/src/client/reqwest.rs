//! Nothing but reqwest and serde_json: no time-outs, no retries, no checks of what is sent.

use http::{HeaderValue, StatusCode, header};
use letta_api_bench_caller::plain::{Create, Page, Token};
use letta_api_bench_caller::{API_KEY, Client, Protocol};
use serde::de::DeserializeOwned;

/// See the module.
#[derive(Clone, Debug)]
pub struct Reqwest {
    http: reqwest::Client,
    url: String,
    authorization: HeaderValue,
}

impl Client for Reqwest {
    fn new(base_url: &str, protocol: Protocol) -> Self {
        Self {
            http: super::http_client(protocol),
            url: format!("{base_url}/v1/client-side-access-tokens"),
            authorization: super::authorization(API_KEY),
        }
    }

    async fn create(&self) -> usize {
        let request = self.http.post(&self.url).json(&Create::new());
        let token: Token = self.send(request, StatusCode::CREATED).await;
        token.token.len()
    }

    async fn list(&self, limit: u32) -> usize {
        let request = self.http.get(&self.url).query(&[("limit", limit)]);
        let page: Page = self.send(request, StatusCode::OK).await;
        page.tokens.len()
    }
}

impl Reqwest {
    async fn send<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
        success: StatusCode,
    ) -> T {
        let response = request
            .header(header::ACCEPT, HeaderValue::from_static("application/json"))
            .header(header::AUTHORIZATION, self.authorization.clone())
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status(), success);
        let body = response.bytes().await.expect("a body");
        serde_json::from_slice(&body).expect("as documented")
    }
}
