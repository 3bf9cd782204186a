//! How a turn tells its messages, and waits meanwhile.

use std::time::Duration;

use letta_api::types::Message;
use serde_json::Value;

use super::{Mode, Turn};
use crate::clock::passed;
use crate::turns::speech;
use crate::world::thread::{StoredMessage, to_wire};

impl Turn {
    /// Streams a message if it is streamed by tokens; otherwise waits as long as it takes. Whether the run was cancelled, if it
    /// is streamed by tokens.
    pub(super) async fn stream(&mut self, message: &Message) -> bool {
        let delay = self.stage.settings.word_delay;
        match self.mode {
            Mode::Json => false,
            Mode::Steps => {
                self.pause(delay).await;
                false
            }
            Mode::Tokens => {
                let is_wanted = self.is_wanted(message);
                for event in speech::events(message, true) {
                    if self.pause(delay).await {
                        return true;
                    }
                    if is_wanted {
                        self.told.anything = true;
                        self.live.say(event, None);
                    }
                }
                false
            }
        }
    }

    /// Tells messages that the model made, if they were not streamed piece by piece.
    pub(super) fn tell_all(&mut self, messages: &[StoredMessage]) {
        if self.mode != Mode::Tokens {
            for message in messages.iter().flat_map(|it| &it.shown) {
                self.tell(message);
            }
        }
    }

    /// Tells a message as a whole.
    pub(super) fn tell(&mut self, message: &Message) {
        if !self.is_wanted(message) {
            return;
        }
        let event = to_wire(message);
        if self.mode == Mode::Json {
            self.told.messages.push(event);
        } else {
            self.told.anything = true;
            self.live.say(event, None);
        }
    }

    fn is_wanted(&self, message: &Message) -> bool {
        let Some(types) = &self.options.types else {
            return true;
        };
        let wire = serde_json::to_value(message).unwrap_or_default();
        let kind = wire.get("message_type").and_then(Value::as_str);
        types.iter().any(|it| Some(it.as_str()) == kind)
    }

    /// Waits, by the emulator's clock. Whether the run was cancelled.
    pub(super) async fn pause(&self, pause: Duration) -> bool {
        if self.mode == Mode::Json {
            self.wait(pause).await;
            return false;
        }
        if self.live.is_cancelled() {
            return true;
        }
        if pause.is_zero() {
            // A turn of many words lets others have a turn.
            tokio::task::consume_budget().await;
            return false;
        }
        tokio::select! {
            () = self.wait(pause) => false,
            () = self.live.cancelled() => true,
        }
    }

    async fn wait(&self, pause: Duration) {
        if !pause.is_zero() {
            let clock = &*self.stage.clock;
            passed(clock, clock.now(), pause).await;
        }
    }
}
