//! The files that an agent can open: those of its folders, and those that it opened.

use std::collections::HashSet;

use axum::response::Response;
use jiff::Timestamp;
use letta_api::types::{AgentFileAttachment, AgentFilePage, FileId};
use serde_json::json;

use crate::call::{Call, ok, written};
use crate::http::refusal::Refusal;
use crate::id;
use crate::resources::agents;
use crate::world::World;
use crate::world::agent::{AgentRecord, AttachedFile};
use crate::world::file::FileRecord;
use crate::world::page::CursorPage;

const DEFAULT_LIMIT: usize = 100;
/// In place of a limit of 0.
const LIMIT_OF_ZERO: usize = 20;
const MOST_OPEN: usize = 10;
const MOST_LETTERS: usize = 25_000;
const CUT_OFF: &str = "...[TRUNCATED]";

/// Gives an agent the files of its folders that have been processed by now, each of them open; and takes away those that are
/// gone.
///
/// Files are processed as time passes, so this is done whenever somebody looks.
pub(crate) fn settle(world: &mut World, agent: &str, now: Timestamp) {
    let Some(agent) = world.agents.get_mut(agent) else {
        return;
    };
    let files = &world.files;
    let folders = &agent.folder_ids;
    agent.files.retain(|file| {
        let record = files.get(file.file_id.as_str());
        record.is_some_and(|it| !file.is_of_folder || folders.contains(&it.file.source_id))
    });
    let has: HashSet<&FileId> = agent.files.iter().map(|file| &file.file_id).collect();
    let is_new = |record: &&FileRecord| {
        agent.folder_ids.contains(&record.file.source_id)
            && !has.contains(&record.file.id)
            && record.is_completed(now)
    };
    let mut new: Vec<&FileRecord> = files.iter().filter(is_new).collect();
    new.sort_by_key(|record| record.ready_at);
    let new: Vec<(FileId, Timestamp)> = new
        .into_iter()
        .map(|record| (record.file.id.clone(), record.ready_at))
        .collect();
    for (file, ready_at) in new {
        open(agent, &file, true, ready_at);
    }
}

/// Opens a file, and gives those that were closed to make room: those that were opened longest ago.
fn open(agent: &mut AgentRecord, file: &FileId, is_of_folder: bool, now: Timestamp) -> Vec<FileId> {
    let most_open = agent
        .state
        .max_files_open
        .and_then(|most| most.try_into().ok());
    let most_open: usize = most_open.unwrap_or(MOST_OPEN);
    let mut others: Vec<&mut AttachedFile> = agent
        .files
        .iter_mut()
        .filter(|it| it.is_open && it.file_id != *file)
        .collect();
    // Those of one time stay as they are.
    others.sort_by_key(|it| it.accessed_at);
    let too_many = (others.len() + 1).saturating_sub(most_open.max(1));
    let closed = others
        .into_iter()
        .take(too_many)
        .map(|it| {
            it.is_open = false;
            it.file_id.clone()
        })
        .collect();
    match agent.files.iter_mut().find(|it| it.file_id == *file) {
        Some(attached) => {
            attached.is_open = true;
            attached.accessed_at = now;
        }
        None => agent.files.push(AttachedFile {
            id: id::generate("file_agent"),
            file_id: file.clone(),
            is_of_folder,
            is_open: true,
            accessed_at: now,
        }),
    }
    closed
}

/// The names of files, each with that of its folder.
fn names(world: &World, files: &[FileId]) -> Vec<String> {
    let files = files.iter().filter_map(|id| world.files.get(id.as_str()));
    files
        .filter_map(|record| record.file.file_name.clone())
        .collect()
}

/// An agent that does not exist has no files.
pub(crate) fn list(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?;
    let is_open = call.query_flag("is_open");
    settle(world, call.path("agent_id"), call.now);
    let agent = world.agents.get(call.path("agent_id"));
    let files = agent.into_iter().flat_map(|agent| &agent.files);
    let mut files: Vec<&AttachedFile> = files
        .filter(|file| is_open.is_none_or(|is_open| file.is_open == is_open))
        .collect();
    // The cursors go by the IDs, whatever the order.
    if let Some(before) = page.before() {
        files.retain(|file| *file.id < *before);
    } else if let Some(after) = page.after() {
        files.retain(|file| *file.id > *after);
    } else if let Some(cursor) = call.query("cursor") {
        files.retain(|file| file.id > cursor);
    }
    if page.before().is_some() || page.after().is_some() {
        if !page.is_oldest_first() {
            files.reverse();
        }
    } else {
        files.sort_by(|one, other| one.id.cmp(&other.id));
    }
    let limit = match page.limit() {
        0 => LIMIT_OF_ZERO,
        limit => limit,
    };
    let has_more = files.len() > limit;
    files.truncate(limit);
    let next = files.last().map(|file| file.id.clone());
    let shown: Vec<AgentFileAttachment> = files
        .into_iter()
        .filter_map(|file| attachment(world, agent?, file))
        .collect();
    let mut page = AgentFilePage::new(shown, has_more);
    page.next_cursor = next;
    Ok(ok(&page))
}

fn attachment(
    world: &World,
    agent: &AgentRecord,
    file: &AttachedFile,
) -> Option<AgentFileAttachment> {
    let record = world.files.get(file.file_id.as_str())?;
    let folder = world.folders.get(record.file.source_id.as_str())?;
    let mut attachment = AgentFileAttachment::new(
        file.id.as_str(),
        file.file_id.clone(),
        record.file.file_name.as_deref().unwrap_or_default(),
        folder.id.clone(),
        folder.name.as_str(),
        file.is_open,
    );
    attachment.last_accessed_at = Some(written(file.accessed_at));
    if file.is_open {
        let letters = agent.state.per_file_view_window_char_limit;
        let letters = letters.and_then(|letters| letters.try_into().ok());
        attachment.visible_content = Some(visible(
            record.file.content.as_deref().unwrap_or_default(),
            letters.unwrap_or(MOST_LETTERS),
        ));
    }
    Some(attachment)
}

/// What an agent sees of a text: its lines with their numbers, without those that are empty, up to so many letters.
fn visible(text: &str, letters: usize) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    let mut visible = format!("[Viewing file start (out of {} lines)]", lines.len());
    for (number, line) in lines.iter().enumerate() {
        visible.push_str(&format!("\n{}: {line}", number + 1));
    }
    match visible.char_indices().nth(letters) {
        None => visible,
        Some(_) => {
            let room = letters.saturating_sub(CUT_OFF.len());
            let mut cut: String = visible.chars().take(room).collect();
            cut.push_str(CUT_OFF);
            cut
        }
    }
}

/// Also a file of a folder that the agent does not have.
pub(crate) fn open_one(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("agent_id");
    agents::found(world, id)?;
    settle(world, id, call.now);
    let file = world.files.get(call.path("file_id"));
    let file = file.ok_or_else(|| Refusal::no_such("File", call.path("file_id")))?;
    let file = file.file.id.clone();
    let closed = open(agents::found_mut(world, id)?, &file, false, call.now);
    Ok(ok(&names(world, &closed)))
}

pub(crate) fn close_one(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let file_id = call.path("file_id");
    settle(world, call.path("agent_id"), call.now);
    let agent = world.agents.get_mut(call.path("agent_id"));
    let files = agent.into_iter().flat_map(|agent| &mut agent.files);
    let file = files.into_iter().find(|it| it.file_id.as_str() == file_id);
    let file = file.ok_or_else(|| Refusal::no_such("File of this agent", file_id))?;
    file.is_open = false;
    Ok(ok(
        &json!({"message": format!("File id={file_id} successfully closed")}),
    ))
}

/// An agent that does not exist has none to close.
pub(crate) fn close_all(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    settle(world, call.path("agent_id"), call.now);
    let agent = world.agents.get_mut(call.path("agent_id"));
    let files = agent.into_iter().flat_map(|agent| &mut agent.files);
    let closed: Vec<FileId> = files
        .filter(|file| file.is_open)
        .map(|file| {
            file.is_open = false;
            file.file_id.clone()
        })
        .collect();
    Ok(ok(&names(world, &closed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_sees_lines_with_their_numbers_up_to_a_limit() {
        for (text, letters, expected) in [
            (
                "one\n\n  two \n",
                99,
                "[Viewing file start (out of 2 lines)]\n1: one\n2: two",
            ),
            ("", 99, ""),
            (" \n", 99, ""),
            ("one", 44, "[Viewing file start (out of 1 lines)]\n1: one"),
            ("one", 43, "[Viewing file start (out of 1...[TRUNCATED]"),
            ("one", 3, "...[TRUNCATED]"),
        ] {
            assert_eq!(visible(text, letters), expected, "{text:?} {letters}");
        }
    }
}
