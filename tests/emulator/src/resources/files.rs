//! Files: uploaded into a folder, and processed by the emulator's clock.

use axum::http::StatusCode;
use axum::http::header::HeaderName;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use letta_api::types::{FileMetadata, FileProcessingStatus, Folder};

use crate::call::{Call, no_content, ok, written};
use crate::description::form::Field;
use crate::http::refusal::Refusal;
use crate::id;
use crate::resources::folders;
use crate::resources::media_types;
use crate::world::World;
use crate::world::file::FileRecord;
use crate::world::page::{CursorPage, Cursors};

const DEFAULT_LIMIT: usize = 1_000;

/// How many bytes of files are kept at most, of all folders together.
const KEPT_LIMIT: usize = 64 * 1024 * 1024;

/// How many letters of a text make one chunk.
const CHUNK_LETTERS: usize = 1_000;

/// The longest name of a file, in letters.
const NAME_LIMIT: usize = 255;

pub(crate) fn upload(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let part = file_part(call)?;
    let sent_name = part.file_name.clone().unwrap_or_default();
    let media_type = media_types::accepted(part.content_type.as_deref(), &sent_name)?;
    let folder = folders::found(world, call.path("folder_id"))?.clone();
    let name = match call.query("name").filter(|name| !name.is_empty()) {
        Some(name) => name,
        None => plain_name(&sent_name)?,
    };
    let same = same_name(world, &folder, &name);
    let handling = call.query("duplicate_handling");
    let file_name = match (same.first(), handling.as_deref()) {
        (None, _) => format!("{}/{name}", folder.name),
        (Some(_), Some("error")) => return Err(exists(&name, &folder)),
        (Some(file), Some("skip")) => {
            let skipped = (HeaderName::from_static("x-upload-result"), "skipped");
            return Ok(([skipped], ok(&shown(file, call.now, false))).into_response());
        }
        (Some(_), Some("replace")) => name.clone(),
        (Some(_), _) => {
            let (base, extension) = split(&name);
            format!("{}/{base}_({}){extension}", folder.name, same.len())
        }
    };
    let replaced = match handling.as_deref() {
        Some("replace") => same.first().map(|file| file.file.id.clone()),
        _ => None,
    };
    let size = part.bytes.len();
    let freed = replaced
        .as_ref()
        .and_then(|id| world.files.get(id.as_str()))
        .map_or(0, FileRecord::kept_bytes);
    if kept_bytes(world) - freed + size > KEPT_LIMIT {
        return Err(full());
    }
    if let Some(id) = replaced {
        remove(world, id.as_str());
    }
    let mut file = FileMetadata::new(folder.id.clone(), id::generate("file"));
    file.file_name = Some(file_name);
    file.file_type = Some(
        media_types::of_name(&name)
            .unwrap_or(&media_type)
            .to_owned(),
    );
    file.original_file_name = Some(name);
    file.file_size = size.try_into().ok();
    file.organization_id = Some(world.settings.organization.clone());
    file.created_at = Some(written(call.now));
    process(&mut file, &part.bytes);
    let ready_at = call.now.saturating_add(world.settings.file_processing);
    let ready_at = ready_at.unwrap_or(Timestamp::MAX);
    file.updated_at = Some(written(ready_at));
    let record = FileRecord {
        file,
        ready_at,
        uploaded_at: call.now,
    };
    // As it is before anything is done with it, even if that takes no time.
    let mut answer = shown(&record, call.now, false);
    answer.processing_status = Some(FileProcessingStatus::Parsing);
    answer.error_message = None;
    answer.total_chunks = None;
    answer.chunks_embedded = None;
    answer.updated_at.clone_from(&answer.created_at);
    // Its ID is new.
    let _ = world.files.insert(record);
    Ok(ok(&answer))
}

/// The file that the form has.
fn file_part(call: &Call) -> Result<&Field, Refusal> {
    let file = call.body.form().and_then(|form| form.file("file"));
    file.ok_or_else(|| {
        Refusal::unprocessable("file is missing: a part of the form, with a filename")
    })
}

/// What comes of it in the end.
fn process(file: &mut FileMetadata, content: &[u8]) {
    let text = String::from_utf8_lossy(content);
    if text.contains('\0') {
        file.processing_status = Some(FileProcessingStatus::Error);
        file.error_message = Some("the text has a zero byte, so it cannot be stored".to_owned());
        return;
    }
    let letters = text.chars().count();
    let chunks = |least: usize| letters.div_ceil(CHUNK_LETTERS).max(least).try_into().ok();
    file.processing_status = Some(FileProcessingStatus::Completed);
    file.total_chunks = chunks(1);
    file.chunks_embedded = chunks(0);
    file.content = Some(text.into_owned());
}

/// The name alone, without folders.
fn plain_name(sent: &str) -> Result<String, Refusal> {
    let name = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name
        .chars()
        .filter(|letter| !letter.is_control() && !r#":*?"<>|"#.contains(*letter))
        .collect();
    if name.starts_with('.') || name.is_empty() {
        return Err(Refusal::detail(
            StatusCode::BAD_REQUEST,
            "the name of a file must not begin with a dot or be empty",
        ));
    }
    let (base, extension) = split(&name);
    let room = NAME_LIMIT.saturating_sub(extension.chars().count());
    let base: String = base.chars().take(room).collect();
    Ok(format!("{base}{extension}"))
}

/// A name, and its extension with the dot.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 => name.split_at(dot),
        _ => (name, ""),
    }
}

/// The files of a folder that were uploaded under this name, oldest first.
fn same_name<'a>(world: &'a World, folder: &Folder, name: &str) -> Vec<&'a FileRecord> {
    let files = world.files.iter().filter(|record| {
        record.file.source_id == folder.id
            && record.file.original_file_name.as_deref() == Some(name)
    });
    files.collect()
}

fn exists(name: &str, folder: &Folder) -> Refusal {
    Refusal::detail(
        StatusCode::BAD_REQUEST,
        format!(
            "INVALID_ARGUMENT: the folder '{}' already has a file '{name}'",
            folder.name
        ),
    )
}

/// Refuses what there is no room for.
pub(crate) fn check_room(world: &World, bytes: usize) -> Result<(), Refusal> {
    match kept_bytes(world).saturating_add(bytes) > KEPT_LIMIT {
        true => Err(full()),
        false => Ok(()),
    }
}

fn kept_bytes(world: &World) -> usize {
    world.files.iter().map(FileRecord::kept_bytes).sum()
}

fn full() -> Refusal {
    Refusal::detail(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!(
            "letta-api-emulator keeps at most {KEPT_LIMIT} bytes of files; delete some, or start another"
        ),
    )
}

/// The file as it is now.
fn shown(record: &FileRecord, now: Timestamp, with_content: bool) -> FileMetadata {
    let mut file = record.shown(now);
    if !with_content {
        file.content = None;
    }
    file
}

/// The file as a folder shows it: without the folder's name before its own.
fn in_folder(record: &FileRecord, call: &Call) -> FileMetadata {
    let with_content = call.query_flag("include_content").unwrap_or_default();
    let mut file = shown(record, call.now, with_content);
    if let Some(name) = &file.file_name
        && let Some((_, plain)) = name.split_once('/')
    {
        file.file_name = Some(plain.to_owned());
    }
    file
}

/// A folder that does not exist has no files.
pub(crate) fn list(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?;
    let folder = call.path("folder_id");
    let files = page.of_those(
        world.files.iter(),
        |record| record.file.id.as_str(),
        Cursors::STRICT,
        |record| record.file.source_id.as_str() == folder,
    )?;
    let files: Vec<FileMetadata> = files
        .into_iter()
        .map(|record| in_folder(record, call))
        .collect();
    Ok(ok(&files))
}

/// The file of the path, in the folder of the path.
fn found<'a>(call: &Call, world: &'a World) -> Result<&'a FileRecord, Refusal> {
    let id = call.path("file_id");
    let record = world.files.get(id);
    let record = record.filter(|record| record.file.source_id.as_str() == call.path("folder_id"));
    record.ok_or_else(|| Refusal::no_such("File", id))
}

pub(crate) fn get(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    Ok(ok(&in_folder(found(call, world)?, call)))
}

/// The folder of the path need not be the file's.
pub(crate) fn delete(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("file_id");
    if !world.files.contains(id) {
        return Err(Refusal::no_such("File", id));
    }
    remove(world, id);
    Ok(no_content())
}

/// Removes a file, also from the agents that could open it.
fn remove(world: &mut World, id: &str) {
    world.files.remove(id);
    for agent in world.agents.iter_mut() {
        agent.files.retain(|file| file.file_id.as_str() != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_without_folders_and_without_what_no_file_system_takes() {
        for (sent, expected) in [
            ("a.txt", "a.txt"),
            ("a/b/../c.txt", "c.txt"),
            (r"C:\dir\c.txt", "c.txt"),
            ("what?.md", "what.md"),
            ("archive.tar.gz", "archive.tar.gz"),
        ] {
            assert_eq!(plain_name(sent).unwrap(), expected, "{sent}");
        }
        for sent in [".env", "", "a/", "\u{1}"] {
            assert!(plain_name(sent).is_err(), "{sent}");
        }
        let long = plain_name(&format!("{}.txt", "é".repeat(300))).unwrap();
        assert_eq!(long.chars().count(), NAME_LIMIT);
        assert!(long.ends_with("é.txt"));
    }

    #[test]
    fn files_are_kept_up_to_a_limit_which_a_replaced_one_does_not_count_to() {
        use crate::resources::fixture::{answer, call};
        let mut world = World::default();
        let embedding = crate::resources::models::embedding_config_of("openai/b").unwrap();
        let folder = Folder::new("f", "source-1", embedding);
        world.folders.insert(folder).unwrap();
        let mut file = FileMetadata::new("source-1", "file-1");
        file.original_file_name = Some("big.txt".to_owned());
        file.content = Some("x".repeat(KEPT_LIMIT - 3));
        let (ready_at, uploaded_at) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        let record = FileRecord {
            file,
            ready_at,
            uploaded_at,
        };
        world.files.insert(record).unwrap();
        let mut upload_of = |name: &str, content: &str, query: &str| {
            let mut call = call(&[("folder_id", "source-1")], query, serde_json::Value::Null);
            let form = format!(
                "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{content}\r\n--b--\r\n"
            );
            let form = crate::description::body::Body::read(
                Some("multipart/form-data; boundary=b"),
                form.into(),
            );
            call.body = futures_util::FutureExt::now_or_never(form).unwrap();
            answer(&mut world, upload, &call)
        };
        upload_of("a.txt", "abc", "").unwrap();
        let refused = upload_of("b.txt", "d", "").unwrap_err();
        assert!(
            refused.message().contains(&KEPT_LIMIT.to_string()),
            "{refused:?}"
        );
        upload_of("big.txt", "d", "duplicate_handling=replace").unwrap();
        upload_of("b.txt", "d", "").unwrap();
    }
}
