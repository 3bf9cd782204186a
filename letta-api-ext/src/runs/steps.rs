//! The steps of a run.

use letta_api::types;

use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

/// A request to list the steps of a run: its calls of a model. From [`RunHandle::steps`](super::RunHandle::steps).
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the steps on
/// them.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListRunSteps {
    call: Call,
    id: types::RunId,
    params: types::ListRunStepsParams,
}

impl ListRunSteps {
    pub(super) fn new(call: Call, id: types::RunId) -> Self {
        Self {
            call,
            id,
            params: types::ListRunStepsParams::default(),
        }
    }

    fields! { params: types::ListRunStepsParams;
        /// Only what comes before the item of this ID in the list.
        before: String,
        /// Only what comes after the item of this ID in the list.
        after: String,
        /// How many items a page holds at most. By default `100`.
        limit: i64,
        /// By time: `asc` is the oldest first, `desc` the newest first.
        order: types::SortOrder,
        /// What to sort by.
        order_by: types::ItemSortField,
    }
}

list!(ListRunSteps => types::Step, |list, api|
    api.list_run_steps(&list.id, &list.params),
    api.list_run_steps_pages(&list.id, &list.params)
);
