//! Compares what the service says it granted with what was asked for. A service, or a proxy in front of it, may
//! answer with another token. A token with too many rights looks like any other, so only the answer tells. If the
//! service ignores the expiry that was asked for, the answer shows another expiry.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, SystemTime};

use letta_api::types::{self, AccessPolicyEntry, AccessRight};

use crate::access_tokens::policy::AccessPolicy;
use crate::ids::Origin;
use crate::time::clock;

/// Expiries that differ by less are equal: the service may keep whole seconds.
const ROUNDING: Duration = Duration::from_secs(1);

/// How many differences are named at most.
const MOST_NAMED: usize = 8;

/// Longest part of the service's own words that is shown for each, in characters.
const MOST_SHOWN: usize = 120;

/// Stands for policy entries that could not be read at all (`salvage.rs`).
const UNREADABLE: &str = r#"{"type":"unreadable"}"#;

/// The result of the comparison.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Granted {
    AsAsked,
    /// The answer leaves out this part, or the part cannot be read. The rest is as asked.
    Unclear(&'static str),
    /// The differences, in words for people.
    Otherwise(String),
}

/// Which expiry was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ExpiryAsked {
    /// Any expiry, even an unknown one.
    Any,
    /// Any expiry, but the answer must say it.
    #[cfg(feature = "minter")]
    Known,
    /// At this instant.
    At(SystemTime),
    /// At this instant or earlier.
    #[cfg(feature = "minter")]
    By(SystemTime),
}

/// What the service said about a token. An empty text means that the answer did not have it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported<'a> {
    pub(crate) policy: &'a types::AccessPolicy,
    pub(crate) hostname: &'a str,
    pub(crate) expires_at: &'a str,
}

pub(crate) fn compare(
    policy: &AccessPolicy,
    origin: &Origin,
    expiry: ExpiryAsked,
    answer: Reported<'_>,
) -> Granted {
    let (reported, hostname) = (answer.policy, answer.hostname);
    let mut differences = Differences::default();
    let mut unclear = None;

    if hostname == origin.as_str() {
        // As nearly always.
    } else if hostname.is_empty() || is_no_text(hostname) {
        unclear = Some("which origin it is for");
    } else if !Origin::new(hostname).is_ok_and(|got| got == *origin) {
        let got = shown(hostname);
        differences.add(|| format!("it is for the origin {got}, and {origin} was asked for"));
    }

    let version = &reported.version;
    if !version.is_known() && !version.as_str().is_empty() && !reported.data.is_empty() {
        let version = shown(version.as_str());
        differences.add(|| {
            format!("its policy has the version {version}, which this crate does not know")
        });
    }
    if reported.data.is_empty() && !version.is_known() {
        // Another version may say elsewhere what the token allows.
        unclear = unclear.or(Some("what it allows"));
    } else if !is_echo(policy, &reported.data) {
        let granted = AccessPolicy::from_wire(&reported.data);
        let is_whole = !granted.unknown_grants().any(|json| json == UNREADABLE);
        if !is_whole {
            unclear = unclear.or(Some("all that it allows"));
        }
        let grants = granted.agents().count() + granted.unknown_grants().count();
        if granted != *policy || grants != reported.data.len() {
            compare_policies(policy, &granted, &mut differences);
            compare_entries(&reported.data, &mut differences);
        }
    }
    if !compare_expiry(expiry, answer.expires_at, &mut differences) {
        unclear = unclear.or(Some("when it expires"));
    }
    match (differences.into_text(), unclear) {
        (Some(text), _) => Granted::Otherwise(text),
        (None, Some(part)) => Granted::Unclear(part),
        (None, None) => Granted::AsAsked,
    }
}

/// Whether the entries are those that were sent, in the same order. This is the usual case, and needs no allocation.
fn is_echo(policy: &AccessPolicy, entries: &[AccessPolicyEntry]) -> bool {
    let mut entries = entries.iter();
    let is_same = policy.grants().all(|(agent, rights)| match entries.next() {
        Some(AccessPolicyEntry::Agent {
            id,
            access,
            unknown,
            ..
        }) => id == agent.as_str() && unknown.is_empty() && rights.eq(access),
        _ => false,
    });
    is_same && entries.next().is_none() && policy.unknown_grants().next().is_none()
}

/// Whether the text is JSON of another type, such as a number, and so is no origin.
fn is_no_text(hostname: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(hostname).is_ok()
}

/// Compares the expiry. Returns false if the answer does not say enough.
fn compare_expiry(asked: ExpiryAsked, answered: &str, differences: &mut Differences) -> bool {
    let (asked, may_be_earlier) = match asked {
        ExpiryAsked::Any => return true,
        #[cfg(feature = "minter")]
        ExpiryAsked::Known => return clock::parse_rfc3339(answered).is_some(),
        ExpiryAsked::At(asked) => (asked, false),
        #[cfg(feature = "minter")]
        ExpiryAsked::By(asked) => (asked, true),
    };
    let Some(granted) = clock::parse_rfc3339(answered) else {
        return false;
    };
    let is_same = match granted.duration_since(asked) {
        Ok(later) => later < ROUNDING,
        Err(earlier) => may_be_earlier || earlier.duration() < ROUNDING,
    };
    if !is_same {
        let got = shown(answered);
        let asked = clock::to_rfc3339(asked).unwrap_or_default();
        differences.add(|| match may_be_earlier {
            false => format!("it expires at {got}, and {asked} was asked for"),
            true => format!("it expires at {got}, later than the {asked} that was asked for"),
        });
    }
    true
}

/// Adds what one policy allows and the other does not.
fn compare_policies(asked: &AccessPolicy, granted: &AccessPolicy, differences: &mut Differences) {
    let missing_of =
        |whole: &AccessPolicy, part: &AccessPolicy, words: &str, found: &mut Differences| {
            for (agent, rights) in whole.grants() {
                let missing: Vec<&AccessRight> =
                    rights.filter(|right| !part.allows(agent, right)).collect();
                if !missing.is_empty() {
                    let rights = missing.into_iter().map(|right| shown(right.as_str()));
                    let rights = || rights.collect::<Vec<_>>().join(", ");
                    found.add(|| format!("{words} {} on {agent}", rights()));
                }
            }
            let known: BTreeSet<&str> = part.unknown_grants().collect();
            for json in whole.unknown_grants() {
                if !known.contains(json) && json != UNREADABLE {
                    found.add(|| format!("{words} the grant {}", shown(json)));
                }
            }
        };
    missing_of(granted, asked, "it also allows", differences);
    missing_of(asked, granted, "it does not allow", differences);
}

/// Finds entries for the same agent with different rights. Every entry of a policy must allow a call, so together
/// they allow less than they say.
fn compare_entries(entries: &[AccessPolicyEntry], differences: &mut Differences) {
    let mut seen: HashMap<&str, &Vec<AccessRight>> = HashMap::new();
    let set = |rights: &Vec<AccessRight>| rights.iter().cloned().collect::<BTreeSet<_>>();
    for entry in entries {
        if let AccessPolicyEntry::Agent { id, access, .. } = entry
            && let Some(before) = seen.insert(id.as_str(), access)
            && before != access
            && set(before) != set(access)
        {
            let agent = shown(id.as_str());
            differences.add(|| format!("it names {agent} twice, with different rights"));
        }
    }
}

#[derive(Default)]
struct Differences {
    named: Vec<String>,
    more: usize,
}

impl Differences {
    fn add(&mut self, difference: impl FnOnce() -> String) {
        if self.named.len() < MOST_NAMED {
            self.named.push(difference());
        } else {
            self.more += 1;
        }
    }

    fn into_text(self) -> Option<String> {
        let mut text = self.named.join("; ");
        if self.more > 0 {
            text += &format!("; and {} more differences", self.more);
        }
        (!text.is_empty()).then_some(text)
    }
}

/// The service's own words, on one line and of limited length.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(MOST_SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    let mut escaped = String::with_capacity(shown.len() + 2);
    escaped.push('`');
    for character in shown.chars() {
        match character {
            // Most of what is shown is JSON, so quotes stay as they are.
            '"' | '\'' => escaped.push(character),
            _ => escaped.extend(character.escape_debug()),
        }
    }
    escaped.push('`');
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(hostname: &str, policy: &str) -> Granted {
        let asked = "agent-1:read_messages,write_messages;agent-2:read_agent";
        let asked: AccessPolicy = asked.parse().unwrap();
        let origin = Origin::new("https://chat.example.com").unwrap();
        let policy: types::AccessPolicy = serde_json::from_str(policy).unwrap();
        compare(&asked, &origin, ExpiryAsked::Any, answer(hostname, &policy))
    }

    fn answer<'a>(hostname: &'a str, policy: &'a types::AccessPolicy) -> Reported<'a> {
        Reported {
            policy,
            hostname,
            expires_at: "",
        }
    }

    const OWN: &str = "https://chat.example.com";
    const ONE: &str =
        r#"{"type":"agent","id":"agent-1","access":["read_messages","write_messages"]}"#;
    const TWO: &str = r#"{"type":"agent","id":"agent-2","access":["read_agent"]}"#;

    fn entries(entries: &[&str]) -> String {
        format!(r#"{{"version":"1","data":[{}]}}"#, entries.join(","))
    }

    #[test]
    fn the_order_of_what_is_granted_and_how_it_is_written_do_not_matter() {
        let backwards = r#"{"type":"agent","id":"agent-1","access":["write_messages","read_messages","read_messages"]}"#;
        for (hostname, data) in [
            (OWN, &[ONE, TWO][..]),
            (OWN, &[TWO, ONE]),
            (OWN, &[TWO, backwards]),
            (OWN, &[ONE, TWO, ONE]),
            (OWN, &[ONE, TWO, backwards]),
            ("https://Chat.Example.com:443/", &[ONE, TWO]),
        ] {
            let policy = entries(data);
            assert_eq!(granted(hostname, &policy), Granted::AsAsked, "{policy}");
        }
    }

    #[test]
    fn what_is_not_known_is_as_asked_if_it_was_asked_for() {
        let asked = r#"[{"type":"project","b":[1.5,null],"a":"x"},{"type":"agent","id":"agent-1","access":["dream"]}]"#;
        let asked: AccessPolicy = serde_json::from_str(asked).unwrap();
        let origin = Origin::new(OWN).unwrap();
        for (data, is_same) in [
            (
                r#"[{"type":"agent","id":"agent-1","access":["dream"]},{"a":"x","type":"project","b":[1.5,null]}]"#,
                true,
            ),
            (
                r#"[{"type":"agent","id":"agent-1","access":["dream"]},{"a":"x","type":"project","b":[1.5]}]"#,
                false,
            ),
            (
                r#"[{"type":"agent","id":"agent-1","access":["dream"]}]"#,
                false,
            ),
        ] {
            let json = format!(r#"{{"version":"1","data":{data}}}"#);
            let reported = serde_json::from_str(&json).unwrap();
            let granted = compare(&asked, &origin, ExpiryAsked::Any, answer(OWN, &reported));
            assert_eq!(granted == Granted::AsAsked, is_same, "{data}: {granted:?}");
        }
    }

    #[test]
    fn each_difference_is_named() {
        let grant =
            |id: &str, rights: &str| format!(r#"{{"type":"agent","id":"{id}","access":{rights}}}"#);
        let more = grant("agent-2", r#"["read_agent","write_agent"]"#);
        let dream = grant("agent-2", r#"["read_agent","dream"]"#);
        let other = grant("agent-3", r#"["read_agent"]"#);
        let [read, write] =
            ["read", "write"].map(|it| grant("agent-1", &format!(r#"["{it}_messages"]"#)));
        let deny = r#"{"type":"agent","id":"agent-2","access":["read_agent"],"deny":["x"]}"#;
        let project = r#"{"type":"project","id":"project-1"}"#;
        for (data, says) in [
            (
                vec![ONE, &more],
                vec!["also allows `write_agent` on agent-2"],
            ),
            (vec![ONE, &dream], vec!["also allows `dream` on agent-2"]),
            (vec![ONE], vec!["does not allow `read_agent` on agent-2"]),
            (
                vec![TWO, &read],
                vec!["does not allow `write_messages` on agent-1"],
            ),
            (
                vec![ONE, &other],
                vec![
                    "also allows `read_agent` on agent-3",
                    "not allow `read_agent` on agent-2",
                ],
            ),
            (
                vec![ONE, TWO, project],
                vec!["the grant `{", r#""id":"project-1""#],
            ),
            (
                vec![ONE, deny],
                vec!["deny", "not allow `read_agent` on agent-2"],
            ),
            (
                vec![],
                vec!["`read_messages`, `write_messages` on agent-1", "agent-2"],
            ),
            // Each right is granted by some entry, but no entry allows all of them.
            (vec![&read, TWO, &write], vec!["`agent-1` twice"]),
            (vec![ONE, TWO, &read], vec!["`agent-1` twice"]),
        ] {
            let policy = entries(&data);
            let Granted::Otherwise(text) = granted(OWN, &policy) else {
                panic!("{policy}");
            };
            for part in says {
                assert!(text.contains(part), "{policy}: {text}");
            }
        }
        let version = entries(&[ONE, TWO]).replace(r#""1""#, r#""2""#);
        let Granted::Otherwise(text) = granted(OWN, &version) else {
            panic!("a version that is not known");
        };
        assert!(text.contains("version `2`"), "{text}");
        for hostname in [
            "https://chat.example.com:8443",
            "http://chat.example.com",
            "https://evil.example.com",
            "https://chat.example.com/path",
            "*",
        ] {
            let Granted::Otherwise(text) = granted(hostname, &entries(&[ONE, TWO])) else {
                panic!("{hostname}");
            };
            assert!(text.contains(hostname) && text.contains(OWN), "{text}");
        }
    }

    #[test]
    fn missing_parts_are_unclear_and_other_differences_are_still_reported() {
        let whole = entries(&[ONE, TWO]);
        let empty = r#"{"version":"","data":[]}"#;
        for (hostname, policy) in [
            ("", whole.clone()),
            (OWN, empty.to_owned()),
            ("", empty.to_owned()),
            ("7", whole.clone()),
            (r#"{"host":"x"}"#, whole.clone()),
            (OWN, r#"{"version":"2","data":[]}"#.to_owned()),
            (OWN, entries(&[ONE, TWO, UNREADABLE])),
        ] {
            let granted = granted(hostname, &policy);
            assert!(
                matches!(granted, Granted::Unclear(_)),
                "{policy}: {granted:?}"
            );
        }
        for (hostname, policy) in [
            ("", entries(&[ONE])),
            ("https://evil.example.com", empty.to_owned()),
            (OWN, entries(&[ONE, UNREADABLE])),
        ] {
            let granted = granted(hostname, &policy);
            assert!(
                matches!(granted, Granted::Otherwise(_)),
                "{policy}: {granted:?}"
            );
        }
        // The version is not needed to know what is granted.
        let without = whole.replace(r#""1""#, r#""""#);
        assert_eq!(granted(OWN, &without), Granted::AsAsked);
    }

    #[test]
    fn an_endless_answer_is_described_in_few_words() {
        let many: Vec<_> = (0..10_000)
            .map(|n| {
                format!(
                    r#"{{"type":"agent","id":"agent-{n}","access":["{}"]}}"#,
                    "x".repeat(500)
                )
            })
            .collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let Granted::Otherwise(text) = granted(&"x".repeat(1_000_000), &entries(&many)) else {
            panic!("it differs");
        };
        assert!(
            text.len() < 4_000 && text.contains("more differences"),
            "{text}"
        );
    }
}
