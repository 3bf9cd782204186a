//! Laws of policies, tried on policies at random.

use std::collections::BTreeMap;

use letta_api_ext::{AccessPolicy, AccessRight, AgentId};
use proptest::prelude::*;

/// Rights that are known, and some that are not: with separators of the text form in them, empty,
/// beyond ASCII.
fn right() -> impl Strategy<Value = AccessRight> {
    prop_oneof![
        4 => proptest::sample::select(AccessRight::KNOWN),
        1 => "[a-z_]{1,12}".prop_map(AccessRight::from),
        1 => "[ -~äж%?,;:]{0,8}".prop_map(AccessRight::from),
    ]
}

fn grants() -> impl Strategy<Value = Vec<(String, Vec<AccessRight>)>> {
    let agent = "agent-[a-c0-9._-]{1,3}";
    let rights = proptest::collection::vec(right(), 1..5);
    proptest::collection::vec((agent, rights), 1..6)
}

/// Policies as people build them.
fn built() -> impl Strategy<Value = AccessPolicy> {
    grants().prop_map(|grants| AccessPolicy::from_grants(grants).unwrap())
}

/// Policies as the service may report them, with grants of kinds that are not known.
fn any_policy() -> impl Strategy<Value = AccessPolicy> {
    let kind = "[b-z]{1,5}";
    let text = "[ -~ä\"\\\\;,?%]{0,6}";
    let unknown = proptest::collection::vec((kind, text), 0..3);
    (grants(), unknown).prop_map(|(grants, unknown)| {
        let entries = grants
            .into_iter()
            .map(|(id, access)| serde_json::json!({"type": "agent", "id": id, "access": access}));
        let unknown = unknown
            .into_iter()
            .map(|(kind, text)| serde_json::json!({"type": kind, "x": [text, {"n": null}]}));
        let all: serde_json::Value = entries.chain(unknown).collect();
        serde_json::from_value(all).unwrap()
    })
}

proptest! {
    #[test]
    fn the_text_form_parses_back(policy in any_policy()) {
        let text = policy.to_string();
        prop_assert_eq!(text.parse::<AccessPolicy>().unwrap(), policy.clone());
        // White space round separators does not count.
        let spaced = text.replace(';', " ;\n").replace(':', " : ").replace(',', " , ");
        prop_assert_eq!(spaced.parse::<AccessPolicy>().unwrap(), policy);
    }

    #[test]
    fn any_text_is_a_policy_or_an_error(text in "(agent-[a-z0-9]?|[a-z_]{0,8}|read_agent|[:;,?% {}\"])*") {
        if let Ok(policy) = text.parse::<AccessPolicy>() {
            prop_assert!(!policy.is_empty());
            prop_assert_eq!(policy.to_string().parse::<AccessPolicy>().unwrap(), policy);
        }
    }

    #[test]
    fn serde_gives_back_what_it_took(policy in any_policy()) {
        let json = serde_json::to_string(&policy).unwrap();
        prop_assert_eq!(serde_json::from_str::<AccessPolicy>(&json).unwrap(), policy);
    }

    #[test]
    fn a_policy_holds_what_it_was_made_of_and_nothing_else(grants in grants()) {
        let policy = AccessPolicy::from_grants(grants.clone()).unwrap();
        let mut merged: BTreeMap<&str, Vec<&AccessRight>> = BTreeMap::new();
        for (agent, rights) in &grants {
            merged.entry(agent).or_default().extend(rights);
        }
        prop_assert_eq!(policy.agents().map(AgentId::as_str).collect::<Vec<_>>(), merged.keys().copied().collect::<Vec<_>>());
        for (agent, mut rights) in merged {
            rights.sort();
            rights.dedup();
            prop_assert_eq!(policy.rights(agent).collect::<Vec<_>>(), rights.clone());
            for right in AccessRight::KNOWN {
                prop_assert_eq!(policy.allows(agent, right), rights.contains(&right));
            }
        }
        prop_assert!(!policy.allows("agent-nobody", &AccessRight::ReadAgent));
    }

    #[test]
    fn the_order_of_grants_does_not_matter(mut grants in grants()) {
        let policy = AccessPolicy::from_grants(grants.clone()).unwrap();
        grants.reverse();
        for (_, rights) in &mut grants {
            rights.reverse();
        }
        let other = AccessPolicy::from_grants(grants).unwrap();
        prop_assert_eq!(&policy, &other);
        prop_assert_eq!(policy.to_string(), other.to_string());
    }

    #[test]
    fn union_is_a_union(a in any_policy(), b in any_policy(), c in any_policy()) {
        prop_assert_eq!(a.union(&a), a.clone());
        prop_assert_eq!(a.union(&b), b.union(&a));
        prop_assert_eq!(a.union(&b).union(&c), a.union(&b.union(&c)));
        prop_assert!(a.is_subset_of(&a.union(&b)));
        // The least of its kind: what holds both holds the union.
        if a.is_subset_of(&c) && b.is_subset_of(&c) {
            prop_assert!(a.union(&b).is_subset_of(&c));
        }
    }

    #[test]
    fn subset_is_an_order(a in any_policy(), b in any_policy(), c in any_policy()) {
        prop_assert!(a.is_subset_of(&a));
        prop_assert_eq!(a.is_subset_of(&b) && b.is_subset_of(&a), a == b);
        if a.is_subset_of(&b) && b.is_subset_of(&c) {
            prop_assert!(a.is_subset_of(&c));
        }
        prop_assert_eq!(a.is_subset_of(&b), a.union(&b) == b);
    }

    #[test]
    fn a_subset_allows_no_more(a in built(), b in built()) {
        let every = a.agents().all(|agent| a.rights(agent).all(|right| b.allows(agent, right)));
        prop_assert_eq!(a.is_subset_of(&b), every);
    }
}

#[test]
fn a_written_policy_with_a_slip_is_refused_by_name() {
    for (text, says) in [
        ("agent-1", "grants like `agent-1:read_messages"),
        ("agent-1:", "got ``"),
        (
            "agent-1:read_mesages",
            "must be among read_messages, write_messages, read_agent, write_agent; got `read_mesages`",
        ),
        ("agent-1:read_messages,", "got ``"),
        ("agent-1:read_messages;", "got ``"),
        ("agent-1:read_messages;;agent-2:read_agent", "got ``"),
        ("1:read_messages", "`agent-`; got `1`"),
        ("agent-1:READ_MESSAGES", "got `READ_MESSAGES`"),
        ("?nonsense", "JSON"),
        ("?%5B%5D", "JSON object"),
        ("agent-1:?%ff", "UTF-8"),
        ("  ", "at least one agent"),
    ] {
        let error = text.parse::<AccessPolicy>().unwrap_err();
        assert!(error.to_string().contains(says), "{text}: {error}");
    }
}

#[test]
fn a_configured_policy_with_a_slip_is_refused() {
    for (json, says) in [
        ("[]", "at least one agent"),
        (
            r#"[{"type":"agent","id":"agent-1","access":[]}]"#,
            "without a right",
        ),
        (
            r#"[{"type":"agent","id":"1","access":["read_agent"]}]"#,
            "`agent-`",
        ),
        (
            r#"[{"type":"agent","id":"agent-1","access":"read_agent"}]"#,
            "type `agent`",
        ),
        (r#"[{"type":"agent","id":"agent-1"}]"#, "type `agent`"),
        (
            r#"[{"id":"agent-1","access":["read_agent"]}]"#,
            "text `type`",
        ),
        (r#"["agent-1"]"#, ""),
        (r#""agent-1:read_agent""#, "a list of entries, not text"),
        ("4711", "a list of entries, not a number"),
    ] {
        let error = serde_json::from_str::<AccessPolicy>(json).unwrap_err();
        assert!(error.to_string().contains(says), "{json}: {error}");
    }
}

#[test]
fn what_is_not_known_is_kept_and_can_be_refused() {
    let json = r#"[{"type":"agent","id":"agent-1","access":["read_agent","dream"]}]"#;
    let policy: AccessPolicy = serde_json::from_str(json).unwrap();
    assert_eq!(policy.to_string(), "agent-1:read_agent,?dream");
    assert_eq!(
        policy.clone().ensure_known().unwrap_err().field(),
        Some("access")
    );

    let json = r#"[{"access":["read_agent"],"acess":[],"id":"agent-1","type":"agent"}]"#;
    let policy: AccessPolicy = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&policy).unwrap().len(), json.len());
    assert!(!policy.allows("agent-1", &AccessRight::ReadAgent));
    assert_eq!(policy.ensure_known().unwrap_err().field(), Some("policy"));

    let json = r#"[{"type":"project","id":"p"}]"#;
    let policy: AccessPolicy = serde_json::from_str(json).unwrap();
    assert_eq!(
        policy.clone().ensure_known().unwrap_err().field(),
        Some("policy")
    );
    assert_eq!(
        serde_json::to_string(&policy).unwrap(),
        r#"[{"id":"p","type":"project"}]"#
    );

    let policy = AccessPolicy::builder()
        .agent("agent-1")
        .all_rights()
        .build()
        .unwrap();
    assert_eq!(policy.clone().ensure_known().unwrap(), policy);
}

#[test]
fn presets_are_what_they_say() {
    let of = |policy: letta_api_ext::policy::PolicyBuilder<letta_api_ext::policy::Ready>| {
        policy.build().unwrap().to_string()
    };
    let agent = || AccessPolicy::builder().agent("agent-1");
    assert_eq!(of(agent().chat()), "agent-1:read_messages,write_messages");
    assert_eq!(of(agent().read_only()), "agent-1:read_messages,read_agent");
    assert_eq!(
        of(agent().all_rights()),
        "agent-1:read_messages,write_messages,read_agent,write_agent"
    );
    assert_eq!(
        of(agent().right(AccessRight::from("dream"))),
        "agent-1:?dream"
    );
}
