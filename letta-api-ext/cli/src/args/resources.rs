//! `letta block`, `letta tool` and `letta folder`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const TOOL: &str = "\
Examples:
  letta tool create roll.py
  letta tool create delete_file.py --approval
  letta tool create - < roll.py

A tool of the same name is changed. Its name and its schema are read from the last function: from its type annotations \
and its docstring.";

const UPLOAD: &str = "\
Examples:
  letta folder upload contracts 2026.pdf notes.txt
  letta folder upload contracts notes.txt --no-wait

Waits until the server has read the files.";

/// What is attached or detached, and where.
#[derive(Args)]
pub(crate) struct AttachArgs {
    /// What to attach or detach, by ID or name
    #[arg(value_name = "WHAT")]
    pub(crate) what: String,
    /// Agent, by ID or name
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: String,
}

/// What is deleted.
#[derive(Args)]
pub(crate) struct DeleteEachArgs {
    /// What to delete, by ID or name
    #[arg(required = true, value_name = "WHAT")]
    pub(crate) what: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

#[derive(Subcommand)]
pub(crate) enum BlockCommand {
    /// List blocks
    #[command(
        after_help = "Examples:\n  letta block list --label human\n  letta block list --agent Ada"
    )]
    List {
        /// Only blocks with this label
        #[arg(long, value_name = "LABEL", conflicts_with = "agent")]
        label: Option<String>,
        /// Only blocks of this agent, by ID or name
        #[arg(long, value_name = "AGENT")]
        agent: Option<String>,
        /// Print at most this many
        #[arg(long, value_name = "NUMBER")]
        limit: Option<usize>,
    },
    /// Show a block
    #[command(
        after_help = "Examples:\n  letta block get block-1\n  letta block get human --agent Ada"
    )]
    Get {
        /// Block, by ID, or with --agent by its label
        block: String,
        /// Agent that has the block, by ID or name
        #[arg(long, value_name = "AGENT")]
        agent: Option<String>,
    },
    /// Create a block
    #[command(
        after_help = "Examples:\n  letta block create rules 'Be polite.' --read-only\n  letta block create rules @rules.txt"
    )]
    Create(CreateBlockArgs),
    /// Change a block
    #[command(
        after_help = "Examples:\n  letta block update block-1 --value 'Be brief.'\n  letta block update human --agent Ada --value @human.txt"
    )]
    Update(UpdateBlockArgs),
    /// Delete blocks
    #[command(after_help = "Examples:\n  letta block delete block-1")]
    Delete(DeleteEachArgs),
    /// Give a block to an agent
    #[command(after_help = "Examples:\n  letta block attach block-1 --agent Ada")]
    Attach(AttachArgs),
    /// Take a block from an agent
    #[command(after_help = "Examples:\n  letta block detach block-1 --agent Ada")]
    Detach(AttachArgs),
}

#[derive(Args)]
pub(crate) struct CreateBlockArgs {
    /// Label
    pub(crate) label: String,
    /// A text, @FILE, or @- for the standard input
    pub(crate) value: String,
    /// What the block is for. The agent reads it
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// How many characters it has at most
    #[arg(long, value_name = "NUMBER")]
    pub(crate) limit: Option<i64>,
    /// Agents may not change it
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Tag. Can be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
}

#[derive(Args)]
pub(crate) struct UpdateBlockArgs {
    /// Block, by ID, or with --agent by its label
    pub(crate) block: String,
    /// Agent that has the block, by ID or name
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: Option<String>,
    /// A text, @FILE, or @- for the standard input
    #[arg(long, value_name = "TEXT")]
    pub(crate) value: Option<String>,
    /// What the block is for. The agent reads it
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// How many characters it has at most
    #[arg(long, value_name = "NUMBER")]
    pub(crate) limit: Option<i64>,
    /// Whether agents may not change it: true or false
    #[arg(long, value_name = "BOOL")]
    pub(crate) read_only: Option<bool>,
}

#[derive(Subcommand)]
pub(crate) enum ToolCommand {
    /// List tools
    #[command(
        after_help = "Examples:\n  letta tool list --type custom\n  letta tool list --agent Ada"
    )]
    List {
        /// Only tools with this text in the name
        #[arg(long, value_name = "TEXT", conflicts_with = "agent")]
        search: Option<String>,
        /// Only tools of this type, as in custom. Can be repeated
        #[arg(long = "type", value_name = "TYPE", conflicts_with = "agent")]
        types: Vec<String>,
        /// Only tools of this agent, by ID or name
        #[arg(long, value_name = "AGENT")]
        agent: Option<String>,
        /// Print at most this many
        #[arg(long, value_name = "NUMBER")]
        limit: Option<usize>,
    },
    /// Show a tool, with its code
    #[command(after_help = "Examples:\n  letta tool get roll")]
    Get {
        /// Tool, by ID or name
        tool: String,
    },
    /// Create a tool from its code, or change it
    #[command(after_help = TOOL)]
    Create(CreateToolArgs),
    /// Delete tools
    #[command(after_help = "Examples:\n  letta tool delete roll")]
    Delete(DeleteEachArgs),
    /// Give a tool to an agent
    #[command(after_help = "Examples:\n  letta tool attach roll --agent Ada")]
    Attach(AttachArgs),
    /// Take a tool from an agent
    #[command(after_help = "Examples:\n  letta tool detach roll --agent Ada")]
    Detach(AttachArgs),
}

#[derive(Args)]
pub(crate) struct CreateToolArgs {
    /// File with the code, or - for the standard input
    pub(crate) file: PathBuf,
    /// Calls need approval, unless an agent says otherwise
    #[arg(long)]
    pub(crate) approval: bool,
    /// Tag. Can be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// What the tool does. By default the docstring says it
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum FolderCommand {
    /// List folders
    #[command(after_help = "Examples:\n  letta folder list\n  letta folder list --agent Ada")]
    List {
        /// Only folders of this agent, by ID or name
        #[arg(long, value_name = "AGENT")]
        agent: Option<String>,
        /// Print at most this many
        #[arg(long, value_name = "NUMBER")]
        limit: Option<usize>,
    },
    /// Show a folder
    #[command(after_help = "Examples:\n  letta folder get contracts")]
    Get {
        /// Folder, by ID or name
        folder: String,
    },
    /// Create a folder
    #[command(
        after_help = "Examples:\n  letta folder create contracts --embedding openai/text-embedding-3-small"
    )]
    Create(CreateFolderArgs),
    /// List a folder's files
    #[command(after_help = "Examples:\n  letta folder files contracts")]
    Files {
        /// Folder, by ID or name
        folder: String,
        /// Print at most this many
        #[arg(long, value_name = "NUMBER")]
        limit: Option<usize>,
    },
    /// Upload files, with a progress bar
    #[command(after_help = UPLOAD)]
    Upload(UploadArgs),
    /// Delete folders, with their files
    #[command(after_help = "Examples:\n  letta folder delete contracts")]
    Delete(DeleteEachArgs),
    /// Give a folder to an agent
    #[command(after_help = "Examples:\n  letta folder attach contracts --agent Ada")]
    Attach(AttachArgs),
    /// Take a folder from an agent
    #[command(after_help = "Examples:\n  letta folder detach contracts --agent Ada")]
    Detach(AttachArgs),
}

#[derive(Args)]
pub(crate) struct CreateFolderArgs {
    /// Name
    pub(crate) name: String,
    /// Model that embeds its files. A server may have a default
    #[arg(long, value_name = "HANDLE")]
    pub(crate) embedding: Option<String>,
    /// What is in the folder
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// How agents use its files
    #[arg(long, value_name = "TEXT")]
    pub(crate) instructions: Option<String>,
}

#[derive(Args)]
pub(crate) struct UploadArgs {
    /// Folder, by ID or name
    pub(crate) folder: String,
    /// Files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// If the folder has a file of this name: skip, error, suffix or replace [default: suffix]
    #[arg(long, value_name = "WHAT")]
    pub(crate) duplicates: Option<String>,
    /// Do not wait until the server has read the files
    #[arg(long)]
    pub(crate) no_wait: bool,
}
