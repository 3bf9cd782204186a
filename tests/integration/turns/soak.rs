//! Many turns at once, of which each fifth meets a fault of some kind: none is said twice, none is lost.
//!
//! Prints its figures: `cargo test -p letta-api-tests --test integration turns::soak -- --nocapture`. The long one is ignored:
//! add `--ignored`.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use letta_api::operations;
use letta_api_emulator::{Act, Emulator, Fault, NewAgent, Rule};
use letta_api_ext::turns::{Answer, Decision, Outcome, Turn, TurnPath};
use letta_api_ext::{Error, Letta, RetryPolicy};
use serde_json::json;

const AGENTS: usize = 50;

/// One in five requests that belong to a turn meets one of these, together.
fn faults() -> Vec<Fault> {
    let kinds = [
        Fault::disconnect(),
        Fault::lose_answer(),
        Fault::status(502),
        Fault::status(503),
        Fault::break_stream_after(0),
        Fault::break_stream_after(2),
        Fault::break_stream_after(6),
        Fault::break_stream_within_event(3),
        Fault::break_stream_after_bytes(700),
        Fault::break_stream_within_character(),
        Fault::end_stream(3),
        Fault::stall_stream(4),
        Fault::shred_stream(),
        Fault::repeat_event(2),
        Fault::repeat_event(5),
    ];
    // And one that leaves an event out.
    let share = 0.2 / (kinds.len() + 1) as f64;
    let operations = [
        operations::SEND_CONVERSATION_MESSAGE_STREAM,
        operations::SEND_MESSAGE_STREAM,
        operations::RESUME_CONVERSATION_STREAM,
        operations::RESUME_RUN_STREAM,
    ];
    let on = |kind: &Fault| operations.map(|it| kind.clone().on(it).with_probability(share));
    let mut faults: Vec<Fault> = kinds.iter().flat_map(on).collect();
    // Of a stream that begins at the run's start. The third event of a run that is resumed may be its last, which nobody can miss.
    let from_start = &operations[..3];
    faults.extend(from_start.iter().map(|it| {
        let skip = Fault::skip_event(3).on(*it);
        skip.with_probability(share)
    }));
    faults
}

/// What the agents do. All of it has more than one event after the third, so that one which is left out is noticed.
fn rules() -> [Rule; 2] {
    let ask = Act::call("delete_file", json!({"path": "ä.txt"}));
    [
        Rule::new([
            Act::reasoning("I have to ask, äh."),
            ask.needs_approval().returns("Deleted."),
            Act::reasoning("It went well."),
            Act::text("The file is gone: ä ö ü."),
        ])
        .when("delete")
        .always(),
        Rule::new([
            Act::reasoning("They talk to me, äh."),
            Act::call("look", json!({"at": "the sky"})).returns("Blue."),
            Act::reasoning("That is all."),
            Act::echo(),
        ])
        .when("talk")
        .always(),
    ]
}

#[derive(Default)]
struct Counts(Mutex<BTreeMap<String, usize>>);

impl Counts {
    fn add(&self, what: impl Into<String>, more: usize) {
        *self.0.lock().unwrap().entry(what.into()).or_default() += more;
    }
}

/// What of a turn is known: its text, and whether it is certain that it was said.
struct Said {
    text: String,
    is_certain: bool,
    key: Option<String>,
}

fn kind(error: &Error) -> &'static str {
    assert!(
        error.may_have_happened() || error.status().is_some(),
        "{error}"
    );
    match error.is_interrupted() {
        true => "interrupted",
        false => "refused",
    }
}

/// Makes one turn and what follows it, and checks what came of it.
async fn talk(letta: &Letta, number: usize, counts: &Counts) -> Said {
    let agent = letta.agent(format!("agent-{}", number % AGENTS));
    let round = number / AGENTS;
    let is_request = (number + round).is_multiple_of(5);
    let text = match is_request {
        true => format!("Please delete <{number}>"),
        false => format!("Please talk <{number}>"),
    };
    let with = |turn: Turn| {
        let turn = turn.with_silence_limit(Duration::from_secs(2));
        let turn = if round.is_multiple_of(2) {
            turn.tokens()
        } else {
            turn
        };
        if number % 7 == 3 {
            turn.with_path(TurnPath::Plain)
        } else {
            turn
        }
    };
    let key = (number % 11 == 1).then(|| format!("key-{number}"));
    let make = || match &key {
        Some(key) => with(agent.turn(text.as_str())).otid(key),
        None => with(agent.turn(text.as_str())),
    };
    let mut answer = end(make()).await;
    if let (Err(error), Some(_)) = (&answer, &key)
        && error.may_have_happened()
    {
        // Whoever has a key may say it again.
        counts.add("said again with its key", 1);
        answer = end(make()).await;
    }
    let said = |is_certain| Said {
        text: text.clone(),
        is_certain,
        key: key.clone(),
    };
    let answer = match answer {
        Ok(answer) => answer,
        // Another turn's request stands in the way, since its answer was lost.
        Err(error) if error.is_pending_approval() => {
            counts.add("a request stood in the way", 1);
            settle(&agent, counts).await;
            return said(false);
        }
        Err(error) => {
            counts.add(kind(&error), 1);
            settle(&agent, counts).await;
            return said(false);
        }
    };
    counts.add("resumes", answer.resumes() as usize);
    match answer.outcome() {
        Outcome::Done(answer) => {
            assert!(!is_request);
            check(&answer, &format!("You said: {text}"));
            counts.add("ended well", 1);
        }
        Outcome::NeedsApproval(asked) => {
            assert!(is_request);
            assert_eq!(asked.calls().len(), 1);
            let turn = with(asked.decide(|_| Decision::approve()));
            match end(turn).await {
                Ok(answer) => {
                    check(&answer, "The file is gone: ä ö ü.");
                    counts.add("ended well, with an answer", 1);
                }
                Err(error) => {
                    counts.add(format!("answers {}", kind(&error)), 1);
                    settle(&agent, counts).await;
                }
            }
        }
    }
    said(true)
}

/// Answers a request that was left, so that the agent is free.
async fn settle(agent: &letta_api_ext::agents::AgentHandle, counts: &Counts) {
    if let Ok(Some(asked)) = agent.pending_approval().await {
        counts.add("requests found again", 1);
        let turn = asked.approve_all().with_busy_wait(Duration::from_secs(20));
        drop(turn.with_silence_limit(Duration::from_secs(2)).send().await);
    }
}

/// Half of the turns are streams, read to their end.
async fn end(turn: Turn) -> Result<Answer, Error> {
    // A run goes on after its turn was interrupted, and keeps its agent busy.
    let turn = turn.with_busy_wait(Duration::from_secs(20));
    let mut stream = turn.stream().await?;
    let mut told = String::new();
    while let Some(event) = stream.next().await {
        if let letta_api_ext::turns::Event::Text(piece) = event? {
            told += piece.text();
        }
    }
    let answer = stream.finish()?;
    // What was told is what was answered, each piece once.
    assert_eq!(told, answer.text());
    Ok(answer)
}

fn check(answer: &Answer, text: &str) {
    assert_eq!(answer.text(), text);
}

async fn soak(turns: usize) {
    let builder = (0..AGENTS).fold(Emulator::builder().seed(4711), |builder, number| {
        builder.agent(NewAgent::new(format!("agent-{number}")))
    });
    let emulator = builder.start().await.unwrap();
    for number in 0..AGENTS {
        let agent = emulator.agent(format!("agent-{number}"));
        agent.script(rules()).unwrap();
    }
    for fault in faults() {
        emulator.inject(fault).unwrap();
    }
    let backoff = Duration::from_millis(1);
    let letta = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .retry(
            RetryPolicy::standard()
                .max_attempts(6)
                .backoff(backoff, backoff),
        )
        .build()
        .unwrap();
    let counts = Arc::new(Counts::default());
    // An agent has one partner, who answers its requests.
    let tasks: Vec<_> = (0..AGENTS)
        .map(|first| {
            let (letta, counts) = (letta.clone(), counts.clone());
            tokio::spawn(async move {
                let mut all = Vec::new();
                for number in (first..turns).step_by(AGENTS) {
                    all.push(talk(&letta, number, &counts).await);
                }
                all
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    emulator.clear_faults();
    for run in emulator.runs() {
        emulator.run_over(run.id.as_str()).await;
    }
    // How often each agent heard each text.
    let mut heard = HashMap::<String, usize>::new();
    for number in 0..AGENTS {
        let agent = emulator
            .agent(format!("agent-{number}"))
            .snapshot()
            .unwrap();
        for message in agent.messages() {
            let is_ours = message.text().starts_with("Please ");
            if is_ours && message.kind() == letta_api_emulator::MessageKind::User {
                *heard.entry(message.text().to_owned()).or_default() += 1;
            }
        }
    }
    let (mut lost, mut doubled, mut in_doubt) = (0, 0, 0);
    for said in &all {
        let times = heard.get(&said.text).copied().unwrap_or(0);
        doubled += usize::from(times > 1);
        lost += usize::from(said.is_certain && times == 0);
        in_doubt += usize::from(!said.is_certain);
        assert!(
            times <= 1,
            "{} was heard {times} times, key {:?}",
            said.text,
            said.key
        );
    }
    println!(
        "{turns} turns with {AGENTS} agents: {doubled} doubled, {lost} lost, {in_doubt} in doubt"
    );
    for (what, count) in counts.0.lock().unwrap().iter() {
        println!("  {count:>6} {what}");
    }
    assert_eq!((all.len(), doubled, lost), (turns, 0, 0));
    // Only a lost answer on the plain path, or one to a request, cannot be healed.
    assert!(in_doubt * 10 < turns, "{in_doubt}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_500_turns_with_faults_none_is_said_twice_or_lost() {
    soak(500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slow: add -- --ignored"]
async fn of_10_000_turns_with_faults_none_is_said_twice_or_lost() {
    soak(10_000).await;
}
