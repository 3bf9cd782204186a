//! Listing runs.

use letta_api::types;

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list runs, newest first by default. From [`Runs::list`](super::Runs::list). All filters must match.
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the runs on
/// them.
///
/// The list moves on by `before` in both orders. A server 0.16.8 ignores a cursor that it does not know, and answers
/// with the first page.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListRuns {
    call: Call,
    params: types::ListRunsParams,
}

impl ListRuns {
    pub(super) fn new(call: Call) -> Self {
        Self {
            call,
            params: types::ListRunsParams::default(),
        }
    }

    fields! { params: types::ListRunsParams;
        /// Only runs of this agent.
        agent_id: types::AgentId,
        /// Only runs with one of these statuses.
        statuses: [String],
        /// Only background runs, or only others.
        background: bool,
        /// Only runs that ended for this reason.
        stop_reason: types::StopReasonType,
        /// Only runs of this conversation.
        conversation_id: types::ConversationId,
        /// The last ID of the last page. Moves on in both orders.
        before: String,
        /// Not what moves to the next page: use `before`.
        after: String,
        /// How many items a page holds at most. By default `100`.
        limit: i64,
        /// By time: `asc` is the oldest first, `desc` the newest first.
        order: types::SortOrder,
        /// What to sort by.
        order_by: types::ItemSortField,
        /// Only runs that have not ended. By default `false`.
        active: bool,
    }
}

list!(ListRuns => types::Run, |list, api|
    api.list_runs(&list.params),
    api.list_runs_pages(&list.params)
);
