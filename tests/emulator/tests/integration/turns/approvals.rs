use super::*;

#[tokio::test]
async fn a_call_that_needs_approval_ends_the_turn_and_the_answer_is_a_turn_of_its_own() {
    let emulator = emulator_that([
        Act::reasoning("Shall I?"),
        risky("call_1"),
        Act::text("It is gone."),
    ])
    .await;
    let asked = say(&emulator, "Clean up").await;
    assert_eq!(
        kinds(&asked),
        ["reasoning_message", "approval_request_message"]
    );
    assert_eq!(stop_reason(&asked), "requires_approval");
    let asked = asked.json();
    let request = &asked["messages"][1];
    assert_eq!(request["id"], asked["messages"][0]["id"]);
    assert_eq!(request["otid"], request["id"]);
    assert_eq!(request["tool_calls"][0], request["tool_call"]);
    assert_eq!(request["tool_call"]["tool_call_id"], "call_1");
    assert_eq!(request["tool_call"]["arguments"], r#"{"path":"a.txt"}"#);

    let done = answer(&emulator, json!([approve("call_1")])).await;
    let listed = get(&emulator, MESSAGES).await;
    let listed = listed.as_array().unwrap();
    let answered = &listed[listed.len() - 3];
    assert_eq!(answered["message_type"], "approval_response_message");
    assert_eq!(answered["approval_request_id"], "call_1");
    assert_eq!(kinds(&done), ["tool_return_message", "assistant_message"]);
    assert_eq!(stop_reason(&done), "end_turn");
    let done = done.json();
    let (returned, said) = (&done["messages"][0], &done["messages"][1]);
    assert_eq!(returned["tool_return"], "deleted");
    assert_eq!(returned["name"], "delete_file");
    assert_eq!(returned["step_id"], request["step_id"]);
    assert_ne!(returned["run_id"], request["run_id"]);
    assert_eq!(said["content"], "It is gone.");
    assert_eq!(
        kept(&emulator),
        [
            "system_message",
            "user_message",
            "reasoning_message",
            "approval_request_message",
            "approval_response_message",
            "tool_return_message",
            "assistant_message"
        ]
    );
}

#[tokio::test]
async fn an_answer_must_name_exactly_the_calls_and_otherwise_they_still_wait() {
    let emulator = emulator_that([
        Act::calls([risky("call_1"), risky("call_2")]),
        Act::text("Done."),
    ])
    .await;
    say(&emulator, "Clean up").await;
    for wrong in [
        json!([approve("call_1")]),
        json!([approve("call_1"), approve("call_3")]),
        json!([approve("call_1"), approve("call_2"), approve("call_3")]),
        json!([]),
    ] {
        let answered = answer(&emulator, wrong.clone()).await;
        assert_eq!(answered.status, 400, "{wrong}");
        let detail = answered.detail();
        assert!(
            detail.starts_with("Invalid tool call IDs. Expected '['call_1', 'call_2']', but"),
            "{detail}"
        );
        let body = json!({
            "messages": [{"type": "approval", "approvals": wrong}],
            "streaming": true,
        });
        let streamed = events(&emulator, MESSAGES, body).await;
        assert_eq!(
            kinds_of(&streamed),
            ["ping", "stop: error", "error_message", "[DONE]"]
        );
        assert_eq!(streamed[2].data()["detail"], detail);
        assert!(streamed[2].is_error);
    }
    let both = json!([deny("call_2", "not now"), approve("call_1")]);
    let done = answer(&emulator, both).await;
    assert_eq!(kinds(&done), ["tool_return_message", "assistant_message"]);
    let done = done.json();
    let returns = &done["messages"][0]["tool_returns"];
    // What was denied comes first.
    assert_eq!(returns[0]["tool_call_id"], "call_2");
    assert_eq!(
        returns[0]["tool_return"],
        "Error: request to call tool denied. User reason: not now"
    );
    assert_eq!(returns[0]["status"], "error");
    assert_eq!(returns[1]["tool_return"], "deleted");
    assert_eq!(done["messages"][0]["tool_call_id"], "call_2");
}

#[tokio::test]
async fn whoever_speaks_while_an_answer_is_waited_for_is_told_so_in_three_ways() {
    let emulator = emulator_that([risky("call_1"), Act::text("Done.")]).await;
    say(&emulator, "Clean up").await;
    let refused = say(&emulator, "Hello?").await;
    assert_eq!(refused.status, 409);
    let detail = &refused.json()["detail"];
    assert_eq!(detail["code"], "PENDING_APPROVAL");
    let agent = get(
        &emulator,
        &format!("{AGENT}?include=agent.pending_approval"),
    )
    .await;
    assert_eq!(
        agent["pending_approval"]["id"],
        detail["pending_request_id"]
    );
    assert!(get(&emulator, AGENT).await["pending_approval"].is_null());

    let body = json!({
        "messages": [{"role": "user", "content": "Hello?"}],
        "agent_id": "agent-1",
        "streaming": false,
    });
    let refused = post(&emulator, DEFAULT, body.clone()).await;
    assert_eq!(refused.status, 409);
    assert!(
        refused
            .detail()
            .starts_with("CONFLICT: Cannot send a new message")
    );

    for path in [MESSAGES, DEFAULT] {
        let mut body = body.clone();
        body["streaming"] = json!(true);
        let told = events(&emulator, path, body).await;
        assert_eq!(
            kinds_of(&told),
            ["ping", "stop: error", "error_message", "[DONE]"]
        );
        assert_eq!(told[2].data()["error_type"], "internal_error");
        assert_eq!(told[2].data()["message"], refused.detail());
    }
    assert_eq!(kept(&emulator).last(), Some(&"approval_request_message"));
}

#[tokio::test]
async fn an_answer_that_was_given_makes_the_model_speak_again_and_one_to_nothing_is_400() {
    let emulator = emulator().await;
    let none = answer(&emulator, json!([approve("call_none")])).await;
    assert_eq!(none.status, 400);
    assert!(
        none.detail()
            .starts_with("Cannot process approval response")
    );

    emulator
        .agent("agent-1")
        .script([Reply::new([risky("call_1"), Act::text("Done.")])])
        .unwrap();
    say(&emulator, "Clean up").await;
    assert_eq!(
        answer(&emulator, json!([approve("call_1")])).await.status,
        200
    );
    let again = answer(&emulator, json!([approve("call_1")])).await;
    assert_eq!(kinds(&again), ["assistant_message"]);
    let agent = emulator.agent("agent-1").snapshot().unwrap();
    let [.., alert, _] = agent.messages() else {
        panic!("{agent:?}");
    };
    assert_eq!(alert.kind(), letta_api_emulator::MessageKind::User);
    assert!(alert.text().starts_with("<system-alert>"));
}

#[tokio::test]
async fn the_old_form_approves_one_call_and_denies_nothing() {
    let emulator = emulator_that([risky("call_1"), Act::text("Done.")]).await;
    let asked = say(&emulator, "Clean up").await.json();
    let request = &asked["messages"][0]["id"];
    let old = |approve| {
        json!({"messages": [{
            "type": "approval", "approve": approve, "approval_request_id": request, "reason": "no",
        }]})
    };
    for _ in 0..2 {
        let denied = post(&emulator, MESSAGES, old(false)).await;
        assert!(kinds(&denied).is_empty());
        assert_eq!(stop_reason(&denied), "invalid_tool_call");
        assert_eq!(kept(&emulator).last(), Some(&"approval_request_message"));
    }
    let approved = post(&emulator, MESSAGES, old(true)).await;
    let listed = get(&emulator, MESSAGES).await;
    let listed = listed.as_array().unwrap();
    let answer = listed
        .iter()
        .rfind(|it| it["message_type"] == "approval_response_message");
    let answer = answer.unwrap();
    assert_eq!(answer["approval_request_id"], *request);
    assert_eq!(answer["approvals"][0]["tool_call_id"], *request);
    assert_eq!(
        kinds(&approved),
        ["tool_return_message", "assistant_message"]
    );

    emulator
        .agent("agent-1")
        .script([Reply::from(Act::calls([risky("call_1"), risky("call_2")]))])
        .unwrap();
    say(&emulator, "Clean up").await;
    assert_eq!(post(&emulator, MESSAGES, old(true)).await.status, 400);
}

#[tokio::test]
async fn what_runs_by_itself_is_told_first_and_runs_after_the_answer() {
    let emulator = emulator_that([
        Act::calls([
            risky("call_1"),
            Act::call("look_up", json!({}))
                .returns("found")
                .with_id("call_2"),
        ]),
        Act::text("Done."),
    ])
    .await;
    let asked = say(&emulator, "Clean up").await;
    assert_eq!(
        kinds(&asked),
        ["tool_call_message", "approval_request_message"]
    );
    let asked = asked.json();
    assert_eq!(asked["messages"][0]["tool_call"]["name"], "look_up");
    assert_ne!(asked["messages"][0]["id"], asked["messages"][1]["id"]);
    let too_much = json!([approve("call_1"), approve("call_2")]);
    assert_eq!(answer(&emulator, too_much).await.status, 400);
    let done = answer(&emulator, json!([approve("call_1")])).await.json();
    let returns = done["messages"][0]["tool_returns"].as_array().unwrap();
    let ids: Vec<_> = returns
        .iter()
        .map(|it| it["tool_call_id"].as_str())
        .collect();
    assert_eq!(ids, [Some("call_1"), Some("call_2")]);
}

#[tokio::test]
async fn what_is_said_beside_an_answer_is_answered_too() {
    let emulator = emulator().await;
    let rule = letta_api_emulator::Rule::new([risky("call_1"), Act::text("Done.")]);
    emulator.agent("agent-1").script([rule]).unwrap();
    say(&emulator, "Clean up").await;
    let body = json!({"messages": [
        {"type": "approval", "approvals": [deny("call_1", "no")]},
        {"role": "user", "content": "Something else"},
    ]});
    let done = post(&emulator, MESSAGES, body).await;
    assert_eq!(kinds(&done), ["tool_return_message", "assistant_message"]);
    let done = done.json();
    assert!(done["messages"][0]["name"].is_null());
    assert_eq!(done["messages"][1]["content"], "You said: Something else");
    let before = kept(&emulator);
    assert_eq!(
        before[before.len() - 4..],
        [
            "approval_response_message",
            "tool_return_message",
            "user_message",
            "assistant_message"
        ]
    );
}

#[tokio::test]
async fn what_is_said_before_an_answer_is_refused_as_if_it_were_said_alone() {
    let emulator = emulator_that([risky("call_1"), Act::text("Done.")]).await;
    say(&emulator, "Clean up").await;
    let body = json!({"messages": [
        {"role": "user", "content": "Hello?"},
        {"type": "approval", "approvals": [approve("call_1")]},
    ]});
    let refused = post(&emulator, MESSAGES, body).await;
    assert_eq!(refused.status, 409);
    assert_eq!(refused.json()["detail"]["code"], "PENDING_APPROVAL");
    assert_eq!(kept(&emulator).last(), Some(&"approval_request_message"));
}

#[tokio::test]
async fn what_is_no_message_after_a_message_is_400_and_nothing_is_said() {
    let emulator = emulator().await;
    let tool_return = json!({"tool_call_id": "call_1", "tool_return": "x", "status": "success"});
    for (second, kind) in [
        (
            json!({"type": "approval", "approvals": [approve("call_1")]}),
            "ApprovalCreate",
        ),
        (
            json!({"type": "tool_return", "tool_returns": [tool_return]}),
            "ToolReturnCreate",
        ),
    ] {
        let mut body = json!({"messages": [{"role": "user", "content": "Hello"}, second]});
        let refused = post(&emulator, MESSAGES, body.clone()).await;
        assert_eq!(refused.status, 400);
        let expected = format!("Expected MessageCreate, got {kind}");
        assert_eq!(refused.detail(), expected);
        body["streaming"] = json!(true);
        let told = events(&emulator, MESSAGES, body).await;
        assert_eq!(told[2].data()["detail"], expected);
    }
    assert_eq!(kept(&emulator), ["system_message"]);
}

#[tokio::test]
async fn only_an_agent_that_may_calls_several_tools_at_once() {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    let both = Reply::from(Act::calls([risky("call_1"), risky("call_2")]));
    emulator.agent("agent-1").script([both]).unwrap();
    let asked = say(&emulator, "Clean up").await.json();
    let calls = asked["messages"][0]["tool_calls"].as_array().unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["tool_call_id"], "call_1");
}

#[tokio::test]
async fn a_stream_of_tokens_leaves_out_the_returns_if_nothing_ran() {
    for (answer, shown) in [(deny("call_1", "no"), false), (approve("call_1"), true)] {
        let emulator = emulator_that([risky("call_1"), Act::text("Done.")]).await;
        say(&emulator, "Clean up").await;
        let body = json!({
            "messages": [{"type": "approval", "approvals": [answer]}],
            "streaming": true,
            "stream_tokens": true,
        });
        let told = kinds_of(&events(&emulator, MESSAGES, body).await);
        assert_eq!(told.contains(&"tool_return_message".to_owned()), shown);
        assert!(kept(&emulator).contains(&"tool_return_message"));
    }
}
