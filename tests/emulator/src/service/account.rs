//! What stands behind the server: one account, with its key, its projects, its tokens and its agents.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use letta_api::{ApiKey, Operation};

use crate::changes::Changes;
use crate::clock::Clock;
use crate::faults::present::Faults;
use crate::project::Projects;
use crate::resources::base_tools;
use crate::service::page::PageKey;
use crate::tokens::rules::TokenRules;
use crate::tokens::secret::TokenForm;
use crate::tokens::store::TokenStore;
use crate::turns::stage::{Stage, StageSettings};
use crate::world;

pub(crate) struct Account {
    pub(crate) api_key: ApiKey,
    pub(crate) projects: Projects,
    pub(crate) tokens: TokenStore,
    pub(crate) token_form: TokenForm,
    pub(crate) token_rules: TokenRules,
    pub(crate) stage: Arc<Stage>,
    pub(crate) faults: Faults,
    pub(crate) changes: Arc<Changes>,
    /// `None` if there is no page.
    pub(crate) page_key: Option<PageKey>,
    /// Why the state file could not be written the last time.
    trouble: Mutex<Option<String>>,
    requests: AtomicU64,
    /// By the names of operations.
    arrivals: Mutex<BTreeMap<&'static str, usize>>,
    answers: Mutex<BTreeMap<(&'static str, Answered), usize>>,
}

/// What an account begins with.
pub(crate) struct Settings {
    pub(crate) api_key: ApiKey,
    pub(crate) projects: Projects,
    pub(crate) organization: String,
    pub(crate) token_rules: TokenRules,
    pub(crate) faults: Faults,
    pub(crate) seed: u64,
    pub(crate) stage: StageSettings,
    pub(crate) file_processing: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) page_key: Option<PageKey>,
}

/// How a request was answered: with a status, or not at all.
pub(crate) type Answered = Option<u16>;

impl Account {
    pub(crate) fn new(settings: Settings) -> Self {
        let changes = Arc::new(Changes::new());
        let stage = Stage::new(settings.clock, settings.stage, Arc::clone(&changes));
        {
            let mut world = stage.world();
            base_tools::add(&mut world);
            world.settings = world::Settings {
                organization: settings.organization.clone(),
                file_processing: settings.file_processing,
            };
        }
        Self {
            api_key: settings.api_key,
            projects: settings.projects,
            tokens: TokenStore::new(settings.seed, settings.token_rules, Arc::clone(&changes)),
            token_form: TokenForm::new(settings.organization),
            token_rules: settings.token_rules,
            stage: Arc::new(stage),
            faults: settings.faults,
            changes,
            page_key: settings.page_key,
            trouble: Mutex::default(),
            requests: AtomicU64::new(0),
            arrivals: Mutex::default(),
            answers: Mutex::default(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.stage.now()
    }

    /// Why the state file could not be written the last time.
    pub(crate) fn trouble(&self) -> Option<String> {
        let trouble = self.trouble.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes whether the state file could be written.
    pub(crate) fn note_trouble(&self, new: Option<String>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if *trouble != new {
            *trouble = new;
            drop(trouble);
            self.changes.shown();
        }
    }

    /// The number of the next request, from 1.
    pub(crate) fn count_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn count_arrival(&self, operation: Operation) {
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        *arrivals.entry(operation.id).or_default() += 1;
    }

    /// How many requests of the operation there were, those among them that are not answered yet.
    pub(crate) fn arrivals(&self, operation: Operation) -> usize {
        let arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals.get(operation.id).copied().unwrap_or_default()
    }

    pub(crate) fn count_answer(&self, operation: Operation, answered: Answered) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        *answers.entry((operation.id, answered)).or_default() += 1;
        drop(answers);
        self.changes.shown();
    }

    /// How many requests there were, by operation and answer.
    pub(crate) fn answers(&self) -> BTreeMap<(&'static str, Answered), usize> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.clone()
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.stage.abort_turns();
    }
}
