//! When a reply is used.

use std::fmt;

use crate::script::limits;
use crate::script::reply::{Fault, Reply};

/// A reply, and when it is used. A [`Script`](crate::Script) is a series of them.
///
/// A rule without a condition is used once, when its turn comes. A rule with a condition is used whenever the condition
/// fits. [`times`](Self::times) and [`always`](Self::always) say otherwise.
///
/// ```
/// use letta_api_emulator::{Act, Rule};
///
/// let greeting = Rule::new("Hello.").when("good morning");
/// let farewell = Rule::new([Act::reasoning("They leave."), Act::text("Bye.")]).when_exactly("bye").times(1);
/// ```
#[derive(Clone, PartialEq)]
#[must_use = "a rule is followed if it is part of a script"]
pub struct Rule {
    reply: Reply,
    pub(crate) condition: Option<Condition>,
    pub(crate) uses: Uses,
}

/// What the user has to say.
#[derive(Clone, PartialEq)]
pub(crate) enum Condition {
    Contains(String),
    Is(String),
}

/// How often a rule is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Uses {
    /// Once without a condition, and always with one.
    Default,
    Times(u32),
    Always,
}

impl Rule {
    /// Gives this reply.
    pub fn new(reply: impl Into<Reply>) -> Self {
        Self {
            reply: reply.into(),
            condition: None,
            uses: Uses::Default,
        }
    }

    /// Only if the user's last text contains these words. Upper and lower case are the same. It replaces
    /// [`when_exactly`](Self::when_exactly).
    pub fn when(mut self, words: impl Into<String>) -> Self {
        self.condition = Some(Condition::Contains(words.into()));
        self
    }

    /// Only if the user's last text is this text, to the letter. It replaces [`when`](Self::when).
    pub fn when_exactly(mut self, text: impl Into<String>) -> Self {
        self.condition = Some(Condition::Is(text.into()));
        self
    }

    /// So many times at most. It replaces [`always`](Self::always).
    pub fn times(mut self, times: u32) -> Self {
        self.uses = Uses::Times(times);
        self
    }

    /// As often as its turn comes, so no rule after it is used unless it has a condition that does not fit. It replaces
    /// [`times`](Self::times).
    pub fn always(mut self) -> Self {
        self.uses = Uses::Always;
        self
    }

    /// What the agent does.
    pub(crate) fn reply(&self) -> &Reply {
        &self.reply
    }

    /// What the agent does, to be changed.
    pub(crate) fn reply_mut(&mut self) -> &mut Reply {
        &mut self.reply
    }

    /// How many times it may be used at most.
    pub(crate) fn limit(&self) -> Option<u32> {
        match self.uses {
            Uses::Times(times) => Some(times),
            Uses::Always => None,
            Uses::Default => self.condition.is_none().then_some(1),
        }
    }

    /// Whether its condition fits what the user said, and in lower case.
    pub(crate) fn fits(&self, said: &str, lower: &str) -> bool {
        match &self.condition {
            None => true,
            Some(Condition::Is(text)) => said == text,
            Some(Condition::Contains(words)) => lower.contains(&words.to_lowercase()),
        }
    }

    /// Bytes of its texts and arguments, to be bounded.
    pub(crate) fn size(&self) -> usize {
        let condition = match &self.condition {
            Some(Condition::Contains(text) | Condition::Is(text)) => text.len(),
            None => 0,
        };
        condition + self.reply.size()
    }

    /// What is wrong with it, and what to do.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let of_rule = |message: &str| {
            Err(Fault {
                act: None,
                message: message.to_owned(),
            })
        };
        match &self.condition {
            Some(Condition::Contains(words)) if words.trim().is_empty() => {
                return of_rule("`when` has no words: write some, or leave `when` out");
            }
            Some(Condition::Contains(text) | Condition::Is(text)) if text.len() > limits::TEXT => {
                return of_rule("a condition is longer than 256 KiB: make it shorter");
            }
            _ => {}
        }
        if self.uses == Uses::Times(0) {
            return of_rule("`times` is 0: write at least 1, or leave the rule out");
        }
        self.reply.check()
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rule = f.debug_struct("Rule");
        match &self.condition {
            Some(Condition::Contains(text)) => {
                rule.field("when", &format_args!("{} bytes", text.len()));
            }
            Some(Condition::Is(text)) => {
                rule.field("when_exactly", &format_args!("{} bytes", text.len()));
            }
            None => {}
        }
        rule.field("uses", &self.uses)
            .field("reply", &self.reply)
            .finish()
    }
}
