//! Files that a page sends.

use letta_api_in_browser_tests::Service;
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

const FILE: &str = r#"{"id":"file-1","source_id":"source-1","file_name":"a"}"#;

#[wasm_bindgen_test]
async fn bytes_are_sent_as_a_form() {
    let service = Service::answering("upload", [json!({"pieces": [FILE]})]).await;
    let folder = service.letta().folder("source-1");
    let file = folder.upload("Grüße \"1\".txt", "Buy milk.").await.unwrap();
    assert_eq!(file.id.as_str(), "file-1");
    let requests = service.requests().await;
    let request = &requests[0];
    let media_type = &request.headers["content-type"];
    let boundary = media_type.strip_prefix("multipart/form-data; boundary=");
    let wanted = format!(
        "--{0}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"Grüße %221%22.txt\"\r\nContent-Type: \
         text/plain\r\n\r\nBuy milk.\r\n--{0}--\r\n",
        boundary.unwrap()
    );
    assert_eq!(request.body.trim_end(), wanted.trim_end());
}

#[wasm_bindgen_test]
async fn an_upload_that_was_refused_is_told() {
    let refused = json!({"status": 413, "pieces": [r#"{"detail":"Too large"}"#]});
    let service = Service::answering("upload_refused", [refused]).await;
    let folder = service.letta().folder("source-1");
    let error = folder.upload("a.txt", vec![0; 100_000]).await.unwrap_err();
    assert_eq!(error.message(), Some("Too large"));
    assert!(!error.may_have_happened());
}
