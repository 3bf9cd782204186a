//! JSON Schemas of what lives in configuration files.
#![cfg(feature = "schemars")]

use letta_api_ext::{AccessPolicy, AgentId, Origin};
use schemars::schema_for;

#[test]
fn the_schema_of_a_policy_names_the_rights() {
    let schema = schema_for!(AccessPolicy);
    let items = schema.pointer("/items/properties").unwrap();
    assert_eq!(
        items["access"]["items"]["enum"],
        serde_json::json!([
            "read_messages",
            "write_messages",
            "read_agent",
            "write_agent"
        ])
    );
    assert_eq!(items["type"]["const"], "agent");
    assert_eq!(schema.pointer("/minItems").unwrap(), 1);
}

#[test]
fn checked_texts_are_strings_with_a_pattern() {
    for schema in [schema_for!(AgentId), schema_for!(Origin)] {
        assert_eq!(schema.pointer("/type").unwrap(), "string");
        assert!(schema.pointer("/pattern").is_some());
    }
}

#[test]
fn generated_types_have_schemas_that_leave_room_for_the_unknown() {
    let schema = schema_for!(letta_api::types::AccessRight);
    let text = serde_json::to_string(&schema).unwrap();
    assert!(text.contains("read_messages"), "{text}");
    let schema = schema_for!(letta_api::types::ClientSideAccessToken);
    assert_eq!(
        schema.pointer("/properties/token/format").unwrap(),
        "password"
    );
    assert!(schema.pointer("/properties/expiresAt").is_some());
}
