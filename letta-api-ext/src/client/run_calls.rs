//! What a client asks of runs. No client-side token opens it.
//!
//! A program whose clients all hold tokens never asks, and should not be larger for it: a page in a browser is fetched before it does
//! anything. So only a client that is built with a key, or without one on purpose, has [`RunCalls`], and nothing else names [`Asking`].
//! Where it is not named, the linker leaves out all that it needs.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use letta_api::support::{one_error, path};
use letta_api::types::{
    ConversationId, ListRunMessagesParams, Message, ResumeStreamRequest, RunId, RunStatus,
    RunUsage, SortOrder, StopReasonType, StreamEvent,
};
use letta_api::{BoxFuture, Client, EventStream, MaybeSync, Pages, ResponseValue, operations};
use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{Method, Request};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::Result;
use crate::platform::BoxStream;

/// The events of a run, and about their answer.
pub(crate) type Events = ResponseValue<EventStream<StreamEvent>>;

/// A message that a run has stored.
pub(crate) struct Stored {
    pub(crate) message: Message,
    /// How long it is as JSON, in bytes.
    pub(crate) size: usize,
}

/// Asks the service for runs.
pub(crate) trait RunCalls: MaybeSync {
    /// How a run is.
    fn state<'a>(&self, api: &'a Client, id: &'a RunId) -> BoxFuture<'a, Result<RunState>>;

    /// What a run cost.
    fn usage<'a>(&self, api: &'a Client, id: &'a RunId) -> BoxFuture<'a, Result<RunUsage>>;

    /// What a run has stored, in pages, the oldest first.
    fn messages(&self, api: &Client, id: &RunId) -> BoxStream<Result<Vec<Stored>>>;

    /// The events of a run.
    fn resume<'a>(
        &self,
        api: &'a Client,
        id: &'a RunId,
        body: &'a ResumeStreamRequest,
    ) -> BoxFuture<'a, Result<Events>>;

    /// The events of a run of a conversation.
    fn find<'a>(
        &self,
        api: &'a Client,
        conversation: &'a ConversationId,
        body: &'a ResumeStreamRequest,
    ) -> BoxFuture<'a, Result<Events>>;
}

/// Asks, as [`RunCalls`] says.
pub(crate) struct Asking;

impl RunCalls for Asking {
    /// The generated method reads all of a run. This reads what is asked for.
    fn state<'a>(&self, api: &'a Client, id: &'a RunId) -> BoxFuture<'a, Result<RunState>> {
        Box::pin(async move {
            let segment = path::segment("run_id", id)?;
            let url = path::url_of(api.base_url(), format_args!("/v1/runs/{segment}"));
            let mut request = Request::new(Method::GET, url);
            let accept = HeaderValue::from_static("application/json");
            request.headers_mut().insert(ACCEPT, accept);
            let state: ResponseValue<RunState> =
                one_error::json(api, request, &operations::GET_RUN, &[200]).await?;
            Ok(state.into_inner())
        })
    }

    fn usage<'a>(&self, api: &'a Client, id: &'a RunId) -> BoxFuture<'a, Result<RunUsage>> {
        Box::pin(async move { Ok(api.get_run_usage(id).await?.into_inner()) })
    }

    fn messages(&self, api: &Client, id: &RunId) -> BoxStream<Result<Vec<Stored>>> {
        let params = ListRunMessagesParams::default().with_order(SortOrder::Asc);
        Box::pin(StoredPages(api.list_run_messages_pages(id, &params)))
    }

    fn resume<'a>(
        &self,
        api: &'a Client,
        id: &'a RunId,
        body: &'a ResumeStreamRequest,
    ) -> BoxFuture<'a, Result<Events>> {
        Box::pin(async move { Ok(api.resume_run_stream(id, body).await?) })
    }

    fn find<'a>(
        &self,
        api: &'a Client,
        conversation: &'a ConversationId,
        body: &'a ResumeStreamRequest,
    ) -> BoxFuture<'a, Result<Events>> {
        Box::pin(async move {
            let found = api.resume_conversation_stream(conversation, Some(body));
            Ok(found.await?)
        })
    }
}

/// The pages of what a run has stored.
struct StoredPages(Pages<Vec<Message>, Message>);

impl Stream for StoredPages {
    type Item = Result<Vec<Stored>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let page = ready!(Pin::new(&mut self.0).poll_next(context));
        Poll::Ready(page.map(|page| {
            let messages = page?.into_inner().into_iter();
            Ok(messages.map(Stored::from).collect())
        }))
    }
}

impl From<Message> for Stored {
    fn from(message: Message) -> Self {
        // Written to a list, as requests are, so that both are the same code.
        let size = serde_json::to_vec(&message).map_or(usize::MAX, |json| json.len());
        Self { message, size }
    }
}

/// How a run is.
#[derive(Deserialize)]
pub(crate) struct RunState {
    pub(crate) id: RunId,
    #[serde(default)]
    pub(crate) status: Option<RunStatus>,
    #[serde(default)]
    pub(crate) completed_at: Option<String>,
    #[serde(default)]
    pub(crate) stop_reason: Option<StopReasonType>,
    /// More about the run. Among it is why it failed.
    #[serde(default)]
    pub(crate) metadata: Option<Map<String, Value>>,
}

impl RunState {
    /// Whether the run has ended.
    pub(crate) fn is_over(&self) -> bool {
        match &self.status {
            Some(RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled) => true,
            Some(RunStatus::Created | RunStatus::Running) => false,
            // A status of a later version.
            _ => self.completed_at.is_some(),
        }
    }
}
