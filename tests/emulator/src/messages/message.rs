//! A message of an agent's, and how the service shows it.

use std::fmt;
use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::system_time;
use crate::id;

/// A message to or from an agent. `Debug` shows how long the text is, and not the text, in which anything
/// may stand.
#[derive(Clone)]
pub struct Message {
    id: String,
    kind: MessageKind,
    text: String,
    otid: Option<String>,
    date: Timestamp,
    run: Option<Run>,
}

/// Who speaks in a [`Message`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageKind {
    /// The one who made the agent, or the application.
    System,
    /// The user.
    User,
    /// The agent.
    Assistant,
}

impl MessageKind {
    /// As the service writes it in `message_type`: `user_message`, for example.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system_message",
            Self::User => "user_message",
            Self::Assistant => "assistant_message",
        }
    }

    /// As callers write it in `role`.
    pub(crate) fn from_role(role: &str) -> Option<Self> {
        match role {
            "system" => Some(Self::System),
            "user" => Some(Self::User),
            "assistant" => Some(Self::Assistant),
            _ => None,
        }
    }
}

/// What belongs together because one request caused it.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) run_id: String,
    step_id: String,
}

impl Run {
    pub(crate) fn new() -> Self {
        Self {
            run_id: id::generate("run"),
            step_id: id::generate("step"),
        }
    }
}

impl Message {
    pub(crate) fn system(text: &str, now: Timestamp) -> Self {
        Self {
            id: id::generate("message"),
            kind: MessageKind::System,
            text: text.to_owned(),
            otid: None,
            date: now,
            run: None,
        }
    }

    pub(crate) fn of_run(
        kind: MessageKind,
        text: String,
        otid: Option<String>,
        run: &Run,
        now: Timestamp,
    ) -> Self {
        Self {
            id: id::generate("message"),
            kind,
            text,
            otid: Some(otid.unwrap_or_else(|| uuid::Uuid::new_v4().to_string())),
            date: now,
            run: Some(run.clone()),
        }
    }

    /// Its ID, `message-…`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who speaks.
    pub fn kind(&self) -> MessageKind {
        self.kind
    }

    /// What is said.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// When it was said, by the emulator's clock.
    pub fn date(&self) -> SystemTime {
        system_time(self.date)
    }

    /// As the service shows it.
    pub(crate) fn to_wire(&self) -> Value {
        self.piece_to_wire(&self.text)
    }

    /// A piece of it, as the service shows it while it is being said: all but the content is the same.
    pub(crate) fn piece_to_wire(&self, content: &str) -> Value {
        let run = self.run.as_ref();
        envelope(
            &self.id,
            self.kind.as_str(),
            self.date,
            self.otid.as_deref(),
            run.map(|run| &*run.step_id),
            run.map(|run| &*run.run_id),
            Some(content),
        )
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("text", &format_args!("{} bytes", self.text.len()))
            .finish_non_exhaustive()
    }
}

/// What says in a stream that the service is still there.
pub(crate) fn ping(run: &Run, now: Timestamp) -> Value {
    let id = id::generate("ping");
    envelope(&id, "ping", now, None, None, Some(&run.run_id), None)
}

/// What all messages have.
fn envelope(
    id: &str,
    message_type: &str,
    date: Timestamp,
    otid: Option<&str>,
    step_id: Option<&str>,
    run_id: Option<&str>,
    content: Option<&str>,
) -> Value {
    let mut message = json!({
        "id": id,
        // Whole seconds, and an offset in place of `Z`, as a Python server writes it.
        "date": date.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
        "name": null,
        "message_type": message_type,
        "otid": otid,
        "sender_id": null,
        "step_id": step_id,
        "is_err": null,
        "seq_id": null,
        "run_id": run_id,
    });
    if let Some(content) = content {
        message["content"] = json!(content);
    }
    message
}
