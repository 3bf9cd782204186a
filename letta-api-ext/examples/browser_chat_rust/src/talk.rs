//! Talks to the agent at the service. The SDK brings the page's token to each call.

use std::time::Duration;

use letta_api_ext::agents::AgentHandle;
use letta_api_ext::letta_api::types::{Message, SortOrder};
use letta_api_ext::token_holder::{HttpTokenSource, TokenHolder};
use letta_api_ext::turns::Event;
use letta_api_ext::{Error, Letta, RetryPolicy};

use crate::failure::{During, Failure};
use crate::history::{self, History};
use crate::session::Session;

/// The longest time for reading the conversation.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The service sends a sign of life after 20 seconds of silence.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// The page's agent.
pub(crate) struct Talk {
    letta: Letta,
    agent: AgentHandle,
}

/// What the agent does, as it does it.
pub(crate) enum Step {
    /// It says this. `message` is the ID of the message that this is a piece of.
    Text { message: String, text: String },
    /// It does this, as the rest of a sentence that begins with its name.
    Activity(&'static str),
}

impl Talk {
    /// Nothing is sent yet.
    pub(crate) fn new(session: &Session) -> Result<Self, Error> {
        let letta = Letta::builder()
            .token_source(HttpTokenSource::new("/api/letta-token")?)
            .base_url(&session.service)
            .deadline(TIMEOUT)
            .attempt_timeout(TIMEOUT)
            // The user sees what fails, and tries again.
            .retry(RetryPolicy::never())
            .build()?;
        let agent = letta.agent(session.agent.id.as_str());
        Ok(Self { letta, agent })
    }

    /// The holder of the page's token.
    pub(crate) fn holder(&self) -> Option<&TokenHolder> {
        self.letta.token_holder()
    }

    /// The last messages of the conversation.
    pub(crate) async fn history(&self) -> Result<History, Failure> {
        let list = self
            .agent
            .messages()
            .order(SortOrder::Desc)
            .limit(history::LIMIT as i64)
            .send()
            .await;
        let list: Vec<Message> = list.map_err(|error| Failure::of(&error, During::Reading))?;
        Ok(History::of(list, js_sys::Date::parse))
    }

    /// Sends a message, shows what the agent does, and returns why it stopped. `otid` is the page's own ID of the message, by which
    /// it can be found in the history.
    pub(crate) async fn send(
        &self,
        text: &str,
        otid: &str,
        mut show: impl FnMut(Step),
    ) -> Result<String, Failure> {
        let turn = self
            .agent
            .turn(text)
            .message_otid(otid)
            .tokens()
            .with_attempt_timeout(LONGEST_SILENCE)
            .with_silence_limit(LONGEST_SILENCE);
        let begun = turn.stream().await;
        let mut turn = begun.map_err(|error| Failure::of(&error, During::Sending))?;
        let failed = |error: Error| Failure::of(&error, During::Hearing);
        while let Some(event) = turn.next().await {
            if let Some(step) = step(event.map_err(failed)?) {
                show(step);
            }
        }
        let answer = turn.finish().map_err(failed)?;
        Ok(answer.stop_reason().as_str().to_owned())
    }
}

/// The meaning of an event for the user. Most kinds have none.
fn step(event: Event) -> Option<Step> {
    match event {
        Event::Text(piece) => Some(Step::Text {
            message: piece.message_id().to_owned(),
            text: piece.into_text(),
        }),
        Event::Reasoning(_) => Some(Step::Activity("is thinking")),
        Event::ToolCall(call) if call.waits_for_answer() => Some(Step::Activity(
            "waits for an approval, which this page cannot give",
        )),
        Event::ToolCall(_) => Some(Step::Activity("is looking something up")),
        Event::Message(message) => match *message {
            Message::HiddenReasoningMessage(_) => Some(Step::Activity("is thinking")),
            _ => None,
        },
        _ => None,
    }
}
