//! The laws of turns, under faults of any kind and in any order, on paused time.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::timeout;

use self::service::{End, Fault, Network, Say, Script, Service};
use super::target::Target;
use super::transcript::Pending;
use super::turn::Settings;
use super::{Event, PendingApproval, ToolCall, TurnPath};
use crate::{Letta, RetryPolicy};

mod service;

/// No turn may last longer. The longest run here takes minutes.
const FOREVER: Duration = Duration::from_secs(4 * 60 * 60);

fn letta(service: &Arc<Service>) -> Letta {
    // Making a client reads the certificates of this machine.
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(reqwest::Client::new);
    let builder = Letta::builder()
        .api_key("sk-let-1")
        .http_client(CLIENT.clone());
    let letta = builder.build().unwrap();
    letta.with_inner(Arc::new(Network(service.clone())))
}

/// What a caller got: events in words, and how they ended.
#[derive(Debug)]
struct Got {
    events: Vec<String>,
    end: Result<String, crate::Error>,
}

/// Makes a turn, and joins the pieces of texts that come one after the other.
async fn talk(letta: &Letta, path: TurnPath, tokens: bool) -> Got {
    let turn = letta.agent("agent-1").turn("Hello").with_path(path);
    let turn = if tokens { turn.tokens() } else { turn };
    let mut events: Vec<String> = Vec::new();
    let mut stream = match turn.stream().await {
        Ok(stream) => stream,
        Err(error) => {
            return Got {
                events,
                end: Err(error),
            };
        }
    };
    while let Some(event) = stream.next().await {
        let Ok(event) = event else { break };
        let (kind, text) = match event {
            Event::Text(piece) => ("text:", format!("{}:{piece}", piece.message_id())),
            Event::Reasoning(piece) => ("reasoning:", format!("{}:{piece}", piece.message_id())),
            Event::ToolCall(call) => ("call:", format!("{}({})", call.name(), call.arguments())),
            Event::ToolReturn(done) => ("return:", done.text().to_owned()),
            Event::Other(value) => ("other:", value["value"].to_string()),
            Event::Message(_) => ("message", String::new()),
        };
        let new = format!("{kind}{text}");
        // Pieces of one message are one.
        let head = |text: &str| text.splitn(3, ':').take(2).collect::<Vec<_>>().join(":");
        match events.last_mut() {
            Some(last) if matches!(kind, "text:" | "reasoning:") && head(last) == head(&new) => {
                last.push_str(text.split_once(':').unwrap().1);
            }
            _ => events.push(new),
        }
    }
    let end = stream.finish().map(|answer| answer.text());
    Got { events, end }
}

/// What all of it would be.
fn all(script: &Script) -> Vec<String> {
    let said = script.says.iter().enumerate();
    said.map(|(number, say)| match say {
        Say::Text(text) => format!("text:message-{number}:{text}"),
        Say::Reasoning(text) => format!("reasoning:message-{number}:{text}"),
        Say::Call(arguments) => format!("call:look_up({arguments})"),
        Say::Return(text) => format!("return:{text}"),
        Say::Unknown(value) => format!("other:{value}"),
    })
    .collect()
}

/// What of it is told if nothing goes wrong on the way. If the agent is stopped, nobody knows whether its last call is complete.
fn all_that_is_told(script: &Script) -> Vec<String> {
    let mut all = all(script);
    let is_call = matches!(script.says.last(), Some(Say::Call(_)));
    if is_call && script.tokens && script.end != End::Well {
        all.pop();
    }
    all
}

/// Whether `got` is a beginning of `all`, in which the last text may be incomplete.
fn is_prefix(got: &[String], all: &[String]) -> bool {
    let Some((last, before)) = got.split_last() else {
        return true;
    };
    got.len() <= all.len()
        && before == &all[..before.len()]
        && all[before.len()].starts_with(last.as_str())
}

fn hold(script: &Script, service: &Service, path: TurnPath, got: &Got, faults: &[Fault]) {
    let about = || {
        format!(
            "{script:?} {path:?} {faults:?}\n{got:?}\nheard {:?}",
            service.heard()
        )
    };
    let heard = service.heard();
    // 1. Said once.
    assert!(heard.len() <= 1, "said twice: {}", about());
    // 2. Heard once, in order.
    let all = all(script);
    assert!(is_prefix(&got.events, &all), "not a prefix: {}", about());
    match &got.end {
        Ok(text) => {
            assert_eq!(heard.len(), 1, "{}", about());
            // 3. An end is an end.
            assert!(
                matches!(script.end, End::Well | End::Cancelled),
                "{}",
                about()
            );
            let is_lost = script.end == End::Cancelled && script.tokens;
            assert!(
                is_lost || got.events == all_that_is_told(script),
                "not to the end: {}",
                about()
            );
            let texts = script.says.iter().filter_map(|say| match say {
                Say::Text(text) => Some(*text),
                _ => None,
            });
            let texts: Vec<&str> = texts.collect();
            assert!(is_lost || *text == texts.join("\n"), "{}", about());
        }
        Err(error) => {
            // If it says that nothing happened, nothing did.
            assert!(error.may_have_happened() || heard.is_empty(), "{}", about());
        }
    }
    assert!(service.at_once() <= 1, "{}", about());
}

fn says() -> impl Strategy<Value = Vec<Say>> {
    let say = prop_oneof![
        3 => prop_oneof![Just("Hello there, Sam."), Just("Grüße 👋 an alle hier."), Just("Yes")].prop_map(Say::Text),
        2 => prop_oneof![Just("Let me think about that."), Just("Hm")].prop_map(Say::Reasoning),
        1 => prop_oneof![Just(r#"{"a": 1, "b": "two three"}"#), Just("{}")].prop_map(Say::Call),
        1 => Just(Say::Return("It rains.")),
        1 => (0..9_u32).prop_map(Say::Unknown),
    ];
    prop::collection::vec(say, 0..6)
}

fn script() -> impl Strategy<Value = Script> {
    let end = prop_oneof![5 => Just(End::Well), 1 => Just(End::Fails), 1 => Just(End::FailsSilently), 1 => Just(End::Cancelled)];
    let pause = prop_oneof![Just(0_u64), Just(30), Just(15_000), Just(100_000)];
    let strategy = (says(), end, any::<bool>(), pause, any::<bool>());
    strategy.prop_map(|(says, end, tokens, pause, pings)| Script {
        says,
        end,
        tokens,
        pause: Duration::from_millis(pause),
        pings,
    })
}

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    // A 429 says that the request was not taken.
    let refused = prop_oneof![Just(500_u16), Just(502), Just(503), Just(504), Just(429)];
    let in_doubt = prop_oneof![Just(500_u16), Just(502), Just(503), Just(504), Just(520)];
    let fault = prop_oneof![
        3 => Just(Fault::None),
        1 => Just(Fault::LoseRequest),
        1 => Just(Fault::LoseAnswer),
        1 => refused.prop_map(Fault::Status),
        1 => in_doubt.prop_map(Fault::StatusAfter),
        3 => (0..12_usize, 0..40_usize).prop_map(|(events, bytes)| Fault::Break(events, bytes)),
        1 => (0..12_usize).prop_map(Fault::EndEarly),
        1 => (0..12_usize).prop_map(Fault::Stall),
        1 => (0..12_usize).prop_map(Fault::PingsAlone),
        1 => (0..12_usize).prop_map(Fault::Repeat),
        1 => (0..12_usize).prop_map(Fault::Skip),
        1 => (1..7_usize).prop_map(Fault::Shred),
    ];
    prop::collection::vec(fault, 0..8).prop_map(|mut faults| {
        // An event that is missing twice was never there, as far as anybody can see.
        let first = faults
            .iter()
            .position(|fault| matches!(fault, Fault::Skip(_)));
        let mut place = 0;
        faults.retain(|fault| {
            place += 1;
            !matches!(fault, Fault::Skip(_)) || first == Some(place - 1)
        });
        faults
    })
}

/// Whatever the policy says of calls, a turn says nothing twice.
fn retry() -> impl Strategy<Value = RetryPolicy> {
    any::<bool>().prop_map(|repeats| match repeats {
        true => RetryPolicy::standard().repeat_unsafe(),
        false => RetryPolicy::standard(),
    })
}

/// Makes the turn on paused time.
fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async { timeout(FOREVER, work).await.expect("it is stuck") })
}

#[test]
fn a_run_that_is_never_reached_again_ends_the_turn() {
    let script = Script {
        says: vec![Say::Text("Hello there, Sam.")],
        end: End::Well,
        tokens: true,
        pause: Duration::ZERO,
        pings: true,
    };
    let mut service = Service::new(script, Vec::new(), true, true);
    Arc::get_mut(&mut service).unwrap().is_hollow = true;
    let letta = letta(&service);
    let error = run(letta.agent("agent-1").turn("Hello").send()).unwrap_err();
    assert!(
        error.is_interrupted() && error.may_have_happened(),
        "{error}"
    );
    assert_eq!(service.heard().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600.max(ProptestConfig::default().cases), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_connection_does_the_laws_hold(
        script in script(),
        faults in faults(),
        path in prop_oneof![3 => Just(TurnPath::Auto), 1 => Just(TurnPath::Resumable), 1 => Just(TurnPath::Plain)],
        has_store in prop_oneof![4 => Just(true), 1 => Just(false)],
        retry in retry(),
    ) {
        let service = Service::new(script.clone(), faults.clone(), has_store, true);
        let letta = letta(&service).with_retry(retry);
        let got = run(talk(&letta, path, script.tokens));
        hold(&script, &service, path, &got, &faults);
    }

    /// Faults that a turn can heal: it must.
    #[test]
    fn what_can_be_healed_is_healed(
        script in script(),
        fault in prop_oneof![
            Just(Fault::LoseAnswer),
            Just(Fault::StatusAfter(502)),
            (0..12_usize, 0..40_usize).prop_map(|(events, bytes)| Fault::Break(events, bytes)),
            (0..12_usize).prop_map(Fault::EndEarly),
            (0..12_usize).prop_map(Fault::Stall),
            (0..12_usize).prop_map(Fault::PingsAlone),
            (0..12_usize).prop_map(Fault::Repeat),
            (0..12_usize).prop_map(Fault::Skip),
            (1..7_usize).prop_map(Fault::Shred),
        ],
        second in prop_oneof![
            Just(Fault::None),
            (0..12_usize, 0..40_usize).prop_map(|(events, bytes)| Fault::Break(events, bytes)),
            (0..12_usize).prop_map(Fault::Stall),
            Just(Fault::Status(502)),
        ],
    ) {
        let faults = vec![fault, second];
        let service = Service::new(script.clone(), faults.clone(), true, true);
        let got = run(talk(&letta(&service), TurnPath::Auto, script.tokens));
        hold(&script, &service, TurnPath::Auto, &got, &faults);
        let is_well = matches!(script.end, End::Well | End::Cancelled);
        prop_assert_eq!(got.end.is_ok(), is_well, "{:?} {:?} {:?}", script, faults, got);
        prop_assert_eq!(got.events, all_that_is_told(&script), "{:?} {:?} {:?}", script, faults, got.end);
    }

    /// However long an agent thinks.
    #[test]
    fn a_connection_that_works_is_not_made_anew(
        mut script in script(),
        path in prop_oneof![Just(TurnPath::Auto), Just(TurnPath::Plain)],
        shows_runs in any::<bool>(),
    ) {
        // A token's holder has the plain path, and may not ask.
        let shows_runs = shows_runs || path == TurnPath::Auto;
        script.end = End::Well;
        script.pings = true;
        let service = Service::new(script.clone(), Vec::new(), true, shows_runs);
        let letta = letta(&service);
        let turn = letta.agent("agent-1").turn("Hello").with_path(path);
        let answer = run(async move { if script.tokens { turn.tokens() } else { turn }.send().await });
        prop_assert_eq!(answer.unwrap().resumes(), 0);
    }

    /// Not even with the key by which the service would know it.
    #[test]
    fn an_answer_to_a_request_is_sent_once(
        script in script(),
        faults in faults(),
        path in prop_oneof![Just(TurnPath::Auto), Just(TurnPath::Plain)],
        retry in retry(),
    ) {
        let service = Service::new(script.clone(), faults.clone(), true, true);
        let letta = letta(&service).with_retry(retry);
        let target = Target::Agent("agent-1".into());
        let call = ToolCall {
            id: "call-1".into(),
            name: "delete_file".to_owned(),
            arguments: "{}".to_owned(),
            waits: true,
        };
        let pending = PendingApproval {
            settings: Box::new(Settings::new(&letta, target)),
            pending: Pending { request: "message-1".into(), calls: vec![call] },
            before: None,
        };
        let turn = pending.approve_all().with_path(path);
        let end = run(turn.send());
        prop_assert!(service.sent() <= 1, "{:?} {:?}", faults, end);
        match end {
            Ok(_) => prop_assert_eq!(service.heard().len(), 1),
            Err(error) => prop_assert!(error.may_have_happened() || service.heard().is_empty(), "{:?}", error),
        }
    }

    #[test]
    fn turns_of_one_agent_come_one_after_the_other(
        script in script(),
        path in prop_oneof![Just(TurnPath::Auto), Just(TurnPath::Plain)],
    ) {
        let service = Service::new(script.clone(), Vec::new(), true, true);
        let letta = letta(&service);
        let (first, second) = (letta.clone(), letta.clone());
        let tokens = script.tokens;
        let (one, two) = run(async move {
            tokio::join!(talk(&first, path, tokens), talk(&second, path, tokens))
        });
        let is_well = matches!(script.end, End::Well | End::Cancelled);
        prop_assert_eq!(one.end.is_ok() && two.end.is_ok(), is_well, "{:?} {:?}", one, two);
        prop_assert_eq!(service.heard().len(), 2);
        prop_assert_eq!(service.at_once(), 1);
    }
}
