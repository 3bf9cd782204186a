//! Who uses nothing that is deprecated, in the code for `fixtures/deprecated.yaml`, is warned of nothing.
#![deny(warnings)]

use letta_api::Client;
use letta_api::types::{Aged, AgedTagged, AgedWhole, WriteAgedParams};

async fn write(client: &Client) -> Option<AgedWhole> {
    let body: Aged = serde_json::from_str(r#"{"must": "m", "kind": "x", "part": {"a": "p"}}"#).ok()?;
    let body = body.with_fine("f").with_tagged(AgedTagged::y()).with_kept("k");
    let params = WriteAgedParams::default().with_b("b");
    Some(client.write_aged(&params, &body).await.ok()?.into_inner())
}

#[test]
fn what_is_deprecated_works() {
    // It has compiled, which is all there is to it.
    let _ = write;
    let json = r#"{"must":"m","many":["a"],"part":{"a":"p","b":"x"},"kind":"x"}"#;
    let body: Aged = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&body).unwrap(), json);
}
