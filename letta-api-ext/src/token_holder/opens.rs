//! What a policy opens.
//!
//! A policy opens an agent, and the agent's messages with one segment more, by the service's published source of 2025. [`check`] takes
//! the method of a call, its path as a template, and the agent that the path names. It returns what the policy lacks.
//!
//! | path | GET | POST | PATCH |
//! |---|---|---|---|
//! | `/v1/agents/{agent_id}` | `read_agent` | `write_agent` | `write_agent` |
//! | `/v1/agents/{agent_id}/messages`, and one segment more | `read_messages` | `write_messages` | |
//! | `/v1/health/` | no right | | |

use letta_api::types::AccessRight;

use crate::access_tokens::policy::AccessPolicy;
use crate::ids::AgentId;

/// Why a policy does not open a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The token lacks this right on the agent.
    Right(AccessRight),
    /// No token opens the call, whatever its policy.
    NoTokenOpensIt,
}

/// Checks that a token with this policy opens a call. `template` is the path of the call, perhaps with parameters in braces, and
/// `agent` is the agent that the path names.
///
/// The service decides in these cases: the policy has grants that this version does not know; the agent's ID has an unknown form; or a
/// request by hand has a parameter where the path needs a certain word. It also decides whether a policy of several agents opens what it
/// gives on each.
pub(super) fn check(
    policy: &AccessPolicy,
    method: &str,
    template: &str,
    agent: Option<&AgentId>,
) -> Result<(), Missing> {
    if policy.unknown_grants().next().is_some() {
        return Ok(());
    }
    match right(method, template) {
        Needed::Right(right) => match agent {
            Some(agent) if !policy.allows(agent, &right) => Err(Missing::Right(right)),
            _ => Ok(()),
        },
        Needed::Nothing | Needed::Unclear => Ok(()),
        Needed::NoTokenOpensIt => Err(Missing::NoTokenOpensIt),
    }
}

/// What a call needs.
enum Needed {
    Right(AccessRight),
    /// No right: anybody may ask whether the service is well.
    Nothing,
    /// The path does not say.
    Unclear,
    NoTokenOpensIt,
}

fn right(method: &str, template: &str) -> Needed {
    let is_parameter = |segment: &&str| segment.starts_with('{');
    let segments: Vec<&str> = template.split('/').skip(1).collect();
    let rest = match segments.as_slice() {
        [first, ..] if is_parameter(first) => return Needed::Unclear,
        ["v1", second, ..] if is_parameter(second) => return Needed::Unclear,
        // Another word in the place of the agent is a path of its own, such as `count`.
        ["v1", "agents", agent, rest @ ..]
            if is_parameter(agent) || AgentId::new(*agent).is_ok() =>
        {
            rest
        }
        ["v1", "health", ""] | ["v1", "health"] if method == "GET" => return Needed::Nothing,
        _ => return Needed::NoTokenOpensIt,
    };
    if rest.first().is_some_and(is_parameter) {
        return Needed::Unclear;
    }
    Needed::Right(match (rest, method) {
        ([], "GET") => AccessRight::ReadAgent,
        ([], "POST" | "PATCH") => AccessRight::WriteAgent,
        (["messages"] | ["messages", _], "GET") => AccessRight::ReadMessages,
        (["messages"] | ["messages", _], "POST") => AccessRight::WriteMessages,
        _ => return Needed::NoTokenOpensIt,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_open_if_the_policy_gives_its_right_on_its_agent() {
        let lacks = |right| Err(Missing::Right(right));
        let nobody = || Err(Missing::NoTokenOpensIt);
        let agent = "/v1/agents/{agent_id}";
        let message = "/v1/agents/{agent_id}/messages/{message_id}";
        let two = "agent-1:all_rights; agent-2:chat";
        for (policy, method, template, of, expected) in [
            ("agent-1:chat", "GET", message, "agent-1", Ok(())),
            ("agent-1:chat", "POST", message, "agent-1", Ok(())),
            ("agent-1:chat", "PATCH", message, "agent-1", nobody()),
            (
                "agent-1:chat",
                "GET",
                message,
                "agent-2",
                lacks(AccessRight::ReadMessages),
            ),
            (
                "agent-1:read_only",
                "POST",
                message,
                "agent-1",
                lacks(AccessRight::WriteMessages),
            ),
            (
                "agent-1:chat",
                "GET",
                agent,
                "agent-1",
                lacks(AccessRight::ReadAgent),
            ),
            (
                "agent-1:chat",
                "PATCH",
                agent,
                "agent-1",
                lacks(AccessRight::WriteAgent),
            ),
            ("agent-1:write_agent", "POST", agent, "agent-1", Ok(())),
            ("agent-1:all_rights", "DELETE", agent, "agent-1", nobody()),
            // The service decides whether a token for two agents opens anything.
            (two, "GET", agent, "agent-1", Ok(())),
            (two, "GET", agent, "agent-2", lacks(AccessRight::ReadAgent)),
            // An ID of a new form.
            ("agent-1:chat", "GET", agent, "", Ok(())),
            (
                "agent-1:all_rights",
                "GET",
                "/v1/agents/count",
                "",
                nobody(),
            ),
            ("agent-1:all_rights", "GET", "/v1/agents/", "", nobody()),
            (
                "agent-1:all_rights",
                "GET",
                "/v1/runs/{run_id}",
                "",
                nobody(),
            ),
            (
                "agent-1:all_rights",
                "GET",
                "/v1/agents/{a}/messages/{b}/{c}",
                "agent-1",
                nobody(),
            ),
            ("agent-1:chat", "GET", "/v1/health/", "", Ok(())),
            // Requests by hand.
            (
                "agent-1:chat",
                "GET",
                "/v1/agents/agent-1/messages",
                "agent-1",
                Ok(()),
            ),
            (
                "agent-1:chat",
                "GET",
                "/v1/agents/agent-1",
                "agent-1",
                lacks(AccessRight::ReadAgent),
            ),
            (
                "agent-1:chat",
                "GET",
                "/v1/agents/{agent}/{what}",
                "agent-1",
                Ok(()),
            ),
            ("agent-1:chat", "GET", "/v1/{what}/{agent}", "", Ok(())),
            (
                "agent-1:chat",
                "GET",
                "/v1/blocks/{block}/{what}",
                "",
                nobody(),
            ),
            ("agent-1:chat", "GET", "/", "", nobody()),
        ] {
            let policy: AccessPolicy = policy.parse().unwrap();
            let of = AgentId::new(of).ok();
            let got = check(&policy, method, template, of.as_ref());
            assert_eq!(got, expected, "{policy}: {method} {template} of {of:?}");
        }
    }

    #[test]
    fn the_service_decides_about_grants_of_a_new_kind() {
        let json = r#"[{"type":"identity","id":"identity-1"}]"#;
        let policy: AccessPolicy = serde_json::from_str(json).unwrap();
        assert_eq!(check(&policy, "GET", "/v1/runs/{run_id}", None), Ok(()));
    }
}
