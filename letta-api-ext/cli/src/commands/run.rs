//! `letta runs`, `letta run get` and `letta run tail`.

use letta_api_ext::letta_api::types::{ConversationId, Run, RunId};
use letta_api_ext::turns::Outcome;

use crate::args::{RunCommand, RunsArgs, TailArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{self, Column};
use crate::talk::{self, Detail, Lines, Screen, Summary, Thread};

const COLUMNS: [Column<Run>; 5] = [
    ("ID", |run| run.id.to_string()),
    ("STATUS", |run| output::or_empty(run.status.as_ref())),
    ("ENDED BY", |run| output::or_empty(run.stop_reason.as_ref())),
    ("AGENT", |run| run.agent_id.to_string()),
    ("BEGAN", |run| output::time(run.created_at.as_ref())),
];

pub(crate) async fn list(args: RunsArgs, context: &Context) -> Result<(), Failure> {
    let mut list = context.letta()?.runs().list();
    if let Some(agent) = &args.agent {
        list = list.agent_id(context.agent_id(agent).await?);
    }
    if let Some(conversation) = &args.conversation {
        list = list.conversation_id(conversation.as_str());
    }
    if args.active {
        list = list.active(true);
    }
    let limit = Some(args.limit);
    context.output().stream(list.items(), limit, &COLUMNS).await
}

pub(crate) async fn run(command: RunCommand, context: &Context) -> Result<(), Failure> {
    match command {
        RunCommand::Get { run } => get(&run, context).await,
        RunCommand::Tail(args) => {
            let (lines, has_lines) = (Lines::default(), args.json);
            let ended = tail(args, &lines, context).await;
            if let (true, Err(failure)) = (has_lines, &ended) {
                lines.error(failure)?;
            }
            ended
        }
    }
}

async fn get(id: &str, context: &Context) -> Result<(), Failure> {
    let run = context.letta()?.run(id).get().send().await?;
    let usage = context.letta()?.run(id).usage().send().await?;
    let fields = [
        ("ID", run.id.to_string()),
        ("Status", output::or_empty(run.status.as_ref())),
        ("Ended by", output::or_empty(run.stop_reason.as_ref())),
        ("Agent", run.agent_id.to_string()),
        (
            "Conversation",
            output::or_empty(run.conversation_id.as_ref()),
        ),
        ("Began", output::time(run.created_at.as_ref())),
        ("Ended", output::time(run.completed_at.as_ref())),
        ("Tokens", usage.total_tokens.to_string()),
    ];
    context.output().item(&run, &fields)
}

/// Follows a run to its end. Ctrl-C ends the program, and not the run.
async fn tail(args: TailArgs, lines: &Lines, context: &Context) -> Result<(), Failure> {
    if args.json && context.format().is_some() {
        return Err(
            Failure::usage("`--json` and `--output` cannot be used together")
                .advise("Leave --output out: --json prints a line for each event."),
        );
    }
    let id = RunId::from(args.run.as_str());
    let run = context.letta()?.run(id.clone()).get().send().await?;
    let thread = thread_of(&run, context)?;
    let mut stream = thread.follow_run(&id).stream().await?;
    let mut screen = Screen::new(context, Detail::All);
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) if args.json => lines.event(&event)?,
            Ok(event) => screen.event(&event)?,
            Err(error) => {
                screen.end_line()?;
                return Err(error.into());
            }
        }
    }
    screen.end_line()?;
    let answer = stream.finish()?;
    let mut summary = Summary::default();
    summary.add(&answer);
    let reason = answer.stop_reason().to_string();
    let pending = match answer.outcome() {
        Outcome::Done(_) => None,
        Outcome::NeedsApproval(pending) => Some(pending),
    };
    if let Some(pending) = &pending {
        summary.wait_for(pending.calls());
    }
    match args.json {
        true => lines.end(&summary)?,
        false => context.note(format_args!("The run has ended: {reason}")),
    }
    match pending {
        None => Ok(()),
        Some(pending) => Err(talk::unanswered(&pending, &thread, context)),
    }
}

fn thread_of(run: &Run, context: &Context) -> Result<Thread, Failure> {
    // An agent's own thread is the conversation `default`.
    let conversation = run.conversation_id.as_ref();
    let conversation = conversation.filter(|id| id.as_str() != "default");
    let conversation = conversation.map(|id| ConversationId::from(id.as_str()));
    Ok(Thread::new(
        context.letta()?,
        run.agent_id.clone(),
        conversation,
    ))
}
