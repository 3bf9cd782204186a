//! Turns with an agent of the emulator.

use std::cell::Cell;
use std::rc::Rc;

use letta_api_ext::Letta;
use letta_api_ext::turns::tools::Tools;
use letta_api_ext::turns::{Decision, Event, Outcome, TurnPath};
use letta_api_in_browser_tests::Servers;
use schemars::JsonSchema;
use serde::Deserialize;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_page_with_a_token_talks_to_its_agent() {
    let letta = Servers::find().await.with_token("agent-1").await;
    let agent = letta.agent("agent-1");
    for tokens in [false, true] {
        let turn = agent.turn("Grüße 🦀").with_path(TurnPath::Plain);
        let turn = if tokens { turn.tokens() } else { turn };
        let answer = turn.send().await.unwrap();
        assert!(answer.text().contains("Grüße 🦀"), "{}", answer.text());
    }
    let history = agent.messages().await.unwrap();
    assert!(!history.is_empty());
}

#[wasm_bindgen_test]
async fn another_agent_than_the_tokens_is_refused() {
    let letta = Servers::find().await.with_token("agent-1").await;
    let turn = letta
        .agent("agent-2")
        .turn("Hello")
        .with_path(TurnPath::Plain);
    let error = turn.send().await.unwrap_err();
    assert!(error.is_forbidden() || error.is_unauthorized(), "{error}");
}

#[wasm_bindgen_test]
async fn a_turn_is_streamed() {
    let letta = Servers::find().await.open_emulator();
    for path in [TurnPath::Plain, TurnPath::Resumable] {
        let turn = letta
            .agent("agent-1")
            .turn("one two three")
            .with_path(path)
            .tokens();
        let mut stream = turn.stream().await.unwrap();
        let (mut text, mut pieces) = (String::new(), 0);
        while let Some(event) = stream.next().await {
            if let Event::Text(piece) = event.unwrap() {
                text += &piece.into_text();
                pieces += 1;
            }
        }
        assert!(pieces > 1, "{path:?}");
        assert_eq!(text, stream.finish().unwrap().text());
    }
}

#[wasm_bindgen_test]
async fn a_turn_whose_connection_breaks_is_resumed() {
    let letta = Servers::find().await.breaking_emulator();
    let turn = letta.agent("agent-1").turn("one two three").tokens();
    let answer = turn.send().await.unwrap();
    assert!(answer.text().contains("one two three"), "{}", answer.text());
    assert!(answer.resumes() > 0);
}

#[wasm_bindgen_test]
async fn an_approval_is_asked_for_and_given() {
    let letta = Servers::find().await.open_emulator();
    let turn = letta.agent("agent-approvals").turn("Tidy up").send();
    let Outcome::NeedsApproval(pending) = turn.await.unwrap().outcome() else {
        panic!("it needs an approval");
    };
    let answer = pending
        .decide(|_| Decision::approve())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.text(), "The file is gone.");
}

/// Adds two numbers.
#[derive(Deserialize, JsonSchema)]
struct Add {
    a: u32,
    b: u32,
}

#[wasm_bindgen_test]
async fn a_tool_in_rust_runs_in_the_page() {
    let letta = Servers::find().await.open_emulator();
    let tools = Tools::new().add_typed(add);
    let turn = letta.agent("agent-tools").turn("Add").tools(&tools);
    let answer = turn.send().await.unwrap();
    assert_eq!(answer.text(), "It is 5.");
}

async fn add(Add { a, b }: Add) -> Result<u32, String> {
    Ok(a + b)
}

#[wasm_bindgen_test]
async fn a_stream_that_is_dropped_cancels_its_run_in_the_background() {
    let letta = Servers::find().await.open_emulator();
    let turn = letta.agent("agent-slow").turn("Take your time");
    let mut stream = turn.with_cancel_on_drop().stream().await.unwrap();
    let run = loop {
        if let Some(run) = stream.run_id() {
            break run;
        }
        stream.next().await.unwrap().unwrap();
    };
    drop(stream);
    // The task goes on without the stream.
    while status(&letta, run.as_str()).await != "cancelled" {}
}

async fn status(letta: &Letta, run: &str) -> String {
    let run = letta.run(run).get().await.unwrap();
    serde_json::to_value(run.status)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

#[wasm_bindgen_test]
async fn what_a_page_spawns_runs_beside_its_turns() {
    let letta = Servers::find().await.open_emulator();
    let done = Rc::new(Cell::new(0));
    for _ in 0..3 {
        let (letta, done) = (letta.clone(), done.clone());
        wasm_bindgen_futures::spawn_local(async move {
            letta
                .agent("agent-1")
                .turn("Hello")
                .with_path(TurnPath::Plain)
                .send()
                .await
                .unwrap();
            done.set(done.get() + 1);
        });
    }
    while done.get() < 3 {
        letta.agent("agent-1").get().await.unwrap();
    }
}
