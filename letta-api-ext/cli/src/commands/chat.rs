//! `letta chat`: a conversation in the terminal, or line by line through a pipe.

mod history;
mod order;
mod prompt;

use letta_api_ext::turns::{Decision, Outcome, PendingApproval, Turn};

use self::history::History;
use self::order::Order;
use self::prompt::{Prompter, Typed};
use crate::args::ChatArgs;
use crate::confirm::can_ask;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::talk::{self, Detail, Ended, Screen, Shown, Stops, Thread, Told};
use crate::terminal::clean;

const HELP: &str = "\
/last [N]  show the last N messages
/verbose   show all that tools are given and return, or not
/help      show this
/quit      end the program; so does Ctrl-D

A line that ends with \\ goes on in the next one. // at the beginning stands for one /.
Ctrl-C stops the answer. At the prompt, or twice, it ends the program.";

/// How many messages `/last` shows.
const LAST: usize = 10;

pub(crate) async fn run(args: ChatArgs, context: &Context) -> Result<(), Failure> {
    if args.demo {
        return demo(args, context).await;
    }
    let agent = args.agent.as_deref().unwrap_or_default();
    let thread = Thread::named(context, agent, args.conversation.as_deref()).await?;
    let history = match args.no_history {
        true => History::none(),
        false => History::load(),
    };
    Chat::new(args, context, thread, history).run().await
}

#[cfg(feature = "emulator")]
async fn demo(args: ChatArgs, context: &Context) -> Result<(), Failure> {
    let demo = crate::demo::Demo::start().await?;
    let thread = Thread::new(demo.letta(), demo.agent_id(), None);
    context.note(crate::demo::ABOUT);
    // What is typed in a demonstration is worth nothing later.
    let ended = Chat::new(args, context, thread, History::none())
        .run()
        .await;
    demo.end().await;
    ended
}

#[cfg(not(feature = "emulator"))]
async fn demo(_: ChatArgs, _: &Context) -> Result<(), Failure> {
    Err(super::without_emulator())
}

struct Chat<'a> {
    context: &'a Context,
    thread: Thread,
    prompter: Prompter,
    stops: Stops,
    screen: Screen<std::io::Stdout, std::io::Stderr>,
    last: usize,
    wait: std::time::Duration,
    /// Whether somebody sits at the terminal, to be asked.
    is_attended: bool,
}

/// What follows after a turn.
enum Next {
    /// The user says something else.
    Prompt,
    /// The program ends.
    Leave(Kind),
}

impl<'a> Chat<'a> {
    fn new(args: ChatArgs, context: &'a Context, thread: Thread, history: History) -> Self {
        let detail = match args.verbose {
            true => Detail::All,
            false => Detail::Work,
        };
        Self {
            context,
            thread,
            prompter: Prompter::new(history),
            stops: Stops::listen(),
            screen: Screen::new(context, detail),
            last: args.last,
            wait: args.wait,
            is_attended: can_ask(),
        }
    }

    async fn run(mut self) -> Result<(), Failure> {
        let agent = self.thread.agent().get().send().await?;
        let words = format!(
            "{} ({}). /help shows what can be typed.",
            agent.name, agent.id
        );
        let words = clean(&words).into_owned();
        self.screen.note(self.context.style().dim(words))?;
        if self.last > 0 {
            self.show_last(self.last).await?;
        }
        if let Next::Leave(kind) = self.find_pending().await? {
            return leave(kind);
        }
        loop {
            if self.is_attended {
                self.screen.note("")?;
            }
            let line = match self.ask("> ", true).await? {
                Typed::Line(line) => line,
                Typed::Interrupted | Typed::End => return Ok(()),
            };
            let said = match Order::of(&line) {
                Ok(Order::Say(said)) if said.trim().is_empty() => continue,
                Ok(Order::Say(said)) => said,
                Ok(Order::Quit) => return Ok(()),
                Ok(order) => {
                    let done = self.obey(order).await;
                    self.recover(done)?;
                    continue;
                }
                Err(failure) => {
                    self.recover::<()>(Err(failure))?;
                    continue;
                }
            };
            let ended = self.follow(self.thread.turn(said)).await;
            match self.recover(ended)? {
                Some(Next::Leave(kind)) => return leave(kind),
                Some(Next::Prompt) | None => {}
            }
        }
    }

    /// A failed turn does not end a conversation in the terminal. It ends a script.
    fn recover<T>(&mut self, done: Result<T, Failure>) -> Result<Option<T>, Failure> {
        match done {
            Ok(done) => Ok(Some(done)),
            Err(failure) if self.is_attended && failure.kind() != Kind::BrokenPipe => {
                self.screen.end_line()?;
                failure.report(self.context.style());
                Ok(None)
            }
            Err(failure) => {
                self.screen.end_line()?;
                Err(failure)
            }
        }
    }

    async fn ask(&mut self, prompt: &str, is_message: bool) -> Result<Typed, Failure> {
        self.screen.end_line()?;
        self.prompter.ask(prompt, is_message, &mut self.stops).await
    }

    async fn obey(&mut self, order: Order) -> Result<(), Failure> {
        match order {
            Order::Help => self.screen.note(HELP),
            Order::Last(count) => self.show_last(count.unwrap_or(LAST)).await,
            Order::Verbose => {
                let (detail, words) = match self.screen.detail() {
                    Detail::All => (Detail::Work, "Calls of tools are cut to a line."),
                    _ => (Detail::All, "Calls of tools are shown whole."),
                };
                self.screen.set_detail(detail);
                self.screen.note(words)
            }
            Order::Say(_) | Order::Quit => Ok(()),
        }
    }

    /// Shows what was said before.
    async fn show_last(&mut self, count: usize) -> Result<(), Failure> {
        let messages = self.thread.last_messages(count).await?;
        let style = self.context.style();
        for message in &messages {
            let shown = Shown::of(message);
            match shown.who {
                "you" => self.screen.note(format_args!("> {}", clean(&shown.text)))?,
                "agent" => self.screen.note(clean(&shown.text))?,
                "system" => {}
                who => {
                    let text = format!("{who}: {}", shown.text);
                    let text = self.screen.fit(&text);
                    self.screen.note(style.dim(text))?;
                }
            }
        }
        Ok(())
    }

    /// Asks for what the agent has waited for since before this program began.
    async fn find_pending(&mut self) -> Result<Next, Failure> {
        let Some(pending) = self.thread.pending_approval().await? else {
            return Ok(Next::Prompt);
        };
        if !self.is_attended {
            return Err(talk::unanswered(&pending, &self.thread, self.context));
        }
        self.screen
            .note("The agent still waits for an answer to what it asked before.")?;
        let turn = match self.decide(pending).await? {
            Some(turn) => turn,
            None => return self.undecided(),
        };
        let ended = self.follow(turn).await;
        Ok(self.recover(ended)?.unwrap_or(Next::Prompt))
    }

    /// Follows turns until the agent needs no approval any more.
    async fn follow(&mut self, turn: Turn) -> Result<Next, Failure> {
        let mut turn = turn;
        loop {
            let screen = &mut self.screen;
            let tell = |told: Told<'_>| match told {
                Told::Event(event) => screen.event(event),
                Told::Stopping => screen.note("[stopping; Ctrl-C again ends the program]"),
                Told::NotStopped(failure) => screen.note(format_args!(
                    "[not stopped: {}]",
                    clean(&failure.to_string())
                )),
            };
            self.stops.forget();
            let turn_now = turn.tokens().with_busy_wait(self.wait);
            let ended = talk::follow(turn_now, &self.thread, &mut self.stops, tell).await?;
            let Ended::Answer(answer) = ended else {
                self.screen.note("The turn may go on at the server.")?;
                return Ok(Next::Leave(Kind::Interrupted));
            };
            self.screen.end_line()?;
            if answer.is_cancelled() {
                self.screen
                    .note("[stopped: the agent may not remember this turn]")?;
            } else if let Some(words) = stop_in_words(&answer.stop_reason().to_string()) {
                self.screen.note(format_args!("[{words}]"))?;
            }
            let pending = match answer.outcome() {
                Outcome::Done(_) => return Ok(Next::Prompt),
                Outcome::NeedsApproval(pending) => pending,
            };
            if !self.is_attended {
                return Err(talk::unanswered(&pending, &self.thread, self.context));
            }
            turn = match self.decide(pending).await? {
                Some(turn) => turn,
                None => return self.undecided(),
            };
        }
    }

    /// Asks about each call. All are answered at once. `None` if the user does not want to decide.
    async fn decide(&mut self, pending: PendingApproval) -> Result<Option<Turn>, Failure> {
        let style = self.context.style();
        let count = pending.calls().len();
        let mut decisions = Vec::new();
        for (place, call) in pending.calls().enumerate() {
            let title = talk::title(call, place + 1, count);
            self.screen.note(style.warn(clean(&title)))?;
            self.screen.note(clean(&talk::describe(call)))?;
            let decision = loop {
                let line = match self.ask("Allow it? y, n, or why not: ", false).await? {
                    Typed::Line(line) => line,
                    Typed::Interrupted | Typed::End => return Ok(None),
                };
                match line.trim() {
                    "" => {}
                    "y" | "Y" | "yes" => break Decision::approve(),
                    "n" | "N" | "no" => break Decision::deny("The user said no."),
                    reason => break Decision::deny(reason),
                }
            };
            decisions.push((call.id().clone(), decision));
        }
        Ok(Some(pending.decisions(decisions)))
    }

    /// The user has not decided.
    fn undecided(&mut self) -> Result<Next, Failure> {
        let words = format!(
            "Nothing was decided. The agent waits: `letta chat {}` asks again.",
            self.thread.words()
        );
        self.screen.note(clean(&words))?;
        Ok(Next::Leave(Kind::Busy))
    }
}

/// Why an agent stopped, if it is something that the user should know.
fn stop_in_words(reason: &str) -> Option<String> {
    match reason {
        "end_turn" | "requires_approval" | "tool_rule" | "cancelled" => None,
        "max_steps" => Some("the agent stopped: a turn may not have more steps".to_owned()),
        reason => Some(format!("the agent stopped: {}", clean(reason))),
    }
}

fn leave(kind: Kind) -> Result<(), Failure> {
    Err(Failure::silent(kind))
}
