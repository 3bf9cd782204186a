//! Runs the benchmarks. Called by `cargo xtask bench`, which builds what they need.

use std::process::ExitCode;

use clap::Parser;
use letta_api_bench::section::{Results, Section};
use letta_api_bench::{
    Result, call, codegen, events, footprint, generators, in_process, machine, page, rivals,
    turn_streams,
};

/// Measures, and writes BENCHMARKS.md with its plots
#[derive(Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Args {
    /// What to measure [default: all]
    sections: Vec<Name>,
    /// How many rounds [default: 11, or 3 where a round takes minutes]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: Option<u16>,
    /// Measure nothing; write the page of the results that are there
    #[arg(long)]
    page_only: bool,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Name {
    /// A call, against the same without the SDK
    Call,
    /// What else there is: another crate, and the official clients
    Rivals,
    /// What the SDK costs an application: time to build, size, memory
    Footprint,
    /// What is done without the network: tokens from the cache, and policies
    Minter,
    /// Events of a turn, against a bare reader
    Events,
    /// Turns as they come, against a bare reader and the official clients
    TurnStreams,
    /// Code generation, against progenitor by itself
    Codegen,
    /// Our generator beside others, which tests/bench/generators/install installs
    Generators,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    if !args.page_only {
        measure(&call::CallSection, Name::Call, args)?;
        measure(&rivals::RivalsSection, Name::Rivals, args)?;
        measure(&footprint::FootprintSection, Name::Footprint, args)?;
        measure(&in_process::InProcessSection, Name::Minter, args)?;
        measure(&events::EventsSection, Name::Events, args)?;
        measure(&turn_streams::TurnStreamsSection, Name::TurnStreams, args)?;
        measure(&codegen::CodegenSection, Name::Codegen, args)?;
        // The others are not part of everything: they must be installed first, which takes longer than all else.
        if args.sections.contains(&Name::Generators) {
            measure(&generators::GeneratorsSection, Name::Generators, args)?;
        }
    }
    for (path, text) in page::render()? {
        page::write(&path, &text)?;
        println!("written: {}", path.display());
    }
    Ok(())
}

fn measure<S: Section>(section: &S, name: Name, args: &Args) -> Result<()> {
    if !args.sections.is_empty() && !args.sections.contains(&name) {
        return Ok(());
    }
    let mut scale = section.scale();
    scale.rounds = args.rounds.map_or(scale.rounds, usize::from);
    println!("measuring: {}", S::NAME);
    let results = Results {
        machine: machine::Machine::this(),
        day: machine::today(),
        rounds: scale.rounds,
        results: section.measure(&scale)?,
    };
    page::keep::<S>(&results)
}
