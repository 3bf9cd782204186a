//! A program that crashes in the middle of a turn, and one that goes on where it was. The agent hears the question once.
//!
//! ```console
//! $ cargo run -p letta-api-ext --example resume_after_a_crash
//! ```
//!
//! The program starts itself a second time, and that one crashes.

mod service;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use letta_api_emulator::Rule;
use letta_api_ext::agents::AgentHandle;
use letta_api_ext::letta_api::types::{Message, UserContent};
use letta_api_ext::turns::{Event, Turn};
use service::{Failure, Service, words};
use uuid::Uuid;

const QUESTION: &str = "How does the story go?";

#[tokio::main]
async fn main() -> ExitCode {
    service::exit(run().await)
}

async fn run() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, agent, note, question] = &arguments[..]
        && mode == "crash"
    {
        return crash(agent, Path::new(note), question).await;
    }
    let service = Service::connect().await?;
    let agent = service.new_agent("crash").send().await?;
    service.script(agent.id.as_str(), script())?;

    let agent = service.letta.agent(agent.id);
    let note = std::env::temp_dir().join(format!("letta-turn-{}", Uuid::new_v4()));
    let ended = go_on(&service, &agent, &note).await;
    agent.delete().await?;
    std::fs::remove_file(&note)?;
    ended
}

/// The program that crashes.
async fn crash(agent: &str, note: &Path, question: &str) -> Result<(), Failure> {
    let service = Service::connect().await?;
    // First the key goes where it outlives the program, and then the question is asked.
    let key = Uuid::new_v4().to_string();
    std::fs::write(note, &key)?;
    let turn = service.letta.agent(agent).turn(question).otid(key).tokens();
    show(turn, Some(3)).await
}

/// The program that goes on.
async fn go_on(service: &Service, agent: &AgentHandle, note: &Path) -> Result<(), Failure> {
    let question = words(QUESTION);
    println!("\nA program asks: {question}");
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("crash")
        .arg(agent.id().as_str())
        .arg(note)
        .arg(&question);
    if let Some(emulator) = &service.emulator {
        command
            .env("LETTA_BASE_URL", emulator.base_url())
            .env("LETTA_API_KEY", emulator.api_key().secret().expose_secret());
    }
    let status = tokio::task::spawn_blocking(move || command.status()).await??;
    println!("\nIt is gone: {status}");

    let key = std::fs::read_to_string(note)?;
    println!("\nAnother program has the key that it left, and hears the answer from its start:");
    show(agent.resume_turn(&key).tokens(), None).await?;

    println!("\nIt may also ask the same with the same key. The agent does not hear that again:");
    show(agent.turn(&question).otid(&key).tokens(), None).await?;

    let mut times = 0;
    let mut messages = agent.messages().items();
    while let Some(message) = messages.next().await {
        if let Message::UserMessage(said) = message? {
            times += usize::from(said.content == UserContent::Text(question.clone()));
        }
    }
    match times {
        1 => println!("\nIn the agent's messages, the user asks once."),
        _ => return Err(format!("in the agent's messages, the user asks {times} times").into()),
    }
    Ok(())
}

/// Prints the answer as it comes. With `crashes_after`, the program is gone after so many pieces.
async fn show(turn: Turn, crashes_after: Option<usize>) -> Result<(), Failure> {
    let mut stream = turn.stream().await?;
    let mut pieces = 0;
    print!("  ");
    while let Some(event) = stream.next().await {
        if let Event::Text(piece) = event? {
            print!("{piece}");
            std::io::stdout().flush()?;
            pieces += 1;
            if Some(pieces) == crashes_after {
                // No destructor runs, and nobody says good bye to the service.
                std::process::abort();
            }
        }
    }
    println!();
    stream.finish()?;
    Ok(())
}

/// What the emulator's agent does.
fn script() -> Rule {
    Rule::new(
        "A crab went to the sea. It went sideways, as crabs do, and was late. The sea had waited.",
    )
    .always()
}
