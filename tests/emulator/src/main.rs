//! The emulator as a program.
//!
//! ```text
//! letta-emulator --listen 127.0.0.1:8283 --api-key sk-let-test
//! ```

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use letta_api_emulator::Emulator;

/// Stands in for the Letta service: client-side access tokens over HTTP, in memory.
///
/// Prints its address and serves until it is interrupted. Everything is lost then.
#[derive(Parser)]
#[command(name = "letta-emulator", version)]
struct Args {
    /// Where to listen; port 0 is a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8283")]
    listen: SocketAddr,

    /// The API key to let in. Other users of the machine can read command lines: the variable keeps a
    /// real key out of them [default: sk-let-emulator]
    // No default of clap's, and no shown value of the variable: clap would print them.
    #[arg(
        long,
        value_name = "KEY",
        env = "LETTA_EMULATOR_API_KEY",
        hide_env_values = true
    )]
    api_key: Option<String>,

    /// A project that there is, by its slug, or by its slug and its ID; can be repeated. Without it,
    /// every project is there
    #[arg(long = "project", value_name = "SLUG[=ID]", value_parser = parse_project)]
    projects: Vec<KnownProject>,

    /// Listen on an address that is not loopback all the same: open to the network, and not encrypted
    #[arg(long)]
    allow_remote: bool,
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

fn main() -> ExitCode {
    let args = Args::parse();
    match run(args) {
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
            "{} is not a loopback address, and would open the emulator to the network; \
             say --allow-remote if that is meant",
            args.listen
        )
        .into());
    }
    // Before the address is printed: whoever reads it may interrupt at once.
    let interrupt = interrupt()?;

    let mut builder = Emulator::builder().listen(args.listen);
    if let Some(api_key) = args.api_key {
        builder = builder.api_key(api_key);
    }
    for project in &args.projects {
        builder = match &project.id {
            Some(id) => builder.project_with_id(&project.slug, id),
            None => builder.project(&project.slug),
        };
    }
    let emulator = builder.start().await?;
    // Nobody may be reading any more, which is no reason not to serve.
    let _ = std::io::stdout().write_all(greeting(&emulator, &args.projects).as_bytes());
    interrupt.await;
    emulator.shutdown().await;
    Ok(())
}

/// What a user needs to point a client here. Holds the key only where it is the well-known one.
fn greeting(emulator: &Emulator, projects: &[KnownProject]) -> String {
    let url = emulator.base_url();
    let key = match emulator.api_key().secret().expose_secret() {
        Emulator::DEFAULT_API_KEY => format!("export LETTA_API_KEY={}", Emulator::DEFAULT_API_KEY),
        _ => "# LETTA_API_KEY: the key given by --api-key or LETTA_EMULATOR_API_KEY".to_owned(),
    };
    let project = match projects {
        [] => "# LETTA_PROJECT: any, or none".to_owned(),
        [first, ..] => format!("export LETTA_PROJECT={}", first.slug),
    };
    format!(
        "letta-emulator listening on {url}\n\
         export LETTA_BASE_URL={url}\n\
         {key}\n\
         {project}\n"
    )
}

/// Catches Ctrl-C, and SIGTERM where there is one, from now on. The future ends with the first.
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
