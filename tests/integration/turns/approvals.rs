//! Requests that wait, and answers to them: calls of tools that need approval, and of tools that the application has.

use letta_api::operations;
use letta_api::types::{ClientTool, CreateConversation, StopReasonType};
use letta_api_emulator::{Act, Emulator, NewAgent, Rule};
use letta_api_ext::Letta;
use letta_api_ext::turns::{Answer, Decision, Event, Outcome, PendingApproval, TurnPath};
use letta_api_tests::recording_proxy::RecordingProxy;
use serde_json::{Value, json};

use super::talking::{letta, start};

/// Agents that may call several tools at once.
async fn parallel() -> (Emulator, Letta) {
    let agent = NewAgent::new("agent-1").parallel_tool_calls(true);
    let emulator = Emulator::builder().agent(agent).start().await.unwrap();
    let letta = letta(&emulator);
    (emulator, letta)
}

/// A call of a tool of the service that needs approval.
fn asks(name: &str, id: &str) -> Act {
    let call = Act::call(name, json!({"path": format!("{id}.txt")}));
    call.with_id(id).needs_approval().returns("Done.")
}

fn tool(name: &str) -> ClientTool {
    ClientTool::new(name)
}

fn pending(answer: Answer) -> PendingApproval {
    assert_eq!(*answer.stop_reason(), StopReasonType::RequiresApproval);
    match answer.outcome() {
        Outcome::NeedsApproval(pending) => pending,
        Outcome::Done(answer) => panic!("{answer:?}"),
    }
}

fn names(pending: &PendingApproval) -> Vec<(String, String)> {
    let calls = pending.calls();
    calls
        .map(|call| (call.id().to_string(), call.name().to_owned()))
        .collect()
}

/// What was said through a proxy: the bodies of all requests that say something.
fn said(proxy: &RecordingProxy) -> Vec<Value> {
    let requests = proxy.requests().into_iter();
    let said = requests.filter(|it| it.target.contains("/messages") && it.method == "POST");
    said.map(|it| serde_json::from_slice(&it.body).unwrap())
        .collect()
}

fn through(proxy: &RecordingProxy, emulator: &Emulator) -> Letta {
    let letta = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(proxy.url());
    letta.build().unwrap()
}

#[tokio::test]
async fn a_request_is_answered_as_a_whole() {
    let (emulator, letta) = start().await;
    let acts = [
        asks("delete_file", "call_1"),
        Act::text("The file is gone."),
    ];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let agent = letta.agent("agent-1");
    let answer = agent.turn("Clean up").send().await.unwrap();
    assert!(answer.needs_approval());
    let pending = pending(answer);
    assert_eq!(
        names(&pending),
        [("call_1".to_owned(), "delete_file".to_owned())]
    );
    let [call] = &pending.calls().collect::<Vec<_>>()[..] else {
        panic!()
    };
    assert!(call.waits_for_answer());
    assert_eq!(
        call.arguments_as::<Value>().unwrap(),
        json!({"path": "call_1.txt"})
    );
    // Another process finds it.
    let found = agent.pending_approval().await.unwrap().unwrap();
    assert_eq!(found.request_id(), pending.request_id());
    assert_eq!(names(&found), names(&pending));
    // Dropping it answers nothing.
    drop(pending);
    assert!(agent.pending_approval().await.unwrap().is_some());
    let answer = found.decide(|_| Decision::approve()).send().await.unwrap();
    assert_eq!(answer.text(), "The file is gone.");
    assert!(agent.pending_approval().await.unwrap().is_none());
}

#[tokio::test]
async fn approvals_denials_and_results_go_in_one_message_with_exactly_the_ids_that_wait() {
    for (path, tokens) in [
        (TurnPath::Resumable, false),
        (TurnPath::Resumable, true),
        (TurnPath::Plain, false),
        (TurnPath::Plain, true),
    ] {
        let (emulator, _) = parallel().await;
        let calls = [
            asks("delete_file", "call_1"),
            asks("move_file", "call_2"),
            asks("copy_file", "call_3"),
            Act::call("ask_user", json!({"question": "Really?"})).with_id("call_4"),
        ];
        let acts = [Act::calls(calls), Act::text("All is tidy.")];
        emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
        let proxy = RecordingProxy::start(emulator.base_url()).await;
        let letta = through(&proxy, &emulator);
        let turn = letta.agent("agent-1").turn("Tidy up").with_path(path);
        let turn = turn.client_tools([tool("ask_user")]);
        let turn = if tokens { turn.tokens() } else { turn };
        let asked = pending(turn.send().await.unwrap());
        let ids: Vec<String> = names(&asked).into_iter().map(|(id, _)| id).collect();
        assert_eq!(
            ids,
            ["call_1", "call_2", "call_3", "call_4"],
            "{path:?} {tokens}"
        );
        for call in asked.calls() {
            let arguments: Value = call.arguments_as().unwrap();
            assert!(arguments["path"].is_string() || arguments["question"] == "Really?");
        }
        // In any order.
        let turn = asked.decisions([
            ("call_4", Decision::result("Yes.")),
            ("call_2", Decision::deny("Leave it there.")),
            ("call_1", Decision::approve()),
            ("call_3", Decision::failed("The disk is full.")),
        ]);
        let answer = turn.send().await.unwrap();
        assert_eq!(answer.text(), "All is tidy.", "{path:?} {tokens}");
        let said = said(&proxy);
        assert_eq!(said.len(), 2);
        let [message] = &said[1]["messages"].as_array().unwrap()[..] else {
            panic!("{said:?}")
        };
        assert_eq!(message["type"], "approval");
        let approvals = message["approvals"].as_array().unwrap();
        let sent: Vec<&str> = approvals
            .iter()
            .map(|it| it["tool_call_id"].as_str().unwrap())
            .collect();
        assert_eq!(sent, ids);
        let types: Vec<&str> = approvals
            .iter()
            .map(|it| it["type"].as_str().unwrap())
            .collect();
        assert_eq!(types, ["approval", "approval", "tool", "tool"]);
        assert_eq!(
            (&approvals[0]["approve"], &approvals[1]["approve"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(approvals[1]["reason"], "Leave it there.");
        assert_eq!(
            (&approvals[2]["status"], &approvals[3]["status"]),
            (&json!("error"), &json!("success"))
        );
        // Never in the old form, and the tools are offered again.
        for old in ["approve", "approval_request_id", "reason"] {
            assert!(message.get(old).is_none_or(Value::is_null), "{message}");
        }
        assert_eq!(said[1]["client_tools"], said[0]["client_tools"]);
        // Each message has a key that was never used before.
        assert!(message["otid"].is_string());
        assert_ne!(message["otid"], said[0]["messages"][0]["otid"]);
    }
}

#[tokio::test]
async fn results_alone_go_as_returns_of_tools_in_several_rounds() {
    let (emulator, _) = start().await;
    let acts = [
        Act::call("weather", json!({"city": "Oslo"})),
        Act::call("weather", json!({"city": "Rome"})),
        Act::text("Rain and sun."),
    ];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let proxy = RecordingProxy::start(emulator.base_url()).await;
    let letta = through(&proxy, &emulator);
    let turn = letta
        .agent("agent-1")
        .turn("Weather?")
        .client_tools([tool("weather")]);
    let first = pending(turn.send().await.unwrap());
    let second = first.decide(|call| {
        assert!(call.arguments().contains("Oslo"));
        Decision::result("Rain.")
    });
    let second = pending(second.send().await.unwrap());
    let answer = second.decide(|call| {
        assert!(call.arguments().contains("Rome"));
        Decision::result("Sun.")
    });
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.text(), "Rain and sun.");
    let said = said(&proxy);
    assert_eq!(said.len(), 3);
    for answered in &said[1..] {
        assert_eq!(answered["messages"][0]["type"], "tool_return");
        assert_eq!(answered["client_tools"][0]["name"], "weather");
    }
    // Each answer is a run of its own.
    assert_eq!(emulator.runs().len(), 3);
}

#[tokio::test]
async fn a_denial_frees_the_agent_and_says_why() {
    let (emulator, letta) = start().await;
    let acts = [asks("delete_file", "call_1"), Act::text("Then I keep it.")];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let agent = letta.agent("agent-1");
    let asked = pending(agent.turn("Clean up").send().await.unwrap());
    let mut turn = asked.deny_all("Keep all files.").stream().await.unwrap();
    let mut returned = Vec::new();
    while let Some(event) = turn.next().await {
        if let Event::ToolReturn(done) = event.unwrap() {
            returned.push((done.is_success(), done.text().to_owned()));
        }
    }
    assert_eq!(turn.finish().unwrap().text(), "Then I keep it.");
    assert!(
        returned.iter().all(|(is_success, _)| !is_success),
        "{returned:?}"
    );
    assert!(agent.pending_approval().await.unwrap().is_none());
    let state = emulator.dump().to_string();
    assert!(state.contains("Keep all files."));
    assert_eq!(
        agent.turn("Still there?").send().await.unwrap().text(),
        "You said: Still there?"
    );
}

#[tokio::test]
async fn a_result_for_a_tool_of_the_service_is_taken_instead_of_running_it() {
    let (emulator, letta) = start().await;
    let acts = [asks("delete_file", "call_1"), Act::text("I see.")];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let asked = pending(
        letta
            .agent("agent-1")
            .turn("Clean up")
            .send()
            .await
            .unwrap(),
    );
    let turn = asked.decide(|_| Decision::result("It was gone already."));
    assert_eq!(turn.send().await.unwrap().text(), "I see.");
    let state = emulator.dump().to_string();
    assert!(state.contains("It was gone already."));
    let messages = emulator.agent("agent-1").snapshot().unwrap();
    let returned: Vec<&str> = messages.messages().iter().map(|it| it.text()).collect();
    assert!(!returned.contains(&"Done."), "{returned:?}");
}

#[tokio::test]
async fn an_automatic_tool_beside_a_request_is_not_answered_and_runs_after_the_answer() {
    for tokens in [false, true] {
        let (emulator, letta) = parallel().await;
        let list = Act::call("list_files", json!({}))
            .with_id("call_1")
            .returns("a.txt");
        let acts = [
            Act::calls([list, asks("delete_file", "call_2")]),
            Act::text("Tidy."),
        ];
        emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
        let turn = letta.agent("agent-1").turn("Tidy up");
        let turn = if tokens { turn.tokens() } else { turn };
        let mut turn = turn.stream().await.unwrap();
        let mut calls = Vec::new();
        while let Some(event) = turn.next().await {
            match event.unwrap() {
                Event::ToolCall(call) => {
                    calls.push((call.id().to_string(), call.waits_for_answer()))
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(
            calls,
            [("call_1".to_owned(), false), ("call_2".to_owned(), true)]
        );
        let asked = pending(turn.finish().unwrap());
        assert_eq!(names(&asked).len(), 1);
        let mut turn = asked.approve_all().stream().await.unwrap();
        let mut returned = Vec::new();
        while let Some(event) = turn.next().await {
            if let Event::ToolReturn(done) = event.unwrap() {
                returned.push(done.text().to_owned());
            }
        }
        returned.sort();
        assert_eq!(returned, ["Done.", "a.txt"], "{tokens}");
        assert_eq!(turn.finish().unwrap().text(), "Tidy.");
    }
}

#[tokio::test]
async fn a_message_may_follow_the_answer_in_one_request() {
    let (emulator, _) = start().await;
    let acts = [asks("delete_file", "call_1"), Act::text("Good bye.")];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let proxy = RecordingProxy::start(emulator.base_url()).await;
    let letta = through(&proxy, &emulator);
    let asked = pending(
        letta
            .agent("agent-1")
            .turn("Clean up")
            .send()
            .await
            .unwrap(),
    );
    let turn = asked.deny_all("No.").and_say("That is all.");
    turn.send().await.unwrap();
    let said = said(&proxy);
    let messages = said[1]["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0]["type"], "approval");
    assert_eq!(messages[1]["content"], "That is all.");
    assert_ne!(messages[0]["otid"], messages[1]["otid"]);
    assert!(emulator.dump().to_string().contains("That is all."));
}

#[tokio::test]
async fn a_message_while_a_request_waits_is_an_error_that_says_so_on_every_path() {
    let (emulator, letta) = start().await;
    let (params, id) = (CreateConversation::new(), "agent-1".into());
    let api = letta.api();
    let made = api.create_conversation(&id, Some(&params)).await.unwrap();
    let conversation = letta.conversation(&made.id);
    let rule = || Rule::new([asks("delete_file", "call_1"), Act::text("Done.")]);
    emulator.agent("agent-1").script([rule(), rule()]).unwrap();
    let agent = letta.agent("agent-1");
    let of_agent = pending(agent.turn("Clean up").send().await.unwrap());
    let of_conversation = pending(conversation.turn("Clean up").send().await.unwrap());
    for path in [TurnPath::Auto, TurnPath::Resumable, TurnPath::Plain] {
        for tokens in [false, true] {
            for turn in [agent.turn("Hello?"), conversation.turn("Hello?")] {
                let turn = turn.with_path(path);
                let turn = if tokens { turn.tokens() } else { turn };
                let error = turn.send().await.unwrap_err();
                assert!(
                    error.is_pending_approval() && !error.is_busy(),
                    "{path:?}: {error}"
                );
                assert!(!error.is_interrupted(), "{path:?}: {error}");
            }
        }
    }
    // Both wait as before, each in its thread.
    let found = agent.pending_approval().await.unwrap().unwrap();
    assert_eq!(found.request_id(), of_agent.request_id());
    let found = conversation.pending_approval().await.unwrap().unwrap();
    assert_eq!(found.request_id(), of_conversation.request_id());
    for asked in [of_agent, of_conversation] {
        assert_eq!(asked.approve_all().send().await.unwrap().text(), "Done.");
    }
    assert!(agent.pending_approval().await.unwrap().is_none());
    assert!(conversation.pending_approval().await.unwrap().is_none());
}

#[tokio::test]
async fn an_answer_to_other_calls_than_those_that_wait_is_refused_before_it_is_sent() {
    let (emulator, letta) = parallel().await;
    let calls = Act::calls([asks("delete_file", "call_1"), asks("move_file", "call_2")]);
    let acts = [calls, Act::text("Done.")];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let agent = letta.agent("agent-1");
    let asked = pending(agent.turn("Clean up").send().await.unwrap());
    drop(asked);
    let approve = Decision::approve;
    for decisions in [
        vec![],
        vec![("call_1", approve())],
        vec![("call_1", approve()), ("call_3", approve())],
        vec![
            ("call_1", approve()),
            ("call_2", approve()),
            ("call_3", approve()),
        ],
        vec![
            ("call_1", approve()),
            ("call_1", approve()),
            ("call_2", approve()),
        ],
    ] {
        let found = agent.pending_approval().await.unwrap().unwrap();
        let error = found.decisions(decisions).send().await.unwrap_err();
        assert_eq!(error.field(), Some("decisions"), "{error}");
        assert!(!error.may_have_happened());
    }
    assert_eq!(emulator.runs().len(), 1);
    let found = agent.pending_approval().await.unwrap().unwrap();
    assert_eq!(found.approve_all().send().await.unwrap().text(), "Done.");
}

#[tokio::test]
async fn a_tool_of_the_application_cannot_be_approved() {
    let (emulator, letta) = start().await;
    let acts = [Act::call("ask_user", json!({})), Act::text("Done.")];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let turn = letta
        .agent("agent-1")
        .turn("Hi")
        .client_tools([tool("ask_user")]);
    let asked = pending(turn.send().await.unwrap());
    let error = asked.approve_all().send().await.unwrap_err();
    assert_eq!(error.field(), Some("decisions"), "{error}");
    assert_eq!(emulator.runs().len(), 1);
}

#[tokio::test]
async fn an_answer_whose_answer_is_lost_is_found_again_and_not_sent_twice() {
    use letta_api_emulator::Fault;
    for fault in [
        Fault::lose_answer(),
        Fault::break_stream_after(0),
        Fault::break_stream_after(2),
    ] {
        let (emulator, letta) = start().await;
        let acts = [asks("delete_file", "call_1"), Act::text("Done.")];
        emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
        let asked = pending(
            letta
                .agent("agent-1")
                .turn("Clean up")
                .send()
                .await
                .unwrap(),
        );
        let path = operations::SEND_CONVERSATION_MESSAGE_STREAM;
        emulator.inject(fault.on(path).times(1)).unwrap();
        let answer = asked.approve_all().send().await.unwrap();
        assert_eq!(answer.text(), "Done.");
        assert_eq!(emulator.request_count(path), 2);
        assert_eq!(emulator.runs().len(), 2);
    }
    // If the answer did not arrive, it is not sent again either: nobody knows.
    let (emulator, letta) = start().await;
    let acts = [asks("delete_file", "call_1"), Act::text("Done.")];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let agent = letta.agent("agent-1");
    let asked = pending(agent.turn("Clean up").send().await.unwrap());
    let path = operations::SEND_CONVERSATION_MESSAGE_STREAM;
    emulator
        .inject(Fault::disconnect().on(path).times(1))
        .unwrap();
    let error = asked.approve_all().send().await.unwrap_err();
    assert!(
        error.is_interrupted() && error.may_have_happened(),
        "{error}"
    );
    assert_eq!(emulator.request_count(path), 2);
    let found = agent.pending_approval().await.unwrap().unwrap();
    assert_eq!(found.approve_all().send().await.unwrap().text(), "Done.");
}

#[tokio::test]
async fn who_answers_twice_with_one_key_gets_the_first_answers_run() {
    let (emulator, letta) = start().await;
    let acts = [asks("delete_file", "call_1"), Act::text("Done.")];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let agent = letta.agent("agent-1");
    drop(agent.turn("Clean up").send().await.unwrap());
    // Two processes find it, and use the same key.
    let one = agent.pending_approval().await.unwrap().unwrap();
    let other = agent.pending_approval().await.unwrap().unwrap();
    let key = format!("answer-to-{}", one.request_id());
    let first = one.approve_all().otid(&key).send().await.unwrap();
    let second = other.deny_all("No.").otid(&key).send().await.unwrap();
    assert_eq!(first.run_id(), second.run_id());
    assert_eq!(second.text(), "Done.");
    assert_eq!(emulator.runs().len(), 2);
}

#[tokio::test]
async fn cancelling_denies_a_request_and_frees_the_agent() {
    let (emulator, letta) = start().await;
    let acts = [asks("delete_file", "call_1"), Act::text("Done.")];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let agent = letta.agent("agent-1");
    drop(agent.turn("Clean up").send().await.unwrap());
    assert!(agent.pending_approval().await.unwrap().is_some());
    agent.cancel().send().await.unwrap();
    assert!(agent.pending_approval().await.unwrap().is_none());
    let answer = agent.turn("Hello").send().await.unwrap();
    assert!(!answer.text().is_empty());
}

#[tokio::test]
async fn what_was_decided_is_not_in_the_way_of_other_agents() {
    // A request of one agent does not stop another one's turn.
    let (emulator, letta) = start().await;
    emulator.create_agent("agent-2").unwrap();
    emulator
        .agent("agent-1")
        .script(Rule::new([asks("delete_file", "call_1")]))
        .unwrap();
    let asked = pending(
        letta
            .agent("agent-1")
            .turn("Clean up")
            .send()
            .await
            .unwrap(),
    );
    assert!(letta.agent("agent-2").turn("Hi").send().await.is_ok());
    assert!(!asked.before().unwrap().messages().is_empty());
}
