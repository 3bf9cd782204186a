//! What is granted is held against what was asked for: a token that is another is not handed over, and is deleted.

use std::time::Duration;

use letta_api_ext::{AccessPolicy, AccessRight, Origin, TokenMinter};
use letta_api_tests::fault_server::{Fault, FaultServer};
use letta_api_tests::traces::Traces;
use letta_api_tests::{TOKEN, answer, letta, policy, printed, token_json};

const ORIGIN: &str = "https://app.example.com";

fn json(status: &str, body: &str) -> Fault {
    Fault::Answer(answer(status, "application/json", body))
}

fn deleted() -> Fault {
    Fault::Answer(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_vec())
}

async fn server(body: &str, then: Fault) -> FaultServer {
    FaultServer::start([json("201 Created", body), then]).await
}

fn entry(agent: &str, rights: &str) -> String {
    format!(r#"{{"type":"agent","id":"{agent}","access":[{rights}]}}"#)
}

/// The answer to a create, with these entries in its policy.
fn granted(entries: &[&str]) -> String {
    let own = entry("agent-1", r#""read_messages","write_messages""#);
    let json = token_json();
    assert!(json.contains(&own));
    json.replace(&own, &entries.join(","))
}

const CHAT: &str = r#""read_messages","write_messages""#;

/// Answers that grant something else, and what the error says of it.
fn mismatches() -> Vec<(String, &'static str)> {
    let chat = entry("agent-1", CHAT);
    vec![
        (
            granted(&[&entry("agent-1", &format!(r#"{CHAT},"write_agent""#))]),
            "also allows `write_agent` on agent-1",
        ),
        (
            granted(&[&entry("agent-1", r#""read_messages""#)]),
            "does not allow `write_messages` on agent-1",
        ),
        (
            granted(&[&chat, &entry("agent-2", CHAT)]),
            "`read_messages`, `write_messages` on agent-2",
        ),
        (granted(&[&entry("agent-2", CHAT)]), "on agent-2"),
        (
            granted(&[&entry("agent-1", &format!(r#"{CHAT},"dream""#))]),
            "also allows `dream`",
        ),
        (
            granted(&[&chat, r#"{"type":"project","id":"project-1"}"#]),
            "project-1",
        ),
        (
            granted(&[&chat.replace('}', r#","until":"noon"}"#)]),
            "noon",
        ),
        (granted(&[]), "does not allow"),
        (
            granted(&[
                &entry("agent-1", r#""read_messages""#),
                &entry("agent-1", r#""write_messages""#),
            ]),
            "`agent-1` twice",
        ),
        (
            token_json().replace(r#""version":"1""#, r#""version":"2""#),
            "version `2`",
        ),
        (
            token_json().replace(ORIGIN, "https://evil.example.com"),
            "https://evil.example.com",
        ),
        (
            token_json().replace(ORIGIN, "http://app.example.com"),
            "http://app.example.com",
        ),
        (
            token_json().replace(ORIGIN, "https://app.example.com:8443"),
            ":8443",
        ),
        (token_json().replace(ORIGIN, "*"), "`*`"),
        // What is odd beside it changes nothing.
        (
            token_json()
                .replace(r#""version":"1""#, r#""version":1"#)
                .replace("agent-1", "agent-7"),
            "agent-7",
        ),
    ]
}

#[tokio::test]
async fn a_token_that_is_not_what_was_asked_for_is_deleted_and_not_handed_over() {
    let (traces, _guard) = Traces::here();
    for (body, says) in mismatches() {
        let server = server(&body, deleted()).await;
        let create = server.letta().access_tokens().create(policy(), ORIGIN);
        let error = create.await.unwrap_err();
        assert!(error.is_grant_mismatch(), "{body}: {error}");
        assert!(
            !error.is_retryable() && !error.may_have_happened(),
            "{error}"
        );
        assert_eq!(error.status().unwrap().as_u16(), 201);
        assert_eq!(error.request_id(), Some("req-7"));
        let text = error.to_string();
        assert!(
            text.contains(says) && text.contains("was deleted"),
            "{text}"
        );
        let requests = server.requests();
        assert_eq!(requests.len(), 2, "{requests:?}");
        assert!(requests[1].starts_with("DELETE ") && requests[1].contains(TOKEN));
        assert!(!printed(&error).contains(TOKEN));
    }
    assert!(!format!("{:?}", traces.take()).contains(TOKEN));
}

#[tokio::test]
async fn a_token_that_could_not_be_deleted_is_told_of() {
    for then in [
        json("500 Internal Server Error", "{}"),
        Fault::CloseAfterRequest,
    ] {
        let server = server(&mismatches()[0].0, then).await;
        let create = server.letta().access_tokens().create(policy(), ORIGIN);
        let error = create.await.unwrap_err();
        assert!(
            error.is_grant_mismatch() && error.may_have_happened(),
            "{error}"
        );
        assert!(
            error.to_string().contains("lives until it expires"),
            "{error}"
        );
        let source = std::error::Error::source(&error).unwrap();
        assert!(
            source.to_string().contains("delete_client_side"),
            "{source}"
        );
        assert!(!printed(&error).contains(TOKEN));
    }
    // Nor is it waited for longer than the call may take.
    let hangs = Fault::AnswerThenHang(Vec::new());
    let server = server(&mismatches()[0].0, hangs).await;
    let create = server.letta().access_tokens().create(policy(), ORIGIN);
    let error = create
        .deadline(Duration::from_millis(300))
        .await
        .unwrap_err();
    assert!(error.may_have_happened(), "{error}");
}

#[tokio::test]
async fn a_caller_may_take_what_is_granted_and_sees_what_that_is() {
    let origin = Origin::new(ORIGIN).unwrap();
    for (body, _) in mismatches() {
        let server = server(&body, deleted()).await;
        let create = server.letta().access_tokens().create(policy(), ORIGIN);
        let token = create.accept_different_grant().await.unwrap();
        assert_eq!(token.expose_secret(), TOKEN);
        assert!(!token.is_for(&policy(), &origin), "{body}: {token:?}");
        assert_eq!(server.requests().len(), 1);
    }
    let wider = server(&mismatches()[0].0, deleted()).await;
    let create = wider.letta().access_tokens().create(policy(), ORIGIN);
    let token = create.accept_different_grant().await.unwrap();
    assert!(token.policy().allows("agent-1", &AccessRight::WriteAgent));
    assert!(token.is_for(token.policy(), &origin));
}

#[tokio::test]
async fn the_same_grant_in_other_words_is_the_same() {
    let backwards = entry(
        "agent-1",
        r#""write_messages","read_messages","read_messages""#,
    );
    let origin = Origin::new(ORIGIN).unwrap();
    for body in [
        token_json(),
        granted(&[&backwards]),
        granted(&[&backwards, &entry("agent-1", CHAT)]),
        token_json().replace(ORIGIN, "https://APP.example.com:443/"),
        token_json().replace(r#""version":"1""#, r#""version":1"#),
        token_json().replace(r#""version":"1","#, ""),
        token_json().replace(r#""version":"1""#, r#""version":null"#),
        // The form that the request has.
        token_json()
            .replace(r#"{"version":"1","data":["#, "[")
            .replace("]}]}", "]}]"),
        token_json().replace(r#"{"token""#, r#"{"id":7,"createdBy":{"name":"x"},"token""#),
        token_json().replace(r#""expiresAt""#, r#""expires_at""#),
    ] {
        let server = server(&body, deleted()).await;
        let create = server.letta().access_tokens().create(policy(), ORIGIN);
        let token = create.await.unwrap();
        assert_eq!(token.policy(), &policy(), "{body}");
        assert_eq!(token.origin(), Some(&origin), "{body}");
        assert!(token.is_for(&policy(), &origin));
        assert!(!token.is_for(&"agent-1:read_messages".parse().unwrap(), &origin));
        assert!(!token.is_for(&policy(), &Origin::new("https://a.b").unwrap()));
    }
}

#[tokio::test]
async fn what_an_answer_leaves_out_is_no_mismatch_but_no_minter_keeps_it() {
    for body in [
        format!(r#"{{"token":"{TOKEN}"}}"#),
        token_json().replace(&format!(r#""{ORIGIN}""#), "null"),
        token_json().replace(r#""policy":{"#, r#""other":{"#),
    ] {
        let plain = server(&body, deleted()).await;
        let create = plain.letta().access_tokens().create(policy(), ORIGIN);
        let token = create.await.unwrap();
        assert_eq!(token.expose_secret(), TOKEN, "{body}");
        assert!(!token.is_for(&policy(), &Origin::new(ORIGIN).unwrap()));
        assert_eq!(plain.requests().len(), 1);

        let minted = server(&body, deleted()).await;
        let minter = TokenMinter::new(&minted.letta(), ORIGIN).unwrap();
        let error = minter.token(&policy()).await.unwrap_err();
        assert!(
            error.is_grant_mismatch() && !error.may_have_happened(),
            "{error}"
        );
        assert!(error.to_string().contains("does not say"), "{error}");
        assert_eq!((minter.token_count(), minted.requests().len()), (0, 2));
    }
}

#[tokio::test]
async fn a_minter_never_keeps_a_token_that_is_not_what_was_asked_for() {
    for (body, says) in mismatches() {
        let server = server(&body, deleted()).await;
        let minter = TokenMinter::new(&letta(server.url()), ORIGIN).unwrap();
        let wide: AccessPolicy = "agent-1:read_messages,write_messages,read_agent,write_agent"
            .parse()
            .unwrap();
        let policy = policy();
        let error = minter.token(&policy).up_to(&wide).await.unwrap_err();
        assert!(error.is_grant_mismatch() && !error.is_held_off(), "{error}");
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!((minter.token_count(), minter.counters().failures), (0, 1));
        // Nor does it ask again at once.
        let error = minter.token(&policy).await.unwrap_err();
        assert!(error.is_grant_mismatch() && error.is_held_off(), "{error}");
        assert_eq!(server.requests().len(), 2, "{body}");
    }
}

#[tokio::test]
async fn many_differences_are_told_in_few_words() {
    let agents = (0..5_000).map(|n| format!("agent-{n}"));
    let entries: Vec<_> = agents.clone().map(|agent| entry(&agent, CHAT)).collect();
    let entries: Vec<&str> = entries.iter().rev().map(String::as_str).collect();
    let asked = agents.map(|agent| (agent, [AccessRight::ReadMessages]));
    let asked = AccessPolicy::from_grants(asked).unwrap();
    let server = server(&granted(&entries), deleted()).await;
    let create = server.letta().access_tokens().create(&asked, ORIGIN);
    let error = create.await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("more differences") && text.len() < 1_300,
        "{text}"
    );
}

#[tokio::test]
async fn a_deletion_that_finds_no_token_does_not_say_that_the_token_is_deleted() {
    let none = json("404 Not Found", r#"{"message":"Token not found"}"#);
    let server = server(&mismatches()[0].0, none).await;
    let create = server.letta().access_tokens().create(policy(), ORIGIN);
    let error = create.await.unwrap_err();
    assert!(error.is_grant_mismatch() && error.may_have_happened());
    assert!(error.to_string().contains("no record of it"), "{error}");
}
