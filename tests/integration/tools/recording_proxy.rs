//! The recording proxy by itself.

use http::Method;
use letta_api_tests::fault_server::{Fault, FaultServer};
use letta_api_tests::recording_proxy::RecordingProxy;
use letta_api_tests::{API_KEY, TOKEN};

#[tokio::test]
async fn an_answer_passes_on_before_it_is_whole_and_printing_a_request_shows_no_secret() {
    let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\ndata: 1".to_vec();
    let server = FaultServer::start([Fault::AnswerThenHang(begun)]).await;
    let proxy = RecordingProxy::start(server.url()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut answer = client
        .post(format!("{}/{TOKEN}?b=2&a=%20", proxy.url()))
        .bearer_auth(API_KEY)
        .body(TOKEN)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "data: 1");

    let requests = proxy.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].method, Method::POST);
    assert_eq!(requests[0].target, format!("/{TOKEN}?b=2&a=%20"));
    assert_eq!(
        requests[0].headers["authorization"],
        format!("Bearer {API_KEY}")
    );
    assert_eq!(requests[0].body, TOKEN);
    let passed_on = server.requests();
    assert!(passed_on[0].starts_with(&format!("POST /{TOKEN}?b=2&a=%20 HTTP/1.1\r\n")));

    let printed = format!("{requests:?}{proxy:?}");
    assert!(printed.contains("authorization"), "{printed}");
    assert!(!printed.contains(TOKEN) && !printed.contains(API_KEY));
}
