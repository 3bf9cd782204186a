//! The token endpoint for axum, against the emulator: whom it gives a token, and what it says instead.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{any, post};
use futures_util::future::join_all;
use letta_api_emulator::{Emulator, Fault, NewAgent, operations};
use letta_api_ext::token_endpoint::{Problem, REFUSED_HEADER, TokenEndpoint, TokenGrant};
use letta_api_ext::{AccessPolicy, ApiKey, Letta, RetryPolicy, TokenMinter};
use serde_json::Value;
use tower::ServiceExt as _;

const KEY: &str = "sk-let-n0tarealkey";
const SITE: &str = "https://chat.example.com";
const OURS: (&str, &str) = ("origin", SITE);

async fn emulator() -> Emulator {
    let builder = Emulator::builder().api_key(KEY);
    let agents = ["agent-ada", "agent-grace"];
    let builder = agents.into_iter().fold(builder, |builder, agent| {
        builder.agent(NewAgent::new(agent))
    });
    builder.start().await.unwrap()
}

fn letta(emulator: &Emulator) -> Letta {
    Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .retry(RetryPolicy::never())
        .build()
        .unwrap()
}

fn minter(emulator: &Emulator) -> TokenMinter {
    TokenMinter::new(&letta(emulator), SITE).unwrap()
}

fn chat(agent: &str) -> AccessPolicy {
    let policy = AccessPolicy::builder().agent(agent).chat();
    policy.build().unwrap()
}

/// The session that a request is of: what its header `session` says.
struct Session(String);

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = (StatusCode, [(&'static str, &'static str); 1], &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        match parts.headers.get("session") {
            Some(session) => Ok(Self(session.to_str().unwrap().to_owned())),
            None => Err((
                StatusCode::UNAUTHORIZED,
                [("cache-control", "max-age=60")],
                "who are you?",
            )),
        }
    }
}

async fn chat_of(Session(session): Session) -> Result<TokenGrant, Problem> {
    Ok(TokenGrant::new(chat("agent-ada")).subject(session))
}

/// An application whose every session may chat to Ada.
fn app(minter: &TokenMinter) -> Router {
    Router::new().route("/token", post(TokenEndpoint::new(minter.clone(), chat_of)))
}

/// An application that is asked by nobody in particular.
fn app_of<F, Fut, R>(minter: &TokenMinter, authorize: F) -> Router
where
    F: Fn() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<TokenGrant, R>> + Send + 'static,
    R: IntoResponse + 'static,
{
    let authorize = move |(): ()| authorize();
    let endpoint = TokenEndpoint::new(minter.clone(), authorize);
    Router::new().route("/token", post(endpoint))
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn token(&self) -> String {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        self.json()["token"].as_str().unwrap().to_owned()
    }

    /// That it is a problem document of this status, and nothing else.
    fn assert_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.headers["cache-control"], "no-store");
        let body = self.json();
        let mut members: Vec<&str> = body.as_object().unwrap().keys().map(|k| &**k).collect();
        members.sort_unstable();
        assert_eq!(members, ["detail", "status", "title", "type"]);
        assert_eq!(body["status"], status);
        assert_eq!(body["type"], "about:blank");
        assert!(!self.body.contains("-let-"), "{}", self.body);
    }
}

async fn ask(app: &Router, method: Method, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri("/token");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let answer = app.clone().oneshot(request).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: head.status,
        headers: head.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

/// A page of the application asks, in a session.
async fn ask_in(app: &Router, session: &str) -> Answer {
    ask(app, Method::POST, &[OURS, ("session", session)]).await
}

async fn ask_refused_in(app: &Router, session: &str) -> Answer {
    let refused = (REFUSED_HEADER, "1");
    ask(app, Method::POST, &[OURS, ("session", session), refused]).await
}

/// Waits for what others do meanwhile.
async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("waited in vain until {what}");
}

#[tokio::test]
async fn a_page_gets_a_token_in_the_one_form_that_is_meant_for_it() {
    let emulator = emulator().await;
    let answer = ask_in(&app(&minter(&emulator)), "s1").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().len(), 3);
    assert!(body["expiresAt"].is_string());
    let left = body["expiresIn"].as_u64().unwrap();
    assert!((290..300).contains(&left), "{left}");
    let [token] = &emulator.tokens()[..] else {
        panic!("{:?}", emulator.tokens());
    };
    assert_eq!(body["token"], token.secret().expose_secret());
    assert_eq!(token.hostname(), SITE);
    // Nothing of the session has gone out.
    assert!(!emulator.dump().to_string().contains("s1"));
}

#[tokio::test]
async fn the_application_s_own_answer_is_forwarded_unchanged_and_not_stored() {
    let emulator = emulator().await;
    let minter = minter(&emulator);
    let answer = ask(&app(&minter), Method::POST, &[OURS]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.body, "who are you?");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers.get_all("cache-control").iter().count(), 1);

    let teapot = (
        StatusCode::IM_A_TEAPOT,
        [("cache-control", "public")],
        "no tea",
    );
    let refusing = app_of(&minter, move || async move { Err(teapot) });
    let answer = ask(&refusing, Method::POST, &[OURS]).await;
    assert_eq!(answer.status, StatusCode::IM_A_TEAPOT);
    assert_eq!(answer.body, "no tea");
    assert_eq!(answer.headers["cache-control"], "no-store");

    for (problem, status) in [
        (Problem::unauthorized(), 401),
        (Problem::forbidden(), 403),
        (Problem::new(StatusCode::GONE, "Gone, -let us say."), 410),
    ] {
        let refusing = app_of(&minter, move || {
            let problem = problem.clone();
            async { Err(problem) }
        });
        let answer = ask(&refusing, Method::POST, &[OURS]).await;
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.status, status);
    }
    assert_eq!(
        emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
        0
    );
}

#[tokio::test]
async fn only_a_page_of_the_tokens_origin_may_ask_and_the_application_is_not_bothered_by_others() {
    let emulator = emulator().await;
    let minter = minter(&emulator);
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let app = app_of(&minter, move || {
        counter.fetch_add(1, Ordering::Relaxed);
        async { Ok::<_, Infallible>(TokenGrant::new(chat("agent-ada"))) }
    });
    let other = "https://evil.example.com";
    let mut refused = 0;
    for (site, origins, expected) in [
        (Some("same-origin"), vec![SITE], 200),
        (Some("same-origin"), vec!["null"], 200),
        (Some("same-origin"), vec![], 200),
        (None, vec![SITE], 200),
        (None, vec![], 403),
        (None, vec!["null"], 403),
        (None, vec![""], 403),
        (None, vec![other], 403),
        (None, vec!["http://chat.example.com"], 403),
        (None, vec!["https://chat.example.com:8443"], 403),
        (None, vec!["https://chat.example.com.evil.example.com"], 403),
        (None, vec!["https://chat.example.com/"], 403),
        (None, vec![SITE, other], 403),
        (None, vec![other, SITE], 403),
        (Some("same-origin"), vec![other], 403),
        (Some("same-origin"), vec!["null", "null"], 403),
        (Some("same-site"), vec![SITE], 403),
        (Some("cross-site"), vec![other], 403),
        (Some("cross-site"), vec![], 403),
        (Some("none"), vec![], 403),
        (Some("Same-Origin"), vec![], 403),
    ] {
        let mut headers = Vec::new();
        headers.extend(site.map(|site| ("sec-fetch-site", site)));
        headers.extend(origins.into_iter().map(|origin| ("origin", origin)));
        let before = asked.load(Ordering::Relaxed);
        let answer = ask(&app, Method::POST, &headers).await;
        assert_eq!(answer.status, expected, "{headers:?}");
        if expected == 403 {
            answer.assert_problem(403);
            assert_eq!(asked.load(Ordering::Relaxed), before, "{headers:?}");
            refused += 1;
        }
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
    assert_eq!(refused, 17);
}

#[tokio::test]
async fn a_refusal_says_which_rule_it_was_and_a_log_says_what_came() {
    let emulator = emulator().await;
    let app = app(&minter(&emulator));
    let other = "https://evil.example.com";
    let long = format!("https://{}/ck-let-t0kent0ken", "x".repeat(5_000));
    let key = "https://x\tsk-let-t0kent0ken";
    for (site, origins, says, hint) in [
        (
            None,
            vec![],
            "neither an `Origin` nor a `Sec-Fetch-Site`",
            "without_cross_site",
        ),
        (None, vec!["null"], "`Origin` header is `null`", "sandboxed"),
        (
            None,
            vec![other],
            "not the origin that this application",
            "page's own origin, the minter is for another",
        ),
        (
            Some("same-origin"),
            vec![other],
            "not the origin that this application",
            "the minter is for another origin than",
        ),
        (
            None,
            vec!["https://chat.example.com:8443"],
            "not the origin",
            "`TokenMinter`",
        ),
        (
            None,
            vec![SITE, other],
            "`Origin` header is there more than once",
            "proxy",
        ),
        (
            Some("cross-site"),
            vec![other],
            "`Sec-Fetch-Site` header is `cross-site`",
            "loaded from",
        ),
        (
            Some("same-site"),
            vec![],
            "`Sec-Fetch-Site` header is `same-site`",
            "loaded from",
        ),
        (
            Some("evil-site"),
            vec![],
            "`Sec-Fetch-Site` header is not `same-origin`",
            "loaded from",
        ),
        (None, vec![&long[..]], "not the origin", "`TokenMinter`"),
        (None, vec![key], "not the origin", "`TokenMinter`"),
    ] {
        let mut headers = Vec::new();
        headers.extend(site.map(|site| ("sec-fetch-site", site)));
        headers.extend(origins.iter().map(|origin| ("origin", *origin)));
        let (log, guard) = Log::here_from(tracing::Level::WARN);
        let answer = ask(&app, Method::POST, &headers).await;
        drop(guard);
        let log = log.text();
        answer.assert_problem(403);
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(
            detail.starts_with("Only a page of this application"),
            "{detail}"
        );
        assert!(detail.contains(says), "{headers:?}: {detail}");
        assert!(
            !answer.body.contains("evil") && !answer.body.contains(SITE),
            "{detail}"
        );

        assert!(log.contains("WARN") && log.contains(SITE), "{log}");
        assert!(log.contains(hint), "{hint}: {log}");
        for value in site.iter().chain(&origins) {
            assert!(
                log.contains(value) || value.contains("t0ken"),
                "{value}: {log}"
            );
        }
        assert!(
            log.len() < 2_000 && log.trim_end().lines().count() == 1,
            "{log}"
        );
        assert!(!log.contains("t0kent0ken"));
    }
    let (log, _guard) = Log::here_from(tracing::Level::WARN);
    let answer = ask(&app, Method::POST, &[OURS, ("session", "s1")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(log.text(), "");
}

#[tokio::test]
async fn without_its_protection_it_answers_whoever_is_authorised() {
    let emulator = emulator().await;
    let endpoint = TokenEndpoint::new(minter(&emulator), chat_of).without_cross_site_protection();
    let app = Router::new().route("/token", post(endpoint));
    let answer = ask(&app, Method::POST, &[("session", "s1")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let answer = ask(&app, Method::POST, &[]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn another_method_gets_no_token_however_it_is_routed() {
    let emulator = emulator().await;
    let endpoint = TokenEndpoint::new(minter(&emulator), chat_of);
    let app = Router::new().route("/token", any(endpoint));
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let answer = ask(&app, method, &[OURS, ("session", "s1")]).await;
        answer.assert_problem(405);
        assert_eq!(answer.headers["allow"], "POST");
    }
    let answer = ask(&app, Method::HEAD, &[OURS, ("session", "s1")]).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(
        emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
        0
    );
}

#[tokio::test]
async fn failures_of_the_service_become_problems_and_its_words_are_not_handed_on() {
    let emulator = emulator().await;
    for (fault, expected, retry_after) in [
        (
            Fault::status(429).retry_after(Duration::from_secs(77)),
            429,
            Some("77"),
        ),
        (Fault::status(429), 429, None),
        (
            Fault::status(503).retry_after(Duration::from_secs(3)),
            503,
            Some("3"),
        ),
        (Fault::status(500), 503, None),
        (Fault::disconnect(), 503, None),
        (Fault::lose_answer(), 503, None),
        (Fault::status(400), 502, None),
        (Fault::status(401), 502, None),
        (Fault::status(403), 502, None),
        (Fault::status(404), 502, None),
        (Fault::status(501), 502, None),
    ] {
        // What fails is not tried again at once, by the same minter.
        let app = app(&minter(&emulator));
        emulator.inject(fault.clone()).unwrap();
        let answer = ask_in(&app, "s1").await;
        emulator.clear_faults();
        let again = ask_in(&app, "s1").await;
        again.assert_problem(expected);
        assert_eq!(again.json()["detail"], answer.json()["detail"]);
        let seconds: u64 = again.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((1..=77).contains(&seconds), "{fault:?}: {seconds}");
        answer.assert_problem(expected);
        let wait = answer.headers.get("retry-after");
        assert_eq!(
            wait.map(|wait| wait.to_str().unwrap()),
            retry_after,
            "{fault:?}"
        );
        assert!(!answer.body.contains("mulator"), "{}", answer.body);
        assert!(
            !answer.body.contains(&emulator.base_url()),
            "{}",
            answer.body
        );
    }
    // The next who asks gets one.
    ask_in(&app(&minter(&emulator)), "s1").await.token();
}

#[tokio::test]
async fn failures_outside_the_service_have_their_own_status() {
    let emulator = emulator().await;
    // Nobody listens there any more.
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let unreachable = Letta::builder()
        .api_key(ApiKey::new(KEY).unwrap())
        .base_url(gone)
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let unreachable = TokenMinter::new(&unreachable, SITE).unwrap();
    ask_in(&app(&unreachable), "s1").await.assert_problem(503);

    let hurried = letta(&emulator).with_deadline(Duration::from_millis(50));
    let hurried = TokenMinter::new(&hurried, SITE).unwrap();
    emulator
        .inject(Fault::latency(Duration::from_secs(5)).times(1))
        .unwrap();
    ask_in(&app(&hurried), "s1").await.assert_problem(503);
    emulator.clear_faults();

    // The application's own faults.
    let minter = minter(&emulator);
    let too_long = app_of(&minter, || async {
        let grant = TokenGrant::new(chat("agent-ada"));
        Ok::<_, Infallible>(grant.valid_for(Duration::from_secs(300)))
    });
    ask(&too_long, Method::POST, &[OURS])
        .await
        .assert_problem(500);
    let no_agent = app_of(&minter, || async {
        let policy = AccessPolicy::builder().agent("no agent").chat().build()?;
        Ok::<_, Problem>(TokenGrant::new(policy))
    });
    ask(&no_agent, Method::POST, &[OURS])
        .await
        .assert_problem(500);

    let _ = minter.shutdown(Duration::from_secs(5)).await;
    ask_in(&app(&minter), "s1").await.assert_problem(503);
}

#[test]
fn a_problem_says_when_to_come_back_in_whole_seconds_rounded_up() {
    for (wait, seconds) in [
        (Duration::ZERO, "0"),
        (Duration::from_millis(1), "1"),
        (Duration::from_millis(1_000), "1"),
        (Duration::from_millis(1_001), "2"),
        (Duration::from_secs(u64::MAX), "18446744073709551615"),
        (Duration::MAX, "18446744073709551615"),
    ] {
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "Slowly.");
        let problem = problem.retry_after(wait);
        assert_eq!(problem.detail(), "Slowly.");
        assert_eq!(problem.status(), 429);
        let answer = problem.into_response();
        assert_eq!(answer.headers()["retry-after"], seconds);
    }
    let answer = Problem::forbidden().into_response();
    assert!(!answer.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn however_often_a_session_asks_one_token_is_minted_for_it() {
    let emulator = emulator().await;
    let app = app(&minter(&emulator));
    emulator
        .inject(Fault::latency(Duration::from_millis(50)).times(1))
        .unwrap();
    let at_once = join_all((0..50).map(|_| ask_in(&app, "s1"))).await;
    let token = at_once[0].token();
    for answer in &at_once {
        assert_eq!(answer.token(), token);
    }
    for _ in 0..50 {
        assert_eq!(ask_in(&app, "s1").await.token(), token);
    }
    assert_eq!(
        emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
        1
    );
}

#[tokio::test]
async fn sessions_have_tokens_of_their_own_and_ending_one_leaves_the_others() {
    let emulator = emulator().await;
    let minter = minter(&emulator);
    let app = app(&minter);
    let (one, two) = (
        ask_in(&app, "s1").await.token(),
        ask_in(&app, "s2").await.token(),
    );
    assert_ne!(one, two);
    assert_eq!(minter.revoke_subject("s1").await.deleted(), 1);
    assert_eq!(ask_in(&app, "s2").await.token(), two);
    assert_eq!(emulator.token_count().live, 1);
}

#[tokio::test]
async fn it_works_with_a_state_and_several_extractors() {
    let emulator = emulator().await;
    let authorize = |(State(agent), Session(session), method): (State<&'static str>, _, Method)| {
        assert_eq!(method, Method::POST);
        async move { Ok::<_, Problem>(TokenGrant::new(chat(agent)).subject(session)) }
    };
    let endpoint = TokenEndpoint::new(minter(&emulator), authorize);
    let app = Router::new()
        .route("/token", post(endpoint))
        .with_state("agent-grace");
    ask_in(&app, "s1").await.token();
    let mut tokens = letta(&emulator).access_tokens().list().items();
    let token = tokens.next().await.unwrap().unwrap();
    assert_eq!(token.policy(), &chat("agent-grace"));
}

/// An application with one session, which may be ended.
#[derive(Clone, Default)]
struct Door {
    is_closed: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

impl Door {
    fn ask(&self) -> Result<TokenGrant, Problem> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.is_closed.load(Ordering::Relaxed) {
            return Err(Problem::unauthorized());
        }
        Ok(TokenGrant::new(chat("agent-ada")).subject("s1"))
    }

    fn app(&self, minter: &TokenMinter) -> Router {
        let door = self.clone();
        app_of(minter, move || std::future::ready(door.ask()))
    }
}

#[tokio::test]
async fn the_application_is_asked_again_if_a_token_was_minted_and_once_if_it_was_cached() {
    let emulator = emulator().await;
    let door = Door::default();
    let app = door.app(&minter(&emulator));
    for (asked, count) in [(1, 2), (2, 3), (3, 4)] {
        ask(&app, Method::POST, &[OURS]).await.token();
        assert_eq!(door.asked.load(Ordering::Relaxed), count, "{asked}");
    }
}

#[tokio::test]
async fn who_signs_out_while_a_token_is_minted_gets_none_and_it_is_deleted() {
    let emulator = emulator().await;
    let minter = minter(&emulator);
    let door = Door::default();
    let app = door.app(&minter);
    let late = Fault::late_answer(Duration::from_millis(300))
        .on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    emulator.inject(late).unwrap();
    let sign_out = async {
        until("the token is made", || emulator.token_count().live == 1).await;
        door.is_closed.store(true, Ordering::Relaxed);
        minter.revoke_subject("s1").await
    };
    let (answer, report) = tokio::join!(ask(&app, Method::POST, &[OURS]), sign_out);
    answer.assert_problem(401);
    assert!(report.is_complete());
    assert_eq!(emulator.token_count().live, 0);
}

#[tokio::test]
async fn who_signs_out_between_being_let_in_and_the_minting_gets_no_token_and_it_is_deleted() {
    let emulator = emulator().await;
    let minter = minter(&emulator);
    let door = Door::default();
    let (signing_out, its_minter) = (door.clone(), minter.clone());
    let app = app_of(&minter, move || {
        let grant = signing_out.ask();
        let (door, minter) = (signing_out.clone(), its_minter.clone());
        async move {
            // The user was let in. Now they sign out, once, and there is nothing to be revoked yet.
            if !door.is_closed.swap(true, Ordering::Relaxed) {
                let _ = minter.revoke_subject("s1").await;
            }
            grant
        }
    });
    ask(&app, Method::POST, &[OURS]).await.assert_problem(401);
    assert_eq!(
        emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
        1
    );
    until("it is revoked", || emulator.token_count().live == 0).await;
    assert_eq!(minter.token_count(), 0);
}

#[tokio::test]
async fn who_may_do_less_by_the_time_that_a_token_is_there_gets_one_for_that() {
    let emulator = emulator().await;
    let minter = minter(&emulator);
    let asked = Arc::new(AtomicUsize::new(0));
    let app = app_of(&minter, move || {
        let policy = match asked.fetch_add(1, Ordering::Relaxed) {
            0 => chat("agent-ada"),
            _ => {
                let policy = AccessPolicy::builder().agent("agent-ada");
                policy.read_messages().build().unwrap()
            }
        };
        async { Ok::<_, Infallible>(TokenGrant::new(policy).subject("s1")) }
    });
    let token = ask(&app, Method::POST, &[OURS]).await.token();
    until("the other is revoked", || emulator.token_count().live == 1).await;
    let mut tokens = letta(&emulator).access_tokens().list().items();
    let left = tokens.next().await.unwrap().unwrap();
    assert_eq!(left.expose_secret(), token);
    assert_eq!(left.policy().to_string(), "agent-ada:read_messages");
}

#[tokio::test]
async fn a_grant_that_changes_each_time_is_answered_with_try_again_and_leaves_no_token() {
    let emulator = emulator().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let app = app_of(&minter(&emulator), move || {
        let subject = format!("s{}", asked.fetch_add(1, Ordering::Relaxed));
        async { Ok::<_, Infallible>(TokenGrant::new(chat("agent-ada")).subject(subject)) }
    });
    ask(&app, Method::POST, &[OURS]).await.assert_problem(503);
    until("all are revoked", || emulator.token_count().live == 0).await;
}

#[tokio::test]
async fn a_user_who_is_still_allowed_gets_another_token_if_one_was_revoked_while_minted() {
    let emulator = emulator().await;
    let minter = minter(&emulator);
    let app = Door::default().app(&minter);
    let late = Fault::late_answer(Duration::from_millis(300))
        .on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    emulator.inject(late.times(1)).unwrap();
    let revoke = async {
        until("the token is made", || emulator.token_count().live == 1).await;
        minter.revoke_agent("agent-ada").await
    };
    let (answer, _) = tokio::join!(ask(&app, Method::POST, &[OURS]), revoke);
    let token = answer.token();
    let [left] = &emulator.tokens()[..] else {
        panic!("{:?}", emulator.tokens());
    };
    assert_eq!(left.secret().expose_secret(), token);
}

#[tokio::test]
async fn a_page_whose_token_was_refused_gets_another_once_in_a_while() {
    let emulator = emulator().await;
    let minter = minter(&emulator);
    let app = app(&minter);
    let first = ask_in(&app, "s1").await.token();
    // By somebody else, so that this minter does not know.
    letta(&emulator)
        .access_tokens()
        .revoke(first.as_str())
        .send()
        .await
        .unwrap();
    assert_eq!(ask_in(&app, "s1").await.token(), first);
    let second = ask_refused_in(&app, "s1").await.token();
    assert_ne!(second, first);
    // Another tab, and a page that wants too much.
    for _ in 0..20 {
        assert_eq!(ask_refused_in(&app, "s1").await.token(), second);
    }
    assert_eq!(
        emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
        2
    );
    // Another session is counted by itself, and not touched.
    let other = ask_in(&app, "s2").await.token();
    assert_eq!(ask_refused_in(&app, "s1").await.token(), second);
    assert_eq!(ask_in(&app, "s2").await.token(), other);
    assert_ne!(ask_refused_in(&app, "s2").await.token(), other);
}

#[tokio::test]
async fn who_shares_a_token_with_others_cannot_have_it_revoked() {
    let emulator = emulator().await;
    let app = app_of(&minter(&emulator), || async {
        Ok::<_, Infallible>(TokenGrant::new(chat("agent-ada")))
    });
    let token = ask(&app, Method::POST, &[OURS]).await.token();
    let refused = [OURS, (REFUSED_HEADER, "1")];
    assert_eq!(ask(&app, Method::POST, &refused).await.token(), token);
    assert_eq!(
        emulator.request_count(operations::DELETE_CLIENT_SIDE_ACCESS_TOKEN),
        0
    );
}

/// What a page of the application may have: a token for each of two agents.
fn both_agents() -> AccessPolicy {
    "agent-ada:chat;agent-grace:read_agent".parse().unwrap()
}

/// An application whose every session has a token for each of two agents.
fn app_of_two(minter: &TokenMinter) -> Router {
    let authorize = async |Session(session): Session| {
        Ok::<_, Infallible>(TokenGrant::per_agent(both_agents()).subject(session))
    };
    Router::new().route(
        "/token",
        post(TokenEndpoint::new(minter.clone(), authorize)),
    )
}

impl Answer {
    /// The secrets by agent, of an answer with a token for each.
    fn tokens(&self) -> BTreeMap<String, String> {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        let body = self.json();
        assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
        let tokens = body["tokens"].as_object().unwrap().iter();
        let tokens = tokens.map(|(agent, token)| {
            assert_eq!(token.as_object().unwrap().len(), 3, "{token}");
            assert!(token["expiresAt"].is_string());
            assert!((1..300).contains(&token["expiresIn"].as_u64().unwrap()));
            (agent.clone(), token["token"].as_str().unwrap().to_owned())
        });
        tokens.collect()
    }
}

#[tokio::test]
async fn a_page_of_several_agents_gets_a_token_for_each_in_a_map() {
    let emulator = emulator().await;
    let minter = minter(&emulator);
    let app = app_of_two(&minter);
    let answer = ask_in(&app, "s1").await;
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let tokens = answer.tokens();
    let mut live = letta(&emulator).access_tokens().list().items();
    let mut count = 0;
    while let Some(token) = live.next().await {
        let token = token.unwrap();
        let agent = token.policy().sole_agent().unwrap();
        assert_eq!(tokens[agent.as_str()], token.expose_secret());
        assert!(
            both_agents()
                .per_agent()
                .any(|part| part == *token.policy())
        );
        count += 1;
    }
    assert_eq!((count, tokens.len()), (2, 2));
    // However often it asks. Another session has its own.
    for _ in 0..20 {
        assert_eq!(ask_in(&app, "s1").await.tokens(), tokens);
    }
    assert_eq!(
        emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
        2
    );
    let other = ask_in(&app, "s2").await.tokens();
    assert!(other.iter().all(|(agent, token)| tokens[agent] != *token));

    // The same form for one agent; and a grant of one token is what it was.
    let one = app_of(&minter, || async {
        Ok::<_, Infallible>(TokenGrant::per_agent(chat("agent-ada")))
    });
    let one = ask(&one, Method::POST, &[OURS]).await.tokens();
    assert_eq!(one.keys().collect::<Vec<_>>(), ["agent-ada"]);
    let together = app_of(&minter, || async {
        Ok::<_, Infallible>(TokenGrant::new(both_agents()).subject("s1"))
    });
    let together = ask(&together, Method::POST, &[OURS]).await.token();
    assert!(!tokens.values().any(|token| *token == together));
}

#[tokio::test]
async fn what_is_not_of_agents_alone_cannot_be_granted_per_agent() {
    let emulator = emulator().await;
    for policy in ["agent-ada:chat;?%7B%22type%22%3A%22project%22%7D"] {
        let policy: AccessPolicy = policy.parse().unwrap();
        let app = app_of(&minter(&emulator), move || {
            let grant = TokenGrant::per_agent(policy.clone());
            async { Ok::<_, Infallible>(grant) }
        });
        ask(&app, Method::POST, &[OURS]).await.assert_problem(500);
    }
    assert_eq!(
        emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
        0
    );
}

#[tokio::test]
async fn a_page_of_several_agents_is_asked_for_again_as_one_of_one_agent_is() {
    let emulator = emulator().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let app = app_of(&minter(&emulator), move || {
        count.fetch_add(1, Ordering::Relaxed);
        async { Ok::<_, Infallible>(TokenGrant::per_agent(both_agents()).subject("s1")) }
    });
    for (asked_before, count) in [(1, 2), (2, 3), (3, 4)] {
        ask(&app, Method::POST, &[OURS]).await.tokens();
        assert_eq!(asked.load(Ordering::Relaxed), count, "{asked_before}");
    }
}

#[tokio::test]
async fn who_signs_out_while_several_tokens_are_minted_gets_none_and_all_are_revoked() {
    let emulator = emulator().await;
    let minter = minter(&emulator);
    let is_closed = Arc::new(AtomicBool::new(false));
    let door = is_closed.clone();
    let app = app_of(&minter, move || {
        let is_closed = door.load(Ordering::Relaxed);
        async move {
            match is_closed {
                true => Err(Problem::unauthorized()),
                false => Ok(TokenGrant::per_agent(both_agents()).subject("s1")),
            }
        }
    });
    let late = Fault::late_answer(Duration::from_millis(300))
        .on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    emulator.inject(late).unwrap();
    let sign_out = async {
        until("both are made", || emulator.token_count().live == 2).await;
        is_closed.store(true, Ordering::Relaxed);
        minter.revoke_subject("s1").await
    };
    let (answer, report) = tokio::join!(ask(&app, Method::POST, &[OURS]), sign_out);
    answer.assert_problem(401);
    assert!(report.is_complete());
    assert_eq!(emulator.token_count().live, 0);
}

#[tokio::test]
async fn if_one_of_several_tokens_fails_the_others_are_kept_unless_the_user_is_gone() {
    for is_gone in [false, true] {
        let emulator = emulator().await;
        let minter = minter(&emulator);
        let asked = Arc::new(AtomicUsize::new(0));
        let app = app_of(&minter, move || {
            let is_again = asked.fetch_add(1, Ordering::Relaxed) == 1;
            async move {
                match is_again && is_gone {
                    true => Err(Problem::unauthorized()),
                    false => Ok(TokenGrant::per_agent(both_agents()).subject("s1")),
                }
            }
        });
        // Ada's token is there before Grace's fails.
        let ada = both_agents().per_agent().next().unwrap();
        let kept = minter.token(&ada).subject("s1").await.unwrap();
        let minute = Duration::from_secs(60);
        emulator
            .inject(Fault::rate_limit(0, minute).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN))
            .unwrap();
        let answer = ask(&app, Method::POST, &[OURS]).await;
        if is_gone {
            answer.assert_problem(401);
            until("it is revoked", || emulator.token_count().live == 0).await;
            continue;
        }
        answer.assert_problem(429);
        ask(&app, Method::POST, &[OURS]).await.assert_problem(429);
        assert_eq!(
            emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
            2
        );
        let again = minter.token(&ada).subject("s1").await.unwrap();
        assert_eq!(again.expose_secret(), kept.expose_secret());
    }
}

#[tokio::test]
async fn a_page_may_name_the_agent_whose_token_was_refused_and_only_that_is_replaced() {
    let emulator = emulator().await;
    let app = app_of_two(&minter(&emulator));
    let refused = async |session: &str, values: &[&str]| {
        let mut headers = vec![OURS, ("session", session)];
        headers.extend(values.iter().map(|value| (REFUSED_HEADER, *value)));
        ask(&app, Method::POST, &headers).await.tokens()
    };
    let creates = || emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    let replaced = |before: &BTreeMap<String, String>, after: &BTreeMap<String, String>| {
        let (ada, grace) = ("agent-ada", "agent-grace");
        (before[ada] != after[ada], before[grace] != after[grace])
    };
    let first = ask_in(&app, "s1").await.tokens();
    let second = refused("s1", &["agent-grace"]).await;
    assert_eq!(replaced(&first, &second), (false, true));
    // Once in a while, for each agent.
    for _ in 0..20 {
        assert_eq!(refused("s1", &["agent-grace"]).await, second);
    }
    let third = refused("s1", &["agent-ada"]).await;
    assert_eq!(replaced(&second, &third), (true, false));
    // Nor is one replaced by all that was just replaced by name.
    assert_eq!(refused("s1", &["1"]).await, third);
    assert_eq!(creates(), 4);

    // What names no agent of the grant means all, and once.
    let mut tokens = Vec::new();
    for (number, values) in [
        &["1"][..],
        &["agent-other"],
        &["agent-ada", "agent-ada"],
        &["agent-ada,agent-grace"],
        &["é"],
    ]
    .into_iter()
    .enumerate()
    {
        let session = format!("all-{number}");
        let first = ask_in(&app, &session).await.tokens();
        let second = refused(&session, values).await;
        assert_eq!(replaced(&first, &second), (true, true), "{values:?}");
        assert_eq!(
            refused(&session, &["agent-ada"]).await,
            second,
            "{values:?}"
        );
        assert_eq!(refused(&session, values).await, second, "{values:?}");
        tokens.push(second);
    }
    // One was replaced by name, and all others follow.
    let first = ask_in(&app, "s3").await.tokens();
    let second = refused("s3", &["agent-ada"]).await;
    let third = refused("s3", &["1"]).await;
    assert_eq!(replaced(&first, &second), (true, false));
    assert_eq!(replaced(&second, &third), (false, true));
    // Nobody else was touched.
    for (number, tokens) in tokens.into_iter().enumerate() {
        assert_eq!(
            ask_in(&app, &format!("all-{number}")).await.tokens(),
            tokens
        );
    }
}

/// What is traced, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Records what this thread traces at this level and above, until the guard is dropped.
    fn here_from(level: tracing::Level) -> (Self, tracing::subscriber::DefaultGuard) {
        // With one subscriber alone, what another test's thread comes by first may be silent for all.
        static SECOND: LazyLock<tracing::Dispatch> =
            LazyLock::new(|| tracing::Dispatch::new(tracing_subscriber::registry()));
        LazyLock::force(&SECOND);
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn no_secret_is_traced_or_printed_and_the_reason_of_a_problem_is_traced() {
    let (log, _guard) = Log::here_from(tracing::Level::TRACE);

    let emulator = emulator().await;
    let minter = minter(&emulator);
    let session = "s3cret-session";
    let grant = TokenGrant::new(chat("agent-ada")).subject(session);
    let endpoint = TokenEndpoint::new(minter.clone(), chat_of);
    let mut printed = format!("{grant:?} {grant:#?} {endpoint:?} {endpoint:#?}");
    let app = Router::new().route("/token", post(endpoint));
    let mut secrets = vec![KEY.to_owned(), session.to_owned()];
    secrets.push(ask_in(&app, session).await.token());
    secrets.push(ask_in(&app, session).await.token());
    secrets.push(ask_refused_in(&app, session).await.token());
    let several = app_of_two(&minter);
    secrets.extend(ask_in(&several, session).await.tokens().into_values());
    let named = [OURS, ("session", session), (REFUSED_HEADER, "agent-ada")];
    secrets.extend(
        ask(&several, Method::POST, &named)
            .await
            .tokens()
            .into_values(),
    );
    print_into(
        &mut printed,
        &TokenGrant::per_agent(both_agents()).subject(session),
    );
    let tokens = minter
        .tokens_per_agent(&both_agents())
        .subject(session)
        .await
        .unwrap();
    print_into(&mut printed, &tokens);
    print_into(&mut printed, &tokens.to_browser());
    let _ = minter.revoke_subject(session).await;
    emulator.inject(Fault::status(401)).unwrap();
    let problem = ask_in(&app, session).await;
    problem.assert_problem(502);
    printed.push_str(&problem.body);
    print_into(&mut printed, &problem.headers);
    print_into(&mut printed, &Problem::forbidden());

    let traced = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let warning = traced
        .lines()
        .find(|line| line.contains("WARN") && line.contains("a page gets a problem"))
        .unwrap();
    assert!(
        warning.contains("letta_api_ext") && warning.contains("401"),
        "{warning}"
    );
    for secret in secrets {
        assert!(!traced.contains(&secret), "traced: {secret}");
        assert!(!printed.contains(&secret), "printed: {secret}");
    }
}

fn print_into(text: &mut String, value: &impl Debug) {
    text.push_str(&format!("{value:?}"));
}
