//! What a create request asks for.

use jiff::Timestamp;
use letta_api::types::{AccessPolicyEntry, AccessRight};
use serde_json::Value;
use url::Url;

use crate::http::refusal::{Refusal, quote};
use crate::tokens::expiry;
use crate::tokens::rules::TokenRules;

/// A token to be made. Cannot hold what the service would refuse.
///
/// The type of the description, `ClientSideAccessTokenCreate`, is not decoded into: it keeps rights and
/// entries that it does not know, as a client must, and its errors do not name the field.
#[derive(Debug)]
pub(crate) struct TokenRequest {
    pub(crate) hostname: String,
    /// That of a page at the hostname, as browsers write it: scheme, host, and port unless it is the
    /// scheme's own.
    pub(crate) origin: String,
    pub(crate) policy: Vec<AccessPolicyEntry>,
    pub(crate) expires_at: Option<Timestamp>,
}

impl TokenRequest {
    /// Reads a body, for a token that would be made at `now`.
    pub(crate) fn from_json(
        body: Value,
        now: Timestamp,
        rules: TokenRules,
    ) -> Result<Self, Refusal> {
        let Value::Object(mut body) = body else {
            return refuse("the body", "must be a JSON object");
        };
        let (hostname, origin) = hostname(body.remove("hostname"))?;
        Ok(Self {
            hostname,
            origin,
            policy: policy(body.remove("policy"))?,
            expires_at: body
                .remove("expires_at")
                .map(|value| expires_at(value, now, rules))
                .transpose()?
                .flatten(),
        })
    }
}

/// The hostname, and the origin of a page there.
fn hostname(value: Option<Value>) -> Result<(String, String), Refusal> {
    let hostname = string("hostname", value)?;
    let has_scheme = hostname.starts_with("http://") || hostname.starts_with("https://");
    match Url::parse(&hostname) {
        // As it is written: a parsed URL has a slash even if the text has none.
        Ok(_) if has_scheme && hostname.ends_with('/') => {
            refuse("hostname", "must not end with a slash")
        }
        Ok(url) if has_scheme => Ok((hostname, url.origin().ascii_serialization())),
        _ => refuse(
            "hostname",
            "must be a full URL that begins with http:// or https://",
        ),
    }
}

fn policy(value: Option<Value>) -> Result<Vec<AccessPolicyEntry>, Refusal> {
    array("policy", value, "entry")?
        .into_iter()
        .enumerate()
        .map(|(index, value)| entry(&format!("policy[{index}]"), value))
        .collect()
}

fn entry(path: &str, value: Value) -> Result<AccessPolicyEntry, Refusal> {
    let Value::Object(mut entry) = value else {
        return refuse(path, "must be an object");
    };
    let mut field = |name: &str| (format!("{path}.{name}"), entry.remove(name));

    let (path, value) = field("type");
    let kind = string(&path, value)?;
    if kind != "agent" {
        return refuse(
            &path,
            &format!(
                "is {}, which is not a known type; it must be `agent`",
                quote(&kind)
            ),
        );
    }
    let (path, value) = field("id");
    let id = string(&path, value)?;
    if id.is_empty() {
        return refuse(&path, "must not be empty");
    }
    let (path, value) = field("access");
    let access = array(&path, value, "right")?
        .into_iter()
        .enumerate()
        .map(|(index, value)| right(&format!("{path}[{index}]"), value))
        .collect::<Result<_, _>>()?;
    Ok(AccessPolicyEntry::agent(id, access))
}

fn right(path: &str, value: Value) -> Result<AccessRight, Refusal> {
    let right = AccessRight::from(string(path, Some(value))?);
    if right.is_known() {
        return Ok(right);
    }
    let known: Vec<_> = AccessRight::KNOWN.iter().map(AccessRight::as_str).collect();
    refuse(
        path,
        &format!(
            "is {}, which is not a known right; the rights are {}",
            quote(right.as_str()),
            known.join(", ")
        ),
    )
}

/// `None` if it is as good as left out.
fn expires_at(
    value: Value,
    now: Timestamp,
    rules: TokenRules,
) -> Result<Option<Timestamp>, Refusal> {
    let text = string("expires_at", Some(value))?;
    let instant = expiry::from_wire(&text);
    if rules.lenient_expiry {
        return Ok(instant);
    }
    let Some(instant) = instant else {
        return refuse(
            "expires_at",
            "must be a date and time of RFC 3339, with an offset or Z, as in 2026-03-01T12:00:00Z",
        );
    };
    if instant <= now {
        return refuse("expires_at", "must lie in the future");
    }
    Ok(Some(instant))
}

fn string(path: &str, value: Option<Value>) -> Result<String, Refusal> {
    match value {
        Some(Value::String(text)) => Ok(text),
        Some(_) => refuse(path, "must be a string"),
        None => refuse(path, "is required"),
    }
}

fn array(path: &str, value: Option<Value>, item: &str) -> Result<Vec<Value>, Refusal> {
    match value {
        Some(Value::Array(items)) if items.is_empty() => {
            refuse(path, &format!("must hold at least one {item}"))
        }
        Some(Value::Array(items)) => Ok(items),
        Some(_) => refuse(path, "must be an array"),
        None => refuse(path, "is required"),
    }
}

fn refuse<T>(path: &str, rule: &str) -> Result<T, Refusal> {
    Err(Refusal::bad_request(format!("{path} {rule}")))
}
