//! `letta token`.

use clap::{ArgGroup, Args, Subcommand};

const CREATE: &str = "\
RIGHTS are chat, read_only, all_rights, or a list of read_messages, write_messages, read_agent and write_agent.

Examples:
  letta token create --agent agent-1:chat --origin https://chat.example.com --for 15m
  letta token create --agent Ada:read_messages,read_agent --origin http://localhost:3000
  TOKEN=$(letta token create --agent Ada:chat --origin https://chat.example.com)

The token alone goes to the standard output. A token is for one agent: create one for each.";

const REVOKE: &str = "\
Examples:
  letta token revoke 09fe8d98a857 --agent Ada     By fingerprint: see `letta token list`
  letta token revoke < token.txt                  The token itself, from the standard input
  letta token revoke --all --agent Ada --yes

A token is not an argument, since other users of the machine can read command lines.
A token that a page has used may still work until it expires.";

#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token for a web page
    #[command(after_help = CREATE)]
    Create(CreateTokenArgs),
    /// List tokens, by fingerprint
    #[command(after_help = "Examples:\n  letta token list --agent Ada\n  letta token list -o json")]
    List(ListTokensArgs),
    /// Delete tokens
    #[command(after_help = REVOKE)]
    Revoke(RevokeTokenArgs),
}

#[derive(Args)]
pub(crate) struct CreateTokenArgs {
    /// Agent, by ID or name, and what the token may do
    #[arg(long, value_name = "AGENT:RIGHTS")]
    pub(crate) agent: String,
    /// Address of the web page
    #[arg(long, value_name = "URL")]
    #[arg(help = "Address of the web page, as in https://chat.example.com")]
    pub(crate) origin: String,
    /// How long it lives, as in 15m [default: the service's, 5 minutes]
    #[arg(long = "for", value_name = "DURATION", value_parser = super::duration)]
    pub(crate) lifetime: Option<std::time::Duration>,
}

#[derive(Args)]
pub(crate) struct ListTokensArgs {
    /// Only tokens for this agent, by ID or name
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: Option<String>,
    /// Print at most this many
    #[arg(long, value_name = "NUMBER")]
    pub(crate) limit: Option<usize>,
}

#[derive(Args)]
#[command(group = ArgGroup::new("which").args(["fingerprints", "all"]))]
pub(crate) struct RevokeTokenArgs {
    /// Tokens, by fingerprint. Without them, the token is read from the standard input
    #[arg(value_name = "FINGERPRINT")]
    pub(crate) fingerprints: Vec<String>,
    /// All tokens of the agent
    #[arg(long, requires = "agent")]
    pub(crate) all: bool,
    /// Look only among the tokens of this agent, by ID or name
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}
