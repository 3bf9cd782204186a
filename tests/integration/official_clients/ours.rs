//! The same calls by letta-api-ext.

use std::time::SystemTime;

use letta_api_ext::{
    AccessPolicy, AccessRight, AccessToken, AccessTokens, Error, Letta, Revocation,
};
use serde_json::{Value, json};

use super::{EXPIRY, expiry};

/// Makes the calls of a task as the programs do, and says what it understood in their form.
pub(crate) async fn run(task: &Value) -> Vec<Value> {
    let mut minted = Vec::new();
    let mut results = Vec::new();
    for step in task["steps"].as_array().unwrap() {
        let key = step["key"].as_str().unwrap();
        let letta = Letta::builder()
            .api_key(task["keys"][key].as_str().unwrap())
            .base_url(task["baseUrl"].as_str().unwrap())
            .build()
            .unwrap();
        let answer = call(step, letta.access_tokens(), &mut minted).await;
        results.push(match answer {
            Ok(understood) => json!({ "understood": understood }),
            Err(error) => json!({ "refused": refusal(&error) }),
        });
    }
    results
}

async fn call(
    step: &Value,
    tokens: AccessTokens,
    minted: &mut Vec<AccessToken>,
) -> Result<Value, Error> {
    match step["call"].as_str().unwrap() {
        "tokens.create" => {
            let body = &step["body"];
            let mut create = tokens.create(policy(&body["policy"]), text(&body["hostname"]));
            if let Some(expiry) = instant(&body["expires_at"]) {
                create = create.expires_at(expiry);
            }
            minted.push(create.await?);
            Ok(token(&minted[minted.len() - 1]))
        }
        "tokens.list" => {
            let query = &step["query"];
            let mut list = tokens.list();
            if let Some(agent) = query["agentId"].as_str() {
                list = list.agent(agent);
            }
            if let Some(limit) = query["limit"].as_u64() {
                list = list.limit(u32::try_from(limit).unwrap());
            }
            if let Some(offset) = query["offset"].as_u64() {
                list = list.offset(u32::try_from(offset).unwrap());
            }
            let page = list.await?;
            let tokens: Vec<_> = page.tokens().iter().map(token).collect();
            Ok(json!({ "tokens": tokens, "more": page.has_next_page() }))
        }
        "tokens.walk" => {
            let limit = u32::try_from(step["limit"].as_u64().unwrap()).unwrap();
            let mut items = tokens.list().limit(limit).items();
            let mut found = Vec::new();
            while let Some(item) = items.next().await {
                found.push(token(&item?));
            }
            Ok(Value::from(found))
        }
        "tokens.delete" => {
            let revocation = match step["token"].as_u64() {
                Some(number) => {
                    let minted = &minted[usize::try_from(number).unwrap()];
                    tokens.revoke(minted).await?
                }
                None => tokens.revoke(text(&step["token"])).await?,
            };
            Ok(match revocation {
                Revocation::Deleted => json!("deleted"),
                _ => json!("not found"),
            })
        }
        other => panic!("letta-api-ext has no {other}"),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The one expiry that tasks name.
fn instant(value: &Value) -> Option<SystemTime> {
    let named = value.as_str()?;
    assert_eq!(named, EXPIRY);
    Some(expiry())
}

fn policy(entries: &Value) -> AccessPolicy {
    let entries = entries.as_array().unwrap().iter();
    let grants = entries.map(|entry| {
        let rights = entry["access"].as_array().unwrap();
        let rights: Vec<_> = rights
            .iter()
            .map(|right| AccessRight::from(text(right)))
            .collect();
        (text(&entry["id"]), rights)
    });
    AccessPolicy::from_grants(grants).unwrap()
}

fn token(token: &AccessToken) -> Value {
    let policy: Vec<_> = token
        .policy()
        .grants()
        .map(|(agent, rights)| {
            let rights: Vec<_> = rights.map(ToString::to_string).collect();
            json!({ "type": "agent", "id": agent.as_str(), "access": rights })
        })
        .collect();
    assert_eq!(token.policy().unknown_grants().count(), 0);
    json!({
        "token": token.expose_secret(),
        "hostname": token.hostname(),
        "expiresAt": token.expires_at_text(),
        "version": token.policy_version(),
        "policy": policy,
    })
}

fn refusal(error: &Error) -> Value {
    // By the predicates that an application has, and not by the status, which is compared beside.
    let class = match error {
        error if error.is_unauthorized() => "AuthenticationError",
        error if error.is_forbidden() => "PermissionDeniedError",
        error if error.is_not_found() => "NotFoundError",
        error if error.status().is_some_and(|status| status == 400) => "BadRequestError",
        error => panic!("{error:?}"),
    };
    let status = error.status().map(|status| status.as_u16());
    json!({ "class": class, "status": status, "message": error.message() })
}
