//! The program `letta`: the Letta API at the command line.
//!
//! `letta --help` shows all commands. See the package's README.

mod args;
mod commands;
mod confirm;
mod context;
#[cfg(feature = "emulator")]
mod demo;
mod environment;
mod failure;
mod fleet;
mod input;
mod key;
mod lookup;
mod output;
mod private;
mod profile;
mod setters;
mod talk;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Args;
use crate::context::Context;
use crate::failure::Failure;

fn main() -> ExitCode {
    // Nothing is started for `--help`, or for a wrong option.
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return misread(&error),
    };
    let style = args.global.color.style();
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(style),
    }
}

fn run(args: Args) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::other(format!("the program could not start: {error}")))?;
    let context = Context::new(args.global);
    let ended = runtime.block_on(commands::run(args.command, &context));
    // A read of the standard input cannot be interrupted, and must not hold the program.
    runtime.shutdown_background();
    ended
}

/// Prints the help that was asked for, or what is wrong with the command line. A secret in it is not shown again.
fn misread(error: &clap::Error) -> ExitCode {
    use std::io::Write as _;

    if !error.use_stderr() {
        // Whoever reads it may have seen enough.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let is_secret = |word: &&String| word.contains("sk-let-") || word.contains("ck-let-");
    let secrets: Vec<&String> = words.iter().filter(is_secret).collect();
    let names_key = words.iter().any(|word| word.starts_with("--api-key"));
    if secrets.is_empty() && !names_key {
        let _ = error.print();
        return ExitCode::from(2);
    }
    let mut text = error.render().to_string();
    for secret in secrets {
        text = text.replace(secret.as_str(), "[hidden]");
        // clap shows an option and its value one by one.
        if let Some((_, value)) = secret.split_once('=') {
            text = text.replace(value, "[hidden]");
        }
    }
    let _ = write!(std::io::stderr(), "{text}");
    let _ = writeln!(
        std::io::stderr(),
        "\nOther users of this machine can read command lines, so no secret belongs there. Give the key in LETTA_API_KEY, by \
         --key-file, or in a profile."
    );
    ExitCode::from(2)
}
