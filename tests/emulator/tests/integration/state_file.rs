//! What an emulator keeps between runs.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use letta_api_emulator::{Act, Builder, Emulator, NewAgent, Rule, ScriptFile, TokenRules};
use reqwest::Method;
use serde_json::{Value, json};

use crate::raw::{Answer, create, delete, good_body, list, page, request};

const MESSAGES: &str = "/v1/agents/agent-1/messages";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("state.json")
    }

    fn builder(&self) -> Builder {
        Emulator::builder().state_file(self.file())
    }

    async fn start(&self) -> Emulator {
        self.builder().agent("agent-1").start().await.unwrap()
    }
}

async fn say(emulator: &Emulator, body: Value) -> Answer {
    Answer::of(request(emulator, Method::POST, MESSAGES).json(&body)).await
}

/// What is kept of a dump.
fn lasting(emulator: &Emulator) -> Value {
    let mut dump = emulator.dump();
    for passing in ["now", "requests", "faults"] {
        dump[passing].take();
    }
    dump
}

#[tokio::test]
async fn what_an_emulator_holds_is_there_after_a_restart() {
    let folder = Folder::new();
    let emulator = folder.start().await;
    for text in ["Hello", "<b>Ä</b>\u{0}"] {
        assert_eq!(say(&emulator, json!({"input": text})).await.status, 200);
    }
    create(&emulator, &good_body()).await;
    let before = lasting(&emulator);
    assert_eq!(before["agents"][0]["messages"].as_array().unwrap().len(), 5);
    emulator.shutdown().await;

    let emulator = folder.start().await;
    assert_eq!(lasting(&emulator), before);
    // What was not kept begins anew.
    assert_eq!(emulator.dump()["requests"], json!({}));
    emulator.shutdown().await;
    let emulator = folder.builder().start().await.unwrap();
    assert_eq!(lasting(&emulator), before);
}

#[tokio::test]
async fn tokens_work_after_a_restart_and_deleted_ones_do_not() {
    let folder = Folder::new();
    let rules = || TokenRules::strict().used_tokens_outlive_deletion(true);
    let start = async || {
        let builder = folder.builder().agent("agent-1").token_rules(rules());
        builder.start().await.unwrap()
    };
    let emulator = start().await;
    let mut secrets = Vec::new();
    for _ in 0..5 {
        let created = create(&emulator, &good_body()).await.json();
        secrets.push(created["token"].as_str().unwrap().to_owned());
    }
    let read = async |emulator: &Emulator, secret: &str| {
        page(emulator, Method::GET, MESSAGES, secret, None)
            .await
            .status
    };
    // One that was used outlives its deletion with these rules, after a restart too.
    assert_eq!(read(&emulator, &secrets[0]).await, 200);
    for secret in &secrets[..2] {
        delete(&emulator, secret).await;
    }
    let listed = list(&emulator, "").await.text;
    emulator.shutdown().await;

    let emulator = start().await;
    assert_eq!(list(&emulator, "").await.text, listed);
    let statuses = [
        read(&emulator, &secrets[0]).await,
        read(&emulator, &secrets[1]).await,
        read(&emulator, &secrets[2]).await,
    ];
    assert_eq!(statuses, [200, 401, 200]);
    // A new one has a place of its own.
    create(&emulator, &good_body()).await;
    assert_eq!(emulator.token_count().live, 4);
}

#[tokio::test]
async fn an_approval_that_is_given_after_a_restart_goes_on_with_what_was_to_come() {
    let folder = Folder::new();
    let emulator = folder.start().await;
    let script = [
        Act::call("delete_file", json!({"path": "a.txt"}))
            .needs_approval()
            .returns("deleted")
            .with_id("call_1"),
        Act::text("It is gone."),
    ];
    emulator
        .agent("agent-1")
        .script([Rule::new(script)])
        .unwrap();
    let asked = say(&emulator, json!({"input": "Clean up"})).await.json();
    assert_eq!(asked["stop_reason"]["stop_reason"], "requires_approval");
    emulator.shutdown().await;

    // Its script is not there any more.
    let emulator = folder.start().await;
    assert_eq!(say(&emulator, json!({"input": "x"})).await.status, 409);
    let approval = json!({"type": "approval", "tool_call_id": "call_1", "approve": true});
    let body = json!({"messages": [{"type": "approval", "approvals": [approval]}]});
    let done = say(&emulator, body).await.json();
    assert_eq!(done["messages"][0]["tool_return"], "deleted");
    assert_eq!(done["messages"][1]["content"], "It is gone.");
}

#[tokio::test]
async fn a_run_that_went_on_when_the_emulator_stopped_has_failed() {
    let folder = Folder::new();
    let emulator = folder.start().await;
    let script = [Act::pause(Duration::from_secs(60 * 60)), Act::text("late")];
    emulator
        .agent("agent-1")
        .script([Rule::new(script)])
        .unwrap();
    let start = format!("{MESSAGES}/async");
    let body = json!({"input": "Think"});
    let started = Answer::of(request(&emulator, Method::POST, &start).json(&body)).await;
    assert_eq!(started.status, 200, "{}", started.text);
    say(&emulator, json!({"input": "Hello"})).await;
    emulator.shutdown().await;

    let emulator = folder.start().await;
    let runs = emulator.dump()["runs"].take();
    assert_eq!(runs[0]["status"], "failed");
    assert_eq!(runs[0]["stop_reason"], "error");
    assert!(runs[0]["completed_at"].is_string());
    assert_eq!(runs[1]["status"], "completed");
}

#[tokio::test]
async fn agents_that_are_added_again_stay_as_they_were_kept() {
    let folder = Folder::new();
    let file = |script: &str| {
        let text = format!(
            r#"{{"agents": {{"agent-2": {{"name": "Ada", "tags": ["a"], "script": ["{script}"]}}}}}}"#
        );
        ScriptFile::from_json(&text).unwrap()
    };
    let start = async |script: &str| {
        let builder = folder.builder().agent(NewAgent::new("agent-1").name("One"));
        builder.script_file(file(script)).start().await.unwrap()
    };
    let emulator = start("first").await;
    let patched = request(&emulator, Method::PATCH, "/v1/agents/agent-1");
    Answer::of(patched.json(&json!({"name": "Changed"}))).await;
    emulator.shutdown().await;

    let emulator = start("second").await;
    let names: Vec<String> = emulator
        .agents()
        .iter()
        .map(|it| it.name().to_owned())
        .collect();
    assert_eq!(names, ["Changed", "Ada"]);
    // What it does is what it is told now.
    let said = request(&emulator, Method::POST, "/v1/agents/agent-2/messages");
    let said = Answer::of(said.json(&json!({"input": "x"}))).await.json();
    assert_eq!(said["messages"][0]["content"], "second");
    emulator.shutdown().await;
    let twice = folder
        .builder()
        .agent("agent-1")
        .agent("agent-1")
        .start()
        .await;
    assert_eq!(twice.unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_second_emulator_with_the_same_file_is_refused() {
    let folder = Folder::new();
    let first = folder.start().await;
    let error = folder.builder().start().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    assert!(error.to_string().contains("state.json"), "{error}");
    first.shutdown().await;
    folder.start().await;
}

#[tokio::test]
async fn a_file_that_is_refused_is_left_as_it_is() {
    let folder = Folder::new();
    folder.start().await.shutdown().await;
    let good = std::fs::read_to_string(folder.file()).unwrap();
    for (text, says) in [
        (good[..good.len() - 10].to_owned(), "cut off"),
        (
            good.replace(r#""version":1"#, r#""version":7"#),
            "version 7",
        ),
        (good.replace("org-0", "org-9"), "the organization"),
        (
            good.replace("agent-1", "agent-1;ls"),
            "an ID that no agent can have",
        ),
    ] {
        std::fs::write(folder.file(), &text).unwrap();
        let error = folder.builder().start().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
        let told = error.to_string();
        assert!(told.contains(says) && told.contains("state.json"), "{told}");
        assert_eq!(std::fs::read_to_string(folder.file()).unwrap(), text);
    }
}

/// What the file says of the agent's messages.
fn written(path: &Path) -> usize {
    let text = std::fs::read_to_string(path).unwrap();
    let state: Value = serde_json::from_str(&text).unwrap();
    state["world"]["agents"][0]["thread"]["messages"]
        .as_array()
        .unwrap()
        .len()
}

#[tokio::test]
async fn changes_are_written_while_it_runs_and_reading_is_none() {
    let folder = Folder::new();
    let emulator = folder.start().await;
    assert_eq!(written(&folder.file()), 1);
    say(&emulator, json!({"input": "Hello"})).await;
    // By itself, without a word.
    let by_itself = async {
        while written(&folder.file()) < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), by_itself)
        .await
        .unwrap();

    // Reading writes nothing.
    std::fs::remove_file(folder.file()).unwrap();
    for path in [MESSAGES, "/v1/agents/", "/v1/agents/agent-1"] {
        let read = Answer::of(request(&emulator, Method::GET, path)).await;
        assert_eq!(read.status, 200, "{path}");
    }
    emulator.save_state().await.unwrap();
    assert!(!folder.file().exists());
    say(&emulator, json!({"input": "Hello"})).await;
    emulator.save_state().await.unwrap();
    assert_eq!(written(&folder.file()), 5);
    assert_eq!(emulator.state_trouble(), None);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_told_and_written_once_it_can_be() {
    let folder = Folder::new();
    let emulator = folder.start().await;
    // A folder in the place of the file that is written first.
    let blocked = folder.0.path().join("state.json.new");
    std::fs::create_dir(&blocked).unwrap();
    say(&emulator, json!({"input": "Hello"})).await;
    let error = emulator.save_state().await.unwrap_err();
    assert!(error.to_string().contains("state.json"), "{error}");
    assert_eq!(emulator.state_trouble(), Some(error.to_string()));
    assert_eq!(written(&folder.file()), 1);
    std::fs::remove_dir(&blocked).unwrap();
    emulator.save_state().await.unwrap();
    assert_eq!(emulator.state_trouble(), None);
    assert_eq!(written(&folder.file()), 3);
}

#[tokio::test]
async fn what_is_nested_as_deep_as_may_be_is_read_back_and_what_is_deeper_is_refused() {
    let folder = Folder::new();
    let emulator = folder.start().await;
    let nested = |levels: usize| {
        let value = (2..levels).fold(json!({}), |value, _| json!({"a": value}));
        json!({"metadata": value})
    };
    let change = async |emulator: &Emulator, levels| {
        let path = "/v1/agents/agent-1";
        Answer::of(request(emulator, Method::PATCH, path).json(&nested(levels))).await
    };
    let refused = change(&emulator, 101).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert!(refused.message().contains("100 levels"));
    assert_eq!(change(&emulator, 100).await.status, 200);
    let before = lasting(&emulator);
    emulator.shutdown().await;
    let emulator = folder.start().await;
    assert_eq!(lasting(&emulator), before);
}
