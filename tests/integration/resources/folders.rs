//! Folders and what is in them, against the emulator and against what a network may do.

use letta_api_emulator::{Emulator, Fault, operations};
use letta_api_ext::letta_api::FilePart;
use letta_api_ext::letta_api::types::{
    FileMetadata, Folder, SortOrder, UploadFileBody, UploadFileParams,
};
use letta_api_ext::{Deletion, Letta};
use letta_api_tests::emulated::start;
use letta_api_tests::{Tap, answer, split};

const EMBEDDING: &str = "openai/text-embedding-3-small";

async fn folder(letta: &Letta, name: &str) -> Folder {
    let create = letta.folders().create(name).embedding(EMBEDDING);
    create.await.unwrap()
}

/// A file of the folder, uploaded by the raw client.
async fn file(letta: &Letta, folder: &Folder, name: &str) -> FileMetadata {
    let body = UploadFileBody::new(FilePart::bytes(name, "Buy milk."));
    let params = UploadFileParams::default();
    let answer = letta.api().upload_file(&folder.id, &params, body).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn a_folder_lives_from_create_to_delete() {
    let (_emulator, letta) = start().await;
    let made = letta
        .folders()
        .create("contracts")
        .embedding(EMBEDDING)
        .description("What was signed.")
        .instructions("Look here for dates.")
        .metadata([("team", "legal")])
        .await
        .unwrap();
    assert_eq!(made.name, "contracts");
    assert_eq!(made.instructions.as_deref(), Some("Look here for dates."));
    let folder = letta.folder(&made.id);
    assert_eq!(folder.get().await.unwrap(), made);

    // Only what was set is sent, and the rest keeps its value.
    let changed = folder.update().description("Signed in 2026.").await;
    let changed = changed.unwrap();
    assert_eq!(changed.description.as_deref(), Some("Signed in 2026."));
    assert_eq!((changed.name, changed.metadata), (made.name, made.metadata));

    assert_eq!(folder.delete().await.unwrap(), Deletion::Deleted);
    assert_eq!(folder.delete().await.unwrap(), Deletion::NotFound);
    for error in [
        folder.get().await.unwrap_err(),
        folder.update().name("x").await.unwrap_err(),
        folder.agents().await.unwrap_err(),
    ] {
        assert!(error.is_not_found(), "{error}");
    }
}

#[tokio::test]
async fn folders_are_listed_by_page_and_by_item_each_once() {
    let (_emulator, letta) = start().await;
    for index in 0..5 {
        folder(&letta, &format!("folder {index}")).await;
    }
    let list = letta.folders().list().limit(2);
    let mut lengths = Vec::new();
    let mut pages = list.clone().pages();
    while let Some(page) = pages.next().await {
        lengths.push(page.unwrap().len());
    }
    assert_eq!(lengths, [2, 2, 1, 0]);
    let mut items = list.order(SortOrder::Desc).items();
    let mut names = Vec::new();
    while let Some(folder) = items.next().await {
        names.push(folder.unwrap().name);
    }
    let expected: Vec<_> = (0..5)
        .rev()
        .map(|index| format!("folder {index}"))
        .collect();
    assert_eq!(names, expected);
    let named = letta.folders().list().name("folder 3").await.unwrap();
    assert_eq!(named.len(), 1);
}

#[tokio::test]
async fn files_are_listed_got_and_deleted() {
    let (_emulator, letta) = start().await;
    let made = folder(&letta, "notes").await;
    let mut expected = Vec::new();
    for index in 0..5 {
        let name = format!("{index}.txt");
        expected.push(file(&letta, &made, &name).await.id);
    }
    let notes = letta.folder(&made.id);
    let list = notes.files().limit(2);
    assert_eq!(list.clone().await.unwrap().len(), 2);
    let mut lengths = Vec::new();
    let mut pages = list.clone().pages();
    while let Some(page) = pages.next().await {
        lengths.push(page.unwrap().len());
    }
    assert_eq!(lengths, [2, 2, 1, 0]);
    let mut items = list.items();
    let mut ids = Vec::new();
    while let Some(file) = items.next().await {
        ids.push(file.unwrap().id);
    }
    ids.reverse();
    assert_eq!(ids, expected);

    let first = notes.file(&expected[0]);
    assert_eq!(first.get().await.unwrap().content, None);
    let whole = first.get().include_content(true).await.unwrap();
    assert_eq!(whole.content.as_deref(), Some("Buy milk."));
    assert_eq!(first.delete().await.unwrap(), Deletion::Deleted);
    assert_eq!(first.delete().await.unwrap(), Deletion::NotFound);
    let error = first.get().await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(notes.files().await.unwrap().len(), 4);
}

async fn agent_with_a_file() -> (Emulator, Letta, Folder, FileMetadata) {
    let (emulator, letta) = start().await;
    emulator.create_agent("agent-1").unwrap();
    let notes = folder(&letta, "notes").await;
    let milk = file(&letta, &notes, "milk.txt").await;
    letta
        .agent("agent-1")
        .attach_folder(&notes.id)
        .await
        .unwrap();
    (emulator, letta, notes, milk)
}

#[tokio::test]
async fn an_agent_has_the_files_of_its_folders_and_opens_and_closes_them() {
    let (_emulator, letta, notes, milk) = agent_with_a_file().await;
    let agent = letta.agent("agent-1");
    let agents = letta.folder(&notes.id).agents().await.unwrap();
    assert_eq!(agents, [agent.id().clone()]);
    let folders = agent.folders().await.unwrap();
    assert_eq!(folders[0].id.as_str(), notes.id.as_str());
    assert_eq!(folders.len(), 1);

    let page = agent.files().await.unwrap();
    assert!(!page.has_more);
    assert_eq!(page.files[0].file_id, milk.id);
    agent.close_file(&milk.id).await.unwrap();
    let mut open = agent.files().is_open(true).items();
    assert!(open.next().await.is_none());
    assert_eq!(
        agent.open_file(&milk.id).await.unwrap(),
        Vec::<String>::new()
    );
    let mut open = agent.files().is_open(true).limit(1).items();
    assert_eq!(open.next().await.unwrap().unwrap().file_id, milk.id);
    assert!(open.next().await.is_none());
    assert_eq!(agent.close_all_files().await.unwrap().len(), 1);
    assert_eq!(agent.close_all_files().await.unwrap().len(), 0);

    agent.detach_folder(&notes.id).await.unwrap();
    let error = agent.close_file(&milk.id).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert!(agent.folders().await.unwrap().is_empty());
}

#[tokio::test]
async fn all_pages_of_an_agents_files_are_read() {
    let (_emulator, letta, notes, milk) = agent_with_a_file().await;
    let mut expected = vec![milk.id];
    for index in 0..4 {
        let name = format!("{index}.txt");
        let more = file(&letta, &notes, &name).await;
        letta.agent("agent-1").open_file(&more.id).await.unwrap();
        expected.push(more.id);
    }
    let list = letta.agent("agent-1").files().limit(2);
    let mut items = list.clone().items();
    let mut ids = Vec::new();
    while let Some(file) = items.next().await {
        ids.push(file.unwrap().file_id);
    }
    ids.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    expected.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    assert_eq!(ids, expected);
    let mut pages = list.pages();
    let mut lengths = Vec::new();
    while let Some(page) = pages.next().await {
        lengths.push(page.unwrap().files.len());
    }
    assert_eq!(lengths, [2, 2, 1]);
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_before_anything_is_sent() {
    let tap = Tap::start(answer("200 OK", "application/json", "[]")).await;
    let letta = tap.letta();
    let field = |error: letta_api_ext::Error| {
        assert!(error.is_invalid_input(), "{error}");
        error.field().unwrap()
    };
    let update = letta.folder("source-1").update();
    assert_eq!(field(update.await.unwrap_err()), "update");
    for id in ["", ".", ".."] {
        let folder = letta.folder(id);
        assert_eq!(field(folder.get().await.unwrap_err()), "folder_id");
        assert_eq!(field(folder.delete().await.unwrap_err()), "folder_id");
        assert_eq!(field(folder.agents().await.unwrap_err()), "folder_id");
        assert_eq!(field(folder.files().await.unwrap_err()), "folder_id");
        let update = folder.update().name("x");
        assert_eq!(field(update.await.unwrap_err()), "folder_id");
        let file = folder.file("file-1");
        assert_eq!(field(file.get().await.unwrap_err()), "folder_id");
        let file = letta.folder("source-1").file(id);
        assert_eq!(field(file.get().await.unwrap_err()), "file_id");
        assert_eq!(field(file.delete().await.unwrap_err()), "file_id");
        let agent = letta.agent(id);
        assert_eq!(field(agent.files().await.unwrap_err()), "agent_id");
        assert_eq!(field(agent.folders().await.unwrap_err()), "agent_id");
        assert_eq!(
            field(agent.close_all_files().await.unwrap_err()),
            "agent_id"
        );
        let agent = letta.agent("agent-1");
        assert_eq!(field(agent.open_file(id).await.unwrap_err()), "file_id");
        assert_eq!(field(agent.close_file(id).await.unwrap_err()), "file_id");
    }
    let list = letta.folders().list().limit(0);
    assert_eq!(field(list.await.unwrap_err()), "limit");
    let list = letta.folder("source-1").files().before("file-1");
    let page = list.pages().next().await.unwrap();
    assert_eq!(field(page.unwrap_err()), "before");
    assert_eq!(tap.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_request_has_what_was_set_and_nothing_else() {
    let folder = r#"{"id":"source-1","name":"x","embedding_config":{"embedding_model":"m","embedding_endpoint_type":"openai","embedding_dim":8}}"#;
    let tap = Tap::start(answer("200 OK", "application/json", folder)).await;
    let letta = tap.letta();
    letta.folders().create("x").await.unwrap();
    let update = letta.folder("source-1").update().name("y");
    update.await.unwrap();
    let sent = tap.requests();
    assert_eq!(split(&sent[0]).2, r#"{"name":"x"}"#);
    assert_eq!(split(&sent[1]).2, r#"{"name":"y"}"#);
}

#[tokio::test]
async fn a_delete_whose_answer_is_lost_is_repeated_and_done() {
    let (emulator, letta) = start().await;
    let made = folder(&letta, "notes").await;
    let milk = file(&letta, &made, "milk.txt").await;
    for operation in [operations::DELETE_FILE, operations::DELETE_FOLDER] {
        let fault = Fault::lose_answer().on(operation).times(1);
        emulator.inject(fault).unwrap();
    }
    let notes = letta.folder(&made.id);
    let deletion = notes.file(&milk.id).delete().await.unwrap();
    assert_eq!(deletion, Deletion::Deleted);
    assert_eq!(notes.delete().await.unwrap(), Deletion::Deleted);
    assert_eq!(emulator.request_count(operations::DELETE_FILE), 2);
    assert_eq!(emulator.request_count(operations::DELETE_FOLDER), 2);
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_not_repeated_and_says_so() {
    let (emulator, letta) = start().await;
    let fault = Fault::lose_answer().on(operations::CREATE_FOLDER).times(1);
    emulator.inject(fault).unwrap();
    let create = letta.folders().create("notes").embedding(EMBEDDING);
    let error = create.await.unwrap_err();
    assert!(error.may_have_happened(), "{error}");
    assert_eq!(emulator.request_count(operations::CREATE_FOLDER), 1);
    let named = letta.folders().list().name("notes").await.unwrap();
    assert_eq!(named.len(), 1);
}
