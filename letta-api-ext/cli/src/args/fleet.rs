//! `letta apply` and `letta diff`.

use std::path::PathBuf;

use clap::Args;

const FILE: &str = "\
The file:
  agents:
    - name: Ada                       # Finds the agent. The only member that is needed
      model: openai/gpt-4.1
      description: Answers customers.
      system: You are brief.          # Or a file beside this one: {file: system.txt}
      tags: [support]
      memory:
        human: 'Name: Sam'            # A block: its label and its text
        persona:
          value: I am Ada.
          description: Who I am.
          limit: 5000
          read_only: true
        notes:
          value: ''
          keep: true                  # The agent changes it: set when it is created, and never again
      tools: [web_search]             # By name. Others of yours are detached, those of the server stay
      folders: [contracts]            # By name. Others are detached

What the file does not name stays as it is. Agents that the file does not name stay, too.

Examples:
  letta diff -f agents.yaml
  letta apply -f agents.yaml
  letta apply -f agents.yaml --yes        For scripts
  letta apply -f - < agents.yaml";

/// Make agents as a file says: shows a plan, asks, does it.
///
/// Doing it twice changes nothing. If one agent fails, the others are done, and the output tells which.
#[derive(Args)]
#[command(after_help = FILE)]
pub(crate) struct ApplyArgs {
    /// File in YAML or JSON, or - for the standard input
    #[arg(short, long, value_name = "FILE", required = true)]
    pub(crate) file: PathBuf,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// What `letta apply` would change. Changes nothing.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  letta diff -f agents.yaml\n  letta diff -f agents.yaml --exit-code || letta apply -f agents.yaml\n\n`letta apply --help` shows the file."
)]
pub(crate) struct DiffArgs {
    /// File in YAML or JSON, or - for the standard input
    #[arg(short, long, value_name = "FILE", required = true)]
    pub(crate) file: PathBuf,
    /// End with exit code 8 if there are changes
    #[arg(long)]
    pub(crate) exit_code: bool,
}
