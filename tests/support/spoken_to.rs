//! A script for the emulator whose agents do what the user's words say, as the model does that a real server has in tests.
//!
//! `TOOL:name {arguments}` calls a tool, `MULTI:a,b` several at once, `DRIP:n:s` says n words slowly, `SLOW:s` waits s seconds first, `BREAK:how:n` breaks after n
//! words (`end` without a finish reason, `drop` of the connection, all else with an error), `FAIL:status` refuses with this status,
//! `LONG` says more. All else is answered with a sentence.

use letta_api_emulator::ScriptFile;
use serde_json::{Value, json};

/// What is said after all that is done.
const ANSWER: &str = "Hello from the fake model.";

/// A script for all agents, for what is said in these texts.
///
/// # Panics
///
/// A text calls for what no script can have.
pub fn script<'a>(texts: impl IntoIterator<Item = &'a str>) -> ScriptFile {
    let rules = texts.into_iter();
    let rules = rules.map(|it| json!({ "when_exactly": it, "reply": reply(it) }));
    let all_else = json!({ "reply": ANSWER, "always": true });
    let rules: Vec<Value> = rules.chain([all_else]).collect();
    let file = json!({ "script": rules }).to_string();
    ScriptFile::from_json(&file).expect("the texts are those of tests")
}

/// All that a user says in this value: texts that are called `content` or `input`.
pub fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match (name.as_str(), value) {
                ("content" | "input" | "call", Value::String(text)) => vec![text.as_str()],
                (_, value) => texts(value),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn reply(text: &str) -> Value {
    let after = |word: &str| Some(text.split_once(word)?.1);
    if let Some(names) = after("MULTI:") {
        let calls = names.split(',').enumerate();
        let calls = calls.map(|(number, name)| call(name, &json!({ "x": number.to_string() })));
        return json!([{ "calls": calls.collect::<Vec<_>>() }, ANSWER]);
    }
    if let Some(rest) = after("TOOL:") {
        let (name, arguments) = rest.split_once(' ').unwrap_or((rest, "{}"));
        let arguments = serde_json::from_str(arguments).unwrap_or_else(|_| json!({}));
        return json!([call(name, &arguments), ANSWER]);
    }
    if let Some(rest) = after("DRIP:") {
        return words("w", number(rest)).into();
    }
    if let Some(rest) = after("SLOW:") {
        return json!([{ "pause": format!("{}s", number(rest)) }, ANSWER]);
    }
    if let Some(rest) = after("BREAK:") {
        let (how, count) = rest.split_once(':').unwrap_or((rest, "1"));
        let said = words("w", number(count));
        return match how {
            "end" => said.into(),
            "drop" => json!([said, { "model_fails": "connection" }]),
            _ => json!([said, { "model_fails": "server_error" }]),
        };
    }
    if let Some(status) = after("FAIL:") {
        let failure = match status {
            "400" => "bad_request",
            "401" => "authentication",
            "429" => "rate_limit",
            _ => "server_error",
        };
        return json!({ "model_fails": failure });
    }
    match text.contains("LONG") {
        true => words("word", 40).into(),
        false => ANSWER.into(),
    }
}

fn call(name: &str, arguments: &Value) -> Value {
    json!({ "call": name, "with": arguments, "returns": "What came of it." })
}

/// The number that the text begins with.
fn number(text: &str) -> usize {
    let digits = text.split(|it: char| !it.is_ascii_digit()).next();
    digits.and_then(|it| it.parse().ok()).unwrap_or(1)
}

fn words(word: &str, count: usize) -> String {
    let words = (0..count).map(|number| format!("{word}{number}"));
    words.collect::<Vec<_>>().join(" ")
}
