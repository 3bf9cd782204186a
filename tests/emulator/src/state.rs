//! All that an emulator holds, to look at; without secrets.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use letta_api_ext::Fingerprint;
use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::agent::Agent;
use crate::caller::Caller;
use crate::expiry;
use crate::message::Message;
use crate::project::Project;
use crate::refusal::Refusal;
use crate::token_secret;
use crate::token_store::IssuedToken;

const REDACTED: &str = "[redacted]";

/// At a path of the emulator's own, for whoever has the API key.
pub(crate) async fn show(
    State(account): State<Arc<Account>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    match Caller::from_headers(&headers, &account, account.now())? {
        Caller::Server { .. } => {}
        Caller::Page { .. } => return Err(Refusal::takes_the_key()),
    }
    // All that there is may be much, and one thread serves everybody.
    let written = tokio::task::spawn_blocking(move || Json(dump(&account)).into_response()).await;
    written.map_err(|_| Refusal::shutting_down())
}

pub(crate) fn dump(account: &Account) -> Value {
    let now = account.now();
    let mut requests: Map<String, Value> = Map::new();
    for ((operation, answered), count) in account.answers() {
        let answered = answered.map_or_else(|| "none".to_owned(), |status| status.to_string());
        let of_operation = requests
            .entry(operation.as_str())
            .or_insert_with(|| json!({}));
        of_operation[answered] = json!(count);
    }
    let tokens = account.tokens.snapshot(now);
    let mut state = json!({
        "now": expiry::to_wire(now),
        "agents": account.agents.read_all(|agents| agents.iter().map(agent).collect::<Vec<_>>()),
        "tokens": tokens.iter().map(token).collect::<Vec<_>>(),
        "requests": requests,
        "faults": account.faults.present().iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    // Somebody may have put a secret where none belongs, as into a message.
    let key = account.api_key.secret().expose_secret();
    let issued = account.tokens.secrets();
    redact(&mut state, key, &mut |text| issued.contains(text));
    state
}

fn agent(agent: &Agent) -> Value {
    let messages = agent.messages();
    json!({
        "id": agent.id(),
        "name": agent.name(),
        "description": agent.description(),
        "messages": messages.iter().map(message).collect::<Vec<_>>(),
    })
}

fn message(message: &Message) -> Value {
    json!({
        "message_type": message.kind().as_str(),
        "content": message.text(),
    })
}

fn token(token: &IssuedToken) -> Value {
    json!({
        "token": REDACTED,
        "fingerprint": Fingerprint::of(token.secret()),
        "project": match token.project() {
            Project::Default => Value::Null,
            Project::Slug(name) | Project::Id(name) => json!(name),
        },
        "hostname": token.hostname_to_show(),
        "policy": token.policy(),
        "expiresAt": token.to_wire().expires_at,
        "live": token.is_live(),
    })
}

/// Cuts secrets out of all values. The names of members are the emulator's own. Takes time for each character and not
/// for each secret: `is_issued` is asked only where a token may begin.
fn redact(value: &mut Value, key: &str, is_issued: &mut impl FnMut(&str) -> bool) {
    match value {
        Value::String(text) => {
            if text.contains(key) {
                *text = text.replace(key, REDACTED);
            }
            if text.contains(token_secret::PREFIX) {
                *text = without_tokens(text, is_issued);
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| redact(item, key, is_issued)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| redact(member, key, is_issued)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text without the tokens that were issued. All are of one length.
fn without_tokens(text: &str, is_issued: &mut impl FnMut(&str) -> bool) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(token_secret::PREFIX) {
        let (before, from) = rest.split_at(start);
        kept.push_str(before);
        rest = match from.split_at_checked(token_secret::LENGTH) {
            Some((secret, after)) if is_issued(secret) => {
                kept.push_str(REDACTED);
                after
            }
            _ => {
                kept.push_str(token_secret::PREFIX);
                &from[token_secret::PREFIX.len()..]
            }
        };
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn secrets(count: usize) -> Vec<String> {
        let secret = |_| token_secret::generate().unwrap().expose_secret().to_owned();
        (0..count).map(secret).collect()
    }

    #[test]
    fn tokens_are_cut_out_wherever_they_stand() {
        let secrets = secrets(3);
        let [one, two, other] = [&secrets[0], &secrets[1], &secrets[2]];
        let issued = HashSet::from([one, two]);
        let cut = |text: &str| without_tokens(text, &mut |text| issued.contains(&text.to_owned()));
        for (text, expected) in [
            (one.clone(), "[redacted]".to_owned()),
            (
                format!("a{one}b{two}c"),
                "a[redacted]b[redacted]c".to_owned(),
            ),
            (
                format!("{one}{two}{one}"),
                "[redacted][redacted][redacted]".to_owned(),
            ),
            (format!("{one}0"), "[redacted]0".to_owned()),
            (format!("ck-let-{one}"), "ck-let-[redacted]".to_owned()),
            (
                format!("ck-let-ä{one}ck-let-"),
                "ck-let-ä[redacted]ck-let-".to_owned(),
            ),
            (format!("{other} {two}"), format!("{other} [redacted]")),
            (
                one[..one.len() - 1].to_owned(),
                one[..one.len() - 1].to_owned(),
            ),
            (
                format!("{}ä", &one[..one.len() - 1]),
                format!("{}ä", &one[..one.len() - 1]),
            ),
            (String::new(), String::new()),
        ] {
            assert_eq!(cut(&text), expected);
        }
    }

    #[test]
    fn redacting_does_not_take_longer_for_each_text_because_there_are_many_tokens() {
        let mut asked = Vec::new();
        for count in [1_000, 2_000] {
            let secrets = secrets(count);
            let issued: HashSet<&str> = secrets.iter().map(String::as_str).collect();
            let mut state: Value = secrets
                .iter()
                .map(|secret| json!({"a": [format!("it is {secret}"), "ck-let-", "nothing"]}))
                .collect();
            let mut lookups = 0;
            redact(&mut state, "sk-let-emulator", &mut |text| {
                lookups += 1;
                issued.contains(text)
            });
            assert_eq!(state.to_string().matches("it is [redacted]").count(), count);
            asked.push(lookups);
        }
        assert_eq!(asked, [1_000, 2_000]);
    }
}
