//! A service that answers as a page tells it to, and what a page cannot do itself: ask the emulator with an API key, get a
//! token, and break a stream.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use letta_api_emulator::Emulator;
use letta_api_ext::{AccessPolicy, Letta};
use serde::{Deserialize, Serialize};

/// The longest body of a request, in bytes.
const LIMIT: usize = 1 << 20;

struct Service {
    letta: Letta,
    emulator: String,
    scripts: Mutex<HashMap<String, Script>>,
}

/// What one test tells the service, and what it asks of it.
#[derive(Default)]
struct Script {
    answers: VecDeque<Answer>,
    requests: Vec<Seen>,
    /// The headers that the browser asked for before the next request.
    asked_for: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    pieces: Vec<String>,
    end: End,
    /// Whether the browser is told that pages may ask.
    may_ask: bool,
    /// Whether the browser is told that pages may read the answer.
    may_read: bool,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            status: 200,
            headers: BTreeMap::new(),
            pieces: Vec::new(),
            end: End::Whole,
            may_ask: true,
            may_read: true,
        }
    }
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum End {
    Whole,
    /// The connection breaks after the pieces.
    Broken,
    /// Nothing comes after the pieces.
    Open,
    /// Nothing comes at all.
    Silent,
}

#[derive(Clone, Serialize)]
struct Seen {
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
    body: String,
    is_given_up: bool,
}

/// Starts it on a port of its own, and returns its URL.
pub(crate) async fn start(emulator: &Emulator) -> String {
    let letta = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url());
    let service = Arc::new(Service {
        letta: letta.build().unwrap(),
        emulator: emulator.base_url(),
        scripts: Mutex::default(),
    });
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(serve).with_state(service);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn serve(State(service): State<Arc<Service>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let mut parts = path.splitn(4, '/').skip(1);
    let (place, name) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    if place == "answers" {
        return service.answer(name, request).await;
    }
    let asked_for = request
        .headers()
        .get(header::ACCESS_CONTROL_REQUEST_HEADERS)
        .cloned();
    let answer = match (request.method(), place) {
        (&Method::OPTIONS, _) => StatusCode::NO_CONTENT.into_response(),
        (&Method::PUT, "scripts") => service.tell(name, request).await,
        (&Method::GET, "scripts") => service.seen(name),
        (&Method::GET | &Method::POST, "token") => service.token(request.uri()).await,
        (_, "emulator" | "breaking") => service.pass_on(place, request).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    };
    readable(answer, asked_for)
}

/// The answer, which every page may read.
fn readable(mut answer: Response, asked_for: Option<HeaderValue>) -> Response {
    let any = HeaderValue::from_static("*");
    let methods = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any.clone());
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, any);
    if let Some(asked_for) = asked_for {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked_for);
    }
    answer
}

async fn body(request: Request) -> Bytes {
    axum::body::to_bytes(request.into_body(), LIMIT)
        .await
        .unwrap()
}

impl Service {
    fn with_script<T>(&self, name: &str, work: impl FnOnce(&mut Script) -> T) -> T {
        work(
            self.scripts
                .lock()
                .unwrap()
                .entry(name.to_owned())
                .or_default(),
        )
    }

    async fn tell(&self, name: &str, request: Request) -> Response {
        let answers = match serde_json::from_slice(&body(request).await) {
            Ok(answers) => answers,
            Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
        };
        let is_new = self.with_script(name, |script| {
            let is_new = script.answers.is_empty() && script.requests.is_empty();
            script.answers = answers;
            is_new
        });
        match is_new {
            true => StatusCode::NO_CONTENT.into_response(),
            false => (StatusCode::CONFLICT, "another test has this name").into_response(),
        }
    }

    fn seen(&self, name: &str) -> Response {
        let requests = self.with_script(name, |script| script.requests.clone());
        axum::Json(requests).into_response()
    }

    async fn answer(self: &Arc<Self>, name: &str, request: Request) -> Response {
        let asked_for = request
            .headers()
            .get(header::ACCESS_CONTROL_REQUEST_HEADERS)
            .cloned();
        if request.method() == Method::OPTIONS {
            let may_ask = self.with_script(name, |script| {
                let text = asked_for.as_ref().map(|it| it.to_str().unwrap().to_owned());
                script.asked_for = text;
                script.answers.front().is_some_and(|answer| answer.may_ask)
            });
            let answer = StatusCode::NO_CONTENT.into_response();
            return match may_ask {
                true => readable(answer, asked_for),
                false => answer,
            };
        }
        let target = request.uri().path_and_query().unwrap().as_str();
        let target = target
            .strip_prefix(&format!("/answers/{name}"))
            .unwrap()
            .to_owned();
        let mut headers = texts(request.headers());
        let method = request.method().to_string();
        let body = String::from_utf8_lossy(&body(request).await).into_owned();
        let (answer, number) = self.with_script(name, |script| {
            headers.extend(
                script
                    .asked_for
                    .take()
                    .map(|it| ("x-asked-for".to_owned(), it)),
            );
            script.requests.push(Seen {
                method,
                target,
                headers,
                body,
                is_given_up: false,
            });
            (script.answers.pop_front(), script.requests.len() - 1)
        });
        let Some(answer) = answer else {
            let text = "the test has no more answers";
            return readable((StatusCode::NOT_IMPLEMENTED, text).into_response(), None);
        };
        let watch = Watch {
            service: self.clone(),
            name: name.to_owned(),
            number,
            is_whole: false,
        };
        answer.give(watch).await
    }

    /// A token for the page's origin, as an application's own endpoint gives it.
    async fn token(&self, uri: &Uri) -> Response {
        let Query(asked) = Query::<HashMap<String, String>>::try_from_uri(uri).unwrap();
        let policy = AccessPolicy::builder()
            .agent(&*asked["agent"])
            .chat()
            .build()
            .unwrap();
        let token = self.letta.access_tokens().create(policy, &*asked["origin"]);
        match token.await {
            Ok(token) => axum::Json(token.to_browser()).into_response(),
            Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
        }
    }

    /// The emulator's answer to the same request from a program. From `breaking`, the stream of a turn breaks off.
    async fn pass_on(&self, place: &str, request: Request) -> Response {
        let target = request.uri().path_and_query().unwrap().as_str();
        let target = target.strip_prefix(&format!("/{place}")).unwrap();
        let url = format!("{}{target}", self.emulator);
        let method = request.method().clone();
        let mut headers = request.headers().clone();
        for name in [
            header::HOST,
            header::ORIGIN,
            header::CONTENT_LENGTH,
            header::USER_AGENT,
        ] {
            headers.remove(name);
        }
        let sent = reqwest::Client::new()
            .request(method.clone(), url)
            .headers(headers)
            .body(body(request).await)
            .send();
        let answer = sent.await.unwrap();
        let is_stream = answer
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|it| it.to_str().unwrap().starts_with("text/event-stream"));
        let mut passed = Response::new(Body::empty());
        *passed.status_mut() = answer.status();
        for name in [header::CONTENT_TYPE, header::RETRY_AFTER, header::DATE] {
            if let Some(value) = answer.headers().get(&name) {
                passed.headers_mut().insert(name, value.clone());
            }
        }
        let pieces = answer
            .bytes_stream()
            .map(|piece| piece.map_err(io::Error::other));
        *passed.body_mut() = match place == "breaking" && is_stream && method == Method::POST {
            true => Body::from_stream(cut_in_second_event(pieces)),
            false => Body::from_stream(pieces),
        };
        passed
    }
}

fn texts(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect()
}

fn broken() -> io::Error {
    io::Error::other("the connection is to break here")
}

/// The pieces up to the middle of the second event. Then the connection breaks.
fn cut_in_second_event(
    pieces: impl Stream<Item = io::Result<Bytes>> + Send,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let bytes = pieces.flat_map(|piece| stream::iter(piece.unwrap_or_default()));
    let (mut before, mut events) = (b' ', 0);
    let cut = bytes.map(move |byte| {
        events += u32::from(before == b'\n' && byte == b'\n');
        before = byte;
        match events == 1 && byte == b'{' {
            true => Err(broken()),
            false => Ok(Bytes::from(vec![byte])),
        }
    });
    cut.then(after_what_was_sent)
}

/// Waits until what came before is on its way, if the connection is to break.
async fn after_what_was_sent(piece: io::Result<Bytes>) -> io::Result<Bytes> {
    if piece.is_err() {
        tokio::task::yield_now().await;
    }
    piece
}

/// Notes whether the page stays until an answer is whole.
struct Watch {
    service: Arc<Service>,
    name: String,
    number: usize,
    is_whole: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let is_given_up = !self.is_whole;
        self.service.with_script(&self.name, |script| {
            script.requests[self.number].is_given_up = is_given_up;
        });
    }
}

impl Answer {
    async fn give(self, watch: Watch) -> Response {
        let pieces = stream::iter(self.pieces).map(|piece| Ok(Bytes::from(piece)));
        let pieces = match self.end {
            End::Whole => pieces.boxed(),
            End::Broken => pieces.chain(stream::iter([Err(broken())])).boxed(),
            End::Open => pieces.chain(stream::pending()).boxed(),
            End::Silent => std::future::pending().await,
        };
        let pieces = stream::unfold((pieces, watch), |(mut pieces, mut watch)| async move {
            // What came before is sent on its own.
            tokio::task::yield_now().await;
            let piece = pieces.next().await;
            watch.is_whole = !matches!(piece, Some(Ok(_)));
            Some((piece?, (pieces, watch)))
        });
        let mut answer = Response::new(Body::from_stream(pieces));
        *answer.status_mut() = StatusCode::from_u16(self.status).unwrap();
        for (name, value) in self.headers {
            let name = HeaderName::try_from(name).unwrap();
            answer.headers_mut().insert(name, value.parse().unwrap());
        }
        match self.may_read {
            true => readable(answer, None),
            false => answer,
        }
    }
}
