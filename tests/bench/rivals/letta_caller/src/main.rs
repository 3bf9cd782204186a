//! Makes calls with the crate letta, for the benchmarks. It knows no tokens, so with its general calls, into the plainest
//! types. See `letta_api_bench_caller`.

use letta::LettaClient;
use letta::auth::AuthConfig;
use letta_api_bench_caller::plain::{Create, Page, Token};
use letta_api_bench_caller::{API_KEY, Client, Protocol};

const PATH: &str = "v1/client-side-access-tokens";

/// See the module.
#[derive(Clone, Debug)]
struct Letta(LettaClient);

impl Client for Letta {
    fn new(base_url: &str, protocol: Protocol) -> Self {
        assert_eq!(protocol, Protocol::Http1, "it has no other");
        let client = LettaClient::builder()
            .base_url(base_url)
            .auth(AuthConfig::bearer(API_KEY))
            .build();
        Self(client.expect("a client"))
    }

    async fn create(&self) -> usize {
        let token: Token = self.0.post(PATH, &Create::new()).await.expect("a token");
        token.token.len()
    }

    async fn list(&self, limit: u32) -> usize {
        let page = self.0.get_with_query(PATH, &[("limit", limit)]).await;
        let page: Page = page.expect("a page");
        page.tokens.len()
    }
}

fn main() {
    letta_api_bench_caller::run::<Letta>(letta_api_bench_caller::uncounted);
}
