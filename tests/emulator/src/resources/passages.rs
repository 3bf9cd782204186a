//! Passages: what archives hold. They are found by their words.

use axum::http::StatusCode;
use axum::response::Response;
use letta_api::types::{
    Archive, ArchiveId, FoundAgentPassage, FoundAgentPassages, Passage, PassageSearchResult,
};
use serde_json::{Value, json};

use crate::call::{Call, no_content, ok, written};
use crate::http::refusal::Refusal;
use crate::id;
use crate::resources::agents;
use crate::resources::archives;
use crate::resources::dates::{self, Span};
use crate::resources::members::{sets, text, texts};
use crate::resources::words::Words;
use crate::world::World;
use crate::world::page::{CursorPage, UnknownCursor};

const DEFAULT_LIMIT: usize = 100;
const DEFAULT_FOUND_LIMIT: usize = 5;
const SEARCH_LIMIT: usize = 50;
const LARGEST_SEARCH_LIMIT: u64 = 100;

/// A passage as a body asks for it.
fn new(call: &Call, world: &World, archive: &Archive, body: &Value) -> Result<Passage, Refusal> {
    let text_of = text(body, "text").unwrap_or_default();
    let mut passage = Passage::new(id::generate("passage"), text_of);
    passage.archive_id = Some(archive.id.clone());
    passage.organization_id = Some(world.settings.organization.clone());
    passage
        .embedding_config
        .clone_from(&archive.embedding_config);
    let metadata = body.get("metadata").and_then(Value::as_object);
    passage.metadata = Some(metadata.cloned().unwrap_or_default());
    if sets(body, "tags") {
        let mut tags: Vec<String> = Vec::new();
        for tag in texts(body, "tags") {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        passage.tags = Some(tags);
    }
    passage.updated_at = Some(written(call.now));
    passage.created_at = match text(body, "created_at") {
        Some(created) => {
            let created = dates::parse(created).ok_or_else(|| {
                let detail = "created_at must be a date of ISO 8601";
                Refusal::detail(StatusCode::BAD_REQUEST, detail)
            })?;
            Some(dates::written(created))
        }
        None => Some(written(call.now)),
    };
    Ok(passage)
}

pub(crate) fn create(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let archive = archives::found(world, call.path("archive_id"))?;
    let passage = new(call, world, archive, call.json())?;
    let response = ok(&passage);
    add(world, [passage]);
    Ok(response)
}

/// All of them or, if one is wrong, none.
pub(crate) fn create_many(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let bodies = call.json().get("passages").and_then(Value::as_array);
    let bodies = bodies.map(Vec::as_slice).unwrap_or_default();
    if bodies.is_empty() {
        // The server does not look for the archive then.
        return Ok(ok(&json!([])));
    }
    let archive = archives::found(world, call.path("archive_id"))?;
    let passages: Vec<Passage> = bodies
        .iter()
        .map(|body| new(call, world, archive, body))
        .collect::<Result<_, _>>()?;
    let response = ok(&passages);
    add(world, passages);
    Ok(response)
}

fn add(world: &mut World, passages: impl IntoIterator<Item = Passage>) {
    for passage in passages {
        // Its ID is new.
        let _ = world.passages.insert(passage);
    }
}

pub(crate) fn delete(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let archive = archives::found(world, call.path("archive_id"))?;
    let id = call.path("passage_id");
    let passage = world.passages.get(id);
    let passage = passage.ok_or_else(|| Refusal::no_such("Passage", id))?;
    if passage.archive_id.as_ref() != Some(&archive.id) {
        return Err(Refusal::detail(
            StatusCode::BAD_REQUEST,
            format!("Passage {id} is not in the archive {}", archive.id),
        ));
    }
    world.passages.remove(id);
    Ok(no_content())
}

pub(crate) fn create_of_agent(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let agent = agents::found(world, call.path("agent_id"))?;
    let agent = agent.state.id.clone();
    // A passage that is refused makes no archive.
    if let Some(created) = text(call.json(), "created_at")
        && dates::parse(created).is_none()
    {
        return Err(Refusal::unprocessable(
            "created_at must be a date of ISO 8601",
        ));
    }
    let archive = archives::of_agent(call, world, &agent)?;
    let passage = new(call, world, &archive, call.json())?;
    let response = ok(&[&passage]);
    add(world, [passage]);
    Ok(response)
}

pub(crate) fn list_of_agent(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let ascending = call.query_flag("ascending").unwrap_or(true);
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?
        .with_oldest_first(ascending)
        .with_zero_for_all();
    let agent = call.path("agent_id");
    let search = call.query("search").map(|text| text.to_lowercase());
    let wanted = |passage: &&Passage| {
        let text = search.as_deref();
        text.is_none_or(|text| passage.text.to_lowercase().contains(text))
    };
    let passages = oldest_first(world, |passage| is_of_agent(world, agent, passage));
    let mut page = page.of_history(
        &passages,
        |passage| passage.id.as_str(),
        wanted,
        UnknownCursor::Empty,
    )?;
    if !ascending {
        page.reverse();
    }
    Ok(ok(&page))
}

/// Any passage may be deleted so, even one that is not the agent's.
pub(crate) fn delete_of_agent(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("memory_id");
    let passage = world.passages.remove(id);
    passage.ok_or_else(|| Refusal::no_such("Passage", id))?;
    Ok(ok(
        &json!({"message": format!("Memory id={id} successfully deleted")}),
    ))
}

pub(crate) fn search_of_agent(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let words = Words::of(&call.query("query").unwrap_or_default());
    let agent = call.path("agent_id");
    if !words.is_empty() {
        agents::found(world, agent)?;
    }
    let wanted = Wanted {
        tags: call.query_all("tags").map(Into::into).collect(),
        all_tags: call.query("tag_match_mode").as_deref() == Some("all"),
        span: Span::of_query(call, "start_datetime", "end_datetime")?,
    };
    let limit = match call.query("top_k") {
        Some(limit) => limit
            .parse()
            .map_err(|_| Refusal::unprocessable("top_k must be a whole number, 0 or more"))?,
        None => DEFAULT_FOUND_LIMIT,
    };
    let limit = if limit == 0 { usize::MAX } else { limit };
    let passages = oldest_first(world, |passage| {
        is_of_agent(world, agent, passage) && wanted.has(passage)
    });
    let found = words.best(passages, |passage| passage.text.clone(), limit);
    let results: Vec<FoundAgentPassage> = found
        .into_iter()
        .map(|(passage, _)| {
            let created = dates::of(passage.created_at.as_deref());
            let timestamp = dates::written(created).replace('Z', "+00:00");
            let mut found =
                FoundAgentPassage::new(passage.id.clone(), timestamp, passage.text.clone());
            found.tags = passage.tags.clone().unwrap_or_default();
            found
        })
        .collect();
    let count = results.len().try_into().unwrap_or(i64::MAX);
    Ok(ok(&FoundAgentPassages::new(results, count)))
}

pub(crate) fn search(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let body = call.json();
    let words = text(body, "query").filter(|query| !query.is_empty());
    let agent = text(body, "agent_id");
    let archive = text(body, "archive_id");
    if words.is_some() {
        match (agent, archive) {
            (Some(agent), _) => _ = agents::found(world, agent)?,
            (None, Some(archive)) => _ = archives::found(world, archive)?,
            (None, None) => {}
        }
    }
    let limit = search_limit(body)?;
    let wanted = Wanted {
        tags: texts(body, "tags"),
        all_tags: text(body, "tag_match_mode") == Some("all"),
        span: Span::of_body(body, "start_date", "end_date")?,
    };
    let passages = oldest_first(world, |passage| {
        let is_there = match (agent, archive) {
            (Some(agent), _) => is_of_agent(world, agent, passage),
            (None, Some(archive)) => is_of(passage.archive_id.as_ref(), archive),
            (None, None) => true,
        };
        is_there && wanted.has(passage)
    });
    let results: Vec<PassageSearchResult> = match words {
        Some(query) => {
            let words = Words::of(query);
            let found = words.best(passages, |passage| passage.text.clone(), limit);
            found
                .into_iter()
                .map(|(passage, count)| {
                    let score = count as f64 / words.len() as f64;
                    PassageSearchResult::new(passage.clone(), score)
                })
                .collect()
        }
        None => passages
            .into_iter()
            .take(limit)
            .map(|passage| PassageSearchResult::new(passage.clone(), 0.0))
            .collect(),
    };
    Ok(ok(&results))
}

/// How much a search finds at most.
pub(crate) fn search_limit(body: &Value) -> Result<usize, Refusal> {
    match body.get("limit").filter(|limit| !limit.is_null()) {
        None => Ok(SEARCH_LIMIT),
        Some(limit) => limit
            .as_u64()
            .filter(|limit| (1..=LARGEST_SEARCH_LIMIT).contains(limit))
            .and_then(|limit| limit.try_into().ok())
            .ok_or_else(|| Refusal::unprocessable("limit must be a whole number from 1 to 100")),
    }
}

/// What a search leaves out.
struct Wanted {
    tags: Vec<String>,
    all_tags: bool,
    span: Span,
}

impl Wanted {
    fn has(&self, passage: &Passage) -> bool {
        let tags = passage.tags.as_deref().unwrap_or_default();
        let has = |tag: &String| tags.contains(tag);
        let by_tag = self.tags.is_empty()
            || match self.all_tags {
                true => self.tags.iter().all(has),
                false => self.tags.iter().any(has),
            };
        by_tag && self.span.has(dates::of(passage.created_at.as_deref()))
    }
}

/// The passages that are wanted, by their dates.
fn oldest_first(world: &World, wanted: impl Fn(&Passage) -> bool) -> Vec<&Passage> {
    let passages = world.passages.iter();
    let mut passages: Vec<_> = passages.filter(|passage| wanted(passage)).collect();
    // Those of one time stay as they are.
    passages.sort_by_cached_key(|passage| dates::of(passage.created_at.as_deref()));
    passages
}

/// Whether a passage is in an archive of an agent's.
fn is_of_agent(world: &World, agent: &str, passage: &Passage) -> bool {
    let agent = world.agents.get(agent);
    agent.is_some_and(|agent| {
        let archives = &agent.archive_ids;
        archives
            .iter()
            .any(|archive| is_of(passage.archive_id.as_ref(), archive.as_str()))
    })
}

fn is_of(of: Option<&ArchiveId>, archive: &str) -> bool {
    of.is_some_and(|of| of.as_str() == archive)
}
