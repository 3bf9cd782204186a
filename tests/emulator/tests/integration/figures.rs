//! Figures for those who ask. Nothing here can fail, so it is run by hand, and without optimization it says little:
//!
//! ```console
//! $ cargo test --release -p letta-api-emulator --test integration figures -- --ignored --nocapture --test-threads 1
//! ```

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use letta_api_emulator::Emulator;
use reqwest::Method;
use serde_json::json;

use crate::raw::{Answer, anonymous, request};

const MESSAGES: &str = "/v1/agents/agent-1/messages";

async fn start() -> Emulator {
    Emulator::builder().agent("agent-1").start().await.unwrap()
}

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort();
    took[took.len() / 2]
}

/// Says so many messages on one connection.
async fn say(emulator: &Emulator, count: usize) {
    let http = reqwest::Client::new();
    let url = format!("{}{MESSAGES}", emulator.base_url());
    let key = emulator.api_key().to_authorization();
    for _ in 0..count {
        let sent = http.post(&url).header("authorization", key.clone());
        let answer = Answer::of(sent.json(&json!({"input": "Hello, how are you?"}))).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
#[ignore = "prints figures, and has nothing to fail"]
async fn figures_of_starting() {
    let mut started = Vec::new();
    let mut answered = Vec::new();
    for _ in 0..21 {
        let began = Instant::now();
        let emulator = start().await;
        started.push(began.elapsed());
        Answer::of(anonymous(&emulator, Method::GET, "/v1/health/")).await;
        answered.push(began.elapsed());
    }
    let (started, answered) = (median(started), median(answered));
    println!("Emulator::start(): {started:?}; with the first answer: {answered:?}");

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut first = Vec::new();
    for _ in 0..21 {
        let began = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_letta-emulator"))
            .args(["--listen", "127.0.0.1:0", "--agent", "agent-1"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let url = line.trim().rsplit(' ').next().unwrap();
        Answer::of(http.get(format!("{url}/v1/health/"))).await;
        first.push(began.elapsed());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    println!("letta-emulator to its first answer: {:?}", median(first));
    let emulator = start().await;
    let began = Instant::now();
    say(&emulator, 1).await;
    println!(
        "the first request that is checked by the description: {:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures, and has nothing to fail"]
async fn figures_of_messages() {
    for connections in [1, 8] {
        let emulator = start().await;
        say(&emulator, 10).await;
        let each = 2_000 / connections;
        let began = Instant::now();
        join_all((0..connections).map(|_| say(&emulator, each))).await;
        #[expect(clippy::cast_precision_loss, reason = "it is a small number")]
        let rate = (each * connections) as f64 / began.elapsed().as_secs_f64();
        println!("{connections} connections: {rate:.0} messages a second");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures, and has nothing to fail"]
async fn figures_of_a_thousand_streams() {
    let delay = Duration::from_millis(100);
    let emulator = Emulator::builder().agent("agent-1").word_delay(delay);
    let emulator = emulator.start().await.unwrap();
    let began = Instant::now();
    let words = "one two three four five six seven eight";
    let body = json!({"input": words, "stream_tokens": true});
    let path = format!("{MESSAGES}/stream");
    let streams =
        (0..1_000).map(|_| Answer::of(request(&emulator, Method::POST, &path).json(&body)));
    let answers = join_all(streams).await;
    let took = began.elapsed();
    assert!(answers.iter().all(|answer| answer.text.contains("[DONE]")));
    println!("1,000 streams of 10 words, 100 ms before each: all ended after {took:?}");
}

/// Bytes of this process in memory. `None` on systems that do not say so in a file.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Also how long requests wait while the state is copied for the state file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures, and has nothing to fail"]
async fn figures_of_ten_thousand_messages() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let emulator = Emulator::builder().agent("agent-1").state_file(&file);
    let emulator = emulator.start().await.unwrap();
    say(&emulator, 100).await;
    let before = resident();
    say(&emulator, 5_000).await;
    if let (Some(before), Some(after)) = (before, resident()) {
        let each = after.saturating_sub(before) / 10_000;
        println!("memory for each message kept, with its share of runs and steps: {each} bytes");
    }
    let (mut saved, mut waited) = (Vec::new(), Vec::new());
    for _ in 0..11 {
        say(&emulator, 1).await;
        let began = Instant::now();
        let mut saving = std::pin::pin!(emulator.save_state());
        let mut longest = Duration::ZERO;
        loop {
            tokio::select! {
                biased;
                result = &mut saving => break result.unwrap(),
                () = tokio::task::yield_now() => {}
            }
            let asked = Instant::now();
            let _ = emulator.agent("agent-none").snapshot();
            longest = longest.max(asked.elapsed());
        }
        saved.push(began.elapsed());
        waited.push(longest);
    }
    let size = std::fs::metadata(&file).unwrap().len() / 1024;
    println!(
        "state file of 10,000 messages, {size} KiB: written in {:?}, during which a request waits for at most {:?}",
        median(saved),
        median(waited)
    );
}
