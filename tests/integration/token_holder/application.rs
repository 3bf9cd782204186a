//! An application that gives tokens, and the service behind it: both in time that stands still.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::post;
use letta_api::operations;
use letta_api_emulator::{Emulator, TokenRules};
use letta_api_ext::token_endpoint::{Problem, TokenEndpoint, TokenGrant};
use letta_api_ext::token_holder::{HttpTokenSource, TokenSource};
use letta_api_ext::{AccessPolicy, Letta, LettaBuilder, RetryPolicy, TokenMinter};
use letta_api_tests::minting::{ORIGIN, Service};
use letta_api_tests::virtual_time::VirtualTime;
use tokio::net::TcpListener;

/// The header by which the application knows who asks. Its value is the session, which is a secret.
const SESSION: &str = "x-session";

/// The application, its minter, and the emulator behind it.
pub(super) struct Application {
    pub(super) service: Service,
    pub(super) minter: TokenMinter,
    /// Where tokens are asked for.
    pub(super) url: String,
    shared: Arc<Shared>,
}

/// What the route of the application knows.
#[derive(Default)]
pub(super) struct Shared {
    sessions: Mutex<HashSet<String>>,
    /// The requests for tokens, each with what it says of a refused token.
    asked: Mutex<Vec<Option<String>>>,
}

/// A session that is signed in.
struct SignedIn(String);

impl FromRequestParts<Arc<Shared>> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<Shared>) -> Result<Self, Problem> {
        let session = parts.headers.get(SESSION);
        let session = session.and_then(|session| session.to_str().ok());
        match session {
            Some(session) if state.sessions.lock().unwrap().contains(session) => {
                Ok(Self(session.to_owned()))
            }
            _ => Err(Problem::unauthorized()),
        }
    }
}

async fn count(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let refused = request.headers().get("letta-token-refused");
    let refused = refused.map(|value| value.to_str().unwrap().to_owned());
    shared.asked.lock().unwrap().push(refused);
    next.run(request).await
}

impl Application {
    /// Everybody who is signed in may chat to agent-1.
    pub(super) async fn start(rules: TokenRules) -> Self {
        Self::granting(rules, "agent-1:chat", false).await
    }

    /// Everybody who is signed in gets this policy, by one token or by one for each agent.
    pub(super) async fn granting(rules: TokenRules, policy: &str, is_per_agent: bool) -> Self {
        let time = VirtualTime::stop();
        let clock = time.clock(std::time::Duration::ZERO);
        let builder = Emulator::builder().token_rules(rules).clock(clock);
        let builder = builder.agent("agent-1").agent("agent-2");
        let service = Service::start_with(time, builder).await;
        let minter = service.minter();
        let policy: AccessPolicy = policy.parse().unwrap();
        let authorize = move |SignedIn(session): SignedIn| {
            let grant = match is_per_agent {
                true => TokenGrant::per_agent(policy.clone()),
                false => TokenGrant::new(policy.clone()),
            };
            async move { Ok::<_, Problem>(grant.subject(session)) }
        };
        let shared = Arc::<Shared>::default();
        let endpoint = TokenEndpoint::new(minter.clone(), authorize);
        let routes = Router::new()
            .route("/letta-token", post(endpoint))
            .layer(middleware::from_fn_with_state(shared.clone(), count))
            .with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/letta-token", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self {
            service,
            minter,
            url,
            shared,
        }
    }

    pub(super) fn sign_in(&self, session: &str) {
        self.shared
            .sessions
            .lock()
            .unwrap()
            .insert(session.to_owned());
    }

    pub(super) fn sign_out(&self, session: &str) {
        self.shared.sessions.lock().unwrap().remove(session);
    }

    /// What requests for tokens said of refused ones.
    pub(super) fn asked(&self) -> Vec<Option<String>> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// How many calls of the service were made to send a message.
    pub(super) fn sent(&self) -> usize {
        let emulator = &self.service.emulator;
        emulator.request_count(operations::SEND_MESSAGE_STREAM)
    }

    /// The source of somebody in this session, who is signed in from now on.
    pub(super) fn source(&self, session: &str) -> HttpTokenSource {
        self.sign_in(session);
        let source = HttpTokenSource::new(&self.url).unwrap();
        source.header(SESSION, session).unwrap()
    }

    /// A client that has its tokens from this source.
    pub(super) fn holder(&self, source: impl TokenSource + 'static) -> Letta {
        self.configured(|builder| builder.origin(ORIGIN).token_source(source))
    }

    pub(super) fn configured(&self, configure: impl FnOnce(LettaBuilder) -> LettaBuilder) -> Letta {
        let builder = Letta::builder().base_url(self.service.emulator.base_url());
        configure(builder.retry(RetryPolicy::never()))
            .build()
            .unwrap()
    }
}
