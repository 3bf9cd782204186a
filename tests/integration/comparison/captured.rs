//! Exchanges that were captured from a real server, replayed: a step that has the name of one is the same request, and its answer
//! has the same shape.

use std::collections::BTreeSet;
use std::path::Path;

use letta_api_operations_tests::{Exchange as Captured, Message};
use serde_json::Value;

use super::player::{self, Body, End, Exchange, Heard};
use super::shape::{self, Difference, Labels};

/// Captures that no step is, each with the reason.
const NOT_REPLAYED: [(&str, &str); 6] = [
    (
        "10-stream-slow25s-pings",
        "a ping takes 20 seconds: the emulator's own tests move its clock",
    ),
    (
        "22-err-409-identity-dup",
        "the description has no such operation",
    ),
    (
        "40-secure-err-401-noauth",
        "of a server that asks for a key, as the emulator's own tests do",
    ),
    (
        "41-noredis-err-503-background-stream",
        "of a server without a store, as the emulator's own tests have it",
    ),
    (
        "58-background-slow-pings",
        "a ping takes 20 seconds: the emulator's own tests move its clock",
    ),
    (
        "58-resume-slow-pings",
        "a ping takes 20 seconds: the emulator's own tests move its clock",
    ),
];

/// How the exchanges differ from the captures of the same names. All captures of the folder are among them.
pub(super) fn differences(folder: &Path, exchanges: &[Exchange]) -> (usize, Vec<Difference>) {
    let mut left: BTreeSet<String> = Captured::names(folder);
    for (name, _) in NOT_REPLAYED {
        assert!(left.remove(name), "there is no capture {name}");
    }
    let mut found = Vec::new();
    let mut count = 0;
    for exchange in exchanges {
        let Some(name) = exchange.step.capture() else {
            continue;
        };
        assert!(
            left.remove(name),
            "there is no capture {name}, or a second step"
        );
        count += 1;
        let captured = Captured::read(folder, name);
        found.extend(requests(&captured, exchange));
        let merged = exchange.step.merged;
        // IDs are those of another world, so they are compared within an exchange only.
        let shapes = [&heard(&captured), &exchange.heard]
            .map(|it| shape::of_heard(it, merged, &mut Labels::default()));
        let differences = shape::differences(&exchange.name, &shapes[0], &shapes[1]);
        found.extend(differences);
    }
    assert!(left.is_empty(), "no step is {left:?}");
    (count, found)
}

/// How the request differs from the captured one.
fn requests(captured: &Captured, exchange: &Exchange) -> Vec<Difference> {
    let target = captured.request.first[1].as_str();
    let call = |method: &str, target: &str| Value::from(format!("{method} {target}"));
    let method = exchange.step.call.split(' ').next().unwrap_or_default();
    let generation = |legacy: bool| {
        Value::from(if legacy {
            "an older client"
        } else {
            "a current client"
        })
    };
    let is_form = |message: &Message| {
        let media = message.headers.get("content-type");
        media.is_some_and(|it| it.as_bytes().starts_with(b"multipart"))
    };
    let is_current = captured
        .request
        .headers
        .contains_key("x-stainless-package-version");
    let one = serde_json::json!({
        "type": call(&captured.method, target),
        "code": generation(!is_current),
        "body": match is_form(&captured.request) {
            true => Value::Null,
            false => captured.request.json().unwrap_or_default(),
        },
    });
    let other = serde_json::json!({
        "type": call(method, &exchange.target),
        "code": generation(exchange.step.legacy),
        "body": exchange.sent,
    });
    let name = format!("{}, the request", exchange.name);
    shape::differences(&name, &shape::of_body(&one), &shape::of_body(&other))
}

/// What was heard at the time.
fn heard(captured: &Captured) -> Heard {
    let response = &captured.response;
    let media = response.headers.get("content-type");
    let media = media.and_then(|it| it.to_str().ok()).unwrap_or_default();
    let body = if response.is_events() {
        let (events, is_done) = player::events(&response.body);
        let end = match (is_done, response.is_whole) {
            (true, _) => End::Done,
            (false, true) => End::Closed,
            (false, false) => End::Open,
        };
        Body::Events { events, end }
    } else {
        player::body(&response.body)
    };
    Heard {
        status: captured.status,
        media: media.split(';').next().unwrap_or_default().to_owned(),
        body,
    }
}
