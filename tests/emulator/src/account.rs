//! What stands behind the server: one account, with its key, its projects and its tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use letta_api::ApiKey;

use crate::clock::{self, Clock};
use crate::project::Projects;
use crate::token_store::TokenStore;

pub(crate) struct Account {
    api_key: ApiKey,
    projects: Projects,
    tokens: TokenStore,
    clock: Arc<dyn Clock>,
    requests: AtomicU64,
}

impl Account {
    pub(crate) fn new(api_key: ApiKey, projects: Projects, clock: Arc<dyn Clock>) -> Self {
        Self {
            api_key,
            projects,
            tokens: TokenStore::default(),
            clock,
            requests: AtomicU64::new(0),
        }
    }

    pub(crate) fn api_key(&self) -> &ApiKey {
        &self.api_key
    }

    pub(crate) fn projects(&self) -> &Projects {
        &self.projects
    }

    pub(crate) fn tokens(&self) -> &TokenStore {
        &self.tokens
    }

    pub(crate) fn now(&self) -> Timestamp {
        clock::timestamp(self.clock.now())
    }

    /// The number of the next request, from 1.
    pub(crate) fn count_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }
}
