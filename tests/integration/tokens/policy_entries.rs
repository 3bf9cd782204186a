//! How a grant is read off the wire: as serde would derive it, whatever comes in whatever order.

use letta_api::types::{AccessPolicyEntry, AccessRight};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What the generated code would derive, if it derived it.
#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Derived {
    #[serde(rename = "agent")]
    Agent {
        id: String,
        access: Vec<AccessRight>,
        #[serde(flatten)]
        unknown: Map<String, Value>,
    },
    #[serde(untagged)]
    Unknown(Map<String, Value>),
}

/// One by one, so that a member more in either is noticed.
fn same(read: &AccessPolicyEntry, derived: &Derived) -> bool {
    match (read, derived) {
        (
            AccessPolicyEntry::Agent {
                id,
                access,
                unknown,
                ..
            },
            Derived::Agent {
                id: other_id,
                access: other_access,
                unknown: other_unknown,
            },
        ) => id == other_id && access == other_access && unknown == other_unknown,
        (AccessPolicyEntry::Unknown(members), Derived::Unknown(others)) => members == others,
        _ => false,
    }
}

fn member() -> impl Strategy<Value = (&'static str, Value)> {
    let name = prop_oneof![
        4 => Just("type"),
        4 => Just("id"),
        4 => Just("access"),
        1 => Just("deny"),
        1 => Just(""),
        1 => Just("Type"),
    ];
    let value = prop_oneof![
        4 => Just(json!("agent")),
        2 => Just(json!("project")),
        2 => Just(json!("agent-1 \"é\n\u{1f600}")),
        4 => Just(json!(["read_agent", "dream"])),
        1 => Just(json!([])),
        1 => Just(json!(["read_agent", 7, "write_agent"])),
        1 => Just(json!([["read_agent"]])),
        1 => Just(json!({"type": "agent"})),
        1 => Just(json!(null)),
        1 => Just(json!(true)),
        1 => Just(json!(-7)),
        1 => Just(json!(18_446_744_073_709_551_615_u64)),
        1 => Just(json!(0.1)),
    ];
    (name, value)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_grant_is_read_as_serde_would_derive_it(members in prop::collection::vec(member(), 0..8)) {
        // Written by hand: a member may be there twice.
        let members: Vec<String> = members
            .iter()
            .map(|(name, value)| format!("{}:{value}", json!(name)))
            .collect();
        let text = format!("{{{}}}", members.join(","));
        let read: AccessPolicyEntry = serde_json::from_str(&text).unwrap();
        let derived: Derived = serde_json::from_str(&text).unwrap();
        prop_assert!(same(&read, &derived), "{text}: {read:?}, {derived:?}");
        // From memory, and from a reader that lends nothing.
        let value: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(
            &serde_json::from_value::<AccessPolicyEntry>(value.clone()).unwrap(),
            &AccessPolicyEntry::deserialize(&value).unwrap()
        );
        prop_assert_eq!(&serde_json::from_reader::<_, AccessPolicyEntry>(text.as_bytes()).unwrap(), &read);
        // What was read is written as it came.
        prop_assert_eq!(serde_json::to_value(&read).unwrap(), value, "{}", text);
    }
}

/// Members that nobody knows do not make a grant unknown, however often they come; the last counts, as in other JSON.
#[test]
fn a_member_twice_makes_a_grant_unknown_only_where_it_says_what_is_granted() {
    let cases = [
        (r#"{"type":"agent","id":"a","access":[],"x":1,"x":2}"#, true),
        (r#"{"id":"a","type":"agent","access":[],"x":1,"x":2}"#, true),
        (r#"{"x":1,"x":2,"id":"a","access":[],"type":"agent"}"#, true),
        (r#"{"type":"agent","id":"a","id":"a","access":[]}"#, false),
        (r#"{"id":"a","type":"agent","id":"a","access":[]}"#, false),
        (
            r#"{"type":"agent","id":"a","access":[],"type":"agent"}"#,
            false,
        ),
        (
            r#"{"id":"a","type":"agent","access":[],"type":"agent"}"#,
            false,
        ),
        (
            r#"{"id":"a","type":"project","access":[],"type":"agent"}"#,
            false,
        ),
    ];
    for (json, is_known) in cases {
        let read: AccessPolicyEntry = serde_json::from_str(json).unwrap();
        let derived: Derived = serde_json::from_str(json).unwrap();
        assert!(same(&read, &derived), "{json}: {read:?}, {derived:?}");
        match read {
            AccessPolicyEntry::Agent { unknown, .. } => {
                assert!(is_known, "{json}");
                assert_eq!(unknown["x"], 2, "{json}");
            }
            AccessPolicyEntry::Unknown(_) => assert!(!is_known, "{json}"),
            _ => panic!("{json}"),
        }
    }
}

#[test]
fn what_is_no_object_is_refused_without_being_quoted() {
    for json in ["\"sk-let-secret\"", "7", "-7", "0.5", "true", "null", "[7]"] {
        let error = serde_json::from_str::<AccessPolicyEntry>(json).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("expected an object"), "{json}: {error}");
        assert!(!error.contains("sk-let"), "{error}");
        assert!(!error.contains('7') && !error.contains("0.5"), "{error}");
    }
}

#[test]
fn what_breaks_off_is_an_error() {
    for json in [
        "{",
        r#"{"type""#,
        r#"{"type":"agent""#,
        r#"{"type":"agent","id":"#,
        r#"{"type":"agent","access":["read_agent""#,
        r#"{"id":"agent-1","type":"agent","#,
    ] {
        assert!(
            serde_json::from_str::<AccessPolicyEntry>(json).is_err(),
            "{json}"
        );
    }
}
