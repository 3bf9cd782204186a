use letta_api::Client;
use letta_api::types::{
    AgentId, CompactionRequest, CompactionSettings, ConversationId, FeedbackType,
    GetRunTraceParams, ListAllMessagesParams, ListMessagesParams, ListRunMessagesParams,
    ListRunStepsParams, ListRunsParams, ListStepMessagesParams, ListStepsParams, Message,
    MessageId, MessageSearchResult, ResetMessagesRequest, RunId, RunStatus, SearchMessagesRequest,
    SortOrder, StepId, UpdateFeedback,
};
use letta_api_emulator::Emulator;
use reqwest::Method;
use serde_json::{Value, json};

use crate::raw::{Answer, client, request};
use crate::side_by_side::{Server, same};
use crate::typed::{NONE, status};

/// An agent that was told these.
async fn told(texts: &[&str]) -> (Emulator, Client, AgentId) {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    for text in texts {
        let body = json!({"input": text});
        let send = request(&emulator, Method::POST, "/v1/agents/agent-1/messages").json(&body);
        assert_eq!(Answer::of(send).await.status, 200);
    }
    let client = client(&emulator);
    (emulator, client, AgentId::from("agent-1"))
}

fn is_said(message: &Message) -> bool {
    matches!(
        message,
        Message::UserMessage(_) | Message::AssistantMessage(_)
    )
}

#[tokio::test]
async fn runs_and_steps_of_turns_are_listed_and_read() {
    let (_emulator, client, agent) = told(&["one", "two", "three"]).await;
    let runs = client
        .list_runs(&ListRunsParams::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(runs.len(), 3);
    assert!(
        runs.iter()
            .all(|run| run.status == Some(RunStatus::Completed))
    );
    let newest_first: Vec<_> = runs.iter().map(|run| run.id.clone()).collect();
    for order in [SortOrder::Desc, SortOrder::Asc] {
        let params = ListRunsParams::default()
            .with_limit(1)
            .with_order(order.clone());
        let mut items = client.list_runs_pages(&params).items();
        let mut found = Vec::new();
        while let Some(run) = items.next().await {
            found.push(run.unwrap().id);
        }
        if order == SortOrder::Asc {
            found.reverse();
        }
        assert_eq!(found, newest_first);
    }
    let of_agent = ListRunsParams::default().with_agent_id(agent.clone());
    let completed = of_agent.with_statuses(["completed".to_owned()]);
    assert_eq!(client.list_runs(&completed).await.unwrap().len(), 3);
    let wrong = ListRunsParams::default().with_statuses(["done".to_owned()]);
    assert_eq!(status(client.list_runs(&wrong).await), 400);

    let run = &newest_first[0];
    assert_eq!(client.get_run(run).await.unwrap().agent_id, agent);
    let messages = client
        .list_run_messages(run, &ListRunMessagesParams::default())
        .await
        .unwrap();
    assert!(messages.iter().all(is_said));
    let mut items = client
        .list_run_messages_pages(run, &ListRunMessagesParams::default().with_limit(1))
        .items();
    let mut count = 0;
    while let Some(message) = items.next().await {
        message.unwrap();
        count += 1;
    }
    assert_eq!(count, messages.len());
    let steps = client
        .list_run_steps(run, &ListRunStepsParams::default())
        .await
        .unwrap();
    let usage = client.get_run_usage(run).await.unwrap();
    let total: i64 = steps.iter().filter_map(|step| step.total_tokens).sum();
    assert_eq!((usage.total_tokens, usage.total_tokens > 0), (total, true));
    assert_eq!(
        status(
            client
                .get_run_trace(run, &GetRunTraceParams::default())
                .await
        ),
        501
    );

    let step = &steps[0].id;
    assert_eq!(
        client.get_step(step).await.unwrap().run_id.as_ref(),
        Some(run)
    );
    assert_eq!(&client.get_step_metrics(step).await.unwrap().id, step);
    let of_step = client
        .list_step_messages(step, &ListStepMessagesParams::default())
        .await;
    assert!(!of_step.unwrap().is_empty());
    let trace = client
        .get_step_trace(step)
        .await
        .unwrap()
        .into_inner()
        .unwrap();
    assert_eq!(trace.run_id.as_ref(), Some(run));
    let feedback = UpdateFeedback::new().with_feedback(FeedbackType::Positive);
    client.update_step_feedback(step, &feedback).await.unwrap();
    let liked = ListStepsParams::default().with_feedback(FeedbackType::Positive);
    let liked = client.list_steps(&liked).await.unwrap();
    assert_eq!((liked.len(), &liked[0].id), (1, step));
    let mut items = client
        .list_steps_pages(&ListStepsParams::default().with_limit(1))
        .items();
    let mut count = 0;
    while let Some(step) = items.next().await {
        step.unwrap();
        count += 1;
    }
    assert_eq!(count, 3);

    let unknown = RunId::from(format!("run-{NONE}"));
    assert_eq!(status(client.get_run(&unknown).await), 404);
    assert_eq!(status(client.get_run_usage(&unknown).await), 404);
    let unknown = StepId::from(format!("step-{NONE}"));
    assert_eq!(status(client.get_step(&unknown).await), 404);
    assert_eq!(status(client.get_step_metrics(&unknown).await), 404);
    assert!(client.get_step_trace(&unknown).await.unwrap().is_none());
}

#[tokio::test]
async fn messages_of_turns_are_walked_found_summed_up_and_reset() {
    let (emulator, client, agent) = told(&["red fish", "blue fish", "bird"]).await;
    let list = ListMessagesParams::default();
    let all = client
        .list_messages(&agent, &list)
        .await
        .unwrap()
        .into_inner();
    for order in [SortOrder::Asc, SortOrder::Desc] {
        let params = ListMessagesParams::default()
            .with_limit(2)
            .with_order(order.clone());
        let mut items = client.list_messages_pages(&agent, &params).items();
        let mut found = Vec::new();
        while let Some(message) = items.next().await {
            found.push(json!(message.unwrap()));
        }
        if order == SortOrder::Desc {
            found.reverse();
        }
        assert_eq!(json!(found), json!(all));
        let params = ListAllMessagesParams::default()
            .with_limit(2)
            .with_order(order);
        let mut items = client.list_all_messages_pages(&params).items();
        let mut count = 0;
        while let Some(message) = items.next().await {
            message.unwrap();
            count += 1;
        }
        assert_eq!(count, all.len());
    }
    let found = client
        .search_messages(&SearchMessagesRequest::new("red fish"))
        .await
        .unwrap();
    assert!(
        matches!(found[0], MessageSearchResult::AssistantMessageResult(_)),
        "{found:?}"
    );
    let Message::UserMessage(first) = &all[1] else {
        panic!("{all:?}")
    };
    let one = client.get_message(&first.id).await.unwrap();
    assert!(matches!(&one[..], [Message::UserMessage(_)]));
    let unknown = MessageId::from(format!("message-{NONE}"));
    assert_eq!(status(client.get_message(&unknown).await), 404);

    let settings = CompactionSettings::new().with_mode(letta_api::types::CompactionMode::All);
    let request_body = CompactionRequest::new().with_compaction_settings(settings);
    let compacted = client
        .compact_messages(&agent, Some(&request_body))
        .await
        .unwrap();
    assert_eq!(
        (compacted.num_messages_before, compacted.num_messages_after),
        (7, 2)
    );
    let state = emulator.agent("agent-1").snapshot().unwrap();
    assert_eq!(state.state().message_ids.as_ref().map(Vec::len), Some(2));
    // The agent goes on, and so do its messages.
    let send = request(&emulator, Method::POST, "/v1/agents/agent-1/messages");
    assert_eq!(
        Answer::of(send.json(&json!({"input": "cat"}))).await.status,
        200
    );
    let now = client
        .list_messages(&agent, &list)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(now.len(), all.len() + 3);

    client
        .reset_messages(&agent, &ResetMessagesRequest::new())
        .await
        .unwrap();
    let state = emulator.agent("agent-1").snapshot().unwrap();
    assert_eq!(state.state().message_ids.as_ref().map(Vec::len), Some(1));
    assert_eq!(
        client.list_messages(&agent, &list).await.unwrap().len(),
        now.len()
    );
    assert_eq!(status(client.compact_messages(&agent, None).await), 400);
    let nobody = AgentId::from("agent-none");
    assert_eq!(
        status(
            client
                .reset_messages(&nobody, &ResetMessagesRequest::new())
                .await
        ),
        404
    );
    let conversation = ConversationId::from(format!("conv-{NONE}"));
    assert_eq!(
        status(client.compact_conversation(&conversation, None).await),
        404
    );
}

/// Says something, and gives the run. What a turn answers, others compare.
async fn say(server: &mut Server, path: &str, text: &str) {
    let body = json!({"messages": [{"role": "user", "content": text}], "streaming": false});
    let send = server.request(Method::POST, path).json(&body);
    let answer = Answer::of(send).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn runs_steps_and_messages_are_as_the_server_has_them() {
    same(async |server| {
        let agent = server.agent(json!({})).await;
        let path = format!("/v1/agents/{agent}");
        for text in ["one", "two"] {
            say(server, &format!("{path}/messages"), text).await;
        }
        let conversation = format!("/v1/conversations/?agent_id={agent}");
        let conversation = server.call(Method::POST, &conversation, None).await;
        let conversation = conversation["id"].as_str().unwrap().to_owned();
        say(
            server,
            &format!("/v1/conversations/{conversation}/messages"),
            "three",
        )
        .await;
        let runs = format!("/v1/runs/?agent_id={agent}");
        let completed = format!("{runs}&statuses=completed");
        let listed = server.call(Method::GET, &completed, None).await;
        for query in [
            "",
            "&limit=1",
            "&active=true",
            "&background=true",
            "&stop_reason=end_turn",
            "&statuses=done",
            "&limit=0",
        ] {
            server
                .call(Method::GET, &format!("{runs}{query}"), None)
                .await;
        }
        let run = format!("/v1/runs/{}", listed[0]["id"].as_str().unwrap());
        for part in [
            "",
            "/messages",
            "/messages?order=desc",
            "/usage",
            "/trace",
            "/steps?after=step-x",
        ] {
            let part = part.replace("step-x", &format!("step-{NONE}"));
            server
                .call(Method::GET, &format!("{run}{part}"), None)
                .await;
        }
        let steps = Answer::of(server.request(Method::GET, &format!("{run}/steps")))
            .await
            .json();
        let step = format!("/v1/steps/{}", steps[0]["id"].as_str().unwrap());
        let messages = format!("{step}/messages");
        server.call(Method::GET, &messages, None).await;
        server
            .call(Method::GET, &format!("{messages}?order=desc"), None)
            .await;
        for part in [
            format!("run-{NONE}"),
            format!("run-{NONE}/usage"),
            format!("run-{NONE}/trace"),
        ] {
            server
                .call(Method::GET, &format!("/v1/runs/{part}"), None)
                .await;
        }
        for part in ["", "/metrics", "/trace", "/messages"] {
            server
                .call(Method::GET, &format!("/v1/steps/step-{NONE}{part}"), None)
                .await;
        }
        for query in [
            "",
            "?limit=2",
            "?order=asc&limit=3",
            "?conversation_id=default",
            "?limit=3&include_return_message_types=user_message",
        ] {
            server
                .call(Method::GET, &format!("{path}/messages{query}"), None)
                .await;
        }
        let of_agent = Answer::of(server.request(Method::GET, &format!("{path}/messages"))).await;
        let answered = of_agent.json()[2]["id"].as_str().unwrap().to_owned();
        server
            .call(Method::GET, &format!("/v1/messages/{answered}"), None)
            .await;
        server
            .call(Method::GET, &format!("/v1/messages/message-{NONE}"), None)
            .await;
        let all = json!({"compaction_settings": {"mode": "all"}});
        for body in [Some(all.clone()), Some(all.clone()), None] {
            server
                .call(Method::POST, &format!("{path}/summarize"), body)
                .await;
        }
        server
            .call(
                Method::GET,
                &format!("{path}/messages?conversation_id=default&limit=1"),
                None,
            )
            .await;
        let compact = format!("/v1/conversations/{conversation}/compact");
        server.call(Method::POST, &compact, Some(all)).await;
        let default = "/v1/conversations/default/compact";
        server
            .call(Method::POST, default, Some(json!({"agent_id": agent})))
            .await;
        server.call(Method::POST, default, None).await;
        let reset = server
            .request(Method::PATCH, &format!("{path}/reset-messages"))
            .json(&json!({}));
        let reset = Answer::of(reset).await.json();
        assert_eq!(reset["message_ids"].as_array().map(Vec::len), Some(1));
        let delete = server.request(Method::DELETE, &path);
        assert_eq!(Answer::of(delete).await.status, 200);
        let gone: Value = server.call(Method::GET, &run, None).await;
        assert!(gone.get("id").is_none());
    })
    .await;
}
