//! A server that gives the answer that it is told to, and keeps what it heard.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use httptest::matchers::any;
use httptest::responders::Responder;
use httptest::{Expectation, Server};
use letta_api::{ApiKey, BaseUrl, Bearer, Client};

/// The key that the client sends. It is made up.
pub(crate) const KEY: &str = "sk-let-for-tests";

/// The answer to all requests, until another is set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) media: Option<&'static str>,
    pub(crate) body: Vec<u8>,
}

#[derive(Default)]
struct State {
    reply: Reply,
    heard: Vec<http::Request<Bytes>>,
}

/// A server, and a client of it.
pub(crate) struct Scripted {
    pub(crate) client: Client,
    state: Arc<Mutex<State>>,
    // It stops when it is dropped.
    _server: Server,
}

struct Script(Arc<Mutex<State>>);

impl Responder for Script {
    fn respond<'a>(
        &mut self,
        request: &'a http::Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = http::Response<Bytes>> + Send + 'a>> {
        let mut state = self.0.lock().unwrap();
        state.heard.push(request.clone());
        let reply = &state.reply;
        let mut response = http::Response::builder()
            .status(reply.status)
            .header("x-request-id", format!("req-{}", state.heard.len()));
        if let Some(media) = reply.media {
            response = response.header("content-type", media);
        }
        let response = response.body(Bytes::from(reply.body.clone())).unwrap();
        Box::pin(async move { response })
    }
}

impl Scripted {
    pub(crate) fn start() -> Self {
        let server = Server::run();
        let state = Arc::new(Mutex::new(State::default()));
        server.expect(
            Expectation::matching(any())
                .times(..)
                .respond_with(Script(state.clone())),
        );
        let base_url = BaseUrl::parse(&server.url_str("")).unwrap();
        let client = Client::new(base_url, reqwest::Client::new())
            .with_transport(Bearer::new(&ApiKey::new(KEY).unwrap()));
        Self {
            client,
            state,
            _server: server,
        }
    }

    /// Gives this answer from now on, and forgets what was heard.
    pub(crate) fn reply(&self, reply: Reply) {
        let mut state = self.state.lock().unwrap();
        state.reply = reply;
        state.heard.clear();
    }

    /// The one request since the answer was set.
    pub(crate) fn heard(&self) -> Result<http::Request<Bytes>, String> {
        let heard = std::mem::take(&mut self.state.lock().unwrap().heard);
        let count = heard.len();
        let one: Result<[_; 1], _> = heard.try_into();
        one.map(|[it]| it)
            .map_err(|_| format!("{count} requests were sent"))
    }
}

/// A runtime for calls one after the other.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}
