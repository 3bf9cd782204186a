use jiff::Timestamp;
use letta_api::types::{
    AgentId, Archive, Block, Conversation, EmbeddingConfig, FileMetadata, Folder, Identity,
    IdentityType, McpServer, Passage, Run, StdioMcpServer, Step, StepMetrics, Tool,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::resources::agents;
use crate::script::act::Act;
use crate::tokens::store::kept::KeptTokens;
use crate::world::World;
use crate::world::agent::{AgentRecord, AttachedFile};
use crate::world::conversation::ConversationRecord;
use crate::world::file::FileRecord;
use crate::world::mcp_server::{McpOffer, McpServerRecord};
use crate::world::run::{RunRecord, StepRecord};
use crate::world::thread::{Pending, PendingCall, StoredMessage, Thread, ThreadKey};

fn thread(texts: &[String], rest: Vec<Act>) -> Thread {
    let messages: Vec<_> = texts
        .iter()
        .map(|text| StoredMessage::system(text, Timestamp::UNIX_EPOCH))
        .collect();
    let call = |returns| PendingCall {
        id: "call_1".to_owned(),
        tool: "tool".to_owned(),
        arguments: "{}".to_owned(),
        returns,
        is_of_client: true,
        is_printing: true,
    };
    let pending = messages.first().map(|first| Pending {
        request: first.id.clone(),
        run_id: "run-1".into(),
        step_id: "step-1".into(),
        calls: vec![call(None), call(Some(Ok("a".to_owned())))],
        automatic: vec![call(Some(Err("b".to_owned())))],
        rest,
    });
    Thread {
        summary: messages.last().map(|last| last.id.clone()),
        forgotten: messages.len() / 2,
        messages,
        pending,
        answered: [vec!["call_0".to_owned()], vec![]].into(),
    }
}

/// Something of every kind.
fn everything(texts: &[String]) -> World {
    let mut world = World::default();
    let text = || texts.concat();
    let name = format!("a{}", text());
    let state = agents::new_state("agent-1", &name, Timestamp::UNIX_EPOCH);
    let mut agent = AgentRecord::new(state);
    agent.thread = thread(texts, vec![Act::echo(), Act::text("Done.")]);
    agent.block_ids = vec!["block-1".into()];
    agent.tool_ids = vec!["tool-1".into()];
    agent.identity_ids = vec!["identity-1".into()];
    agent.folder_ids = vec!["folder-1".into()];
    agent.archive_ids = vec!["archive-1".into()];
    agent.files = vec![AttachedFile {
        id: "file_agent-1".to_owned(),
        file_id: "file-1".into(),
        is_of_folder: true,
        is_open: true,
        accessed_at: Timestamp::UNIX_EPOCH,
    }];
    agent.parallel_tool_calls = true;
    let agent_id: AgentId = agent.state.id.clone();
    let _ = world.agents.insert(agent);
    let _ = world.blocks.insert(Block::new(text(), "block-1"));
    let _ = world.tools.insert(Tool::new("tool-1").with_name(text()));
    let identity = Identity::new(
        "identity-1",
        text(),
        text(),
        IdentityType::User,
        vec![],
        vec![],
    );
    let _ = world.identities.insert(identity);
    let archive = Archive::new("2026-01-01T00:00:00Z", text(), "archive-1", "org-1");
    let _ = world.archives.insert(archive);
    let _ = world.passages.insert(Passage::new("passage-1", text()));
    let config: EmbeddingConfig = serde_json::from_value(json!({
        "embedding_endpoint_type": "openai", "embedding_model": "m", "embedding_dim": 3,
    }))
    .unwrap();
    let _ = world
        .folders
        .insert(Folder::new(text(), "folder-1", config));
    let _ = world.files.insert(FileRecord {
        file: FileMetadata::new("folder-1", "file-1"),
        ready_at: Timestamp::UNIX_EPOCH,
        uploaded_at: Timestamp::MAX,
    });
    let server = StdioMcpServer::new("run", vec![text()], "mcp_server-1", "server");
    let _ = world.mcp_servers.insert(McpServerRecord {
        id: "mcp_server-1".into(),
        server: McpServer::StdioMcpServer(Box::new(server)),
        tool_ids: vec!["tool-1".into()],
    });
    let _ = world.conversations.insert(ConversationRecord {
        conversation: Conversation::new("conv-1", agent_id.clone()),
        thread: thread(texts, Vec::new()),
    });
    for id in ["run-1", "run-2"] {
        let _ = world.runs.insert(RunRecord {
            run: Run::new(id, agent_id.clone()),
            thread: ThreadKey::Conversation("conv-1".into()),
        });
    }
    let _ = world.steps.insert(StepRecord {
        step: Step::new("step-1"),
        metrics: StepMetrics::new("step-1"),
    });
    world.tool_returns.insert(text(), json!([text()]));
    let offer = McpOffer {
        name: text(),
        description: text(),
        parameters: json!({"type": "object"}),
    };
    world.mcp_offers.insert("server".to_owned(), vec![offer]);
    world
}

fn kept(world: World) -> Kept {
    Kept {
        organization: "org-1".to_owned(),
        runs_under_way: vec!["run-1".to_owned(), "run-9".to_owned()],
        world,
        tokens: KeptTokens::default(),
    }
}

fn open(path: &Path) -> io::Result<(StateFile, Option<Kept>)> {
    StateFile::open(path)
}

/// The error. The values have no `Debug`.
fn refused(path: &Path, limit: u64) -> io::Error {
    match StateFile::open_within(path, limit) {
        Err(error) => error,
        Ok(_) => panic!("{} is opened", path.display()),
    }
}

fn as_json(world: &World) -> Value {
    let value = serde_json::to_value(world).unwrap();
    // A table that is empty would prove nothing.
    let tables = value.as_object().unwrap();
    assert_eq!(tables.len(), 14);
    for (name, table) in tables {
        assert!(table != &json!([]) && table != &json!({}), "{name}");
    }
    value
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_world_of_everything_is_read_back_as_the_same(
        texts in proptest::collection::vec(any::<String>(), 1..4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let world = everything(&texts);
        let expected = as_json(&world);
        {
            let (file, none) = open(&path).unwrap();
            prop_assert!(none.is_none());
            file.write(&kept(world)).unwrap();
        }
        let (_file, read) = open(&path).unwrap();
        let read = read.unwrap();
        prop_assert_eq!(as_json(&read.world), expected);
        prop_assert_eq!(&*read.organization, "org-1");
        prop_assert_eq!(read.runs_under_way, ["run-1", "run-9"]);
        let pending = read.world.agents.get("agent-1").unwrap().thread.pending.as_ref();
        let rest = &pending.unwrap().rest;
        prop_assert_eq!(rest, &vec![Act::echo(), Act::text("Done.")]);
    }
}

#[test]
fn runs_that_went_on_have_failed_and_others_stay_as_they_are() {
    let mut kept = kept(everything(&["a".to_owned()]));
    kept.end_runs("2026-01-01T00:00:00.5Z".parse().unwrap());
    let run = |id: &str| json!(kept.world.runs.get(id).unwrap().run);
    let failed = run("run-1");
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["stop_reason"], "error");
    assert_eq!(failed["completed_at"], "2026-01-01T00:00:00.500000");
    assert_ne!(run("run-2")["status"], "failed");
}

#[test]
fn what_is_not_a_state_file_is_refused_by_name_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let mut good = Vec::new();
    kept(everything(&["a".to_owned()]))
        .write(&mut good)
        .unwrap();
    let good = String::from_utf8(good).unwrap();
    let secret = "ck-let-c2VjcmV0";
    let numbered = |token: &str| good.replace(r#""tokens":[]"#, &format!(r#""tokens":[{token}]"#));
    assert_ne!(numbered("1"), good);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (text, says) in [
        (String::new(), "is empty"),
        (good[..good.len() / 2].to_owned(), "cut off"),
        (good[..good.len() - 3].to_owned(), "cut off"),
        ("\0".repeat(100), "not JSON"),
        ("{}".to_owned(), "the form of a state file"),
        ("[]".to_owned(), "the form of a state file"),
        (deep.clone(), "state file"),
        (
            good.replace(r#""version":1"#, r#""version":2"#),
            "version 2",
        ),
        (
            good.replace(r#""version":1"#, r#""version":"1""#),
            "the form of a state file",
        ),
        (
            good.replace("letta-emulator state", "other"),
            "name another file",
        ),
        (good.replace("run-2", "run-1"), "the form of a state file"),
        (
            good.replace(r#"{"echo":true}"#, r#"{"echo":1}"#),
            "the form of a state file",
        ),
        (good.replace(r#"{"echo":true}"#, &deep), "state file"),
        (
            numbered(&format!("{{\"number\": \"{secret}\"}}")),
            "the form of a state file",
        ),
    ] {
        std::fs::write(&path, &text).unwrap();
        let error = refused(&path, LIMIT);
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
        let told = error.to_string();
        assert!(told.contains(says), "{says}: {told}");
        assert!(told.contains("state.json"), "{told}");
        assert!(!told.contains(secret), "{told}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    std::fs::write(&path, &good).unwrap();
    assert!(open(&path).unwrap().1.is_some());
}

#[test]
fn a_file_that_is_too_large_is_neither_read_nor_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let mut size = Vec::new();
    kept(World::default()).write(&mut size).unwrap();
    let size = size.len() as u64;
    let (file, _) = StateFile::open_within(&path, size).unwrap();
    file.write(&kept(World::default())).unwrap();
    let error = file
        .write(&kept(everything(&["a".to_owned()])))
        .unwrap_err();
    assert!(error.to_string().contains("larger than"), "{error}");
    drop(file);
    assert!(StateFile::open_within(&path, size).unwrap().1.is_some());
    let error = refused(&path, size - 1);
    assert!(error.to_string().contains("larger than"), "{error}");
}

#[test]
fn a_path_that_cannot_be_a_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let no_folder = folder.path().join("none/state.json");
    for (path, says) in [
        (no_folder.as_path(), "its folder"),
        (folder.path(), "state file"),
        (Path::new("/"), "state file"),
    ] {
        let error = refused(path, LIMIT).to_string();
        assert!(error.contains(says), "{}: {error}", path.display());
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn only_the_owner_can_read_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let (file, _) = open(&path).unwrap();
        file.write(&kept(World::default())).unwrap();
        // One that everybody could read is not readable by everybody any more.
        let everybody = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(&path, everybody).unwrap();
        file.write(&kept(World::default())).unwrap();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        }
    }

    #[test]
    fn a_link_stays_a_link_and_is_the_same_file_as_what_it_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let link = folder.path().join("link.json");
        let (file, _) = open(&path).unwrap();
        file.write(&kept(World::default())).unwrap();
        symlink(&path, &link).unwrap();
        assert_eq!(refused(&link, LIMIT).kind(), io::ErrorKind::ResourceBusy);
        drop(file);
        let (file, read) = open(&link).unwrap();
        assert!(read.is_some());
        file.write(&kept(World::default())).unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
    }
}

#[test]
fn one_file_is_opened_once_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let first = open(&path).unwrap();
    let error = refused(&path, LIMIT);
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    assert!(error.to_string().contains("another emulator"), "{error}");
    drop(first);
    open(&path).unwrap();
}
