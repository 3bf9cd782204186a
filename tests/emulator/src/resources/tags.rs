//! The tags that agents and blocks have.

use std::collections::BTreeSet;

use axum::response::Response;

use crate::call::{Call, ok};
use crate::http::refusal::Refusal;
use crate::world::World;
use crate::world::page::CursorPage;

const DEFAULT_LIMIT: usize = 50;

/// By the alphabet. A cursor is a tag, whether or not there is such a tag.
pub(crate) fn list(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?
        .oldest_first_by_default(&call.query)
        .with_zero_for_all();
    let part = ["name", "query_text"]
        .into_iter()
        .find_map(|name| call.query(name).filter(|it| !it.is_empty()))
        .map(|part| part.to_lowercase());
    let of_agents = world.agents.iter().flat_map(|agent| &agent.state.tags);
    let of_blocks = world
        .blocks
        .iter()
        .flat_map(|block| block.tags.iter().flatten());
    let tags: BTreeSet<&String> = of_agents
        .chain(of_blocks)
        .filter(|tag| {
            part.as_deref()
                .is_none_or(|part| tag.to_lowercase().contains(part))
        })
        .collect();
    Ok(ok(&page.of_sorted(tags.into_iter())))
}
