//! The longest times that can be given: each is a long time, and nothing panics.

use std::time::{Duration, SystemTime};

use letta_api_emulator::{Clock as _, Emulator, Fault, ManualClock, SkewedClock, operations};
use letta_api_ext::{Letta, RetryPolicy, TokenMinter};
use letta_api_tests::{Tap, answer, letta, policy};

const ORIGIN: &str = "https://chat.example.com";

/// A client of this emulator that is in no hurry.
fn client(emulator: &Emulator) -> Letta {
    Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .deadline(Duration::MAX)
        .attempt_timeout(Duration::MAX)
        .retry(RetryPolicy::standard().backoff(Duration::MAX, Duration::MAX))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_call_may_take_for_ever() {
    let emulator = Emulator::builder().start().await.unwrap();
    let letta = client(&emulator);
    let tokens = letta.access_tokens();
    let token = tokens.create(policy(), ORIGIN).await.unwrap();
    assert!(token.remaining_at(SystemTime::UNIX_EPOCH) > token.remaining());
    let list = letta
        .with_deadline(Duration::MAX)
        .with_attempt_timeout(Duration::MAX)
        .access_tokens()
        .list();
    let list = list
        .with_deadline(Duration::MAX)
        .with_attempt_timeout(Duration::MAX)
        .with_retry(RetryPolicy::standard().backoff(Duration::MAX, Duration::MAX));
    assert_eq!(list.await.unwrap().tokens().len(), 1);
    tokens.revoke(&token).await.unwrap();

    // The back-off is longer than the deadline, however long that is.
    emulator.inject(Fault::status(500)).unwrap();
    let error = tokens.list().await.unwrap_err();
    assert_eq!(
        (error.status().unwrap().as_u16(), error.attempts()),
        (500, 1)
    );
}

#[tokio::test]
async fn a_service_may_ask_to_wait_for_ever() {
    for (header, wait) in [
        ("retry-after: 99999999999999999999", Duration::MAX),
        (
            "retry-after: 18446744073709551615",
            Duration::from_secs(u64::MAX),
        ),
        ("retry-after-ms: 1e999999", Duration::MAX),
    ] {
        for status in ["429 X", "503 X"] {
            let head = format!("{status}\r\n{header}");
            let tap = Tap::start(answer(&head, "application/json", "{}")).await;
            for deadline in [Duration::from_secs(30), Duration::MAX] {
                let letta = letta(tap.url()).with_retry(RetryPolicy::standard());
                let create = letta.access_tokens().create(policy(), ORIGIN);
                let error = create.with_deadline(deadline).await.unwrap_err();
                assert_eq!((error.retry_after(), error.attempts()), (Some(wait), 1));
                assert!(format!("{error:?}").contains("past the call's deadline"));
            }
            // For one page it is a wait, too.
            let minter = TokenMinter::new(&letta(tap.url()), ORIGIN).unwrap();
            let error = minter.token(&policy()).await.unwrap_err();
            assert!(
                error.retry_after().unwrap() > Duration::from_secs(1 << 25),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn an_expiry_or_a_share_of_a_life_without_end_is_refused() {
    let emulator = Emulator::builder().start().await.unwrap();
    let letta = client(&emulator);
    let create = || letta.access_tokens().create(policy(), ORIGIN);
    let error = create().expires_in(Duration::MAX).await.unwrap_err();
    assert_eq!(error.field(), Some("expires_in"));
    let last = SystemTime::UNIX_EPOCH + Duration::from_secs(i64::MAX as u64 - 1);
    let error = create().expires_at(last).await.unwrap_err();
    assert_eq!(error.field(), Some("expires_at"));

    let builder = || TokenMinter::builder(&letta, ORIGIN);
    for (builder, field) in [
        (builder().lifetime(Duration::MAX), "lifetime"),
        (builder().valid_for(Duration::MAX), "valid_for"),
        (builder().renew_ahead(Duration::MAX), "renew_ahead"),
    ] {
        assert_eq!(builder.build().unwrap_err().field(), Some(field));
    }
    let minter = builder().build().unwrap();
    let policy = policy();
    let request = minter.token(&policy).valid_for(Duration::MAX);
    assert_eq!(request.await.unwrap_err().field(), Some("valid_for"));
    minter.token(&policy).await.unwrap();
    assert_eq!(minter.shutdown(Duration::MAX).await.deleted(), 1);
}

#[tokio::test]
async fn an_emulator_may_be_slow_for_ever_and_its_clock_anywhere() {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .clock(clock.clone())
        .word_delay(Duration::MAX)
        .start()
        .await
        .unwrap();
    let tokens = client(&emulator).access_tokens();
    for fault in [
        Fault::status(429).retry_after(Duration::MAX),
        Fault::rate_limit(0, Duration::MAX),
    ] {
        emulator
            .inject(fault.on(operations::LIST_CLIENT_SIDE_ACCESS_TOKENS))
            .unwrap();
        let error = tokens.list().await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(u64::MAX)));
        emulator.clear_faults();
    }
    for fault in [
        Fault::latency(Duration::MAX),
        Fault::late_answer(Duration::MAX),
    ] {
        // Two of them: their times are added up.
        emulator.inject(fault.clone()).unwrap();
        emulator.inject(fault).unwrap();
        let list = tokens.list().with_deadline(Duration::from_millis(50));
        assert!(list.await.unwrap_err().is_deadline_exceeded());
        emulator.clear_faults();
    }
    clock.advance(Duration::MAX);
    clock.advance(Duration::MAX);
    tokens.list().await.unwrap();
    let create = tokens.create(policy(), ORIGIN);
    assert!(create.await.unwrap().expires_at().is_some());
    for clock in [
        SkewedClock::ahead(Duration::MAX),
        SkewedClock::behind(Duration::MAX),
    ] {
        let _ = clock.now();
        let emulator = Emulator::builder().clock(clock).start().await.unwrap();
        let tokens = client(&emulator).access_tokens();
        let create = tokens.create(policy(), ORIGIN);
        assert!(create.await.unwrap().expires_at().is_some());
    }
}
