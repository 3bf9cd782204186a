//! All that an emulator holds, to look at; without secrets.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use letta_api::Fingerprint;
use letta_api::operations::SENSITIVE_NAMES;
use letta_api::types::{McpServer, Run};
use serde_json::{Map, Value, json};

use crate::agent::{Agent, Message};
use crate::http::refusal::Refusal;
use crate::project::Project;
use crate::service::account::Account;
use crate::service::caller::Caller;
use crate::tokens::expiry;
use crate::tokens::secret::{self, TokenForm};
use crate::tokens::store::IssuedToken;

const REDACTED: &str = "[redacted]";

/// At a path of the emulator's own, for whoever has the API key.
pub(crate) async fn show(
    State(account): State<Arc<Account>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    match Caller::from_headers(&headers, &account, account.now())? {
        Caller::Server { .. } => {}
        Caller::Page { .. } => {
            let refusal = Refusal::takes_the_key();
            return Err(account.token_rules.refuse(refusal));
        }
    }
    // The state may be large, and one thread serves everybody.
    let written = tokio::task::spawn_blocking(move || Json(dump(&account)).into_response()).await;
    written.map_err(|_| Refusal::shutting_down())
}

pub(crate) fn dump(account: &Account) -> Value {
    let now = account.now();
    let tokens = account.tokens.snapshot(now);
    let (agents, runs, mcp_servers): (Vec<Value>, Vec<Value>, Vec<Value>) = {
        let world = account.stage.world();
        let agents = world.agents.iter();
        let runs = world.runs.iter();
        let servers = world.mcp_servers.iter();
        (
            agents.map(|it| agent(&Agent::of(&world, it))).collect(),
            runs.map(|it| run(&it.run)).collect(),
            servers.map(|it| mcp_server(&it.server)).collect(),
        )
    };
    let mut state = json!({
        "now": expiry::to_wire(now),
        "agents": agents,
        "runs": runs,
        "mcp_servers": mcp_servers,
        "tokens": tokens.iter().map(token).collect::<Vec<_>>(),
        "requests": requests(account),
        "faults": account.faults.present().iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    redact_secrets(account, &mut state);
    state
}

/// How many requests there were, by operation and status.
pub(super) fn requests(account: &Account) -> Value {
    let mut requests: Map<String, Value> = Map::new();
    for ((operation, answered), count) in account.answers() {
        let answered = answered.map_or_else(|| "none".to_owned(), |status| status.to_string());
        let of_operation = requests.entry(operation).or_insert_with(|| json!({}));
        of_operation[answered] = json!(count);
    }
    requests.into()
}

/// Cuts the key and all tokens out: somebody may have put one in the wrong place, as into a message.
pub(super) fn redact_secrets(account: &Account, state: &mut Value) {
    let key = account.api_key.secret().expose_secret();
    let issued = account.tokens.secrets();
    let form = &account.token_form;
    redact(state, key, form, &mut |text| issued.contains(text));
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

/// Without the URL to call, which may hold a secret.
fn run(run: &Run) -> Value {
    let mut run = json!(run);
    if let Some(url) = run.get_mut("callback_url").filter(|it| !it.is_null()) {
        *url = json!(REDACTED);
    }
    run
}

/// Without what may hold a secret, such as a token or a URL.
fn mcp_server(server: &McpServer) -> Value {
    let mut server = serde_json::to_value(server).unwrap_or_default();
    for (name, value) in server.as_object_mut().into_iter().flatten() {
        if SENSITIVE_NAMES.contains(&&**name) {
            *value = json!(REDACTED);
        }
    }
    server
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
/// for each secret: `is_issued` is asked only at places at which a token may begin.
fn redact(
    value: &mut Value,
    key: &str,
    form: &TokenForm,
    is_issued: &mut impl FnMut(&str) -> bool,
) {
    match value {
        Value::String(text) => {
            if text.contains(key) {
                *text = text.replace(key, REDACTED);
            }
            if text.contains(secret::PREFIX) {
                *text = without(text, secret::PREFIX, |from| {
                    encoded_token(from, form, is_issued)
                });
            }
            let decoded = form.decoded_prefix();
            if text.contains(&decoded) {
                *text = without(text, &decoded, |from| decoded_token(from, form, is_issued));
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| redact(item, key, form, is_issued)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| redact(member, key, form, is_issued)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text without the secrets that begin with `prefix`. `length` says how long the one is that a text begins with.
fn without(text: &str, prefix: &str, mut length: impl FnMut(&str) -> Option<usize>) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(prefix) {
        let (before, from) = rest.split_at(start);
        kept.push_str(before);
        rest = match length(from) {
            Some(length) => {
                kept.push_str(REDACTED);
                &from[length..]
            }
            None => {
                kept.push_str(prefix);
                &from[prefix.len()..]
            }
        };
    }
    kept.push_str(rest);
    kept
}

/// How long the token is that a text begins with. It may be percent-encoded. All tokens are of one length.
fn encoded_token(
    text: &str,
    form: &TokenForm,
    is_issued: &mut impl FnMut(&str) -> bool,
) -> Option<usize> {
    let mut secret = String::with_capacity(form.length());
    let mut end = 0;
    while secret.len() < form.length() {
        let rest = &text[end..];
        let (character, length) = match rest.get(..3) {
            Some("%2B" | "%2b") => ('+', 3),
            Some("%2F" | "%2f") => ('/', 3),
            Some("%3D" | "%3d") => ('=', 3),
            _ => {
                let character = rest.chars().next()?;
                (character, character.len_utf8())
            }
        };
        secret.push(character);
        end += length;
    }
    is_issued(&secret).then_some(end)
}

/// How long the decoded token is that a text begins with.
fn decoded_token(
    text: &str,
    form: &TokenForm,
    is_issued: &mut impl FnMut(&str) -> bool,
) -> Option<usize> {
    let length = form.decoded_length();
    let uuid = text.get(form.decoded_prefix().len()..length)?;
    is_issued(&form.encode(uuid)).then_some(length)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use url::form_urlencoded::byte_serialize;

    use super::*;

    fn form() -> TokenForm {
        TokenForm::new("ab~cd?".to_owned())
    }

    fn secrets(count: usize) -> Vec<String> {
        let form = form();
        let secret = |_| form.generate().unwrap().expose_secret().to_owned();
        (0..count).map(secret).collect()
    }

    #[test]
    fn tokens_are_cut_out_wherever_they_stand() {
        let secrets = secrets(3);
        let [one, two, other] = [&secrets[0], &secrets[1], &secrets[2]];
        let issued = HashSet::from([one, two]);
        let cut = |text: &str| {
            let mut value = json!(text);
            let is_issued = &mut |text: &str| issued.contains(&text.to_owned());
            redact(&mut value, "sk-let-emulator", &form(), is_issued);
            value.as_str().unwrap().to_owned()
        };
        let encoded: String = byte_serialize(one.as_bytes()).collect();
        assert!(
            encoded.contains("%2B") && encoded.contains("%2F"),
            "{encoded}"
        );
        let decoded = STANDARD.decode(&two["ck-let-".len()..]).unwrap();
        let decoded = String::from_utf8(decoded).unwrap();
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
            (format!("a{encoded}b"), "a[redacted]b".to_owned()),
            (
                format!("a{}b", encoded.to_lowercase()),
                format!("a{}b", encoded.to_lowercase()),
            ),
            (format!("a{decoded}b"), "a[redacted]b".to_owned()),
            ("ab~cd?:".to_owned(), "ab~cd?:".to_owned()),
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
            redact(&mut state, "sk-let-emulator", &form(), &mut |text| {
                lookups += 1;
                issued.contains(text)
            });
            assert_eq!(state.to_string().matches("it is [redacted]").count(), count);
            asked.push(lookups);
        }
        assert_eq!(asked, [1_000, 2_000]);
    }
}
