//! The crate for applications, with all that it does by itself: deadlines, retries, checks, spans.

use std::time::{Duration, SystemTime};

use letta_api_bench_caller::{AGENTS, API_KEY, Client, EXPIRES_AT_SECONDS, ORIGIN, Protocol};
use letta_api_ext::{AccessPolicy, Letta, Origin};

/// See the module.
#[derive(Clone, Debug)]
pub struct LettaApiExt {
    letta: Letta,
    policy: AccessPolicy,
    origin: Origin,
    expires_at: SystemTime,
}

impl Client for LettaApiExt {
    fn new(base_url: &str, protocol: Protocol) -> Self {
        let letta = Letta::builder()
            .api_key(API_KEY)
            .base_url(base_url)
            .http_client(super::http_client(protocol))
            .build();
        let [first, second] = AGENTS;
        let policy = AccessPolicy::builder()
            .agent(first)
            .chat()
            .agent(second)
            .chat()
            .build_combined();
        Self {
            letta: letta.expect("a client"),
            policy: policy.expect("a policy"),
            origin: ORIGIN.parse().expect("an origin"),
            expires_at: SystemTime::UNIX_EPOCH + Duration::from_secs(EXPIRES_AT_SECONDS),
        }
    }

    async fn create(&self) -> usize {
        let (policy, origin) = (self.policy.clone(), self.origin.clone());
        let token = self.letta.access_tokens().create(policy, origin);
        let token = token.expires_at(self.expires_at).send().await;
        token.expect("a token").expose_secret().len()
    }

    async fn list(&self, limit: u32) -> usize {
        let page = self.letta.access_tokens().list().limit(limit).send().await;
        page.expect("a page").tokens().len()
    }
}
