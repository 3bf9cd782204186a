//! A conversation in the terminal: what the agent thinks and says comes as the model writes it.
//!
//! ```console
//! $ cargo run -p letta-api-ext --example chat
//! $ cargo run -p letta-api-ext --example chat -- How is the weather?
//! ```
//!
//! Ctrl-C stops an answer. At the prompt, or a second time, it ends the program. Lines may also come from a pipe.

mod service;

use std::io::{BufRead as _, IsTerminal as _, Write as _, stdin, stdout};
use std::process::ExitCode;
use std::time::Duration;

use letta_api_emulator::{Act, Rule};
use letta_api_ext::agents::AgentHandle;
use letta_api_ext::turns::{Decision, Event, Outcome, PendingApproval, ToolCall, Turn};
use serde_json::json;
use service::{Failure, Service, words};
use tokio::sync::mpsc::{Receiver, channel};

#[tokio::main]
async fn main() -> ExitCode {
    service::exit(run().await)
}

async fn run() -> Result<(), Failure> {
    let service = Service::connect().await?;
    let agent = service.new_agent("chat").send().await?;
    service.script(agent.id.as_str(), script())?;
    println!("Agent     {} ({})", agent.name, agent.id);

    let agent = service.letta.agent(agent.id);
    let ended = chat(&agent).await;
    agent.delete().await?;
    ended
}

async fn chat(agent: &AgentHandle) -> Result<(), Failure> {
    let mut user = User::new();
    let said = words("");
    if !said.is_empty() {
        return user.follow(agent.turn(said)).await.map(drop);
    }
    println!("          Ask about the weather, have a file deleted, or hear a story.");
    while let Some(line) = user.ask("\n> ").await {
        // A failed turn does not end the conversation.
        match user.follow(agent.turn(line)).await {
            Ok(Ended::Turn) => {}
            Ok(Ended::Program) => break,
            Err(error) => eprintln!("error: {error}"),
        }
    }
    println!("\nGood bye.");
    Ok(())
}

enum Ended {
    Turn,
    Program,
}

/// Who sits at the terminal.
struct User {
    lines: Receiver<String>,
    stops: Receiver<()>,
}

impl User {
    fn new() -> Self {
        // In a thread of its own, so that nothing waits for a line when the program ends.
        let (line, lines) = channel(1);
        std::thread::spawn(move || {
            let mut read = stdin().lock().lines().map_while(Result::ok);
            read.try_for_each(|it| line.blocking_send(it))
        });
        let (stop, stops) = channel(1);
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() && stop.send(()).await.is_ok() {}
        });
        Self { lines, stops }
    }

    /// A line of the user's. `None` if there are no more, and for Ctrl-C.
    async fn ask(&mut self, question: &str) -> Option<String> {
        print(question);
        let line = tokio::select! {
            line = self.lines.recv() => line?,
            _ = self.stops.recv() => return None,
        };
        if !stdin().is_terminal() {
            println!("{line}"); // a terminal shows what is typed
        }
        Some(line)
    }

    /// Follows turns until the agent needs no approval any more.
    async fn follow(&mut self, mut turn: Turn) -> Result<Ended, Failure> {
        loop {
            let mut stream = turn.tokens().stream().await?;
            let mut is_stopped = false;
            loop {
                let event = tokio::select! {
                    event = stream.next() => event,
                    _ = self.stops.recv() => match is_stopped {
                        true => return Ok(Ended::Program),
                        false => {
                            is_stopped = true;
                            // What it has said until then still comes, and then the end.
                            stream.cancel().await?;
                            continue;
                        }
                    },
                };
                match event {
                    Some(event) => show(&event?),
                    None => break,
                }
            }
            let answer = stream.finish()?;
            if answer.is_cancelled() {
                print("\n[stopped]");
            }
            println!();
            match answer.outcome() {
                Outcome::Done(_) => return Ok(Ended::Turn),
                Outcome::NeedsApproval(pending) => turn = self.decide(pending).await,
            }
        }
    }

    /// Asks about each call. All are answered at once.
    async fn decide(&mut self, pending: PendingApproval) -> Turn {
        let mut decisions = Vec::new();
        for call in pending.calls() {
            let question = format!("May it call {}? (y/n) ", shown(call));
            let is_allowed = self
                .ask(&question)
                .await
                .is_some_and(|line| line.trim() == "y");
            let decision = match is_allowed {
                true => Decision::approve(),
                false => Decision::deny("The user said no."),
            };
            decisions.push((call.id().clone(), decision));
        }
        pending.decisions(decisions)
    }
}

fn show(event: &Event) {
    match event {
        Event::Text(piece) => print(piece.text()),
        Event::Reasoning(piece) if has_colors() => print(&format!("\x1b[2m{piece}\x1b[0m")),
        Event::Reasoning(piece) => print(piece.text()),
        // What waits for an answer is asked for when all of it is there.
        Event::ToolCall(call) if call.waits_for_answer() => {}
        Event::ToolCall(call) => print(&format!("\n[{}]\n", shown(call))),
        Event::ToolReturn(done) if done.is_success() => {
            print(&format!("[returned: {}]\n", done.text()))
        }
        Event::ToolReturn(done) => print(&format!("[failed: {}]\n", done.text())),
        _ => {}
    }
}

fn shown(call: &ToolCall) -> String {
    format!("{}({})", call.name(), call.arguments())
}

fn has_colors() -> bool {
    stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints at once, and not only when the line ends.
fn print(text: &str) {
    print!("{text}");
    let _ = stdout().flush();
}

/// What the emulator's agent does.
fn script() -> [Rule; 4] {
    let weather = Act::call("lookup_weather", json!({"city": "Oslo"})).returns("Rain, 4 degrees.");
    let delete = Act::call("delete_file", json!({"path": "notes.txt"}))
        .needs_approval()
        .returns("Deleted.");
    [
        Rule::new([
            Act::reasoning("They want the weather. I have to look it up."),
            weather,
            Act::text("It rains in Oslo. Take a coat."),
        ])
        .when("weather"),
        Rule::new([delete, Act::text("That is settled, then.")]).when("delete"),
        Rule::new([
            Act::text("Once upon a time, there was a crab. It thought for a long time."),
            Act::pause(Duration::from_secs(60)),
            Act::text("Then it went sideways."),
        ])
        .when("story"),
        Rule::new("You could ask about the weather, have a file deleted, or hear a story.")
            .always(),
    ]
}
