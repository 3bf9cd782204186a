//! The generated client by itself.

use letta_api::types::{
    AccessPolicyEntry, AccessRight, ClientSideAccessTokenCreate, ListClientSideAccessTokensParams,
};
use letta_api::{ApiKey, BaseUrl, Bearer};
use letta_api_bench_caller::{AGENTS, API_KEY, Client, EXPIRES_AT, ORIGIN, Protocol};

/// See the module.
#[derive(Clone, Debug)]
pub struct LettaApi {
    api: letta_api::Client,
}

impl Client for LettaApi {
    fn new(base_url: &str, protocol: Protocol) -> Self {
        let base_url: BaseUrl = base_url.parse().expect("a base URL");
        let key = ApiKey::new(API_KEY).expect("a key");
        let api = letta_api::Client::new(base_url, super::http_client(protocol));
        Self {
            api: api.with_transport(Bearer::new(&key)),
        }
    }

    async fn create(&self) -> usize {
        let rights = || vec![AccessRight::ReadMessages, AccessRight::WriteMessages];
        let policy = AGENTS.map(|agent| AccessPolicyEntry::agent(agent, rights()));
        let body = ClientSideAccessTokenCreate::new(ORIGIN, policy.into());
        let body = body.with_expires_at(EXPIRES_AT);
        let token = self.api.create_client_side_access_token(&body).await;
        token.expect("a token").token.expose_secret().len()
    }

    async fn list(&self, limit: u32) -> usize {
        let params = ListClientSideAccessTokensParams::default().with_limit(limit);
        let page = self.api.list_client_side_access_tokens(&params).await;
        page.expect("a page").tokens.len()
    }
}
