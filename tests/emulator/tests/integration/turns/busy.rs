use letta_api_emulator::ManualClock;

use super::*;

async fn slow() -> (Emulator, ManualClock) {
    let clock = ManualClock::new();
    let emulator = start(Emulator::builder().clock(clock.clone())).await;
    let reply = Reply::new([Act::pause(Duration::from_secs(5)), Act::echo()]);
    let rule = letta_api_emulator::Rule::new(reply).when("slow");
    emulator.agent("agent-1").script([rule]).unwrap();
    (emulator, clock)
}

fn said(text: &str, otid: &str, options: Value) -> Value {
    let mut body = json!({"messages": [{"role": "user", "content": text, "otid": otid}]});
    for (name, value) in options.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn direct(text: &str, otid: &str, background: bool) -> Value {
    let options = json!({"agent_id": "agent-1", "streaming": true, "background": background});
    said(text, otid, options)
}

#[tokio::test]
async fn the_agents_own_path_has_no_lock_and_heeds_no_otid() {
    let (emulator, clock) = slow().await;
    for options in [
        json!({}),
        json!({"streaming": true}),
        json!({"streaming": true, "background": true}),
    ] {
        let first = said("slow", "one", options.clone());
        let first = request(&emulator, Method::POST, MESSAGES)
            .json(&first)
            .send();
        let first = tokio::spawn(first);
        let before = emulator.request_count(letta_api_emulator::operations::SEND_MESSAGE)
            + emulator.request_count(letta_api_emulator::operations::SEND_MESSAGE_STREAM);
        while emulator.dump()["runs"].as_array().unwrap().len() <= before.saturating_sub(1) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let second = post(&emulator, MESSAGES, said("quick", "one", options)).await;
        assert_eq!(second.status, 200);
        clock.advance(Duration::from_secs(5));
        assert_eq!(first.await.unwrap().unwrap().status(), 200);
    }
}

#[tokio::test]
async fn one_stream_at_a_time_holds_an_agents_own_thread_by_the_path_of_conversations() {
    let (emulator, clock) = slow().await;
    for background in [false, true] {
        let otid = if background { "one" } else { "four" };
        let mut first = Events::of(&emulator, DEFAULT, direct("slow", otid, background)).await;
        let ping = first.next().await.unwrap();
        for other in [false, true] {
            let refused = post(&emulator, DEFAULT, direct("quick", "two", other)).await;
            assert_eq!(refused.status, 409);
            let refused = refused.json();
            assert_eq!(refused["run_id"], ping.data()["run_id"]);
            assert!(refused["detail"].as_str().unwrap().contains("(run_id=run-"));
        }
        let mut json = direct("quick", "two", false);
        json["streaming"] = json!(false);
        assert_eq!(post(&emulator, DEFAULT, json).await.status, 409);
        // It is held by the run, whether or not somebody listens.
        drop(first);
        assert_eq!(
            post(&emulator, DEFAULT, direct("quick", "two", false))
                .await
                .status,
            409
        );
        clock.advance(Duration::from_secs(5));
        run_when_over(&emulator, &run_of(&[ping])).await;
        assert_eq!(
            post(&emulator, DEFAULT, direct("quick", "three", false))
                .await
                .status,
            200
        );
    }
}

#[tokio::test]
async fn in_background_a_request_of_known_otids_is_answered_with_the_first_runs_stream() {
    let (emulator, clock) = slow().await;
    let told = events(&emulator, DEFAULT, direct("first", "one", true)).await;
    let before = kept(&emulator).len();
    // Neither the text nor the thread counts.
    assert_eq!(
        events(&emulator, DEFAULT, direct("other", "one", true)).await,
        told
    );
    assert_eq!(kept(&emulator).len(), before);

    let mut first = Events::of(&emulator, DEFAULT, direct("slow", "two", true)).await;
    let ping = first.next().await.unwrap();
    let mut again = Events::of(&emulator, DEFAULT, direct("slow", "two", true)).await;
    assert_eq!(again.next().await.unwrap(), ping);
    clock.advance(Duration::from_secs(5));
    assert_eq!(first.rest().await, again.rest().await);

    let by_otid = "/v1/conversations/default/stream";
    assert_eq!(
        events(&emulator, by_otid, json!({"otid": "one"})).await,
        told
    );
    let unknown = post(&emulator, by_otid, json!({"otid": "none"})).await;
    assert_eq!(unknown.status, 404);
    clock.advance(Duration::from_secs(3 * 3600 + 1));
    assert_eq!(
        post(&emulator, by_otid, json!({"otid": "one"}))
            .await
            .status,
        404
    );
    let anew = events(&emulator, DEFAULT, direct("first", "one", true)).await;
    assert_ne!(run_of(&anew), run_of(&told));
}

#[tokio::test]
async fn in_the_foreground_a_known_otid_is_carried_out_again_and_then_hangs_in_background() {
    let (emulator, clock) = slow().await;
    let first = events(&emulator, DEFAULT, direct("first", "one", false)).await;
    let second = events(&emulator, DEFAULT, direct("first", "one", false)).await;
    assert_ne!(run_of(&first), run_of(&second));
    let mut hangs = {
        let sent = Events::of(&emulator, DEFAULT, direct("first", "one", true));
        let pings = async {
            // Its head comes with the first ping.
            loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                clock.advance(Duration::from_secs(20));
            }
        };
        tokio::select! {
            hangs = sent => hangs,
            never = pings => never,
        }
    };
    assert_eq!(hangs.next().await.unwrap().kind(), "ping");
    assert!(hangs.is_silent().await);
}

#[tokio::test]
async fn without_an_otid_the_newest_run_in_background_that_goes_on_is_read() {
    let (emulator, clock) = slow().await;
    let path = "/v1/conversations/default/stream";
    let body = json!({"agent_id": "agent-1"});
    assert_eq!(post(&emulator, path, body.clone()).await.status, 400);
    let mut first = Events::of(&emulator, DEFAULT, direct("slow", "one", true)).await;
    let ping = first.next().await.unwrap();
    let mut again = Events::of(&emulator, path, body.clone()).await;
    assert_eq!(again.next().await.unwrap(), ping);
    clock.advance(Duration::from_secs(5));
    first.rest().await;
    assert_eq!(post(&emulator, path, body.clone()).await.status, 400);
    let mut first = Events::of(&emulator, DEFAULT, direct("slow", "two", false)).await;
    first.next().await.unwrap();
    let refused = post(&emulator, path, body).await;
    assert_eq!(refused.status, 400);
    assert!(refused.detail().contains("not created in background mode"));
}

#[tokio::test]
async fn an_otid_of_json_to_an_agent_finds_no_run_and_one_of_its_streams_does() {
    let (emulator, _clock) = slow().await;
    let by_otid = "/v1/conversations/default/stream";
    let json = said("quick", "one", json!({}));
    assert_eq!(post(&emulator, MESSAGES, json).await.status, 200);
    let unknown = post(&emulator, by_otid, json!({"otid": "one"})).await;
    assert_eq!(unknown.status, 404);

    let options = json!({"streaming": true, "background": true});
    let told = events(&emulator, MESSAGES, said("quick", "two", options)).await;
    let again = events(&emulator, by_otid, json!({"otid": "two"})).await;
    assert_eq!(again, told);
}

#[tokio::test]
async fn the_id_of_an_agent_as_that_of_a_conversation_is_its_own_thread() {
    let (emulator, clock) = slow().await;
    let path = "/v1/conversations/agent-1/messages";
    let mut first = Events::of(&emulator, path, said("slow", "one", json!({}))).await;
    let ping = first.next().await.unwrap();
    let refused = post(&emulator, DEFAULT, direct("quick", "two", false)).await;
    assert_eq!(refused.json()["run_id"], ping.data()["run_id"]);
    let json = said("quick", "three", json!({"streaming": false}));
    assert_eq!(post(&emulator, path, json).await.status, 409);
    clock.advance(Duration::from_secs(5));
    first.rest().await;
    assert_eq!(
        kept(&emulator),
        ["system_message", "user_message", "assistant_message"]
    );
}
