//! Runs the benchmarks. Called by `cargo xtask bench`, which builds what they need.

use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use letta_api_bench::sections::{self, AnySection};
use letta_api_bench::{Result, page};

fn main() -> ExitCode {
    match run(&command().get_matches()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Command {
    let names = sections::all()
        .into_iter()
        .map(|it| PossibleValue::new(it.name()).help(it.about()));
    Command::new("cargo xtask bench")
        .bin_name("cargo xtask bench")
        .about("Measures, and writes BENCHMARKS.md and benchmarks/ with their plots")
        .arg(
            Arg::new("sections")
                .help("What to measure [default: all but generators]")
                .action(ArgAction::Append)
                .num_args(0..)
                .value_parser(PossibleValuesParser::new(names)),
        )
        .arg(
            Arg::new("rounds")
                .long("rounds")
                .help("How many rounds [default: 11, or fewer where a round takes minutes]")
                .value_parser(value_parser!(u16).range(1..)),
        )
        .arg(
            Arg::new("page_only")
                .long("page-only")
                .help("Measure nothing; write the pages of the results that are there")
                .action(ArgAction::SetTrue),
        )
}

fn run(args: &ArgMatches) -> Result<()> {
    let mut failed = Vec::new();
    let asked: Vec<&String> = args.get_many("sections").unwrap_or_default().collect();
    let is_asked = |section: &dyn AnySection| match asked.is_empty() {
        true => section.is_part_of_all(),
        false => asked.iter().any(|it| *it == section.name()),
    };
    if !args.get_flag("page_only") {
        let rounds = args.get_one("rounds").copied();
        // One that fails leaves the others, which take long, and its results of the last time.
        for section in sections::all() {
            if is_asked(&*section)
                && let Err(error) = section.measure_and_keep(rounds)
            {
                eprintln!("error: {}: {error}", section.name());
                failed.push(section.name());
            }
        }
    }
    for path in page::write_all()? {
        println!("written: {}", path.display());
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("not measured, see above: {}", failed.join(", ")).into()),
    }
}
