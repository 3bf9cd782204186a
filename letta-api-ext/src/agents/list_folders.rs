//! Listing an agent's folders.

use letta_api::types;

use super::AgentHandle;
use crate::client::fields::fields;
use crate::client::request::Call;
use crate::pages::raw::list;

impl AgentHandle {
    /// Lists the agent's folders.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// for folder in letta.agent("agent-1").folders().await? {
    ///     println!("{}", folder.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn folders(&self) -> ListAgentFolders {
        ListAgentFolders {
            call: self.letta().call(),
            id: self.id().clone(),
            params: types::ListAgentFoldersParams::default(),
        }
    }
}

/// A request to list an agent's folders. From [`AgentHandle::folders`].
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the folders on them.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListAgentFolders {
    call: Call,
    id: types::AgentId,
    params: types::ListAgentFoldersParams,
}

impl ListAgentFolders {
    fields! { params: types::ListAgentFoldersParams;
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

list!(ListAgentFolders => types::Source, |list, api|
    api.list_agent_folders(&list.id, &list.params),
    api.list_agent_folders_pages(&list.id, &list.params)
);
