//! Listing blocks.

use letta_api::types;

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list blocks. From [`Blocks::list`](super::Blocks::list). All filters must match.
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the blocks on them.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListBlocks {
    call: Call,
    params: types::ListBlocksParams,
}

impl ListBlocks {
    pub(super) fn new(call: Call) -> Self {
        Self {
            call,
            params: types::ListBlocksParams::default(),
        }
    }

    fields! { params: types::ListBlocksParams;
        /// Only blocks with exactly this label.
        label: String,
        /// Only blocks that are templates. By default `false`.
        templates_only: bool,
        /// Only what has exactly this name.
        name: String,
        /// Only blocks that are linked to this identity.
        identity_id: types::IdentityId,
        /// Only what is linked to an identity with one of these keys.
        identifier_keys: [String],
        /// Only what belongs to this project.
        project_id: types::ProjectId,
        /// Only what has one of these tags.
        tags: [String],
        /// Whether all of `tags` must match. If `false`, one is enough. By default `false`.
        match_all_tags: bool,
        /// How many items a page holds at most. By default `50`.
        limit: i64,
        /// Only what comes before the item of this ID in the list.
        before: String,
        /// Only what comes after the item of this ID in the list.
        after: String,
        /// By time: `asc` is the oldest first, `desc` the newest first.
        order: types::SortOrder,
        /// What to sort by.
        order_by: types::ItemSortField,
        /// Only blocks with this text in the label.
        label_search: String,
        /// Only blocks with this text in the description.
        description_search: String,
        /// Only blocks with this text in the value.
        value_search: String,
        /// Only blocks that more agents than this have.
        connected_to_agents_count_gt: i64,
        /// Only blocks that fewer agents than this have.
        connected_to_agents_count_lt: i64,
        /// Only blocks that one of these numbers of agents have.
        connected_to_agents_count_eq: [i64],
    }
}

list!(ListBlocks => types::Block, |list, api| api.list_blocks(&list.params), api.list_blocks_pages(&list.params));
