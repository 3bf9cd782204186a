//! `letta chat`, `send`, `messages`, `runs` and `run`.

use clap::{Args, Subcommand};

const CHAT: &str = "\
Examples:
  letta chat Ada
  letta chat --demo                       Try it without an account
  letta chat agent-1 --conversation conv-1

Ctrl-C stops the answer and not the program. At the prompt, Ctrl-D ends the program.";

const SEND: &str = "\
Examples:
  letta send Ada 'What is the weather in Oslo?'
  git diff | letta send Ada 'Review this:' -
  letta send Ada Hello --json | jq -r 'select(.type == \"text\").text'";

/// Talk with an agent.
///
/// What the agent thinks is dimmed, its tools are shown, and approvals are asked for.
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
}

/// Say one thing to an agent, for scripts. Prints the answer.
///
/// If the agent waits for an approval, the exit code is 6.
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
    /// Talk in this conversation
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Option<String>,
}

/// Messages of an agent, the newest last.
#[derive(Args)]
#[command(after_help = "Examples:\n  letta messages Ada\n  letta messages Ada --limit 100 -o json")]
pub(crate) struct MessagesArgs {
    /// Agent, by ID or name
    pub(crate) agent: String,
    /// Print at most this many
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub(crate) limit: usize,
    /// Only those of this conversation
    #[arg(long, value_name = "ID")]
    pub(crate) conversation: Option<String>,
}

/// List runs, the newest first.
#[derive(Args)]
#[command(after_help = "Examples:\n  letta runs --agent Ada\n  letta runs --active")]
pub(crate) struct RunsArgs {
    /// Only runs of this agent, by ID or name
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: Option<String>,
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
    #[command(after_help = "Examples:\n  letta run tail run-1\n  letta run tail run-1 --json")]
    Tail(TailArgs),
}

#[derive(Args)]
pub(crate) struct TailArgs {
    /// Run, by ID
    pub(crate) run: String,
    /// Print each event as a line of JSON, as it comes
    #[arg(long)]
    pub(crate) json: bool,
}
