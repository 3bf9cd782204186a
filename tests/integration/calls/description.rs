//! The examples in the description are what the generated types read and write.

use std::path::Path;

use letta_api::ServiceError;
use letta_api::types::{
    ClientSideAccessToken, ClientSideAccessTokenCreate, ClientSideAccessTokenPage,
};
use serde_json::Value;
use xtask::openapi::{Node, Pointer};

fn description() -> Node {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/letta.yaml");
    xtask::load::load(&path).unwrap_or_else(|failure| panic!("{failure}"))
}

/// The example at `pointer` reads as a `T`, which writes it again.
fn check<T: serde::Serialize + serde::de::DeserializeOwned>(description: &Node, pointer: &str) {
    let node = description.pointer(&Pointer::parse(pointer).unwrap());
    let example = node
        .unwrap_or_else(|| panic!("no example at {pointer}"))
        .to_json();
    let value: T = serde_json::from_value(example.clone())
        .unwrap_or_else(|error| panic!("{pointer}: {error}"));
    assert_eq!(serde_json::to_value(value).unwrap(), example, "{pointer}");
}

#[test]
fn every_example_is_what_its_type_reads_and_writes() {
    let description = description();
    let path = "#/paths/~1v1~1client-side-access-tokens";
    let json = "content/application~1json/example";
    check::<ClientSideAccessTokenCreate>(&description, &format!("{path}/post/requestBody/{json}"));
    check::<ClientSideAccessToken>(&description, &format!("{path}/post/responses/201/{json}"));
    check::<ClientSideAccessTokenPage>(&description, &format!("{path}/get/responses/200/{json}"));
    let refusal = Pointer::parse(&format!("#/components/responses/BadRequest/{json}")).unwrap();
    let refusal = description.pointer(&refusal).unwrap().to_json();
    let read = ServiceError::read(refusal.to_string().as_bytes());
    assert!(read.message().is_some());
    assert_eq!(read.message(), refusal["message"].as_str());
    check::<String>(
        &description,
        &format!("{path}~1{{token}}/delete/parameters/0/example"),
    );
    assert_eq!(
        count(&description.to_json()),
        5,
        "an example is not checked"
    );
}

fn count(json: &Value) -> usize {
    match json {
        Value::Object(members) => {
            usize::from(members.contains_key("example"))
                + members.values().map(count).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(count).sum(),
        _ => 0,
    }
}
