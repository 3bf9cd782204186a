//! `letta chat`, `send`, `messages`, `conversations`, `runs` and `run`.

use std::time::Duration;

use clap::{Args, Subcommand};

const CHAT: &str = "\
Examples:
  letta chat Ada
  letta chat --demo                       Try it without an account
  letta chat Ada --last 10                Show what was said before
  letta chat Ada --conversation conv-1
  letta chat Ada < questions.txt          Say each line, and print the answers

Ctrl-C stops the answer and not the program. At the prompt, or twice, it ends the program. So does Ctrl-D at the prompt.
Answers go to the standard output; thoughts, tools and questions to the standard error.

What is typed is kept in a file that only you can read: chat_history in LETTA_STATE_DIR, or in letta in the folder of your \
account for such files (XDG_STATE_HOME, ~/.local/state).";

const SEND: &str = "\
Examples:
  letta send Ada 'What is the weather in Oslo?'
  git diff | letta send Ada 'Review this:' -
  letta send Ada Hello --json | jq -r 'select(.type == \"text\").text'
  letta send Ada 'Pay the bill.' --otid order-4711
                                          After a crash, the same line goes on. It is said once
  letta send Ada --deny-all               Answer what the agent asked for before

Each line of --json has a `type`: text, reasoning, tool_call, tool_return, message or other. The last one is end or error.

If the agent waits for an approval, the exit code is 6, and the calls are shown. Ctrl-C stops the agent, and the exit code \
is 130.";

const TAIL: &str = "\
Examples:
  letta run tail run-1
  letta run tail run-1 --json

The server keeps the events of a run in background for three hours. Of other runs, messages come when they are over. Ctrl-C \
ends the program, and not the run. If the run has ended with a request for an approval, the exit code is 6.";

/// Talk with an agent.
///
/// What the agent thinks is dimmed, its tools are shown, and approvals are asked for with all arguments.
#[derive(Args)]
#[command(after_help = CHAT)]
pub(crate) struct ChatArgs {
    /// Agent, by ID or name
    #[arg(required_unless_present = "demo")]
    pub(crate) agent: Option<String>,
    /// Talk with the agent of an emulator in this process. No account is needed
    #[arg(long, conflicts_with_all = ["agent", "conversation"])]
    pub(crate) demo: bool,
    /// Talk in this conversation
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Option<String>,
    /// Show this many of the messages before
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub(crate) last: usize,
    /// Show all that tools are given and return
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Neither read nor keep what is typed
    #[arg(long)]
    pub(crate) no_history: bool,
    /// Wait this long if the agent is busy, as in 5m
    #[arg(long, value_name = "DURATION", value_parser = super::duration, default_value = "0s", hide_default_value = true)]
    pub(crate) wait: Duration,
}

/// Say one thing to an agent, for scripts. Prints the answer.
#[derive(Args)]
#[command(after_help = SEND)]
pub(crate) struct SendArgs {
    /// Agent, by ID or name
    pub(crate) agent: String,
    /// What to say. - stands for the standard input. Without text, it is read from there
    pub(crate) text: Vec<String>,
    /// Print each event as a line of JSON, as it comes
    #[arg(long)]
    pub(crate) json: bool,
    /// Get texts in pieces, as soon as the model writes them
    #[arg(long)]
    pub(crate) tokens: bool,
    /// Talk in this conversation
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Option<String>,
    /// Approve all calls of tools, whatever they do. Without text, those that wait
    #[arg(long, conflicts_with = "deny_all")]
    pub(crate) approve_all: bool,
    /// Deny all calls that need an approval, for this reason. Without text, those that wait
    #[arg(long, value_name = "REASON", num_args = 0..=1, require_equals = true, default_missing_value = "The user said no.")]
    pub(crate) deny_all: Option<String>,
    /// Key of what is said. With the same key, it is said once, and the command goes on after a crash. For three hours
    #[arg(long, value_name = "KEY")]
    pub(crate) otid: Option<String>,
    /// Say nothing, and go on with what was said with the key of --otid
    #[arg(long, requires = "otid", conflicts_with = "text")]
    pub(crate) resume: bool,
    /// Wait this long if the agent is busy, as in 5m
    #[arg(long, value_name = "DURATION", value_parser = super::duration, default_value = "0s", hide_default_value = true)]
    pub(crate) wait: Duration,
    /// Show what the agent thinks and does, on the standard error
    #[arg(short, long, conflicts_with = "json")]
    pub(crate) verbose: bool,
}

/// Messages of an agent, the newest last.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  letta messages Ada\n  letta messages Ada --limit 100 -o json\n  letta messages Ada --follow"
)]
pub(crate) struct MessagesArgs {
    /// Agent, by ID or name
    pub(crate) agent: String,
    /// Print at most this many
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub(crate) limit: usize,
    /// Only those of this conversation
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Option<String>,
    /// Print new messages as they are stored, until Ctrl-C. The server is asked every two seconds
    #[arg(short, long)]
    pub(crate) follow: bool,
}

/// Conversations with an agent, the newest first.
#[derive(Args)]
#[command(after_help = "Examples:\n  letta conversations Ada")]
pub(crate) struct ConversationsArgs {
    /// Agent, by ID or name
    pub(crate) agent: String,
    /// Print at most this many
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub(crate) limit: usize,
}

/// List runs, the newest first.
#[derive(Args)]
#[command(after_help = "Examples:\n  letta runs --agent Ada\n  letta runs --active")]
pub(crate) struct RunsArgs {
    /// Only runs of this agent, by ID or name
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: Option<String>,
    /// Only runs of this conversation
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Option<String>,
    /// Only runs that have not ended
    #[arg(long)]
    pub(crate) active: bool,
    /// Print at most this many
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub(crate) limit: usize,
}

#[derive(Subcommand)]
pub(crate) enum RunCommand {
    /// Show a run: its state, and what it used
    #[command(after_help = "Examples:\n  letta run get run-1")]
    Get {
        /// Run, by ID
        run: String,
    },
    /// Follow a run until it ends
    Tail(TailArgs),
}

#[derive(Args)]
#[command(after_help = TAIL)]
pub(crate) struct TailArgs {
    /// Run, by ID
    pub(crate) run: String,
    /// Print each event as a line of JSON, as it comes
    #[arg(long)]
    pub(crate) json: bool,
}
