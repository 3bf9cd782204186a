//! Two functions of this program that an agent calls: a weather service, and a calculator.
//!
//! ```console
//! $ cargo run -p letta-api-ext --example tools
//! ```

mod service;

use std::process::ExitCode;

use letta_api_emulator::{Act, Rule};
use letta_api_ext::agents::AgentHandle;
use letta_api_ext::turns::Event;
use letta_api_ext::turns::tools::{Json, Tools};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use service::{Failure, Service, words};

// The model reads what the types say: the names, and the doc comments.

/// The weather in a city now.
#[derive(Deserialize, JsonSchema)]
struct Weather {
    /// A city, in English
    city: String,
}

/// Does one calculation with two numbers.
#[derive(Deserialize, JsonSchema)]
struct Calculate {
    a: f64,
    operator: Operator,
    b: f64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Operator {
    Plus,
    Minus,
    Times,
    DividedBy,
}

#[derive(Serialize)]
struct Now {
    celsius: f64,
    sky: &'static str,
}

/// The agent reads an error too, and can do better.
async fn weather(input: Weather) -> Result<Json<Now>, String> {
    match input.city.as_str() {
        "Oslo" => Ok(Json(Now {
            celsius: 4.5,
            sky: "rain",
        })),
        "Rome" => Ok(Json(Now {
            celsius: 21.0,
            sky: "clear",
        })),
        other => Err(format!(
            "there is no city {other:?}; there are Oslo and Rome"
        )),
    }
}

async fn calculate(Calculate { a, operator, b }: Calculate) -> Result<f64, &'static str> {
    match operator {
        Operator::Plus => Ok(a + b),
        Operator::Minus => Ok(a - b),
        Operator::Times => Ok(a * b),
        Operator::DividedBy if b == 0.0 => Err("nothing can be divided by zero"),
        Operator::DividedBy => Ok(a / b),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    service::exit(run().await)
}

async fn run() -> Result<(), Failure> {
    let service = Service::connect().await?;
    let agent = service.new_agent("tools").send().await?;
    service.script(agent.id.as_str(), script())?;

    let agent = service.letta.agent(agent.id);
    let ended = ask(&agent).await;
    agent.delete().await?;
    ended
}

async fn ask(agent: &AgentHandle) -> Result<(), Failure> {
    let tools = Tools::new().add_typed(weather).add_typed(calculate);

    let question = words("How warm is it in Oslo, and how much colder than in Rome?");
    println!("\nYou       {question}");
    let mut turn = agent.turn(question).tools(&tools).stream().await?;
    let mut calls = 0;
    while let Some(event) = turn.next().await {
        match event? {
            Event::ToolCall(call) => {
                calls += 1;
                println!("Call {calls}    {}({})", call.name(), call.arguments());
            }
            Event::ToolReturn(done) if done.is_success() => {
                println!("          returned {}", done.text())
            }
            Event::ToolReturn(done) => println!("          failed: {}", done.text()),
            Event::Text(text) => println!("Agent     {text}"),
            _ => {}
        }
    }
    let answer = turn.finish()?;
    // Each round is a run at the service: the last one has the answer.
    println!(
        "\nRounds    {} with tools, in one turn",
        answer.run_ids().len().saturating_sub(1)
    );
    Ok(())
}

/// What the emulator's agent does. First it asks for a city that does not exist.
fn script() -> Rule {
    Rule::new([
        Act::call("weather", json!({"city": "Olso"})),
        Act::call("weather", json!({"city": "Oslo"})),
        Act::call("weather", json!({"city": "Rome"})),
        Act::call(
            "calculate",
            json!({"a": 21.0, "operator": "minus", "b": 4.5}),
        ),
        Act::text("It is 4.5 degrees in Oslo, 16.5 colder than in Rome."),
    ])
    .always()
}
