//! Laws of policies, tried on policies at random.

use std::collections::BTreeMap;

use std::fmt::Debug;

use letta_api_ext::policy::{self, Preset};
use letta_api_ext::{AccessPolicy, AccessRight, AgentId, StrictPolicy};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

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

/// A policy as it is sent.
fn entries_of(policy: &AccessPolicy) -> Vec<serde_json::Value> {
    match serde_json::to_value(policy).unwrap() {
        serde_json::Value::Array(entries) => entries,
        other => panic!("{other}"),
    }
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
        prop_assert_eq!(serde_json::from_str::<AccessPolicy>(&json).unwrap(), policy.clone());
        // The text form is read, too.
        let json = serde_json::to_string(&policy.to_string()).unwrap();
        prop_assert_eq!(serde_json::from_str::<AccessPolicy>(&json).unwrap(), policy);
    }

    #[test]
    fn the_strict_form_reads_what_is_known_and_nothing_else(policy in any_policy()) {
        let is_known = policy.clone().ensure_known().is_ok();
        let list = serde_json::to_string(&policy).unwrap();
        let text = serde_json::to_string(&policy.to_string()).unwrap();
        for json in [list, text] {
            match serde_json::from_str::<StrictPolicy>(&json) {
                Ok(strict) => prop_assert!(is_known && *strict == policy, "{}", json),
                Err(error) => prop_assert!(!is_known, "{}: {}", json, error),
            }
        }
        prop_assert_eq!(StrictPolicy::try_from(policy.clone()).is_ok(), is_known);
        let written = policy::strict::serialize(&policy, serde_json::value::Serializer);
        prop_assert_eq!(written.is_ok(), is_known);
    }

    #[test]
    fn any_json_is_a_strict_policy_that_is_written_back_or_an_error(
        text in r#"(\[|\]|\{|\}|,|:|"type"|"agent"|"id"|"agent-1"|"access"|\["read_agent"\]|"chat"|null|7|true|[a-z"]){0,24}"#
    ) {
        if let Ok(policy) = serde_json::from_str::<StrictPolicy>(&text) {
            let json = serde_json::to_string(&policy).unwrap();
            prop_assert_eq!(serde_json::from_str::<StrictPolicy>(&json).unwrap(), policy);
        }
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
    fn the_parts_of_a_policy_have_one_entry_each_and_make_the_whole_again(policy in any_policy()) {
        let parts: Vec<AccessPolicy> = policy.per_agent().collect();
        let agents: Vec<&AgentId> = parts.iter().filter_map(AccessPolicy::sole_agent).collect();
        // In order, the agents first, and each once.
        prop_assert_eq!(&agents, &policy.agents().collect::<Vec<_>>());
        let (of_agents, unknown) = parts.split_at(agents.len());
        for part in of_agents {
            let agent = part.sole_agent().unwrap();
            prop_assert!(part.rights(agent).eq(policy.rights(agent)));
            prop_assert_eq!(part.unknown_grants().count(), 0);
        }
        let grants = unknown.iter().flat_map(|part| {
            assert!(part.grants().next().is_none() && part.sole_agent().is_none());
            part.unknown_grants()
        });
        prop_assert!(grants.eq(policy.unknown_grants()));
        for part in &parts {
            prop_assert!(part.is_subset_of(&policy));
            prop_assert_eq!(entries_of(part).len(), 1, "{}", part);
            prop_assert_eq!(part.per_agent().collect::<Vec<_>>(), std::slice::from_ref(part));
        }
        prop_assert_eq!(policy.per_agent().len(), entries_of(&policy).len());
        let whole = parts.into_iter().reduce(|whole, part| whole.union(&part));
        prop_assert_eq!(whole.unwrap(), policy.clone());
        // The same of a clone, and after the split was made.
        prop_assert!(policy.clone().per_agent().eq(policy.per_agent()));
        let sole = policy.per_agent().len() == 1 && policy.agents().count() == 1;
        prop_assert_eq!(policy.sole_agent().is_some(), sole);
    }

    #[test]
    fn an_agent_has_one_entry_however_its_rights_came(policy in any_policy()) {
        let entries = entries_of(&policy);
        let mut agents: Vec<_> = entries
            .iter()
            .filter(|entry| entry["type"] == "agent")
            .map(|entry| entry["id"].as_str().unwrap())
            .collect();
        let count = agents.len();
        agents.dedup();
        prop_assert_eq!(agents.len(), count);
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
        (r#""agent-1""#, "grants like"),
        (r#""agent-1:read_mesages""#, "did you mean `read_messages`?"),
        ("4711", "not a number"),
        ("true", "not true or false"),
        ("null", "not nothing"),
        (r#"{"type":"agent"}"#, "not one object"),
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

/// By the service's published source of 2025, every entry of a policy must allow a call. So of two entries for one agent
/// only that is open which both give: here, nothing.
#[test]
fn rights_on_one_agent_are_one_entry_since_two_would_open_only_what_both_give() {
    let twice = r#"[
        {"type": "agent", "id": "agent-1", "access": ["read_messages"]},
        {"type": "agent", "id": "agent-1", "access": ["write_messages"]}
    ]"#;
    let text = "agent-1:read_messages;agent-1:write_messages";
    let built = || {
        AccessPolicy::builder()
            .agent("agent-1")
            .read_messages()
            .agent("agent-1")
            .write_messages()
    };
    let [read, write]: [AccessPolicy; 2] =
        ["agent-1:read_messages", "agent-1:write_messages"].map(|text| text.parse().unwrap());
    let strict = |json: &str| {
        let strict = serde_json::from_str::<StrictPolicy>(json).unwrap();
        assert_eq!(
            serde_json::to_value(&strict).unwrap(),
            serde_json::to_value(&*strict).unwrap()
        );
        strict.into_policy()
    };
    let one_entry = serde_json::json!([
        {"type": "agent", "id": "agent-1", "access": ["read_messages", "write_messages"]}
    ]);
    for (way, policy) in [
        ("builder", built().build_combined().unwrap()),
        (
            "from_grants",
            AccessPolicy::from_grants([
                ("agent-1", [AccessRight::ReadMessages]),
                ("agent-1", [AccessRight::WriteMessages]),
            ])
            .unwrap(),
        ),
        ("text", text.parse().unwrap()),
        ("serde", serde_json::from_str(twice).unwrap()),
        (
            "serde of text",
            serde_json::from_value(text.into()).unwrap(),
        ),
        ("strict", strict(twice)),
        (
            "strict text",
            text.parse::<StrictPolicy>().unwrap().into_policy(),
        ),
        ("union", read.union(&write)),
    ] {
        assert_eq!(serde_json::to_value(&policy).unwrap(), one_entry, "{way}");
        assert_eq!(policy.sole_agent().unwrap().as_str(), "agent-1", "{way}");
    }
    // So one policy comes of it, and one token.
    let policies = built().build_per_agent().unwrap();
    assert_eq!(serde_json::to_value(&policies[0]).unwrap(), one_entry);
    assert_eq!(policies.len(), 1);
}

#[test]
fn the_builder_gives_a_policy_for_each_agent_or_one_of_all() {
    let several = || {
        AccessPolicy::builder()
            .agent("agent-2")
            .read_agent()
            .agent("agent-1")
            .chat()
            .agent("agent-3")
            .read_only()
            .right("dream".into())
    };
    let text = "agent-1:read_messages,write_messages;agent-2:read_agent;\
                agent-3:read_messages,read_agent,?dream";
    assert_eq!(several().build_combined().unwrap().to_string(), text);
    let each = several().build_per_agent().unwrap();
    let each: Vec<String> = each.iter().map(AccessPolicy::to_string).collect();
    assert_eq!(each.join(";"), text);

    let one = || AccessPolicy::builder().agent("agent-1").chat();
    let policy = one().build().unwrap();
    assert_eq!(one().build_combined().unwrap(), policy);
    assert_eq!(one().build_per_agent().unwrap(), [policy]);

    let wrong = || AccessPolicy::builder().agent("agent-1").chat().agent("2");
    let error = wrong().chat().build_per_agent().unwrap_err();
    assert_eq!(error.field(), Some("agent"));
    let error = wrong().chat().build_combined().unwrap_err();
    assert_eq!(error.field(), Some("agent"));
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

#[test]
fn presets_are_rights_wherever_rights_are_taken() {
    for preset in Preset::ALL.iter().copied() {
        let built = AccessPolicy::builder().agent("agent-1").preset(preset);
        let built = built.build().unwrap();
        let rights = Vec::from(preset.rights());
        for policy in [
            AccessPolicy::for_agent("agent-1", preset),
            AccessPolicy::from_grants([("agent-1", preset)]),
            AccessPolicy::from_grants([("agent-1", rights)]),
            format!("agent-1:{preset}").parse(),
            format!(" agent-1 : {preset} ").parse(),
            format!("agent-1:read_messages,{preset}").parse(),
            serde_json::from_value(format!("agent-1:{preset}").into())
                .map(StrictPolicy::into_policy)
                .map_err(|error| panic!("{error}")),
        ] {
            assert_eq!(policy.unwrap(), built, "{preset}");
        }
        // What is printed has the rights.
        let printed = built.to_string();
        assert!(!printed.contains(preset.as_str()), "{printed}");
    }
    assert_eq!(
        "agent-1:chat,read_agent".parse::<AccessPolicy>().unwrap(),
        "agent-1:read_messages,write_messages,read_agent"
            .parse()
            .unwrap()
    );
    // A right of the future may have the name of a preset.
    let unknown = AccessPolicy::for_agent("agent-1", [AccessRight::from("chat")]).unwrap();
    assert_eq!(unknown.to_string(), "agent-1:?chat");
    assert_eq!(
        unknown.to_string().parse::<AccessPolicy>().unwrap(),
        unknown
    );
    assert!(!unknown.allows("agent-1", &AccessRight::ReadMessages));
    // A preset is not a right in a list of rights, in either form.
    let list = r#"[{"type":"agent","id":"agent-1","access":["chat"]}]"#;
    assert_eq!(serde_json::from_str::<AccessPolicy>(list).unwrap(), unknown);
    let error = serde_json::from_str::<StrictPolicy>(list).unwrap_err();
    let says =
        "`chat` is a preset of the text form; a list of rights has read_messages, write_messages";
    assert!(error.to_string().contains(says), "{error}");
}

#[test]
fn a_slip_in_the_text_form_says_what_was_meant() {
    for (text, says) in [
        ("agent-1:read_mesages", "did you mean `read_messages`?"),
        ("agent-1:caht", "did you mean `chat`?"),
        ("agent-1:Chat", "did you mean `chat`?"),
        ("agent-1:read-only", "did you mean `read_only`?"),
        ("agent-1:dream", "presets are chat, read_only, all_rights"),
    ] {
        let error = text.parse::<AccessPolicy>().unwrap_err();
        assert!(error.to_string().contains(says), "{text}: {error}");
        assert_eq!(error.field(), Some("access"));
    }
}

/// As an application may have them in its settings.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Settings {
    #[serde(with = "letta_api_ext::policy::strict")]
    policy: AccessPolicy,
    kiosk: Option<StrictPolicy>,
    #[serde(default)]
    rooms: BTreeMap<String, StrictPolicy>,
    #[serde(default)]
    all: Vec<StrictPolicy>,
}

#[test]
fn settings_hold_policies_in_either_form_and_in_any_format() {
    let toml = r#"
        policy = "agent-1:chat"
        all = ["agent-1:chat", "agent-2:read_agent"]

        [[kiosk]]
        type = "agent"
        id = "agent-1"
        access = ["read_messages", "write_messages"]

        [rooms]
        lobby = "agent-3: read_only"
    "#;
    let json = r#"{
        "policy": [{"access": ["write_messages", "read_messages"], "type": "agent", "id": "agent-1"}],
        "kiosk": "agent-1:chat",
        "rooms": {"lobby": [{"type": "agent", "id": "agent-3", "access": ["read_agent", "read_messages"]}]},
        "all": ["agent-1:chat", [{"type": "agent", "id": "agent-2", "access": ["read_agent"]}]]
    }"#;
    let from_toml: Settings = toml::from_str(toml).unwrap();
    let from_json: Settings = serde_json::from_str(json).unwrap();
    assert_eq!(from_toml, from_json);
    let policy = AccessPolicy::for_agent("agent-1", Preset::Chat).unwrap();
    assert_eq!(from_toml.policy, policy);
    assert_eq!(from_toml.kiosk.as_deref(), Some(&policy));
    assert_eq!(
        from_toml.rooms["lobby"].to_string(),
        "agent-3:read_messages,read_agent"
    );

    let written = toml::to_string(&from_toml).unwrap();
    assert_eq!(toml::from_str::<Settings>(&written).unwrap(), from_toml);
    let written = serde_json::to_string(&from_json).unwrap();
    assert_eq!(
        serde_json::from_str::<Settings>(&written).unwrap(),
        from_json
    );
    // From memory, and from a reader that lends nothing.
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(
        serde_json::from_value::<Settings>(value).unwrap(),
        from_json
    );
    let read: Settings = serde_json::from_reader(json.as_bytes()).unwrap();
    assert_eq!(read, from_json);
    // Absent and null are for `Option` to say.
    let bare: Settings =
        serde_json::from_str(r#"{"policy": "agent-1:chat", "kiosk": null}"#).unwrap();
    assert_eq!(bare.kiosk, None);
}

#[test]
fn every_slip_in_a_strict_policy_is_refused_with_its_place() {
    let entry = |members: &str| {
        format!(r#"[{{"type":"agent","id":"agent-1","access":["read_agent"]}},{{{members}}}]"#)
    };
    let good = r#""type":"agent","id":"agent-2","access":["read_agent"]"#;
    assert!(serde_json::from_str::<StrictPolicy>(&entry(good)).is_ok());
    for (members, says) in [
        (
            r#""type":"agent","id":"agent-2","access":["read_agent","read_mesages"]"#,
            "entry 2: `access` must be among read_messages, write_messages, read_agent, write_agent; \
             got `read_mesages`; did you mean `read_messages`?",
        ),
        (
            r#""type":"agent","id":"agent-2","access":["READ_AGENT"]"#,
            "did you mean `read_agent`?",
        ),
        (
            r#""type":"agent","id":"agent-2","access":["?dream"]"#,
            "got `?dream`",
        ),
        (
            r#""type":"agent","id":"agent-2","access":["read_agent",7]"#,
            "`access` must be a list of rights",
        ),
        (
            r#""type":"agent","id":"agent-2","access":[["read_agent"]]"#,
            "`access` must be a list of rights",
        ),
        (
            r#""type":"agent","id":"agent-2","access":"read_agent""#,
            "`access` must be a list of rights",
        ),
        (
            r#""type":"agent","id":"agent-2","access":{"read_agent":true}"#,
            "`access` must be a list of rights",
        ),
        (
            r#""type":"agent","id":"agent-2","access":null"#,
            "`access` must be a list of rights",
        ),
        (
            r#""type":"agent","id":"agent-2","access":[]"#,
            "entry 2: `access` must not be empty",
        ),
        (
            r#""type":"agent","id":"agent-2""#,
            "entry 2: `access` is missing",
        ),
        (
            r#""type":"agent","access":["read_agent"]"#,
            "entry 2: `id` is missing",
        ),
        (
            r#""id":"agent-2","access":["read_agent"]"#,
            "entry 2: `type` is missing",
        ),
        (
            r#""type":"agent","id":"2","access":["read_agent"]"#,
            "entry 2: `agent` must begin with `agent-`; got `2`",
        ),
        (
            r#""type":"agent","id":2,"access":["read_agent"]"#,
            "entry 2: `id` must be text",
        ),
        (
            r#""type":"agnet","id":"agent-2","access":["read_agent"]"#,
            "entry 2: `type` must be `agent`; got `agnet`; did you mean `agent`?",
        ),
        (
            r#""type":"project","id":"agent-2","access":["read_agent"]"#,
            "`type` must be `agent`; got `project`",
        ),
        (
            r#""type":7,"id":"agent-2","access":["read_agent"]"#,
            "`type` must be the text `agent`",
        ),
        (
            r#""type":"agent","id":"agent-2","access":["read_agent"],"acess":["read_agent"]"#,
            "got `acess`; did you mean `access`?",
        ),
        (
            r#""type":"agent","id":"agent-2","access":["read_agent"],"deny":[]"#,
            "got `deny`",
        ),
        (
            r#""Type":"agent","id":"agent-2","access":["read_agent"]"#,
            "got `Type`; did you mean `type`?",
        ),
        (
            r#""type":"agent","id":"agent-2","id":"agent-3","access":["read_agent"]"#,
            "entry 2: `id` must not be given twice",
        ),
        (
            r#""type":"agent","id":"agent-2","access":["read_agent"],"access":["read_agent"]"#,
            "`access` must not be given twice",
        ),
    ] {
        let error = serde_json::from_str::<StrictPolicy>(&entry(members)).unwrap_err();
        assert!(error.to_string().contains(says), "{members}: {error}");
    }
    for (json, says) in [
        ("[]", "at least one agent"),
        (r#""""#, "at least one agent"),
        (r#""agent-1:?dream""#, "got `dream`"),
        // Marked, although it is known.
        (
            r#""agent-1:?read_agent""#,
            "`policy` must not mark anything with `?`",
        ),
        (
            r#""?%7B%22type%22%3A%22agent%22%2C%22id%22%3A%22agent-1%22%2C%22access%22%3A%5B%22read_agent%22%5D%7D""#,
            "must not mark anything with `?`",
        ),
        (
            r#""?%7B%22type%22%3A%22project%22%7D""#,
            "rights on agents, and nothing else",
        ),
        (r#""agent-1""#, "grants like"),
        (
            r#"["agent-1:chat"]"#,
            "entry 1: `policy` must be a list of objects",
        ),
        (r#"[[]]"#, "entry 1: `policy` must be a list of objects"),
        (r#"[7]"#, "entry 1: `policy` must be a list of objects"),
        (
            r#"{"type":"agent","id":"agent-1","access":["read_agent"]}"#,
            "not one object",
        ),
        ("7", "not a number"),
        ("7.5", "not a number"),
        ("-7", "not a number"),
        ("true", "not true or false"),
        ("null", "not nothing"),
    ] {
        let error = serde_json::from_str::<StrictPolicy>(json).unwrap_err();
        assert!(error.to_string().contains(says), "{json}: {error}");
    }
}

#[test]
fn a_format_that_knows_lines_names_the_end_of_the_entry() {
    let json = "[\n{\"type\":\"agent\",\"id\":\"agent-1\",\"access\":[\"read_agent\"]},\n{\"type\":\"agent\",\"id\":\"agent-2\",\"access\":[\"reed_agent\"]},\n{}]";
    let error = serde_json::from_str::<StrictPolicy>(json).unwrap_err();
    // Entry 2 is line 3.
    assert!((3..=4).contains(&error.line()), "{error}");
    let toml = "policy = 'agent-1:chat'\n\n[[kiosk]]\ntype = 'agent'\nid = 'agent-1'\nacces = ['read_agent']\n";
    let error = toml::from_str::<Settings>(toml).unwrap_err();
    assert!(
        error.to_string().contains("did you mean `access`?"),
        "{error}"
    );
    assert!(error.span().is_some());
}

/// A key may stand where a policy should.
#[test]
fn no_slip_shows_a_key() {
    fn shows_none<T: for<'de> Deserialize<'de> + Debug>() {
        for secret in ["sk-let-k3yk3yk3y0123456789", "ck-let-t0kent0ken0123456789"] {
            for json in [
                format!(r#""{secret}""#),
                format!(r#""agent-1:{secret}""#),
                format!(r#""{secret}:read_agent""#),
                format!(r#"["{secret}"]"#),
                format!(r#"[{{"{secret}":1}}]"#),
                format!(r#"[{{"type":"{secret}","id":"agent-1","access":["read_agent"]}}]"#),
                format!(r#"[{{"type":"agent","id":"{secret}","access":["read_agent"]}}]"#),
                format!(
                    r#"[{{"type":"agent","id":"agent-1","access":["read_agent"],"{secret}":1}}]"#
                ),
                format!(r#"[{{"type":"agent","id":"agent-1","access":"{secret}"}}]"#),
            ] {
                if let Err(error) = serde_json::from_str::<T>(&json) {
                    let error = format!("{error} {error:?}");
                    assert!(!error.contains(&secret[7..]), "{json}: {error}");
                }
            }
        }
        // One without a prefix, in place of all of it.
        for json in [r#""0f3cdeadbeef""#, r#"["0f3cdeadbeef"]"#, "31415926535"] {
            let error = serde_json::from_str::<T>(json).unwrap_err().to_string();
            assert!(
                !error.contains("deadbeef") && !error.contains("31415"),
                "{error}"
            );
        }
    }
    shows_none::<StrictPolicy>();
    shows_none::<AccessPolicy>();
}

#[test]
fn nesting_that_no_policy_has_is_an_error_and_not_a_crash() {
    for depth in [5, 100, 100_000] {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for json in [
                deep.clone(),
                format!(r#"[{{"type":"agent","id":"agent-1","access":{deep}}}]"#),
                format!(r#"[{{"x":{deep}}}]"#),
            ] {
                assert!(serde_json::from_str::<StrictPolicy>(&json).is_err());
            }
        }
    }
}
