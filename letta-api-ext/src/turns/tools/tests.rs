//! What happens to calls, and what is wrong before anything is sent.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use letta_api::types::{ToolReturn, ToolReturnStatus, ToolReturnValue};
use proptest::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use super::{Json, Tools};
use crate::turns::ToolCall;

/// The weather in a city now.
#[derive(Deserialize, JsonSchema)]
struct GetWeather {
    /// A city, in English
    city: String,
    days: Option<u8>,
}

/// `id`, name and arguments of calls.
type Calls<'a> = &'a [(&'a str, &'a str, &'a str)];

async fn run(tools: &Tools, calls: Calls<'_>) -> Vec<ToolReturn> {
    let calls = calls.iter().map(|(id, name, arguments)| ToolCall {
        id: (*id).into(),
        name: (*name).to_owned(),
        arguments: (*arguments).to_owned(),
        waits: true,
    });
    tools.run(&calls.collect::<Vec<ToolCall>>()).await
}

/// The status and the text of a call's result.
async fn told(tools: &Tools, name: &str, arguments: &str) -> (ToolReturnStatus, String) {
    let mut returns = run(tools, &[("call-1", name, arguments)]).await;
    let only = returns.remove(0);
    (only.status, text(&only.tool_return))
}

fn text(value: &ToolReturnValue) -> String {
    match value {
        ToolReturnValue::Text(text) => text.clone(),
        other => panic!("{other:?}"),
    }
}

fn failure(text: &str) -> (ToolReturnStatus, String) {
    (ToolReturnStatus::Error, text.to_owned())
}

fn success(text: &str) -> (ToolReturnStatus, String) {
    (ToolReturnStatus::Success, text.to_owned())
}

fn empty_schema() -> Map<String, Value> {
    Map::new()
}

/// A tool that takes this many seconds.
#[derive(Deserialize, JsonSchema)]
struct Wait {
    seconds: u64,
}

fn waiting() -> Tools {
    Tools::new().add("wait", "Waits", |wait: Wait| async move {
        sleep(Duration::from_secs(wait.seconds)).await;
        wait.seconds
    })
}

#[test]
fn definitions_have_what_the_model_is_told() {
    let tools = Tools::new()
        .add("weather", "The weather", |_: GetWeather| async {})
        .add_typed(|_: GetWeather| async {})
        .add_raw(
            "raw",
            "Anything",
            json!({"type": "object", "properties": {"a": {"const": "b"}}})
                .as_object()
                .unwrap()
                .clone(),
            |_| async {},
        );
    let definitions = serde_json::to_value(tools.definitions().unwrap()).unwrap();
    let mut weather = json!({
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "A city, in English"},
            "days": {"type": "integer", "minimum": 0, "maximum": 255},
        },
        "required": ["city"],
    });
    let typed = json!({
        "name": "get_weather",
        "description": "The weather in a city now.",
        "parameters": weather,
    });
    weather["description"] = "The weather in a city now.".into();
    let named = json!({"name": "weather", "description": "The weather", "parameters": weather});
    let raw = json!({
        "name": "raw",
        "description": "Anything",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "string", "enum": ["b"]}},
            "required": [],
        },
    });
    assert_eq!(definitions, json!([named, typed, raw]));
    assert!(tools.has("raw") && !tools.has("Raw"));
    assert_eq!(
        format!("{tools:?}"),
        r#"Tools(["weather", "get_weather", "raw"])"#
    );
}

#[test]
fn a_union_at_the_top_keeps_its_note_apart_from_the_description() {
    /// Changes a note.
    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "how")]
    enum ChangeNote {
        Add,
        Remove,
    }

    let tools = Tools::new().add_typed(|_: ChangeNote| async {});
    let definition = tools.definitions().unwrap().remove(0);
    let definition = serde_json::to_value(definition).unwrap();
    assert_eq!(definition["description"], "Changes a note.");
    let note = "Give one of these sets of fields:\n- `how` \"Add\"\n- `how` \"Remove\"";
    assert_eq!(definition["parameters"]["description"], note);
}

#[test]
fn what_is_wrong_is_told_before_anything_is_sent() {
    #[derive(Deserialize, JsonSchema)]
    struct NoDoc {}
    /// A tree.
    #[derive(Deserialize, JsonSchema)]
    struct Tree {
        #[allow(dead_code, reason = "it is for the schema")]
        children: Vec<Tree>,
    }

    let ok = || Tools::new().add("a", "A", |_: ()| async {});
    let cases = [
        (
            ok().add("two words", "B", |_: ()| async {}),
            "`tools` must have names of 1 to 64 letters, digits, `_` or `-`; got `two words`",
        ),
        (
            ok().add("a", "Again", |_: ()| async {}),
            "`tools` must have different names; got `a`",
        ),
        (
            ok().add("b", " ", |_: ()| async {}),
            "`tools` must have descriptions, which tell the model when to call them; got `b`",
        ),
        (
            ok().add_typed(|_: NoDoc| async {}),
            "`tools` must have descriptions, which tell the model when to call them; got `no_doc`",
        ),
        (
            ok().add_typed(|_: Tree| async {}),
            "`tools` must not have a recursive input: `Tree` contains itself, and models take no references; got `tree`",
        ),
        (
            ok().add("b", "B", |_: String| async {}),
            "`tools` must have an input that is an object with named fields, such as a struct, but this one is string; got `b`",
        ),
        (
            ok().add_raw("b", "B", empty_schema(), |_| async {}),
            "`tools` must have an input that is an object with named fields, such as a struct, but this one is anything; got \
             `b`",
        ),
        (
            ok().with_parallel_calls(0),
            "`parallel_calls` must be at least 1; got `0`",
        ),
        (
            ok().with_call_timeout(Duration::ZERO),
            "`call_timeout` must be more than zero; got `0`",
        ),
        (
            ok().with_result_limit(0),
            "`result_limit` must be at least 1; got `0`",
        ),
        (
            ok().with_max_rounds(0),
            "`max_rounds` must be at least 1; got `0`",
        ),
        // The first problem is told.
        (
            ok().with_max_rounds(0).with_result_limit(0),
            "`max_rounds` must be at least 1; got `0`",
        ),
    ];
    for (tools, expected) in cases {
        assert_eq!(tools.check().unwrap_err().to_string(), expected);
        assert_eq!(tools.definitions().unwrap_err().to_string(), expected);
    }
    ok().check().unwrap();
    assert_eq!(ok().max_rounds(), 20);
    assert_eq!(ok().with_max_rounds(3).max_rounds(), 3);
}

#[test]
fn a_clone_is_cheap_and_changes_alone() {
    let tools = waiting();
    let clone = tools.clone();
    assert!(Arc::ptr_eq(&tools.0, &clone.0));
    let more = clone.add("b", "B", |_: ()| async {});
    assert!(more.has("b") && !tools.has("b"));
    assert!(Arc::ptr_eq(&tools.0.tools[0], &more.0.tools[0]));
}

fn boom() -> String {
    panic!("secret of the application")
}

#[tokio::test]
async fn each_end_of_a_call_is_told() {
    let tools = Tools::new()
        .add("weather", "The weather", |input: GetWeather| async move {
            match input.city.as_str() {
                "Oslo" => Ok(Json(input.days)),
                city => Err(format!("no forecast for {city}")),
            }
        })
        .add("panic", "Panics", |_: ()| async { boom() })
        .add(
            "early",
            "Panics before it awaits",
            |input: Map<String, Value>| {
                assert!(!input.is_empty(), "secret of the application");
                async {}
            },
        )
        .add("none", "Needs nothing", |_: ()| async {})
        .with_result_limit(40);
    let told = |name: &'static str, arguments: &'static str| {
        let tools = tools.clone();
        async move { told(&tools, name, arguments).await }
    };
    assert_eq!(
        told("weather", r#"{"city": "Oslo", "days": 2}"#).await,
        success("2")
    );
    assert_eq!(
        told("weather", r#"{"city": "Oslo", "days": null}"#).await,
        success("null")
    );
    let no_forecast = failure("no forecast for Rome");
    assert_eq!(told("weather", r#"{"city": "Rome"}"#).await, no_forecast);
    assert_eq!(told("panic", "").await, failure("The tool failed."));
    assert_eq!(told("early", "{}").await, failure("The tool failed."));
    assert_eq!(told("none", "").await, success("Done."));
    let missing = "The arguments do not fit: missing field `city` at line 1 column 16. Correct them, and call the tool again.";
    assert_eq!(
        told("weather", r#"{"town": "Oslo"}"#).await,
        failure(missing)
    );
    // Results are cut, and so are the texts of errors.
    let long = format!(r#"{{"city": "{}"}}"#, "Rome".repeat(20));
    let (status, text) = super::tests::told(&tools, "weather", &long).await;
    assert_eq!(status, ToolReturnStatus::Error);
    let cut = "\n\n[The result was cut: these are the first 40 of 96 bytes.]";
    assert_eq!(text, format!("no forecast for {}{cut}", "Rome".repeat(6)));
}

#[tokio::test]
async fn an_unknown_tool_is_told_with_those_that_there_are() {
    let tools = waiting().add("b", "B", |_: ()| async {});
    let expected = failure("There is no tool `c` here. The tools here are: wait, b.");
    assert_eq!(told(&tools, "c", "").await, expected);
    let long = "x".repeat(10_000);
    let (_, text) = told(&tools, &long, "").await;
    assert!(text.len() < 200, "{}", text.len());
}

#[tokio::test(start_paused = true)]
async fn results_come_in_the_order_of_the_calls() {
    let tools = waiting();
    let returns = run(
        &tools,
        &[
            ("slow", "wait", r#"{"seconds": 5}"#),
            ("unknown", "x", ""),
            ("fast", "wait", r#"{"seconds": 1}"#),
        ],
    )
    .await;
    let returns = serde_json::to_value(returns).unwrap();
    let told = |id: &str, text: &str, status: &str| json!({"type": "tool", "tool_call_id": id, "tool_return": text, "status": status});
    let expected = json!([
        told("slow", "5", "success"),
        told(
            "unknown",
            "There is no tool `x` here. The tools here are: wait.",
            "error"
        ),
        told("fast", "1", "success"),
    ]);
    assert_eq!(returns, expected);
}

#[tokio::test(start_paused = true)]
async fn as_many_calls_run_as_the_limit_allows() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counters = (now.clone(), most.clone());
    let tools = Tools::new().add("wait", "Waits", move |wait: Wait| {
        let (now, most) = counters.clone();
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_secs(wait.seconds)).await;
            now.fetch_sub(1, Ordering::SeqCst);
        }
    });
    // One slow call in front: the others go past it.
    let mut calls = vec![("c", "wait", r#"{"seconds": 30}"#)];
    calls.extend([("c", "wait", r#"{"seconds": 10}"#); 9]);
    for (limit, seconds) in [(1, 120), (2, 60), (4, 30), (100, 30)] {
        most.store(0, Ordering::SeqCst);
        let began = tokio::time::Instant::now();
        let tools = tools
            .clone()
            .with_parallel_calls(limit)
            .with_call_timeout(Duration::from_secs(31));
        let returns = run(&tools, &calls).await;
        assert!(
            returns
                .iter()
                .all(|each| each.status == ToolReturnStatus::Success)
        );
        assert_eq!(most.load(Ordering::SeqCst), limit.min(10));
        assert_eq!(began.elapsed().as_secs(), seconds, "{limit} at once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_is_dropped_and_told() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let counter = dropped.clone();
    let tools = Tools::new().add("hang", "Hangs", move |_: ()| {
        let guard = CountDrop(counter.clone());
        async move {
            std::future::pending::<()>().await;
            drop(guard);
        }
    });
    let began = tokio::time::Instant::now();
    let late = failure("The tool was stopped: it took longer than 60s.");
    assert_eq!(told(&tools, "hang", "").await, late);
    assert_eq!(began.elapsed(), Duration::from_secs(60));
    assert_eq!(dropped.load(Ordering::SeqCst), 1);

    let tools = tools.with_call_timeout(Duration::from_millis(250));
    let late = failure("The tool was stopped: it took longer than 250ms.");
    assert_eq!(told(&tools, "hang", "").await, late);
    // As good as no limit.
    let tools = tools
        .with_call_timeout(Duration::MAX)
        .add("fast", "Fast", |_: ()| async {});
    assert_eq!(told(&tools, "fast", "").await, success("Done."));
}

struct CountDrop(Arc<AtomicUsize>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_drops_all_that_run() {
    let (began, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counters = (began.clone(), dropped.clone());
    let tools = Tools::new().add("hang", "Hangs", move |_: ()| {
        counters.0.fetch_add(1, Ordering::SeqCst);
        let guard = CountDrop(counters.1.clone());
        async move {
            std::future::pending::<()>().await;
            drop(guard);
        }
    });
    let calls = [("c", "hang", ""); 3];
    let running = tokio::time::timeout(Duration::from_secs(1), run(&tools, &calls));
    assert!(running.await.is_err());
    assert_eq!(began.load(Ordering::SeqCst), 3);
    assert_eq!(dropped.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_panic_of_the_result_or_of_its_drop_is_told_as_well() {
    use super::{Output, ToolOutput};

    struct Bad;
    impl ToolOutput for Bad {
        fn into_output(self) -> Output {
            panic!("secret")
        }
    }
    struct BadDrop;
    impl Drop for BadDrop {
        fn drop(&mut self) {
            panic!("secret")
        }
    }

    let tools = Tools::new()
        .add("result", "Bad result", |_: ()| async { Bad })
        .add("dropped", "Bad drop", |_: ()| async {
            let _bad = BadDrop;
            sleep(Duration::ZERO).await;
        })
        .add("fine", "Fine", |_: ()| async {});
    let returns = run(
        &tools,
        &[("a", "result", ""), ("b", "dropped", ""), ("c", "fine", "")],
    )
    .await;
    let texts: Vec<String> = returns.iter().map(|each| text(&each.tool_return)).collect();
    assert_eq!(texts, ["The tool failed.", "The tool failed.", "Done."]);
}

/// What is traced, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn each_call_is_a_span_with_its_end_and_without_its_data() {
    use tracing_subscriber::fmt::format::FmtSpan;

    // With one subscriber alone, a thread without one may silence what it comes by first.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    #[derive(Deserialize, JsonSchema)]
    struct Secret {
        how: String,
        #[allow(dead_code, reason = "it is for the error")]
        number: Option<u8>,
    }
    let tools = Tools::new().add("act", "Acts", |input: Secret| async move {
        match input.how.as_str() {
            "secret-ok" => Ok("secret-result"),
            "secret-late" => std::future::pending().await,
            "secret-panic" => panic!("secret-message"),
            _ => Err("secret-error"),
        }
    });
    let calls = [
        ("call-ok", "act", r#"{"how": "secret-ok"}"#),
        ("call-error", "act", r#"{"how": "secret-bad"}"#),
        ("call-panic", "act", r#"{"how": "secret-panic"}"#),
        ("call-late", "act", r#"{"how": "secret-late"}"#),
        (
            "call-invalid",
            "act",
            r#"{"how": "secret-ok", "number": "secret-number"}"#,
        ),
        ("call-unknown", "secret-name", "{}"),
    ];
    run(&tools, &calls).await;
    let dropped = [("call-dropped", "act", r#"{"how": "secret-late"}"#)];
    let running = tokio::time::timeout(Duration::from_secs(1), run(&tools, &dropped));
    assert!(running.await.is_err());

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let ends = [
        ("call-ok", "ok"),
        ("call-error", "error"),
        ("call-panic", "panic"),
        ("call-late", "timeout"),
        ("call-invalid", "invalid_input"),
        ("call-unknown", "unknown"),
        ("call-dropped", "cancelled"),
    ];
    for (id, outcome) in ends {
        let id = format!("letta.tool.call_id=\"{id}\"");
        let ended = log
            .lines()
            .find(|line| line.contains(&id) && line.contains("close"));
        let ended = ended.unwrap_or_else(|| panic!("{id}: {log}"));
        let outcome = format!("letta.tool.outcome=\"{outcome}\"");
        for field in [
            "INFO",
            "letta.tool{",
            "letta_api_ext::turns",
            &outcome,
            "letta.tool.duration_ms=",
        ] {
            assert!(ended.contains(field), "{field}: {ended}");
        }
        let is_named = ended.contains("letta.tool.name=\"act\"");
        assert_eq!(is_named, !id.contains("unknown"), "{ended}");
    }
    assert!(log.contains("letta.tool.duration_ms=60000"), "{log}");
    assert!(!log.contains("secret"), "{log}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Arguments are whatever a model writes.
    #[test]
    fn no_arguments_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), text in arguments()) {
        let tools = Tools::new()
            .add("weather", "The weather", |input: GetWeather| async move { input.city })
            .add("none", "Nothing", |_: ()| async {})
            .with_result_limit(50);
        let bytes = String::from_utf8_lossy(&bytes);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let calls = [
            ("a", "weather", &*bytes), ("b", "none", &*bytes), ("c", "weather", &*text), ("d", "none", &*text),
        ];
        let returns = runtime.block_on(run(&tools, &calls));
        prop_assert_eq!(returns.len(), calls.len());
        for each in returns {
            let text = self::text(&each.tool_return);
            prop_assert!(text != "The tool failed.", "{:?}", calls);
            prop_assert!(text.len() < 300, "{}", text);
        }
    }
}

/// What is nearly right.
fn arguments() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "{", "}", "\"city\"", ":", "\"Oslo\"", ",", "\"days\"", "3", "300", "null", "[", "]", "\"",
        "\\u", "é", " ", "-", "e",
    ]);
    prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}
