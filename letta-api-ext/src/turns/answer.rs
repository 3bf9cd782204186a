//! What a turn ended with.

use letta_api::types::{Message, RunId, StopReasonType, UsageStatistics};

use super::approval::PendingApproval;
use super::path::TurnPath;
use super::transcript::text_of;

/// What an agent answered in a turn: all that it said and did until it stopped.
#[derive(Debug)]
pub struct Answer {
    pub(super) messages: Vec<Message>,
    pub(super) is_cut: bool,
    pub(super) stop_reason: StopReasonType,
    pub(super) usage: Option<UsageStatistics>,
    pub(super) runs: Vec<RunId>,
    pub(super) path: TurnPath,
    pub(super) resumes: u32,
    pub(super) pending: Option<Box<PendingApproval>>,
}

/// Whether a turn is over.
#[derive(Debug)]
#[must_use = "a turn that needs an approval waits until it is answered"]
#[allow(clippy::large_enum_variant, reason = "there is one for each turn")]
pub enum Outcome {
    /// The agent has stopped. [`Answer::stop_reason`] says why.
    Done(Answer),
    /// The agent waits: it calls tools that somebody must approve, or that the application runs.
    NeedsApproval(PendingApproval),
}

impl Answer {
    /// What the agent said: the texts of its messages, joined by line feeds. What it thought and did is not in it.
    pub fn text(&self) -> String {
        let texts = self.messages.iter().filter_map(|message| match message {
            Message::AssistantMessage(message) => Some(text_of(&message.content)),
            _ => None,
        });
        let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
        texts.join("\n")
    }

    /// All messages of the turn in order, each whole: what the agent thought, said and called, and what tools returned.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The messages, without a copy.
    pub fn into_messages(self) -> Vec<Message> {
        self.messages
    }

    /// Whether messages were left out, since there were more than [`with_answer_limit`](super::Turn::with_answer_limit) allows.
    /// What is missing is the end.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Why the agent stopped. A reason that this version does not know is kept as it came.
    pub fn stop_reason(&self) -> &StopReasonType {
        &self.stop_reason
    }

    /// Whether somebody cancelled the turn.
    pub fn is_cancelled(&self) -> bool {
        self.stop_reason == StopReasonType::Cancelled
    }

    /// What the turn cost, in tokens and steps. If tools in Rust made the turn several runs, it is the sum. `None` if the connection
    /// broke at the very end, and the run could not be asked.
    pub fn usage(&self) -> Option<&UsageStatistics> {
        self.usage.as_ref()
    }

    /// The run, as the service counts: the last one, if tools in Rust made the turn several. `None` if the service did not say.
    pub fn run_id(&self) -> Option<&RunId> {
        self.runs.last()
    }

    /// All runs of the turn, in order.
    pub fn run_ids(&self) -> &[RunId] {
        &self.runs
    }

    /// The path that the turn took at last. On [`TurnPath::Plain`], a lost answer is an error.
    pub fn path(&self) -> TurnPath {
        self.path
    }

    /// How often the turn was resumed after a break or a silence.
    pub fn resumes(&self) -> u32 {
        self.resumes
    }

    /// Whether the agent waits for an answer. See [`outcome`](Self::outcome).
    pub fn needs_approval(&self) -> bool {
        self.pending.is_some()
    }

    /// Whether the turn is over, or the agent waits for an answer.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// use letta_api_ext::turns::{Decision, Outcome};
    ///
    /// let answer = letta.agent("agent-1").turn("Clean up").send().await?;
    /// match answer.outcome() {
    ///     Outcome::Done(answer) => println!("{}", answer.text()),
    ///     Outcome::NeedsApproval(pending) => {
    ///         let answer = pending.decide(|call| match call.name() {
    ///             "delete_file" => Decision::deny("Keep all files."),
    ///             _ => Decision::approve(),
    ///         });
    ///         println!("{}", answer.send().await?.text());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn outcome(mut self) -> Outcome {
        match self.pending.take() {
            None => Outcome::Done(self),
            Some(mut pending) => {
                pending.before = Some(Box::new(self));
                Outcome::NeedsApproval(*pending)
            }
        }
    }
}
