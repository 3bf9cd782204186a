//! Finds the secrets in a request's body, so that they are not printed if the service repeats them.

use letta_api::{Secret, operations};
use serde_json::Value;
use zeroize::Zeroize;

/// A shorter text is not taken for a secret. Many words have it, and a message that has a short secret is dropped whole.
const SHORTEST: usize = 4;

/// The texts in a JSON body that the API description marks as sensitive, by the names of members, and all texts within
/// those. In a form, the names of its parts count too, and parts may be JSON themselves.
pub(crate) fn values(body: &[u8]) -> Vec<Secret> {
    let mut found = Vec::new();
    match body.starts_with(b"--") {
        true => take_form(body, &mut found),
        false => take_json(body, false, &mut found),
    }
    found
}

/// Finds what is secret of a form (`multipart/form-data`, RFC 7578) as letta-api writes it.
fn take_form(body: &[u8], found: &mut Vec<Secret>) {
    let Some((first, mut rest)) = split_once(body, b"\r\n") else {
        return;
    };
    let end = [b"\r\n", first].concat();
    while let Some((part, more)) = split_once(rest, &end) {
        rest = more;
        let Some((head, content)) = split_once(part, b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(head);
        let name = head.split_once("form-data; name=\"");
        let name = name.and_then(|(_, rest)| Some(rest.split_once('"')?.0));
        let is_secret = name.is_some_and(|name| operations::SENSITIVE_NAMES.contains(&name));
        take_json(content, is_secret, found);
    }
}

/// Finds what is secret of JSON. What is secret as a whole need not be JSON.
fn take_json(text: &[u8], is_secret: bool, found: &mut Vec<Secret>) {
    match serde_json::from_slice::<Value>(text) {
        Ok(mut value @ (Value::Object(_) | Value::Array(_) | Value::String(_))) => {
            take(&mut value, is_secret, found);
        }
        _ if is_secret && text.len() >= SHORTEST => {
            found.push(Secret::new(String::from_utf8_lossy(text).into_owned()));
        }
        _ => {}
    }
}

fn split_once<'a>(text: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let mut places = text.windows(separator.len());
    let place = places.position(|here| here == separator)?;
    Some((&text[..place], &text[place + separator.len()..]))
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

    #[test]
    fn texts_are_found_in_the_parts_of_a_form() {
        let part = |name: &str, content: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\r\n\r\n{content}\r\n")
        };
        let parts = [
            part(
                "file\"; filename=\"secrets\"",
                r#"{"agents":[{"secrets":{"A":"in the file"}}]}"#,
            ),
            part("file\"; filename=\"b\"", "\0 not JSON --b"),
            part("secrets\"", r#"{"KEY":"hunter2","ON":"1"}"#),
            part("env_vars_json\"", "not JSON"),
            part("name\"", "Ada"),
        ];
        let form = format!("{}--b--\r\n", parts.concat());
        assert_eq!(texts(&form), ["in the file", "hunter2", "not JSON"]);
        for broken in ["--", "--b\r\n", "--b\r\nname=\"secrets\"\r\n\r\nhunter2"] {
            assert!(texts(broken).is_empty(), "{broken}");
        }
    }
}
