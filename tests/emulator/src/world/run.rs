//! A run is one turn of an agent, and a step one call of its model.

use letta_api::types::{Run, Step, StepMetrics};
use serde::{Deserialize, Serialize};

use crate::world::table::Entity;
use crate::world::thread::ThreadKey;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    pub(crate) run: Run,
    /// Where its messages are.
    pub(crate) thread: ThreadKey,
}

impl Entity for RunRecord {
    fn id(&self) -> &str {
        self.run.id.as_str()
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StepRecord {
    pub(crate) step: Step,
    pub(crate) metrics: StepMetrics,
}

impl Entity for StepRecord {
    fn id(&self) -> &str {
        self.step.id.as_str()
    }
}
