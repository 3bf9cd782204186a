//! Listing agents.

use letta_api::types;

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list agents. From [`Agents::list`](super::Agents::list). All filters must match. Relations such as
/// tools are empty unless [`include`](Self::include) names them.
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the agents on
/// them.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListAgents {
    call: Call,
    params: types::ListAgentsParams,
}

impl ListAgents {
    pub(super) fn new(call: Call) -> Self {
        Self {
            call,
            params: types::ListAgentsParams::default(),
        }
    }

    fields! { params: types::ListAgentsParams;
        /// Only what has exactly this name.
        name: String,
        /// Only what has one of these tags.
        tags: [String],
        /// Whether all of `tags` must match. If `false`, one is enough. By default `false`.
        match_all_tags: bool,
        /// Only what comes before the item of this ID in the list.
        before: String,
        /// The last ID of the last page. Moves on in both orders; an unknown ID is ignored.
        after: String,
        /// How many items a page holds at most. By default `50`.
        limit: i64,
        /// Only what has this text in its name.
        query_text: String,
        /// Only what belongs to this project.
        project_id: types::ProjectId,
        /// Only what was made from this template.
        template_id: String,
        /// Only what was made from any version of this template.
        base_template_id: String,
        /// Only agents that are linked to this identity.
        identity_id: types::IdentityId,
        /// Only what is linked to an identity with one of these keys.
        identifier_keys: [String],
        /// Relations to fill in. What is not named is empty or null. By default `[]`.
        include: [types::AgentInclude],
        /// By time: `asc` is the oldest first, `desc` the newest first.
        order: types::SortOrder,
        /// What to sort by.
        order_by: types::AgentSortField,
        /// Only agents whose last run ended for this reason.
        last_stop_reason: types::StopReasonType,
        /// Only what this user created.
        created_by_id: types::UserId,
    }

    /// Only what has this tag. May be called for each tag. One of them is enough, unless
    /// [`match_all_tags`](Self::match_all_tags) is set. It is added to [`tags`](Self::tags).
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.params.tags.get_or_insert_default().push(tag.into());
        self
    }
}

list!(ListAgents => types::AgentState, |list, api|
    api.list_agents(&list.params),
    api.list_agents_pages(&list.params)
);
