//! What is asked at a terminal before something that cannot be undone.

use letta_api_emulator::NewAgent;

use crate::support::program::World;
use crate::support::terminal::Terminal;

const DELETE: &str = "Delete the agent Ada and its messages? [y/N] ";

async fn world() -> World {
    World::with(|builder| builder.agent(NewAgent::new("agent-1").name("Ada"))).await
}

/// Presses these keys when this is asked: the exit code, and the screen.
async fn at_terminal(
    world: &World,
    arguments: &[&str],
    question: &'static str,
    keys: &'static str,
) -> (i32, String) {
    let mut terminal = Terminal::open(arguments, &world.variables());
    let asked = tokio::task::spawn_blocking(move || {
        terminal.wait_for_prompt(question);
        terminal.press(keys);
        let (code, screen, _) = terminal.end();
        (code, screen)
    });
    asked.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_deleted_unless_the_answer_is_yes() {
    let world = world().await;
    let delete = &["agent", "delete", "Ada"];
    for (keys, expected) in [
        ("\r", 1),
        ("n\r", 1),
        ("what?\r", 1),
        ("\x04", 1),
        ("\x03", 130),
    ] {
        let (code, screen) = at_terminal(&world, delete, DELETE, keys).await;
        assert_eq!(code, expected, "{keys:?}: {screen}");
        assert_eq!(world.emulator.agents().len(), 1, "{keys:?}: {screen}");
        let is_told = screen.contains("not done: the answer was not yes");
        assert_eq!(is_told, code == 1, "{keys:?}: {screen}");
    }
    let (code, screen) = at_terminal(&world, delete, DELETE, "y\r").await;
    assert_eq!(code, 0, "{screen}");
    assert!(world.emulator.agents().is_empty(), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_is_changed_after_its_plan_was_approved() {
    let world = world().await;
    let file = world.home.path().join("agents.yaml");
    std::fs::write(&file, "agents: [{name: Bob}]\n").unwrap();
    let arguments = &["apply", "-f", file.to_str().unwrap()];
    for (keys, expected, agents) in [("n\r", 1, 1), ("\x03", 130, 1), ("yes\r", 0, 2)] {
        let (code, screen) = at_terminal(&world, arguments, "Do this? [y/N] ", keys).await;
        assert_eq!(code, expected, "{keys:?}: {screen}");
        assert!(screen.contains("+ agent Bob"), "{screen}");
        assert_eq!(world.emulator.agents().len(), agents, "{keys:?}: {screen}");
    }
}
