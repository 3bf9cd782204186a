//! Tokens out of answers that are not quite what the service documents. A token was minted, and is live: an
//! odd date beside it is no reason to lose it.

use letta_api::types::{
    AccessPolicy, AccessPolicyEntry, ClientSideAccessToken, ClientSideAccessTokenPage,
};
use serde_json::Value;

/// The token in the body of an answer, whatever else is in it.
pub(super) fn token(body: &[u8]) -> Option<ClientSideAccessToken> {
    token_of(&serde_json::from_slice(body).ok()?)
}

/// A page, if all that is on it are tokens.
pub(super) fn page(body: &[u8]) -> Option<ClientSideAccessTokenPage> {
    let page: Value = serde_json::from_slice(body).ok()?;
    let tokens = page.get("tokens")?.as_array()?;
    let tokens: Option<Vec<_>> = tokens.iter().map(token_of).collect();
    let has_next_page = page.get("hasNextPage")?.as_bool()?;
    Some(ClientSideAccessTokenPage::new(tokens?, has_next_page))
}

fn token_of(token: &Value) -> Option<ClientSideAccessToken> {
    let secret = token.get("token")?.as_str().filter(|it| !it.is_empty())?;
    let policy = token.get("policy").unwrap_or(&Value::Null);
    let entries = policy.get("data").and_then(Value::as_array);
    let entries: Vec<AccessPolicyEntry> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| serde_json::from_value(entry.clone()).ok())
        .collect();
    Some(ClientSideAccessToken::new(
        secret,
        text(token.get("hostname")),
        text(token.get("expiresAt")),
        AccessPolicy::new(text(policy.get("version")).into(), entries),
    ))
}

/// A text as it is, nothing as an empty one, and anything else as JSON.
fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AccessToken;

    #[test]
    fn a_token_with_odd_company_is_not_lost() {
        for (json, hostname, expiry, version, grants) in [
            (r#"{"token":"ck-let-1"}"#, "", "", "", ""),
            (
                r#"{"token":"ck-let-1","hostname":null,"expiresAt":1772366400,"policy":null}"#,
                "",
                "1772366400",
                "",
                "",
            ),
            (
                r#"{"token":"ck-let-1","hostname":"https://a.b","expiresAt":"soon","policy":{"version":1,"data":[7,{"type":"agent","id":"agent-1","access":["read_agent"]}]}}"#,
                "https://a.b",
                "soon",
                "1",
                "agent-1:read_agent",
            ),
        ] {
            let token = AccessToken::from_wire(token(json.as_bytes()).unwrap());
            assert_eq!(token.expose_secret(), "ck-let-1");
            assert_eq!(token.hostname(), hostname, "{json}");
            assert_eq!(token.expires_at_text(), expiry, "{json}");
            assert!(token.is_expired() && token.expires_at().is_none());
            assert_eq!(token.policy_version(), version, "{json}");
            assert_eq!(token.policy().to_string(), grants, "{json}");
        }
    }

    #[test]
    fn what_has_no_token_is_none() {
        for json in ["", "[]", "{}", "null", r#"{"token":""}"#, r#"{"token":7}"#] {
            assert!(token(json.as_bytes()).is_none(), "{json}");
        }
        let odd = r#"{"tokens":[{"token":"ck-let-1"}],"hasNextPage":true}"#;
        assert_eq!(page(odd.as_bytes()).unwrap().tokens.len(), 1);
        for json in [
            r#"{"tokens":[{"token":"ck-let-1"}]}"#,
            r#"{"tokens":[{"token":"ck-let-1"},{}],"hasNextPage":true}"#,
            r#"{"hasNextPage":true}"#,
        ] {
            assert!(page(json.as_bytes()).is_none(), "{json}");
        }
    }
}
