//! `letta completions` and `letta man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

const COMPLETIONS: &str = "\
Examples:
  letta completions bash > ~/.local/share/bash-completion/completions/letta
  letta completions zsh > \"${fpath[1]}/_letta\"
  letta completions fish > ~/.config/fish/completions/letta.fish
  letta completions powershell >> $PROFILE
  letta completions elvish >> ~/.config/elvish/rc.elv";

/// Print completions for a shell
#[derive(Args)]
#[command(after_help = COMPLETIONS)]
pub(crate) struct CompletionsArgs {
    /// Shell
    pub(crate) shell: Shell,
}

/// Write man pages: one for the program, and one for each command.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  letta man --dir ~/.local/share/man/man1\n  letta man | man -l -"
)]
pub(crate) struct ManArgs {
    /// Folder to write all pages to. By default the page of the program goes to the standard output
    #[arg(long, value_name = "FOLDER")]
    pub(crate) dir: Option<PathBuf>,
}
