//! `letta block`, `letta tool` and `letta folder`.

use crate::lab::Lab;

const ROLL: &str = "def roll(sides: int) -> int:\n    \"\"\"Roll a die.\n\n    Args:\n        sides: How many sides the die has.\n    \"\"\"\n    return sides\n";

/// An ID in what was printed.
fn id(text: &str, start: &str) -> String {
    let at = text
        .find(start)
        .unwrap_or_else(|| panic!("no {start} in {text}"));
    text[at..]
        .split(|it: char| it.is_whitespace() || it == '"')
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn blocks() {
    let mut lab = Lab::new();
    lab.write("rules.txt", "Be polite.\nBe brief.\n");
    let made = lab.show(&[
        "block",
        "create",
        "rules",
        "@rules.txt",
        "--read-only",
        "--limit",
        "500",
        "--tag",
        "house",
    ]);
    let block = id(&made.stdout, "block-");
    lab.show(&["block", "list", "--label", "rules"]);
    lab.show(&["block", "attach", &block, "--agent", "Ada"]);
    let both: serde_json::Value = serde_json::from_str(
        &lab.run(&["blocks", "list", "--agent", "Ada", "-o", "json"])
            .stdout,
    )
    .unwrap();
    assert_eq!(both.as_array().unwrap().len(), 2, "{both}");
    lab.show(&["block", "get", "human", "--agent", "Ada"]);
    lab.show(&[
        "block",
        "update",
        "human",
        "--agent",
        "Ada",
        "--value",
        "Name: Kim",
    ]);
    lab.show(&[
        "block",
        "update",
        &block,
        "--description",
        "For all.",
        "--read-only",
        "false",
    ]);
    lab.show(&["block", "update", &block]);
    lab.show(&["block", "detach", &block, "--agent", "Ada"]);
    lab.show(&["block", "delete", &block]);
    lab.show(&["block", "delete", &block, "--yes"]);
    lab.show(&["block", "delete", &block, "--yes"]);
    lab.show(&["block", "get", &block]);
    lab.check("blocks");
}

#[test]
fn tools() {
    let mut lab = Lab::new();
    lab.write("roll.py", ROLL);
    lab.show(&["tool", "create", "roll.py", "--tag", "games", "--approval"]);
    lab.show_fed(
        &["tool", "create", "-"],
        &ROLL.replace("return sides", "return 1"),
    );
    lab.show(&["tool", "list", "--type", "custom"]);
    lab.show(&["tool", "attach", "roll", "--agent", "Ada"]);
    lab.show(&["tools", "list", "--agent", "Ada", "--limit", "1"]);
    lab.show(&["tool", "detach", "roll", "--agent", "Ada"]);
    lab.show(&["tool", "delete", "roll", "--yes"]);
    lab.show(&["tool", "get", "roll"]);
    lab.show(&["tool", "create", "missing.py"]);
    lab.check("tools");
}

#[test]
fn folders() {
    let mut lab = Lab::new();
    lab.write("a.txt", "Buy milk.\n");
    lab.write("b.txt", "Buy tea.\n");
    lab.show(&[
        "folder",
        "create",
        "lists",
        "--embedding",
        "openai/text-embedding-3-small",
        "--description",
        "What to buy.",
    ]);
    lab.show(&["folder", "upload", "lists", "a.txt"]);
    let uploaded = lab.show(&[
        "folder",
        "upload",
        "lists",
        "b.txt",
        "missing.txt",
        "-o",
        "json",
    ]);
    let files: serde_json::Value = serde_json::from_str(&uploaded.stdout).unwrap();
    assert_eq!(files[0]["processing_status"], "completed", "{files}");
    lab.show(&["folder", "files", "lists"]);
    lab.show(&[
        "folder",
        "upload",
        "lists",
        "a.txt",
        "--duplicates",
        "error",
    ]);
    lab.show(&["folder", "attach", "lists", "--agent", "Ada"]);
    lab.show(&["folders", "list", "--agent", "Ada"]);
    lab.show(&["folder", "detach", "lists", "--agent", "Ada"]);
    lab.show(&["folder", "list"]);
    lab.show(&["folder", "get", "lists"]);
    lab.show(&["folder", "delete", "lists", "--yes"]);
    lab.show(&["folder", "get", "lists"]);
    lab.check("folders");
}
