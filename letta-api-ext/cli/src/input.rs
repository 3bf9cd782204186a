//! What options bring along: texts, files, and the standard input.

use std::io::Read as _;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// A text of the command line: itself, the content of `@FILE`, or of the standard input for `@-`. `@@` stands for an `@` at
/// the beginning.
pub(crate) async fn text(argument: &str) -> Result<String, Failure> {
    match argument.strip_prefix('@') {
        None => Ok(argument.to_owned()),
        Some(rest) if rest.starts_with('@') => Ok(rest.to_owned()),
        Some(path) => file(Path::new(path)).await,
    }
}

/// The text in a file, or on the standard input for `-`. Another thread waits for the input, so that Ctrl-C is heard meanwhile.
pub(crate) async fn file(path: &Path) -> Result<String, Failure> {
    let (shown, read) = match path.as_os_str() == "-" {
        true => {
            let read = tokio::task::spawn_blocking(|| {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).map(|_| text)
            });
            let read = read
                .await
                .map_err(std::io::Error::other)
                .and_then(|read| read);
            ("the standard input".to_owned(), read)
        }
        false => (
            format!("`{}`", path.display()),
            std::fs::read_to_string(path),
        ),
    };
    read.map_err(|error| Failure::usage(format!("{shown} cannot be read: {error}")))
}

/// Sets members of a body that have no option. A value is JSON, or else a text.
pub(crate) fn set_members<T: Serialize + DeserializeOwned>(
    body: T,
    members: &[(String, String)],
) -> Result<T, Failure> {
    if members.is_empty() {
        return Ok(body);
    }
    let unexpected = |error| Failure::other(format!("the request cannot be made: {error}"));
    let mut map: Map<String, Value> = serde_json::to_value(&body)
        .and_then(serde_json::from_value)
        .map_err(unexpected)?;
    for (name, value) in members {
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.clone()));
        map.insert(name.clone(), value);
    }
    let body: T = serde_json::from_value(map.into()).map_err(|error| {
        Failure::usage(format!("--set has a value that does not fit: {error}"))
            .advise("Give JSON, in quotes: --set 'max_files_open=3'")
    })?;
    // What the type does not know is dropped by it.
    let kept: Map<String, Value> = serde_json::to_value(&body)
        .and_then(serde_json::from_value)
        .map_err(unexpected)?;
    match members.iter().find(|(name, _)| !kept.contains_key(name)) {
        Some((name, _)) => Err(Failure::usage(format!(
            "--set names `{name}`, which the request does not have"
        ))
        .advise("Look for it in the API reference. `letta api` sends any body.")),
        None => Ok(body),
    }
}

#[cfg(test)]
mod tests {
    use letta_api_ext::letta_api::types::CreateAgent;

    use super::*;

    fn set(members: &[(&str, &str)]) -> Result<CreateAgent, Failure> {
        let members: Vec<_> = members
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        set_members(CreateAgent::default(), &members)
    }

    #[test]
    fn members_are_json_or_texts() {
        let body = set(&[
            ("max_files_open", "3"),
            ("timezone", "Europe/Oslo"),
            ("hidden", "null"),
        ])
        .unwrap();
        let sent = serde_json::to_value(&body).unwrap();
        assert_eq!(sent["max_files_open"], 3);
        assert_eq!(sent["timezone"], "Europe/Oslo");
        assert_eq!(sent["hidden"], Value::Null);
    }

    #[test]
    fn a_member_that_does_not_fit_is_named() {
        let failure = set(&[("max_file_open", "3")]).unwrap_err();
        assert!(failure.to_string().contains("`max_file_open`"), "{failure}");
        let failure = set(&[("max_files_open", "three")]).unwrap_err();
        assert!(failure.to_string().contains("does not fit"), "{failure}");
    }
}
