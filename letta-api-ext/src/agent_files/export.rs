//! Exporting an agent.

use letta_api::support::{path, query};
use letta_api::{operations, types};
use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{Method, Request};

use super::AgentFile;
use crate::client::answer::Known;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::{Error, Result};

const NOT_ONE: &str =
    "the body is not an agent file, which is a JSON object with a list of `agents`";

/// A request to export an agent. From [`AgentHandle::export`](crate::agents::AgentHandle::export).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ExportAgent {
    call: Call,
    id: types::AgentId,
    params: types::ExportAgentParams,
}

impl ExportAgent {
    pub(super) fn new(call: Call, id: types::AgentId) -> Self {
        Self {
            call,
            id,
            params: types::ExportAgentParams::default(),
        }
    }

    fields! { params: types::ExportAgentParams;
        /// Export this conversation in place of the agent's own thread.
        conversation_id: types::ConversationId,
        /// Whether to leave messages out. By default `false`.
        scrub_messages: bool,
    }

    /// Sends the request, and returns the file.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`). After that: any failure of the service
    /// or the network. A file that is longer than
    /// [`response_body_limit`](crate::LettaBuilder::response_body_limit) is an [invalid
    /// response](crate::Error::is_invalid_response): set a higher limit, or leave the messages out. A server 0.16.8 answers 500,
    /// and not 404, for an agent that does not exist.
    pub async fn send(self) -> Result<AgentFile> {
        fetch(&self.call, &self.id, &self.params).await
    }
}

request!(ExportAgent => AgentFile);

/// Gets an agent file as the service wrote it. The generated method would read it, and lose what it does not know.
pub(super) async fn fetch(
    call: &Call,
    id: &types::AgentId,
    params: &types::ExportAgentParams,
) -> Result<AgentFile> {
    let api = call.api();
    let segment = path::segment("agent_id", &id)?;
    let mut url = path::url_of(api.base_url(), format_args!("/v1/agents/{segment}/export"));
    #[expect(deprecated, reason = "`with_params` can set them")]
    let types::ExportAgentParams {
        max_steps,
        use_legacy_format,
        conversation_id,
        scrub_messages,
        ..
    } = params;
    query::add(&mut url, "conversation_id", conversation_id)?;
    query::add(&mut url, "max_steps", max_steps)?;
    query::add(&mut url, "scrub_messages", scrub_messages)?;
    query::add(&mut url, "use_legacy_format", use_legacy_format)?;
    let mut request = Request::new(Method::GET, url);
    let accept = HeaderValue::from_static("application/json");
    request.headers_mut().insert(ACCEPT, accept);

    let mut response = api.execute(request, &operations::EXPORT_AGENT).await?;
    if !response.status().is_success() {
        return Err(letta_api::Error::<()>::UnexpectedResponse(response).into());
    }
    // The transport has read the body, within an attempt. This is for another transport.
    response.buffer().await?;
    let (status, headers) = (response.status(), response.headers());
    let not_one = || {
        Known::of(response.extension(), status, headers, |known| {
            let problem = match letta_api::is_html(headers, response.buffered_body()) {
                true => letta_api::HTML_NOT_JSON,
                false => NOT_ONE,
            };
            Error::invalid_response(known.operation, status, headers, problem, known.secrets)
        })
    };
    let file = AgentFile::of(bytes::Bytes::copy_from_slice(response.buffered_body()));
    file.ok_or_else(not_one)
}
