//! What tests in a page share: the servers that the test `in_browser` of letta-api-tests has started for them.
//!
//! One is a service that answers as a test tells it to, at an address of the test's own. Behind it is the emulator.
#![cfg(feature = "in-browser")]

use std::collections::BTreeMap;
use std::time::Duration;

use letta_api_ext::{Letta, LettaBuilder, RetryPolicy};
use serde::Deserialize;
use serde_json::Value;

/// The API key that tests call with. No other text in the tests contains it.
pub const API_KEY: &str = "sk-let-k3yk3yk3y0123456789";

/// Where the servers are.
#[derive(Debug, Deserialize)]
pub struct Servers {
    /// The service that answers as it is told.
    pub service: String,
    /// The emulator, which lets pages ask whose origin has a token.
    pub emulator: String,
    /// An address at which nobody listens.
    pub nobody: String,
    /// The emulator's API key.
    pub api_key: String,
}

impl Servers {
    /// Reads where they are.
    pub async fn find() -> Self {
        json(&format!("{}/servers.json", origin())).await
    }

    /// The emulator, as if it let every page ask, whatever it asks with.
    pub fn open_emulator(&self) -> Letta {
        self.letta("emulator")
    }

    /// The same, but each stream of a turn breaks off within its second event.
    pub fn breaking_emulator(&self) -> Letta {
        self.letta("breaking")
    }

    fn letta(&self, path: &str) -> Letta {
        let builder = Letta::builder().api_key(&*self.api_key);
        let url = format!("{}/{path}", self.service);
        builder.base_url(url).build().unwrap()
    }

    /// Where an application's own endpoint gives this page a token for an agent.
    pub fn token_url(&self, agent: &str) -> String {
        let origin = origin();
        format!("{}/token?origin={origin}&agent={agent}", self.service)
    }

    /// A client of the emulator with a token for this page, which opens a chat with an agent.
    pub async fn with_token(&self, agent: &str) -> Letta {
        let token: Value = json(&self.token_url(agent)).await;
        let token = token["token"].as_str().unwrap();
        let builder = Letta::builder().api_key(token).base_url(&*self.emulator);
        builder.build().unwrap()
    }
}

/// The origin of this page.
pub fn origin() -> String {
    web_sys::window().unwrap().location().origin().unwrap()
}

async fn json<T: serde::de::DeserializeOwned>(url: &str) -> T {
    let answer = reqwest::get(url).await.unwrap();
    assert!(answer.status().is_success(), "{url}: {}", answer.status());
    answer.json().await.unwrap()
}

/// A service that gives these answers, one after the other.
#[derive(Debug)]
pub struct Service {
    servers: Servers,
    name: &'static str,
}

/// A request that the service was sent.
#[derive(Debug, Deserialize)]
pub struct Request {
    /// Its method.
    pub method: String,
    /// Its path and query, below the service's URL.
    pub target: String,
    /// Its headers. Names are in small letters.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: String,
    /// Whether the page gave up before the answer was whole.
    pub is_given_up: bool,
}

impl Service {
    /// `name` must be the test's own. Each answer is an object. All members may be missing:
    ///
    /// - `status`: 200 by default.
    /// - `headers`, and `pieces` of the body.
    /// - `end`: `"whole"` by default, `"broken"`, `"open"`, or `"silent"` for no answer at all.
    /// - `may_read`: whether the page may read the answer. If not, the request is sent all the same.
    /// - `may_ask`: what the service answers if the browser asks before the request (`OPTIONS`). If not, the request is not sent.
    pub async fn answering(name: &'static str, answers: impl IntoIterator<Item = Value>) -> Self {
        let servers = Servers::find().await;
        let url = format!("{}/scripts/{name}", servers.service);
        let answers: Vec<Value> = answers.into_iter().collect();
        let sent = reqwest::Client::new().put(url).json(&answers).send().await;
        let status = sent.unwrap().status();
        assert!(status.is_success(), "{status}");
        Self { servers, name }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("{}/answers/{}", self.servers.service, self.name)
    }

    /// A client for it that does not wait long before it tries again.
    pub fn letta(&self) -> Letta {
        self.configured(|builder| builder)
    }

    /// A client for it that tries once.
    pub fn impatient(&self) -> Letta {
        self.impatient_with(|builder| builder)
    }

    /// The same, configured further.
    pub fn impatient_with(&self, configure: impl FnOnce(LettaBuilder) -> LettaBuilder) -> Letta {
        self.configured(|builder| configure(builder.retry(RetryPolicy::never())))
    }

    /// A client for it, configured further.
    pub fn configured(&self, configure: impl FnOnce(LettaBuilder) -> LettaBuilder) -> Letta {
        let backoff = Duration::from_millis(1);
        let builder = Letta::builder()
            .api_key(API_KEY)
            .base_url(self.url())
            .retry(RetryPolicy::standard().backoff(backoff, backoff));
        configure(builder).build().unwrap()
    }

    /// What it was asked so far. The browser's own questions (`OPTIONS`) are not among it.
    pub async fn requests(&self) -> Vec<Request> {
        json(&format!("{}/scripts/{}", self.servers.service, self.name)).await
    }

    /// Waits until the page's last request is given up, as the service sees it.
    pub async fn until_given_up(&self) {
        while !self.requests().await.last().unwrap().is_given_up {}
    }
}

/// All that an error and its causes print.
pub fn printed(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = String::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        text += &format!("{error}\n{error:?}\n{error:#?}\n");
        cause = error.source();
    }
    text
}
