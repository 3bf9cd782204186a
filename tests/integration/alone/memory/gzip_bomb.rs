//! An answer that grows when it is decompressed.

use letta_api_tests::fault_server::{Fault, FaultServer, gzip_bomb};
use letta_api_tests::{configured, resident_memory};

#[tokio::test]
async fn a_gzip_bomb_does_not_go_off() {
    let _turn = crate::TURN.lock().await;
    let bomb = gzip_bomb(256);
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        bomb.len()
    );
    let answer = [head.into_bytes(), bomb].concat();
    // A client that decompresses is stopped at the limit: a page of zeros is not 256 MiB of them.
    let server = FaultServer::start([Fault::Answer(answer)]).await;
    let http = reqwest::Client::builder().gzip(true).build().unwrap();
    let letta = configured(server.url(), |builder| {
        builder.http_client(http).response_body_limit(1024 * 1024)
    });
    let before = resident_memory();
    let error = letta.access_tokens().list().await.unwrap_err();
    assert!(
        error.to_string().contains("longer than 1048576 bytes"),
        "{error}"
    );
    assert!(server.requests()[0].contains("accept-encoding: gzip"));
    if let (Some(before), Some(after)) = (before, resident_memory()) {
        assert!(after < before + 100 * 1024 * 1024, "{before} to {after}");
    }
}
