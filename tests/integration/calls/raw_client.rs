//! letta-api by itself: what is newer than the description survives, and the hook sees every request.

use std::sync::{Arc, Mutex};

use letta_api::types::{
    AccessPolicyEntry, AccessRight, ClientSideAccessToken, ClientSideAccessTokenCreate,
};
use letta_api::{
    ApiKey, Bearer, BoxFuture, Client, Direct, Error, Operation, Response, ResponseValue,
    Transport, TransportError, operations,
};
use letta_api_tests::{API_KEY, TOKEN, Tap, answer, printed, split, token_json};

fn client(tap: &Tap) -> Client {
    // A test of this package turns compression on, for all who use reqwest.
    let http = reqwest::Client::builder().no_gzip().build().unwrap();
    Client::new(tap.url().parse().unwrap(), http)
}

#[test]
fn what_is_newer_than_the_description_survives_a_round_trip() {
    for json in [
        token_json(),
        token_json().replace("read_messages", "dream"),
        token_json().replace(r#""version":"1""#, r#""version":"2""#),
        token_json().replace(r#""type":"agent""#, r#""type":"project""#),
        token_json().replace(r#""id":"agent-1""#, r#""id":{"new":"shape"}"#),
        token_json().replace(r#"["read_messages","write_messages"]"#, "null"),
        token_json().replace(r#""access":"#, r#""rights":"#),
        token_json().replace("2126-03-01T12:00:00.000Z", "next Tuesday"),
    ] {
        let token: ClientSideAccessToken = serde_json::from_str(&json).unwrap();
        let back: serde_json::Value = serde_json::to_value(&token).unwrap();
        assert_eq!(
            back,
            serde_json::from_str::<serde_json::Value>(&json).unwrap()
        );
    }
}

#[test]
fn a_right_reads_and_writes_as_its_text() {
    for right in AccessRight::KNOWN {
        assert_eq!(AccessRight::from(right.as_str()), *right);
        assert_eq!(right.to_string().parse(), Ok(right.clone()));
        assert!(right.is_known());
    }
    let dream: AccessRight = serde_json::from_str(r#""dream""#).unwrap();
    assert_eq!(dream, AccessRight::Unknown("dream".into()));
    assert_eq!((dream.as_str(), dream.is_known()), ("dream", false));
    assert!(serde_json::from_str::<AccessRight>("7").is_err());
}

#[test]
fn an_unknown_entry_can_be_read() {
    let entry: AccessPolicyEntry = serde_json::from_str(r#"{"type":"project","id":"p"}"#).unwrap();
    let AccessPolicyEntry::Unknown(object) = entry else {
        panic!("{entry:?}");
    };
    assert_eq!(object["id"], "p");
}

#[tokio::test]
async fn nothing_is_sent_that_nobody_asked_for() {
    let tap = Tap::start(answer(
        "200 OK",
        "application/json",
        r#"{"tokens":[],"hasNextPage":false}"#,
    ))
    .await;
    client(&tap)
        .list_client_side_access_tokens(&Default::default())
        .await
        .unwrap();
    let request = tap.request();
    let (line, headers, _) = split(&request);
    assert_eq!(line, "GET /v1/client-side-access-tokens HTTP/1.1");
    let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["accept", "host"]);
}

#[tokio::test]
async fn a_bearer_sends_the_key() {
    let tap = Tap::start(answer("201 Created", "application/json", &token_json())).await;
    let key = ApiKey::new(API_KEY).unwrap();
    let client = client(&tap).with_transport(Bearer::new(&key));
    let entry = AccessPolicyEntry::agent("agent-1", vec![AccessRight::ReadMessages]);
    let body = ClientSideAccessTokenCreate::new("https://app.example.com", vec![entry]);
    let token = client.create_client_side_access_token(&body).await.unwrap();
    assert_eq!(token.status().as_u16(), 201);
    assert_eq!(token.headers()["x-request-id"], "req-7");
    assert_eq!(token.token.expose_secret(), TOKEN);
    let request = tap.request();
    assert!(
        request.contains(&format!("authorization: Bearer {API_KEY}\r\n")),
        "{request}"
    );
}

#[tokio::test]
async fn an_error_answer_is_there_whole_and_a_success_is_not_kept_twice() {
    let said = r#"{"message":"Bad","errors":{"hostname":["is bad"]}}"#;
    let tap = Tap::start(answer("400 Bad Request", "application/json", said)).await;
    for _ in 0..2 {
        let error = client(&tap)
            .list_client_side_access_tokens(&Default::default())
            .await
            .unwrap_err();
        let Error::ErrorResponse(answer) = &error else {
            panic!("{error:?}");
        };
        assert_eq!(answer.message(), Some("Bad"));
        assert_eq!(answer.body(), said.as_bytes());
        assert!(!printed(&error).contains("is bad"));
        assert_eq!(error.into_body().await.unwrap(), said);
    }
    let page = r#"{"tokens":[],"hasNextPage":false}"#;
    let tap = Tap::start(answer("200 OK", "application/json", page)).await;
    let page = client(&tap)
        .list_client_side_access_tokens(&Default::default())
        .await
        .unwrap();
    assert!(page.body().is_empty());
}

/// Keeps the operations that it was told of, and refuses every other request.
#[derive(Clone, Default)]
struct Gate(Arc<Mutex<Vec<&'static Operation>>>);

#[derive(Debug)]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the gate is closed")
    }
}

impl std::error::Error for Closed {}

impl Transport for Gate {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        let mut seen = self.0.lock().unwrap();
        seen.push(operation);
        if seen.len().is_multiple_of(2) {
            return Box::pin(async { Err(TransportError::new(Closed)) });
        }
        Direct.execute(http, request, operation)
    }
}

#[tokio::test]
async fn the_hook_sees_every_request_and_may_refuse_it() {
    let gate = Gate::default();
    let tap = Tap::start(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_vec()).await;
    let client = client(&tap).with_transport(gate.clone());
    client
        .delete_client_side_access_token(&TOKEN.into())
        .await
        .unwrap();
    let error = client
        .delete_client_side_access_token(&TOKEN.into())
        .await
        .unwrap_err();
    let cause = std::error::Error::source(&error).unwrap();
    assert_eq!(cause.to_string(), "the gate is closed");
    let Error::Transport(error) = error else {
        panic!("{error:?}");
    };
    assert!(error.downcast_ref::<Closed>().is_some());
    assert!(error.downcast::<Closed>().is_ok());
    assert_eq!(tap.requests().len(), 1);

    let seen = gate.0.lock().unwrap().clone();
    assert_eq!(seen, [&operations::DELETE_CLIENT_SIDE_ACCESS_TOKEN; 2]);
    assert_eq!(
        seen[0].path_template,
        "/v1/client-side-access-tokens/{token}"
    );
    assert_eq!(
        (seen[0].method, seen[0].id),
        ("DELETE", "delete_client_side_access_token")
    );
    assert!(operations::ALL.contains(&seen[0]));
}

static GET_HEALTH: Operation =
    Operation::new("get_health", "GET", "/v1/health/").with_safe_to_repeat(true);

/// A request that no generated method makes.
fn health(client: &Client) -> reqwest::Request {
    let url = client.base_url().as_url().join("v1/health/").unwrap();
    client.http().get(url).build().unwrap()
}

#[tokio::test]
async fn a_request_made_by_hand_passes_through_the_hook_and_its_answer_has_the_limit() {
    let gate = Gate::default();
    let json = "application/json";
    let tap = Tap::start(answer("503 Down", json, r#"{"version":"1"}"#)).await;
    let client = client(&tap)
        .with_transport(gate.clone())
        .with_body_limit(15);
    let mut response = client.execute(health(&client), &GET_HEALTH).await.unwrap();
    assert_eq!(response.status().as_u16(), 503);
    assert_eq!(split(&tap.request()).0, "GET /v1/health/ HTTP/1.1");
    response.buffer().await.unwrap();
    let value = ResponseValue::<serde_json::Value>::decode_json(response).unwrap();
    assert_eq!(value["version"], "1");

    let error = client
        .execute(health(&client), &GET_HEALTH)
        .await
        .unwrap_err();
    assert!(error.downcast_ref::<Closed>().is_some());
    assert_eq!(gate.0.lock().unwrap().as_slice(), [&GET_HEALTH; 2]);

    let client = client.with_body_limit(14);
    let mut response = client.execute(health(&client), &GET_HEALTH).await.unwrap();
    assert_eq!(response.buffer().await.unwrap_err().limit(), Some(14));
}

#[tokio::test]
async fn an_error_has_status_headers_and_body_where_there_are_any() {
    let tap = Tap::start(answer("418 Teapot", "text/plain", "short and stout")).await;
    let error = client(&tap)
        .list_client_side_access_tokens(&Default::default())
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 418);
    assert_eq!(error.headers().unwrap()["x-request-id"], "req-7");
    assert_eq!(&error.into_body().await.unwrap()[..], b"short and stout");

    let tap = Tap::start(answer("400 Bad Request", "text/html", "<html>")).await;
    let error = client(&tap)
        .list_client_side_access_tokens(&Default::default())
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 400);
    // A page is of no use to anyone who reads the error.
    assert!(matches!(&error, Error::ErrorResponse(answer) if answer.message().is_none()));
    assert_eq!(&error.into_body().await.unwrap()[..], b"<html>");

    let tap = Tap::start(answer(
        "400 Bad Request",
        "application/json",
        r#"{"message":"no"}"#,
    ))
    .await;
    let error = client(&tap)
        .list_client_side_access_tokens(&Default::default())
        .await
        .unwrap_err();
    let Error::ErrorResponse(answer) = error else {
        panic!("{error:?}");
    };
    assert_eq!(answer.message(), Some("no"));
}

/// Notes something in every answer.
struct Noting;

#[derive(Clone, Debug, PartialEq)]
struct Note(&'static str);

impl Transport for Noting {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            let mut response = Direct.execute(http, request, operation).await?;
            response.insert_extension(Note(operation.id));
            Ok(response)
        })
    }
}

#[tokio::test]
async fn a_note_in_an_answer_is_kept_whatever_becomes_of_the_answer() {
    let list = Note("list_client_side_access_tokens");
    let page = r#"{"tokens":[],"hasNextPage":false}"#;
    let json = "application/json";
    let tap = Tap::start(answer("200 OK", json, page)).await;
    let read = client(&tap).with_transport(Noting);
    let params = Default::default();
    let page = read.list_client_side_access_tokens(&params).await;
    let page = page.unwrap();
    assert_eq!(page.extension(), Some(&list));
    assert_eq!(page.extension::<String>(), None);
    assert!(!format!("{page:?}").contains("list_client"));

    let tap = Tap::start(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_vec()).await;
    let unread = client(&tap).with_transport(Noting);
    let token = TOKEN.into();
    let unread = unread.delete_client_side_access_token(&token).await;
    let delete = Note("delete_client_side_access_token");
    assert_eq!(unread.unwrap().extension(), Some(&delete));

    let broken =
        b"HTTP/1.1 200 OK\r\nx-request-id: req-7\r\ncontent-length: 9\r\n\r\nhalf".to_vec();
    let said = r#"{"message":"no"}"#;
    let mut kinds = Vec::new();
    for (sent, limit, status) in [
        (answer("400 Bad Request", json, said), 100, 400),
        (answer("418 Teapot", "text/plain", "short"), 100, 418),
        (answer("302 Found", "text/plain", "short"), 100, 302),
        (answer("400 Bad Request", "text/html", "<html>"), 100, 400),
        (answer("200 OK", json, "{}"), 100, 200),
        (answer("200 OK", json, said), 3, 200),
        (answer("400 Bad Request", json, said), 3, 400),
        (broken, 100, 200),
    ] {
        let tap = Tap::start(sent).await;
        let client = client(&tap).with_transport(Noting).with_body_limit(limit);
        let listed = client.list_client_side_access_tokens(&params).await;
        let error = listed.unwrap_err();
        assert_eq!(error.extension(), Some(&list), "{error:?}");
        assert_eq!(error.extension::<String>(), None);
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!(error.headers().unwrap()["x-request-id"], "req-7");
        assert!(!printed(&error).contains("list_client"));
        let (kind, extension) = match &error {
            Error::ErrorResponse(answer) => ("error", answer.extension()),
            Error::UnexpectedResponse(response) => ("unexpected", response.extension()),
            Error::InvalidPayload(payload) => ("payload", payload.extension()),
            Error::ResponseBody { response, .. } => {
                assert!(response.buffered_body().is_empty());
                ("body", response.extension())
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(extension, Some(&list));
        kinds.push(kind);
    }
    let expected = [
        "error",
        "error",
        "unexpected",
        "error",
        "payload",
        "body",
        "body",
        "body",
    ];
    assert_eq!(kinds, expected);

    // Without an answer, there is no note.
    let token = "..".into();
    let client = client(&tap).with_transport(Gate(Arc::new(Mutex::new(vec![
        &operations::DELETE_CLIENT_SIDE_ACCESS_TOKEN,
    ]))));
    let refused = client.delete_client_side_access_token(&token).await;
    assert!(refused.unwrap_err().extension::<Note>().is_none());
    let token = TOKEN.into();
    let closed = client.delete_client_side_access_token(&token).await;
    assert!(closed.unwrap_err().extension::<Note>().is_none());
}

#[tokio::test]
async fn a_byte_that_is_no_utf_8_matters_where_it_is_read() {
    // The same length, so that the head stays true.
    let spoiled = |json: &str| -> Vec<u8> {
        let answer = answer("201 Created", "application/json", json).into_iter();
        answer
            .map(|byte| if byte == b'~' { 0xff } else { byte })
            .collect()
    };
    let ignored = token_json().replacen('{', r#"{"newer":{"text":"a~b"},"#, 1);
    let read = token_json().replace("app.example.com", "app.ex~mple.com");
    for (json, is_read) in [(&ignored, false), (&read, true)] {
        let tap = Tap::start(spoiled(json)).await;
        let body = ClientSideAccessTokenCreate::new("https://app.example.com", Vec::new());
        let answered = client(&tap).create_client_side_access_token(&body).await;
        assert_eq!(answered.is_err(), is_read);
        match answered {
            Ok(token) => assert_eq!(token.hostname, "https://app.example.com"),
            Err(error) => {
                assert!(matches!(error, Error::InvalidPayload(_)), "{error:?}");
                let printed = printed(&error);
                assert!(!printed.contains(TOKEN) && !printed.contains("mple.com"));
                let body = error.into_body().await.unwrap();
                assert_eq!(body.len(), json.len());
                assert!(body.contains(&0xff));
            }
        }
    }
}

#[test]
fn clients_and_calls_can_be_moved_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    fn moved<T: Send>(_: T) {}

    shared::<Client>();
    shared::<Error<letta_api::ServiceError>>();
    shared::<TransportError>();
    shared::<ResponseValue<ClientSideAccessToken>>();
    shared::<letta_api_ext::Letta>();
    shared::<letta_api_ext::Error>();
    shared::<letta_api_ext::AccessToken>();
    let client = Client::new("https://x".parse().unwrap(), reqwest::Client::new());
    moved(client.list_client_side_access_tokens(&Default::default()));
    moved(client.execute(health(&client), &GET_HEALTH));
    let letta = letta_api_ext::Letta::new("k").unwrap();
    moved(letta.access_tokens().list().send());
    moved(letta.access_tokens().list().items());
    moved(letta.access_tokens().revoke("t").send());
}

#[tokio::test]
async fn a_body_that_is_read_in_part_is_empty_and_not_read_on() {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf";
        stream.write_all(begun).await.unwrap();
        std::future::pending::<()>().await;
    });
    let http = reqwest::Client::builder().no_gzip().build().unwrap();
    let mut response = Response::from(http.get(&url).send().await.unwrap());
    assert_eq!(response.url().unwrap().as_str(), format!("{url}/"));
    let reading = tokio::time::timeout(Duration::from_millis(100), response.buffer());
    assert!(reading.await.is_err(), "the rest never comes");
    assert!(response.url().is_none());
    let body = tokio::time::timeout(Duration::from_secs(5), response.bytes());
    assert!(body.await.expect("it is over").unwrap().is_empty());
}
