//! What a request begins: a turn, or the reason why there is none.

use jiff::Timestamp;
use letta_api::types::{AgentId, ApprovalResult, RunId, StepId};

use crate::script::act::Act;
use crate::turns::answer::{Answered, from_old_form, take_pending, was_given};
use crate::turns::said::{First, Input, Said, last_text, user_text};
use crate::turns::speech::{self, Envelope};
use crate::turns::stage::Stage;
use crate::turns::trouble::Trouble;
use crate::world::World;
use crate::world::thread::{StoredMessage, Thread, ThreadKey};

/// What the model is told if an answer comes that was given before.
const KEEP_ALIVE: &str = "<system-alert>Automated keep-alive ping. Ignore this message and continue from where you stopped.</system-alert>";

/// What a turn begins with.
pub(crate) struct Beginning {
    /// The answer to a request for approval, and what comes of it, before the model is asked.
    pub(crate) answered: Option<Answered>,
    /// What is stored with the next step of the model's.
    pub(crate) input: Vec<StoredMessage>,
    /// What the agent does.
    pub(crate) acts: Vec<Act>,
    /// What an echo repeats.
    pub(crate) said: String,
    /// Words that the model reads.
    pub(crate) words: usize,
}

/// Who is spoken to, and in which run.
pub(crate) struct Addressed<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) agent: &'a AgentId,
    pub(crate) run: &'a RunId,
    pub(crate) now: Timestamp,
}

/// What this, said in the thread of an agent, begins. If it is an answer, the request is not pending any more.
pub(crate) fn begin(
    to: &Addressed<'_>,
    world: &mut World,
    key: &ThreadKey,
    said: Said,
) -> Result<Beginning, Trouble> {
    let mut nothing = Thread::default();
    let thread = world.thread_mut(key).unwrap_or(&mut nothing);
    match said.first {
        First::Messages { stray } => to.messages(thread, said.messages, stray),
        First::Answer { answers } => to.answer(thread, answers, said.messages),
        First::OldAnswer { approve, request } => {
            let answers = from_old_form(thread, approve, request.as_deref())?;
            let mut beginning = to.answer(thread, answers, said.messages)?;
            if let (Some(answered), Some(request)) = (&mut beginning.answered, request) {
                speech::in_old_form(&mut answered.response, &request);
            }
            Ok(beginning)
        }
    }
}

impl Addressed<'_> {
    /// Messages alone. Nobody speaks while an answer is waited for.
    fn messages(
        &self,
        thread: &Thread,
        messages: Vec<Input>,
        stray: Option<&str>,
    ) -> Result<Beginning, Trouble> {
        if let Some(pending) = &thread.pending {
            return Err(Trouble::Pending {
                request: pending.request.to_string(),
            });
        }
        if let Some(stray) = stray {
            let detail = format!("Expected MessageCreate, got {stray}");
            return Err(Trouble::BadAnswer(detail));
        }
        let user_text = user_text(&messages);
        Ok(Beginning {
            answered: None,
            words: words(&user_text),
            acts: self.choose(&last_text(&messages).unwrap_or_default()),
            said: user_text,
            input: self.stored(messages),
        })
    }

    /// An answer to a request for approval, and what may be said beside it.
    fn answer(
        &self,
        thread: &mut Thread,
        answers: Vec<ApprovalResult>,
        messages: Vec<Input>,
    ) -> Result<Beginning, Trouble> {
        if thread.pending.is_none() && was_given(thread, &answers) {
            return Ok(self.given_again(messages));
        }
        let pending = take_pending(thread, &answers)?;
        let user_text = user_text(&messages);
        Ok(Beginning {
            answered: Some(Answered::new(&pending, answers, self.run, self.now)),
            words: words(&user_text),
            acts: match last_text(&messages) {
                // What is said beside the answer is answered, in place of what was to come.
                Some(text) => self.choose(&text),
                None => pending.rest,
            },
            said: user_text,
            input: self.stored(messages),
        })
    }

    /// An answer that was given before makes the model speak again.
    fn given_again(&self, mut messages: Vec<Input>) -> Beginning {
        let text = last_text(&messages).unwrap_or_else(|| KEEP_ALIVE.to_owned());
        if messages.is_empty() {
            messages.push(Input {
                role: "user".to_owned(),
                content: KEEP_ALIVE.into(),
                otid: None,
                name: None,
            });
        }
        Beginning {
            answered: None,
            words: words(&text),
            acts: self.choose(&text),
            said: text,
            input: self.stored(messages),
        }
    }

    fn choose(&self, said: &str) -> Vec<Act> {
        self.stage.parts().choose(self.agent.as_str(), said)
    }

    /// What was said, as it is stored.
    fn stored(&self, input: Vec<Input>) -> Vec<StoredMessage> {
        let step_id = StepId::from(crate::id::generate("step"));
        let stored = input.into_iter().map(|input| {
            let envelope = Envelope::new(self.run, &step_id, self.now);
            let Input {
                role,
                content,
                otid,
                name,
            } = input;
            let shown = speech::input(&envelope, &role, &content, otid, name);
            envelope.stored(vec![shown])
        });
        stored.collect()
    }
}

pub(crate) fn words(text: &str) -> usize {
    text.split_whitespace().count()
}
