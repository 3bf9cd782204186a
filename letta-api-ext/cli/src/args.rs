//! What can be written on the command line.

mod agent;
mod api;
mod emulator;
mod fleet;
mod profile;
mod resources;
mod shell;
mod talk;
mod token;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub(crate) use agent::{
    AgentCommand, CreateArgs, DeleteArgs, ExportArgs, GetArgs, ImportArgs, ListArgs, UpdateArgs,
};
pub(crate) use api::ApiArgs;
pub(crate) use emulator::EmulatorArgs;
pub(crate) use fleet::{ApplyArgs, DiffArgs};
pub(crate) use profile::{AddProfileArgs, ProfileCommand};
pub(crate) use resources::{
    AttachArgs, BlockCommand, CreateBlockArgs, CreateFolderArgs, CreateToolArgs, DeleteEachArgs,
    FolderCommand, ToolCommand, UpdateBlockArgs, UploadArgs,
};
pub(crate) use shell::{CompletionsArgs, ManArgs};
pub(crate) use talk::{
    ChatArgs, ConversationsArgs, MessagesArgs, RunCommand, RunsArgs, SendArgs, TailArgs,
};
pub(crate) use token::{CreateTokenArgs, ListTokensArgs, RevokeTokenArgs, TokenCommand};

use crate::terminal::Color;

const EXAMPLES: &str = "\
Examples:
  letta chat --demo                            Try it without an account
  letta profile add work --key-file -          Keep an API key, read from the terminal or a pipe
  letta agent create --name Ada --memory human='Name: Sam'
  letta chat Ada
  letta send Ada 'What is my name?'
  letta token create --agent Ada:chat --origin https://chat.example.com --for 15m
  letta apply -f agents.yaml                   Make the agents as the file says

Exit codes:
  0  Done
  1  Another failure, such as an error of the server
  2  Wrong command line, file or setting. Nothing was sent
  3  Refused: the key is missing, wrong, or does not allow this
  4  Not found
  5  The server cannot be reached, or does not answer in time
  6  The agent is busy, or waits for an approval
  7  A limit: too many requests, no credits, or a quota
  8  `letta diff --exit-code` found changes
  130  Interrupted by Ctrl-C

The key is never an option, since other users of the machine can read command lines. Give it in LETTA_API_KEY, in a file \
(--key-file), on the standard input (--key-file -), or in a profile.";

/// The Letta API at the command line.
///
/// Data goes to the standard output, everything else to the standard error. AGENT is an agent's ID, or its name.
#[derive(Parser)]
#[command(name = "letta", version, after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of all commands.
#[derive(clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Form of the output
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORM",
        value_enum,
        hide_possible_values = true
    )]
    #[arg(help = "Form of the output: table, json or yaml [default: table]")]
    pub(crate) output: Option<Format>,

    /// Account and server to use
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "LETTA_PROFILE",
        hide_env = true
    )]
    #[arg(help = "Account and server to use: see `letta profile` [env: LETTA_PROFILE]")]
    pub(crate) profile: Option<String>,

    /// Address of the server
    #[arg(long, global = true, value_name = "URL")]
    #[arg(help = "Address of the server [env: LETTA_BASE_URL]")]
    pub(crate) base_url: Option<String>,

    /// File with the API key, or - for the standard input
    #[arg(long, global = true, value_name = "FILE")]
    #[arg(
        help = "File with the API key, or - for the standard input [env: LETTA_API_KEY, the key itself]"
    )]
    pub(crate) key_file: Option<PathBuf>,

    /// Project, by its slug
    #[arg(long, global = true, value_name = "SLUG")]
    #[arg(help = "Project, by its slug [env: LETTA_PROJECT]")]
    pub(crate) project: Option<String>,

    /// Allow a server at http:// on another machine. Anyone on the network can read the key
    #[arg(long, global = true)]
    pub(crate) allow_plain_http: bool,

    /// When to use colours: auto, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t = Color::Auto,
        hide_possible_values = true,
        hide_default_value = true
    )]
    #[arg(
        help = "When to use colours: auto, always or never. auto obeys NO_COLOR and pipes [default: auto]"
    )]
    pub(crate) color: Color,
}

/// The form of what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people
    Table,
    /// JSON, with all members
    Json,
    /// YAML, with all members
    Yaml,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Talk with an agent
    Chat(ChatArgs),
    /// Say one thing to an agent, for scripts
    Send(SendArgs),
    /// Messages of an agent
    Messages(MessagesArgs),
    /// Conversations with an agent
    Conversations(ConversationsArgs),
    /// List runs: what agents did
    Runs(RunsArgs),
    /// One run: show it, follow it
    #[command(subcommand)]
    Run(RunCommand),
    /// Agents: list, get, create, update, delete, export, import
    #[command(subcommand, visible_alias = "agents")]
    Agent(AgentCommand),
    /// Make agents as a file says: shows a plan, asks, does it
    Apply(ApplyArgs),
    /// What `letta apply` would change
    Diff(DiffArgs),
    /// Client-side access tokens: create, list, revoke
    #[command(subcommand, visible_alias = "tokens")]
    Token(TokenCommand),
    /// Blocks of memory
    #[command(subcommand, visible_alias = "blocks")]
    Block(BlockCommand),
    /// Tools that the server runs
    #[command(subcommand, visible_alias = "tools")]
    Tool(ToolCommand),
    /// Folders of files that agents read
    #[command(subcommand, visible_alias = "folders")]
    Folder(FolderCommand),
    /// Any request to the API
    Api(ApiArgs),
    /// Start a Letta service on this machine, for trying and for tests
    Emulator(EmulatorArgs),
    /// Accounts and servers to switch between
    #[command(subcommand, visible_alias = "profiles")]
    Profile(ProfileCommand),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Write man pages
    Man(ManArgs),
}

/// Reads `15m`, `2s` or `1h 30m`.
fn duration(text: &str) -> Result<std::time::Duration, &'static str> {
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|duration| std::time::Duration::try_from(duration).ok())
        .ok_or("write hours, minutes and seconds, as in 15m, 90s or 1h 30m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        use clap::CommandFactory as _;

        Args::command().debug_assert();
    }
}
