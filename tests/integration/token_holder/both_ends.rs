//! Both ends of a token: an application that mints, and a client that holds what it gives.

use futures_util::future::join_all;
use letta_api_emulator::{Fault, TokenRules, operations};
use letta_api_ext::policy::Preset;
use letta_api_ext::token_holder::{SourcedTokens, TokenNeed, TokenSourceError, TokenState};
use letta_api_ext::turns::{Event, TurnPath};
use letta_api_ext::{AccessPolicy, AccessRight, AgentId, Error, Letta};
use letta_api_tests::minting::seconds;
use letta_api_tests::printed;
use letta_api_tests::traces::Traces;

use super::application::Application;

const MINE: &str = "s3ss10n-0f-grace";

async fn say(letta: &Letta, words: &str) -> Result<String, Error> {
    let answer = letta.agent("agent-1").turn(words).send().await?;
    assert_eq!(answer.path(), TurnPath::Plain);
    Ok(answer.text())
}

fn state(letta: &Letta) -> TokenState {
    letta.token_holder().unwrap().state()
}

/// An application by the strict rules, and a client in a session of it.
async fn start() -> (Application, Letta) {
    let application = Application::start(TokenRules::strict()).await;
    let letta = application.holder(application.source(MINE));
    (application, letta)
}

letta_api_tests::with_both_token_rules!(
    a_holder_chats_by_one_token,
    a_token_is_renewed_ahead_while_its_holder_chats,
);

async fn a_holder_chats_by_one_token(rules: TokenRules) {
    let application = Application::start(rules).await;
    let letta = application.holder(application.source(MINE));
    assert_eq!(state(&letta), TokenState::None);
    assert_eq!(say(&letta, "Hello").await.unwrap(), "You said: Hello");
    let mut turn = letta
        .agent("agent-1")
        .turn("Hi")
        .tokens()
        .stream()
        .await
        .unwrap();
    let mut text = String::new();
    while let Some(event) = turn.next().await {
        if let Event::Text(piece) = event.unwrap() {
            text += piece.text();
        }
    }
    assert_eq!(text, "You said: Hi");
    assert_eq!(turn.finish().unwrap().path(), TurnPath::Plain);
    assert_eq!(state(&letta), TokenState::Live);
    let left = letta.token_holder().unwrap().remaining().unwrap();
    assert!(left > seconds(280) && left <= seconds(300), "{left:?}");
    assert_eq!(application.asked(), [None]);
    assert_eq!(application.service.creates(), 1);
}

async fn a_token_is_renewed_ahead_while_its_holder_chats(rules: TokenRules) {
    let application = Application::start(rules).await;
    let letta = application.holder(application.source(MINE));
    let time = &application.service.time;
    for renewals in 1..=3 {
        say(&letta, "Hello").await.unwrap();
        // No call waits for a renewal: this one goes on with the token that it has.
        time.advance(seconds(270)).await;
        say(&letta, "Still there?").await.unwrap();
        time.until(|| application.service.creates() == renewals + 1)
            .await;
        let holder = letta.token_holder().unwrap();
        time.until(|| holder.remaining().is_some_and(|left| left > seconds(270)))
            .await;
        assert_eq!(state(&letta), TokenState::Live);
    }
    // After a long pause, the next call waits for another token.
    time.advance(seconds(3_600)).await;
    say(&letta, "Good morning").await.unwrap();
    assert_eq!(application.sent(), 7);
    assert!(application.asked().iter().all(Option::is_none));
}

#[tokio::test]
async fn a_token_that_was_deleted_is_replaced_once_and_the_message_is_said_once() {
    let (application, letta) = start().await;
    say(&letta, "Hello").await.unwrap();
    assert!(application.minter.revoke_subject(MINE).await.is_complete());
    assert_eq!(say(&letta, "Again").await.unwrap(), "You said: Again");
    assert_eq!(application.asked(), [None, Some("1".to_owned())]);
    assert_eq!(application.service.creates(), 2);
    assert_eq!(application.service.emulator.runs().len(), 2);
    assert_eq!(state(&letta), TokenState::Live);
}

#[tokio::test]
async fn a_token_of_another_origin_is_refused_and_replaced_no_more_than_once() {
    let (application, _) = start().await;
    // The endpoint takes pages of its own origin alone.
    let source = application.source(MINE);
    let letta = application.configured(|builder| builder.token_source(source));
    let error = say(&letta, "Hello").await.unwrap_err();
    assert!(error.is_without_token(), "{error}");
    assert_eq!(error.status().unwrap().as_u16(), 403);
    assert!(error.message().unwrap().contains("`Origin`"), "{error}");

    // A token that the service refuses for good: the policy is not known here, and does not give the right.
    let letta = application.holder(application.source(MINE));
    let bare = |letta: Letta| async move { letta.agent("agent-1").get().send().await };
    let asked = application.asked().len();
    let error = bare(letta.clone()).await.unwrap_err();
    assert!(error.is_forbidden() || error.is_unauthorized(), "{error}");
    assert!(application.asked().len() <= asked + 2);
}

#[tokio::test]
async fn what_the_policy_does_not_open_is_refused_before_it_is_sent() {
    let (application, _) = start().await;
    let policy = AccessPolicy::for_agent("agent-1", Preset::Chat).unwrap();
    let letta = application.holder(application.source(MINE).policy(policy));
    let errors = [
        (
            letta.agent("agent-1").get().send().await.err(),
            Some(AccessRight::ReadAgent),
        ),
        (
            letta.agent("agent-2").turn("Hi").send().await.err(),
            Some(AccessRight::WriteMessages),
        ),
        (
            letta.conversation("conv-1").turn("Hi").send().await.err(),
            None,
        ),
        (letta.agents().list().send().await.err(), None),
    ];
    for (error, missing) in errors {
        let error = error.unwrap();
        assert!(
            error.is_not_opened() && !error.may_have_happened(),
            "{error}"
        );
        assert_eq!(error.missing_right(), missing, "{error}");
    }
    assert_eq!(
        application
            .service
            .emulator
            .request_count(operations::GET_AGENT),
        0
    );
    assert_eq!(
        application
            .service
            .emulator
            .request_count(operations::LIST_AGENTS),
        0
    );
    assert!(application.service.emulator.runs().is_empty());
    say(&letta, "Hello").await.unwrap();
}

#[tokio::test]
async fn nobody_is_signed_in_until_somebody_is() {
    let (application, letta) = start().await;
    application.sign_out(MINE);
    for asked in 1..=2 {
        let error = say(&letta, "Hello").await.unwrap_err();
        assert!(error.is_signed_out() && error.is_without_token(), "{error}");
        assert!(!error.may_have_happened(), "{error}");
        assert_eq!(state(&letta), TokenState::SignedOut);
        assert_eq!(application.asked().len(), asked);
    }
    application.sign_in(MINE);
    say(&letta, "Hello").await.unwrap();
    assert_eq!(state(&letta), TokenState::Live);

    // The application signs its user out, and the token is forgotten for good.
    application.sign_out(MINE);
    assert!(application.minter.revoke_subject(MINE).await.is_complete());
    letta.token_holder().unwrap().forget();
    application.sign_in(MINE);
    let asked = application.asked().len();
    let error = say(&letta, "Hello").await.unwrap_err();
    assert!(error.is_signed_out(), "{error}");
    assert_eq!(application.asked().len(), asked);
    assert_eq!(application.sent(), 1);
}

#[tokio::test]
async fn an_application_that_asks_to_wait_is_not_asked_before() {
    let (application, letta) = start().await;
    let fault = Fault::status(429).retry_after(seconds(20)).times(1);
    let create = operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN;
    application
        .service
        .emulator
        .inject(fault.on(create))
        .unwrap();
    let error = say(&letta, "Hello").await.unwrap_err();
    assert!(
        error.is_without_token() && error.is_rate_limited(),
        "{error}"
    );
    assert_eq!(error.retry_after(), Some(seconds(20)), "{error}");
    assert_eq!(
        error.message(),
        Some("The service has had too many requests.")
    );
    assert_eq!(application.sent(), 0);
    application.service.time.advance(seconds(20)).await;
    say(&letta, "Hello").await.unwrap();
}

#[tokio::test]
async fn calls_at_once_make_one_request_for_a_token() {
    let (application, letta) = start().await;
    let calls = (0..20).map(|number| {
        let letta = letta.clone();
        async move {
            letta
                .agent("agent-1")
                .messages()
                .limit(number + 1)
                .send()
                .await
        }
    });
    for result in join_all(calls).await {
        result.unwrap();
    }
    assert_eq!(application.asked(), [None]);

    // Of two clients, each has its own holder, and the application gives both the same token.
    let other = application.holder(application.source(MINE));
    say(&other, "Hello").await.unwrap();
    assert_eq!(application.asked(), [None, None]);
    assert_eq!(application.service.creates(), 1);
}

#[tokio::test]
async fn each_agent_has_its_own_token() {
    let policy = "agent-1:chat; agent-2:read_only";
    let application = Application::granting(TokenRules::strict(), policy, true).await;
    let source = application.source(MINE).policy(policy.parse().unwrap());
    let letta = application.holder(source);
    say(&letta, "Hello").await.unwrap();
    let list = letta.agent("agent-2").messages();
    list.send().await.unwrap();
    assert_eq!(application.asked(), [None]);
    assert_eq!(application.service.creates(), 2);
    let error = letta.agent("agent-2").turn("Hi").send().await.unwrap_err();
    assert_eq!(
        error.missing_right(),
        Some(AccessRight::WriteMessages),
        "{error}"
    );

    // One of them is deleted. The other stays.
    let agent: AgentId = "agent-1".parse().unwrap();
    let report = application.minter.revoke_agent(&agent).await;
    assert!(report.is_complete());
    say(&letta, "Again").await.unwrap();
    assert_eq!(application.asked(), [None, Some("agent-1".to_owned())]);
    assert_eq!(application.service.creates(), 3);
}

#[tokio::test]
async fn a_minter_in_the_same_process_is_a_source() {
    let application = Application::start(TokenRules::strict()).await;
    let minter = application.minter.clone();
    let letta = application.holder(move |need: TokenNeed| {
        let minter = minter.clone();
        async move {
            let policy = AccessPolicy::for_agent("agent-1", Preset::Chat)?;
            if need.is_refused() {
                assert!(minter.revoke_subject("me").await.is_complete());
            }
            let token = minter.token(&policy).subject("me").await?;
            Ok::<_, TokenSourceError>(SourcedTokens::from(token))
        }
    });
    say(&letta, "Hello").await.unwrap();
    // An `AccessToken` says itself what it opens.
    let error = letta.agent("agent-1").get().send().await.unwrap_err();
    assert_eq!(
        error.missing_right(),
        Some(AccessRight::ReadAgent),
        "{error}"
    );
    application.service.time.advance(seconds(3_600)).await;
    say(&letta, "Again").await.unwrap();
    assert_eq!(application.service.creates(), 2);
    let fault = Fault::status(429).retry_after(seconds(20)).times(1);
    let create = operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN;
    application
        .service
        .emulator
        .inject(fault.on(create))
        .unwrap();
    application.service.time.advance(seconds(3_600)).await;
    let error = say(&letta, "Hello").await.unwrap_err();
    assert!(
        error.is_without_token() && error.is_rate_limited(),
        "{error}"
    );
    assert!(error.retry_after().is_some(), "{error}");
    // A refusal of the application's own key signs nobody out.
    application.service.time.advance(seconds(3_600)).await;
    let fault = Fault::status(401).times(1).on(create);
    application.service.emulator.inject(fault).unwrap();
    let error = say(&letta, "Hello").await.unwrap_err();
    assert!(
        error.is_without_token() && !error.is_signed_out(),
        "{error}"
    );
}

#[tokio::test]
async fn no_secret_is_in_anything_that_is_printed() {
    let (traces, _guard) = Traces::here();
    let (application, letta) = start().await;
    let mut text = String::new();
    say(&letta, "Hello").await.unwrap();
    assert!(application.minter.revoke_subject(MINE).await.is_complete());
    say(&letta, "Again").await.unwrap();
    let token = application.service.emulator.tokens().pop().unwrap();
    let token = token.secret().expose_secret().to_owned();
    // The service repeats the token that it refuses, and the application its session.
    let error = letta.agent(format!("agent-{token}")).get().send().await;
    text += &printed(&error.unwrap_err());
    let error = letta.agent("agent-1").get().send().await.unwrap_err();
    text += &printed(&error);
    application.sign_out(MINE);
    letta.token_holder().unwrap().renew().await.unwrap_err();
    text += &printed(&say(&letta, "Hello").await.unwrap_err());
    text += &format!(
        "{letta:?} {:#?} {:?}",
        letta.token_holder(),
        application.source(MINE)
    );
    text += &format!("{:?}", traces.take());
    let mut secrets = vec![
        MINE.to_owned(),
        application
            .service
            .emulator
            .api_key()
            .secret()
            .expose_secret()
            .to_owned(),
    ];
    let tokens = application.service.emulator.tokens();
    secrets.push(token);
    secrets.extend(
        tokens
            .iter()
            .map(|token| token.secret().expose_secret().to_owned()),
    );
    for secret in secrets {
        assert!(
            !text.contains(secret.trim_end_matches('=')),
            "a secret is in {text}"
        );
    }
    assert!(text.contains("send_message_stream"), "calls were traced");
}
