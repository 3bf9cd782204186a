//! The shape of an answer: what is left of it without IDs, dates, texts and counts.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::player::{Body, End, Event, Exchange, Heard};

/// Members whose texts say of what kind a value is. They are compared as they are.
const KINDS: [&str; 16] = [
    "agent_type",
    "code",
    "error_type",
    "label",
    "message_type",
    "object",
    "processing_status",
    "provider_category",
    "provider_type",
    "role",
    "source_type",
    "status",
    "stop_reason",
    "tool_name",
    "tool_type",
    "type",
];

/// The path of the status.
pub(super) const STATUS: &str = "status";

/// Lists that a real server gives in any order. Their items are compared as one.
const UNORDERED: [&str; 5] = ["blocks", "file_blocks", "sources", "tags", "tools"];

/// Names for IDs by the order in which they came: `<message 0>`. With them, two servers' lists can be compared for their order.
#[derive(Default)]
pub(super) struct Labels(BTreeMap<String, Vec<String>>);

/// What is at each path of an answer.
pub(super) type Shape = BTreeMap<String, String>;

/// A difference of two answers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    pub(super) exchange: String,
    pub(super) path: String,
    pub(super) one: String,
    pub(super) other: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            exchange,
            path,
            one,
            other,
        } = self;
        write!(f, "{exchange}: {path}: {one} | {other}")
    }
}

/// The shape of the answer of an exchange.
pub(super) fn of(exchange: &Exchange, labels: &mut Labels) -> Shape {
    of_heard(&exchange.heard, exchange.step.merged, labels)
}

pub(super) fn of_heard(heard: &Heard, merged: bool, labels: &mut Labels) -> Shape {
    let mut shape = Writer {
        shape: Shape::new(),
        labels,
        merged,
        is_error: heard.status >= 400,
    };
    shape.put(STATUS, &heard.status.to_string());
    shape.put("media", &heard.media);
    match &heard.body {
        Body::Value(value) => shape.value("", "", value),
        Body::Text(text) => {
            let text = shape.labels.hide(text, true);
            shape.put("text", &text);
        }
        Body::Events { events, end } => shape.events(events, *end),
    }
    shape.shape
}

/// The shape of a body that is sent.
pub(super) fn of_body(body: &Value) -> Shape {
    let mut shape = Writer {
        shape: Shape::new(),
        labels: &mut Labels::default(),
        merged: false,
        is_error: false,
    };
    shape.value("", "", body);
    shape.shape
}

/// How two shapes differ.
///
/// If the status is another, the rest is not compared, but for what an error says. If a list has other items, its items are not compared. If a value is missing, what is in it is not told.
pub(super) fn differences(exchange: &str, one: &Shape, other: &Shape) -> Vec<Difference> {
    let mut paths: Vec<&String> = one.keys().chain(other.keys()).collect();
    paths.sort();
    paths.dedup();
    if one.get(STATUS) != other.get(STATUS) {
        // A refusal has nothing in common with an answer.
        paths.retain(|it| [STATUS, ".detail", ".message"].contains(&it.as_str()));
    }
    let mut found: Vec<Difference> = Vec::new();
    let mut skipped: Vec<String> = Vec::new();
    for path in paths {
        let within = |it: &String| {
            path.strip_prefix(it.as_str())
                .is_some_and(|rest| rest.starts_with(['.', '[']))
        };
        if skipped.iter().any(within) {
            continue;
        }
        let at = |shape: &Shape| shape.get(path).cloned().unwrap_or_else(|| "nothing".into());
        let (one, other) = (at(one), at(other));
        if one != other {
            skipped.push(path.clone());
            found.push(Difference {
                exchange: exchange.to_owned(),
                path: path.clone(),
                one,
                other,
            });
        }
    }
    found
}

struct Writer<'a> {
    shape: Shape,
    labels: &'a mut Labels,
    /// Whether the items of a list are one.
    merged: bool,
    /// Whether texts are compared as they are, but for IDs and dates.
    is_error: bool,
}

impl Writer<'_> {
    fn put(&mut self, path: &str, what: &str) {
        let present = self.shape.entry(path.to_owned()).or_default();
        // Items that are one have all that one of them has.
        if present.is_empty() {
            what.clone_into(present);
        } else if !present.split(" or ").any(|it| it == what) {
            let mut all: Vec<&str> = present.split(" or ").chain([what]).collect();
            all.sort_unstable();
            *present = all.join(" or ");
        }
    }

    fn value(&mut self, path: &str, name: &str, value: &Value) {
        match value {
            Value::Null => self.put(path, "null"),
            Value::Bool(value) => self.put(path, &value.to_string()),
            Value::Number(_) => self.put(path, "number"),
            Value::String(text) => {
                let what = self.text(name, text);
                self.put(path, &what);
            }
            Value::Array(items) => self.items(path, name, items),
            Value::Object(members) => self.members(path, members),
        }
    }

    fn members(&mut self, path: &str, members: &Map<String, Value>) {
        self.put(path, "object");
        for (name, value) in members {
            // Some answers have IDs for names.
            let shown = self.labels.hide(name, !self.merged);
            self.value(&format!("{path}.{shown}"), name, value);
        }
    }

    fn items(&mut self, path: &str, name: &str, items: &[Value]) {
        let merged = self.merged;
        self.merged |= UNORDERED.contains(&name);
        if !items.is_empty() && items.iter().all(Value::is_number) {
            // As many as a model of embeddings gives.
            self.put(path, "list: numbers");
        } else if self.merged {
            self.put(path, "list");
        } else {
            let kinds = items.iter().map(kind);
            let kinds = kinds.collect::<Vec<_>>().join(", ");
            self.put(path, &format!("list: {kinds}"));
        }
        for (number, item) in items.iter().enumerate() {
            let path = match self.merged {
                true => format!("{path}[]"),
                false => format!("{path}[{number}]"),
            };
            self.value(&path, name, item);
        }
        self.merged = merged;
    }

    fn events(&mut self, events: &[Event], end: End) {
        let is_ping = |it: &&Event| it.data["message_type"] == "ping";
        let first = events.first().filter(is_ping);
        let told = first
            .into_iter()
            .chain(events.iter().filter(|it| !is_ping(it)));
        let mut shapes: Vec<(String, Shape)> = Vec::new();
        for event in told {
            let mut writer = Writer {
                shape: Shape::new(),
                labels: self.labels,
                merged: self.merged,
                is_error: event.name.is_some(),
            };
            writer.value("", "", &event.data);
            let kind = match &event.name {
                Some(name) => format!("event {name}: {}", kind(&event.data)),
                None => kind(&event.data),
            };
            let shape = (kind, writer.shape);
            // A message comes in as many pieces as the model likes.
            if shapes.last() != Some(&shape) {
                shapes.push(shape);
            }
        }
        let kinds = shapes.iter().map(|(kind, _)| kind.clone());
        let mut kinds: Vec<String> = kinds.collect();
        kinds.push(match end {
            End::Done => "[DONE]".to_owned(),
            end => format!("{end:?}").to_lowercase(),
        });
        self.put("events", &kinds.join(", "));
        for (number, (_, shape)) in shapes.into_iter().enumerate() {
            for (path, what) in shape {
                self.put(&format!("events[{number}]{path}"), &what);
            }
        }
    }

    fn text(&mut self, name: &str, text: &str) -> String {
        let hidden = self.labels.hide(text, !self.merged);
        if name.ends_with("call_id") || (name == "id" && text.starts_with("call")) {
            return self.labels.of("call", text, !self.merged);
        }
        let is_whole = recognized(text).is_some_and(|(_, length)| length == text.len());
        if KINDS.contains(&name) || self.is_error || is_whole {
            return hidden;
        }
        "text".to_owned()
    }
}

/// What an item of a list is called.
fn kind(value: &Value) -> String {
    for name in ["message_type", "type"] {
        if let Some(kind) = value[name].as_str() {
            let reason = value["stop_reason"].as_str();
            return match reason.filter(|_| kind == "stop_reason") {
                Some(reason) => format!("{kind} {reason}"),
                None => kind.to_owned(),
            };
        }
    }
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
    .to_owned()
}

impl Labels {
    /// The name of an ID. In a list without an order, only its kind.
    fn of(&mut self, kind: &str, id: &str, is_numbered: bool) -> String {
        if !is_numbered {
            return format!("<{kind}>");
        }
        let known = self.0.entry(kind.to_owned()).or_default();
        let number = known.iter().position(|it| it == id);
        let number = number.unwrap_or_else(|| {
            known.push(id.to_owned());
            known.len() - 1
        });
        format!("<{kind} {number}>")
    }

    /// The text with names for the IDs, calls and dates in it.
    fn hide(&mut self, text: &str, is_numbered: bool) -> String {
        let mut hidden = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let is_start =
                !hidden.ends_with(|it: char| it.is_ascii_alphanumeric() || "-_".contains(it));
            let length = match is_start.then(|| recognized(rest)).flatten() {
                Some((kind, length)) => {
                    hidden += &match kind.as_str() {
                        "date" | "uuid" => format!("<{kind}>"),
                        kind => self.of(kind, &rest[..length], is_numbered),
                    };
                    length
                }
                None => {
                    hidden.push(letter);
                    letter.len_utf8()
                }
            };
            rest = &rest[length..];
        }
        hidden
    }
}

/// What the text begins with, an ID or a date, and its length.
fn recognized(text: &str) -> Option<(String, usize)> {
    let word = text
        .bytes()
        .take_while(|it| it.is_ascii_lowercase() || *it == b'_');
    let word = word.count();
    if word > 0
        && text.as_bytes().get(word) == Some(&b'-')
        && let Some(length) = uuid(&text[word + 1..])
    {
        return Some((text[..word].to_owned(), word + 1 + length));
    }
    if let Some(call) = text.strip_prefix("call") {
        let is_part = |it: &u8| it.is_ascii_alphanumeric() || *it == b'-' || *it == b'_';
        let length = call.bytes().take_while(is_part).count();
        return call
            .starts_with(['_', '-'])
            .then(|| ("call".to_owned(), 4 + length));
    }
    if let Some(length) = uuid(text) {
        return Some(("uuid".to_owned(), length));
    }
    date(text).map(|length| ("date".to_owned(), length))
}

/// The length of the UUID that a text begins with.
fn uuid(text: &str) -> Option<usize> {
    let bytes = text.as_bytes().get(..36)?;
    let is_uuid = bytes.iter().enumerate().all(|(place, byte)| match place {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    is_uuid.then_some(36)
}

/// The length of the RFC 3339 date that a text begins with.
fn date(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let head = bytes.get(..19)?;
    let is_date = head.iter().enumerate().all(|(place, byte)| match place {
        4 | 7 => *byte == b'-',
        10 => *byte == b'T' || *byte == b' ',
        13 | 16 => *byte == b':',
        _ => byte.is_ascii_digit(),
    });
    if !is_date {
        return None;
    }
    let is_part = |it: &&u8| it.is_ascii_digit() || b".+:Z".contains(it);
    Some(19 + bytes[19..].iter().take_while(is_part).count())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::player;
    use super::*;

    const A: &str = "message-00000000-0000-4000-8000-00000000000a";
    const B: &str = "message-00000000-0000-4000-8000-00000000000b";
    const C: &str = "message-00000000-0000-4000-8000-00000000000c";

    fn told(one: &Heard, other: &Heard, merged: bool) -> Vec<String> {
        let shapes = [one, other].map(|it| super::of_heard(it, merged, &mut Labels::default()));
        let found = super::differences("x", &shapes[0], &shapes[1]);
        found.iter().map(ToString::to_string).collect()
    }

    fn answer(status: u16, value: Value) -> Heard {
        Heard {
            status,
            media: "application/json".to_owned(),
            body: Body::Value(value),
        }
    }

    fn stream(text: &str) -> Heard {
        let (events, is_done) = player::events(text.as_bytes());
        let end = if is_done { End::Done } else { End::Closed };
        Heard {
            status: 200,
            media: "text/event-stream".to_owned(),
            body: Body::Events { events, end },
        }
    }

    #[test]
    fn texts_dates_numbers_and_ids_are_no_difference() {
        let one = json!({
            "id": A, "text": "One.", "count": 1, "date": "2026-11-28T02:54:14+00:00",
            "messages": [{ "id": A, "message_type": "user_message" }],
        });
        let other = json!({
            "id": B, "text": "Another.", "count": 2.5, "date": "2026-11-29T12:00:00.123456Z",
            "messages": [{ "id": B, "message_type": "user_message" }],
        });
        assert!(told(&answer(200, one), &answer(200, other), false).is_empty());
    }

    #[test]
    fn each_difference_is_told_once_and_where_it_is() {
        for (one, other, expected) in [
            (
                json!({ "a": null }),
                json!({ "a": 1 }),
                "x: .a: null | number",
            ),
            (json!({ "a": null }), json!({}), "x: .a: null | nothing"),
            (
                json!({ "a": { "b": 1 } }),
                json!({}),
                "x: .a: object | nothing",
            ),
            (json!({ "a": "text" }), json!({ "a": "" }), ""),
            (
                json!({ "a": true }),
                json!({ "a": false }),
                "x: .a: true | false",
            ),
            (
                json!({ "status": "success" }),
                json!({ "status": "error" }),
                "x: .status: success | error",
            ),
            (
                json!([{ "id": A }, { "id": B }, { "id": A }]),
                json!([{ "id": A }, { "id": B }, { "id": B }]),
                "x: [2].id: <message 0> | <message 1>",
            ),
            (
                json!(["a", "b"]),
                json!(["a"]),
                "x: : list: text, text | list: text",
            ),
            (
                json!([{ "type": "text", "x": 1 }]),
                json!([{ "type": "image", "x": null }]),
                "x: : list: text | list: image",
            ),
            (json!({ A: "x" }), json!({ B: "x" }), ""),
            (
                json!(A),
                json!("agent-00000000-0000-4000-8000-00000000000a"),
                "x: : <message 0> | <agent 0>",
            ),
        ] {
            let differences = told(
                &answer(200, one.clone()),
                &answer(200, other.clone()),
                false,
            );
            assert_eq!(differences.join("; "), expected, "{one} {other}");
        }
    }

    #[test]
    fn an_error_is_compared_by_what_it_says() {
        let error = |text: &str| answer(404, json!({ "detail": text }));
        let [one, other, another] =
            [A, B, "nothing"].map(|it| error(&format!("There is no {it}.")));
        assert!(told(&one, &other, false).is_empty());
        assert_eq!(
            told(&one, &another, false),
            ["x: .detail: There is no <message 0>. | There is no nothing."]
        );
        assert_eq!(
            told(&answer(200, json!({ "id": A, "more": 1 })), &one, false),
            [
                "x: .detail: nothing | There is no <message 0>.",
                "x: status: 200 | 404"
            ]
        );
    }

    #[test]
    fn a_list_without_an_order_is_compared_as_one_item() {
        let [one, other] = [[A, B, C], [C, A, B]].map(|ids| {
            let items = ids
                .map(|id| json!({ "id": id, "label": if id == A { "human" } else { "persona" } }));
            answer(200, json!(items))
        });
        assert!(told(&one, &other, true).is_empty());
        assert!(!told(&one, &other, false).is_empty());
        let fewer = answer(200, json!([{ "id": A, "label": "human" }]));
        assert_eq!(
            told(&one, &fewer, true),
            ["x: [].label: human or persona | human"]
        );
    }

    #[test]
    fn streams_are_compared_by_the_order_of_their_events_and_by_their_ends() {
        let piece = |id: &str, text: &str| {
            let data = json!({ "message_type": "assistant_message", "id": id, "content": text });
            format!("data: {data}\n\n")
        };
        let ping = "data: {\"message_type\":\"ping\"}\n\n";
        let stop = "data: {\"message_type\":\"stop_reason\",\"stop_reason\":\"end_turn\"}\n\n";
        let done = "data: [DONE]\n\n";
        let whole = format!("{ping}{}{}{stop}{done}", piece(A, "a"), piece(A, "b"));
        for (other, expected) in [
            (whole.clone(), ""),
            // A message in other pieces, and a ping in between.
            (format!("{ping}{}{ping}{stop}{done}", piece(B, "ab")), ""),
            (
                format!("{ping}{}{stop}", piece(A, "ab")),
                "ping, assistant_message, stop_reason end_turn, closed",
            ),
            (
                format!("{}{stop}{done}", piece(A, "ab")),
                "assistant_message, stop_reason end_turn, [DONE]",
            ),
            (
                format!("{ping}{}{}{stop}{done}", piece(A, "a"), piece(B, "b")),
                "ping, assistant_message, assistant_message, stop_reason end_turn, [DONE]",
            ),
            (
                format!("{ping}{}event: error\n{stop}{done}", piece(A, "ab")),
                "ping, assistant_message, event error: stop_reason end_turn, [DONE]",
            ),
        ] {
            let differences = told(&stream(&whole), &stream(&other), false);
            match expected {
                "" => assert!(differences.is_empty(), "{other}: {differences:?}"),
                expected => {
                    let is = "ping, assistant_message, stop_reason end_turn, [DONE]";
                    assert_eq!(differences, [format!("x: events: {is} | {expected}")]);
                }
            }
        }
    }
}
