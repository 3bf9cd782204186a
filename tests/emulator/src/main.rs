//! The emulator as a program.
//!
//! ```text
//! letta-emulator --listen 127.0.0.1:8283 --api-key sk-let-test
//! ```

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use jiff::SignedDuration;
use letta_api_emulator::{Emulator, Fault, NewAgent, ScriptFile, SkewedClock, TokenRules};

/// What people come for, first.
const ABOUT: &str = "\
Emulates the Letta service for tests, without an account: agents that follow a script, and client-side tokens.

  letta-emulator --agent agent-1=Ada          An agent that repeats what it is told
  letta-emulator --script chat.yaml           Agents that do what a file says
  letta-emulator --agent agent-1 --state FILE Keep agents, messages and tokens between runs

It prints its address, a page to watch it in a browser, and a first request. It serves until it is interrupted.";

/// What is said in the help of `--fault`, which has one line there.
const FAULTS: &str = "\
Faults:
  status=503  rate-limit=100/1m  latency=200ms  disconnect  lose-answer  late-answer=30s  model-failure  idle-limit=60s
  break-stream (also =3 events, =120b bytes, =mid-event-3, =mid-character)  end-stream=3  stall-stream=3
  shred-stream  repeat-event=3  skip-event=3
  Each can have on=OPERATION, probability=0.1 and times=2 behind a comma: status=503,on=send_message,times=2

Other users of a machine can read command lines: give a real key in LETTA_EMULATOR_API_KEY.

GET /_emulator/state with the API key shows all that it holds in JSON. SCRIPTS.md and BEHAVIOUR.md say the rest.";

#[derive(Parser)]
#[command(name = "letta-emulator", version, about = ABOUT, after_help = FAULTS)]
struct Args {
    /// Agent that exists, by ID, or by ID and name. Can be repeated
    #[arg(long = "agent", value_name = "ID[=NAME]", help_heading = "Agents")]
    agents: Vec<String>,

    /// File that says which agents there are and what they do: YAML, or JSON if its name ends in .json
    #[arg(long, value_name = "FILE", help_heading = "Agents")]
    script: Option<PathBuf>,

    /// Print the JSON Schema of a script, for editors, and end
    #[arg(long, help_heading = "Agents")]
    script_schema: bool,

    /// Delay before each word of a streamed answer, for example 60ms
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "0s", help_heading = "Agents")]
    word_delay: Duration,

    /// File that keeps everything between runs. It holds tokens, so only its owner can read it
    #[arg(long, value_name = "FILE", help_heading = "State")]
    state: Option<PathBuf>,

    /// Address to listen on. Port 0 picks a free port
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8283",
        help_heading = "Service"
    )]
    listen: SocketAddr,

    /// API key that clients must send [default: sk-let-emulator]
    // No default of clap's, and no shown value of the variable: clap would print them.
    #[arg(
        long,
        value_name = "KEY",
        env = "LETTA_EMULATOR_API_KEY",
        hide_env_values = true,
        help_heading = "Service"
    )]
    api_key: Option<String>,

    /// Project that exists, by slug, or by slug and ID. Can be repeated. All exist unless one is given
    #[arg(long = "project", value_name = "SLUG[=ID]", value_parser = parse_project, help_heading = "Service")]
    projects: Vec<KnownProject>,

    /// Let --listen name an address that others on the network can reach. Nothing is encrypted
    #[arg(long, help_heading = "Service")]
    allow_remote: bool,

    /// Serve this name or address too, without a port. Can be repeated. Loopback names are served
    #[arg(long = "allow-host", value_name = "HOST", help_heading = "Service")]
    allowed_hosts: Vec<String>,

    /// Fault to inject, for example status=503,probability=0.1: see below. Can be repeated
    #[arg(long = "fault", value_name = "FAULT", help_heading = "Faults and time")]
    faults: Vec<Fault>,

    /// Random seed for faults with a probability, and for the order of lists of tokens
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 0,
        help_heading = "Faults and time"
    )]
    seed: u64,

    /// How far the clock is ahead of this machine's clock. -90s puts it behind
    #[arg(
        long,
        value_name = "DURATION",
        allow_hyphen_values = true,
        default_value = "0s",
        help_heading = "Faults and time"
    )]
    clock_skew: SignedDuration,

    /// How tokens are treated. published-2025 has all rules below
    #[arg(long, value_name = "RULES", value_enum, default_value_t = Rules::Strict, help_heading = "Client-side tokens")]
    token_rules: Rules,

    /// Answer every refusal of a token with the same 401, which gives no reason
    #[arg(long, help_heading = "Client-side tokens")]
    bare_refusals: bool,

    /// Let a token that was used work until it expires, also if it is deleted
    #[arg(long, help_heading = "Client-side tokens")]
    used_tokens_outlive_deletion: bool,

    /// Take an expires_at that cannot be parsed for 5 minutes, and one in the past for an expired token
    #[arg(long, help_heading = "Client-side tokens")]
    lenient_expiry: bool,

    /// Do not compare the Origin header with the hostname of a token
    #[arg(long, help_heading = "Client-side tokens")]
    any_origin: bool,

    /// Open POST, and not PATCH, of /v1/agents/{id} by write_agent
    #[arg(long, help_heading = "Client-side tokens")]
    update_by_post: bool,

    /// ID of the organization that tokens belong to
    /// [default: org-00000000-0000-4000-8000-000000000000]
    #[arg(long, value_name = "ID", help_heading = "Client-side tokens")]
    organization: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Rules {
    Strict,
    #[value(name = "published-2025")]
    Published2025,
}

impl Args {
    fn token_rules(&self) -> TokenRules {
        let rules = match self.token_rules {
            Rules::Published2025 => return TokenRules::published_2025(),
            Rules::Strict => TokenRules::strict(),
        };
        rules
            .bare_refusals(self.bare_refusals)
            .used_tokens_outlive_deletion(self.used_tokens_outlive_deletion)
            .lenient_expiry(self.lenient_expiry)
            .any_origin(self.any_origin)
            .update_by_post(self.update_by_post)
    }
}

#[derive(Clone)]
struct KnownProject {
    slug: String,
    id: Option<String>,
}

/// Only takes what can be printed as a shell variable without quotes.
fn parse_project(text: &str) -> Result<KnownProject, &'static str> {
    let is_plain = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let (slug, id) = match text.split_once('=') {
        Some((slug, id)) => (slug, Some(id)),
        None => (text, None),
    };
    if !is_plain(slug) || !id.is_none_or(is_plain) {
        return Err("write it as SLUG or SLUG=ID, with letters, digits, `-`, `_` and `.`");
    }
    Ok(KnownProject {
        slug: slug.to_owned(),
        id: id.map(str::to_owned),
    })
}

fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    text.parse::<SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or("write it as 2s, 150ms or 1m 30s")
}

fn main() -> ExitCode {
    let args = Args::parse();
    if args.script_schema {
        return print_schema();
    }
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("letta-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print_schema() -> ExitCode {
    let schema = format!("{:#}\n", ScriptFile::schema());
    match std::io::stdout().write_all(schema.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("letta-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    if !args.listen.ip().is_loopback() && !args.allow_remote {
        return Err(format!(
            "{} is not a loopback address: others on the network could connect. \
             Add --allow-remote to allow this",
            args.listen
        )
        .into());
    }
    // Before the address is printed: whoever reads it may interrupt at once.
    let interrupt = interrupt()?;

    let rules = args.token_rules();
    let mut builder = Emulator::builder().listen(args.listen).token_rules(rules);
    if let Some(organization) = args.organization {
        builder = builder.organization(organization);
    }
    if let Some(api_key) = args.api_key {
        builder = builder.api_key(api_key);
    }
    for project in &args.projects {
        builder = match &project.id {
            Some(id) => builder.project_with_id(&project.slug, id),
            None => builder.project(&project.slug),
        };
    }
    for agent in args.agents {
        builder = builder.agent(match agent.split_once('=') {
            Some((id, name)) => NewAgent::new(id).name(name),
            None => NewAgent::new(agent),
        });
    }
    if let Some(path) = args.script {
        builder = builder.script_file(ScriptFile::read(path)?);
    }
    if let Some(path) = args.state {
        builder = builder.state_file(path);
    }
    for host in args.allowed_hosts {
        builder = builder.allow_host(host);
    }
    for fault in args.faults {
        builder = builder.fault(fault);
    }
    let skew = args.clock_skew.unsigned_abs();
    builder = builder.clock(if args.clock_skew.is_negative() {
        SkewedClock::behind(skew)
    } else {
        SkewedClock::ahead(skew)
    });
    let emulator = builder
        .seed(args.seed)
        .word_delay(args.word_delay)
        .start()
        .await?;
    // Nobody may be reading any more, which is no reason not to serve.
    let _ = std::io::stdout().write_all(greeting(&emulator, &args.projects).as_bytes());
    serve(&emulator, interrupt).await;
    let saved = emulator.save_state().await;
    emulator.shutdown().await;
    Ok(saved?)
}

/// Waits for the end, and says meanwhile if the state cannot be written.
async fn serve(emulator: &Emulator, end: impl Future<Output = ()>) {
    let mut end = std::pin::pin!(end);
    let mut told = None;
    loop {
        tokio::select! {
            () = &mut end => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
        let trouble = emulator.state_trouble();
        if trouble != told {
            match &trouble {
                Some(trouble) => {
                    eprintln!("letta-emulator: {trouble}. It is tried again every second")
                }
                None => eprintln!("letta-emulator: the state is written again"),
            }
            told = trouble;
        }
    }
}

/// What a user needs to point a client here, and what to do next. Each line can be given to a shell. Holds the key only if it
/// is the well-known one.
fn greeting(emulator: &Emulator, projects: &[KnownProject]) -> String {
    let url = emulator.base_url();
    let (key, sent) = match emulator.api_key().secret().expose_secret() {
        Emulator::DEFAULT_API_KEY => (
            format!("export LETTA_API_KEY={}", Emulator::DEFAULT_API_KEY),
            Emulator::DEFAULT_API_KEY,
        ),
        _ => (
            "# LETTA_API_KEY: the key given by --api-key or LETTA_EMULATOR_API_KEY".to_owned(),
            "$LETTA_API_KEY",
        ),
    };
    let project = match projects {
        [] => "# LETTA_PROJECT: any, or none".to_owned(),
        [first, ..] => format!("export LETTA_PROJECT={}", first.slug),
    };
    let page = match emulator.page_url() {
        Some(page) => format!("# Watch it in a browser: {page}\n"),
        None => String::new(),
    };
    // The IDs of agents need no quotes in a shell.
    let (next, path, body) = match emulator.agents().first() {
        Some(agent) => (
            format!("Talk to {}", agent.id()),
            format!("{}/messages", agent.id()),
            r#"{"input": "Hello"}"#,
        ),
        None => (
            "Make an agent".to_owned(),
            String::new(),
            r#"{"name": "Ada"}"#,
        ),
    };
    format!(
        "letta-emulator listening on {url}\n\
         export LETTA_BASE_URL={url}\n\
         {key}\n\
         {project}\n\
         {page}\
         # {next}:\n\
         curl -H \"Authorization: Bearer {sent}\" -H \"Content-Type: application/json\" -d '{body}' {url}/v1/agents/{path}\n"
    )
}

/// Catches Ctrl-C, and SIGTERM if the system has it, from now on. The future ends with the first.
#[cfg(unix)]
fn interrupt() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Catches Ctrl-C, from now on. The future ends with the first.
#[cfg(windows)]
fn interrupt() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
