//! The agent that the path of a call names.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::ids::AgentId;

/// The agent, for a path such as `/v1/agents/{agent_id}/messages`. `None` if the path names none. The parameter of a request that
/// the API description does not have may have any name, or be filled in already.
pub(super) fn of(template: &str, url: &Url) -> Option<AgentId> {
    let segments: Vec<&str> = template.strip_prefix('/')?.split('/').collect();
    if !matches!(segments[..], ["v1", "agents", _, ..]) {
        return None;
    }
    // The base URL may have a path of its own, before that of the call.
    let after = segments.len() - 3;
    let filled = url.path().rsplit('/').nth(after)?;
    let filled = percent_decode_str(filled).decode_utf8().ok()?;
    AgentId::new(filled).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_is_read_from_the_path_if_that_names_one() {
        for (template, path, expected) in [
            (
                "/v1/agents/{agent_id}",
                "/v1/agents/agent-1",
                Some("agent-1"),
            ),
            (
                "/v1/agents/{agent_id}/messages",
                "/v1/agents/agent-1/messages",
                Some("agent-1"),
            ),
            (
                "/v1/agents/{a}/messages/{m}",
                "/base/v1/agents/agent-1/messages/x",
                Some("agent-1"),
            ),
            (
                "/v1/agents/agent-2/messages",
                "/v1/agents/agent-2/messages",
                Some("agent-2"),
            ),
            (
                "/v1/agents/{agent_id}/messages",
                "/v1/agents/%61gent-1/messages",
                Some("agent-1"),
            ),
            ("/v1/agents/", "/v1/agents/", None),
            ("/v1/agents/count", "/v1/agents/count", None),
            ("/v1/agents/{agent_id}", "/v1/agents/template-1", None),
            ("/v1/conversations/{id}", "/v1/conversations/agent-1", None),
            ("/v2/agents/{id}", "/v2/agents/agent-1", None),
            ("", "/v1/agents/agent-1", None),
        ] {
            let url = Url::parse("https://letta.example.com")
                .unwrap()
                .join(path)
                .unwrap();
            let found = of(template, &url);
            assert_eq!(found.as_ref().map(AgentId::as_str), expected, "{template}");
        }
    }
}
