use std::time::{Duration, Instant, SystemTime};

use letta_api_emulator::{Emulator, Fault, ManualClock, SkewedClock, operations};
use reqwest::Method;

use crate::raw::{Answer, TOKENS, client, create, good_body, list, request, token_for};

#[tokio::test]
async fn an_error_on_demand_comes_before_the_key_is_looked_at_and_does_nothing() {
    let builder = Emulator::builder()
        .fault(Fault::status(503).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN));
    let emulator = builder.start().await.unwrap();
    let answer = create(&emulator, &good_body()).await;
    assert_eq!(answer.status, 503);
    assert!(answer.message().contains("this fault"));
    assert!(!answer.headers.contains_key("retry-after"));
    assert_eq!(emulator.tokens().len(), 0);
    assert_eq!(list(&emulator, "").await.status, 200);

    let error = client(&emulator)
        .create_client_side_access_token(&token_for("agent-1"))
        .await
        .unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(503));
    emulator.clear_faults();
    assert_eq!(create(&emulator, &good_body()).await.status, 201);
    assert_eq!(
        emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
        3
    );
}

#[tokio::test]
async fn a_rate_limit_is_429_with_what_is_left_of_its_span_by_the_emulators_clock() {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .clock(clock.clone())
        .fault(Fault::rate_limit(2, Duration::from_secs(60)))
        .start()
        .await
        .unwrap();
    let statuses = async || {
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(list(&emulator, "").await.status);
        }
        statuses
    };
    assert_eq!(statuses().await, [200, 200, 429]);
    clock.advance(Duration::from_millis(17_500));
    assert_eq!(list(&emulator, "").await.header("retry-after"), "43");
    clock.advance(Duration::from_secs(43));
    assert_eq!(statuses().await, [200, 200, 429]);
}

#[tokio::test]
async fn a_connection_is_closed_in_place_of_an_answer_before_or_after_the_deed() {
    for http_2 in [false, true] {
        let emulator = Emulator::start().await.unwrap();
        let mut http = reqwest::Client::builder().retry(reqwest::retry::never());
        if http_2 {
            http = http.http2_prior_knowledge();
        }
        let http = http.build().unwrap();
        let create = || {
            http.post(format!("{}{TOKENS}", emulator.base_url()))
                .bearer_auth(Emulator::DEFAULT_API_KEY)
                .json(&good_body())
                .send()
        };
        for (fault, made) in [(Fault::disconnect(), 0), (Fault::lose_answer(), 1)] {
            emulator.inject(fault.times(1)).unwrap();
            let error = create().await.unwrap_err();
            assert!(!error.is_timeout() && !error.is_connect(), "{error:?}");
            assert_eq!(emulator.token_count().live, made);
        }
        assert_eq!(create().await.unwrap().status().as_u16(), 201);
        assert_eq!(
            emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
            3
        );
    }
}

#[tokio::test]
async fn a_latency_is_waited_for() {
    let latency = Duration::from_millis(50);
    let fault = Fault::latency(latency).on(operations::LIST_CLIENT_SIDE_ACCESS_TOKENS);
    let emulator = Emulator::builder().fault(fault).start().await.unwrap();
    let began = Instant::now();
    assert_eq!(list(&emulator, "").await.status, 200);
    assert!(began.elapsed() >= latency, "{:?}", began.elapsed());
}

/// What a caller has caused that gives up while the emulator takes its time.
#[tokio::test]
async fn a_caller_that_gives_up_has_caused_nothing_before_the_deed_and_all_of_it_after() {
    let hour = Duration::from_secs(3600);
    for (fault, made) in [(Fault::latency(hour), 0), (Fault::late_answer(hour), 1)] {
        let builder = Emulator::builder().fault(fault.times(1));
        let emulator = builder.start().await.unwrap();
        let body = good_body();
        {
            let mut create = std::pin::pin!(create(&emulator, &body));
            // It is counted when it comes.
            let came = || {
                emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN) == 1
                    && emulator.token_count().live == made
            };
            while !came() {
                let pause = Duration::from_millis(1);
                let answer = tokio::time::timeout(pause, create.as_mut()).await;
                assert!(answer.is_err(), "it is answered too soon");
            }
        }
        // The emulator notices that the caller has gone, and counts that too.
        let answered = || emulator.dump()["requests"]["create_client_side_access_token"].clone();
        while answered().is_null() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(answered(), serde_json::json!({"none": 1}));
        assert_eq!(emulator.token_count().live, made);
    }
}

#[tokio::test]
async fn an_error_on_demand_has_a_message_whatever_its_status() {
    let emulator = Emulator::start().await.unwrap();
    for status in [400, 401, 422, 499, 500, 599] {
        emulator.inject(Fault::status(status).times(1)).unwrap();
        let answer = list(&emulator, "").await;
        assert_eq!(answer.status, status);
        assert_eq!(
            answer.message(),
            "the emulator was told to inject this fault"
        );
    }
}

#[tokio::test]
async fn a_fault_that_makes_no_sense_is_refused() {
    let emulator = Emulator::start().await.unwrap();
    for fault in [
        Fault::status(200),
        Fault::status(600),
        Fault::disconnect().with_probability(1.5),
        Fault::disconnect().with_probability(-0.1),
        Fault::disconnect().with_probability(f64::NAN),
        Fault::rate_limit(1, Duration::ZERO),
        Fault::model_failure().on(operations::LIST_AGENTS),
        Fault::break_stream().on(operations::LIST_MESSAGES),
        Fault::disconnect().times(0),
    ] {
        let error = emulator.inject(fault.clone()).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{fault}");
        assert!(error.to_string().contains("is invalid"));
        assert!(Emulator::builder().fault(fault).start().await.is_err());
    }
    assert!(emulator.faults().is_empty());
}

#[tokio::test]
async fn a_skewed_clock_shows_in_dates_and_in_expiries() {
    let hour = Duration::from_secs(3600);
    for (clock, expected) in [
        (SkewedClock::ahead(hour), SystemTime::now() + hour),
        (SkewedClock::behind(hour), SystemTime::now() - hour),
    ] {
        let emulator = Emulator::builder().clock(clock).start().await.unwrap();
        create(&emulator, &good_body()).await;
        let end = emulator.tokens()[0].expires_at();
        let off = |time: SystemTime| {
            let apart = time.duration_since(expected);
            apart.unwrap_or_else(|error| error.duration())
        };
        assert!(off(end - Duration::from_secs(300)) < Duration::from_secs(30));
        let answer = Answer::of(request(&emulator, Method::GET, TOKENS)).await;
        let date = jiff::fmt::rfc2822::parse(answer.header("date")).unwrap();
        let date = SystemTime::try_from(date.timestamp()).unwrap();
        assert!(off(date) < Duration::from_secs(30));
    }
}
