//! `letta apply` and `letta diff`.

use letta_api_emulator::{Fault, NewAgent};
use letta_api_ext::letta_api::operations;

use crate::lab::Lab;

const FLEET: &str = "\
agents:
- name: Ada
  model: openai/gpt-4o-mini
  description: Answers customers.
  tags: [support, live]
  memory:
    human: 'Name: Samuel'
    persona:
      file: persona.txt
      description: Who I am.
      limit: 5000
  tools: [roll]
  folders: [contracts]
- name: Bob
  model: openai/gpt-4.1
  system: |
    You are Bob.
    You are brief.
  tags: [beta]
  memory:
    notes: {value: '', keep: true}
  tools: [web_search]
";

const ROLL: &str = "def roll(sides: int) -> int:\n    \"\"\"Roll a die.\n\n    Args:\n        sides: How many sides the die has.\n    \"\"\"\n    return sides\n";

fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("roll.py", ROLL);
    lab.write("persona.txt", "I am Ada.\nI am kind.\n");
    lab.write("fleet.yaml", FLEET);
    assert_eq!(lab.run(&["tool", "create", "roll.py"]).code, Some(0));
    let folder = lab.run(&[
        "folder",
        "create",
        "contracts",
        "--embedding",
        "openai/text-embedding-3-small",
    ]);
    assert_eq!(folder.code, Some(0), "{folder:?}");
    lab
}

#[test]
fn a_fleet_is_planned_made_and_then_left_alone() {
    let mut lab = lab();
    lab.show(&["diff", "-f", "fleet.yaml"]);
    lab.show(&["diff", "-f", "fleet.yaml", "--exit-code", "-o", "json"]);
    lab.show(&["apply", "-f", "fleet.yaml"]);
    lab.show(&["apply", "-f", "fleet.yaml", "--yes"]);
    lab.show(&["diff", "-f", "fleet.yaml", "--exit-code"]);
    let before = lab.emulator.dump();
    lab.show(&["apply", "-f", "fleet.yaml"]);
    lab.show(&["apply", "-f", "fleet.yaml", "--yes", "-o", "json"]);
    assert_eq!(lab.emulator.dump()["agents"], before["agents"]);

    // What an agent writes into a block of its own stays. What somebody else changes does not.
    let ran = lab.run(&[
        "block",
        "update",
        "notes",
        "--agent",
        "Bob",
        "--value",
        "Sam likes tea.",
    ]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    lab.show(&["diff", "-f", "fleet.yaml"]);
    let ran = lab.run(&[
        "block",
        "update",
        "persona",
        "--agent",
        "Ada",
        "--value",
        "I am Ada.\nI am rude.\n",
    ]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let less = FLEET
        .replace("tools: [roll]", "tools: []")
        .replace("folders: [contracts]", "folders: []");
    lab.show_fed(
        &["apply", "-f", "-", "--yes"],
        &less.replace("file: persona.txt", "value: \"I am Ada.\\nI am kind.\\n\""),
    );
    lab.show(&["agent", "get", "Ada"]);
    lab.check("fleet");
}

#[test]
fn folders_are_found_by_name_even_if_it_looks_like_an_id() {
    let lab = lab();
    let model = "openai/text-embedding-3-small";
    let folder = ["folder", "create", "source-code", "--embedding", model];
    assert_eq!(lab.run(&folder).code, Some(0));
    lab.write(
        "one.yaml",
        "agents:\n- name: Bob\n  folders: [source-code]\n",
    );
    let ran = lab.run(&["apply", "-f", "one.yaml", "--yes"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = lab.run(&["diff", "-f", "one.yaml", "--exit-code"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn a_fleet_with_a_failure_tells_what_was_done() {
    let mut lab = lab();
    let fleet = "agents:\n- name: Ada\n  tags: [live]\n  memory: {human: 'Name: Samuel', extra: x}\n- name: Bob\n- name: Eve\n";
    lab.write("three.yaml", fleet);
    lab.emulator
        .inject(Fault::status(500).on(operations::CREATE_BLOCK).times(3))
        .unwrap();
    lab.show(&["apply", "-f", "three.yaml", "--yes"]);
    lab.show(&["apply", "-f", "three.yaml", "--yes", "-o", "yaml"]);
    lab.check("fleet_failure");
}

#[test]
fn a_failure_that_all_agents_would_have_ends_it() {
    let mut lab = lab();
    lab.write("two.yaml", "agents:\n- name: Bob\n- name: Eve\n");
    lab.emulator
        .inject(Fault::status(403).on(operations::CREATE_AGENT))
        .unwrap();
    let ran = lab.show(&["apply", "-f", "two.yaml", "--yes"]);
    assert_eq!(ran.code, Some(3));
    lab.check("fleet_refused");
}

#[test]
fn a_mistake_in_a_file_is_told_before_anything_is_changed() {
    let mut lab = lab();
    lab.write(
        "bad.yaml",
        "agents:\n- name: Bob\n  modle: x\n- name: Bob\n  tags: beta\n",
    );
    lab.show(&["apply", "-f", "bad.yaml", "--yes"]);
    lab.show(&["apply", "-f", "missing.yaml", "--yes"]);
    lab.write("tool.yaml", "agents:\n- name: Bob\n  tools: [rol]\n");
    lab.show(&["apply", "-f", "tool.yaml", "--yes"]);
    lab.write(
        "folder.yaml",
        "agents:\n- name: Bob\n  folders: [contract]\n",
    );
    lab.show(&["apply", "-f", "folder.yaml", "--yes"]);
    lab.emulator
        .create_agent(NewAgent::new("agent-2").name("Ada"))
        .unwrap();
    lab.show(&["apply", "-f", "fleet.yaml", "--yes"]);
    assert_eq!(lab.emulator.agents().len(), 2);
    lab.check("fleet_mistakes");
}
