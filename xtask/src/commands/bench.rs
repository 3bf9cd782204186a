//! `cargo xtask bench`: the benchmarks, which are a package of their own.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

/// Builds the benchmarks of this manifest with all of their programs, as fast as they can be, and runs them. Tells
/// whether both went well; whoever fails has said why.
pub fn run(manifest: &Path, arguments: &[OsString]) -> bool {
    let cargo = |subcommand: &str, arguments: &[&OsStr]| {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(program)
            .args([subcommand, "--release", "--manifest-path"])
            .arg(manifest)
            .args(arguments)
            .status();
        match status {
            Ok(status) => status.success(),
            Err(error) => {
                eprintln!("error: cannot run cargo: {error}");
                false
            }
        }
    };
    let mut run: Vec<&OsStr> = ["--bin", "bench", "--"].map(OsStr::new).into();
    run.extend(arguments.iter().map(OsString::as_os_str));
    cargo("build", &[OsStr::new("--bins")]) && cargo("run", &run)
}
