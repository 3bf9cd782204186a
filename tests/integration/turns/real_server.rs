//! The laws that can be provoked on a real server, through a proxy that breaks what it passes on.
//!
//! They run if `LETTA_TEST_SERVER` names a self-hosted server whose model does what a message says: `DRIP:n:s` is n words, one
//! every s seconds, `FAIL:status` fails at once, `BREAK:error:n` after n words, `MULTI:a,b` calls two tools.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use letta_api::types::{ClientTool, Message, StopReasonType};
use letta_api_ext::turns::{Decision, Event, Outcome, TurnPath};
use letta_api_ext::{Letta, agents::AgentHandle};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of one connection's answer.
#[derive(Clone, Copy, Debug)]
enum Plan {
    /// It breaks off after so many bytes.
    Cut(usize),
    /// Nothing comes any more after so many bytes.
    Stall(usize),
}

/// A proxy to the server. Each connection takes the next plan.
struct Proxy {
    plans: Arc<Mutex<VecDeque<Plan>>>,
    address: String,
}

impl Proxy {
    async fn start(server: &str) -> Self {
        let server = server
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let plans: Arc<Mutex<VecDeque<Plan>>> = Arc::default();
        let queue = plans.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let plan = queue.lock().unwrap().pop_front();
                let server = server.clone();
                tokio::spawn(async move { pass_on(client, &server, plan).await });
            }
        });
        Self { plans, address }
    }

    fn next(&self, plans: impl IntoIterator<Item = Plan>) {
        self.plans.lock().unwrap().extend(plans);
    }
}

async fn pass_on(client: TcpStream, server: &str, plan: Option<Plan>) {
    let Ok(upstream) = TcpStream::connect(server).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = upstream.into_split();
    let forth =
        tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let mut left = match plan {
        Some(Plan::Cut(bytes) | Plan::Stall(bytes)) => bytes,
        None => usize::MAX,
    };
    let mut piece = [0; 4096];
    while left > 0 {
        let room = left.min(piece.len());
        match from_server.read(&mut piece[..room]).await {
            Ok(0) | Err(_) => break,
            Ok(count) => {
                left -= count;
                if to_client.write_all(&piece[..count]).await.is_err() {
                    break;
                }
            }
        }
    }
    if let (0, Some(Plan::Stall(_))) = (left, plan) {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    forth.abort();
}

/// The server, an agent on it, and the proxy. `None` if there is no server.
async fn start() -> Option<(AgentHandle, AgentHandle, Proxy)> {
    let Some(server) = std::env::var("LETTA_TEST_SERVER")
        .ok()
        .filter(|it| !it.is_empty())
    else {
        println!("skipped: LETTA_TEST_SERVER is not set");
        return None;
    };
    let proxy = Proxy::start(&server).await;
    let client = |url: &str| {
        // A connection for each request, so that each takes a plan.
        let http = reqwest::Client::builder()
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        let builder = Letta::builder()
            .without_api_key()
            .base_url(url)
            .http_client(http);
        builder.build().unwrap()
    };
    let direct = client(&server);
    let model =
        std::env::var("LETTA_TEST_MODEL").unwrap_or_else(|_| "openai-proxy/gpt-4.1".to_owned());
    let made = direct
        .agents()
        .create()
        .name("turns")
        .model(model)
        .embedding("openai/text-embedding-3-small")
        .with_body(|body| {
            let mut body = body;
            #[allow(
                deprecated,
                reason = "what stands in for it is different for each provider"
            )]
            {
                body.parallel_tool_calls = Some(true).into();
            }
            body
        })
        .send()
        .await
        .unwrap();
    Some((
        direct.agent(&made.id),
        client(&proxy.address).agent(&made.id),
        proxy,
    ))
}

/// How often the agent has heard a text.
async fn heard(agent: &AgentHandle, text: &str) -> usize {
    let messages = agent.messages().limit(100).send().await.unwrap();
    let said = messages.iter().filter(|message| match message {
        Message::UserMessage(message) => serde_json::to_string(&message.content)
            .unwrap()
            .contains(text),
        _ => false,
    });
    said.count()
}

#[tokio::test]
async fn said_once_and_heard_once_however_the_connection_breaks() {
    let Some((direct, agent, proxy)) = start().await else {
        return;
    };
    let whole = "w0 w1 w2 w3 w4 w5";
    // An answer has about 300 bytes of head and 350 for each word.
    for (number, bytes) in [0, 1, 150, 320, 500, 700, 1000, 1333, 1700, 2100, 2500]
        .into_iter()
        .enumerate()
    {
        for tokens in [false, true] {
            let text = format!("DRIP:6:0.05 turn {number} {tokens}.");
            // The send, and what is sent after it, break.
            proxy.next([Plan::Cut(bytes), Plan::Cut(bytes / 2 + 350)]);
            let turn = agent.turn(&text);
            let answer = if tokens { turn.tokens() } else { turn }.send().await;
            proxy.plans.lock().unwrap().clear();
            let answer =
                answer.unwrap_or_else(|error| panic!("{bytes} {tokens}: {error} {error:?}"));
            assert_eq!(answer.text().trim(), whole, "{bytes} {tokens}");
            assert_eq!(answer.path(), TurnPath::Resumable);
            assert_eq!(
                heard(&direct, &format!("turn {number} {tokens}.")).await,
                1,
                "{bytes} {tokens}"
            );
        }
    }
    direct.delete().send().await.unwrap();
}

#[tokio::test]
async fn a_stall_is_noticed_and_a_plain_stream_ends_with_what_the_run_left() {
    let Some((direct, agent, proxy)) = start().await else {
        return;
    };
    let limit = Duration::from_secs(2);
    proxy.next([Plan::Stall(1000)]);
    let turn = agent
        .turn("DRIP:6:0.05 stall")
        .tokens()
        .with_silence_limit(limit);
    let answer = turn.send().await.unwrap();
    assert_eq!(answer.text().trim(), "w0 w1 w2 w3 w4 w5");
    assert!(answer.resumes() > 0);

    proxy.next([Plan::Cut(1000)]);
    let turn = agent
        .turn("DRIP:6:0.05 plain")
        .tokens()
        .with_path(TurnPath::Plain);
    let answer = turn.send().await.unwrap();
    assert_eq!(answer.text().trim(), "w0 w1 w2 w3 w4 w5");
    assert_eq!(answer.path(), TurnPath::Plain);
    assert_eq!(heard(&direct, "plain").await, 1);

    // Before anything came, nobody knows whether the agent heard it.
    proxy.next([Plan::Cut(0)]);
    let error = agent
        .turn("lost")
        .with_path(TurnPath::Plain)
        .send()
        .await
        .unwrap_err();
    assert!(
        error.is_interrupted() && error.may_have_happened(),
        "{error}"
    );
    direct.delete().send().await.unwrap();
}

#[tokio::test]
async fn ends_and_refusals_are_what_they_are() {
    let Some((direct, _, _)) = start().await else {
        return;
    };
    for (text, code) in [
        ("FAIL:429", "llm_rate_limit"),
        ("BREAK:error:3", "internal_error"),
    ] {
        for path in [TurnPath::Auto, TurnPath::Plain] {
            let error = direct
                .turn(text)
                .tokens()
                .with_path(path)
                .send()
                .await
                .unwrap_err();
            assert_eq!(error.code(), Some(code), "{text} {path:?} {error}");
            assert!(error.run_id().is_some() && error.may_have_happened());
        }
    }
    let tool = ClientTool::new("look_up").with_description("Looks something up.");
    for tokens in [false, true] {
        let turn = direct
            .turn("MULTI:look_up,look_up")
            .client_tools(vec![tool.clone()]);
        let answer = if tokens { turn.tokens() } else { turn }
            .send()
            .await
            .unwrap();
        let Outcome::NeedsApproval(pending) = answer.outcome() else {
            panic!()
        };
        let error = direct.turn("Something else").send().await.unwrap_err();
        assert!(error.is_pending_approval(), "{error}");
        let found = direct.pending_approval().await.unwrap().unwrap();
        let ids = |pending: &letta_api_ext::turns::PendingApproval| -> Vec<String> {
            pending.calls().map(|call| call.id().to_string()).collect()
        };
        assert_eq!((ids(&found), ids(&pending).len()), (ids(&pending), 2));
        let mut first = true;
        let answer = pending.decide(|_| match std::mem::take(&mut first) {
            true => Decision::result("42"),
            false => Decision::deny("Once is enough."),
        });
        let answer = answer.send().await.unwrap();
        assert_eq!(*answer.stop_reason(), StopReasonType::EndTurn);
        assert!(direct.pending_approval().await.unwrap().is_none());
    }
    direct.delete().send().await.unwrap();
}

#[tokio::test]
async fn one_at_a_time_and_cancelled_when_asked() {
    let Some((direct, _, _)) = start().await else {
        return;
    };
    let (one, two) = tokio::join!(
        direct.turn("DRIP:4:0.2 one").send(),
        direct.turn("DRIP:4:0.2 two").send()
    );
    assert_eq!(one.unwrap().text(), two.unwrap().text());

    let mut slow = direct.turn("DRIP:60:0.2").tokens().stream().await.unwrap();
    let busy = direct
        .turn("Now")
        .with_parallel_turns()
        .send()
        .await
        .unwrap_err();
    assert!(busy.is_busy() && !busy.may_have_happened(), "{busy}");
    assert_eq!(
        busy.run_id(),
        slow.run_id().as_ref().map(|run| run.as_str())
    );
    let mut pieces = 0;
    while let Some(event) = slow.next().await {
        if let Event::Text(_) = event.unwrap() {
            pieces += 1;
            if pieces == 2 {
                slow.cancel().await.unwrap();
            }
        }
    }
    assert!(slow.finish().unwrap().is_cancelled());
    assert!(pieces < 60, "{pieces}");

    // A key that was used is the same turn again.
    let key = format!("turns-{}", direct.id());
    let first = direct
        .turn("DRIP:3:0.05 key")
        .otid(&key)
        .send()
        .await
        .unwrap();
    let again = direct
        .turn("DRIP:3:0.05 key")
        .otid(&key)
        .send()
        .await
        .unwrap();
    let resumed = direct.resume_turn(&key).send().await.unwrap();
    assert_eq!(first.run_ids(), again.run_ids());
    assert_eq!(first.run_ids(), resumed.run_ids());
    assert_eq!(resumed.text(), first.text());
    assert_eq!(heard(&direct, "key").await, 1);
    direct.delete().send().await.unwrap();
}
