//! What each switch of [`TokenRules`] changes, alone and with all others, and what none of them changes.

use std::time::{Duration, SystemTime};

use letta_api_emulator::{Emulator, ManualClock, TokenRules, operations};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::raw::{Answer, HOSTNAME, RULES, anonymous, create, delete, good_body, page, request};

const AGENT: &str = "/v1/agents/agent-1";
const MESSAGES: &str = "/v1/agents/agent-1/messages";

struct Setting {
    emulator: Emulator,
    clock: ManualClock,
}

async fn start(rules: TokenRules) -> Setting {
    let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_366_400);
    let clock = ManualClock::starting_at(noon);
    let emulator = Emulator::builder()
        .agent("agent-1")
        .agent("agent-2")
        .clock(clock.clone())
        .token_rules(rules)
        .start()
        .await
        .unwrap();
    Setting { emulator, clock }
}

impl Setting {
    async fn token(&self, access: &[&str]) -> String {
        let body = json!({
            "hostname": HOSTNAME,
            "policy": [{"type": "agent", "id": "agent-1", "access": access}],
        });
        let answer = create(&self.emulator, &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    async fn call(&self, method: Method, path: &str, token: &str) -> Answer {
        let body = (method == Method::POST).then(|| json!({"input": "Hello"}));
        page(&self.emulator, method, path, token, body).await
    }
}

/// Each switch, off and on, with all others off and with all others on.
fn with(switch: fn(TokenRules, bool) -> TokenRules) -> [(TokenRules, bool); 4] {
    let rules = RULES.map(|rules| rules());
    [
        (switch(rules[0], false), false),
        (switch(rules[0], true), true),
        (switch(rules[1], false), false),
        (switch(rules[1], true), true),
    ]
}

/// The headers but those that differ between any two answers.
fn comparable(answer: &Answer) -> (u16, String, HeaderMap) {
    let mut headers = answer.headers.clone();
    headers.remove("x-request-id");
    headers.remove("date");
    (answer.status, answer.text.clone(), headers)
}

#[tokio::test]
async fn bare_refusals_are_all_the_same_401() {
    for (rules, is_bare) in with(TokenRules::bare_refusals) {
        let setting = start(rules).await;
        let expired = setting.token(&["read_agent"]).await;
        setting.clock.advance(Duration::from_secs(300));
        let deleted = setting.token(&["read_agent"]).await;
        delete(&setting.emulator, &deleted).await;
        let own = setting.token(&["read_agent"]).await;
        let mut refusals = Vec::new();
        for (method, path, token, status) in [
            (Method::GET, AGENT, &*expired, 401),
            (Method::GET, AGENT, &deleted, 401),
            (Method::GET, AGENT, "ck-let-unknown", 401),
            (Method::GET, MESSAGES, &own, 403),
            (Method::POST, MESSAGES, &own, 403),
            (Method::GET, "/v1/agents/agent-2", &own, 403),
            (Method::GET, "/v1/agents/agent-3", &own, 403),
            (Method::GET, "/v1/agents/agent-1/messages/cancel", &own, 403),
            (Method::DELETE, AGENT, &own, 403),
            (Method::GET, "/v1/agents/", &own, 403),
            (Method::POST, "/v1/agents/", &own, 403),
            (Method::GET, "/v1/client-side-access-tokens", &own, 403),
            (Method::POST, "/v1/client-side-access-tokens", &own, 403),
            (Method::DELETE, "/v1/client-side-access-tokens/x", &own, 403),
            (Method::GET, "/v1/conversations/", &own, 403),
            (Method::GET, "/v1/agents/agent-1/messages/a/b", &own, 403),
            (Method::GET, "/_emulator/state", &own, 403),
        ] {
            let answer = setting.call(method.clone(), path, token).await;
            let expected = if is_bare { 401 } else { status };
            assert_eq!(answer.status, expected, "{method} {path}: {}", answer.text);
            if is_bare {
                assert_eq!(answer.message(), "Unauthorized");
                assert!(!answer.headers.contains_key("allow"));
            } else {
                assert_ne!(answer.message(), "Unauthorized");
            }
            let is_for_pages = path.starts_with(AGENT) && !path.ends_with("/a/b");
            if is_for_pages && token != "ck-let-unknown" {
                refusals.push(comparable(&answer));
            }
        }
        refusals.dedup();
        assert_eq!(refusals.len() == 1, is_bare, "{refusals:#?}");
        // A token that is unknown is told what is there, unless refusals are bare.
        for (method, path, status) in [
            (Method::GET, "/v1/nothing/", 404),
            (Method::PUT, AGENT, 405),
        ] {
            let answer = setting.call(method, path, "ck-let-unknown").await;
            let expected = if is_bare { 401 } else { status };
            assert_eq!(answer.status, expected, "{path}");
        }
        // The API key is no token, and is told all.
        let missing = request(&setting.emulator, Method::GET, "/v1/agents/agent-3");
        let missing = Answer::of(missing).await;
        assert_eq!(
            (missing.status, &*missing.detail()),
            (404, "Agent with ID agent-3 not found")
        );
    }
}

#[tokio::test]
async fn a_used_token_outlives_its_deletion_until_it_expires() {
    for (rules, outlives) in with(TokenRules::used_tokens_outlive_deletion) {
        let setting = start(rules).await;
        let (used, unused) = (
            setting.token(&["read_agent"]).await,
            setting.token(&["read_agent"]).await,
        );
        assert_eq!(setting.call(Method::GET, AGENT, &used).await.status, 200);
        for token in [&used, &unused] {
            assert_eq!(delete(&setting.emulator, token).await.status, 204);
        }
        assert_eq!(setting.emulator.tokens().len(), 0);
        let status = if outlives { 200 } else { 401 };
        setting.clock.advance(Duration::from_secs(299));
        assert_eq!(setting.call(Method::GET, AGENT, &used).await.status, status);
        assert_eq!(setting.call(Method::GET, AGENT, &unused).await.status, 401);
        // Showing it once it is deleted does not make it used.
        assert_eq!(setting.call(Method::GET, AGENT, &unused).await.status, 401);
        // Its policy still counts.
        let other = setting.call(Method::GET, MESSAGES, &used).await.status;
        assert!(other == 401 || (other == 403 && outlives), "{other}");
        setting.clock.advance(Duration::from_secs(1));
        assert_eq!(setting.call(Method::GET, AGENT, &used).await.status, 401);
    }
}

/// A call that is refused has shown the token, which is enough: the service has read its record by then.
#[tokio::test]
async fn a_token_is_used_once_a_call_has_shown_it() {
    let setting = start(TokenRules::published_2025()).await;
    let token = setting.token(&["read_agent"]).await;
    assert_eq!(
        setting.call(Method::GET, MESSAGES, &token).await.status,
        401
    );
    delete(&setting.emulator, &token).await;
    assert_eq!(setting.call(Method::GET, AGENT, &token).await.status, 200);
}

#[tokio::test]
async fn an_expiry_that_cannot_be_parsed_is_five_minutes() {
    for (rules, is_lenient) in with(TokenRules::lenient_expiry) {
        let setting = start(rules).await;
        let create = async |expires_at: Value| {
            let mut body = good_body();
            body["expires_at"] = expires_at;
            create(&setting.emulator, &body).await
        };
        for text in ["", "soon", "PT15M", "2026-03-01T13:00:00", "1772370000"] {
            let answer = create(json!(text)).await;
            if is_lenient {
                assert_eq!(answer.status, 201, "{text}");
                assert_eq!(answer.json()["expiresAt"], "2026-03-01T12:05:00.000Z");
            } else {
                assert_eq!(answer.status, 400, "{text}");
                assert!(answer.message().starts_with("expires_at must be a date"));
            }
        }
        for text in ["2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z"] {
            let answer = create(json!(text)).await;
            if is_lenient {
                assert_eq!(answer.status, 201, "{text}");
                let token = answer.json()["token"].as_str().unwrap().to_owned();
                assert_eq!(setting.call(Method::GET, AGENT, &token).await.status, 401);
            } else {
                assert_eq!(answer.status, 400, "{text}");
            }
        }
        // What is no text is refused by either.
        for other in [json!(null), json!(300), json!({})] {
            assert_eq!(create(other).await.status, 400);
        }
        let answer = create(json!("2026-03-01T13:00:00Z")).await;
        assert_eq!(answer.json()["expiresAt"], "2026-03-01T13:00:00.000Z");
    }
}

#[tokio::test]
async fn any_origin_will_do_or_none() {
    for (rules, is_any) in with(TokenRules::any_origin) {
        let setting = start(rules).await;
        let token = setting.token(&["read_agent"]).await;
        let from = async |origins: &[&str]| {
            let mut call = anonymous(&setting.emulator, Method::GET, AGENT).bearer_auth(&token);
            for origin in origins {
                call = call.header("origin", *origin);
            }
            Answer::of(call).await
        };
        let own = from(&[HOSTNAME]).await;
        assert_eq!(own.status, 200);
        assert_eq!(own.header("access-control-allow-origin"), HOSTNAME);
        let credentials = own.headers.contains_key("access-control-allow-credentials");
        assert_eq!(credentials, is_any);
        for origins in [
            &[][..],
            &["https://evil.example"],
            &["null"],
            &[HOSTNAME, HOSTNAME],
        ] {
            let answer = from(origins).await;
            assert_eq!(answer.status == 200, is_any, "{origins:?}");
        }
        // No page of another origin may read it all the same.
        let other = from(&["https://evil.example"]).await;
        assert!(!other.headers.contains_key("access-control-allow-origin"));

        let preflight = async |method: &str| {
            let preflight = anonymous(&setting.emulator, Method::OPTIONS, AGENT)
                .header("origin", HOSTNAME)
                .header("access-control-request-method", method)
                .header(
                    "access-control-request-headers",
                    "authorization,content-type",
                );
            Answer::of(preflight).await
        };
        let answer = preflight("GET").await;
        assert_eq!(answer.status, 200);
        let methods = answer.header("access-control-allow-methods");
        let age = answer.header("access-control-max-age");
        match is_any {
            true => assert_eq!((methods, age), ("GET,POST,PUT,DELETE", "86400")),
            false => assert_eq!((methods, age), ("GET,POST,PATCH", "600")),
        }
        let headers = answer.header("access-control-allow-headers");
        assert!(headers.contains("authorization") && headers.contains("content-type"));
    }
}

#[tokio::test]
async fn a_token_updates_an_agent_by_post_which_there_is_not() {
    for (rules, is_post) in with(TokenRules::update_by_post) {
        let setting = start(rules).await;
        let writes = setting.token(&["write_agent"]).await;
        let reads = setting.token(&["read_agent"]).await;
        let change = async |method: Method, token: &str| {
            let body = Some(json!({"name": "Ada"}));
            page(&setting.emulator, method, AGENT, token, body)
                .await
                .status
        };
        let is_refused = |status| status == 401 || status == 403;
        assert!(is_refused(change(Method::PATCH, &reads).await));
        assert!(is_refused(change(Method::POST, &reads).await));
        let (patched, posted) = (
            change(Method::PATCH, &writes).await,
            change(Method::POST, &writes).await,
        );
        let name = setting
            .emulator
            .agent("agent-1")
            .snapshot()
            .unwrap()
            .name()
            .to_owned();
        if is_post {
            assert!(is_refused(patched), "{patched}");
            assert_eq!((posted, &*name), (405, "agent-1"));
        } else {
            assert!(is_refused(posted), "{posted}");
            assert_eq!((patched, &*name), (200, "Ada"));
        }
        let by_key = request(&setting.emulator, Method::PATCH, AGENT).json(&json!({"name": "Bob"}));
        assert_eq!(Answer::of(by_key).await.status, 200);
    }
}

#[tokio::test]
async fn one_segment_beneath_the_messages_is_opened_and_no_more() {
    for rules in RULES.map(|rules| rules()) {
        let setting = start(rules).await;
        let reads = setting.token(&["read_messages"]).await;
        let writes = setting.token(&["write_messages"]).await;
        for (method, part, right, status) in [
            (Method::POST, "async", &writes, 200),
            (Method::POST, "cancel", &writes, 200),
            (Method::GET, "message-1", &reads, 501),
            (Method::GET, "a%2Fb", &reads, 501),
        ] {
            let path = format!("{MESSAGES}/{part}");
            for token in [&reads, &writes] {
                let answer = setting.call(method.clone(), &path, token).await;
                if token == right {
                    assert_eq!(answer.status, status, "{method} {part}: {}", answer.text);
                } else {
                    assert!(matches!(answer.status, 401 | 403), "{method} {part}");
                }
            }
            let by_key = request(&setting.emulator, method, &path).json(&json!({"input": "Hello"}));
            assert_eq!(Answer::of(by_key).await.status, status);
        }
        for (method, path) in [
            (Method::GET, format!("{MESSAGES}/a/b")),
            (Method::POST, format!("{MESSAGES}/async/x")),
            (Method::POST, format!("{MESSAGES}/")),
            (Method::GET, "/v1/agents/agent-1/nothing".to_owned()),
            (
                Method::PATCH,
                "/v1/agents/agent-1/reset-messages".to_owned(),
            ),
            (Method::GET, "/v1/conversations/".to_owned()),
            (Method::GET, "/v1/runs/".to_owned()),
        ] {
            for token in [&reads, &writes] {
                let answer = setting.call(method.clone(), &path, token).await;
                assert!(matches!(answer.status, 401 | 403), "{method} {path}");
            }
            let by_key = Answer::of(request(&setting.emulator, method, &path)).await;
            // With the key, it is whatever it is without tokens.
            assert!(!matches!(by_key.status, 401 | 403), "{path}");
        }
        let streamed = setting
            .call(Method::POST, &format!("{MESSAGES}/stream"), &writes)
            .await;
        assert_eq!(streamed.status, 200);
        assert_eq!(
            setting.emulator.request_count(operations::STREAM_MESSAGE),
            1
        );
    }
}

#[tokio::test]
async fn a_token_is_base64_of_the_organization_and_a_uuid() {
    for rules in RULES.map(|rules| rules()) {
        let emulator = Emulator::builder()
            .organization("ab~cd?")
            .token_rules(rules)
            .start()
            .await
            .unwrap();
        let created = create(&emulator, &good_body()).await.json();
        let token = created["token"].as_str().unwrap().to_owned();
        assert!(token.starts_with("ck-let-YWJ+Y2Q/O"), "{token}");
        assert!(token.ends_with("=="), "{token}");
        let encoded = token
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D");
        assert_eq!(delete(&emulator, &encoded).await.status, 204);
        assert_eq!(emulator.tokens().len(), 0);
    }
    for organization in ["", "a:b", &"x".repeat(257)] {
        let error = Emulator::builder().organization(organization).start().await;
        assert!(error.unwrap_err().to_string().contains("organization"));
    }
}
