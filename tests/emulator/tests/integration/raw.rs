//! Requests that no proper client would send.

use std::sync::LazyLock;

use letta_api::{Bearer, Client, types};
use letta_api_emulator::{Emulator, TokenRules};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

pub(crate) const TOKENS: &str = "/v1/client-side-access-tokens";
pub(crate) const HOSTNAME: &str = "https://chat.example.com";

/// One for all tests: making one takes long where it reads the certificates of the system. It keeps no
/// connection, which would end with the runtime of the test that made it.
pub(crate) static HTTP: LazyLock<reqwest::Client> = LazyLock::new(|| {
    let builder = reqwest::Client::builder().pool_max_idle_per_host(0);
    builder.build().unwrap()
});

/// The generated client, with the emulator's key.
pub(crate) fn client(emulator: &Emulator) -> Client {
    Client::new(emulator.base_url().parse().unwrap(), HTTP.clone())
        .with_transport(Bearer::new(emulator.api_key()))
}

/// A create body that there is nothing wrong with.
pub(crate) fn good_body() -> Value {
    json!({
        "hostname": HOSTNAME,
        "policy": [{"type": "agent", "id": "agent-1", "access": ["read_messages"]}],
    })
}

/// The same as a type.
pub(crate) fn token_for(agent: &str) -> types::ClientSideAccessTokenCreate {
    types::ClientSideAccessTokenCreate::new(
        HOSTNAME,
        vec![types::AccessPolicyEntry::agent(
            agent,
            vec![types::AccessRight::ReadMessages],
        )],
    )
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The message of a refusal, whose body must hold nothing else.
    pub(crate) fn message(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/json");
        let body = self.json();
        let message = body["message"].as_str().unwrap().to_owned();
        assert_eq!(body, json!({ "message": message }));
        message
    }

    /// The detail of a refusal in the self-hosted server's form.
    pub(crate) fn detail(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/json");
        self.json()["detail"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// Both ways of treating tokens: what holds with both is tested with both.
pub(crate) const RULES: [fn() -> TokenRules; 2] = [TokenRules::strict, TokenRules::published_2025];

/// A request with the emulator's key.
pub(crate) fn request(emulator: &Emulator, method: Method, path: &str) -> reqwest::RequestBuilder {
    anonymous(emulator, method, path).header("authorization", emulator.api_key().to_authorization())
}

/// A request without a key.
pub(crate) fn anonymous(
    emulator: &Emulator,
    method: Method,
    path: &str,
) -> reqwest::RequestBuilder {
    HTTP.request(method, format!("{}{path}", emulator.base_url()))
}

/// Creates a token by `body`, and gives the answer.
pub(crate) async fn create(emulator: &Emulator, body: &Value) -> Answer {
    Answer::of(request(emulator, Method::POST, TOKENS).json(body)).await
}

/// Lists with `query` (empty, or from `?` on), and gives the answer.
pub(crate) async fn list(emulator: &Emulator, query: &str) -> Answer {
    Answer::of(request(emulator, Method::GET, &format!("{TOKENS}{query}"))).await
}

/// Deletes `segment`, percent-encoded as it should be sent, and gives the answer.
pub(crate) async fn delete(emulator: &Emulator, segment: &str) -> Answer {
    Answer::of(request(
        emulator,
        Method::DELETE,
        &format!("{TOKENS}/{segment}"),
    ))
    .await
}

/// Calls as a page of [`HOSTNAME`] with a client-side token, and gives the answer.
pub(crate) async fn page(
    emulator: &Emulator,
    method: Method,
    path: &str,
    token: &str,
    body: Option<Value>,
) -> Answer {
    let mut request = anonymous(emulator, method, path)
        .bearer_auth(token)
        .header("origin", HOSTNAME);
    if let Some(body) = body {
        request = request.json(&body);
    }
    Answer::of(request).await
}
