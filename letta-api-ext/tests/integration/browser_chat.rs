//! The example `browser_chat` hands out tokens to whom it should, and says readably what it does not.
//!
//! What its page does is tested in a browser, in the workspace's `tests/browser`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use letta_api_emulator::{Emulator, Fault, ManualClock, NewAgent, TokenRules, operations};
use letta_api_ext::reqwest::header::{HeaderMap, HeaderValue};
use letta_api_ext::reqwest::redirect::Policy;
use letta_api_ext::reqwest::{Client, Response, StatusCode};

/// It listens where there is room.
fn example() -> Command {
    let mut command = crate::example::example("browser_chat");
    command.env("CHAT_LISTEN", "127.0.0.1:0");
    command
}

/// The application, running until it is dropped.
struct Chat {
    child: Child,
    origin: String,
    greeting: String,
    http: Client,
}

impl Chat {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut greeting = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let origin = lines.by_ref().map(Result::unwrap).find_map(|line| {
            greeting.push_str(&line);
            greeting.push('\n');
            Some(line.strip_prefix("Open ")?.trim().to_owned())
        });
        let Some(origin) = origin else {
            let output = child.wait_with_output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            panic!("the example did not start: {errors}");
        };
        let http = Client::builder().no_proxy().redirect(Policy::none());
        Self {
            child,
            origin,
            greeting,
            http: http.build().unwrap(),
        }
    }

    /// In front of an emulator of the test's own.
    fn before(emulator: &Emulator) -> Self {
        Self::start(
            example()
                .env("LETTA_API_KEY", emulator.api_key().secret().expose_secret())
                .env("LETTA_BASE_URL", emulator.base_url())
                .env("LETTA_AGENT_ID", "agent-ada"),
        )
    }

    async fn get(&self, path: &str, headers: &[(&'static str, &str)]) -> Response {
        let url = format!("{}{path}", self.origin);
        let request = self.http.get(url).headers(to_map(headers));
        request.send().await.unwrap()
    }

    async fn post(&self, path: &str, headers: &[(&'static str, &str)], body: &str) -> Response {
        let url = format!("{}{path}", self.origin);
        let request = self.http.post(url).headers(to_map(headers));
        request.body(body.to_owned()).send().await.unwrap()
    }

    /// Signs in, and gives the cookie.
    async fn sign_in(&self, name: &str) -> String {
        let headers = [
            ("origin", &*self.origin),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let answer = self
            .post("/sign-in", &headers, &format!("name={name}"))
            .await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()["location"], "/");
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        let (cookie, attributes) = cookie.split_once("; ").unwrap();
        assert_eq!(
            attributes,
            "HttpOnly; SameSite=Strict; Path=/; Max-Age=28800"
        );
        cookie.to_owned()
    }

    async fn mint(&self, cookie: &str) -> Response {
        let headers = [("origin", &*self.origin), ("cookie", cookie)];
        self.post("/api/letta-token", &headers, "").await
    }

    /// Ends it, and gives what it said went wrong.
    fn errors(mut self) -> String {
        let _ = self.child.kill();
        let mut errors = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut errors).unwrap();
        errors
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn to_map(headers: &[(&'static str, &str)]) -> HeaderMap {
    let headers = headers.iter();
    headers
        .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()))
        .collect()
}

fn builder() -> letta_api_emulator::Builder {
    let agent = NewAgent::new("agent-ada").name("Ada");
    Emulator::builder()
        .api_key("sk-let-n0tarealkey")
        .agent(agent)
}

async fn emulator() -> Emulator {
    builder().start().await.unwrap()
}

async fn json(answer: Response) -> serde_json::Value {
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_signed_in_gets_a_token_to_chat_to_one_agent_from_this_origin() {
    let emulator = emulator().await;
    let chat = Chat::before(&emulator);
    let cookie = chat.sign_in("Ada").await;
    let answer = chat.mint(&cookie).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["content-type"], "application/json");
    let body = json(answer).await;
    assert_eq!(body.as_object().unwrap().len(), 3);
    assert!(body["token"].is_string() && body["expiresAt"].is_string());
    let left = body["expiresIn"].as_u64().unwrap();
    assert!((290..300).contains(&left), "{left}");

    let [token] = &emulator.tokens()[..] else {
        panic!("{:?}", emulator.tokens());
    };
    assert_eq!(token.hostname(), chat.origin);
    let listed = list(&emulator).await;
    assert_eq!(listed, "agent-ada:read_messages,write_messages");
    assert!(!chat.greeting.contains("sk-let-"), "{}", chat.greeting);
}

/// The policy of the one token that there is.
async fn list(emulator: &Emulator) -> String {
    let letta = letta_api_ext::Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .build()
        .unwrap();
    let mut tokens = letta.access_tokens().list().items();
    let token = tokens.next().await.unwrap().unwrap();
    assert!(tokens.next().await.is_none());
    token.policy().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_is_not_signed_in_gets_a_token() {
    let emulator = emulator().await;
    let chat = Chat::before(&emulator);
    for cookie in [
        "",
        "letta_chat_session=",
        "letta_chat_session=0",
        "other=1; letta_chat_session=a=b",
    ] {
        let answer = chat.mint(cookie).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{cookie}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let body = json(answer).await;
        assert_eq!(body["status"], 401);
        assert_eq!(body["title"], "Unauthorized");
        assert_eq!(body["detail"], "You are not signed in.");
    }
    assert_eq!(
        emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
        0
    );
    let answer = chat.get("/", &[]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()["location"], "/sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_page_of_the_application_may_ask_for_a_token() {
    let emulator = emulator().await;
    let chat = Chat::before(&emulator);
    let cookie = chat.sign_in("Ada").await;
    let (ours, other) = (Some(&*chat.origin), Some("https://evil.example.com"));
    for (site, origin, expected) in [
        (Some("same-origin"), ours, 200),
        (Some("same-origin"), Some("null"), 200),
        (Some("same-origin"), None, 200),
        (None, ours, 200),
        (None, None, 403),
        (None, Some("null"), 403),
        (None, other, 403),
        (Some("same-origin"), other, 403),
        (Some("same-site"), ours, 403),
        (Some("cross-site"), other, 403),
        (Some("none"), None, 403),
    ] {
        let mut headers = vec![("cookie", &*cookie)];
        headers.extend(site.map(|site| ("sec-fetch-site", site)));
        headers.extend(origin.map(|origin| ("origin", origin)));
        let answer = chat.post("/api/letta-token", &headers, "").await;
        assert_eq!(answer.status(), expected, "{headers:?}");
        let allows = answer.headers().contains_key("access-control-allow-origin");
        assert!(!allows, "{headers:?}");
    }
    // The session's token is minted once.
    assert_eq!(
        emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_asks_again_and_again_gets_the_same_token_and_another_session_one_of_its_own() {
    let emulator = emulator().await;
    let chat = Chat::before(&emulator);
    let cookie = chat.sign_in("Ada").await;
    let other = chat.sign_in("Ada").await;
    let first = json(chat.mint(&cookie).await).await["token"].clone();
    for _ in 0..20 {
        assert_eq!(json(chat.mint(&cookie).await).await["token"], first);
    }
    assert_eq!(
        emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
        1
    );
    assert_ne!(json(chat.mint(&other).await).await["token"], first);
    assert_eq!(
        emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_by_another_name_is_sent_to_the_origin_or_refused() {
    let chat = Chat::start(&mut example());
    let cookie = chat.sign_in("Ada").await;
    let elsewhere = ("host", "localhost:3000");
    let answer = chat.get("/sign-in", &[elsewhere]).await;
    assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(
        answer.headers()["location"],
        format!("{}/sign-in", chat.origin)
    );
    let headers = [elsewhere, ("origin", &*chat.origin), ("cookie", &*cookie)];
    let answer = chat.post("/api/letta-token", &headers, "").await;
    assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_the_service_become_problems_that_say_nothing_secret() {
    let emulator = emulator().await;
    let chat = Chat::before(&emulator);
    let mut cookies = Vec::new();
    for (fault, expected, retry_after) in [
        (Fault::status(500), 503, None),
        (Fault::lose_answer(), 503, None),
        (Fault::status(401), 502, None),
        (Fault::status(404), 502, None),
        // The last, since all wait for it.
        (
            Fault::status(429).retry_after(Duration::from_secs(77)),
            429,
            Some("77"),
        ),
    ] {
        // A session that failed waits before it is tried again.
        let cookie = chat.sign_in("Ada").await;
        emulator.inject(fault.clone()).unwrap();
        let answer = chat.mint(&cookie).await;
        emulator.clear_faults();
        assert_eq!(answer.status(), expected, "{fault:?}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let wait = answer.headers().get("retry-after").cloned();
        assert_eq!(
            wait.as_ref().map(|wait| wait.to_str().unwrap()),
            retry_after
        );
        let body = json(answer).await.to_string();
        assert!(!body.contains("-let-"), "{body}");
        assert!(!body.contains(&emulator.base_url()), "{body}");
        cookies.push(cookie);
    }
    // Whoever runs the application is told what it was.
    let errors = chat.errors();
    for status in [429, 500, 401, 404] {
        assert!(errors.contains(&format!("answered {status}")), "{errors}");
    }
    assert!(
        !errors.contains("n0tarealkey") && !errors.contains("ck-let-"),
        "{errors}"
    );
    for cookie in cookies {
        let (_, session) = cookie.split_once('=').unwrap();
        assert!(!errors.contains(session), "{errors}");
    }
}

/// Reads the agent's messages as a page of the application does.
async fn read(emulator: &Emulator, origin: &str, token: &str) -> StatusCode {
    let http = Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/v1/agents/agent-ada/messages", emulator.base_url());
    let request = http.get(url).bearer_auth(token).header("origin", origin);
    request.send().await.unwrap().status()
}

/// Signs out, and gives what the application logged of it: a level and a text, without the time.
async fn sign_out(chat: Chat, cookie: &str) -> String {
    let headers = [("origin", &*chat.origin), ("cookie", cookie)];
    let answer = chat.post("/sign-out", &headers, "").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()["location"], "/sign-in");
    let errors = chat.errors();
    let line = errors
        .lines()
        .find(|line| line.contains("a user signed out"));
    let line = line.unwrap_or_else(|| panic!("nothing is said of it: {errors}"));
    let (_, session) = cookie.split_once('=').unwrap();
    assert!(
        !errors.contains(session) && !errors.contains("-let-"),
        "{errors}"
    );
    line.to_owned()
}

/// The seconds that a log says that a token may work for.
fn seconds(line: &str) -> u64 {
    let (_, rest) = line.split_once("may work for ").unwrap();
    rest.split_once(' ').unwrap().0.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_forgets_the_session_and_no_other() {
    for rules in [TokenRules::strict(), TokenRules::published_2025()] {
        let emulator = builder().token_rules(rules).start().await.unwrap();
        let chat = Chat::before(&emulator);
        let cookie = chat.sign_in("Ada").await;
        let other = chat.sign_in("Grace").await;
        for cookie in [&cookie, &other] {
            assert_eq!(chat.mint(cookie).await.status(), StatusCode::OK);
        }
        let headers = [("origin", &*chat.origin), ("cookie", &*cookie)];
        let answer = chat.post("/sign-out", &headers, "").await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(
            answer.headers()["set-cookie"],
            "letta_chat_session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"
        );
        assert_eq!(
            emulator.request_count(operations::DELETE_CLIENT_SIDE_ACCESS_TOKEN),
            1
        );
        assert_eq!(chat.mint(&cookie).await.status(), StatusCode::UNAUTHORIZED);
        let token = json(chat.mint(&other).await).await["token"].clone();
        let status = read(&emulator, &chat.origin, token.as_str().unwrap()).await;
        assert_eq!(status, StatusCode::OK);
        // The other session has the token that it had.
        assert_eq!(
            emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
            2
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_deletes_what_was_minted_and_says_what_may_still_work() {
    for (rules, is_used, after) in [
        (TokenRules::strict(), true, StatusCode::UNAUTHORIZED),
        (TokenRules::strict(), false, StatusCode::UNAUTHORIZED),
        (TokenRules::published_2025(), true, StatusCode::OK),
        (
            TokenRules::published_2025(),
            false,
            StatusCode::UNAUTHORIZED,
        ),
    ] {
        let clock = ManualClock::new();
        let emulator = builder().token_rules(rules).clock(clock.clone());
        let emulator = emulator.start().await.unwrap();
        let chat = Chat::before(&emulator);
        let cookie = chat.sign_in("Ada").await;
        let token = json(chat.mint(&cookie).await).await["token"].clone();
        let token = token.as_str().unwrap();
        if is_used {
            assert_eq!(read(&emulator, &chat.origin, token).await, StatusCode::OK);
        }
        let origin = chat.origin.clone();
        let line = sign_out(chat, &cookie).await;
        let status = read(&emulator, &origin, token).await;
        assert_eq!(status, after, "used: {is_used}");
        // True of either service, and of either token: nobody here knows.
        assert!(line.contains("INFO"), "{line}");
        assert!(line.contains("1 deleted, 0 not found"), "{line}");
        let left = seconds(&line);
        assert!((1..=302).contains(&left), "{line}");
        clock.advance(Duration::from_secs(left));
        let status = read(&emulator, &origin, token).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_says_so_if_the_service_does_not_delete_or_does_not_answer() {
    for (fault, says) in [
        (
            Fault::status(400),
            "0 deleted, 0 not found, 1 could not be deleted",
        ),
        (
            Fault::latency(Duration::from_secs(3600)),
            "the service has not answered yet",
        ),
    ] {
        let emulator = emulator().await;
        let chat = Chat::before(&emulator);
        let cookie = chat.sign_in("Ada").await;
        assert_eq!(chat.mint(&cookie).await.status(), StatusCode::OK);
        emulator
            .inject(fault.on(operations::DELETE_CLIENT_SIDE_ACCESS_TOKEN))
            .unwrap();
        let line = sign_out(chat, &cookie).await;
        assert!(line.contains("WARN") && line.contains(says), "{line}");
        assert!((1..=302).contains(&seconds(&line)), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_of_a_session_without_tokens_claims_none() {
    let emulator = emulator().await;
    let chat = Chat::before(&emulator);
    let cookie = chat.sign_in("Ada").await;
    let line = sign_out(chat, &cookie).await;
    assert!(
        line.contains("the minter had no token of the session"),
        "{line}"
    );
    assert_eq!(
        emulator.request_count(operations::DELETE_CLIENT_SIDE_ACCESS_TOKEN),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_signs_out_while_a_token_is_minted_does_not_get_it() {
    let emulator = emulator().await;
    let chat = Chat::before(&emulator);
    let cookie = chat.sign_in("Ada").await;
    let slow = Fault::late_answer(Duration::from_millis(1500))
        .on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    emulator.inject(slow).unwrap();
    let sign_out = async {
        // Until the token is made, and its answer on the way.
        while emulator.token_count().live == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let headers = [("origin", &*chat.origin), ("cookie", &*cookie)];
        chat.post("/sign-out", &headers, "").await
    };
    let (minted, signed_out) = tokio::join!(chat.mint(&cookie), sign_out);
    assert_eq!(signed_out.status(), StatusCode::SEE_OTHER);
    assert_eq!(minted.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        emulator.request_count(operations::DELETE_CLIENT_SIDE_ACCESS_TOKEN),
        1
    );
    assert_eq!(emulator.token_count().live, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_no_account_each_user_has_an_agent_of_the_emulators() {
    let chat = Chat::start(&mut example());
    assert!(
        chat.greeting.contains("the emulator, at http://127.0.0.1:"),
        "{}",
        chat.greeting
    );
    let mut agents = Vec::new();
    for name in ["Ada", "Grace", "Ada"] {
        let cookie = chat.sign_in(name).await;
        let session = json(chat.get("/api/session", &[("cookie", &*cookie)]).await).await;
        assert_eq!(session["user"], name);
        assert_eq!(session["agent"]["name"], format!("{name}’s agent"));
        agents.push(session["agent"]["id"].clone());
    }
    assert_eq!(agents[0], agents[2]);
    assert_ne!(agents[0], agents[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_tells_the_browser_to_allow_little() {
    let emulator = emulator().await;
    let chat = Chat::before(&emulator);
    let cookie = chat.sign_in("Ada").await;
    let service = emulator.base_url();
    for path in ["/", "/sign-in", "/chat.js", "/api/session", "/nothing"] {
        let answer = chat.get(path, &[("cookie", &*cookie)]).await;
        let headers = answer.headers();
        assert_eq!(
            headers["content-security-policy"],
            format!(
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                 connect-src 'self' {service}; base-uri 'none'; form-action 'self'; \
                 frame-ancestors 'none'"
            ),
            "{path}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert!(headers.contains_key("cache-control"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scripts_of_another_page_take_the_place_of_its_own() {
    let emulator = emulator().await;
    let folder = std::env::temp_dir().join(format!("browser_chat_page_{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("chat.js"), "// another").unwrap();
    std::fs::write(folder.join("page.wasm"), b"\0asm").unwrap();
    std::fs::write(folder.join("notes.txt"), "not for the browser").unwrap();
    let chat = Chat::start(
        example()
            .env("LETTA_API_KEY", emulator.api_key().secret().expose_secret())
            .env("LETTA_BASE_URL", emulator.base_url())
            .env("LETTA_AGENT_ID", "agent-ada")
            .env("CHAT_PAGE", &folder),
    );
    // They are read once.
    std::fs::remove_dir_all(&folder).unwrap();
    for (path, status, content_type) in [
        ("/chat.js", 200, "text/javascript; charset=utf-8"),
        ("/page.wasm", 200, "application/wasm"),
        ("/style.css", 200, "text/css; charset=utf-8"),
        ("/access.js", 404, "application/problem+json"),
        ("/notes.txt", 404, "application/problem+json"),
    ] {
        let answer = chat.get(path, &[]).await;
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()["content-type"], content_type, "{path}");
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        assert!(
            policy.contains("script-src 'self' 'wasm-unsafe-eval';"),
            "{policy}"
        );
    }
    assert_eq!(
        chat.get("/chat.js", &[]).await.text().await.unwrap(),
        "// another"
    );
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    for (name, value, says) in [
        (
            "CHAT_LISTEN",
            "3000",
            "CHAT_LISTEN must be an address and a port",
        ),
        (
            "CHAT_LISTEN",
            "0.0.0.0:3000",
            "CHAT_LISTEN must be an address of this machine alone",
        ),
        (
            "CHAT_TOKEN_SECONDS",
            "5m",
            "CHAT_TOKEN_SECONDS must be a whole number of seconds from 10 to 86400; got \"5m\"",
        ),
        ("CHAT_TOKEN_SECONDS", "9", "CHAT_TOKEN_SECONDS must be"),
        ("CHAT_TOKEN_SECONDS", "-1", "CHAT_TOKEN_SECONDS must be"),
        (
            "CHAT_PAGE",
            "/n0where",
            "CHAT_PAGE: /n0where cannot be read",
        ),
        (
            "CHAT_PAGE",
            concat!(env!("CARGO_MANIFEST_DIR"), "/src"),
            "CHAT_PAGE must be a folder with a page; there is no chat.js in",
        ),
        (
            "LETTA_API_KEY",
            "sk-let-n0tarealkey",
            "LETTA_AGENT_ID must be set if LETTA_API_KEY is",
        ),
    ] {
        let output = example().env(name, value).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}={value}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            errors.starts_with("error: ") && errors.contains(says),
            "{errors}"
        );
        assert!(!errors.contains("n0tarealkey"), "{errors}");
    }
}
