//! JSON Schemas of what lives in configuration files.
#![cfg(feature = "schemars")]

use letta_api_ext::{AccessPolicy, AgentId, Origin, StrictPolicy};
use schemars::{JsonSchema, schema_for};

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

/// As an application may have it in its settings.
#[derive(JsonSchema, serde::Deserialize)]
#[allow(dead_code, reason = "only its schema is looked at")]
struct Settings {
    #[serde(with = "letta_api_ext::policy::strict")]
    #[schemars(with = "StrictPolicy")]
    policy: AccessPolicy,
    kiosk: Option<StrictPolicy>,
}

#[test]
fn the_schema_of_a_strict_policy_takes_what_it_reads_and_nothing_else() {
    let schema = serde_json::to_value(schema_for!(StrictPolicy)).unwrap();
    assert_eq!(schema["items"]["additionalProperties"], false);
    let schema = jsonschema::validator_for(&schema).unwrap();
    for json in [
        r#""agent-1:chat""#,
        r#"" agent-1 : read_messages , write_messages ; agent-2.b:all_rights ""#,
        r#""agent-1:chat;""#,
        r#""agent-1:read_mesages""#,
        r#""agent-1:?dream""#,
        r#""agent-1""#,
        r#""""#,
        r#""agent-:chat""#,
        r#""agent-ä:chat""#,
        "[]",
        r#"[{"type":"agent","id":"agent-1","access":["read_messages"]}]"#,
        r#"[{"type":"agent","id":"agent-1","access":["read_mesages"]}]"#,
        r#"[{"type":"agent","id":"agent-1","access":[]}]"#,
        r#"[{"type":"agent","id":"1","access":["read_messages"]}]"#,
        r#"[{"type":"agent","id":"agent-1","access":["read_messages"],"acess":[]}]"#,
        r#"[{"type":"project","id":"agent-1","access":["read_messages"]}]"#,
        r#"[{"type":"agent","id":"agent-1"}]"#,
        r#"["agent-1:chat"]"#,
        r#"{"type":"agent","id":"agent-1","access":["read_messages"]}"#,
        "7",
        "null",
    ] {
        let is_read = serde_json::from_str::<StrictPolicy>(json).is_ok();
        let is_valid = schema.is_valid(&serde_json::from_str(json).unwrap());
        assert_eq!(is_read, is_valid, "{json}");
    }
}

#[test]
fn a_field_with_a_strict_policy_has_its_schema() {
    let schema = serde_json::to_value(schema_for!(Settings)).unwrap();
    let strict = serde_json::json!({"$ref": "#/$defs/StrictPolicy"});
    assert_eq!(schema["properties"]["policy"], strict);
    assert!(schema["$defs"]["StrictPolicy"]["items"].is_object());
}
