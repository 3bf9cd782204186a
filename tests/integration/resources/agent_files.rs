//! Agent files: from an agent to a file and back, against the emulator and against what a network may do.

use std::path::{Path, PathBuf};

use letta_api_emulator::{Fault, operations};
use letta_api_ext::agent_files::AgentFile;
use letta_api_ext::{Error, Letta};
use letta_api_tests::emulated::start;
use letta_api_tests::fault_server::{self, FaultServer};
use letta_api_tests::{Tap, answer, configured, letta, printed};

/// A folder that is deleted in the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("letta-agent-files-{:016x}", fastrand::u64(..));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What is in it, hidden files included.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn field(error: Error) -> &'static str {
    assert!(error.is_invalid_input(), "{error}");
    error.field().unwrap()
}

fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// A file that the service might write, with what this version does not know.
const FILE: &str = r#"{ "agents": [], "groups": [], "blocks": [], "files": [], "sources": [], "tools": [], "mcp_servers": [], "newer": 1.50 }"#;

/// An agent with memory, a secret and a message.
async fn ada(letta: &Letta) -> letta_api_ext::agents::AgentHandle {
    let made = letta
        .agents()
        .create()
        .name("Ada")
        .memory("human", "Name: Sam")
        .tags(["support"])
        .secrets([("WEATHER_KEY", "hunter2-original")])
        .send()
        .await
        .unwrap();
    letta.agent(&made.id)
}

#[tokio::test]
async fn an_agent_is_exported_and_imported_from_memory() {
    let (_emulator, letta) = start().await;
    let agent = ada(&letta).await;
    let file = agent.export().await.unwrap();
    let content = file.read().unwrap();
    assert_eq!(content.agents.len(), 1);
    assert_eq!(content.blocks[0].value, "Name: Sam");
    // The value of the secret is not in the file.
    let text = String::from_utf8(file.as_bytes().to_vec()).unwrap();
    assert!(!text.contains("hunter2-original"));

    let ids = letta.agents().import(&file).await.unwrap();
    assert_eq!(ids.len(), 1);
    assert_ne!(ids[0], *agent.id());
    let copy = letta.agent(&ids[0]);
    let state = copy.get().await.unwrap();
    assert_eq!(state.name, "Ada_copy");
    assert_eq!(copy.block("human").get().await.unwrap().value, "Name: Sam");
    // The block is another one.
    copy.block("human").update().value("x").await.unwrap();
    assert_eq!(agent.block("human").get().await.unwrap().value, "Name: Sam");

    // From bytes, from a text, and from content that was changed.
    let keep = letta
        .agents()
        .import(text.as_str())
        .append_copy_suffix(false);
    let ids = keep.await.unwrap();
    assert_eq!(letta.agent(&ids[0]).get().await.unwrap().name, "Ada");
    let named = letta.agents().import(text.into_bytes()).name("Eve");
    let ids = named.await.unwrap();
    assert_eq!(letta.agent(&ids[0]).get().await.unwrap().name, "Eve");
    let mut content = content;
    content.blocks[0].value = "Name: Kim".to_owned();
    let ids = letta.agents().import(&content).await.unwrap();
    let block = letta.agent(&ids[0]).block("human").get().await.unwrap();
    assert_eq!(block.value, "Name: Kim");
}

#[tokio::test]
async fn an_agent_goes_through_a_real_file() {
    let (_emulator, letta) = start().await;
    let agent = ada(&letta).await;
    let folder = Folder::new();
    let path = folder.path("ada.af");
    agent.export_to(&path).await.unwrap();
    assert_eq!(folder.names(), ["ada.af"]);
    let file = AgentFile::try_from(text_of(&path)).unwrap();
    assert_eq!(file.read().unwrap().blocks[0].value, "Name: Sam");

    let ids = letta
        .agents()
        .import_from(&path)
        .name("Ada II")
        .model("openai/gpt-4.1")
        .embedding("openai/text-embedding-3-small")
        .override_existing_tools(false)
        .strip_messages(true)
        .secrets([("WEATHER_KEY", "hunter2-new")])
        .send()
        .await
        .unwrap();
    let state = letta.agent(&ids[0]).get().await.unwrap();
    assert_eq!(state.name, "Ada II");
    assert_eq!(state.model.as_deref(), Some("openai/gpt-4.1"));
}

#[tokio::test]
async fn a_file_is_not_replaced_unless_that_is_asked_for() {
    let (emulator, letta) = start().await;
    let agent = ada(&letta).await;
    let folder = Folder::new();
    let path = folder.path("ada.af");
    std::fs::write(&path, "mine").unwrap();
    let error = agent.export_to(&path).await.unwrap_err();
    assert!(error.to_string().contains("overwrite(true)"), "{error}");
    assert_eq!(field(error), "path");
    assert_eq!(text_of(&path), "mine");
    assert_eq!(emulator.request_count(operations::EXPORT_AGENT), 0);
    agent.export_to(&path).with_overwrite(true).await.unwrap();
    AgentFile::try_from(text_of(&path)).unwrap();
    assert_eq!(folder.names(), ["ada.af"]);
}

#[tokio::test]
async fn a_file_that_comes_while_the_service_answers_is_kept() {
    let folder = Folder::new();
    let path = folder.path("ada.af");
    let theirs = path.clone();
    let server = FaultServer::start_with(move |_, _| {
        std::fs::write(&theirs, "theirs").unwrap();
        fault_server::Fault::Answer(answer("200 OK", "application/json", FILE))
    })
    .await;
    let agent = letta(server.url()).agent("agent-1");
    let error = agent.export_to(&path).await.unwrap_err();
    assert!(error.is_file_not_written(), "{error}");
    assert!(
        !error.may_have_happened() && !error.is_retryable(),
        "{error}"
    );
    assert!(error.to_string().contains("ada.af"), "{error}");
    assert_eq!(text_of(&path), "theirs");
    assert_eq!(folder.names(), ["ada.af"]);
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_no_part_of_a_file() {
    let folder = Folder::new();
    let path = folder.path("ada.af");
    let whole = answer("200 OK", "application/json", FILE);
    let half = whole[..whole.len() - 20].to_vec();
    let bad = |body| fault_server::Fault::Answer(answer("200 OK", "application/json", body));
    for fault in [
        fault_server::Fault::Answer(half.clone()),
        fault_server::Fault::AnswerThenReset(half),
        fault_server::Fault::CloseAfterRequest,
        fault_server::Fault::Answer(answer("500 Internal Server Error", "text/plain", "no")),
        bad("<html>sign in</html>"),
        bad(r#"{"detail":"no"}"#),
        bad(""),
    ] {
        let server = FaultServer::start([fault.clone()]).await;
        let agent = letta(server.url()).agent("agent-1");
        let error = agent.export_to(&path).await.unwrap_err();
        assert_eq!(
            error.operation(),
            Some("export_agent"),
            "{fault:?}: {error}"
        );
        assert_eq!(folder.names(), [""; 0], "{fault:?}");
        // What was there stays as it was.
        std::fs::write(&path, "mine").unwrap();
        let overwrite = agent.export_to(&path).with_overwrite(true);
        overwrite.await.unwrap_err();
        assert_eq!(text_of(&path), "mine", "{fault:?}");
        assert_eq!(folder.names(), ["ada.af"], "{fault:?}");
        std::fs::remove_file(&path).unwrap();
    }
    // An export is repeated if its answer is lost, and the file is what the service wrote, to the byte.
    let server = FaultServer::start([
        fault_server::Fault::CloseAfterRequest,
        fault_server::Fault::Answer(whole),
    ])
    .await;
    let agent = letta_api_tests::persistent(server.url()).agent("agent-1");
    agent.export_to(&path).await.unwrap();
    assert_eq!(text_of(&path), FILE);
}

#[tokio::test]
async fn a_file_above_the_limit_is_an_error_that_says_what_to_do() {
    let server = FaultServer::start([fault_server::Fault::Answer(answer(
        "200 OK",
        "application/json",
        FILE,
    ))])
    .await;
    let folder = Folder::new();
    let path = folder.path("ada.af");
    let limited = configured(server.url(), |builder| builder.response_body_limit(64));
    let error = limited.agent("agent-1").export_to(&path).await.unwrap_err();
    assert!(error.is_invalid_response(), "{error}");
    assert!(
        error.to_string().contains("`response_body_limit`"),
        "{error}"
    );
    assert_eq!(folder.names(), [""; 0]);
    let exact = configured(server.url(), |builder| {
        builder.response_body_limit(FILE.len())
    });
    exact.agent("agent-1").export_to(&path).await.unwrap();
    assert_eq!(text_of(&path), FILE);
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_before_anything_is_sent() {
    let tap = Tap::start(answer("200 OK", "application/json", FILE)).await;
    let letta = tap.letta();
    let folder = Folder::new();
    for id in ["", ".", ".."] {
        let agent = letta.agent(id);
        assert_eq!(field(agent.export().await.unwrap_err()), "agent_id");
        let export = agent.export_to(folder.path("a.af"));
        assert_eq!(field(export.await.unwrap_err()), "agent_id");
    }
    for path in [
        PathBuf::new(),
        folder.0.clone(),
        folder.path("none").join("a.af"),
    ] {
        let export = letta.agent("agent-1").export_to(&path).with_overwrite(true);
        assert_eq!(field(export.await.unwrap_err()), "path");
        let import = letta.agents().import_from(&path);
        assert_eq!(field(import.await.unwrap_err()), "path");
    }
    let page = folder.path("page.html");
    std::fs::write(&page, "<html>").unwrap();
    assert_eq!(
        field(letta.agents().import_from(&page).await.unwrap_err()),
        "file"
    );
    for text in ["", "{}", r#"{"agents":1}"#] {
        let import = letta.agents().import(text);
        assert_eq!(field(import.await.unwrap_err()), "file");
    }
    let import = || letta.agents().import(FILE);
    assert_eq!(field(import().name("").await.unwrap_err()), "name");
    assert_eq!(field(import().model("").await.unwrap_err()), "model");
    assert_eq!(
        field(import().embedding("").await.unwrap_err()),
        "embedding"
    );
    assert_eq!(tap.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn an_import_sends_what_was_set_and_nothing_else() {
    let imported = answer("200 OK", "application/json", r#"{"agent_ids":["agent-9"]}"#);
    let tap = Tap::start(imported).await;
    let letta = tap.letta();
    let ids = letta.agents().import(FILE).await.unwrap();
    assert_eq!(ids[0].as_str(), "agent-9");
    letta
        .agents()
        .import(FILE)
        .append_copy_suffix(false)
        .secrets([("KEY", "hunter2")])
        .await
        .unwrap();
    let sent = tap.requests();
    assert!(
        sent[0].starts_with("POST /v1/agents/import "),
        "{}",
        sent[0]
    );
    let names = |text: &str| -> Vec<String> {
        let parts = text.split("form-data; name=\"").skip(1);
        parts
            .map(|part| part.split('"').next().unwrap().to_owned())
            .collect()
    };
    // The file goes to the byte.
    assert!(
        sent[0].contains(&format!("\r\n\r\n{FILE}\r\n")),
        "{}",
        sent[0]
    );
    assert_eq!(names(&sent[0]), ["file"]);
    let mut second = names(&sent[1]);
    second.sort();
    assert_eq!(second, ["append_copy_suffix", "file", "secrets"]);
    assert!(sent[1].contains("\r\n\r\n{\"KEY\":\"hunter2\"}\r\n"));
}

#[tokio::test]
async fn no_secret_is_printed() {
    let body = r#"{"detail":"cannot decrypt hunter2-given, nor hunter2-in-file"}"#;
    let tap = Tap::start(answer("400 Bad Request", "application/json", body)).await;
    let file = r#"{"agents":[{"secrets":{"A":"hunter2-in-file"}}]}"#;
    let letta = tap.letta();
    let import = letta.agents().import(file);
    let import = import.secrets([("KEY", "hunter2-given")]);
    assert!(!format!("{import:?}").contains("hunter2"), "{import:?}");
    let error = import.await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 400);
    assert!(!printed(&error).contains("hunter2"), "{}", printed(&error));
    let error = letta.agents().import("hunter2").await.unwrap_err();
    assert!(!printed(&error).contains("hunter2"), "{}", printed(&error));
}

#[tokio::test]
async fn an_import_whose_answer_is_lost_is_not_repeated() {
    let (emulator, letta) = start().await;
    let file = ada(&letta).await.export().await.unwrap();
    let fault = Fault::lose_answer().on(operations::IMPORT_AGENT).times(1);
    emulator.inject(fault).unwrap();
    let error = letta.agents().import(&file).await.unwrap_err();
    assert!(error.may_have_happened(), "{error}");
    assert_eq!(emulator.request_count(operations::IMPORT_AGENT), 1);
    assert_eq!(letta.agents().list().await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_agent_that_is_not_there_leaves_no_file() {
    let (_emulator, letta) = start().await;
    let folder = Folder::new();
    let export = letta.agent("agent-none").export_to(folder.path("a.af"));
    // The service answers 500 for that.
    let error = export.with_retry(letta_api_ext::RetryPolicy::never());
    let error = error.await.unwrap_err();
    assert!(error.status().is_some(), "{error}");
    assert!(error.to_string().contains("not found"), "{error}");
    assert_eq!(folder.names(), [""; 0]);
}
