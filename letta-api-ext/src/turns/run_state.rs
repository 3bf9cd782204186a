//! What a turn asks of its run.
//!
//! The generated method reads all of a run. This reads what a turn needs, which is less code in a browser.

use letta_api::support::{one_error, path};
use letta_api::types::{RunId, RunStatus, StopReasonType};
use letta_api::{Client, ResponseValue, operations};
use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{Method, Request};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::Result;

/// How a run is.
#[derive(Deserialize)]
pub(super) struct RunState {
    pub(super) id: RunId,
    #[serde(default)]
    pub(super) status: Option<RunStatus>,
    #[serde(default)]
    pub(super) completed_at: Option<String>,
    #[serde(default)]
    pub(super) stop_reason: Option<StopReasonType>,
    /// More about the run. Among it is why it failed.
    #[serde(default)]
    pub(super) metadata: Option<Map<String, Value>>,
}

/// Asks the service.
pub(super) async fn of(api: &Client, id: &RunId) -> Result<RunState> {
    let segment = path::segment("run_id", id)?;
    let url = path::url_of(api.base_url(), format_args!("/v1/runs/{segment}"));
    let mut request = Request::new(Method::GET, url);
    let accept = HeaderValue::from_static("application/json");
    request.headers_mut().insert(ACCEPT, accept);
    let state: ResponseValue<RunState> =
        one_error::json(api, request, &operations::GET_RUN, &[200]).await?;
    Ok(state.into_inner())
}

impl RunState {
    /// Whether the run has ended.
    pub(super) fn is_over(&self) -> bool {
        match &self.status {
            Some(RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled) => true,
            Some(RunStatus::Created | RunStatus::Running) => false,
            // A status of a later version.
            _ => self.completed_at.is_some(),
        }
    }
}
