//! `letta profile`.

use clap::{Args, Subcommand};

const ADD: &str = "\
Examples:
  letta profile add work                            Asks for the key
  letta profile add work --key-file - < key.txt     Reads it from a pipe
  letta profile add work --key-env WORK_KEY         Keeps the name of a variable, and no key
  letta profile add local --base-url http://localhost:8283 --without-key

The key is written to a file that only you can read. With --keyring, it goes to the keyring of the system.";

#[derive(Subcommand)]
pub(crate) enum ProfileCommand {
    /// List profiles
    #[command(after_help = "Examples:\n  letta profile list\n  letta profile list -o json")]
    List,
    /// Add a profile, or replace it
    #[command(after_help = ADD)]
    Add(AddProfileArgs),
    /// Use a profile by default
    #[command(
        after_help = "Examples:\n  letta profile use work\n  letta --profile local agent list     Another one for one command"
    )]
    Use {
        /// Profile
        name: String,
    },
    /// Remove a profile and its key
    #[command(after_help = "Examples:\n  letta profile remove work")]
    Remove {
        /// Profile
        name: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// The server is that of --base-url, the project that of --project, and the key that of --key-file.
#[derive(Args)]
pub(crate) struct AddProfileArgs {
    /// Profile: letters, digits, - and _
    pub(crate) name: String,
    /// Take the key from this variable each time
    #[arg(long, value_name = "VARIABLE", conflicts_with_all = ["without_key", "keyring"])]
    pub(crate) key_env: Option<String>,
    /// The server needs no key
    #[arg(long, conflicts_with = "keyring")]
    pub(crate) without_key: bool,
    /// Keep the key in the keyring of the system
    #[arg(long)]
    pub(crate) keyring: bool,
}
