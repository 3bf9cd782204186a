//! The agent that the tests talk with.

use std::time::Duration;

use letta_api_emulator::{Act, ModelFailure, NewAgent, Rule};
use serde_json::json;

use crate::support::program::World;

/// A service with an agent that has a reply for each of these words.
pub(crate) async fn world() -> World {
    let world = World::with(|builder| builder.agent(NewAgent::new("agent-1").name("Ada"))).await;
    world.emulator.agent("agent-1").script(rules()).unwrap();
    world
}

fn rules() -> Vec<Rule> {
    let weather = Act::call("lookup_weather", json!({"city": "Oslo"})).returns("Rain, 4 degrees.");
    let delete = |path: &str| {
        Act::call("delete_file", json!({"path": path, "force": true}))
            .needs_approval()
            .returns("Deleted.")
    };
    vec![
        Rule::new([
            Act::reasoning("They want the weather."),
            weather,
            Act::text("It rains. Take a coat."),
        ])
        .when("weather")
        .always(),
        Rule::new([
            Act::text("I have to ask."),
            delete("a.txt"),
            Act::text("That is settled."),
        ])
        .when("delete")
        .always(),
        Rule::new([
            Act::text("Once upon a time."),
            Act::pause(Duration::from_secs(24 * 3600)),
            Act::text("The end."),
        ])
        .when("story")
        .always(),
        Rule::new([
            Act::text("\u{1b}]0;owned\u{7}\u{1b}[2Jgone\r\u{9b}31m\u{202e}"),
            Act::call("tool", json!({"\u{1b}[8m": "\u{1b}[2K"})).needs_approval(),
        ])
        .when("attack")
        .always(),
        Rule::new([
            Act::call(
                "search",
                json!({"words": "all that is known about crabs, ".repeat(5)}),
            )
            .returns("One line.\nAnother line."),
            Act::call("search", json!({})).fails("Nothing was found."),
            Act::text("I found little."),
        ])
        .when("search")
        .always(),
        Rule::new([Act::model_fails(ModelFailure::RateLimit)])
            .when("fail")
            .always(),
        Rule::new([Act::text("Hello."), Act::text("How are you?")])
            .when("hello")
            .always(),
        Rule::new([Act::echo()]).always(),
    ]
}
