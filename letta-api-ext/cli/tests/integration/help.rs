//! The help of each command.

use crate::expected::expect;
use crate::lab::Lab;

/// All commands with a help of their own.
const COMMANDS: &[&str] = &[
    "",
    "chat",
    "send",
    "messages",
    "runs",
    "run",
    "run get",
    "run tail",
    "agent",
    "agent list",
    "agent get",
    "agent create",
    "agent update",
    "agent delete",
    "agent export",
    "agent import",
    "apply",
    "diff",
    "token",
    "token create",
    "token list",
    "token revoke",
    "block",
    "block list",
    "block get",
    "block create",
    "block update",
    "block delete",
    "block attach",
    "block detach",
    "tool",
    "tool list",
    "tool get",
    "tool create",
    "tool delete",
    "tool attach",
    "tool detach",
    "folder",
    "folder list",
    "folder get",
    "folder create",
    "folder files",
    "folder upload",
    "folder delete",
    "folder attach",
    "folder detach",
    "api",
    "emulator",
    "profile",
    "profile list",
    "profile add",
    "profile use",
    "profile remove",
    "completions",
    "conversations",
    "man",
];

#[test]
fn each_command_has_help_with_examples() {
    let lab = Lab::new();
    for command in COMMANDS {
        let mut words: Vec<&str> = command.split_whitespace().collect();
        words.push("--help");
        let ran = lab.run(&words);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let is_group = ran.stdout.contains("\nCommands:\n");
        let has_examples = ran.stdout.contains("\nExamples:\n");
        assert!(
            has_examples || (is_group && !command.is_empty()),
            "{command}: no example"
        );
    }
}

#[test]
fn the_help_of_the_program() {
    let lab = Lab::new();
    expect("help.txt", &lab.run(&["--help"]).stdout);
}

#[test]
fn all_commands_are_in_the_table() {
    let lab = Lab::new();
    for command in COMMANDS {
        let mut words: Vec<&str> = command.split_whitespace().collect();
        words.push("--help");
        let ran = lab.run(&words);
        let Some((_, listed)) = ran.stdout.split_once("\nCommands:\n") else {
            continue;
        };
        let listed = listed.lines().take_while(|line| !line.is_empty());
        for name in listed.filter_map(|line| line.split_whitespace().next()) {
            let whole = format!("{command} {name}");
            let whole = whole.trim();
            assert!(
                name == "help" || COMMANDS.contains(&whole),
                "`{whole}` is not in the table"
            );
        }
    }
}

/// Each example of each command is a command line that the program reads.
#[test]
fn the_program_reads_its_own_examples() {
    let lab = Lab::new();
    let mut count = 0;
    for command in COMMANDS {
        let mut words: Vec<&str> = command.split_whitespace().collect();
        words.push("--help");
        let help = lab.run(&words).stdout;
        let Some((_, examples)) = help.split_once("\nExamples:\n") else {
            continue;
        };
        for line in examples.lines().take_while(|line| line.starts_with("  ")) {
            let Some(example) = line.trim().strip_prefix("letta ") else {
                continue;
            };
            let words = words_of(example);
            // With a flag that does not exist, nothing is done. Anything else that is wrong is told before.
            let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
            arguments.push("--help");
            let ran = lab.run(&arguments);
            assert_eq!(ran.code, Some(0), "{example}: {}", ran.stderr);
            count += 1;
        }
    }
    assert!(count > 60, "{count} examples");
}

/// The words of an example, as a shell reads them, up to a pipe, a redirection or a remark.
fn words_of(example: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut blanks = 0;
    for it in example.chars() {
        match (quote, it) {
            (Some(open), it) if it == open => quote = None,
            (Some(_), it) => words.last_mut().unwrap().push(it),
            (None, '\'' | '"') => quote = Some(it),
            (None, '|' | '<' | '>') => break,
            (None, ' ') => {
                blanks += 1;
                // A remark stands behind several blanks.
                if blanks > 1 {
                    break;
                }
                words.push(String::new());
                continue;
            }
            (None, it) => words.last_mut().unwrap().push(it),
        }
        blanks = 0;
    }
    words.retain(|word| !word.is_empty());
    words
}
