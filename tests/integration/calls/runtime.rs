//! Calls outside a tokio runtime.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use letta_api_emulator::Emulator;
use letta_api_ext::{Error, Letta, TokenMinter};
use letta_api_tests::{TOKEN, letta, policy};

const ORIGIN: &str = "https://app.example.com";

/// Runs a future on this thread, as executors do that know nothing of tokio.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::park_timeout(Duration::from_secs(10));
    }
}

/// Says what is missing, and that nothing was sent.
#[track_caller]
fn assert_says_so<T>(outcome: Result<T, Error>) {
    let error = outcome.err().expect("there is no runtime");
    assert!(error.is_invalid_input(), "{error}");
    assert_eq!(error.field(), Some("runtime"));
    assert_eq!(error.attempts(), 0);
    assert!(!error.may_have_happened() && !error.is_retryable());
    let text = error.to_string();
    assert!(text.contains("must be a tokio runtime"), "{text}");
    assert!(text.contains("`Runtime::block_on`"), "{text}");
}

#[test]
fn every_call_outside_a_runtime_is_an_error_that_says_what_to_do() {
    let letta = letta("http://127.0.0.1:9");
    let tokens = letta.access_tokens();
    assert_says_so(block_on(tokens.create(policy(), ORIGIN).send()));
    assert_says_so(block_on(tokens.create(policy(), ORIGIN).into_future()));
    assert_says_so(block_on(tokens.list().send()));
    assert_says_so(block_on(tokens.revoke(TOKEN).send()));
    let mut pages = tokens.list().pages();
    assert_says_so(block_on(pages.next()).expect("it fails once"));
    let mut items = tokens.list().items();
    assert_says_so(block_on(items.next()).expect("it fails once"));
    assert!(block_on(items.next()).is_none());

    let minter = TokenMinter::new(&letta, ORIGIN).unwrap();
    assert_says_so(block_on(minter.token(&policy()).into_future()));
    assert_says_so(block_on(minter.token(&policy()).send()));
    assert_eq!(minter.token_count(), 0);

    let params = letta_api::types::ListClientSideAccessTokensParams::default();
    let error = block_on(letta.api().list_client_side_access_tokens(&params)).unwrap_err();
    let letta_api::Error::Transport(error) = error else {
        panic!("{error:?}");
    };
    assert_says_so(Err::<(), _>(error.downcast::<Error>().unwrap()));
}

#[test]
fn a_minter_that_cannot_revoke_panics_and_says_what_to_do() {
    let letta = letta("http://127.0.0.1:9");
    let minter = TokenMinter::new(&letta, ORIGIN).unwrap();
    let revoking = std::panic::AssertUnwindSafe(|| block_on(minter.revoke(&policy())));
    let revoking = std::panic::catch_unwind(revoking).map(drop);
    let closing = std::panic::AssertUnwindSafe(|| block_on(minter.shutdown(Duration::ZERO)));
    let closing = std::panic::catch_unwind(closing).map(drop);
    for panicked in [revoking, closing] {
        let says = panicked.unwrap_err().downcast::<String>().unwrap();
        assert!(says.contains("must be a tokio runtime"), "{says}");
    }
}

#[test]
fn a_client_made_outside_a_runtime_is_used_within_one_after_it_failed() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap()
    };
    let home = runtime();
    let emulator = home.block_on(Emulator::start()).unwrap();
    let letta = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .build()
        .unwrap();
    let minter = TokenMinter::new(&letta, ORIGIN).unwrap();
    assert_says_so(block_on(letta.access_tokens().list().send()));
    assert_says_so(block_on(minter.token(&policy()).send()));
    home.block_on(async {
        letta
            .access_tokens()
            .create(policy(), ORIGIN)
            .await
            .unwrap();
        minter.token(&policy()).send().await.unwrap();
    });
    // What is in the cache needs no runtime.
    assert!(block_on(minter.token(&policy()).send()).is_ok());
    // An executor of another kind will do where a runtime has been entered.
    let other = std::thread::spawn(move || {
        let _entered = home.enter();
        // Nobody drives the runtime here, so only what is decided at once comes back.
        let zero = letta.access_tokens().list().with_deadline(Duration::ZERO);
        block_on(zero.send()).unwrap_err().field()
    });
    assert_eq!(other.join().unwrap(), Some("deadline"));
}

/// It cannot be told from a whole one, so this is for tokio to say.
#[test]
fn a_runtime_without_time_or_io_panics_and_tokio_says_what_to_enable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let letta = letta(format!("http://{}", listener.local_addr().unwrap()));
    let said = [(false, true, "enable_time"), (true, false, "enable_io")].map(
        |(has_time, has_io, says)| {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            if has_time {
                builder.enable_time();
            }
            if has_io {
                builder.enable_io();
            }
            let runtime = builder.build().unwrap();
            let call = letta.access_tokens().list().send();
            let call = std::panic::AssertUnwindSafe(|| runtime.block_on(call));
            let panicked = std::panic::catch_unwind(call).err();
            let text = panicked.map(|said| match said.downcast::<String>() {
                Ok(text) => *text,
                Err(said) => (*said.downcast::<&str>().unwrap()).to_owned(),
            });
            (text, says)
        },
    );
    for (text, says) in said {
        let text = text.expect("a part of the runtime is missing");
        assert!(text.contains(says), "{text}");
    }
}
