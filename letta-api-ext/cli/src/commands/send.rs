//! `letta send`: one turn with an agent, for scripts.

use std::io::IsTerminal as _;
use std::path::Path;

use letta_api_ext::letta_api::types::Message;
use letta_api_ext::turns::{Answer, Outcome, PendingApproval, Turn};
use serde::Serialize;

use crate::args::{Format, SendArgs};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::input;
use crate::talk::{self, Detail, Ended, Lines, Screen, Stops, Summary, Thread, Told};

/// How often an agent may ask again in one command. One that never stops must not go on for ever.
const ROUNDS: usize = 100;

/// What becomes of calls that need an approval.
enum Verdict {
    /// They wait.
    None,
    ApproveAll,
    DenyAll(String),
}

/// How the turn is printed.
enum Form<'a> {
    /// What the agent says, as it comes.
    Words(Box<Screen<std::io::Stdout, std::io::Stderr>>),
    /// A line of JSON for each event.
    Lines(&'a Lines),
    /// All of it at the end.
    Whole(Vec<Message>, Vec<String>),
}

/// A turn, with all that belongs to it.
#[derive(Serialize)]
struct Whole<'a> {
    /// What the agent said.
    text: String,
    #[serde(flatten)]
    summary: &'a Summary,
    messages: &'a [Message],
}

pub(crate) async fn run(args: SendArgs, context: &Context) -> Result<(), Failure> {
    let (lines, has_lines) = (Lines::default(), args.json);
    let ended = send(args, &lines, context).await;
    if let (true, Err(failure)) = (has_lines, &ended) {
        lines.error(failure)?;
    }
    ended
}

async fn send(args: SendArgs, lines: &Lines, context: &Context) -> Result<(), Failure> {
    let mut form = Form::of(&args, lines, context)?;
    let verdict = match (args.approve_all, &args.deny_all) {
        (true, _) => Verdict::ApproveAll,
        (_, Some(reason)) => Verdict::DenyAll(reason.clone()),
        _ => Verdict::None,
    };
    let thread = Thread::named(context, &args.agent, args.conversation.as_deref()).await?;
    let mut turn = first_turn(&args, &verdict, &thread, context).await?;
    // The standard input has been read: until here, Ctrl-C ends the program.
    let mut stops = Stops::listen();
    let mut summary = Summary::default();
    for round in 0.. {
        if args.tokens {
            turn = turn.tokens();
        }
        let tell = |told: Told<'_>| {
            match told {
                Told::Event(event) => return form.event(event),
                Told::Stopping => {
                    context.note("The agent is asked to stop. Ctrl-C again ends the program.");
                }
                Told::NotStopped(failure) => {
                    context.note(format_args!("The agent was not stopped: {failure}"));
                }
            }
            Ok(())
        };
        let turn_now = turn.with_busy_wait(args.wait);
        let Ended::Answer(answer) = talk::follow(turn_now, &thread, &mut stops, tell).await? else {
            let message = "interrupted: the turn may go on at the server";
            return Err(Failure::new(Kind::Interrupted, message));
        };
        summary.add(&answer);
        form.take(&answer)?;
        if answer.is_cancelled() {
            form.end(&summary, context)?;
            return Err(Failure::new(Kind::Interrupted, "the turn was stopped"));
        }
        let pending = match answer.outcome() {
            Outcome::Done(_) => break,
            Outcome::NeedsApproval(pending) => pending,
        };
        turn = match decide(pending, &verdict, round, context) {
            Ok(turn) => turn,
            Err(pending) => {
                summary.wait_for(pending.calls());
                form.end(&summary, context)?;
                return Err(talk::unanswered(&pending, &thread, context));
            }
        };
    }
    form.end(&summary, context)
}

/// What is done first: something is said, a turn is gone on with, or what waits is answered.
async fn first_turn(
    args: &SendArgs,
    verdict: &Verdict,
    thread: &Thread,
    context: &Context,
) -> Result<Turn, Failure> {
    if args.resume {
        let otid = args.otid.as_deref().unwrap_or_default();
        return Ok(thread.resume_turn(otid));
    }
    if args.text.is_empty() && !matches!(verdict, Verdict::None) {
        let pending = thread.pending_approval().await?;
        let pending = pending.ok_or_else(|| {
            Failure::usage("the agent waits for no approval, and there is nothing to say")
                .advise("Give a text, or - for the standard input.")
        })?;
        let answered = decide(pending, verdict, 0, context);
        return answered.map_err(|pending| talk::unanswered(&pending, thread, context));
    }
    let said = said(&args.text).await?;
    let turn = thread.turn(said);
    Ok(match &args.otid {
        Some(otid) => turn.otid(otid),
        None => turn,
    })
}

/// The words of the command line, with the standard input in place of `-`, or that alone.
async fn said(words: &[String]) -> Result<String, Failure> {
    let mut said = Vec::new();
    for word in words {
        said.push(match word.as_str() {
            "-" => stdin().await?,
            word => word.to_owned(),
        });
    }
    let said = match words {
        [] => stdin().await?,
        _ => said.join(" "),
    };
    match said.trim().is_empty() {
        false => Ok(said),
        true => Err(Failure::usage("there is nothing to say")
            .advise("Give a text, or write it to the standard input.")),
    }
}

async fn stdin() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        eprintln!("Type what to say. Ctrl-D at the beginning of a line ends it.");
    }
    let text = input::file(Path::new("-")).await;
    let text = text.map_err(|failure| failure.advise("It must be text in UTF-8."))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// Answers a request, and says so. The request if nobody answers it.
fn decide(
    pending: PendingApproval,
    verdict: &Verdict,
    round: usize,
    context: &Context,
) -> Result<Turn, PendingApproval> {
    if round >= ROUNDS {
        return Err(pending);
    }
    let done = match verdict {
        Verdict::None => return Err(pending),
        Verdict::ApproveAll => "Approved",
        Verdict::DenyAll(_) => "Denied",
    };
    for call in pending.calls() {
        context.note(format_args!("{done}: {} {}", call.name(), call.arguments()));
    }
    Ok(match verdict {
        Verdict::DenyAll(reason) => pending.deny_all(reason),
        _ => pending.approve_all(),
    })
}

impl<'a> Form<'a> {
    fn of(args: &SendArgs, lines: &'a Lines, context: &Context) -> Result<Self, Failure> {
        match (args.json, context.format()) {
            (true, None) => Ok(Self::Lines(lines)),
            (true, Some(_)) => Err(Failure::usage(
                "`--json` and `--output` cannot be used together",
            )
            .advise(
                "--json prints a line for each event, and --output json one value at the end.",
            )),
            (false, Some(Format::Json | Format::Yaml)) => Ok(Self::Whole(Vec::new(), Vec::new())),
            (false, _) => {
                let detail = match args.verbose {
                    true => Detail::All,
                    false => Detail::Words,
                };
                Ok(Self::Words(Box::new(Screen::new(context, detail))))
            }
        }
    }

    fn event(&mut self, event: &letta_api_ext::turns::Event) -> Result<(), Failure> {
        match self {
            Self::Words(screen) => screen.event(event),
            Self::Lines(lines) => lines.event(event),
            Self::Whole(..) => Ok(()),
        }
    }

    /// Takes what one run said.
    fn take(&mut self, answer: &Answer) -> Result<(), Failure> {
        match self {
            Self::Words(screen) => screen.end_line(),
            Self::Lines(_) => Ok(()),
            Self::Whole(messages, texts) => {
                messages.extend_from_slice(answer.messages());
                texts.extend(Some(answer.text()).filter(|text| !text.is_empty()));
                Ok(())
            }
        }
    }

    /// Prints what is printed at the end.
    fn end(&mut self, summary: &Summary, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Words(_) => Ok(()),
            Self::Lines(lines) => lines.end(summary),
            Self::Whole(messages, texts) => {
                let whole = Whole {
                    text: texts.join("\n"),
                    summary,
                    messages,
                };
                context.output().item::<&str>(&whole, &[])
            }
        }
    }
}
