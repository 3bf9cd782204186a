//! The program `letta`: the Letta API at the command line.
//!
//! `letta --help` shows all commands. See the package's README.

mod args;
mod commands;
mod context;
mod failure;
mod fleet;
mod input;
mod key;
mod output;
mod profile;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Args;
use crate::context::Context;
use crate::failure::Failure;

fn main() -> ExitCode {
    // clap ends the program for `--help` and for a wrong option. Nothing is started for that.
    let args = Args::parse();
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
