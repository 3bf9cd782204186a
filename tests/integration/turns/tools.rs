//! Tools in Rust: the agent calls functions of this program, and gets what they return.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use letta_api::operations;
use letta_api::types::StopReasonType;
use letta_api_emulator::{Act, Fault, Rule};
use letta_api_ext::turns::tools::Tools;
use letta_api_ext::turns::{Decision, Event, Outcome};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::talking::start;

#[derive(Deserialize, JsonSchema)]
struct Weather {
    /// The city.
    city: String,
}

/// Two tools, of which one fails. The number counts calls.
fn tools() -> (Tools, Arc<AtomicU32>) {
    let calls = Arc::new(AtomicU32::new(0));
    let counter = calls.clone();
    let tools = Tools::new()
        .add("weather", "The weather in a city", move |input: Weather| {
            counter.fetch_add(1, Ordering::Relaxed);
            async move { format!("Rain in {}.", input.city) }
        })
        .add("coat", "Whether there is a coat", |_: ()| async {
            Err::<String, _>("The wardrobe is locked.")
        });
    (tools, calls)
}

fn call(name: &str, arguments: serde_json::Value) -> Act {
    Act::call(name, arguments)
}

#[tokio::test]
async fn calls_run_here_until_the_agent_stops() {
    for tokens in [false, true] {
        let (emulator, letta) = start().await;
        let (tools, calls) = tools();
        let acts = [
            call("weather", json!({"city": "Oslo"})),
            call("coat", json!({})),
            Act::text("Stay at home."),
        ];
        emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
        let turn = letta
            .agent("agent-1")
            .turn("Do I need a coat?")
            .tools(&tools);
        let mut turn = if tokens { turn.tokens() } else { turn }
            .stream()
            .await
            .unwrap();
        let mut names = Vec::new();
        while let Some(event) = turn.next().await {
            if let Event::ToolCall(call) = event.unwrap() {
                assert!(call.waits_for_answer());
                names.push(call.name().to_owned());
            }
        }
        let answer = turn.finish().unwrap();
        assert_eq!(answer.text(), "Stay at home.");
        assert_eq!(*answer.stop_reason(), StopReasonType::EndTurn);
        assert_eq!(names, ["weather", "coat"]);
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        assert_eq!(answer.run_ids().len(), 3, "a run for each round");
        let listed = letta.agent("agent-1").messages().send().await.unwrap();
        let listed = serde_json::to_string(&listed).unwrap();
        for said in ["Rain in Oslo.", "The wardrobe is locked."] {
            assert!(listed.contains(said), "{said}: {listed}");
        }
    }
}

#[tokio::test]
async fn an_agent_that_calls_for_ever_is_stopped_at_the_most_rounds() {
    let (emulator, letta) = start().await;
    let (tools, calls) = tools();
    let acts: Vec<Act> = (0..10)
        .map(|_| call("weather", json!({"city": "Oslo"})))
        .collect();
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let tools = tools.with_max_rounds(3);
    let agent = letta.agent("agent-1");
    let error = agent.turn("Go on").tools(&tools).send().await.unwrap_err();
    assert!(error.to_string().contains("more than 3 rounds"), "{error}");
    assert!(error.may_have_happened());
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    // The last calls wait, and can be answered.
    let pending = agent.pending_approval().await.unwrap().unwrap();
    assert_eq!(pending.calls().len(), 1);
    pending.deny_all("Enough.").send().await.unwrap();
}

#[tokio::test]
async fn what_needs_a_person_is_asked_for_and_the_rest_runs_with_the_answer() {
    let (emulator, letta) = start().await;
    let (tools, calls) = tools();
    emulator
        .create_agent(letta_api_emulator::NewAgent::new("agent-2").parallel_tool_calls(true))
        .unwrap();
    let acts = [
        Act::calls([
            call("weather", json!({"city": "Oslo"})).with_id("call_1"),
            call("delete_file", json!({"path": "a.txt"}))
                .with_id("call_2")
                .needs_approval()
                .returns("Deleted."),
        ]),
        Act::text("Done."),
    ];
    emulator.agent("agent-2").script(Rule::new(acts)).unwrap();
    let agent = letta.agent("agent-2");
    let answer = agent.turn("Go").tools(&tools).send().await.unwrap();
    let Outcome::NeedsApproval(pending) = answer.outcome() else {
        panic!()
    };
    let names: Vec<&str> = pending.calls().map(|call| call.name()).collect();
    assert_eq!(names, ["delete_file"], "the other one runs by itself");
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    let answer = pending
        .decide(|_| Decision::approve())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.text(), "Done.");
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn two_tools_of_one_name_are_refused_before_anything_is_sent() {
    let (emulator, letta) = start().await;
    let (tools, _) = tools();
    let by_hand = vec![letta_api::types::ClientTool::new("weather")];
    let turn = letta
        .agent("agent-1")
        .turn("Hi")
        .client_tools(by_hand)
        .tools(&tools);
    let error = turn.send().await.unwrap_err();
    assert_eq!(error.field(), Some("client_tools"), "{error}");
    assert!(emulator.runs().is_empty());
}

/// The question was heard. To ask again would be to ask twice.
#[tokio::test]
async fn a_refusal_of_what_a_tool_returned_says_that_the_question_may_have_been_heard() {
    let (emulator, letta) = start().await;
    let acts = [call("weather", json!({"city": "Oslo"})), Act::text("Done.")];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let emulator = Arc::new(emulator);
    let refuser = emulator.clone();
    let tools = Tools::new().add("weather", "The weather", move |_: Weather| {
        let refused = Fault::status(422).on(operations::SEND_CONVERSATION_MESSAGE_STREAM);
        refuser.inject(refused.times(1)).unwrap();
        async { "Rain." }
    });
    let agent = letta.agent("agent-1");
    let error = agent
        .turn("Weather?")
        .tools(&tools)
        .send()
        .await
        .unwrap_err();
    assert!(error.may_have_happened(), "{error}");
    assert!(error.to_string().contains("was not taken"), "{error}");
    let pending = agent.pending_approval().await.unwrap().unwrap();
    let answer = pending
        .decide(|_| Decision::result("Rain."))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.text(), "Done.");
}

/// What the tools returned the first time is what the agent has.
#[tokio::test]
async fn a_turn_with_tools_that_is_resumed_by_its_key_answers_no_call_again() {
    let (emulator, letta) = start().await;
    let (tools, calls) = tools();
    let acts = [
        call("weather", json!({"city": "Oslo"})),
        Act::text("Take a coat."),
    ];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let agent = letta.agent("agent-1");
    let first = agent
        .turn("Weather?")
        .otid("key-1")
        .tools(&tools)
        .send()
        .await
        .unwrap();
    let again = agent
        .resume_turn("key-1")
        .tools(&tools)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (again.text(), again.run_ids()),
        (first.text(), first.run_ids())
    );
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert_eq!(emulator.runs().len(), 2);
}
