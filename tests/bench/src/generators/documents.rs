//! Whole descriptions: what their code takes to make, and whether it compiles.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::generators::tools::{Ended, Tool, ended};
use crate::generators::trial::{self, Compiled};
use crate::programs::Took;
use crate::programs::program;
use crate::statistics::number;
use crate::table::Table;

/// The folder that `tests/foreign/fetch` fills.
const FOREIGN: &str = "LETTA_FOREIGN_DESCRIPTIONS";
/// The service's published description.
const UPSTREAM: &str = "LETTA_UPSTREAM_DESCRIPTION";

/// What was measured of a description.
#[derive(Debug, Serialize, Deserialize)]
pub struct Document {
    /// What it is.
    pub name: String,
    /// Its version of OpenAPI, and how many operations it has.
    pub about: String,
    /// Each generator, ours first.
    pub made: Vec<Made>,
}

/// What a generator made of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Made {
    /// Its name.
    pub tool: String,
    /// Why there is no code.
    pub refused: Option<String>,
    /// Processor time, in seconds.
    pub cpu_seconds: f64,
    /// At most how much memory, in megabytes.
    pub memory: f64,
    /// Public methods that send something.
    pub methods: usize,
    /// Lines of Rust.
    pub lines: usize,
    /// What the compiler said, if there is code.
    pub compiled: Option<Compiled>,
}

/// Measures all that are here. Without `compiles`, what they generate is not compiled, which takes many minutes.
///
/// # Errors
///
/// Where a program cannot be started.
pub fn measure(xtask: &Path, compiles: bool) -> Result<Vec<Document>> {
    let mut files: Vec<(&str, &str, PathBuf)> = Vec::new();
    if let Some(file) = std::env::var_os(UPSTREAM) {
        files.push((
            "the service's published description",
            "3.1, 302 operations",
            file.into(),
        ));
    }
    if let Some(folder) = std::env::var_os(FOREIGN).map(PathBuf::from) {
        files.push((
            "Airflow",
            "3.1, 128 operations",
            folder.join("airflow.yaml"),
        ));
        files.push(("Docker", "3.0, 55 operations", folder.join("docker.yaml")));
        files.push((
            "ReadMe's example",
            "3.1, 54 operations",
            folder.join("readme.json"),
        ));
    }
    let mut documents = Vec::new();
    for (name, about, file) in files {
        println!("  {name}");
        let mut made = Vec::new();
        for tool in Tool::ALL {
            println!("    {}", tool.name());
            made.push(make(tool, &tool.find(xtask)?, &file, compiles)?);
        }
        documents.push(Document {
            name: name.to_owned(),
            about: about.to_owned(),
            made,
        });
    }
    Ok(documents)
}

fn make(tool: Tool, generator: &Path, description: &Path, compiles: bool) -> Result<Made> {
    let description = std::path::absolute(description)?;
    let trial = trial::Trial::new(tool, "whole")?;
    let out = trial.out("whole");
    tool.prepare(&out)?;
    let mut made = Made {
        tool: tool.name().to_owned(),
        refused: None,
        cpu_seconds: 0.0,
        memory: 0.0,
        methods: 0,
        lines: 0,
        compiled: None,
    };
    for command in tool.commands(generator, &description, &out) {
        let output = Command::new(program("meter"))
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir(&out)
            .stdin(Stdio::null())
            .output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            made.refused = Some(match ended(&said) {
                Ended::Panicked(message) => format!("{PANIC}{}", trial.told(&message)),
                Ended::Refused(message) => trial.told(&message),
                Ended::Generated => String::new(),
            });
            return Ok(made);
        }
        let took: Took = serde_json::from_slice(&output.stdout)?;
        made.cpu_seconds += took.cpu_seconds;
        made.memory = made.memory.max(took.memory);
    }
    count(&out.join("src"), &mut made)?;
    if compiles {
        made.compiled = Some(trial.check_whole("whole")?);
    }
    Ok(made)
}

fn count(folder: &Path, made: &mut Made) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            count(&path, made)?;
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = std::fs::read_to_string(&path)?;
            made.lines += text.lines().count();
            // Those of oas3-gen that read an answer send nothing.
            let all = text.matches("pub async fn ").count();
            made.methods += all - text.matches("pub async fn parse_response(").count();
        }
    }
    Ok(())
}

pub(super) fn tables(documents: &[Document]) -> String {
    let mut text = String::new();
    if !documents.is_empty() {
        text += INTRODUCTION;
    }
    for document in documents {
        text += &format!("\n### {}, OpenAPI {}\n\n", document.name, document.about);
        let mut table = Table::new(HEAD);
        for made in &document.made {
            let mut cells = vec![made.tool.clone()];
            if let Some(refused) = &made.refused {
                let is_panic = refused.starts_with(PANIC);
                cells.push(if is_panic { "**panics**" } else { "refused" }.to_owned());
            } else {
                cells.push(made.methods.to_string());
                cells.push(made.lines.to_string());
                cells.push(number(made.cpu_seconds));
                cells.push(number(made.memory));
                match &made.compiled {
                    None => cells.push("not tried".to_owned()),
                    Some(compiled) => {
                        cells.push(match compiled.errors {
                            0 => "yes".to_owned(),
                            errors => format!("**no**, {errors} errors"),
                        });
                        cells.push(compiled.warnings.to_string());
                        cells.push(number(compiled.cpu_seconds));
                    }
                }
            }
            cells.resize(HEAD.len(), String::new());
            table.row(cells);
        }
        text += &table.to_string();
        for made in &document.made {
            if let Some(refused) = &made.refused {
                text += &format!("\n{} says: {}\n", made.tool, super::code(refused));
            }
        }
    }
    text
}

/// How a panic is told apart from an error.
const PANIC: &str = "a panic: ";

const HEAD: [&str; 8] = [
    "generator",
    "methods",
    "lines",
    "CPU seconds",
    "peak MB",
    "compiles",
    "warnings",
    "check, CPU seconds",
];

const INTRODUCTION: &str = "
### Whole descriptions

One run each. All generators are debug builds. Ours has two commands, `init` and `codegen`, whose times are added up. All times are of the processor. Methods are all public
asynchronous ones: ours has a second method where an operation may answer with events. The time of `cargo check` is for the code by
itself. The columns of the compiler are empty if it was not tried.
";
