//! `letta emulator`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  letta emulator                                With an agent Ada to chat with
  letta emulator --script chat.yaml
  letta emulator --state ada.json               Keep everything between runs

In another terminal:
  export LETTA_BASE_URL=http://127.0.0.1:8283 LETTA_API_KEY=sk-let-emulator
  letta chat Ada";

/// Start a Letta service on this machine, for trying and for tests.
///
/// No model is needed: agents follow a script. Without --agent and --script, there is an agent Ada, who knows the weather, asks
/// before she deletes files, and tells stories. It serves until Ctrl-C.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct EmulatorArgs {
    /// Agent that exists, by ID, or by ID and name. Can be repeated
    #[arg(long = "agent", value_name = "ID[=NAME]")]
    pub(crate) agents: Vec<String>,
    /// File that says which agents there are and what they do
    #[arg(long, value_name = "FILE")]
    pub(crate) script: Option<PathBuf>,
    /// File that keeps everything between runs
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Address to listen on. Port 0 picks a free port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8283")]
    pub(crate) listen: SocketAddr,
    /// Delay before each word of an answer, as in 60ms [default: 30ms]
    #[arg(long, value_name = "DURATION", value_parser = super::duration)]
    pub(crate) word_delay: Option<Duration>,
}
