//! What the commands do.

mod agent;
mod api;
mod block;
mod chat;
mod each;
#[cfg(feature = "emulator")]
mod emulator;
mod fleet;
mod folder;
mod message;
mod profile;
mod run;
mod send;
mod shell;
mod token;
mod tool;

use crate::args::{Command, EmulatorArgs};
use crate::context::Context;
use crate::failure::{Failure, Kind};

/// Runs a command until it ends, or until Ctrl-C.
pub(crate) async fn run(command: Command, context: &Context) -> Result<(), Failure> {
    let command = match command {
        // These decide themselves what an interrupt means.
        Command::Chat(args) => return chat::run(args, context).await,
        Command::Send(args) => return send::run(args, context).await,
        Command::Emulator(args) => return emulator(args, context).await,
        command => command,
    };
    tokio::select! {
        // What is read before the first request is read by this thread, and Ctrl-C ends the program then.
        biased;
        ended = dispatch(command, context) => ended,
        interrupt = tokio::signal::ctrl_c() => match interrupt {
            Ok(()) => Err(Failure::silent(Kind::Interrupted)),
            Err(error) => Err(Failure::other(format!("Ctrl-C cannot be caught: {error}"))),
        },
    }
}

async fn dispatch(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Agent(command) => agent::run(command, context).await,
        Command::Messages(args) => message::list(args, context).await,
        Command::Conversations(args) => message::conversations(args, context).await,
        Command::Runs(args) => run::list(args, context).await,
        Command::Run(command) => run::run(command, context).await,
        // `run` has taken them.
        Command::Chat(_) | Command::Send(_) | Command::Emulator(_) => Ok(()),
        Command::Apply(args) => fleet::apply(args, context).await,
        Command::Diff(args) => fleet::diff(args, context).await,
        Command::Token(command) => token::run(command, context).await,
        Command::Block(command) => block::run(command, context).await,
        Command::Tool(command) => tool::run(command, context).await,
        Command::Folder(command) => folder::run(command, context).await,
        Command::Api(args) => api::run(args, context).await,
        Command::Profile(command) => profile::run(command, context).await,
        Command::Completions(args) => shell::completions(&args, context),
        Command::Man(args) => shell::man(&args, context),
    }
}

#[cfg(feature = "emulator")]
async fn emulator(args: EmulatorArgs, context: &Context) -> Result<(), Failure> {
    emulator::run(args, context).await
}

#[cfg(not(feature = "emulator"))]
async fn emulator(_: EmulatorArgs, _: &Context) -> Result<(), Failure> {
    Err(without_emulator())
}

/// This program was built without it.
#[cfg(not(feature = "emulator"))]
pub(crate) fn without_emulator() -> Failure {
    Failure::usage("this program was built without the emulator")
        .advise("Install it with the emulator: cargo install letta-cli")
}
