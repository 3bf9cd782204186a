//! Finds the secrets in a request's body, so that they are not printed if the service repeats them.

use letta_api::{Secret, operations};
use serde_json::Value;
use zeroize::Zeroize;

/// A shorter text is not taken for a secret. Many words have it, and a message that has a short secret is dropped whole.
const SHORTEST: usize = 4;

/// The texts in a JSON body that the API description marks as sensitive, by the names of members, and all texts within
/// those.
pub(crate) fn values(body: &[u8]) -> Vec<Secret> {
    let mut found = Vec::new();
    if let Ok(mut body) = serde_json::from_slice::<Value>(body) {
        take(&mut body, false, &mut found);
    }
    found
}

/// Moves what is secret of a value to `found`, and wipes the other texts, which may be copies of it.
fn take(value: &mut Value, is_secret: bool, found: &mut Vec<Secret>) {
    match value {
        Value::String(text) if is_secret && text.len() >= SHORTEST => {
            found.push(Secret::new(std::mem::take(text)));
        }
        Value::String(text) => text.zeroize(),
        Value::Array(items) => {
            for item in items {
                take(item, is_secret, found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let is_secret = is_secret || operations::SENSITIVE_NAMES.contains(&name.as_str());
                take(member, is_secret, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(body: &str) -> Vec<String> {
        let found = values(body.as_bytes());
        found
            .iter()
            .map(|it| it.expose_secret().to_owned())
            .collect()
    }

    #[test]
    fn texts_are_found_under_the_names_that_are_marked_and_within() {
        for (body, secrets) in [
            (
                r#"{"name": "Ada", "secrets": {"KEY": "hunter2", "ON": "1"}}"#,
                &["hunter2"][..],
            ),
            (
                r#"{"config": {"auth_token": "Bearer x", "custom_headers": [{"x": "abcd"}]}}"#,
                &["Bearer x", "abcd"],
            ),
            (r#"{"name": "secrets", "tags": ["auth_token"]}"#, &[]),
            (r#"{"secrets": null, "auth_token": 12345}"#, &[]),
            ("not JSON", &[]),
            ("", &[]),
        ] {
            assert_eq!(texts(body), secrets, "{body}");
        }
    }
}
