//! Parameters in another style than the one that OpenAPI has by default: `deepObject`, lists in one pair, JSON, reserved characters as they
//! are, and lists in headers and paths.
//!
//! [`query`](super::query) and [`header`](super::header) write all others.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::HeaderValue;
use serde::Serialize;
use serde_json::Value;
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::path::{self, Segment};
use crate::InvalidRequest;

/// A list or an object within another has no form in these styles.
const NESTED: &str = "holds a list or an object within another, which has no form in its style";
/// A value could not be read as JSON.
const NO_JSON: &str = "holds a value that JSON has no form for";

/// Adds an object to the query of `url` in the style `deepObject`: `filter[from]=1&filter[to]=2`. A member that is null is left out.
///
/// # Errors
///
/// The value is no object, or has a list or an object within. OpenAPI does not say how those are written.
pub fn deep(
    url: &mut Url,
    name: &'static str,
    value: &impl Serialize,
) -> Result<(), InvalidRequest> {
    let refused = |rule| InvalidRequest::query(name, rule);
    let members = match json(value).ok_or_else(|| refused(NO_JSON))? {
        Value::Null => return Ok(()),
        Value::Object(members) => members,
        _ => return Err(refused("is no object, which its style is for")),
    };
    let mut pairs = Vec::new();
    for (key, value) in &members {
        let text = text(value).ok_or_else(|| refused(NESTED))?;
        pairs.extend(text.map(|text| (format!("{name}[{key}]"), text)));
    }
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    Ok(())
}

/// Adds a list to the query of `url` as one pair: `ids=a,b` if `separator` is a comma. An object is the list of its names and
/// values. The separator is not encoded if it is a comma, and the same sign within an item is. An empty list is left out.
///
/// # Errors
///
/// An item is a list or an object, or has the separator within it. A comma within an item is encoded, and no error.
pub fn joined(
    url: &mut Url,
    name: &'static str,
    separator: &'static str,
    value: &impl Serialize,
) -> Result<(), InvalidRequest> {
    let refused = |rule| InvalidRequest::query(name, rule);
    let value = json(value).ok_or_else(|| refused(NO_JSON))?;
    let parts = parts(&value, None).ok_or_else(|| refused(NESTED))?;
    if parts.is_empty() {
        return Ok(());
    }
    if separator != "," && parts.iter().any(|part| part.contains(separator)) {
        return Err(refused(
            "has the separator of the list within an item, which cannot be told from the next item",
        ));
    }
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let separator = match separator {
        "," => ",",
        "|" => "%7C",
        _ => "%20",
    };
    let parts: Vec<String> = parts.iter().map(|part| encode(part)).collect();
    let pair = format!("{}={}", encode(name), parts.join(separator));
    let query = match url.query().filter(|it| !it.is_empty()) {
        Some(before) => format!("{before}&{pair}"),
        None => pair,
    };
    url.set_query(Some(&query));
    Ok(())
}

/// What is encoded although a parameter allows reserved characters: all that is not one, and those that would end the value or be read as
/// another character.
const NOT_RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b'/')
    .remove(b'?')
    .remove(b'[')
    .remove(b']')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// Adds a value to the query of `url` with its reserved characters as they are (`allowReserved`): `path=/a/b:c`. `&`, `#`, `+` and `'` are
/// encoded, since a reader would take them for something else, or a URL library encodes them. A list is a pair for each item, and an object
/// one for each member.
///
/// # Errors
///
/// The value has a list or an object within another.
pub fn reserved(
    url: &mut Url,
    name: &'static str,
    value: &impl Serialize,
) -> Result<(), InvalidRequest> {
    let refused = |rule| InvalidRequest::query(name, rule);
    let value = json(value).ok_or_else(|| refused(NO_JSON))?;
    let mut pairs: Vec<(&str, Cow<'_, str>)> = Vec::new();
    match &value {
        Value::Array(items) => {
            for item in items {
                let text = text(item).ok_or_else(|| refused(NESTED))?;
                pairs.extend(text.map(|text| (name, text)));
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                let text = text(value).ok_or_else(|| refused(NESTED))?;
                pairs.extend(text.map(|text| (key.as_str(), text)));
            }
        }
        plain => pairs.extend(text(plain).flatten().map(|text| (name, text))),
    }
    let mut query = url.query().unwrap_or_default().to_owned();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        query.extend(byte_serialize(name.as_bytes()));
        query.push('=');
        query.extend(utf8_percent_encode(&value, NOT_RESERVED));
    }
    if !query.is_empty() {
        url.set_query(Some(&query));
    }
    Ok(())
}

/// Encodes a list as one path segment: `a,b`. An object is `a,1,b,2`, and `a=1,b=2` if it is to be `exploded`.
///
/// # Errors
///
/// It has no items, an item is a list or an object, or a part between slashes is `.` or `..`.
pub fn segment(
    name: &'static str,
    exploded: bool,
    value: &impl Serialize,
) -> Result<Segment, InvalidRequest> {
    let refused = |rule| InvalidRequest::path(name, rule);
    let value = json(value).ok_or_else(|| refused(NO_JSON))?;
    let parts = parts(&value, exploded.then_some("=")).ok_or_else(|| refused(NESTED))?;
    path::joined(name, &parts)
}

/// Adds a value to the query of `url` as JSON: `filter=%7B%22a%22%3A1%7D`. Null is left out.
///
/// # Errors
///
/// JSON has no form for the value, such as a map whose keys are no texts.
pub fn as_json(
    url: &mut Url,
    name: &'static str,
    value: &impl Serialize,
) -> Result<(), InvalidRequest> {
    match serde_json::to_string(value) {
        Ok(text) if text == "null" => {}
        Ok(text) => {
            url.query_pairs_mut().append_pair(name, &text);
        }
        Err(_) => return Err(InvalidRequest::query(name, NO_JSON)),
    }
    Ok(())
}

/// A list for a header: `a,b`. An object is `a,1,b,2`, and `a=1,b=2` if it is to be `exploded`.
///
/// # Errors
///
/// An item is a list or an object, or a text with a comma, which a reader would take for two. Or the value holds a control
/// character.
pub fn header(
    name: &'static str,
    exploded: bool,
    value: &impl Serialize,
) -> Result<HeaderValue, InvalidRequest> {
    let refused = |rule| InvalidRequest::header(name, rule);
    let value = json(value).ok_or_else(|| refused(NO_JSON))?;
    let parts = parts(&value, exploded.then_some("=")).ok_or_else(|| refused(NESTED))?;
    if parts.iter().any(|part| part.contains(',')) {
        return Err(refused(
            "has a comma within an item, which a header cannot tell from the next item",
        ));
    }
    header_of(name, &parts.join(","))
}

/// A value for a header as JSON.
///
/// # Errors
///
/// JSON has no form for the value.
pub fn header_json(
    name: &'static str,
    value: &impl Serialize,
) -> Result<HeaderValue, InvalidRequest> {
    let text = serde_json::to_string(value);
    header_of(
        name,
        &text.map_err(|_| InvalidRequest::header(name, NO_JSON))?,
    )
}

fn header_of(name: &'static str, text: &str) -> Result<HeaderValue, InvalidRequest> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        let rule = "holds a control character, which a header cannot carry; remove it";
        InvalidRequest::header(name, rule)
    })
}

fn json(value: &impl Serialize) -> Option<Value> {
    serde_json::to_value(value).ok()
}

/// The text of a plain value. `Some(None)` for null, and `None` for a list or an object.
fn text(value: &Value) -> Option<Option<Cow<'_, str>>> {
    Some(match value {
        Value::Null => None,
        Value::Bool(it) => Some(it.to_string().into()),
        Value::Number(it) => Some(it.to_string().into()),
        Value::String(it) => Some(it.as_str().into()),
        Value::Array(_) | Value::Object(_) => return None,
    })
}

/// The parts of a value: the items of a list, or the names and values of an object, `pairing` between them if there is one.
/// Null has none. `None` if a part is a list or an object itself.
fn parts<'v>(value: &'v Value, pairing: Option<&str>) -> Option<Vec<Cow<'v, str>>> {
    let mut found = Vec::new();
    match value {
        Value::Array(items) => {
            for item in items {
                found.extend(text(item)?);
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                let Some(value) = text(value)? else { continue };
                match pairing {
                    Some(sign) => found.push(format!("{key}{sign}{value}").into()),
                    None => found.extend([key.as_str().into(), value]),
                }
            }
        }
        plain => found.extend(text(plain)?),
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Write = fn(&mut Url, &'static str, &Value) -> Result<(), InvalidRequest>;

    const COMMA: Write = |url, name, value| joined(url, name, ",", value);
    const PIPE: Write = |url, name, value| joined(url, name, "|", value);
    const SPACE: Write = |url, name, value| joined(url, name, " ", value);

    fn query(write: Write, value: &Value) -> Result<Option<String>, InvalidRequest> {
        let mut url = Url::parse("https://example.com").unwrap();
        write(&mut url, "n", value)?;
        Ok(url.query().map(str::to_owned))
    }

    #[test]
    fn each_style_is_written_as_openapi_has_it() {
        for (write, value, expected) in [
            (
                deep as Write,
                json!({"a": 1, "b c": "x&y", "d": null, "e": true}),
                Some("n%5Ba%5D=1&n%5Bb+c%5D=x%26y&n%5Be%5D=true"),
            ),
            (deep, json!({}), None),
            (deep, json!(null), None),
            (
                COMMA,
                json!(["a", "b,c", 1, null, 1.5]),
                Some("n=a,b%2Cc,1,1.5"),
            ),
            (COMMA, json!({"a": 1, "b": "c"}), Some("n=a,1,b,c")),
            (COMMA, json!([]), None),
            (COMMA, json!("a"), Some("n=a")),
            (PIPE, json!(["a", "b"]), Some("n=a%7Cb")),
            (SPACE, json!(["a", "b|c"]), Some("n=a%20b%7Cc")),
            (
                as_json,
                json!({"a": [1]}),
                Some("n=%7B%22a%22%3A%5B1%5D%7D"),
            ),
            (as_json, json!(null), None),
        ] {
            let written = query(write, &value);
            assert_eq!(
                written.as_ref().map(Option::as_deref),
                Ok(expected),
                "{value}"
            );
        }
    }

    #[test]
    fn an_item_that_would_be_read_as_two_is_refused() {
        for (write, value) in [(PIPE, json!(["a|b"])), (SPACE, json!({"a b": 1}))] {
            let refused = query(write, &value).unwrap_err();
            assert_eq!(refused.field(), Some("n"));
            assert!(refused.rule().contains("separator"), "{refused}");
        }
    }

    #[test]
    fn a_parameter_is_added_to_those_that_are_there() {
        let mut url = Url::parse("https://example.com/?a=1").unwrap();
        joined(&mut url, "b", ",", &[1, 2]).unwrap();
        deep(&mut url, "c", &json!({"d": 3})).unwrap();
        assert_eq!(url.as_str(), "https://example.com/?a=1&b=1,2&c%5Bd%5D=3");
    }

    #[test]
    fn reserved_characters_stay_unless_they_would_be_read_as_others() {
        for (value, expected) in [
            (
                json!("/a/b:c?d=e,f;g@h!i$j(k)*[l]"),
                Some("n=/a/b:c?d=e,f;g@h!i$j(k)*[l]"),
            ),
            (
                json!("a&b#c+d e%f'g\"h<ä"),
                Some("n=a%26b%23c%2Bd%20e%25f%27g%22h%3C%C3%A4"),
            ),
            (json!(["a/b", 1, null, "c"]), Some("n=a/b&n=1&n=c")),
            (
                json!({"a b": "/", "c": true, "d": null}),
                Some("a+b=/&c=true"),
            ),
            (json!(null), None),
            (json!([]), None),
        ] {
            let written = query(reserved, &value);
            assert_eq!(written.unwrap().as_deref(), expected, "{value}");
        }
        let mut url = Url::parse("https://example.com/?a=1").unwrap();
        reserved(&mut url, "b", &"/").unwrap();
        assert_eq!(url.query(), Some("a=1&b=/"));
    }

    #[test]
    fn lists_and_objects_in_paths_are_one_segment() {
        for (value, exploded, expected) in [
            (json!(["a", 1, true]), false, "a,1,true"),
            (json!(["a,b", "c/d", "ä?"]), false, "a%2Cb,c%2Fd,%C3%A4%3F"),
            (json!({"a": 1, "b": "c"}), false, "a,1,b,c"),
            (json!({"a": 1, "b": "c"}), true, "a=1,b=c"),
        ] {
            let written = segment("n", exploded, &value).unwrap();
            assert_eq!(written.to_string(), expected);
        }
        for value in [
            json!([]),
            json!([""]),
            json!([".."]),
            json!(["a/../b"]),
            json!([[1]]),
        ] {
            let refused = segment("n", false, &value).unwrap_err();
            assert_eq!(refused.field(), Some("n"), "{value}");
        }
    }

    #[test]
    fn lists_and_objects_in_headers_are_one_text() {
        for (value, exploded, expected) in [
            (json!(["a", 1, true]), false, "a,1,true"),
            (json!([]), false, ""),
            (json!({"a": 1, "b": "c"}), false, "a,1,b,c"),
            (json!({"a": 1, "b": "c"}), true, "a=1,b=c"),
        ] {
            assert_eq!(header("X-N", exploded, &value).unwrap(), expected);
        }
        assert_eq!(
            header_json("X-N", &json!({"a": [1]})).unwrap(),
            r#"{"a":[1]}"#
        );
    }

    #[test]
    fn what_has_no_form_is_refused_by_its_name_and_unseen() {
        let nested = json!({"a": ["hunter2"]});
        for refused in [
            query(deep, &nested).unwrap_err(),
            query(deep, &json!(["hunter2"])).unwrap_err(),
            query(COMMA, &json!([["hunter2"]])).unwrap_err(),
            header("n", false, &nested).unwrap_err(),
            header("n", false, &json!(["hunter2,x"])).unwrap_err(),
            header("n", false, &json!(["hunter2\n"])).unwrap_err(),
        ] {
            assert_eq!(refused.field(), Some("n"));
            assert!(!format!("{refused} {refused:?}").contains("hunter2"));
        }
    }
}
