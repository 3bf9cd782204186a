//! Where the resumable path is not open.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use letta_api::operations;
use letta_api::types::ClientTool;
use letta_api_emulator::{Act, Emulator, Fault, Rule};
use letta_api_ext::turns::{Decision, Event, Outcome, TurnPath};
use letta_api_ext::{AccessPolicy, Letta, RetryPolicy};
use letta_api_tests::event_server::{EventServer, Reply};
use letta_api_tests::persistent;
use serde_json::json;

use super::talking::{letta, start};

const SEND: letta_api::Operation = operations::SEND_CONVERSATION_MESSAGE_STREAM;
const ORIGIN: &str = "https://chat.example.com";

/// A client of somebody who may chat with agent-1 and nothing else.
async fn holder(emulator: &Emulator, letta: &Letta) -> Letta {
    let policy = AccessPolicy::builder().agent("agent-1").chat();
    let policy = policy.build().unwrap();
    let token = letta.access_tokens().create(policy, ORIGIN).await.unwrap();
    Letta::builder()
        .api_key(token.expose_secret())
        .base_url(emulator.base_url())
        .origin(ORIGIN)
        .build()
        .unwrap()
}

#[tokio::test]
async fn the_holder_of_a_token_talks_on_the_agents_path() {
    let (emulator, letta) = start().await;
    let holder = holder(&emulator, &letta).await;
    let answer = holder.agent("agent-1").turn("Hello").send().await.unwrap();
    assert_eq!(answer.path(), TurnPath::Plain);
    assert_eq!(answer.text(), "You said: Hello");
    // A token opens no other path, so none was tried.
    assert_eq!(emulator.request_count(SEND), 0);
    assert_eq!(emulator.request_count(operations::SEND_MESSAGE_STREAM), 1);
    let turn = holder.agent("agent-1").turn("Hello").tokens();
    let mut turn = turn.stream().await.unwrap();
    let mut pieces = 0;
    while let Some(event) = turn.next().await {
        pieces += usize::from(matches!(event.unwrap(), Event::Text(_)));
    }
    assert!(pieces > 1);
    assert_eq!(turn.finish().unwrap().text(), "You said: Hello");
}

#[tokio::test]
async fn the_holder_of_a_token_answers_requests_and_runs_tools() {
    let (emulator, letta) = start().await;
    let holder = holder(&emulator, &letta).await;
    let ask = Act::call("delete_file", json!({})).with_id("call_1");
    let acts = [
        ask.needs_approval().returns("Gone."),
        Act::call("ask_user", json!({})).with_id("call_2"),
        Act::text("Done."),
    ];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let turn = holder.agent("agent-1").turn("Hello");
    let turn = turn.client_tools([ClientTool::new("ask_user")]);
    let answer = turn.send().await.unwrap();
    let Outcome::NeedsApproval(asked) = answer.outcome() else {
        panic!()
    };
    let answer = asked.approve_all().send().await.unwrap();
    let Outcome::NeedsApproval(asked) = answer.outcome() else {
        panic!()
    };
    let turn = asked.decide(|call| {
        assert_eq!(call.name(), "ask_user");
        Decision::result("Yes.")
    });
    let answer = turn.send().await.unwrap();
    assert_eq!(
        (answer.text(), answer.path()),
        ("Done.".to_owned(), TurnPath::Plain)
    );
    assert_eq!(emulator.request_count(SEND), 0);
}

#[tokio::test]
async fn what_the_holder_of_a_token_cannot_do_is_an_error_that_says_so() {
    let (emulator, letta) = start().await;
    let holder = holder(&emulator, &letta).await;
    let agent = holder.agent("agent-1");
    for turn in [agent.turn("Hi").otid("key"), agent.resume_turn("key")] {
        let error = turn.send().await.unwrap_err();
        assert_eq!(error.field(), Some("otid"), "{error}");
        assert!(error.to_string().contains("`message_otid`"), "{error}");
    }
    let resumable = agent.turn("Hi").with_path(TurnPath::Resumable);
    let error = resumable.send().await.unwrap_err();
    assert_eq!(error.field(), Some("path"), "{error}");
    let error = agent.follow_run("run-1").send().await.unwrap_err();
    assert_eq!(error.field(), Some("run"), "{error}");
    let errors = [
        agent.pending_approval().await.unwrap_err(),
        holder.agent("agent-2").turn("Hi").send().await.unwrap_err(),
        holder
            .conversation("conv-1")
            .turn("Hi")
            .send()
            .await
            .unwrap_err(),
    ];
    for error in errors {
        assert!(
            error.is_forbidden() || error.is_unauthorized() || error.is_not_found(),
            "{error}"
        );
        assert!(!error.may_have_happened(), "{error}");
    }
    assert!(emulator.runs().is_empty());
    // A break is told at once, since a token reads no runs.
    let fault = Fault::break_stream_after(2).times(1);
    let path = operations::SEND_MESSAGE_STREAM;
    emulator.inject(fault.on(path)).unwrap();
    let error = agent.turn("Hi").send().await.unwrap_err();
    assert!(
        error.is_interrupted() && error.may_have_happened(),
        "{error}"
    );
    let run = emulator.runs().pop().unwrap().id;
    assert_eq!(error.run_id(), Some(run.as_str()));
    assert_eq!(emulator.request_count(operations::GET_RUN), 0);
    assert_eq!(emulator.request_count(operations::GET_RUN_USAGE), 0);
}

/// The keys of the user's messages, oldest first.
async fn keys(letta: &Letta) -> Vec<String> {
    let params = letta_api::types::ListMessagesParams::default();
    let agent = "agent-1".into();
    let messages = letta.api().list_messages(&agent, &params).await.unwrap();
    let messages = serde_json::to_value(&*messages).unwrap();
    let messages = messages.as_array().unwrap().iter();
    let said = messages.filter(|message| message["message_type"] == "user_message");
    said.map(|message| message["otid"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_key_is_stored_with_a_message_on_any_path() {
    let (emulator, letta) = start().await;
    let holder = holder(&emulator, &letta).await;
    let turn = |letta: &Letta, key: &str| letta.agent("agent-1").turn("Hi").message_otid(key);
    let answer = turn(&holder, "page-1").and_say("there").send().await;
    assert_eq!(answer.unwrap().path(), TurnPath::Plain);
    assert_eq!(keys(&letta).await, ["page-1", "page-1-1"]);
    let answer = turn(&letta, "page-2").send().await.unwrap();
    assert_eq!(answer.path(), TurnPath::Resumable);
    assert_eq!(keys(&letta).await, ["page-1", "page-1-1", "page-2"]);

    // The key stays if the turn has to take the other path.
    let builder = Emulator::builder().background_runs(false).agent("agent-1");
    let emulator = builder.start().await.unwrap();
    let letta = self::letta(&emulator);
    let answer = turn(&letta, "page-3").send().await.unwrap();
    assert_eq!(answer.path(), TurnPath::Plain);
    assert_eq!(emulator.request_count(SEND), 1);
    assert_eq!(keys(&letta).await, ["page-3"]);
}

#[tokio::test]
async fn a_key_of_a_message_must_not_be_empty_or_beside_a_key_of_the_turn() {
    let (emulator, letta) = start().await;
    let agent = letta.agent("agent-1");
    for (turn, rule) in [
        (agent.turn("Hi").message_otid(""), "must not be empty"),
        (
            agent.turn("Hi").message_otid("a").otid("b"),
            "beside `otid`",
        ),
        (agent.resume_turn("b").message_otid("a"), "beside `otid`"),
    ] {
        let error = turn.send().await.unwrap_err();
        assert_eq!(error.field(), Some("message_otid"), "{error}");
        assert!(error.to_string().contains(rule), "{error}");
    }
    assert!(emulator.runs().is_empty());
}

#[tokio::test]
async fn a_server_without_a_store_is_talked_to_on_the_plain_path_and_not_asked_each_time() {
    let builder = Emulator::builder().background_runs(false).agent("agent-1");
    let emulator = builder.start().await.unwrap();
    let client = letta(&emulator);
    for number in 0..5 {
        let agent = client.clone().agent("agent-1");
        let answer = agent.turn(format!("Say {number}")).send().await.unwrap();
        assert_eq!(answer.text(), format!("You said: Say {number}"));
        assert_eq!(answer.path(), TurnPath::Plain);
    }
    assert_eq!(emulator.request_count(SEND), 1);
    assert_eq!(emulator.runs().len(), 5);
    let turn = client.agent("agent-1").turn("Hi");
    let error = turn
        .with_path(TurnPath::Resumable)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 503, "{error}");
    assert!(error.message().unwrap().contains("Redis"), "{error}");
    assert_eq!(emulator.runs().len(), 5);
    // A conversation has a plain path of its own.
    let (params, id) = (
        letta_api::types::CreateConversation::new(),
        "agent-1".into(),
    );
    let made = client.api().create_conversation(&id, Some(&params)).await;
    let conversation = client.conversation(&made.unwrap().id);
    let answer = conversation.turn("Hello").send().await.unwrap();
    assert_eq!(answer.path(), TurnPath::Plain);
}

#[tokio::test]
async fn a_503_that_is_not_of_the_store_is_no_reason_for_the_plain_path() {
    let (emulator, letta) = start().await;
    emulator
        .inject(Fault::status(503).on(SEND).times(1))
        .unwrap();
    let answer = letta.agent("agent-1").turn("Hello").send().await.unwrap();
    assert_eq!(answer.path(), TurnPath::Resumable);
    assert_eq!(emulator.runs().len(), 1);
}

/// The events of a turn that says this.
fn says(text: &str) -> Reply {
    let message = json!({
        "message_type": "assistant_message", "id": "message-1", "date": "2026-01-01T00:00:00Z", "run_id": "run-1",
        "content": text,
    });
    let stop = json!({"message_type": "stop_reason", "stop_reason": "end_turn"});
    let usage = json!({"message_type": "usage_statistics", "total_tokens": 3});
    let events = [message, stop, usage].map(|event| event.to_string());
    Reply::events(events.into_iter().chain(["[DONE]".to_owned()]))
}

/// A server that refuses the conversations' path in this way, and what it is asked.
async fn older(status: &'static str, body: &str) -> (EventServer, Letta, Arc<Mutex<Vec<String>>>) {
    let (body, asked) = (body.to_owned(), Arc::<Mutex<Vec<String>>>::default());
    let server = EventServer::start({
        let asked = asked.clone();
        move |line, _| {
            asked.lock().unwrap().push(line.to_owned());
            match line.contains("/v1/conversations/") {
                true => Reply::Json(status, body.clone()),
                false => says("Hello from before."),
            }
        }
    })
    .await;
    let letta = persistent(server.url());
    (server, letta, asked)
}

#[tokio::test]
async fn a_server_without_the_path_is_talked_to_on_the_other() {
    let rows = [
        ("404 Not Found", r#"{"detail":"Not Found"}"#),
        (
            "405 Method Not Allowed",
            r#"{"detail":"Method Not Allowed"}"#,
        ),
        ("501 Not Implemented", r#"{"detail":"Not implemented"}"#),
        ("403 Forbidden", r#"{"message":"Forbidden"}"#),
        (
            "422 Unprocessable Entity",
            r#"{"detail":[{"loc":["path","conversation_id"],"msg":"String should match pattern","type":"x"}]}"#,
        ),
        (
            "503 Service Unavailable",
            r#"{"detail":"INTERNAL_SERVER_ERROR: Background streaming requires Redis to be running."}"#,
        ),
    ];
    for (status, body) in rows {
        let (_server, letta, asked) = older(status, body).await;
        let answer = letta.agent("agent-1").turn("Hello").send().await;
        let answer = answer.unwrap_or_else(|error| panic!("{status}: {error}"));
        assert_eq!(answer.text(), "Hello from before.", "{status}");
        assert_eq!(answer.path(), TurnPath::Plain);
        assert_eq!(
            *asked.lock().unwrap(),
            [
                "POST /v1/conversations/default/messages HTTP/1.1",
                "POST /v1/agents/agent-1/messages HTTP/1.1"
            ],
            "{status}"
        );
        // Whoever chose the path is told.
        let turn = letta.agent("agent-1").turn("Hello");
        let error = turn
            .with_path(TurnPath::Resumable)
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.status().unwrap().as_str(), &status[..3]);
        assert_eq!(asked.lock().unwrap().len(), 3, "{status}");
    }
}

/// An agent's own thread goes by the ID `default`, which an older server does not know. A caller's conversation has an ID of the caller's.
#[tokio::test]
async fn an_id_of_a_conversation_that_is_refused_is_no_reason_for_the_other_path() {
    let body = r#"{"detail":[{"loc":["path","conversation_id"],"msg":"String should match pattern","type":"x"}]}"#;
    let (_server, letta, asked) = older("422 Unprocessable Entity", body).await;
    let turn = letta.conversation("conv-1").turn("Hello");
    let error = turn.send().await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 422, "{error}");
    assert_eq!(
        *asked.lock().unwrap(),
        ["POST /v1/conversations/conv-1/messages HTTP/1.1"]
    );
}

#[tokio::test]
async fn a_refusal_of_what_is_said_is_no_reason_for_the_other_path() {
    for (status, body) in [
        (
            "404 Not Found",
            r#"{"detail":"NOT_FOUND: No agent with this ID."}"#,
        ),
        (
            "422 Unprocessable Entity",
            r#"{"detail":[{"loc":["body","messages"],"msg":"no","type":"x"}]}"#,
        ),
        ("400 Bad Request", r#"{"detail":"INVALID_ARGUMENT: no"}"#),
        (
            "409 Conflict",
            r#"{"detail":"CONFLICT: busy","run_id":"run-7"}"#,
        ),
    ] {
        let (_server, letta, asked) = older(status, body).await;
        let error = letta
            .agent("agent-1")
            .turn("Hello")
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.status().unwrap().as_str(), &status[..3]);
        assert!(!error.may_have_happened(), "{error}");
        assert_eq!(asked.lock().unwrap().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn own_headers_reach_every_request_of_a_turn() {
    let (emulator, _) = start().await;
    let proxy = letta_api_tests::recording_proxy::RecordingProxy::start(emulator.base_url()).await;
    let letta = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(proxy.url())
        .build()
        .unwrap();
    for (operation, fault) in [
        (SEND, Fault::lose_answer()),
        (
            operations::RESUME_CONVERSATION_STREAM,
            Fault::break_stream_after(1),
        ),
        (operations::RESUME_RUN_STREAM, Fault::status(400)),
    ] {
        emulator.inject(fault.on(operation).times(1)).unwrap();
    }
    let ask = Act::call("delete_file", json!({})).needs_approval();
    let acts = [ask.returns("Gone."), Act::text("Done.")];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let turn = letta
        .agent("agent-1")
        .turn("Hello")
        .with_header("x-team", "blue");
    let Outcome::NeedsApproval(asked) = turn.send().await.unwrap().outcome() else {
        panic!()
    };
    asked.approve_all().send().await.unwrap();
    let requests = proxy.requests();
    let paths: Vec<&str> = requests.iter().map(|it| it.target.as_str()).collect();
    assert!(requests.len() >= 6, "{paths:?}");
    for request in &requests {
        assert_eq!(request.headers["x-team"], "blue", "{}", request.target);
    }
}

#[tokio::test]
async fn a_turn_is_sent_as_often_as_its_own_retry_policy_allows() {
    let never = RetryPolicy::never();
    let (emulator, letta) = start().await;
    emulator.inject(Fault::disconnect().on(SEND)).unwrap();
    let turn = letta.agent("agent-1").turn("Hello").with_retry(never);
    let error = turn.send().await.unwrap_err();
    assert!(error.may_have_happened(), "{error}");
    assert_eq!(emulator.request_count(SEND), 1);
    let backoff = Duration::from_millis(1);
    let more = RetryPolicy::standard()
        .max_attempts(4)
        .backoff(backoff, backoff);
    let turn = letta.agent("agent-1").turn("Hello").with_retry(more);
    assert!(turn.send().await.is_err());
    assert_eq!(emulator.request_count(SEND), 5);
    assert!(emulator.runs().is_empty());
}
