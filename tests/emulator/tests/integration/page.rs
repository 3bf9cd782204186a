//! The page that shows what an emulator holds, as HTTP sees it. `tests/browser/emulator.test.mjs` looks at it in a browser.

use std::time::Duration;

use letta_api_emulator::{Act, Emulator, Fault, Rule};
use reqwest::Method;
use serde_json::{Value, json};

use crate::raw::{Answer, anonymous, create, delete, good_body, request};

const MESSAGES: &str = "/v1/agents/agent-1/messages";

async fn start() -> Emulator {
    Emulator::builder().agent("agent-1").start().await.unwrap()
}

/// What the page sends as its key.
fn key(emulator: &Emulator) -> String {
    let url = emulator.page_url().unwrap();
    let (page, key) = url.split_once('#').unwrap();
    assert_eq!(page, format!("{}/_emulator/", emulator.base_url()));
    assert_eq!(key.len(), 43);
    key.to_owned()
}

fn ask(emulator: &Emulator, query: &str) -> reqwest::RequestBuilder {
    let path = format!("/_emulator/changes{query}");
    anonymous(emulator, Method::GET, &path).header("x-emulator-page", key(emulator))
}

async fn look(emulator: &Emulator, query: &str) -> Value {
    let answer = Answer::of(ask(emulator, query)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn say(emulator: &Emulator, text: &str) {
    let sent = request(emulator, Method::POST, MESSAGES).json(&json!({"input": text}));
    assert_eq!(Answer::of(sent).await.status, 200);
}

#[tokio::test]
async fn the_page_holds_nothing_and_lets_nothing_in() {
    let emulator = start().await;
    say(&emulator, "Hello").await;
    let get = || Answer::of(anonymous(&emulator, Method::GET, "/_emulator/"));
    let (one, other) = (get().await, get().await);
    assert_eq!(one.status, 200);
    assert_eq!(one.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(one.header("cache-control"), "no-store");
    assert_eq!(one.header("x-content-type-options"), "nosniff");
    assert_eq!(one.header("x-frame-options"), "DENY");
    assert_eq!(one.header("referrer-policy"), "no-referrer");
    let policy = one.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'nonce-"),
        "{policy}"
    );
    assert!(
        !policy.contains("unsafe") && !policy.contains('*'),
        "{policy}"
    );
    // A nonce that is known beforehand would be none.
    assert_ne!(policy, other.header("content-security-policy"));
    let nonce = policy
        .split('\'')
        .find_map(|part| part.strip_prefix("nonce-"))
        .unwrap();
    assert_eq!(one.text.matches(&format!("nonce=\"{nonce}\"")).count(), 2);
    assert_eq!(one.text.replace(nonce, ""), {
        let policy = other.header("content-security-policy");
        let nonce = policy
            .split('\'')
            .find_map(|part| part.strip_prefix("nonce-"))
            .unwrap();
        other.text.replace(nonce, "")
    });
    let page = &one.text;
    for held in [&*key(&emulator), "sk-let-emulator", "agent-1\"", "Hello</"] {
        assert!(!page.contains(held), "{held}");
    }
    for (what, is_there) in [
        ("http://", false),
        ("https://", false),
        ("src=", false),
        ("@import", false),
        ("innerHTML", false),
        ("insertAdjacentHTML", false),
        ("document.write", false),
        ("style=", false),
        (" onclick=", false),
        (" onload=", false),
        ("textContent", true),
    ] {
        assert_eq!(page.contains(what), is_there, "{what}");
    }
    let bare = anonymous(&emulator, Method::GET, "/_emulator");
    assert_eq!(Answer::of(bare).await.status, 200, "it is sent on");
}

#[tokio::test]
async fn only_who_has_the_address_of_the_page_sees_what_it_shows() {
    let emulator = start().await;
    let other = start().await;
    let (own, foreign) = (key(&emulator), key(&other));
    assert_ne!(own, foreign);
    let path = "/_emulator/changes?after=0";
    let ask = || anonymous(&emulator, Method::GET, path);
    let with = |key: &str| ask().header("x-emulator-page", key);
    let token = create(&emulator, &good_body()).await.json()["token"].take();
    for (what, request) in [
        ("no key", ask()),
        ("another emulator's", with(&foreign)),
        ("an empty one", with("")),
        ("a part of it", with(&own[..42])),
        ("more than it", with(&format!("{own}A"))),
        ("the API key", request(&emulator, Method::GET, path)),
        ("a token", ask().bearer_auth(token.as_str().unwrap())),
        (
            "the key in the query",
            anonymous(&emulator, Method::GET, &format!("{path}&key={own}")),
        ),
        (
            "a page of another site",
            with(&own).header("sec-fetch-site", "cross-site"),
        ),
        (
            "a page of another port",
            with(&own).header("sec-fetch-site", "same-site"),
        ),
        (
            "an origin",
            with(&own).header("origin", "https://evil.example"),
        ),
        ("a sandboxed frame", with(&own).header("origin", "null")),
    ] {
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 403, "{what}: {}", answer.text);
        assert!(!answer.text.contains(&own), "{what}");
        assert!(
            !answer.headers.contains_key("access-control-allow-origin"),
            "{what}"
        );
    }
    let own_page = with(&own).header("sec-fetch-site", "same-origin");
    let answer = Answer::of(own_page).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}

/// A page of another origin would have to ask first whether it may send the header.
#[tokio::test]
async fn no_page_of_another_origin_is_let_through_by_a_preflight() {
    let emulator = start().await;
    // An origin that a token was made for may send requests to operations.
    create(&emulator, &good_body()).await;
    for path in ["/_emulator/changes", "/_emulator/", "/_emulator/state"] {
        let preflight = anonymous(&emulator, Method::OPTIONS, path)
            .header("origin", crate::raw::HOSTNAME)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "x-emulator-page");
        let answer = Answer::of(preflight).await;
        assert_eq!(answer.status, 405, "{path}");
        for name in answer.headers.keys() {
            assert!(
                !name.as_str().starts_with("access-control-"),
                "{path}: {name}"
            );
        }
    }
}

/// A page can give its own name the address 127.0.0.1, and is of the emulator's origin then.
#[tokio::test]
async fn a_name_of_another_site_reads_nothing_even_with_the_key() {
    let emulator = start().await;
    for path in ["/_emulator/", "/_emulator/changes?after=0"] {
        for host in [
            "evil.example",
            "evil.example:8283",
            "localhost.evil.example",
        ] {
            let request = anonymous(&emulator, Method::GET, path)
                .header("host", host)
                .header("x-emulator-page", key(&emulator));
            assert_eq!(Answer::of(request).await.status, 403, "{host}{path}");
        }
    }
}

#[tokio::test]
async fn there_is_no_page_unless_it_listens_on_loopback() {
    let everywhere = Emulator::builder().listen("0.0.0.0:0".parse().unwrap());
    let everywhere = everywhere.start().await.unwrap();
    assert_eq!(everywhere.page_url(), None);
    for path in ["/_emulator/", "/_emulator/changes?after=0"] {
        for key in ["", "x"] {
            let request = anonymous(&everywhere, Method::GET, path).header("x-emulator-page", key);
            assert_eq!(Answer::of(request).await.status, 404, "{path}");
        }
    }
    let v6 = Emulator::builder().listen("[::1]:0".parse().unwrap());
    if let Ok(v6) = v6.start().await {
        assert!(v6.page_url().unwrap().starts_with("http://[::1]:"));
    }
}

#[tokio::test]
async fn it_shows_agents_messages_runs_tokens_requests_and_faults() {
    let emulator = Emulator::builder()
        .agent("agent-1")
        .agent("agent-2")
        .start()
        .await
        .unwrap();
    let script = [
        Act::call("look", json!({"at": "sky"})).returns("blue"),
        Act::text("<script>alert(1)</script>"),
    ];
    emulator
        .agent("agent-1")
        .script([Rule::new(script)])
        .unwrap();
    say(&emulator, "Hello").await;
    create(&emulator, &good_body()).await;
    emulator.inject(Fault::status(503).times(2)).unwrap();
    let shown = look(&emulator, "?after=0&agent=agent-1").await;
    let agents = json!([
        {"id": "agent-1", "name": "agent-1", "messages": 5},
        {"id": "agent-2", "name": "agent-2", "messages": 1},
    ]);
    assert_eq!(shown["agents"], agents);
    assert_eq!(shown["agent"]["id"], "agent-1");
    let messages = shown["agent"]["messages"].as_array().unwrap();
    let said: Vec<_> = messages[1..]
        .iter()
        .map(|it| {
            (
                it["message_type"].as_str().unwrap(),
                it["content"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("user_message", "Hello"),
            ("tool_call_message", r#"look({"at":"sky"})"#),
            ("tool_return_message", "blue"),
            ("assistant_message", "<script>alert(1)</script>"),
        ]
    );
    assert_eq!(shown["agent"]["older"], 0);
    assert_eq!(shown["runs"][0]["status"], "completed");
    assert_eq!(shown["runs"][0]["agent"], "agent-1");
    let token = &emulator.tokens()[0];
    let fingerprint = letta_api_ext::Fingerprint::of(token.secret()).to_string();
    assert_eq!(shown["tokens"][0]["fingerprint"], fingerprint);
    assert_eq!(shown["tokens"][0]["rights"], "agent-1 read_messages");
    assert_eq!(shown["requests"]["send_message"], json!({"200": 1}));
    assert_eq!(shown["faults"], json!(["status=503,times=2"]));
    // Of an agent that is gone, and without one, those of the first.
    for query in ["?after=0&agent=agent-9", "?after=0", ""] {
        assert_eq!(look(&emulator, query).await["agent"]["id"], "agent-1");
    }
    let none = Emulator::start().await.unwrap();
    assert_eq!(look(&none, "").await["agent"], Value::Null);
}

#[tokio::test]
async fn it_shows_no_secret_wherever_somebody_put_one() {
    let key = "sk-let-0123456789abcdef";
    let emulator = Emulator::builder()
        .api_key(key)
        .agent("agent-1")
        .start()
        .await
        .unwrap();
    let mut secrets = vec![key.to_owned()];
    for _ in 0..2 {
        let created = create(&emulator, &good_body()).await.json();
        secrets.push(created["token"].as_str().unwrap().to_owned());
    }
    delete(&emulator, &secrets[2]).await;
    for secret in &secrets {
        say(&emulator, &format!("it is {secret}")).await;
        let mut body = good_body();
        body["policy"][0]["id"] = json!(secret);
        body["hostname"] = json!("https://user:hush@chat.example.com");
        create(&emulator, &body).await;
        let rename = request(&emulator, Method::PATCH, "/v1/agents/agent-1");
        Answer::of(rename.json(&json!({"name": secret}))).await;
    }
    let shown = look(&emulator, "?agent=agent-1").await.to_string();
    assert_eq!(
        shown.matches("You said: it is [redacted]").count(),
        3,
        "{shown}"
    );
    for secret in secrets
        .iter()
        .map(String::as_str)
        .chain(["hush", "ck-let-"])
    {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn it_shows_the_last_of_many_messages_and_says_how_many_are_left_out() {
    let emulator = start().await;
    for number in 0..130 {
        say(&emulator, &format!("number {number}")).await;
    }
    say(&emulator, &"x".repeat(5_000)).await;
    let shown = look(&emulator, "").await;
    let messages = shown["agent"]["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 200);
    assert_eq!(shown["agent"]["message_count"], 263);
    assert_eq!(shown["agent"]["older"], 63);
    assert_eq!(messages[197]["content"], "You said: number 129");
    let long = messages[198]["content"].as_str().unwrap();
    assert!(
        long.ends_with("x… (1000 more characters)"),
        "{}",
        long.len()
    );
    assert_eq!(shown["runs"].as_array().unwrap().len(), 50);
    assert_eq!(shown["run_count"], 131);
}

#[tokio::test]
async fn who_has_the_newest_version_waits_for_the_next_change() {
    let emulator = start().await;
    let version = look(&emulator, "").await["version"].clone();
    let query = format!("?after={version}");
    let waiting = tokio::spawn(Answer::of(ask(&emulator, &query)));
    // Reading the state is no change, and neither is looking.
    look(&emulator, "?after=0").await;
    Answer::of(request(&emulator, Method::GET, "/_emulator/state")).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    say(&emulator, "Hello").await;
    let changed = waiting.await.unwrap().json();
    assert!(changed["version"].as_u64() > version.as_u64());
    for change in ["inject", "token", "clear"] {
        let version = look(&emulator, "").await["version"].clone();
        match change {
            "inject" => emulator
                .inject(Fault::latency(Duration::from_millis(1)))
                .unwrap(),
            "token" => drop(create(&emulator, &good_body()).await),
            _ => emulator.clear_faults(),
        }
        look(&emulator, &format!("?after={version}")).await;
    }
    let bad = Answer::of(ask(&emulator, "?after=x")).await;
    assert_eq!(bad.status, 400);

    // An open page does not hold up the end.
    let version = look(&emulator, "").await["version"].clone();
    let waiting = tokio::spawn(Answer::of(ask(&emulator, &format!("?after={version}"))));
    tokio::time::sleep(Duration::from_millis(50)).await;
    emulator.shutdown().await;
    assert_eq!(waiting.await.unwrap().status, 200);
}

#[tokio::test]
async fn it_says_if_the_state_file_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let emulator = Emulator::builder().state_file(&file).agent("agent-1");
    let emulator = emulator.start().await.unwrap();
    assert_eq!(look(&emulator, "").await["trouble"], Value::Null);
    let blocked = folder.path().join("state.json.new");
    std::fs::create_dir(&blocked).unwrap();
    say(&emulator, "Hello").await;
    emulator.save_state().await.unwrap_err();
    let trouble = look(&emulator, "").await["trouble"].take();
    assert!(
        trouble.as_str().unwrap().contains("state.json"),
        "{trouble}"
    );
    std::fs::remove_dir(&blocked).unwrap();
    emulator.save_state().await.unwrap();
    assert_eq!(look(&emulator, "").await["trouble"], Value::Null);
}

#[tokio::test]
async fn the_key_of_the_page_is_in_no_debug() {
    let emulator = start().await;
    let key = key(&emulator);
    assert!(!format!("{emulator:?}").contains(&key));
    assert!(!emulator.dump().to_string().contains(&key));
}
