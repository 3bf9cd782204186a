//! A turn before it is sent: what is said, to whom, and how.

use std::fmt;
use std::time::Duration;

use letta_api::Nullable;
use letta_api::types::{ClientTool, ConversationMessageRequest, RunId};
use reqwest::header::{HeaderName, HeaderValue};

use super::answer::Answer;
use super::approval::Decisions;
use super::emit::Emitter;
use super::engine::Engine;
use super::input::Input;
use super::path::TurnPath;
use super::stream::TurnStream;
use super::target::Target;
use crate::agents::AgentHandle;
use crate::client::request::Call;
use crate::conversations::ConversationHandle;
use crate::error::Result;
use crate::transport::CallOptions;
use crate::{Letta, RetryPolicy};

/// A turn: what is said to an agent, and all that it does until it stops. From `turn` of an
/// [agent](AgentHandle::turn) or a [conversation](ConversationHandle::turn).
///
/// [`send`](Self::send) gives the [`Answer`] when the agent has stopped. [`stream`](Self::stream) gives what it says and does as it comes,
/// and then the same answer. See the [module](super) for what is promised whatever the connection does.
///
/// ```no_run
/// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
/// let answer = letta.agent("agent-1").turn("Hello").send().await?;
/// println!("{}", answer.text());
/// # Ok(())
/// # }
/// ```
#[must_use = "a turn does nothing until it is sent"]
pub struct Turn {
    settings: Settings,
    pub(super) said: Said,
}

/// What is said in a turn.
#[derive(Debug)]
pub(super) struct Said {
    /// The key that the caller chose for what is said. It needs the resumable path.
    pub(super) otid: Option<String>,
    /// The key that the caller chose for what is said, on whatever path.
    pub(super) message_otid: Option<String>,
    /// The answer to a request, which comes first.
    pub(super) decisions: Option<Decisions>,
    pub(super) messages: Input,
    /// The run that is followed. Then nothing is said.
    pub(super) run: Option<RunId>,
}

/// How a turn is made.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) call: Call,
    pub(super) target: Target,
    /// What goes into the request besides messages.
    pub(super) body: ConversationMessageRequest,
    pub(super) tools: Option<super::tools::Tools>,
    pub(super) path: TurnPath,
    pub(super) tokens: bool,
    pub(super) deadline: Option<Duration>,
    pub(super) silence: Duration,
    pub(super) busy_wait: Duration,
    pub(super) is_parallel: bool,
    pub(super) cancel_on_drop: bool,
    pub(super) answer_limit: usize,
}

impl AgentHandle {
    /// A turn with this agent, in its own thread. A text is a message of the user. See [`Input`] for what else can be said.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// use letta_api_ext::turns::Event;
    ///
    /// let mut turn = letta.agent("agent-1").turn("Tell me more").tokens().stream().await?;
    /// while let Some(event) = turn.next().await {
    ///     match event? {
    ///         Event::Text(piece) => print!("{piece}"),
    ///         Event::ToolCall(call) => eprintln!("[{}]", call.name()),
    ///         _ => {}
    ///     }
    /// }
    /// let answer = turn.finish()?; // the same as `send` gives
    /// # drop(answer); Ok(())
    /// # }
    /// ```
    pub fn turn(&self, input: impl Into<Input>) -> Turn {
        let target = Target::Agent(self.id().clone());
        Turn::saying(Settings::new(self.letta(), target), input.into())
    }

    /// A turn that was begun with this [key](Turn::otid), by this process or another one: its events from the start, and its answer. It
    /// says nothing. Sending it is an error if the service does not know the key.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let answer = letta.agent("agent-1").resume_turn("order-4711").send().await?;
    /// println!("{}", answer.text());
    /// # Ok(())
    /// # }
    /// ```
    pub fn resume_turn(&self, otid: impl Into<String>) -> Turn {
        self.turn(Input(Vec::new())).otid(otid)
    }

    /// A run that was begun by another program, to its end: its events from the start, and its answer. It says nothing, and it does not
    /// wait for turns by clones of this client. The run must be one of this agent's own thread;
    /// [`RunHandle::get`](crate::runs::RunHandle::get) names its agent and its conversation.
    ///
    /// The service keeps the events of a run in background for three hours. Of an older run, and of one that is not in background, the
    /// stored messages come when it is over. Texts come in pieces if whoever began the run asked for [tokens](Turn::tokens).
    ///
    /// What would change what is said, such as [`and_say`](Turn::and_say), has no effect. Sending it is an error that
    /// [is not found](crate::Error::is_not_found) if the service does not know the run. It is invalid input for a client that holds a
    /// client-side access token, which opens no runs.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let mut turn = letta.agent("agent-1").follow_run("run-1").stream().await?;
    /// while let Some(event) = turn.next().await {
    ///     println!("{:?}", event?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn follow_run(&self, run: impl Into<RunId>) -> Turn {
        let target = Target::Agent(self.id().clone());
        Turn::following(Settings::new(self.letta(), target), run.into())
    }
}

impl ConversationHandle {
    /// A turn in this conversation. See [`AgentHandle::turn`].
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let answer = letta.conversation("conv-1").turn("Hello").send().await?;
    /// println!("{}", answer.text());
    /// # Ok(())
    /// # }
    /// ```
    pub fn turn(&self, input: impl Into<Input>) -> Turn {
        let target = Target::Conversation(self.id().clone());
        Turn::saying(Settings::new(self.letta(), target), input.into())
    }

    /// A turn that was begun with this [key](Turn::otid). See [`AgentHandle::resume_turn`].
    pub fn resume_turn(&self, otid: impl Into<String>) -> Turn {
        self.turn(Input(Vec::new())).otid(otid)
    }

    /// A run of this conversation that was begun by another program, to its end. See [`AgentHandle::follow_run`].
    pub fn follow_run(&self, run: impl Into<RunId>) -> Turn {
        let target = Target::Conversation(self.id().clone());
        Turn::following(Settings::new(self.letta(), target), run.into())
    }
}

impl Settings {
    pub(super) fn new(letta: &Letta, target: Target) -> Self {
        Self {
            call: letta.call(),
            target,
            body: ConversationMessageRequest::new(),
            tools: None,
            path: TurnPath::Auto,
            tokens: false,
            deadline: None,
            silence: Duration::from_secs(60),
            busy_wait: Duration::ZERO,
            is_parallel: false,
            cancel_on_drop: false,
            answer_limit: 32 * 1024 * 1024,
        }
    }

    /// Whether this turn runs calls of this tool itself.
    pub(super) fn runs(&self, name: &str) -> bool {
        self.tools.as_ref().is_some_and(|tools| tools.has(name))
    }

    /// Whether the application offers this tool, so that the service does not have it.
    pub(super) fn offers(&self, name: &str) -> bool {
        let is_offered = match &self.body.client_tools {
            Nullable::Value(tools) => tools.iter().any(|tool| tool.name == name),
            _ => false,
        };
        is_offered || self.runs(name)
    }
}

impl Turn {
    fn saying(settings: Settings, messages: Input) -> Self {
        let said = Said {
            otid: None,
            message_otid: None,
            decisions: None,
            messages,
            run: None,
        };
        Self { settings, said }
    }

    pub(super) fn answering(settings: Settings, decisions: Decisions) -> Self {
        let said = Said {
            otid: None,
            message_otid: None,
            decisions: Some(decisions),
            messages: Input(Vec::new()),
            run: None,
        };
        Self { settings, said }
    }

    fn following(mut settings: Settings, run: RunId) -> Self {
        // Whoever began the run may have asked for pieces. Whole messages are read in this mode, too.
        settings.tokens = true;
        let said = Said {
            otid: None,
            message_otid: None,
            decisions: None,
            messages: Input(Vec::new()),
            run: Some(run),
        };
        Self { settings, said }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn into_parts(self) -> (Settings, Said) {
        (self.settings, self.said)
    }

    /// Says this as well, after what is said already: after the decisions of [`decide`](super::PendingApproval::decide), too.
    pub fn and_say(mut self, input: impl Into<Input>) -> Self {
        self.said.messages.0.extend(input.into().0);
        self
    }

    /// Sends what is said with this key, and takes the [resumable](TurnPath::Resumable) path alone. By default a turn makes a key of its own.
    ///
    /// A program that may crash notes the key first. When it says the same with the same key again, the service does not run the agent
    /// again: the turn has the events of the first run, from its start. [`resume_turn`](AgentHandle::resume_turn) does that without what
    /// was said. The service knows a key for three hours, and it compares keys alone: another text with the same key is not said.
    ///
    /// With tools in Rust, each round has a key made of this one, so the agent gets no result twice. `resume_turn` does not run the tools of rounds
    /// that were answered. Saying the same again runs them, but does not send their results.
    ///
    /// If the turn ended with a request for an approval, it ends so again, even if the request was answered since.
    ///
    /// An empty key is an error. So is a key if the client holds a client-side access token, since no token opens the resumable path.
    /// See [`message_otid`](Self::message_otid) for a key on any path.
    pub fn otid(mut self, otid: impl Into<String>) -> Self {
        self.said.otid = Some(otid.into());
        self
    }

    /// Stores this key with what is said, and leaves the [path](TurnPath) as it is. By default a turn makes a key of its own.
    ///
    /// A page that shows a message before it is sent finds it by the key in the agent's history, such as after an answer was lost. Use a new
    /// key for each turn, such as a random UUID: if the service knows the key, it may not say the same again.
    ///
    /// If several messages are said, the first has the key, and those after it have the key with `-1`, `-2` and so on. An answer to a request
    /// for approval counts as a message. Results of tools in Rust have keys of their own.
    ///
    /// An empty key is an error, and so is one beside [`otid`](Self::otid), which stores its key too.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let turn = letta.agent("agent-1").turn("Hello").message_otid("4f1c0a52-7d0e-4b56-9f0d-0c6a1a6b8f11");
    /// # turn.send().await?; Ok(())
    /// # }
    /// ```
    pub fn message_otid(mut self, otid: impl Into<String>) -> Self {
        self.said.message_otid = Some(otid.into());
        self
    }

    /// Gets texts in pieces, as soon as the model has written them. Without it, each message comes when it is complete.
    ///
    /// A turn in tokens that breaks at the service, or is cancelled, is not stored there, not even what was said.
    pub fn tokens(mut self) -> Self {
        self.settings.tokens = true;
        self
    }

    /// How many calls of the model the turn has at most. By default the service's, which is 50. With tools in Rust, it is for each run.
    pub fn max_steps(mut self, steps: u32) -> Self {
        self.settings.body.max_steps = Some(i64::from(steps));
        self
    }

    /// Uses another model for this turn, by its handle, such as `openai/gpt-4.1`.
    pub fn override_model(mut self, handle: impl Into<String>) -> Self {
        self.settings.body = self.settings.body.with_override_model(handle);
        self
    }

    /// Uses another system prompt for this turn.
    pub fn override_system(mut self, prompt: impl Into<String>) -> Self {
        self.settings.body = self.settings.body.with_override_system(prompt);
        self
    }

    /// Offers tools that the application runs itself. A call of one ends the turn, which then
    /// [needs an answer](super::Outcome::NeedsApproval): [`Decision::result`](super::Decision::result). For functions in Rust that run by
    /// themselves, see `tools` (feature `tools`).
    ///
    /// A tool of the service with the same name is not called in this turn.
    pub fn client_tools(mut self, tools: impl Into<Vec<ClientTool>>) -> Self {
        self.settings.body = self.settings.body.with_client_tools(tools);
        self
    }

    /// Runs calls of these tools here, and sends the agent what they return, until it stops. See [`Tools`](super::tools::Tools).
    ///
    /// An invalid tool, and a name that is in [`client_tools`](Self::client_tools) too, is an error when the turn is sent.
    #[cfg(feature = "tools")]
    pub fn tools(mut self, tools: &super::tools::Tools) -> Self {
        self.settings.tools = Some(tools.clone());
        self
    }

    /// Changes what is sent besides messages: any field of the request that has no method here.
    ///
    /// The turn sets `messages`, `agent_id`, `streaming`, `stream_tokens`, `include_pings` and `background` itself, and takes
    /// `input` and `include_return_message_types` out: a turn is read whole.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let turn = letta.agent("agent-1").turn("Hello").with_body(|body| body.with_return_logprobs(true));
    /// # turn.send().await?; Ok(())
    /// # }
    /// ```
    pub fn with_body(
        mut self,
        change: impl FnOnce(ConversationMessageRequest) -> ConversationMessageRequest,
    ) -> Self {
        self.settings.body = change(self.settings.body);
        self
    }

    /// The path that the turn takes. By default [`TurnPath::Auto`].
    pub fn with_path(mut self, path: TurnPath) -> Self {
        self.settings.path = path;
        self
    }

    /// The longest that the turn may take, from when it is sent until the agent has stopped, tools in Rust included. By default there is no
    /// limit: an agent may work for an hour.
    ///
    /// When it passes, the turn is a [time-out](crate::Error::is_timeout). It [may have happened](crate::Error::may_have_happened), unless it
    /// still waited for another turn. A run goes on at the service. With zero, the turn fails.
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = Some(deadline);
        self
    }

    /// How long nothing may come before the run is asked whether it is alive, and how long a break may last before the turn gives up. By
    /// default 60 s: three times the service's pings. At least 1 s; a shorter time is an error. If the run may not be asked, as by a token's
    /// holder, pings alone may come for 30 times as long.
    pub fn with_silence_limit(mut self, limit: Duration) -> Self {
        self.settings.silence = limit;
        self
    }

    /// Waits this long, at most, if somebody else's turn is under way in the same thread. By default such a turn is an error at once that
    /// [is busy](crate::Error::is_busy). Turns by clones of this client always wait for each other.
    pub fn with_busy_wait(mut self, wait: Duration) -> Self {
        self.settings.busy_wait = wait;
        self
    }

    /// Does not wait for turns with the same agent or conversation by clones of this client.
    ///
    /// On the [plain](TurnPath::Plain) path of an agent, the service runs such turns at the same time, and stores them in the order in which
    /// they end. On the other paths, the second one is an error that [is busy](crate::Error::is_busy).
    pub fn with_parallel_turns(mut self) -> Self {
        self.settings.is_parallel = true;
        self
    }

    /// Cancels the run if the stream is dropped before its end. Without it, the run goes on at the service. Dropping the future of
    /// [`send`](Self::send) cancels nothing.
    ///
    /// It is tried once, in a task of the current runtime, and nobody learns whether it succeeded. If what was said had not been taken yet,
    /// there is nothing to cancel.
    pub fn with_cancel_on_drop(mut self) -> Self {
        self.settings.cancel_on_drop = true;
        self
    }

    /// About how many bytes of messages the [`Answer`] keeps. By default 32 MiB. What comes after is left out, and [`Answer::is_cut`] says
    /// so. A stream has all events in any case. With zero, nothing is kept, for streams of many hours.
    pub fn with_answer_limit(mut self, bytes: usize) -> Self {
        self.settings.answer_limit = bytes;
        self
    }

    /// The longest wait for the first byte of each answer of the service. By default the client's
    /// [`attempt_timeout`](crate::LettaBuilder::attempt_timeout).
    pub fn with_attempt_timeout(self, timeout: Duration) -> Self {
        self.with_options(|options| options.attempt_timeout = Some(timeout))
    }

    /// How often what is said may be sent, if its answer is lost on the [resumable](TurnPath::Resumable) path, and how long to wait between.
    /// By default the client's [`retry`](crate::LettaBuilder::retry).
    pub fn with_retry(self, retry: RetryPolicy) -> Self {
        self.with_options(|options| options.retry = retry)
    }

    /// Sends a header with each request of the turn. See [`LettaBuilder::header`](crate::LettaBuilder::header).
    pub fn with_header<N, V>(self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        self.with_options(|options| options.headers.set(name, value))
    }

    fn with_options(mut self, change: impl FnOnce(&mut CallOptions)) -> Self {
        self.settings.call.change(change);
        self
    }

    /// Sends what is said, and returns the answer when the agent has stopped. It waits as long as the agent works.
    ///
    /// Dropping the future does not stop the agent.
    ///
    /// # Errors
    ///
    /// - The input is invalid: nothing was sent.
    /// - The service refused it: see [`is_busy`](crate::Error::is_busy) and
    ///   [`is_pending_approval`](crate::Error::is_pending_approval).
    /// - The agent failed, such as by an error of its model. The error has the service's code and message.
    /// - The connection broke, and the turn could not be resumed: [`is_interrupted`](crate::Error::is_interrupted). If it
    ///   [`may_have_happened`](crate::Error::may_have_happened), do not send it again: read the agent's messages first.
    pub async fn send(self) -> Result<Answer> {
        Box::pin(Engine::run(self, Emitter::deaf())).await
    }

    /// Sends what is said, and returns the events of the turn when the service has taken it.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send). What fails after the service has taken it is told by [`TurnStream::next`].
    pub async fn stream(self) -> Result<TurnStream> {
        TurnStream::begin(self).await
    }
}

impl std::future::IntoFuture for Turn {
    type Output = Result<Answer>;
    type IntoFuture = letta_api::BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn")
            .field("target", &self.settings.target)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
