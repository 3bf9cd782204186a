//! `cargo xtask bench`: runs the benchmarks. They are a separate package, so that xtask does not depend on the SDK.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

use crate::console;

/// Builds the benchmarks of this manifest with all of their programs, with optimizations, and runs them. Returns
/// whether both succeeded. The one that failed has printed why.
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
                console::warn(&format_args!("error: cannot run cargo: {error}"));
                false
            }
        }
    };
    let mut run: Vec<&OsStr> = ["--bin", "bench", "--"].map(OsStr::new).into();
    run.extend(arguments.iter().map(OsString::as_os_str));
    cargo("build", &[OsStr::new("--bins")]) && cargo("run", &run)
}
