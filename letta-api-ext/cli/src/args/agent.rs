//! `letta agent`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const CREATE: &str = "\
Examples:
  letta agent create --name Ada --model openai/gpt-4.1 --memory human='Name: Sam' --tag support
  letta agent create --name Bob --memory persona=@persona.txt --tool web_search
  letta agent create --name Bob --set 'enable_sleeptime=true'";

const UPDATE: &str = "\
Examples:
  letta agent update Ada --model openai/gpt-4.1
  letta agent update Ada --tag support --tag beta     Replaces all tags
  letta agent update Ada --set 'max_files_open=3'";

const EXPORT: &str = "\
Examples:
  letta agent export Ada > ada.af
  letta agent export Ada --file ada.af";

#[derive(Subcommand)]
pub(crate) enum AgentCommand {
    /// List agents
    #[command(
        after_help = "Examples:\n  letta agent list --tag support\n  letta agent list -o json | jq -r '.[].id'"
    )]
    List(ListArgs),
    /// Show an agent
    #[command(after_help = "Examples:\n  letta agent get Ada\n  letta agent get agent-1 -o yaml")]
    Get(GetArgs),
    /// Create an agent. Prints it
    #[command(after_help = CREATE)]
    Create(CreateArgs),
    /// Change an agent. Only what is given changes
    #[command(after_help = UPDATE)]
    Update(UpdateArgs),
    /// Delete agents, with their messages
    #[command(
        after_help = "Examples:\n  letta agent delete Ada\n  letta agent delete agent-1 agent-2 --yes"
    )]
    Delete(DeleteArgs),
    /// Write an agent to a file, with its messages and tools
    #[command(after_help = EXPORT)]
    Export(ExportArgs),
    /// Make agents from a file. Prints their IDs
    #[command(
        after_help = "Examples:\n  letta agent import ada.af --name 'Ada II'\n  letta agent import - < ada.af"
    )]
    Import(ImportArgs),
}

#[derive(Args)]
pub(crate) struct ListArgs {
    /// Only agents with this name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Only agents with this text in their name
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// Only agents with this tag. Can be repeated: one of them is enough
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// Print at most this many
    #[arg(long, value_name = "NUMBER")]
    pub(crate) limit: Option<usize>,
}

#[derive(Args)]
pub(crate) struct GetArgs {
    /// Agent, by ID or name
    pub(crate) agent: String,
    /// Print the values of the agent's secrets, too
    #[arg(long)]
    pub(crate) show_secrets: bool,
}

/// What an agent is made of.
#[derive(Args)]
pub(crate) struct Traits {
    /// Model, as in openai/gpt-4.1
    #[arg(long, value_name = "HANDLE")]
    pub(crate) model: Option<String>,
    /// Model that embeds memories and files
    #[arg(long, value_name = "HANDLE")]
    pub(crate) embedding: Option<String>,
    /// System prompt: a text, @FILE, or @- for the standard input
    #[arg(long, value_name = "TEXT")]
    pub(crate) system: Option<String>,
    /// What the agent is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Tag. Can be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// Any other member of the request, as JSON or a text. Can be repeated
    #[arg(long = "set", value_name = "MEMBER=VALUE", value_parser = pair)]
    pub(crate) members: Vec<(String, String)>,
}

#[derive(Args)]
pub(crate) struct CreateArgs {
    /// Name. By default the server makes one up
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) traits: Traits,
    /// Block of memory: its label, and a text or @FILE. Can be repeated
    #[arg(long, value_name = "LABEL=TEXT", value_parser = pair)]
    pub(crate) memory: Vec<(String, String)>,
    /// Tool to attach, by name. Can be repeated
    #[arg(long = "tool", value_name = "NAME")]
    pub(crate) tools: Vec<String>,
}

#[derive(Args)]
pub(crate) struct UpdateArgs {
    /// Agent, by ID or name
    pub(crate) agent: String,
    /// New name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) traits: Traits,
}

#[derive(Args)]
pub(crate) struct DeleteArgs {
    /// Agents, by ID or name
    #[arg(required = true, value_name = "AGENT")]
    pub(crate) agents: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

#[derive(Args)]
pub(crate) struct ExportArgs {
    /// Agent, by ID or name
    pub(crate) agent: String,
    /// File to write. By default the standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Replace the file, if it is there
    #[arg(long, requires = "file")]
    pub(crate) force: bool,
}

#[derive(Args)]
pub(crate) struct ImportArgs {
    /// Agent file, or - for the standard input
    pub(crate) file: PathBuf,
    /// Name of the new agent. By default that of the file
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Model to use in place of the file's
    #[arg(long, value_name = "HANDLE")]
    pub(crate) model: Option<String>,
    /// Embedding model to use in place of the file's
    #[arg(long, value_name = "HANDLE")]
    pub(crate) embedding: Option<String>,
    /// Leave the file's messages out
    #[arg(long)]
    pub(crate) strip_messages: bool,
    /// Keep the code of tools that exist
    #[arg(long)]
    pub(crate) keep_tools: bool,
}

/// Reads `name=value`.
pub(super) fn pair(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("write it as NAME=VALUE"),
    }
}
