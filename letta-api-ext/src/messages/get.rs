//! Getting a message.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request for a message. From [`Messages::get`](super::Messages::get).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct GetMessage {
    call: Call,
    id: types::MessageId,
}

impl GetMessage {
    pub(super) fn new(call: Call, id: types::MessageId) -> Self {
        Self { call, id }
    }

    /// Sends the request, and returns what is stored under the ID: one message, or several, such as reasoning and a
    /// tool call.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`message_id`). After that: any failure of the
    /// service or the network. A message that does not exist is [not found](crate::Error::is_not_found).
    pub async fn send(self) -> Result<Vec<types::Message>> {
        let outcome = self.call.api().get_message(&self.id).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(GetMessage => Vec<types::Message>);
