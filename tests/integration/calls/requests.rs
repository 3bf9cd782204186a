//! What goes over the wire, to the byte.

use std::time::{Duration, SystemTime};

use letta_api_ext::{AccessPolicy, AccessRight, AgentId, BaseUrl, Letta, Secret, TokenMinter};
use letta_api_tests::{API_KEY, TOKEN, Tap, answer, split, token_json};

/// The create body that the official clients send.
const CANONICAL: &str = r#"{"hostname":"https://app.example.com","policy":[{"type":"agent","id":"agent-1","access":["read_messages","write_messages","read_agent","write_agent"]},{"type":"agent","id":"agent-2","access":["read_messages"]}],"expires_at":"2126-03-01T12:00:00Z"}"#;

fn created() -> Vec<u8> {
    answer("201 Created", "application/json", &token_json())
}

fn user_agent() -> (String, String) {
    (
        "user-agent".into(),
        concat!("letta-api-ext/", env!("CARGO_PKG_VERSION")).into(),
    )
}

/// By which the service takes a caller for a current client.
fn generation() -> (String, String) {
    ("x-stainless-package-version".into(), "1.12.1".into())
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs
        .map(|(name, value)| (name.into(), value.into()))
        .to_vec()
}

/// The request has this first line, the headers that every request has and no others, and no body.
fn assert_without_body(request: &str, first_line: &str) {
    let (line, headers, body) = split(request);
    assert_eq!(line, first_line);
    assert_eq!(body, "");
    let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "accept",
            "authorization",
            "host",
            "user-agent",
            "x-stainless-package-version"
        ]
    );
}

/// 2126-03-01T12:00:00Z
fn expiry() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(4_928_040_000)
}

#[tokio::test]
async fn create_sends_the_canonical_body_and_no_header_that_nobody_asked_for() {
    let tap = Tap::start(created()).await;
    let policy = AccessPolicy::builder()
        .agent("agent-1")
        .all_rights()
        .agent("agent-2")
        .read_messages()
        .build_combined()
        .unwrap();
    let token = tap
        .letta()
        .access_tokens()
        .create(policy, "https://app.example.com")
        .with_any_grant()
        .expires_at(expiry())
        .send()
        .await
        .unwrap();
    assert_eq!(token.expose_secret(), TOKEN);

    let request = tap.request();
    let (line, headers, body) = split(&request);
    assert_eq!(line, "POST /v1/client-side-access-tokens HTTP/1.1");
    assert_eq!(body, CANONICAL);
    let length = CANONICAL.len().to_string();
    let host = tap.url().replace("http://", "");
    let authorization = format!("Bearer {API_KEY}");
    let mut expected = pairs([
        ("accept", "application/json"),
        ("authorization", &authorization),
        ("content-length", &length),
        ("content-type", "application/json"),
        ("host", &host),
    ]);
    expected.extend([user_agent(), generation()]);
    assert_eq!(headers, expected);
}

#[tokio::test]
async fn the_order_in_which_a_policy_is_named_does_not_show() {
    let policy = AccessPolicy::builder()
        .agent("agent-2")
        .read_messages()
        .agent("agent-1")
        .write_agent()
        .read_agent()
        .agent("agent-1")
        .write_messages()
        .read_messages()
        .read_messages()
        .build_combined()
        .unwrap();
    let tap = Tap::start(created()).await;
    let create = tap
        .letta()
        .access_tokens()
        .create(&policy, "https://app.example.com")
        .with_any_grant();
    create.expires_at(expiry()).send().await.unwrap();
    assert_eq!(split(&tap.request()).2, CANONICAL);
}

#[tokio::test]
async fn what_is_not_set_is_not_sent() {
    let tap = Tap::start(created()).await;
    let policy = AccessPolicy::builder()
        .agent("agent-1")
        .read_messages()
        .build()
        .unwrap();
    // Awaiting a request is as good as sending it.
    tap.letta()
        .access_tokens()
        .create(policy, "http://localhost:3000/")
        .with_any_grant()
        .await
        .unwrap();
    assert_eq!(
        split(&tap.request()).2,
        r#"{"hostname":"http://localhost:3000","policy":[{"type":"agent","id":"agent-1","access":["read_messages"]}]}"#
    );
}

#[tokio::test]
async fn a_lifetime_is_sent_as_an_instant() {
    let tap = Tap::start(created()).await;
    let policy = AccessPolicy::builder()
        .agent("agent-1")
        .chat()
        .build()
        .unwrap();
    let before = SystemTime::now();
    let create = tap
        .letta()
        .access_tokens()
        .create(policy, "https://app.example.com");
    create
        .expires_in(Duration::from_secs(900))
        // The answer has the same expiry whatever was asked for.
        .with_any_grant()
        .send()
        .await
        .unwrap();
    let request = tap.request();
    let body: serde_json::Value = serde_json::from_str(split(&request).2).unwrap();
    let sent = body["expires_at"].as_str().unwrap();

    // The service's own spelling of dates comes back through the same parser.
    let tap = Tap::start(answer(
        "201 Created",
        "application/json",
        &token_json().replace("2126-03-01T12:00:00.000Z", sent),
    ))
    .await;
    let policy = AccessPolicy::builder()
        .agent("agent-1")
        .chat()
        .build()
        .unwrap();
    let token = tap
        .letta()
        .access_tokens()
        .create(policy, "https://app.example.com")
        .await
        .unwrap();
    let lifetime = token.expires_at().unwrap().duration_since(before).unwrap();
    assert!((899..=960).contains(&lifetime.as_secs()), "{lifetime:?}");
}

#[tokio::test]
async fn list_sends_what_is_set_as_query() {
    let page = answer(
        "200 OK",
        "application/json",
        r#"{"tokens":[],"hasNextPage":false}"#,
    );
    let list = |letta: Letta| letta.access_tokens().list();
    type Refine = fn(letta_api_ext::ListAccessTokens) -> letta_api_ext::ListAccessTokens;
    let cases: [(Refine, &str); 3] = [
        (|list| list, ""),
        (
            |list| list.agent("agent-1").limit(50).offset(100),
            "?agentId=agent-1&limit=50&offset=100",
        ),
        (|list| list.offset(0), "?offset=0"),
    ];
    for (refine, query) in cases {
        let tap = Tap::start(page.clone()).await;
        refine(list(tap.letta())).send().await.unwrap();
        let line = format!("GET /v1/client-side-access-tokens{query} HTTP/1.1");
        assert_without_body(&tap.request(), &line);
    }
}

#[tokio::test]
async fn revoke_sends_the_token_in_the_path_and_no_body() {
    let tap = Tap::start(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_vec()).await;
    tap.letta()
        .access_tokens()
        .revoke(TOKEN)
        .send()
        .await
        .unwrap();
    let line = format!("DELETE /v1/client-side-access-tokens/{TOKEN} HTTP/1.1");
    assert_without_body(&tap.request(), &line);
}

#[tokio::test]
async fn a_project_is_sent_as_a_header_one_way_or_the_other() {
    for (slug, id, header) in [
        (None, None, None),
        (Some("mine"), None, Some(("x-project", "mine"))),
        (None, Some("p-1"), Some(("x-project-id", "p-1"))),
        (Some("mine"), Some("p-1"), Some(("x-project-id", "p-1"))),
    ] {
        let tap = Tap::start(created()).await;
        let mut builder = Letta::builder().api_key(API_KEY).base_url(tap.url());
        if let Some(slug) = slug {
            builder = builder.project(slug);
        }
        if let Some(id) = id {
            builder = builder.project_id(id);
        }
        let letta = builder.build().unwrap();
        // Calls through the generated client carry it too.
        letta
            .api()
            .list_client_side_access_tokens(&Default::default())
            .await
            .unwrap_err();
        let request = tap.request();
        let (_, headers, _) = split(&request);
        let sent: Vec<_> = headers
            .iter()
            .filter(|(name, _)| name.starts_with("x-project"))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(sent, header.into_iter().collect::<Vec<_>>());
        assert!(headers.contains(&("authorization".into(), format!("Bearer {API_KEY}"))));
    }
}

#[tokio::test]
async fn a_base_url_may_have_a_path_and_end_in_a_slash_or_the_version() {
    for (stem, path) in [
        ("", "/v1/client-side-access-tokens"),
        ("/", "/v1/client-side-access-tokens"),
        ("/v1", "/v1/client-side-access-tokens"),
        ("/v1/", "/v1/client-side-access-tokens"),
        ("/letta/v1", "/letta/v1/client-side-access-tokens"),
    ] {
        let tap = Tap::start(created()).await;
        let letta = letta_api_tests::letta(tap.url() + stem);
        let policy = AccessPolicy::builder()
            .agent("agent-1")
            .chat()
            .build()
            .unwrap();
        letta
            .access_tokens()
            .create(policy, "https://app.example.com")
            .await
            .unwrap();
        let request = tap.request();
        assert_eq!(split(&request).0, format!("POST {path} HTTP/1.1"), "{stem}");
    }
}

#[tokio::test]
async fn a_key_with_white_space_round_it_is_trimmed() {
    let tap = Tap::start(created()).await;
    let letta = Letta::builder()
        .api_key(format!(" {API_KEY}\r\n"))
        .base_url(tap.url())
        .build()
        .unwrap();
    let policy = AccessPolicy::builder()
        .agent("agent-1")
        .chat()
        .build()
        .unwrap();
    letta
        .access_tokens()
        .create(policy, "https://app.example.com")
        .await
        .unwrap();
    assert!(
        tap.request()
            .contains(&format!("authorization: Bearer {API_KEY}\r\n"))
    );
}

#[tokio::test]
async fn what_is_not_known_is_sent_back_unchanged() {
    let listed = answer(
        "200 OK",
        "application/json",
        r#"{"tokens":[{"token":"ck-let-1","hostname":"https://app.example.com","expiresAt":"soon","policy":{"version":"2","data":[{"type":"agent","id":"agent-1","access":["read_messages","dream"]},{"type":"project","id":"p","nested":{"a":[1,null]}},{"type":"agent","id":7}]}}],"hasNextPage":false}"#,
    );
    let tap = Tap::start(listed).await;
    let page = tap.letta().access_tokens().list().await.unwrap();
    let token = &page.tokens()[0];
    assert_eq!(token.policy_version(), "2");
    assert_eq!(token.expires_at(), None);
    assert_eq!(token.expires_at_text(), "soon");
    assert!(token.is_expired());
    let dream = AccessRight::from("dream");
    assert!(!dream.is_known());
    assert!(token.policy().allows("agent-1", &dream));
    assert_eq!(token.policy().unknown_grants().count(), 2);

    let tap = Tap::start(created()).await;
    tap.letta()
        .access_tokens()
        .create(token.policy(), "https://app.example.com")
        .with_any_grant()
        .await
        .unwrap();
    let request = tap.request();
    let body: serde_json::Value = serde_json::from_str(split(&request).2).unwrap();
    assert_eq!(
        body["policy"],
        serde_json::json!([
            {"type": "agent", "id": "agent-1", "access": ["read_messages", "dream"]},
            {"type": "project", "id": "p", "nested": {"a": [1, null]}},
            {"type": "agent", "id": 7},
        ])
    );
}

#[tokio::test]
async fn requests_are_spawned_and_joined() {
    fn is_free<T: Send + 'static>(future: T) -> T {
        future
    }

    let created = Tap::start(created()).await;
    let tokens = created.letta().access_tokens();
    let request = tokens.create(letta_api_tests::policy(), "https://app.example.com");
    let spawned = tokio::spawn(is_free(request.clone().send()));
    assert!(spawned.await.unwrap().is_ok());
    let spawned = tokio::spawn(is_free(request.clone().into_future()));
    assert!(spawned.await.unwrap().is_ok());
    let many = (0..3).map(|_| request.clone().send());
    assert!(futures_util::future::try_join_all(many).await.is_ok());
    let within = tokio::time::timeout(Duration::from_secs(60), request);
    assert!(within.await.unwrap().is_ok());
    let (listing, revoking) = (tokens.list().send(), tokens.revoke(TOKEN).send());
    drop((is_free(listing), is_free(revoking)));

    let minter = TokenMinter::new(&created.letta(), "https://app.example.com").unwrap();
    let policy = letta_api_tests::policy();
    let by_send = minter.token(&policy).send().await.unwrap();
    let (minter, policy) = (minter.clone(), policy.clone());
    let spawned = tokio::spawn(async move { minter.token(&policy).send().await });
    assert_eq!(
        spawned.await.unwrap().unwrap().expose_secret(),
        by_send.expose_secret()
    );
}

#[tokio::test]
async fn what_a_caller_has_at_hand_is_taken() {
    let created = Tap::start(created()).await;
    let tokens = created.letta().access_tokens();
    let token = tokens.create(letta_api_tests::policy(), "https://app.example.com");
    let token = token.await.unwrap();
    let expected = format!("DELETE /v1/client-side-access-tokens/{TOKEN} HTTP/1.1");
    let gone = Tap::start(answer("204 No Content", "application/json", "")).await;
    let tokens = gone.letta().access_tokens();
    tokens.revoke(&token).await.unwrap();
    tokens.revoke(Secret::from(&token)).await.unwrap();
    tokens.revoke(token).await.unwrap();
    let requests = gone.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| split(request).0 == expected));

    let url: BaseUrl = gone.url().parse().unwrap();
    let by_reference = Letta::builder()
        .api_key(API_KEY)
        .base_url(&url)
        .build()
        .unwrap();
    let letta = Letta::builder()
        .api_key(API_KEY)
        .base_url(url.clone())
        .build()
        .unwrap();
    assert_eq!(letta.api().base_url(), &url);
    assert_eq!(by_reference.api().base_url(), &url);

    let minter = TokenMinter::new(&letta, "https://app.example.com").unwrap();
    let agent = AgentId::new("agent-1").unwrap();
    for report in [
        minter.revoke_agent("agent-1").await,
        minter.revoke_agent(String::from("agent-1")).await,
        minter.revoke_agent(&agent).await,
        minter.revoke_agent(agent).await,
    ] {
        assert!(
            report.is_complete() && report.error().is_none(),
            "{report:?}"
        );
    }
    let report = minter.revoke_agent("1").await;
    assert!(!report.is_complete());
    assert_eq!(report.error().unwrap().field(), Some("agent"));
}
