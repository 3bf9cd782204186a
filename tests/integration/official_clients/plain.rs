//! The same calls without any client of Letta's: what the answers say by themselves.

use http::Method;
use serde_json::{Value, json};

/// Makes the calls of a task as the programs do, and says what the answers hold in their form.
pub(crate) async fn run(task: &Value) -> Vec<Value> {
    let mut plain = Plain {
        client: reqwest::Client::builder().no_proxy().build().unwrap(),
        task,
        minted: Vec::new(),
    };
    let mut results = Vec::new();
    for step in task["steps"].as_array().unwrap() {
        results.push(match plain.call(step).await {
            Ok(understood) => json!({ "understood": understood }),
            Err(refusal) => json!({ "refused": refusal }),
        });
    }
    results
}

struct Plain<'a> {
    client: reqwest::Client,
    task: &'a Value,
    minted: Vec<String>,
}

impl Plain<'_> {
    async fn call(&mut self, step: &Value) -> Result<Value, Value> {
        let tokens = "/v1/client-side-access-tokens";
        let agent = format!("/v1/agents/{}", step["agent"].as_str().unwrap_or_default());
        let messages = format!("{agent}/messages");
        let body = &step["body"];
        match step["call"].as_str().unwrap() {
            "tokens.create" => {
                let created = self.json(step, Method::POST, tokens).await?;
                self.minted.push(text(&created["token"]));
                Ok(token(&created))
            }
            "tokens.list" => {
                let page = self.json(step, Method::GET, tokens).await?;
                Ok(json!({ "tokens": each(&page["tokens"], token), "more": page["hasNextPage"] }))
            }
            "tokens.delete" => {
                let path = format!("{tokens}/{}", self.named(&step["token"]));
                let answer = self.send(step, Method::DELETE, &path).await?;
                assert_eq!(answer, "");
                Ok(Value::Null)
            }
            "agents.retrieve" => Ok(state(&self.json(step, Method::GET, &agent).await?)),
            "agents.update" => Ok(state(&self.json(step, Method::PATCH, &agent).await?)),
            "messages.list" => {
                let page = self
                    .json(step, Method::GET, &with_query(&messages, &step["query"]))
                    .await?;
                Ok(each(&page, message))
            }
            "messages.walk" => {
                let mut query = step["query"].clone();
                let mut found = Vec::new();
                loop {
                    let path = with_query(&messages, &query);
                    let page = self.json(step, Method::GET, &path).await?;
                    let page = page.as_array().unwrap();
                    let Some(last) = page.last() else {
                        return Ok(Value::from(found));
                    };
                    query["after"] = last["id"].clone();
                    found.extend(page.iter().map(message));
                }
            }
            "messages.create" if body["streaming"] == true => {
                Ok(events(&self.send(step, Method::POST, &messages).await?))
            }
            "messages.create" => {
                let answer = self.json(step, Method::POST, &messages).await?;
                Ok(json!({
                    "messages": each(&answer["messages"], message),
                    "reason": answer["stop_reason"]["stop_reason"],
                    "usage": usage(&answer["usage"]),
                }))
            }
            "messages.stream" => {
                let path = format!("{messages}/stream");
                Ok(events(&self.send(step, Method::POST, &path).await?))
            }
            other => panic!("there is no {other}"),
        }
    }

    async fn json(&self, step: &Value, method: Method, path: &str) -> Result<Value, Value> {
        let answer = self.send(step, method, path).await?;
        Ok(serde_json::from_str(&answer).unwrap())
    }

    /// The body of the answer; or, of a refusal, what a client would make of it.
    async fn send(&self, step: &Value, method: Method, path: &str) -> Result<String, Value> {
        let key = match step["key"].as_str() {
            Some(name) => text(&self.task["keys"][name]),
            None => self.named(&step["key"]),
        };
        let url = format!("{}{path}", text(&self.task["baseUrl"]));
        let mut request = self
            .client
            .request(method, url)
            .bearer_auth(key)
            // The service answers some calls for current clients only.
            .header("x-stainless-package-version", "1.12.1");
        if let Some(origin) = step["origin"].as_str() {
            request = request.header("origin", origin);
        }
        if !step["body"].is_null() {
            request = request
                .header("content-type", "application/json")
                .body(step["body"].to_string());
        }
        // The URL of a request may hold a token.
        let answer = request.send().await.map_err(reqwest::Error::without_url);
        let answer = answer.unwrap();
        let status = answer.status();
        let body = answer.text().await.unwrap();
        if status.is_success() {
            return Ok(body);
        }
        let class = match status.as_u16() {
            400 => "BadRequestError",
            401 => "AuthenticationError",
            403 => "PermissionDeniedError",
            404 => "NotFoundError",
            status => panic!("{status}: {body}"),
        };
        let body: Value = serde_json::from_str(&body).unwrap();
        Err(json!({ "class": class, "status": status.as_u16(), "message": body["message"] }))
    }

    fn named(&self, name: &Value) -> String {
        match name.as_u64() {
            Some(number) => self.minted[usize::try_from(number).unwrap()].clone(),
            None => text(name),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn with_query(path: &str, query: &Value) -> String {
    let pairs = query.as_object().unwrap().iter();
    let pairs: Vec<_> = pairs
        .map(|(name, value)| format!("{name}={}", value.to_string().trim_matches('"')))
        .collect();
    if pairs.is_empty() {
        return path.to_owned();
    }
    format!("{path}?{}", pairs.join("&"))
}

fn each(values: &Value, read: impl Fn(&Value) -> Value) -> Value {
    values.as_array().unwrap().iter().map(read).collect()
}

fn token(token: &Value) -> Value {
    json!({
        "token": token["token"],
        "hostname": token["hostname"],
        "expiresAt": token["expiresAt"],
        "version": token["policy"]["version"],
        "policy": token["policy"]["data"],
    })
}

fn state(agent: &Value) -> Value {
    let count = |name: &str| agent[name].as_array().map_or(0, Vec::len);
    json!({
        "id": agent["id"],
        "type": agent["agent_type"],
        "name": agent["name"],
        "description": agent["description"],
        "system": agent["system"],
        "model": agent["model"],
        "tags": agent["tags"],
        "blocks": count("blocks"),
        "tools": count("tools"),
        "messages": count("message_ids"),
        "created": instant(&agent["created_at"]),
    })
}

/// Milliseconds since 1970, as JavaScript has it.
fn instant(date: &Value) -> Option<i64> {
    let instant: jiff::Timestamp = date.as_str()?.parse().unwrap();
    Some(instant.as_millisecond())
}

fn usage(usage: &Value) -> Value {
    json!({
        "completion": usage["completion_tokens"],
        "prompt": usage["prompt_tokens"],
        "total": usage["total_tokens"],
        "steps": usage["step_count"],
    })
}

fn message(message: &Value) -> Value {
    json!({
        "type": message["message_type"],
        "id": message["id"],
        "date": instant(&message["date"]),
        "content": message["content"],
        "name": message["name"],
        "otid": message["otid"],
        "run": message["run_id"],
        "step": message["step_id"],
    })
}

/// What a stream holds, without the mark at its end.
fn events(stream: &str) -> Value {
    let data: Vec<_> = stream
        .split_terminator("\n\n")
        .map(|event| event.strip_prefix("data: ").unwrap())
        .collect();
    let (end, data) = data.split_last().unwrap();
    assert_eq!(*end, "[DONE]");
    let events = data.iter().map(|data| serde_json::from_str(data).unwrap());
    events.map(|event: Value| self::event(&event)).collect()
}

fn event(event: &Value) -> Value {
    let kind = &event["message_type"];
    match kind.as_str().unwrap() {
        "ping" => json!({
            "type": kind,
            "id": event["id"],
            "date": instant(&event["date"]),
            "run": event["run_id"],
        }),
        "stop_reason" => json!({ "type": kind, "reason": event["stop_reason"] }),
        "usage_statistics" => {
            let usage = usage(event);
            let mut named = json!({ "type": kind });
            named
                .as_object_mut()
                .unwrap()
                .extend(usage.as_object().unwrap().clone());
            named
        }
        _ => message(event),
    }
}
