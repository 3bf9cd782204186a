//! The packages of `tests/bench/rivals`, a workspace of its own, and how cargo builds them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use wait4::Wait4;

use crate::programs::program;
use crate::section::workspace;
use crate::{Error, Result};

/// What a build took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Cost {
    /// From its start to its end, in seconds.
    pub wall: f64,
    /// Processor time of cargo and all that it ran, in seconds.
    pub cpu: f64,
}

/// Where they are.
#[must_use]
pub fn folder() -> PathBuf {
    workspace().join("tests/bench/rivals")
}

/// The target folder that the running program was built in. Dependencies that the workspaces have in common are built
/// there once.
#[must_use]
pub fn shared_target() -> PathBuf {
    let profile = program("bench");
    let target = profile.ancestors().nth(2);
    target.expect("a folder of a profile, in one").to_owned()
}

/// Where a package's program is built.
#[must_use]
pub fn built(target: &Path, profile: &str, package: &str) -> PathBuf {
    let name = format!("{package}{}", std::env::consts::EXE_SUFFIX);
    target.join(profile).join(name)
}

/// Builds all of the workspace in this folder without optimizations, where the running program was built.
///
/// # Errors
///
/// As [`build`].
pub fn build_for_smoke(folder: &Path) -> Result<Cost> {
    let mut command = cargo(folder, "build");
    command.arg("--workspace");
    command.arg("--target-dir").arg(shared_target());
    // As in the SDK's workspace, or nothing would be in common.
    if std::env::var_os("CARGO_PROFILE_DEV_DEBUG").is_none() {
        command.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
        command.args(["--config", "profile.dev.package.\"*\".debug=false"]);
    }
    build(command)
}

/// Variables that change what cargo builds, which is to be as its defaults say where it is measured.
pub const CHANGES_BUILDS: [&str; 4] = [
    "CARGO_BUILD_JOBS",
    "CARGO_INCREMENTAL",
    "CARGO_PROFILE_DEV_DEBUG",
    "RUSTFLAGS",
];

/// Cargo, in the workspace in this folder.
#[must_use]
pub fn cargo(folder: &Path, subcommand: &str) -> Command {
    let mut command = cargo_unlocked(folder, subcommand);
    command.arg("--locked");
    command
}

/// Cargo, in the workspace in this folder, whose lock file it may change.
#[must_use]
pub fn cargo_unlocked(folder: &Path, subcommand: &str) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args([subcommand, "--manifest-path"])
        .arg(folder.join("Cargo.toml"));
    // What cargo tells the running program of its package makes build scripts run anew that look at their own's.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// Has cargo build.
///
/// # Errors
///
/// Where it cannot: code that does not compile, and crates that are neither here nor to be had.
pub fn build(mut command: Command) -> Result<Cost> {
    let began = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    let used = child.wait4()?;
    if !used.status.success() {
        return Err(failed("build"));
    }
    Ok(Cost {
        wall: began.elapsed().as_secs_f64(),
        cpu: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
    })
}

/// How many crates a package is built of, itself not counted. What of them is not here is fetched.
///
/// # Errors
///
/// Where cargo does not say, above all where crates are neither here nor to be had.
pub fn count_crates(folder: &Path, package: &str) -> Result<usize> {
    let output = cargo(folder, "tree")
        .args(["--package", package, "--edges", "normal,build"])
        .args(["--prefix", "none", "--no-dedupe", "--format", "{p}"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(failed("tree"));
    }
    let text = String::from_utf8(output.stdout)?;
    // With the name and the version begins each line; some say more.
    let crates = text.lines().map(|line| {
        let words: Vec<&str> = line.split(' ').take(2).collect();
        words.join(" ")
    });
    let crates: BTreeSet<String> = crates.filter(|name| !name.is_empty()).collect();
    Ok(crates.len() - 1)
}

fn failed(subcommand: &str) -> Error {
    let what = format!(
        "cargo {subcommand} fails in tests/bench/rivals, see above. Where crates are missing, have a network, or \
         get them where there is one: cargo fetch --locked --manifest-path tests/bench/rivals/Cargo.toml"
    );
    what.into()
}

/// Copies the workspace, so that its code can be changed. What has not changed keeps its time. Gives the copy's folder.
///
/// # Errors
///
/// Where files cannot be read or written.
pub fn copy(to: &Path) -> Result<PathBuf> {
    let from = folder();
    let root = workspace();
    let root = root.to_str().ok_or("the workspace's path is no text")?;
    let mut files = vec!["Cargo.toml".to_owned(), "Cargo.lock".to_owned()];
    for entry in std::fs::read_dir(&from)? {
        let name = entry?.file_name();
        let name = name.to_str().ok_or("a file's name is no text")?;
        if from.join(name).join("Cargo.toml").exists() {
            files.push(format!("{name}/Cargo.toml"));
            files.push(format!("{name}/src/main.rs"));
        }
    }
    for file in files {
        let text = std::fs::read_to_string(from.join(&file))
            .map_err(|error| format!("tests/bench/rivals/{file}: {error}"))?;
        let text = text
            .replace("\"../../../../", &format!("\"{root}/"))
            .replace("\"../../", &format!("\"{root}/tests/bench/"));
        let path = to.join(file);
        if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
            continue;
        }
        crate::page::write(&path, &text)?;
    }
    Ok(to.to_owned())
}
