//! `letta agent`.

use letta_api_emulator::NewAgent;

use crate::lab::Lab;

#[test]
fn agents_are_created_shown_changed_and_deleted() {
    let mut lab = Lab::new();
    lab.write("persona.txt", "I am Bob.\nI am brief.\n");
    lab.show(&["agent", "list"]);
    lab.show(&[
        "agent",
        "create",
        "--name",
        "Bob",
        "--model",
        "openai/gpt-4.1",
        "--memory",
        "persona=@persona.txt",
        "--tag",
        "beta",
        "--tool",
        "web_search",
        "--set",
        "max_files_open=3",
    ]);
    lab.show(&["agents", "list"]);
    lab.show(&[
        "agent", "list", "--tag", "beta", "-o", "yaml", "--limit", "0",
    ]);
    lab.show(&[
        "agent",
        "update",
        "Bob",
        "--description",
        "Answers customers.",
        "--tag",
        "live",
    ]);
    lab.show(&["agent", "get", "Bob"]);
    lab.show(&["agent", "delete", "Bob"]);
    lab.show(&["agent", "delete", "Bob", "--yes"]);
    lab.show(&["agent", "get", "Bob"]);
    lab.check("agents");
}

#[test]
fn all_members_are_there_in_json_and_yaml() {
    let lab = Lab::new();
    let json: serde_json::Value =
        serde_json::from_str(&lab.run(&["agent", "get", "Ada", "-o", "json"]).stdout).unwrap();
    assert_eq!(json["id"], "agent-1");
    assert_eq!(json["tags"][0], "support");
    let yaml = lab
        .run(&["agent", "get", "agent-1", "--output", "yaml"])
        .stdout;
    assert!(
        yaml.contains("\nname: Ada\n") && yaml.contains("\ntags:\n- support\n"),
        "{yaml}"
    );
    let list: serde_json::Value =
        serde_json::from_str(&lab.run(&["agent", "list", "-o", "json"]).stdout).unwrap();
    assert_eq!(list[0]["id"], "agent-1");
    let none = lab.run(&["agent", "list", "--name", "Nobody", "-o", "json"]);
    assert_eq!(none.stdout, "[]\n");
}

#[test]
fn values_of_secrets_are_printed_only_if_asked_for() {
    let mut lab = Lab::new();
    let set = "secrets={\"WEATHER_KEY\":\"hunter3\"}";
    let shown = lab.run(&["agent", "update", "Ada", "--set", set, "-o", "json"]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(shown.stdout.contains("WEATHER_KEY"), "{shown:?}");
    let asked = lab.run(&["agent", "get", "Ada", "--show-secrets"]);
    assert!(asked.stdout.contains("WEATHER_KEY=hunter3"), "{asked:?}");
    let asked = lab.run(&["agent", "get", "Ada", "--show-secrets", "-o", "json"]);
    assert!(asked.stdout.contains("hunter3"), "{asked:?}");
    lab.keep_secret("hunter3");
    for form in ["table", "json", "yaml"] {
        let shown = lab.run(&["agent", "get", "Ada", "-o", form]);
        assert!(shown.stdout.contains("WEATHER_KEY"), "{shown:?}");
        lab.run(&["agent", "list", "-o", form]);
    }
}

#[test]
fn an_agent_goes_to_a_file_and_comes_back() {
    let mut lab = Lab::new();
    lab.show(&["agent", "export", "Ada", "--file", "ada.af"]);
    lab.show(&["agent", "export", "Ada", "--file", "ada.af"]);
    lab.show(&["agent", "export", "Ada", "--file", "ada.af", "--force"]);
    lab.show(&["agent", "import", "ada.af", "--name", "Eve"]);
    lab.show(&["agent", "list", "--name", "Eve", "-o", "table"]);
    let file = lab.run(&["agent", "export", "Ada"]).stdout;
    // Each export has random IDs of its own.
    let read = |text: &str| {
        let file: serde_json::Value = serde_json::from_str(text).unwrap();
        file["agents"][0]["name"].clone()
    };
    let written = std::fs::read_to_string(lab.folder().join("ada.af")).unwrap();
    assert_eq!((read(&file), read(&written)), ("Ada".into(), "Ada".into()));
    lab.show_fed(&["agent", "import", "-", "--name", "Zoe"], &file);
    lab.check("agent_files");
}

#[test]
fn a_name_that_several_agents_have_is_an_error() {
    let mut lab = Lab::new();
    lab.emulator
        .create_agent(NewAgent::new("agent-2").name("Ada"))
        .unwrap();
    lab.show(&["agent", "get", "Ada"]);
    lab.show(&["agent", "update", "Ada", "--name", "Ida"]);
    lab.show(&[
        "agent", "update", "agent-2", "--name", "Ida", "--set", "nome=x",
    ]);
    lab.check("ambiguous");
}

#[test]
fn what_a_terminal_would_obey_is_not_printed() {
    let lab = Lab::new();
    lab.emulator
        .create_agent(NewAgent::new("agent-2").name("E\u{1b}[2Jve"))
        .unwrap();
    for form in ["table", "json", "yaml"] {
        let ran = lab.run(&["agent", "list", "-o", form]);
        assert!(!ran.stdout.contains('\u{1b}'), "{ran:?}");
        assert!(ran.stdout.contains("[2Jve"), "{ran:?}");
    }
}

#[test]
fn colours_are_for_terminals_unless_asked_for() {
    let lab = Lab::new();
    let has_colors = |arguments: &[&str]| lab.run(arguments).stdout.contains("\u{1b}[");
    assert!(!has_colors(&["agent", "list"]));
    assert!(has_colors(&["agent", "list", "--color", "always"]));
    assert!(!has_colors(&["agent", "list", "--color", "never"]));
}

/// A reader that has seen enough closes the pipe.
#[cfg(unix)]
#[test]
fn a_broken_pipe_ends_quietly() {
    use std::io::Read as _;
    use std::process::Stdio;

    let lab = Lab::new();
    for number in 0..300 {
        let agent = NewAgent::new(format!("agent-x{number}")).name("x".repeat(2000));
        lab.emulator.create_agent(agent).unwrap();
    }
    let mut child = lab
        .command(&["agent", "list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 10];
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
