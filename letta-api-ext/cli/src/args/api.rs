//! `letta api`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  letta api GET /v1/agents/ -q limit=2
  letta api POST /v1/agents/ -d '{\"name\": \"Ada\"}'
  letta api PATCH /v1/agents/agent-1 -d @change.json
  letta api POST /v1/agents/agent-1/messages/stream -d @- < turn.json     Prints events as they come";

/// Any request to the API.
///
/// Prints the body of the answer: JSON in the form of --output, by default as JSON, and anything else as it comes.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ApiArgs {
    /// GET, POST, PUT, PATCH or DELETE
    pub(crate) method: String,
    /// Path, which begins with a slash. It may have a query
    pub(crate) path: String,
    /// Parameter of the query. Can be repeated
    #[arg(short, long = "query", value_name = "NAME=VALUE", value_parser = super::agent::pair)]
    pub(crate) query: Vec<(String, String)>,
    /// Body: a text, @FILE, or @- for the standard input
    #[arg(short, long, value_name = "BODY")]
    pub(crate) data: Option<String>,
    /// Media type of the body
    #[arg(long, value_name = "TYPE", default_value = "application/json")]
    pub(crate) content_type: String,
    /// Header. Can be repeated. Headers with a secret belong into --header-file
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// File with a header on each line, for secret ones
    #[arg(long, value_name = "FILE")]
    pub(crate) header_file: Option<PathBuf>,
    /// How long it may take. A turn of an agent takes as long as the agent works
    #[arg(long, value_name = "DURATION", value_parser = super::duration, default_value = "10m")]
    pub(crate) timeout: std::time::Duration,
    /// File to write the answer to, to the byte. By default the standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}
