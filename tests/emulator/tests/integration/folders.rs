// The service still sends what is deprecated.
#![allow(deprecated)]

use std::time::Duration;

use letta_api::Client;
use letta_api::FilePart;
use letta_api::types::{
    AgentId, CreateFolder, DuplicateFileHandling, FileMetadata, FileProcessingStatus, Folder,
    FolderId, GetFileParams, ListAgentFilesParams, ListFolderAgentsParams, ListFolderFilesParams,
    ListFoldersParams, SortOrder, UpdateFolder, UploadFileBody, UploadFileParams,
};
use letta_api_emulator::{Emulator, ManualClock};
use reqwest::Method;
use serde_json::{Value, json};

use crate::raw::{Answer, client, request};
use crate::side_by_side::{Server, same};
use crate::typed::{NONE, status};

const EMBEDDING: &str = "openai/text-embedding-3-small";

async fn folder(client: &Client, name: &str) -> Folder {
    let folder = CreateFolder::new(name).with_embedding(EMBEDDING);
    client.create_folder(&folder).await.unwrap().into_inner()
}

/// An agent that has these folders.
async fn agent(emulator: &Emulator, members: Value) -> AgentId {
    let request = request(emulator, Method::POST, "/v1/agents/").json(&members);
    let agent = Answer::of(request).await.json();
    AgentId::from(agent["id"].as_str().unwrap())
}

async fn upload(client: &Client, folder: &FolderId, name: &str, content: &str) -> FileMetadata {
    let part = FilePart::bytes(name, content.to_owned()).with_media_type("text/plain");
    let params = UploadFileParams::default();
    let file = client
        .upload_file(folder, &params, UploadFileBody::new(part))
        .await;
    file.unwrap().into_inner()
}

async fn get(client: &Client, file: &FileMetadata) -> FileMetadata {
    let params = GetFileParams::default().with_include_content(true);
    let file = client.get_file(&file.source_id, &file.id, &params).await;
    file.unwrap().into_inner()
}

#[tokio::test]
async fn a_folder_is_made_read_changed_and_deleted() {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .clock(clock.clone())
        .start()
        .await
        .unwrap();
    let client = client(&emulator);
    let metadata = json!({"a": 1}).as_object().unwrap().clone();
    let new = CreateFolder::new("handbook")
        .with_description("For the staff.")
        .with_instructions("Read it.")
        .with_metadata(metadata.clone())
        .with_embedding(EMBEDDING)
        .with_embedding_chunk_size(500);
    let made = client.create_folder(&new).await.unwrap().into_inner();
    assert!(made.id.as_str().starts_with("source-"));
    assert_eq!(made.metadata.as_ref(), Some(&metadata));
    assert_eq!(made.instructions.as_deref(), Some("Read it."));
    assert_eq!(
        made.embedding_config.embedding_chunk_size.into_value(),
        Some(500)
    );
    let read = client.get_folder(&made.id).await.unwrap().into_inner();
    assert_eq!(json!(read), json!(made));

    clock.advance(Duration::from_secs(1));
    let change = UpdateFolder::new()
        .with_name("handbook 2")
        .with_description_null();
    let changed = client
        .update_folder(&made.id, &change)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (&*changed.name, changed.description.as_deref()),
        ("handbook 2", Some("For the staff."))
    );
    assert_ne!(changed.updated_at, made.updated_at);

    let config = made.embedding_config.clone();
    let configured = CreateFolder::new("configured").with_embedding_config(config);
    let configured = client.create_folder(&configured).await.unwrap();
    assert_eq!(
        json!(configured.embedding_config),
        json!(made.embedding_config)
    );

    let other = folder(&client, "other").await;
    let taken = CreateFolder::new("other").with_embedding(EMBEDDING);
    assert_eq!(status(client.create_folder(&taken).await), 409);
    let taken = UpdateFolder::new().with_name("other");
    assert_eq!(status(client.update_folder(&made.id, &taken).await), 409);
    client.update_folder(&other.id, &taken).await.unwrap();
    assert_eq!(
        status(client.create_folder(&CreateFolder::new("x")).await),
        400
    );

    client.delete_folder(&made.id).await.unwrap();
    assert_eq!(status(client.get_folder(&made.id).await), 404);
    assert_eq!(status(client.update_folder(&made.id, &change).await), 404);
    assert_eq!(status(client.delete_folder(&made.id).await), 404);
    // Its name is free again.
    folder(&client, "handbook 2").await;
}

#[tokio::test]
async fn folders_their_files_and_their_agents_are_listed_by_cursor() {
    let emulator = Emulator::start().await.unwrap();
    let client = client(&emulator);
    let mut folders = Vec::new();
    for name in ["a", "b", "c"] {
        folders.push(folder(&client, name).await.id);
    }
    let named = ListFoldersParams::default().with_name("b");
    assert_eq!(client.list_folders(&named).await.unwrap().len(), 1);
    let unknown = ListFoldersParams::default().with_before("source-none");
    assert_eq!(status(client.list_folders(&unknown).await), 404);
    let first = ListFoldersParams::default().with_limit(1);
    assert_eq!(client.list_folders(&first).await.unwrap()[0].name, "a");

    let mut agents = Vec::new();
    for _ in 0..3 {
        upload(&client, &folders[0], "x.txt", "x").await;
        agents.push(agent(&emulator, json!({"folder_ids": [folders[0]]})).await);
    }
    for order in [SortOrder::Asc, SortOrder::Desc] {
        let in_order = |mut items: Vec<String>| {
            if order == SortOrder::Desc {
                items.reverse();
            }
            items
        };
        let params = ListFoldersParams::default()
            .with_limit(2)
            .with_order(order.clone());
        let mut items = client.list_folders_pages(&params).items();
        let mut found = Vec::new();
        while let Some(item) = items.next().await {
            found.push(item.unwrap().name);
        }
        assert_eq!(found, in_order(["a", "b", "c"].map(str::to_owned).to_vec()));

        let params = ListFolderFilesParams::default()
            .with_limit(1)
            .with_order(order.clone());
        let mut items = client.list_folder_files_pages(&folders[0], &params).items();
        let mut found = Vec::new();
        while let Some(item) = items.next().await {
            found.push(item.unwrap().file_name.unwrap());
        }
        let names = ["x.txt", "x_(1).txt", "x_(2).txt"].map(str::to_owned);
        assert_eq!(found, in_order(names.to_vec()));

        let params = ListFolderAgentsParams::default()
            .with_limit(2)
            .with_order(order.clone());
        let mut items = client
            .list_folder_agents_pages(&folders[0], &params)
            .items();
        let mut found = Vec::new();
        while let Some(item) = items.next().await {
            found.push(item.unwrap().to_string());
        }
        assert_eq!(
            found,
            in_order(agents.iter().map(ToString::to_string).collect())
        );
    }
    let unknown = FolderId::from(format!("source-{NONE}"));
    let params = ListFolderAgentsParams::default();
    assert!(
        client
            .list_folder_agents(&folders[1], &params)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        status(client.list_folder_agents(&unknown, &params).await),
        404
    );
    let params = ListFolderFilesParams::default();
    assert!(
        client
            .list_folder_files(&unknown, &params)
            .await
            .unwrap()
            .is_empty()
    );
    let params = params.with_after("file-none");
    assert_eq!(
        status(client.list_folder_files(&folders[0], &params).await),
        404
    );
}

#[tokio::test]
async fn a_file_is_processed_by_the_emulators_clock() {
    let clock = ManualClock::new();
    let builder = Emulator::builder().clock(clock.clone());
    let emulator = builder
        .file_processing(Duration::from_secs(10))
        .start()
        .await
        .unwrap();
    let client = client(&emulator);
    let folder = folder(&client, "handbook").await;
    let agent = agent(&emulator, json!({"folder_ids": [folder.id]})).await;
    let text = "word ".repeat(300);
    let file = upload(&client, &folder.id, "notes.txt", &text).await;
    assert_eq!(file.file_name.as_deref(), Some("handbook/notes.txt"));
    assert_eq!(file.original_file_name.as_deref(), Some("notes.txt"));
    assert_eq!(
        (file.file_type.as_deref(), file.file_size),
        (Some("text/plain"), Some(1_500))
    );
    assert_eq!(file.processing_status, Some(FileProcessingStatus::Parsing));

    let files = ListAgentFilesParams::default();
    for (seconds, expected, chunks, embedded) in [
        (4, FileProcessingStatus::Parsing, None, None),
        (1, FileProcessingStatus::Embedding, Some(2), Some(0)),
        (4, FileProcessingStatus::Embedding, Some(2), Some(0)),
        (1, FileProcessingStatus::Completed, Some(2), Some(2)),
    ] {
        clock.advance(Duration::from_secs(seconds));
        let now = get(&client, &file).await;
        assert_eq!(now.processing_status.as_ref(), Some(&expected));
        assert_eq!((now.total_chunks, now.chunks_embedded), (chunks, embedded));
        assert_eq!(now.file_name.as_deref(), Some("notes.txt"));
        let is_done = expected == FileProcessingStatus::Completed;
        let of_agent = client.list_agent_files(&agent, &files).await.unwrap();
        assert_eq!(of_agent.files.len(), usize::from(is_done));
    }
    assert_eq!(get(&client, &file).await.content.as_deref(), Some(&*text));
    let params = GetFileParams::default();
    let bare = client
        .get_file(&folder.id, &file.id, &params)
        .await
        .unwrap();
    assert!(bare.content.is_none());
}

#[tokio::test]
async fn a_file_may_be_empty_and_fails_if_it_has_a_zero_byte() {
    let emulator = Emulator::start().await.unwrap();
    let client = client(&emulator);
    let folder = folder(&client, "f").await;
    let agent = agent(&emulator, json!({"folder_ids": [folder.id]})).await;
    let empty = upload(&client, &folder.id, "empty.txt", "").await;
    let empty = get(&client, &empty).await;
    assert_eq!(
        empty.processing_status,
        Some(FileProcessingStatus::Completed)
    );
    assert_eq!(
        (empty.total_chunks, empty.chunks_embedded),
        (Some(1), Some(0))
    );
    let broken = upload(&client, &folder.id, "zero.txt", "a\0b").await;
    assert!(broken.error_message.is_none());
    let broken = get(&client, &broken).await;
    assert_eq!(broken.processing_status, Some(FileProcessingStatus::Error));
    assert!(broken.error_message.unwrap().contains("zero byte"));
    let of_agent = client
        .list_agent_files(&agent, &ListAgentFilesParams::default())
        .await
        .unwrap();
    assert_eq!(of_agent.files.len(), 1);
    assert_eq!(status(client.close_file(&agent, &broken.id).await), 404);
}

#[tokio::test]
async fn a_second_file_of_a_name_is_treated_as_the_request_says() {
    let emulator = Emulator::start().await.unwrap();
    let client = client(&emulator);
    let folder = folder(&client, "f").await;
    let first = upload(&client, &folder.id, "a.md", "one").await;
    let again = async |handling: Option<DuplicateFileHandling>, name: Option<&str>| {
        let mut params = UploadFileParams::default();
        params.duplicate_handling = handling;
        params.name = name.map(str::to_owned);
        let part = FilePart::bytes("a.md", "two");
        client
            .upload_file(&folder.id, &params, UploadFileBody::new(part))
            .await
    };
    assert_eq!(
        status(again(Some(DuplicateFileHandling::Error), None).await),
        400
    );
    let skipped = again(Some(DuplicateFileHandling::Skip), None)
        .await
        .unwrap();
    assert_eq!(skipped.headers()["x-upload-result"], "skipped");
    assert_eq!(skipped.id, first.id);
    for (handling, expected) in [
        (None, "f/a_(1).md"),
        (Some(DuplicateFileHandling::Suffix), "f/a_(2).md"),
    ] {
        let file = again(handling, None).await.unwrap();
        assert_eq!(file.file_name.as_deref(), Some(expected));
        assert_eq!(file.file_type.as_deref(), Some("text/x-markdown"));
    }
    let other = again(None, Some("Other name.txt")).await.unwrap();
    assert_eq!(other.file_name.as_deref(), Some("f/Other name.txt"));
    let replaced = again(Some(DuplicateFileHandling::Replace), None)
        .await
        .unwrap();
    assert_eq!(replaced.file_name.as_deref(), Some("a.md"));
    assert_eq!(
        get(&client, &replaced).await.content.as_deref(),
        Some("two")
    );
    let params = GetFileParams::default();
    assert_eq!(
        status(client.get_file(&folder.id, &first.id, &params).await),
        404
    );
}

#[tokio::test]
async fn what_is_no_file_of_a_known_type_is_refused() {
    let emulator = Emulator::start().await.unwrap();
    let client = client(&emulator);
    let folder = folder(&client, "f").await;
    let params = UploadFileParams::default();
    let part = |name: &str, media_type: &str| {
        UploadFileBody::new(FilePart::bytes(name, "x").with_media_type(media_type))
    };
    let octets = "application/octet-stream";
    for (body, expected) in [
        (part("x.bin", octets), 415),
        (part("x.rs", octets), 0),
        (part(".txt", "text/plain"), 400),
    ] {
        assert_eq!(
            status(client.upload_file(&folder.id, &params, body).await),
            expected
        );
    }
    let unknown = FolderId::from(format!("source-{NONE}"));
    let answer = client
        .upload_file(&unknown, &params, part("x.txt", "text/plain"))
        .await;
    assert_eq!(status(answer), 404);
    let path = format!("/v1/folders/{}/upload", folder.id);
    let json = request(&emulator, Method::POST, &path).json(&json!({"a": 1}));
    let answer = Answer::of(json).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert!(answer.text.contains("file"));
}

#[tokio::test]
async fn an_agent_opens_and_closes_files_and_the_one_opened_longest_ago_makes_room() {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .clock(clock.clone())
        .start()
        .await
        .unwrap();
    let client = client(&emulator);
    let folder = folder(&client, "f").await;
    let members = json!({"folder_ids": [folder.id], "max_files_open": 2, "per_file_view_window_char_limit": 60});
    let agent = agent(&emulator, members).await;
    let mut files = Vec::new();
    for name in ["a.txt", "b.txt", "c.txt"] {
        clock.advance(Duration::from_secs(1));
        files.push(
            upload(
                &client,
                &folder.id,
                name,
                &format!("{name}\n\n  is long and longer than long"),
            )
            .await,
        );
    }
    let state = async || {
        let page = client
            .list_agent_files(&agent, &ListAgentFilesParams::default())
            .await
            .unwrap();
        let mut open: Vec<_> = page
            .files
            .iter()
            .filter(|it| it.is_open)
            .map(|it| it.file_name.clone())
            .collect();
        open.sort();
        (page.files.len(), open)
    };
    assert_eq!(
        state().await,
        (3, vec!["f/b.txt".to_owned(), "f/c.txt".to_owned()])
    );
    clock.advance(Duration::from_secs(1));
    let closed = client
        .open_file(&agent, &files[1].id)
        .await
        .unwrap()
        .into_inner();
    assert!(closed.is_empty());
    clock.advance(Duration::from_secs(1));
    let closed = client
        .open_file(&agent, &files[0].id)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(closed, ["f/c.txt"]);
    client.close_file(&agent, &files[0].id).await.unwrap();
    client.close_file(&agent, &files[0].id).await.unwrap();
    assert_eq!(state().await, (3, vec!["f/b.txt".to_owned()]));

    let params = ListAgentFilesParams::default().with_is_open(true);
    let open = client.list_agent_files(&agent, &params).await.unwrap();
    let [file] = &open.files[..] else {
        panic!("{open:?}")
    };
    assert_eq!((&file.file_id, &*file.folder_name), (&files[1].id, "f"));
    let visible = file.visible_content.as_deref().unwrap();
    assert_eq!(
        visible,
        "[Viewing file start (out of 2 lines)]\n1: b.txt\n...[TRUNCATED]".replace("\n...", "...")
    );
    let params = ListAgentFilesParams::default().with_is_open(false);
    let closed = client.list_agent_files(&agent, &params).await.unwrap();
    assert!(
        closed
            .files
            .iter()
            .all(|file| file.visible_content.is_none())
    );

    let closed = client.close_all_files(&agent).await.unwrap().into_inner();
    assert_eq!(closed, ["f/b.txt"]);
    assert!(client.close_all_files(&agent).await.unwrap().is_empty());

    // Also one of a folder that it does not have, which stays.
    let other = self::folder(&client, "other").await;
    let stray = upload(&client, &other.id, "s.txt", "s").await;
    client.open_file(&agent, &stray.id).await.unwrap();
    assert_eq!(state().await, (4, vec!["other/s.txt".to_owned()]));
    let unknown = format!("file-{NONE}").as_str().into();
    assert_eq!(status(client.open_file(&agent, &unknown).await), 404);
    assert_eq!(status(client.close_file(&agent, &unknown).await), 404);
    let nobody = AgentId::from("agent-none");
    assert_eq!(status(client.open_file(&nobody, &stray.id).await), 404);
    assert!(client.close_all_files(&nobody).await.unwrap().is_empty());

    client.delete_file(&folder.id, &files[0].id).await.unwrap();
    assert_eq!(
        status(client.delete_file(&folder.id, &files[0].id).await),
        404
    );
    assert_eq!(state().await.0, 3);
    client.delete_folder(&folder.id).await.unwrap();
    assert_eq!(state().await, (1, vec!["other/s.txt".to_owned()]));
    let params = GetFileParams::default();
    assert_eq!(
        status(client.get_file(&folder.id, &files[1].id, &params).await),
        404
    );
    let path = format!("/v1/agents/{agent}");
    let state = Answer::of(request(&emulator, Method::GET, &path))
        .await
        .json();
    assert_eq!(state["sources"], json!([]));
}

#[tokio::test]
async fn an_agents_files_are_listed_page_by_page_by_their_ids() {
    let emulator = Emulator::start().await.unwrap();
    let client = client(&emulator);
    let folder = folder(&client, "f").await;
    let agent = agent(&emulator, json!({"folder_ids": [folder.id]})).await;
    for number in 0..5 {
        upload(&client, &folder.id, &format!("{number}.txt"), "x").await;
    }
    let params = ListAgentFilesParams::default().with_limit(2);
    let first = client
        .list_agent_files(&agent, &params)
        .await
        .unwrap()
        .into_inner();
    assert!(first.has_more);
    assert_eq!(first.next_cursor.as_deref(), Some(&*first.files[1].id));
    let mut items = client.list_agent_files_pages(&agent, &params).items();
    let mut ids = Vec::new();
    while let Some(file) = items.next().await {
        ids.push(file.unwrap().id);
    }
    assert_eq!(ids.len(), 5);
    assert!(ids.is_sorted());
    let before = ListAgentFilesParams::default().with_before(&*ids[2]);
    let before = client
        .list_agent_files(&agent, &before)
        .await
        .unwrap()
        .into_inner();
    let mut found: Vec<_> = before.files.into_iter().map(|it| it.id).collect();
    found.sort();
    assert_eq!((&found[..], before.has_more), (&ids[..2], false));
    let after = ListAgentFilesParams::default().with_after(&*ids[2]);
    let after = client.list_agent_files(&agent, &after).await.unwrap();
    assert_eq!(after.files.len(), 2);
    let nobody = client
        .list_agent_files(&AgentId::from("agent-none"), &params)
        .await
        .unwrap();
    assert!(nobody.files.is_empty() && nobody.next_cursor.is_none());
}

/// Uploads a text, and gives the file.
async fn put(server: &mut Server, folder: &str, query: &str, name: &str, text: &str) -> Value {
    let part = reqwest::multipart::Part::text(text.to_owned()).file_name(name.to_owned());
    let form = reqwest::multipart::Form::new().part("file", part.mime_str("text/plain").unwrap());
    let path = format!("{folder}/upload{query}");
    let request = server.request(Method::POST, &path).multipart(form);
    server.send(format!("upload {name} {query}"), request).await
}

#[tokio::test]
async fn folders_and_files_are_as_the_server_has_them() {
    same(async |server| {
        let new = json!({"name": "e20 side by side", "embedding": EMBEDDING, "metadata": {"a": 1}});
        let folder = server
            .call(Method::POST, "/v1/folders/", Some(new.clone()))
            .await;
        server.call(Method::POST, "/v1/folders/", Some(new)).await;
        let nameless = json!({"name": "e20 without embedding"});
        server
            .call(Method::POST, "/v1/folders/", Some(nameless))
            .await;
        let id = folder["id"].as_str().unwrap();
        let path = format!("/v1/folders/{id}");
        let agent = server.agent(json!({"folder_ids": [id]})).await;
        server.call(Method::GET, &path, None).await;
        server
            .call(Method::PATCH, &path, Some(json!({"description": "d"})))
            .await;
        server
            .call(
                Method::GET,
                "/v1/folders/?name=e20%20side%20by%20side",
                None,
            )
            .await;
        server
            .call(
                Method::GET,
                &format!("/v1/folders/?after=source-{NONE}"),
                None,
            )
            .await;
        let file = put(server, &path, "", "a.txt", "one\ntwo").await;
        put(server, &path, "?duplicate_handling=error", "a.txt", "x").await;
        put(
            server,
            &format!("/v1/folders/source-{NONE}"),
            "",
            "a.txt",
            "x",
        )
        .await;
        let of_file = format!("{path}/files/{}", file["id"].as_str().unwrap());
        // What takes its time at the server is not compared until it is done.
        for _ in 0..200 {
            let read = Answer::of(server.request(Method::GET, &of_file))
                .await
                .json();
            if read["processing_status"] == "completed" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        put(server, &path, "?duplicate_handling=skip", "a.txt", "x").await;
        server
            .call(
                Method::GET,
                &format!("{of_file}?include_content=true"),
                None,
            )
            .await;
        server
            .call(Method::GET, &format!("{path}/files"), None)
            .await;
        server
            .call(
                Method::GET,
                &format!("{path}/files?after=file-{NONE}"),
                None,
            )
            .await;
        server
            .call(Method::GET, &format!("{path}/agents"), None)
            .await;
        server
            .call(
                Method::GET,
                &format!("/v1/folders/source-{NONE}/files"),
                None,
            )
            .await;
        server
            .call(
                Method::GET,
                &format!("/v1/folders/source-{NONE}/agents"),
                None,
            )
            .await;
        let files = format!("/v1/agents/{agent}/files");
        server.call(Method::GET, &files, None).await;
        let of_agent = format!("{files}/{}", file["id"].as_str().unwrap());
        for (path, change) in [
            (&of_agent, "/close"),
            (&of_agent, "/open"),
            (&files, "/close-all"),
        ] {
            server
                .call(Method::PATCH, &format!("{path}{change}"), None)
                .await;
        }
        server.call(Method::GET, &files, None).await;
        server
            .call(Method::PATCH, &format!("{files}/file-{NONE}/open"), None)
            .await;
        server
            .call(Method::PATCH, &format!("{files}/file-{NONE}/close"), None)
            .await;
        let of_folder = format!("{path}/{}", file["id"].as_str().unwrap());
        server.call(Method::DELETE, &of_folder, None).await;
        server.call(Method::DELETE, &of_folder, None).await;
        server.call(Method::DELETE, &path, None).await;
        server.call(Method::DELETE, &path, None).await;
        server.call(Method::GET, &files, None).await;
        let agent = server.request(Method::DELETE, &format!("/v1/agents/{agent}"));
        assert_eq!(Answer::of(agent).await.status, 200);
    })
    .await;
}
