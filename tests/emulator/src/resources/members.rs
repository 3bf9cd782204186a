//! Things made of the members of a request, and changed by them: a member of a request has the name of what it sets.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::http::refusal::Refusal;

/// A thing with the members of `body` that are not `null`, without those named in `except`; over what it has of them.
///
/// A `null` sets nothing: the server ignores it.
pub(crate) fn changed<T: Serialize + DeserializeOwned>(
    thing: &T,
    body: &Value,
    except: &[&str],
) -> Result<T, Refusal> {
    let mut members = match serde_json::to_value(thing) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    for (name, value) in body.as_object().into_iter().flatten() {
        if !value.is_null() && !except.contains(&&**name) {
            members.insert(name.clone(), value.clone());
        }
    }
    serde_json::from_value(Value::Object(members))
        .map_err(|_| Refusal::unprocessable("the members of the body do not go together"))
}

/// Of the members of `body`, those with these names.
pub(crate) fn picked(body: &Value, names: &[&str]) -> Value {
    let members = body.as_object().into_iter().flatten();
    let picked = members.filter(|(name, _)| names.contains(&&***name));
    Value::Object(
        picked
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

/// The text of a member, if it is one.
pub(crate) fn text<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

/// The texts of an array of texts. Empty if there is none.
pub(crate) fn texts(body: &Value, name: &str) -> Vec<String> {
    let items = body.get(name).and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

/// Whether the body sets a member, to something other than `null`.
pub(crate) fn sets(body: &Value, name: &str) -> bool {
    body.get(name).is_some_and(|value| !value.is_null())
}
