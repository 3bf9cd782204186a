//! Tokens out of answers that are not quite what the service documents. A token was minted, and is live: an
//! odd date beside it is no reason to lose it.

use letta_api::Secret;
use letta_api::types::{
    AccessPolicy, AccessPolicyEntry, ClientSideAccessToken, ClientSideAccessTokenPage,
};
use serde::Deserialize;
use serde_json::Value;

/// A token, and whatever else is beside it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    token: Secret,
    #[serde(default)]
    hostname: Value,
    #[serde(default)]
    expires_at: Value,
    #[serde(default)]
    policy: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    tokens: Vec<Token>,
    has_next_page: bool,
}

/// The token in the body of an answer, whatever else is in it.
pub(super) fn token(body: &[u8]) -> Option<ClientSideAccessToken> {
    serde_json::from_slice::<Token>(body).ok()?.into_wire()
}

/// A page, if all that is on it are tokens.
pub(super) fn page(body: &[u8]) -> Option<ClientSideAccessTokenPage> {
    let page: Page = serde_json::from_slice(body).ok()?;
    let tokens: Option<Vec<_>> = page.tokens.into_iter().map(Token::into_wire).collect();
    Some(ClientSideAccessTokenPage::new(tokens?, page.has_next_page))
}

impl Token {
    fn into_wire(self) -> Option<ClientSideAccessToken> {
        if self.token.expose_secret().is_empty() {
            return None;
        }
        let entries = self.policy.get("data").and_then(Value::as_array);
        let entries: Vec<AccessPolicyEntry> = entries
            .into_iter()
            .flatten()
            .filter_map(|entry| serde_json::from_value(entry.clone()).ok())
            .collect();
        let version = text(self.policy.get("version").unwrap_or(&Value::Null));
        Some(ClientSideAccessToken::new(
            self.token,
            text(&self.hostname),
            text(&self.expires_at),
            AccessPolicy::new(version.into(), entries),
        ))
    }
}

/// A text as it is, nothing as an empty one, and anything else as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
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
            let token = AccessToken::from_wire(token(json.as_bytes()).unwrap(), None);
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
