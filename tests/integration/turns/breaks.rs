//! Connections that break.

use letta_api::operations;
use letta_api_emulator::{Act, Fault, Rule};
use letta_api_ext::turns::TurnPath;

use super::talking::start;

#[tokio::test]
async fn a_stream_that_breaks_goes_on_where_it_broke() {
    for after in 0..12 {
        let (emulator, letta) = start().await;
        let acts = [
            Act::reasoning("Hm."),
            Act::text("One two three four five six seven."),
        ];
        emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
        let fault = Fault::break_stream_after(after)
            .on(operations::SEND_CONVERSATION_MESSAGE_STREAM)
            .times(1);
        emulator.inject(fault).unwrap();
        let answer = letta.agent("agent-1").turn("Count").tokens().send().await;
        let answer = answer.unwrap_or_else(|error| panic!("after {after}: {error}"));
        assert_eq!(
            answer.text(),
            "One two three four five six seven.",
            "after {after}"
        );
        assert_eq!(answer.path(), TurnPath::Resumable);
        assert_eq!(emulator.runs().len(), 1, "after {after}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_found_again() {
    for fault in [
        Fault::lose_answer(),
        Fault::disconnect(),
        Fault::status(502),
        Fault::status(500),
    ] {
        let (emulator, letta) = start().await;
        emulator
            .inject(
                fault
                    .on(operations::SEND_CONVERSATION_MESSAGE_STREAM)
                    .times(1),
            )
            .unwrap();
        let answer = letta.agent("agent-1").turn("Hello").send().await.unwrap();
        assert!(!answer.text().is_empty());
        assert_eq!(emulator.runs().len(), 1);
    }
}

#[tokio::test]
async fn on_the_plain_path_a_lost_answer_is_an_error_and_a_break_is_followed_by_the_run() {
    let (emulator, letta) = start().await;
    let path = operations::SEND_MESSAGE_STREAM;
    emulator
        .inject(Fault::lose_answer().on(path).times(1))
        .unwrap();
    let agent = letta.agent("agent-1");
    let error = agent
        .turn("Hello")
        .with_path(TurnPath::Plain)
        .send()
        .await
        .unwrap_err();
    assert!(error.may_have_happened(), "{error}");
    assert_eq!(emulator.runs().len(), 1);

    emulator
        .inject(Fault::break_stream_after(2).on(path).times(1))
        .unwrap();
    let answer = agent
        .turn("Hello")
        .with_path(TurnPath::Plain)
        .tokens()
        .send()
        .await
        .unwrap();
    assert!(!answer.text().is_empty());
    assert_eq!(answer.path(), TurnPath::Plain);
    assert_eq!(emulator.runs().len(), 2);
}
