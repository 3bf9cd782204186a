//! `letta messages` and `letta conversations`.

use std::time::Duration;

use letta_api_ext::letta_api::types::{Conversation, Message};

use crate::args::{ConversationsArgs, Format, MessagesArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{self, Column};
use crate::talk::{Shown, Thread};

/// How often new messages are asked for. The service does not tell of them by itself.
const PAUSE: Duration = Duration::from_secs(2);

const COLUMNS: [Column<Message>; 3] = [
    ("TIME", |message| {
        output::time(Some(&Shown::of(message).date))
    }),
    ("WHO", |message| Shown::of(message).who.to_owned()),
    ("TEXT", |message| Shown::of(message).text),
];

const CONVERSATIONS: [Column<Conversation>; 4] = [
    ("ID", |conversation| conversation.id.to_string()),
    ("AGENT", |conversation| conversation.agent_id.to_string()),
    ("LAST MESSAGE", |conversation| {
        output::time(conversation.last_message_at.as_ref())
    }),
    ("SUMMARY", |conversation| {
        output::or_empty(conversation.summary.as_ref())
    }),
];

pub(crate) async fn list(args: MessagesArgs, context: &Context) -> Result<(), Failure> {
    if args.follow && matches!(context.format(), Some(Format::Json | Format::Yaml)) {
        return Err(Failure::usage(
            "`--follow` prints text, and not JSON or YAML: the list has no end",
        )
        .advise("Leave --output out. For the events of a run: letta run tail RUN --json"));
    }
    let thread = Thread::named(context, &args.agent, args.conversation.as_deref()).await?;
    let messages = thread.last_messages(args.limit).await?;
    if !args.follow {
        return context.output().items(&messages, &COLUMNS);
    }
    let mut last = None;
    print(&messages, &mut last, context)?;
    loop {
        let new = thread.messages_after(last.as_deref()).await?;
        print(&new, &mut last, context)?;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Prints messages whole, each with who said it.
fn print(
    messages: &[Message],
    last: &mut Option<String>,
    context: &Context,
) -> Result<(), Failure> {
    let mut output = context.output();
    for message in messages {
        let shown = Shown::of(message);
        let style = output.style();
        let head = format!("{} {}:", output::time(Some(&shown.date)), shown.who);
        let text = crate::terminal::clean(&shown.text);
        output.text(&format!("{} {text}\n", style.strong(head)))?;
        if !shown.id.is_empty() {
            *last = Some(shown.id);
        }
    }
    Ok(())
}

pub(crate) async fn conversations(
    args: ConversationsArgs,
    context: &Context,
) -> Result<(), Failure> {
    let agent = context.agent_id(&args.agent).await?;
    let list = context.letta()?.conversations().list().agent_id(agent);
    let limit = Some(args.limit);
    context
        .output()
        .stream(list.items(), limit, &CONVERSATIONS)
        .await
}
