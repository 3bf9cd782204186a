//! Uploads a file into a folder, waits until the service has read it, and asks an agent about it.
//!
//! ```console
//! $ cargo run -p letta-api-ext --example upload_and_ask
//! ```

mod service;

use std::process::ExitCode;

use letta_api_emulator::{Act, Rule};
use letta_api_ext::agents::AgentHandle;
use letta_api_ext::folders::FolderHandle;
use letta_api_ext::turns::Event;
use serde_json::json;
use service::{Failure, Service, words};
use uuid::Uuid;

const CONTRACT: &str = "Contract. The rent is 900 a month. It is due on the third working day.";

#[tokio::main]
async fn main() -> ExitCode {
    service::exit(run().await)
}

async fn run() -> Result<(), Failure> {
    let service = Service::connect().await?;
    // No two folders have one name.
    let name = format!("contracts-{}", Uuid::new_v4());
    let folder = service
        .letta
        .folders()
        .create(name)
        .embedding(service::embedding())
        .await?;
    let folder = service.letta.folder(folder.id);
    let ended = upload_and_ask(&service, &folder).await;
    folder.delete().await?;
    ended
}

async fn upload_and_ask(service: &Service, folder: &FolderHandle) -> Result<(), Failure> {
    // `upload_file` takes a path, and reads the file while it is sent.
    let upload = folder.upload("contract.txt", CONTRACT);
    let file = upload
        .with_progress(|sent, length| println!("Uploaded  {sent} of {length} bytes"))
        .wait_processed()
        .await?;
    println!("Processed {}", file.id);

    let agent = service.new_agent("upload").await?;
    service.script(agent.id.as_str(), script())?;
    let agent = service.letta.agent(agent.id);
    let ended = ask(&agent, folder).await;
    agent.delete().await?;
    ended
}

async fn ask(agent: &AgentHandle, folder: &FolderHandle) -> Result<(), Failure> {
    agent.attach_folder(folder.id()).await?;

    let question = words("When is the rent due?");
    println!("\nYou       {question}");
    let mut turn = agent.turn(question).stream().await?;
    while let Some(event) = turn.next().await {
        match event? {
            Event::ToolCall(call) => println!("Agent     {}({})", call.name(), call.arguments()),
            Event::ToolReturn(done) => println!("          {}", done.text()),
            Event::Text(text) => println!("Agent     {text}"),
            _ => {}
        }
    }
    turn.finish()?;
    Ok(())
}

/// What the emulator's agent does. A real one searches its files by meaning.
fn script() -> Rule {
    Rule::new([
        Act::call(
            "semantic_search_files",
            json!({"query": "due date of the rent"}),
        )
        .returns("contract.txt: It is due on the third working day."),
        Act::text("It is due on the third working day of the month."),
    ])
    .always()
}
