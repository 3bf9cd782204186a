use std::time::Duration;

use letta_api_emulator::{Emulator, ManualClock, Operation, TokenRules, operations};
use reqwest::Method;
use serde_json::{Value, json};

use crate::raw::{Answer, HOSTNAME, RULES, TOKENS, anonymous, create, delete, page, request};

/// A request for each operation that a policy may open, and what success looks like.
const OPENED: [(Operation, &str); 5] = [
    (operations::GET_AGENT, "read_agent"),
    (operations::UPDATE_AGENT, "write_agent"),
    (operations::LIST_MESSAGES, "read_messages"),
    (operations::SEND_MESSAGE, "write_messages"),
    (operations::STREAM_MESSAGE, "write_messages"),
];

fn call(operation: Operation, agent: &str) -> (Method, String, Option<Value>) {
    let message = json!({"messages": [{"role": "user", "content": "Hello"}]});
    let path = format!("/v1/agents/{agent}");
    match operation {
        operations::GET_AGENT => (Method::GET, path, None),
        operations::UPDATE_AGENT => (Method::PATCH, path, Some(json!({"name": "Ada"}))),
        operations::LIST_MESSAGES => (Method::GET, format!("{path}/messages"), None),
        operations::SEND_MESSAGE => (Method::POST, format!("{path}/messages"), Some(message)),
        operations::STREAM_MESSAGE => (
            Method::POST,
            format!("{path}/messages/stream"),
            Some(message),
        ),
        other => panic!("no policy opens {other}"),
    }
}

async fn token(emulator: &Emulator, access: &[&str]) -> String {
    let body = json!({
        "hostname": HOSTNAME,
        "policy": [{"type": "agent", "id": "agent-1", "access": access}],
    });
    let answer = create(emulator, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["token"].as_str().unwrap().to_owned()
}

/// Calls as a page of [`HOSTNAME`] with the token.
async fn as_page(emulator: &Emulator, token: &str, operation: Operation, agent: &str) -> Answer {
    let (method, path, body) = call(operation, agent);
    page(emulator, method, &path, token, body).await
}

async fn emulator() -> Emulator {
    emulator_with(TokenRules::strict()).await
}

async fn emulator_with(rules: TokenRules) -> Emulator {
    let builder = Emulator::builder().agent("agent-1").agent("agent-2");
    builder.token_rules(rules).start().await.unwrap()
}

#[tokio::test]
async fn each_right_opens_its_operations_on_its_agent_and_no_others() {
    let emulator = emulator().await;
    for right in [
        "read_messages",
        "write_messages",
        "read_agent",
        "write_agent",
    ] {
        let token = token(&emulator, &[right]).await;
        for (operation, opened_by) in OPENED {
            let answer = as_page(&emulator, &token, operation, "agent-1").await;
            if opened_by == right {
                assert_eq!(answer.status, 200, "{right}, {operation}: {}", answer.text);
            } else {
                assert_eq!(answer.status, 403, "{right}, {operation}");
                assert!(answer.message().contains(opened_by), "{}", answer.text);
            }
            for other in ["agent-2", "agent-3", "agent-11", "AGENT-1", "agent-%31%31"] {
                let answer = as_page(&emulator, &token, operation, other).await;
                assert_eq!(answer.status, 403, "{right}, {operation} on {other}");
                assert!(answer.message().contains("does not name this agent"));
            }
        }
    }
    // What was refused was not done.
    assert_eq!(
        emulator.agent("agent-2").snapshot().unwrap().name(),
        "agent-2"
    );
    assert_eq!(
        emulator
            .agent("agent-2")
            .snapshot()
            .unwrap()
            .messages()
            .len(),
        1
    );
    let user_messages = emulator
        .agent("agent-1")
        .snapshot()
        .unwrap()
        .messages()
        .len();
    assert_eq!(user_messages, 1 + 2 * 2);
}

#[tokio::test]
async fn the_agent_of_a_path_is_compared_once_decoded() {
    let emulator = emulator().await;
    let token = token(&emulator, &["read_agent"]).await;
    let answer = as_page(&emulator, &token, operations::GET_AGENT, "agent%2D1").await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_path_that_is_not_utf_8_is_refused_as_that() {
    let emulator = emulator().await;
    let token = token(&emulator, &["read_agent"]).await;
    let answer = as_page(&emulator, &token, operations::GET_AGENT, "%FF").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.message(), "what the path names is not UTF-8");
}

#[tokio::test]
async fn every_entry_of_a_policy_must_allow_the_call() {
    let two_agents = json!([
        {"type": "agent", "id": "agent-1", "access": ["read_agent", "read_messages"]},
        {"type": "agent", "id": "agent-2", "access": ["read_agent", "read_messages"]},
    ]);
    let one_agent_twice = json!([
        {"type": "agent", "id": "agent-1", "access": ["read_agent", "write_messages"]},
        {"type": "agent", "id": "agent-1", "access": ["read_messages", "read_agent"]},
    ]);
    for rules in RULES.map(|rules| rules()) {
        let emulator = emulator_with(rules).await;
        for (policy, operation, agent, says) in [
            (
                &two_agents,
                operations::GET_AGENT,
                "agent-1",
                Some("other agents"),
            ),
            (
                &two_agents,
                operations::LIST_MESSAGES,
                "agent-2",
                Some("token for each agent"),
            ),
            (
                &two_agents,
                operations::GET_AGENT,
                "agent-3",
                Some("does not name this agent"),
            ),
            (&one_agent_twice, operations::GET_AGENT, "agent-1", None),
            (
                &one_agent_twice,
                operations::LIST_MESSAGES,
                "agent-1",
                Some("not every entry"),
            ),
            (
                &one_agent_twice,
                operations::SEND_MESSAGE,
                "agent-1",
                Some("not every entry"),
            ),
            (
                &one_agent_twice,
                operations::UPDATE_AGENT,
                "agent-1",
                Some(""),
            ),
        ] {
            let body = json!({"hostname": HOSTNAME, "policy": policy});
            let created = create(&emulator, &body).await;
            assert_eq!(created.status, 201, "{rules:?}");
            let created = created.json();
            let answer = as_page(
                &emulator,
                created["token"].as_str().unwrap(),
                operation,
                agent,
            )
            .await;
            match says {
                None => assert_eq!(answer.status, 200, "{rules:?}: {}", answer.text),
                Some(_) if rules == TokenRules::published_2025() => {
                    assert_eq!((answer.status, &*answer.message()), (401, "Unauthorized"));
                }
                Some(says) => {
                    assert_eq!(answer.status, 403, "{operation} on {agent}");
                    assert!(answer.message().contains(says), "{}", answer.text);
                }
            }
        }
    }
}

#[tokio::test]
async fn an_agent_that_a_policy_names_and_that_is_not_there_is_404() {
    let emulator = Emulator::start().await.unwrap();
    let rights = [
        "read_messages",
        "write_messages",
        "read_agent",
        "write_agent",
    ];
    let token = token(&emulator, &rights).await;
    for (operation, _) in OPENED {
        let answer = as_page(&emulator, &token, operation, "agent-1").await;
        assert_eq!(answer.status, 404, "{operation}");
        assert_eq!(answer.detail(), "Agent with ID agent-1 not found");
    }
}

#[tokio::test]
async fn the_api_key_does_all_from_anywhere() {
    let emulator = emulator().await;
    for (operation, _) in OPENED {
        let (method, path, body) = call(operation, "agent-2");
        let mut request = request(&emulator, method, &path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        assert_eq!(Answer::of(request).await.status, 200, "{operation}");
        assert_eq!(emulator.request_count(operation), 1);
    }
}

#[tokio::test]
async fn a_token_works_until_it_expires_and_not_from_that_instant_on() {
    let clock = ManualClock::new();
    let builder = Emulator::builder().agent("agent-1").clock(clock.clone());
    let emulator = builder.start().await.unwrap();
    let token = token(&emulator, &["read_agent"]).await;
    let end = emulator.tokens()[0].expires_at();
    clock.set(end - Duration::from_millis(1));
    let retrieve = operations::GET_AGENT;
    assert_eq!(
        as_page(&emulator, &token, retrieve, "agent-1").await.status,
        200
    );
    clock.set(end);
    let answer = as_page(&emulator, &token, retrieve, "agent-1").await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.message(), "the client-side token has expired");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
}

#[tokio::test]
async fn a_deleted_token_opens_nothing() {
    let emulator = emulator().await;
    let token = token(&emulator, &["read_agent"]).await;
    assert_eq!(delete(&emulator, &token).await.status, 204);
    let answer = as_page(&emulator, &token, operations::GET_AGENT, "agent-1").await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.message(), "the client-side token was deleted");
}

#[tokio::test]
async fn a_token_works_from_its_own_origin_only() {
    let emulator = emulator().await;
    for (hostname, own, others) in [
        (
            "https://chat.example.com",
            "https://chat.example.com",
            &[
                "http://chat.example.com",
                "https://chat.example.com:8443",
                "https://example.com",
                "https://evil.chat.example.com",
                "https://chat.example.com.evil.example",
                "https://chat.example.com/",
                "HTTPS://CHAT.EXAMPLE.COM",
                "null",
                "*",
                "",
            ][..],
        ),
        (
            "https://Chat.example.com:443/app?x#y",
            "https://chat.example.com",
            &["https://other"],
        ),
        (
            "http://localhost:3000",
            "http://localhost:3000",
            &["http://localhost", "http://127.0.0.1:3000"],
        ),
        (
            "https://user:pw@chat.example.com",
            "https://chat.example.com",
            &["https://pw@chat.example.com"],
        ),
        (
            "https://bücher.example",
            "https://xn--bcher-kva.example",
            &["https://bucher.example"],
        ),
    ] {
        let body = json!({
            "hostname": hostname,
            "policy": [{"type": "agent", "id": "agent-1", "access": ["read_agent"]}],
        });
        let created = create(&emulator, &body).await.json();
        let token = created["token"].as_str().unwrap();
        let from = |origin: Option<&str>| {
            let request =
                anonymous(&emulator, Method::GET, "/v1/agents/agent-1").bearer_auth(token);
            Answer::of(match origin {
                Some(origin) => request.header("origin", origin),
                None => request,
            })
        };
        assert_eq!(from(Some(own)).await.status, 200, "{hostname}");
        for origin in others.iter().copied().map(Some).chain([None]) {
            let answer = from(origin).await;
            assert_eq!(answer.status, 403, "{hostname} from {origin:?}");
            assert!(answer.message().contains("bound to"), "{}", answer.text);
            let has_none = answer.message().contains("has no Origin header");
            assert_eq!(has_none, origin.is_none(), "{}", answer.text);
            assert!(!answer.text.contains("user") && !answer.text.contains("pw@"));
        }
        let twice = anonymous(&emulator, Method::GET, "/v1/agents/agent-1")
            .bearer_auth(token)
            .header("origin", own)
            .header("origin", own);
        assert_eq!(Answer::of(twice).await.status, 403);
    }
}

#[tokio::test]
async fn a_token_acts_in_the_project_that_it_was_made_in() {
    let builder = Emulator::builder()
        .agent("agent-1")
        .project("web")
        .project("app");
    let emulator = builder.start().await.unwrap();
    let created = request(&emulator, Method::POST, TOKENS)
        .header("x-project", "web")
        .json(&crate::raw::good_body());
    let created = Answer::of(created).await.json();
    let token = created["token"].as_str().unwrap();
    for (project, status) in [
        (None, 200),
        (Some("web"), 200),
        (Some("app"), 403),
        (Some("none"), 404),
    ] {
        let mut request = anonymous(&emulator, Method::GET, "/v1/agents/agent-1/messages")
            .bearer_auth(token)
            .header("origin", HOSTNAME);
        if let Some(project) = project {
            request = request.header("x-project", project);
        }
        assert_eq!(Answer::of(request).await.status, status, "{project:?}");
    }
}

#[tokio::test]
async fn every_operation_without_a_credential_is_401() {
    let emulator = emulator().await;
    for (operation, _) in OPENED {
        let (method, path, body) = call(operation, "agent-1");
        for credential in [None, Some("ck-let-unknown"), Some("sk-let-unknown")] {
            let mut request =
                anonymous(&emulator, method.clone(), &path).header("origin", HOSTNAME);
            if let Some(credential) = credential {
                request = request.bearer_auth(credential);
            }
            if let Some(body) = &body {
                request = request.json(body);
            }
            let answer = Answer::of(request).await;
            assert_eq!(answer.status, 401, "{operation} with {credential:?}");
            assert!(!answer.message().is_empty());
        }
    }
    assert_eq!(
        emulator
            .agent("agent-1")
            .snapshot()
            .unwrap()
            .messages()
            .len(),
        1
    );
}
