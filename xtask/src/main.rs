//! `cargo xtask`: see [`xtask`].

#![deny(clippy::print_stderr, clippy::print_stdout)]

use std::ffi::OsString;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use xtask::commands::{self, bench};
use xtask::console;

/// What the tests of all operations call them with.
const CALLERS: &str = "tests/operations/src/generated.rs";

/// What the emulator checks requests by.
const REQUESTS: &str = "tests/emulator/src/description/description.json";

/// Maintainers' commands of this workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Generate the raw client, letta-api, or a crate for another service, from an OpenAPI description
    ///
    /// With DESCRIPTION and --out, a crate is begun that stands alone, see xtask/README.md. The same command keeps it in step with the
    /// description.
    Codegen {
        /// Write nothing; print diffs and fail if the checked-in code is stale
        #[arg(long)]
        check: bool,
        /// List what was rewritten to lower OpenAPI 3.1 to 3.0, on standard error
        #[arg(long)]
        explain: bool,
        /// The OpenAPI description, YAML or JSON [default: openapi/letta.yaml, with its overlay]
        #[arg(value_name = "DESCRIPTION", requires = "out")]
        description: Option<PathBuf>,
        /// The same, as other commands have it
        #[arg(
            long = "description",
            value_name = "FILE",
            conflicts_with = "description",
            hide = true
        )]
        named: Option<PathBuf>,
        /// The OpenAPI Overlay to apply to it first
        #[arg(long, value_name = "FILE")]
        overlay: Option<PathBuf>,
        /// The folder of the crate to generate; if there is none, a crate that stands alone is begun [default: letta-api]
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
        /// The name of a crate that stands alone [default: as its manifest says, else that of the folder]
        #[arg(long, value_name = "NAME", requires = "out")]
        name: Option<String>,
        /// The file to write for tests that call every method [default: the one in tests/operations, if the description and
        /// the crate are ours]
        #[arg(long, value_name = "FILE")]
        callers: Option<PathBuf>,
        /// The file to write for a program that checks requests [default: the emulator's, if the description and the crate are
        /// ours]
        #[arg(long, value_name = "FILE")]
        requests: Option<PathBuf>,
        /// Write how long each stage took, as JSON
        #[arg(long, value_name = "FILE")]
        timings: Option<PathBuf>,
        /// Write what was decided: fields that are any JSON, unions read by shape, what is left out. JSON if the name ends in `.json`, a
        /// page if it ends in `.html`, else text
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
    },
    /// List all that is wrong with a description, and warn of names and secrets; fails if anything is wrong
    Lint {
        /// The OpenAPI description, YAML or JSON [default: openapi/letta.yaml, with its overlay]
        #[arg(value_name = "FILE")]
        description: Option<PathBuf>,
        /// The OpenAPI Overlay to apply to it first
        #[arg(long, value_name = "FILE")]
        overlay: Option<PathBuf>,
        /// How to print what is found
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Begin an overlay for a description of somebody else, so that the first run of codegen works
    ///
    /// It holds the decisions that most descriptions need, grouped and explained, and is to be edited. A file that is there is not
    /// written over.
    Init {
        /// The OpenAPI description, YAML or JSON
        #[arg(value_name = "FILE")]
        description: PathBuf,
        /// The OpenAPI Overlay to write [default: overlay.yaml beside the description]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Only operations with this path, such as `/v1/agents/**` or `GET /v1/agents`; more than once for several
        #[arg(long = "path", value_name = "PATTERN")]
        paths: Vec<String>,
        /// Only operations with this tag
        #[arg(long = "tag", value_name = "PATTERN")]
        tags: Vec<String>,
        /// Only operations with this `operationId`, or this name of a method
        #[arg(long = "id", value_name = "PATTERN")]
        ids: Vec<String>,
    },
    /// Compare the description with another, such as the one that the service publishes
    ///
    /// Exits with 0 if they agree, with 1 if they differ, and with 2 if they cannot be compared. What the overlay
    /// explains never counts.
    Drift {
        /// The other OpenAPI description, YAML or JSON
        #[arg(value_name = "OTHER")]
        other: PathBuf,
        /// Our OpenAPI description [default: openapi/letta.yaml, with its overlay]
        #[arg(long, value_name = "FILE")]
        description: Option<PathBuf>,
        /// The OpenAPI Overlay of ours
        #[arg(long, value_name = "FILE")]
        overlay: Option<PathBuf>,
        /// Leave out operations that ours lacks
        #[arg(long)]
        ours_only: bool,
        /// Which differences make the command exit with 1
        #[arg(long, value_enum, default_value_t)]
        fail_on: FailOn,
        /// How to print what is found
        #[arg(long, value_enum, default_value_t)]
        format: DriftFormat,
    },
    /// Write the description as one file, for tools that read no other
    ///
    /// What is in other files becomes components. Order is kept, and comments are not. Extensions for codegen are left out.
    Bundle {
        /// Where to write it; JSON if the name ends in `.json`, else YAML [default: standard output]
        #[arg(value_name = "OUT")]
        out: Option<PathBuf>,
        /// The OpenAPI description, YAML or JSON [default: openapi/letta.yaml]
        #[arg(long, value_name = "FILE")]
        description: Option<PathBuf>,
        /// Apply an OpenAPI Overlay first: this one, or that of openapi/
        #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
        overlay: Option<Option<PathBuf>>,
        /// How to write it, whatever the name is
        #[arg(long, value_enum)]
        format: Option<BundleFormat>,
    },
    /// Measure, and write BENCHMARKS.md and benchmarks/; `cargo xtask bench --help` says what can be measured
    #[command(disable_help_flag = true)]
    Bench {
        /// Arguments of the benchmarks
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum BundleFormat {
    /// YAML 1.2, which readers of 1.1 read the same
    Yaml,
    /// JSON, indented
    Json,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum FailOn {
    /// Any that the overlay does not explain
    #[default]
    Any,
    /// Those that would break users of the SDK if ours said the same
    Breaking,
    /// None
    Never,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum DriftFormat {
    /// Grouped by operation and by schema
    #[default]
    Text,
    /// One object, with all places
    Json,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    /// As rustc prints errors
    #[default]
    Text,
    /// One array, a finding each
    Json,
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Codegen {
            check,
            explain,
            description,
            named,
            overlay,
            out,
            name,
            callers,
            requests,
            timings,
            report,
        } => {
            let description = description.or(named);
            let begin = description.is_some() && out.is_some();
            let ours = description.is_none() && out.is_none();
            let callers = callers.or_else(|| ours.then(|| in_workspace(CALLERS)));
            let requests = requests.or_else(|| ours.then(|| in_workspace(REQUESTS)));
            let overlay = overlay_for(overlay, description.as_deref());
            let options = commands::codegen::Options {
                description: description.unwrap_or_else(|| in_workspace("openapi/letta.yaml")),
                overlay,
                out: out.unwrap_or_else(|| in_workspace("letta-api")),
                begin,
                name,
                callers,
                requests,
                report: report.is_some(),
                check,
            };
            codegen(&options, explain, timings.as_deref(), report.as_deref())
        }
        Command::Lint {
            description,
            overlay,
            format,
        } => {
            let overlay = overlay_for(overlay, description.as_deref());
            let options = commands::lint::Options {
                description: description.unwrap_or_else(|| in_workspace("openapi/letta.yaml")),
                overlay,
            };
            lint(&options, format)
        }
        Command::Init {
            description,
            out,
            paths,
            tags,
            ids,
        } => {
            let out = out.unwrap_or_else(|| description.with_file_name("overlay.yaml"));
            let only = commands::init::Only { paths, tags, ids };
            init(&commands::init::Options {
                description,
                out,
                only,
            })
        }
        Command::Drift {
            other,
            description,
            overlay,
            ours_only,
            fail_on,
            format,
        } => {
            let overlay = overlay_for(overlay, description.as_deref());
            let options = commands::drift::Options {
                description: description.unwrap_or_else(|| in_workspace("openapi/letta.yaml")),
                overlay,
                other,
                ours_only,
            };
            drift(&options, fail_on, format)
        }
        Command::Bundle {
            out,
            description,
            overlay,
            format,
        } => {
            let ours = || in_workspace("openapi/overlay.yaml");
            let options = commands::bundle::Options {
                description: description.unwrap_or_else(|| in_workspace("openapi/letta.yaml")),
                overlay: overlay.map(|named| named.unwrap_or_else(ours)),
            };
            bundle(&options, out.as_deref(), format)
        }
        Command::Bench { arguments } => {
            match bench::run(&in_workspace("tests/bench/Cargo.toml"), &arguments) {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            }
        }
    }
}

/// Writes the description as one file, or prints it.
fn bundle(
    options: &commands::bundle::Options,
    out: Option<&Path>,
    format: Option<BundleFormat>,
) -> ExitCode {
    let format = match (format, out) {
        (Some(BundleFormat::Yaml), _) | (None, None) => commands::bundle::Format::Yaml,
        (Some(BundleFormat::Json), _) => commands::bundle::Format::Json,
        (None, Some(out)) => commands::bundle::Format::of(out),
    };
    let written = commands::bundle::run(options).and_then(|bundle| match out {
        Some(out) => bundle.write(out, format),
        None => console::print(&bundle.text(format)),
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fails(&failure, 1),
    }
}

/// Prints how the two differ.
fn drift(options: &commands::drift::Options, fail_on: FailOn, format: DriftFormat) -> ExitCode {
    match commands::drift::run(options) {
        Ok(report) => {
            let fail_on = match fail_on {
                FailOn::Any => commands::drift::FailOn::Any,
                FailOn::Breaking => commands::drift::FailOn::Breaking,
                FailOn::Never => commands::drift::FailOn::Never,
            };
            let text = match format {
                DriftFormat::Text => commands::drift::to_text(&report),
                DriftFormat::Json => commands::drift::to_json(&report, options),
            };
            tells(&text, commands::drift::exit_code(&report, fail_on))
        }
        Err(failure) => fails(&commands::drift::failure_to_text(&failure), 2),
    }
}

/// Prints what is found. Exits with 1 if an error is, and with 2 if a file cannot be read.
fn lint(options: &commands::lint::Options, format: Format) -> ExitCode {
    match commands::lint::run(options) {
        Ok(findings) => {
            let text = match format {
                Format::Text => commands::lint::to_text(&findings),
                Format::Json => commands::lint::to_json(&findings),
            };
            tells(&text, u8::from(commands::lint::has_errors(&findings)))
        }
        Err(failure) => fails(&failure, 2),
    }
}

/// Begins an overlay. Exits with 1 if something is left to a person, and with 2 if no overlay was written.
fn init(options: &commands::init::Options) -> ExitCode {
    match commands::init::run(options) {
        Ok(report) => tells(&report.summary(options), u8::from(!report.left.is_empty())),
        Err(failure) => fails(&failure, 2),
    }
}

/// Generates, and tells what was done.
fn codegen(
    options: &commands::codegen::Options,
    explain: bool,
    timings: Option<&Path>,
    decided: Option<&Path>,
) -> ExitCode {
    for (option, file) in [("--timings", timings), ("--report", decided)] {
        if let Some(file) = file
            && let Err(failure) = options.check_extra(option, file)
        {
            return fails(&failure, 1);
        }
    }
    // Beside the errors: a later stage may fail.
    let outcome = commands::codegen::run(options, |lowered| {
        if explain {
            console::warn(&format_args!("{}\n", lowered.explain()));
        }
    });
    match outcome {
        Ok(report) => {
            if let Some(warned) = report.warned(options) {
                console::warn(&format_args!("{warned}\n"));
            }
            let ended = tells(&report.summary(&options.out), 0);
            if let Some(path) = timings
                && let Err(error) = std::fs::write(path, report.timings())
            {
                let path = path.display();
                let problem = "how long the stages took cannot be written";
                return fails(&format_args!("error: {path}: {problem}: {error}"), 1);
            }
            if let Some((path, decided)) = decided.zip(report.decided.as_ref())
                && let Err(error) = std::fs::write(path, decided.for_file(path))
            {
                let path = path.display();
                let problem = "what was decided cannot be written";
                return fails(&format_args!("error: {path}: {problem}: {error}"), 1);
            }
            ended
        }
        Err(failure) => {
            let ended = fails(&failure, 1);
            if let Some(advice) = commands::codegen::advice(options, &failure) {
                console::warn(&format_args!("\n{advice}"));
            }
            ended
        }
    }
}

/// Prints what a command has to say, and ends with this code. With 2 if it cannot be printed.
fn tells(text: &str, code: u8) -> ExitCode {
    match console::print(&format!("{text}\n")) {
        Ok(()) => ExitCode::from(code),
        Err(failure) => fails(&failure, 2),
    }
}

/// Prints why a command failed, and ends with this code.
fn fails(why: &dyn Display, code: u8) -> ExitCode {
    console::warn(why);
    ExitCode::from(code)
}

/// The overlay that was named, or ours if the description is ours: to another description it would not fit.
fn overlay_for(named: Option<PathBuf>, description: Option<&Path>) -> Option<PathBuf> {
    let is_ours = description.is_none();
    named.or_else(|| is_ours.then(|| in_workspace("openapi/overlay.yaml")))
}

/// A path of the workspace, whatever folder the command is run in; short if it can be.
fn in_workspace(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace");
    match std::env::current_dir() {
        Ok(here) if here == root => PathBuf::from(path),
        _ => root.join(path),
    }
}
