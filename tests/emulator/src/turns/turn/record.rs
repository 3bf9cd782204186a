//! A step, as it is kept for those who ask for it.

use letta_api::types::{Step, StepMetrics, StepStatus, StopReasonType};

use super::{ModelStep, Turn};
use crate::world::run::StepRecord;

impl Turn {
    /// Keeps a step. Those of an agent went with it.
    pub(super) fn note_step(&self, step: &ModelStep, status: StepStatus, reason: &StopReasonType) {
        let now = self.stage.now();
        let mut world = self.stage.world();
        let Some(agent) = world.agents.get(self.agent.as_str()) else {
            return;
        };
        let config = agent.state.llm_config.clone();
        let mut record = Step::new(step.id.clone());
        record.run_id = Some(self.run.clone());
        record.agent_id = Some(self.agent.clone());
        record.status = Some(status);
        record.stop_reason = Some(reason.clone());
        record.model = Some(config.model);
        record.model_handle = config.handle.into_value();
        record.context_window_limit = Some(config.context_window);
        record.provider_name = config.provider_name.into_value();
        record.provider_category = Some("base".to_owned());
        record.completion_tokens = i64::try_from(step.words).ok();
        record.prompt_tokens = i64::try_from(self.told.prompt).ok();
        record.total_tokens = i64::try_from(self.told.prompt + step.words).ok();
        let mut metrics = StepMetrics::new(step.id.clone());
        metrics.run_id = Some(self.run.clone());
        metrics.agent_id = Some(self.agent.clone());
        metrics.step_start_ns = i64::try_from(step.began.as_nanosecond()).ok();
        let took = i64::try_from(now.duration_since(step.began).as_nanos()).ok();
        metrics.step_ns = took;
        metrics.llm_request_start_ns = metrics.step_start_ns;
        metrics.llm_request_ns = took;
        let _ = world.steps.insert(StepRecord {
            step: record,
            metrics,
        });
    }
}
