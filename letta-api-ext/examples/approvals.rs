//! An agent that asks before it deletes files: one call is approved, one is denied, and one is done by this program.
//!
//! ```console
//! $ cargo run -p letta-api-ext --example approvals
//! ```
//!
//! No file is deleted: the tool only says so.

mod service;

use std::process::ExitCode;

use letta_api_emulator::{Act, Rule};
use letta_api_ext::agents::AgentHandle;
use letta_api_ext::letta_api::types::{CreateAgent, ToolId};
use letta_api_ext::turns::{Decision, Event, Outcome, PendingApproval};
use serde_json::json;
use service::{Failure, Service, words};

/// A tool that the service keeps and runs.
const SOURCE: &str = r#"
def delete_example_file(path: str) -> str:
    """
    Deletes a file.

    Args:
        path (str): The file's name.
    """
    return path + " is deleted."
"#;

#[tokio::main]
async fn main() -> ExitCode {
    service::exit(run().await)
}

async fn run() -> Result<(), Failure> {
    let service = Service::connect().await?;
    let tools = service.letta.server_tools();
    let tool = tools.create(SOURCE).default_requires_approval(true).await?;
    let ended = with_tool(&service, tool.id.clone()).await;
    service.letta.server_tool(&tool.id).delete().await?;
    ended
}

async fn with_tool(service: &Service, tool: ToolId) -> Result<(), Failure> {
    let agent = service
        .new_agent("approvals")
        .tool_ids([tool])
        .with_body(with_parallel_tool_calls)
        .send()
        .await?;
    service.script(agent.id.as_str(), script())?;

    let agent = service.letta.agent(agent.id);
    let ended = match decide_each(&agent).await {
        Ok(()) => leave_and_find(&agent).await,
        failed => failed,
    };
    agent.delete().await?;
    ended
}

/// So that the agent may want several things in one request.
#[allow(
    deprecated,
    reason = "`model_settings` has it too, but another one for each provider of models"
)]
fn with_parallel_tool_calls(body: CreateAgent) -> CreateAgent {
    body.with_parallel_tool_calls(true)
}

async fn decide_each(agent: &AgentHandle) -> Result<(), Failure> {
    let wish = words("Delete a.txt, b.txt and c.txt.");
    println!("\nYou       {wish}");
    let answer = agent.turn(wish).send().await?;
    let Outcome::NeedsApproval(pending) = answer.outcome() else {
        return Err("the agent asked for nothing".into());
    };
    show(&pending);

    // All calls are answered at once. What has no decision does not compile, or is refused before anything is sent.
    let mut place = 0;
    let turn = pending.decide(|call| {
        place += 1;
        let (what, decision) = match place {
            1 => ("approved: the service does it", Decision::approve()),
            2 => (
                "denied: it is still needed",
                Decision::deny("It is still needed."),
            ),
            _ => (
                "done here: in the trash",
                Decision::result("It is in the trash."),
            ),
        };
        println!("          {} is {what}", call.arguments());
        decision
    });
    let mut turn = turn.stream().await?;
    while let Some(event) = turn.next().await {
        match event? {
            Event::ToolReturn(done) if done.is_success() => println!("Returned  {}", done.text()),
            Event::ToolReturn(done) => println!("Failed    {}", done.text()),
            Event::Text(text) => println!("Agent     {text}"),
            _ => {}
        }
    }
    Ok(())
}

/// What a program does that ended while somebody had to decide, and was started again.
async fn leave_and_find(agent: &AgentHandle) -> Result<(), Failure> {
    let wish = words("Delete d.txt.");
    println!("\nYou       {wish}");
    let answer = agent.turn(wish).send().await?;
    println!(
        "          The program ends before anybody has decided: {}",
        answer.stop_reason()
    );
    drop(answer);

    println!("\nAnother program says something else.");
    match agent.turn("How are you?").send().await {
        Err(error) if error.is_pending_approval() => {
            println!("          Nothing was said: the agent waits for an answer first.");
        }
        Err(error) => return Err(error.into()),
        Ok(_) => return Err("the agent did not wait for an answer".into()),
    }
    let pending = agent.pending_approval().await?.ok_or("nothing waits")?;
    show(&pending);
    let answer = pending
        .deny_all("The user has left.")
        .and_say("How are you?")
        .send()
        .await?;
    println!("          All is denied, and the question asked.");
    println!("Agent     {}", answer.text());
    let left = agent.pending_approval().await?;
    println!(
        "          {} wait now.",
        left.map_or(0, |left| left.calls().len())
    );
    Ok(())
}

fn show(pending: &PendingApproval) {
    println!("Agent     wants to");
    for call in pending.calls() {
        println!("            {}({})", call.name(), call.arguments());
    }
}

/// What the emulator's agent does.
fn script() -> [Rule; 3] {
    let delete = |path| {
        Act::call("delete_example_file", json!({"path": path}))
            .returns(format!("{path} is deleted."))
    };
    [
        Rule::new([
            Act::calls(["a.txt", "b.txt", "c.txt"].map(delete)),
            Act::text("a.txt is gone, c.txt is in the trash, and b.txt is still there."),
        ])
        .when("a.txt"),
        Rule::new([delete("d.txt"), Act::text("d.txt is settled.")]).when("d.txt"),
        Rule::new("I am well.").always(),
    ]
}
