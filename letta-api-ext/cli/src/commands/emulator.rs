//! `letta emulator`: a Letta service on this machine.

use letta_api_emulator::{Emulator, NewAgent, ScriptFile};

use crate::args::EmulatorArgs;
use crate::context::Context;
use crate::demo::{self, not_started};
use crate::failure::Failure;
use crate::talk::Stops;

pub(crate) async fn run(args: EmulatorArgs, context: &Context) -> Result<(), Failure> {
    if !args.listen.ip().is_loopback() {
        let message = format!("`{}` is not an address of this machine alone", args.listen);
        return Err(Failure::usage(message).advise(
            "Give a loopback address, as in 127.0.0.1:8283. The program letta-emulator can serve a network.",
        ));
    }
    let mut builder = Emulator::builder()
        .listen(args.listen)
        .word_delay(args.word_delay.unwrap_or(demo::WORD_DELAY));
    builder = match &args.script {
        Some(path) => {
            let file = ScriptFile::read(path);
            builder.script_file(
                file.map_err(|error| Failure::usage(format!("the script is not valid: {error}")))?,
            )
        }
        None if args.agents.is_empty() => demo::with_agent(builder)?,
        None => builder,
    };
    for agent in &args.agents {
        builder = builder.agent(match agent.split_once('=') {
            Some((id, name)) => NewAgent::new(id).name(name),
            None => NewAgent::new(agent),
        });
    }
    if let Some(path) = &args.state {
        builder = builder.state_file(path);
    }
    let emulator = builder.start().await.map_err(|error| {
        not_started(&error).advise("If the port is taken: --listen 127.0.0.1:0 picks a free one.")
    })?;
    // Before anybody knows that it is there.
    let mut stops = Stops::listen();
    greet(&emulator, context)?;
    stops.next().await;
    let saved = emulator.save_state().await;
    emulator.shutdown().await;
    saved.map_err(|error| Failure::other(format!("the state could not be written: {error}")))
}

/// What to copy into another terminal. The key is known to everybody, and is no secret.
fn greet(emulator: &Emulator, context: &Context) -> Result<(), Failure> {
    let agents = emulator.agents();
    let agent = agents.first();
    let next = match agent {
        Some(agent) => format!("letta chat {}", agent.id()),
        None => "letta agent create --name Ada".to_owned(),
    };
    context.note("The emulator serves until Ctrl-C. In another terminal:");
    context.output().text(&format!(
        "export LETTA_BASE_URL={} LETTA_API_KEY={}\n{next}\n",
        emulator.base_url(),
        Emulator::DEFAULT_API_KEY
    ))?;
    if let Some(page) = emulator.page_url() {
        context.note(format_args!("Watch it in a browser: {page}"));
    }
    Ok(())
}
