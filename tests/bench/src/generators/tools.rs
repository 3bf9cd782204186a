//! The generators that are compared: where each is, how it is run, and where its code goes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Result;
use crate::generators::{FOLDER, folder};
use crate::page::write;
use crate::section::workspace;

/// A generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `cargo xtask init`, then `cargo xtask codegen` with the overlay of it.
    Ours,
    /// `cargo progenitor`.
    Progenitor,
    /// `openapi-to-rust generate`.
    OpenapiToRust,
    /// `ploidy generate rust`.
    Ploidy,
    /// `oas3-gen generate client-mod`.
    Oas3Gen,
}

/// How a generator has ended.
#[derive(Debug)]
pub enum Ended {
    /// With code.
    Generated,
    /// With an error.
    Refused(String),
    /// With a panic.
    Panicked(String),
}

impl Tool {
    /// All, ours first.
    pub const ALL: [Self; 5] = [
        Self::Ours,
        Self::Progenitor,
        Self::OpenapiToRust,
        Self::Ploidy,
        Self::Oas3Gen,
    ];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Progenitor => "progenitor",
            Self::OpenapiToRust => "openapi-to-rust",
            Self::Ploidy => "ploidy",
            Self::Oas3Gen => "oas3-gen",
        }
    }

    /// The package that has its program.
    fn package(self) -> &'static str {
        match self {
            Self::Progenitor => "cargo-progenitor",
            Self::Ours => "xtask",
            _ => self.name(),
        }
    }

    /// Whether it reads no OpenAPI 3.0.
    #[must_use]
    pub fn needs_3_1(self) -> bool {
        self == Self::Oas3Gen
    }

    /// The version that the table is about. Ours is that of the workspace.
    ///
    /// # Errors
    ///
    /// Where `versions.txt` has none.
    pub fn version(self) -> Result<String> {
        if self == Self::Ours {
            return Ok(env!("CARGO_PKG_VERSION").to_owned());
        }
        let path = folder().join("versions.txt");
        let text = std::fs::read_to_string(&path)?;
        let line = text
            .lines()
            .find_map(|it| it.strip_prefix(self.package())?.strip_prefix(' '));
        Ok(line
            .ok_or_else(|| format!("{} has no {}", path.display(), self.package()))?
            .to_owned())
    }

    /// Its program, if it is there in that version.
    ///
    /// # Errors
    ///
    /// Where it is not, and how to get it.
    pub fn find(self, xtask: &Path) -> Result<PathBuf> {
        if self == Self::Ours {
            return Ok(xtask.to_owned());
        }
        let tools = std::env::var_os(FOLDER).map_or_else(|| folder().join("tools"), PathBuf::from);
        let installed = std::fs::read_to_string(tools.join(".crates.toml")).unwrap_or_default();
        let wanted = format!("\"{} {} ", self.package(), self.version()?);
        if !installed.contains(&wanted) {
            let what = format!(
                "{} {} is not in {}: run tests/bench/generators/install, or name the folder of `cargo install --root` by {FOLDER}",
                self.package(),
                self.version()?,
                tools.display(),
            );
            return Err(what.into());
        }
        let program = format!("{}{}", self.package(), std::env::consts::EXE_SUFFIX);
        Ok(tools.join("bin").join(program))
    }

    /// The commands that make code of the description in this empty folder, one after the other.
    #[must_use]
    pub fn commands(self, program: &Path, description: &Path, out: &Path) -> Vec<Command> {
        let command = |arguments: &[&str]| {
            let mut command = Command::new(program);
            command
                .args(arguments)
                .current_dir(out)
                .env("RUST_BACKTRACE", "0");
            command
        };
        match self {
            Self::Ours => {
                let overlay = out.join("overlay.yaml");
                let mut init = command(&["init", "--out"]);
                init.arg(&overlay).arg(description);
                let mut codegen = command(&["codegen", "--out", ".", "--description"]);
                codegen.arg(description).arg("--overlay").arg(&overlay);
                vec![init, codegen]
            }
            Self::Progenitor => {
                let mut command = command(&[
                    "progenitor",
                    "--include-client",
                    "false",
                    "--name",
                    "made",
                    "--version",
                    "0.0.0",
                    "--output",
                    ".",
                    "--input",
                ]);
                command.arg(description);
                vec![command]
            }
            Self::OpenapiToRust => {
                let mut command = command(&["generate", "--output-dir", "src"]);
                command.arg(description);
                vec![command]
            }
            Self::Ploidy => {
                let mut command = command(&["generate", "rust", "--name", "made", "--output", "."]);
                command.arg(description);
                vec![command]
            }
            Self::Oas3Gen => {
                let mut command = command(&[
                    "generate",
                    "client-mod",
                    "--color",
                    "never",
                    "--all-schemas",
                    "--output",
                    "src",
                    "--input",
                ]);
                command.arg(description);
                vec![command]
            }
        }
    }

    /// Makes the folder that it writes to.
    ///
    /// # Errors
    ///
    /// Where that cannot be done.
    pub fn prepare(self, out: &Path) -> Result<()> {
        std::fs::create_dir_all(out)?;
        if self == Self::Ours {
            // The features that are on by default are those of another description.
            let manifest = std::fs::read_to_string(workspace().join("letta-api/Cargo.toml"))?;
            let default = manifest.lines().find(|line| line.starts_with("default = "));
            let default = default.ok_or("letta-api/Cargo.toml has no line `default = `")?;
            write(
                &out.join("Cargo.toml"),
                &manifest.replace(default, "default = []"),
            )?;
            std::fs::create_dir_all(out.join("src"))?;
        }
        Ok(())
    }

    /// Makes code of the description in this folder.
    ///
    /// # Errors
    ///
    /// Where the program cannot be started.
    pub fn generate(self, program: &Path, description: &Path, out: &Path) -> Result<Ended> {
        self.prepare(out)?;
        for mut command in self.commands(program, description, out) {
            let output = command.stdin(Stdio::null()).output()?;
            if !output.status.success() {
                let said = [&output.stderr[..], &output.stdout[..]].concat();
                return Ok(ended(&String::from_utf8_lossy(&said)));
            }
        }
        Ok(Ended::Generated)
    }
}

/// How a generator has ended that printed this, and failed.
pub(super) fn ended(said: &str) -> Ended {
    match said.lines().position(|line| line.contains("panicked at")) {
        // What it says stands in the next line.
        Some(line) => Ended::Panicked(said.lines().nth(line + 1).unwrap_or_default().to_owned()),
        None => Ended::Refused(first(said)),
    }
}

/// The line that says what is wrong.
fn first(said: &str) -> String {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    // progenitor says it on the standard output.
    let line = lines()
        .find_map(|line| line.strip_prefix("gen fail: "))
        .or_else(|| lines().find(|line| line.to_lowercase().contains("error")))
        .or_else(|| lines().next());
    line.unwrap_or_default().to_owned()
}
