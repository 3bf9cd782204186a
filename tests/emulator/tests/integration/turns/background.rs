use letta_api_emulator::ManualClock;

use super::*;

fn body() -> Value {
    json!({"input": "one two three", "streaming": true, "stream_tokens": true, "background": true})
}

fn resume_path(run: &str) -> String {
    format!("/v1/runs/{run}/stream")
}

#[tokio::test]
async fn a_run_in_background_is_numbered_and_read_again_from_any_place_also_when_it_is_over() {
    let emulator = emulator().await;
    let told = events(&emulator, MESSAGES, body()).await;
    let run = run_of(&told);
    let shown: Vec<_> = told.iter().map(Event::seq_id).collect();
    let count = told.len();
    // The last three have numbers too, which are not shown.
    for (place, shown) in shown.iter().enumerate() {
        let expected = (place < count - 3).then_some(place as u64 + 1);
        assert_eq!(*shown, expected, "{place}");
    }
    for after in 0..count {
        let again = events(
            &emulator,
            &resume_path(&run),
            json!({"starting_after": after}),
        )
        .await;
        assert_eq!(again, told[after..]);
    }
    assert_eq!(events(&emulator, &resume_path(&run), json!({})).await, told);
    for beyond in [count, count + 1, 1_000_000] {
        let body = json!({"starting_after": beyond, "include_pings": true});
        let path = resume_path(&run);
        let waits = request(&emulator, Method::POST, &path).json(&body).send();
        assert!(
            tokio::time::timeout(SOON, waits).await.is_err(),
            "not even a head comes"
        );
    }
}

#[tokio::test]
async fn a_reader_that_leaves_ends_nothing_and_another_reads_on() {
    let clock = ManualClock::new();
    let emulator = start(Emulator::builder().clock(clock.clone())).await;
    let reply = [
        Act::text("one two "),
        Act::pause(Duration::from_secs(5)),
        Act::text("three"),
    ];
    emulator
        .agent("agent-1")
        .script([Reply::new(reply)])
        .unwrap();
    let mut first = Events::of(&emulator, MESSAGES, body()).await;
    let seen = [first.next().await.unwrap(), first.next().await.unwrap()];
    drop(first);
    let run = run_of(&seen);
    let body = json!({"starting_after": 2});
    let mut second = Events::of(&emulator, &resume_path(&run), body).await;
    assert_eq!(second.next().await.unwrap().data()["content"], "two ");
    assert!(second.is_silent().await);
    clock.advance(Duration::from_secs(5));
    let rest = second.rest().await;
    assert_eq!(
        kinds_of(&rest),
        [
            "assistant_message",
            "stop: end_turn",
            "usage_statistics",
            "[DONE]"
        ]
    );
    assert_eq!(run_when_over(&emulator, &run).await["status"], "completed");
    assert_eq!(kept(&emulator).len(), 4);
}

#[tokio::test]
async fn a_turn_that_nobody_listens_to_any_more_goes_on_in_every_mode() {
    for mode in [
        json!({}),
        json!({"streaming": true}),
        json!({"streaming": true, "stream_tokens": true}),
        json!({"streaming": true, "background": true}),
    ] {
        let clock = ManualClock::new();
        let emulator = start(Emulator::builder().clock(clock.clone())).await;
        let reply = [Act::pause(Duration::from_secs(5)), Act::text("Done.")];
        emulator
            .agent("agent-1")
            .script([Reply::new(reply)])
            .unwrap();
        let mut body = mode.clone();
        body["input"] = json!("Hello");
        let sent = request(&emulator, Method::POST, MESSAGES)
            .json(&body)
            .send();
        // Who sent it leaves as soon as there is a run.
        let runs = tokio::select! {
            runs = first_run(&emulator) => runs,
            answer = async { let _answer = sent.await; std::future::pending().await } => answer,
        };
        let id = runs[0]["id"].as_str().unwrap();
        let status = if mode == json!({}) {
            "created"
        } else {
            "running"
        };
        assert_eq!(runs[0]["status"], status, "{mode}");
        clock.advance(Duration::from_secs(5));
        assert_eq!(run_when_over(&emulator, id).await["status"], "completed");
        assert_eq!(kept(&emulator).last(), Some(&"assistant_message"), "{mode}");
    }
}

/// The runs, once there is one.
async fn first_run(emulator: &Emulator) -> Value {
    let there = async {
        loop {
            let runs = emulator.dump()["runs"].clone();
            if !runs.as_array().unwrap().is_empty() {
                return runs;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, there)
        .await
        .expect("it begins")
}

#[tokio::test]
async fn pings_come_in_silence_by_the_emulators_clock_and_repeat_the_last_number() {
    let clock = ManualClock::new();
    let emulator = start(Emulator::builder().clock(clock.clone())).await;
    let reply = [
        Act::text("one "),
        Act::pause(Duration::from_secs(50)),
        Act::text("two"),
    ];
    emulator
        .agent("agent-1")
        .script([Reply::new(reply)])
        .unwrap();
    let mut stream = Events::of(&emulator, MESSAGES, body()).await;
    assert_eq!(stream.next().await.unwrap().kind(), "ping");
    assert_eq!(stream.next().await.unwrap().seq_id(), Some(2));
    for _ in 0..2 {
        assert!(stream.is_silent().await);
        clock.advance(Duration::from_secs(20));
        let ping = stream.next().await.unwrap();
        assert_eq!((ping.kind().as_str(), ping.seq_id()), ("ping", Some(2)));
    }
    clock.advance(Duration::from_secs(20));
    assert_eq!(stream.rest().await.last().unwrap().kind(), "[DONE]");
}

#[tokio::test]
async fn what_cannot_be_read_again_says_why() {
    let clock = ManualClock::new();
    let emulator = start(Emulator::builder().clock(clock.clone())).await;
    let foreground = json!({"input": "Hello", "streaming": true});
    let foreground = run_of(&events(&emulator, MESSAGES, foreground).await);
    let refused = post(&emulator, &resume_path(&foreground), json!({})).await;
    assert_eq!(refused.status, 400);
    assert!(refused.detail().contains("not created in background mode"));
    let unknown = post(&emulator, &resume_path("run-none"), json!({})).await;
    assert_eq!(unknown.status, 404);
    let run = run_of(&events(&emulator, MESSAGES, body()).await);
    let get = Answer::of(request(&emulator, Method::GET, &resume_path(&run))).await;
    assert_eq!(get.status, 405);
    let none = post(&emulator, &resume_path(&run), json!({"batch_size": 0})).await;
    assert_eq!(none.status, 500);
    clock.advance(Duration::from_secs(3 * 3600 + 1));
    assert_eq!(
        post(&emulator, &resume_path(&run), json!({})).await.status,
        410
    );
}

#[tokio::test]
async fn a_server_without_a_store_has_no_background() {
    let emulator = start(Emulator::builder().background_runs(false)).await;
    assert_eq!(post(&emulator, MESSAGES, body()).await.status, 503);
    assert_eq!(
        post(&emulator, &resume_path("run-1"), json!({}))
            .await
            .status,
        503
    );
    let foreground = json!({"input": "Hello", "streaming": true});
    assert_eq!(events(&emulator, MESSAGES, foreground).await.len(), 5);
}

#[tokio::test]
async fn a_resume_in_pieces_of_one_never_ends_and_an_interval_changes_nothing() {
    let emulator = emulator().await;
    let told = events(&emulator, MESSAGES, body()).await;
    let path = resume_path(&run_of(&told));
    let body = json!({"poll_interval": 5});
    assert_eq!(events(&emulator, &path, body).await, told);
    let waits = request(&emulator, Method::POST, &path)
        .json(&json!({"batch_size": 1}))
        .send();
    assert!(tokio::time::timeout(SOON, waits).await.is_err());
}
