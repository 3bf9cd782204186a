//! Runs, against the emulator and against what a network may do.

use letta_api_emulator::Emulator;
use letta_api_ext::letta_api::types::{MessageRequest, SortOrder};
use letta_api_tests::emulated::start_with;
use letta_api_tests::{Tap, answer};

#[tokio::test]
async fn runs_are_listed_in_both_orders_each_once() {
    let builder = Emulator::builder().agent("agent-1").agent("agent-2");
    let (_emulator, letta) = start_with(builder).await;
    for agent in [
        "agent-1", "agent-2", "agent-1", "agent-1", "agent-1", "agent-1",
    ] {
        let body = MessageRequest::new().with_input("Hello".to_owned());
        letta
            .api()
            .send_message(&agent.into(), &body)
            .await
            .unwrap();
    }
    let all = async |order| {
        let list = letta
            .runs()
            .list()
            .agent_id("agent-1")
            .limit(2)
            .order(order);
        let mut items = list.items();
        let mut ids = Vec::new();
        while let Some(run) = items.next().await {
            let run = run.unwrap();
            assert_eq!(run.agent_id.as_str(), "agent-1");
            ids.push(run.id.to_string());
        }
        ids
    };
    let oldest_first = all(SortOrder::Asc).await;
    let mut newest_first = all(SortOrder::Desc).await;
    assert_eq!(oldest_first.len(), 5);
    newest_first.reverse();
    assert_eq!(newest_first, oldest_first);
    assert!(letta.runs().list().active(true).await.unwrap().is_empty());

    let error = letta
        .runs()
        .list()
        .after("run-1")
        .items()
        .next()
        .await
        .unwrap();
    assert_eq!(error.unwrap_err().field(), Some("after"));
}

#[tokio::test]
async fn a_run_says_what_was_said_and_what_it_took() {
    let (_emulator, letta) = start_with(Emulator::builder().agent("agent-1")).await;
    let body = MessageRequest::new().with_input("Hello".to_owned());
    letta
        .api()
        .send_message(&"agent-1".into(), &body)
        .await
        .unwrap();
    let runs = letta.runs().list().await.unwrap();
    let run = letta.run(&runs[0].id);
    let got = run.get().await.unwrap();
    assert_eq!(got.status.unwrap().to_string(), "completed");

    let page = run.messages().await.unwrap();
    assert!(!page.is_empty());
    let mut items = run.messages().limit(1).items();
    let mut count = 0;
    while let Some(message) = items.next().await {
        message.unwrap();
        count += 1;
    }
    assert_eq!(count, page.len());
    let steps = run.steps().await.unwrap();
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].run_id.as_ref(), Some(run.id()));
    let usage = run.usage().await.unwrap();
    assert_eq!(Some(usage.total_tokens), steps[0].total_tokens);

    let missing = letta.run("run-00000000-0000-4000-8000-000000000000");
    for error in [
        missing.get().await.unwrap_err(),
        missing.usage().await.unwrap_err(),
    ] {
        assert!(error.is_not_found(), "{error}");
    }
}

#[tokio::test]
async fn the_spans_of_a_run_come_as_they_are() {
    let spans = r#"[{"name":"agent_step","new":{"x":1}}]"#;
    let tap = Tap::start(answer("200 OK", "application/json", spans)).await;
    let trace = tap.letta().run("run-1").trace().limit(7).await.unwrap();
    assert_eq!(serde_json::to_string(&trace).unwrap(), spans);
    let line = "GET /v1/runs/run-1/trace?limit=7 ";
    assert!(tap.request().starts_with(line), "{}", tap.request());
}

#[tokio::test]
async fn an_id_that_would_name_another_resource_is_refused() {
    let tap = Tap::start(answer("200 OK", "application/json", "[]")).await;
    let run = tap.letta().run("..");
    for error in [
        run.get().await.unwrap_err(),
        run.messages().await.unwrap_err(),
        run.messages().items().next().await.unwrap().unwrap_err(),
        run.steps().await.unwrap_err(),
        run.usage().await.unwrap_err(),
        run.trace().await.unwrap_err(),
    ] {
        assert_eq!(error.field(), Some("run_id"), "{error}");
    }
    assert_eq!(tap.requests(), Vec::<String>::new());
}
