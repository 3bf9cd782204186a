//! What `cargo xtask codegen` takes, stage by stage, against progenitor by itself.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::Result;
use crate::plot::Bars;
use crate::programs::{Took, metered, program};
use crate::section::{Part, Results, Scale, Section, Target, workspace};
use crate::statistics::{Spread, number};
use crate::table::Table;

/// See the module.
#[derive(Debug)]
pub struct CodegenSection;

/// How long ours may take of the service's whole description, in seconds.
const LONGEST: f64 = 3.0;

/// The variable that names the service's whole description, which is not in this repository.
const UPSTREAM: &str = "LETTA_UPSTREAM_DESCRIPTION";

/// What was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Ours, and the service's whole one where it was there.
    pub documents: Vec<Document>,
}

/// What was measured of a description.
#[derive(Debug, Serialize, Deserialize)]
pub struct Document {
    /// What it is.
    pub name: String,
    /// Whether it is the service's whole one.
    pub is_whole: bool,
    /// How large its files are, in kilobytes.
    pub kilobytes: f64,
    /// `xtask codegen`.
    pub ours: Cost,
    /// progenitor by itself.
    pub alone: Cost,
    /// Seconds, times those of progenitor by itself.
    pub ratio: Spread,
}

/// What a program takes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cost {
    /// From its start to its end, in seconds.
    pub seconds: Spread,
    /// Processor time, in seconds.
    pub cpu_seconds: Spread,
    /// At most how much memory, in megabytes.
    pub memory: Spread,
    /// Its stages in their order, in milliseconds.
    pub stages: Vec<(String, Spread)>,
}

/// How long a stage took, as both programs write it.
#[derive(Debug, Deserialize)]
struct Timing {
    stage: String,
    milliseconds: f64,
}

impl Section for CodegenSection {
    const NAME: &'static str = "codegen";

    const TOPIC: &'static str = "Code generation";

    const ABOUT: &'static str = "Code generation, against progenitor by itself";

    type Results = Measured;

    fn measure(&self, scale: &Scale) -> Result<Measured> {
        let programs = Programs::find(scale)?;
        let own = workspace().join("openapi");
        let ours = Source {
            name: "this repository's description",
            description: own.join("letta.yaml"),
            overlay: own.join("overlay.yaml"),
            is_whole: false,
        };
        let mut documents = vec![measure_document(&ours, &programs, scale)?];
        // It takes seconds.
        if let Some(description) = std::env::var_os(UPSTREAM).filter(|_| !scale.is_smoke) {
            let whole = Source {
                name: "the service's published description",
                description: description.into(),
                overlay: workspace().join("xtask/tests/fixtures/upstream/overlay.yaml"),
                is_whole: true,
            };
            documents.push(measure_document(&whole, &programs, scale)?);
        }
        Ok(Measured { documents })
    }

    fn page(&self, results: &Results<Measured>) -> Part {
        page(&results.results)
    }
}

/// A description that code is generated of.
struct Source {
    name: &'static str,
    description: PathBuf,
    overlay: PathBuf,
    is_whole: bool,
}

impl Source {
    /// The files of the description. If it is ours, they are all in its folder, with the overlay.
    fn files(&self) -> Result<Vec<PathBuf>> {
        if self.is_whole {
            return Ok(vec![self.description.clone()]);
        }
        let folder = self.description.parent().unwrap_or(Path::new("."));
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(at(folder))? {
            let path = entry?.path();
            let is_part = path.extension().is_some_and(|it| it == "yaml") && path != self.overlay;
            if is_part {
                files.push(path);
            }
        }
        Ok(files)
    }
}

/// What is compared, in the profile that maintainers run it in.
struct Programs {
    xtask: PathBuf,
    alone: PathBuf,
}

/// The example of xtask that is progenitor by itself.
const ALONE: &str = "progenitor_alone";

impl Programs {
    /// Builds them. In a smoke run, those do that are there: to build them again with other features of what they
    /// depend on would take long.
    fn find(scale: &Scale) -> Result<Self> {
        let xtask = program("xtask");
        let alone = format!("examples/{ALONE}{}", std::env::consts::EXE_SUFFIX);
        let alone = xtask.with_file_name(alone);
        if scale.is_smoke && xtask.exists() && alone.exists() {
            return Ok(Self { xtask, alone });
        }
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--bin", "xtask", "--example", ALONE])
            .arg("--message-format=json-render-diagnostics")
            .arg("--manifest-path")
            .arg(workspace().join("xtask/Cargo.toml"))
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("cargo cannot be run: {error}"))?;
        if !output.status.success() {
            return Err("xtask cannot be built; see what cargo wrote above".into());
        }
        let messages = String::from_utf8(output.stdout)?;
        let built = |name: &str| {
            messages.lines().find_map(|line| {
                let message: serde_json::Value = serde_json::from_str(line).ok()?;
                let is_it = message["target"]["name"] == name;
                message["executable"]
                    .as_str()
                    .filter(|_| is_it)
                    .map(PathBuf::from)
            })
        };
        Ok(Self {
            xtask: built("xtask").ok_or("cargo does not say where xtask is")?,
            alone: built(ALONE).ok_or("cargo does not say where progenitor_alone is")?,
        })
    }
}

fn measure_document(source: &Source, programs: &Programs, scale: &Scale) -> Result<Document> {
    println!("  {}", source.name);
    let folder = TempDir::new()?;
    let prepared = folder.path().join("prepared.json");
    metered(
        Command::new(&programs.alone)
            .arg("prepare")
            .args([&source.description, &prepared]),
    )?;
    let package = folder.path().join("letta-api");
    prepare(source, &package)?;
    // So that all files are there already, as they mostly are.
    codegen(source, &package, programs)?;
    let mut ours = Vec::new();
    let mut alone = Vec::new();
    for round in 0..scale.rounds {
        for place in 0..2 {
            // The other one is first each time.
            if (round + place) % 2 == 0 {
                ours.push(codegen(source, &package, programs)?);
            } else {
                alone.push(generate_alone(&prepared, programs)?);
            }
        }
    }
    let seconds = |turns: &[Turn]| {
        turns
            .iter()
            .map(|turn| turn.took.seconds)
            .collect::<Vec<_>>()
    };
    let mut size = 0;
    for file in source.files()? {
        size += std::fs::metadata(&file).map_err(at(&file))?.len();
    }
    Ok(Document {
        name: source.name.to_owned(),
        is_whole: source.is_whole,
        kilobytes: size as f64 / 1e3,
        ratio: Spread::of_ratios(&seconds(&ours), &seconds(&alone)),
        ours: cost(&ours),
        alone: cost(&alone),
    })
}

/// One run of one of the programs.
struct Turn {
    took: Took,
    timings: Vec<Timing>,
}

/// Makes a folder of a crate to generate, so that nothing of this repository is changed.
fn prepare(source: &Source, package: &Path) -> Result<()> {
    let manifest = workspace().join("letta-api/Cargo.toml");
    let mut manifest = std::fs::read_to_string(&manifest).map_err(at(&manifest))?;
    if source.is_whole {
        // The features that are on by default are those of another description.
        let default = manifest.lines().find(|line| line.starts_with("default = "));
        let default = default.ok_or("letta-api/Cargo.toml has no line `default = `")?;
        manifest = manifest.replace(default, "default = []");
    }
    let sources = package.join("src");
    std::fs::create_dir_all(&sources).map_err(at(&sources))?;
    let path = package.join("Cargo.toml");
    Ok(std::fs::write(&path, manifest).map_err(at(&path))?)
}

fn codegen(source: &Source, package: &Path, programs: &Programs) -> Result<Turn> {
    let folder = TempDir::new()?;
    let timings = folder.path().join("timings.json");
    let arguments: [&OsStr; 9] = [
        "codegen".as_ref(),
        "--description".as_ref(),
        source.description.as_ref(),
        "--overlay".as_ref(),
        source.overlay.as_ref(),
        "--out".as_ref(),
        package.as_ref(),
        "--timings".as_ref(),
        timings.as_ref(),
    ];
    Ok(Turn {
        took: metered(Command::new(&programs.xtask).args(arguments))?,
        timings: read(&timings)?,
    })
}

fn generate_alone(prepared: &Path, programs: &Programs) -> Result<Turn> {
    let folder = TempDir::new()?;
    let out = folder.path().join("lib.rs");
    let timings = folder.path().join("timings.json");
    let arguments: [&OsStr; 4] = [
        "generate".as_ref(),
        prepared.as_ref(),
        out.as_ref(),
        timings.as_ref(),
    ];
    Ok(Turn {
        took: metered(Command::new(&programs.alone).args(arguments))?,
        timings: read(&timings)?,
    })
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).map_err(at(path))?;
    let read = serde_json::from_str(&text);
    Ok(read.map_err(|error| format!("{}: {error}", path.display()))?)
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> String {
    move |error| format!("{}: {error}", path.display())
}

fn cost(turns: &[Turn]) -> Cost {
    let spread = |value: fn(&Took) -> f64| Spread::of(turns.iter().map(|turn| value(&turn.took)));
    let stages = turns[0].timings.iter().enumerate().map(|(index, timing)| {
        let times = turns.iter().map(|turn| turn.timings[index].milliseconds);
        (timing.stage.clone(), Spread::of(times))
    });
    Cost {
        seconds: spread(|took| took.seconds),
        cpu_seconds: spread(|took| took.cpu_seconds),
        memory: spread(|took| took.memory),
        stages: stages.collect(),
    }
}

fn page(measured: &Measured) -> Part {
    let mut text = INTRODUCTION.to_owned();
    let mut plots = Vec::new();
    let mut targets = Vec::new();
    for (index, document) in measured.documents.iter().enumerate() {
        let Document { name, .. } = document;
        let mut letters = name.chars();
        let title: String = letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .collect();
        let title = title + letters.as_str();
        text += &format!("\n## {title}, {} kB\n\n", number(document.kilobytes));
        // The whole one, if it was measured.
        if index + 1 == measured.documents.len() {
            let plot = stage_bars(document).draw("codegen-stages");
            text += &plot.image();
            plots.push(plot);
        }
        if document.is_whole {
            let seconds = document.ours.seconds.median;
            targets.push(Target {
                what: format!("seconds that `cargo xtask codegen` takes of {name}, unoptimized"),
                wanted: format!("under {LONGEST}"),
                measured: format!("{seconds:.2}"),
                is_met: seconds < LONGEST,
                because: "Half of it is to parse, rewrite and print code, without optimizations. To optimize syn would save a quarter, and make \
                    xtask's first build take 40 % more processor time.",
            });
        }
        text += &cost_table(document).to_string();
        text.push('\n');
        text += &stage_table(document).to_string();
    }
    text += COMPILER;
    Part {
        summary: summary(measured),
        text,
        plots,
        targets,
    }
}

fn summary(measured: &Measured) -> String {
    let mut sentences = Vec::new();
    for document in &measured.documents {
        let cost = &document.ours;
        sentences.push(format!(
            "{:.2} s and {:.0} MB for {}: {:.1} times the seconds of progenitor alone, which does less.",
            cost.seconds.median, cost.memory.median, document.name, document.ratio.median
        ));
    }
    sentences.join(" ")
}

/// Where ours does what is a stage by itself in the other.
const PARSES: (&str, &str) = ("refine", "parse");

/// What progenitor by itself takes for the stage of this name.
fn alone<'a>(document: &'a Document, stage: &str) -> Option<&'a Spread> {
    let stage = if stage == PARSES.0 { PARSES.1 } else { stage };
    let stages = document.alone.stages.iter();
    stages
        .filter(|(name, _)| name == stage)
        .map(|(_, time)| time)
        .next()
}

fn stage_bars(document: &Document) -> Bars {
    let groups = document.ours.stages.iter().map(|(name, time)| {
        let bars = [Some(time), alone(document, name)];
        (name.clone(), bars.into_iter().flatten().copied().collect())
    });
    Bars {
        title: format!("Codegen of {}", document.name),
        unit: "milliseconds".to_owned(),
        series: ["xtask codegen", "progenitor alone"]
            .map(str::to_owned)
            .into(),
        groups: groups.collect(),
    }
}

fn cost_table(document: &Document) -> Table {
    let mut table = Table::new(["", "seconds", "CPU seconds", "peak MB"]);
    for (name, cost) in [
        ("xtask codegen", &document.ours),
        ("progenitor alone", &document.alone),
    ] {
        table.row([
            name.to_owned(),
            cost.seconds.show(2),
            cost.cpu_seconds.show(2),
            number(cost.memory.median),
        ]);
    }
    table.row([
        "ratio".to_owned(),
        document.ratio.show(2),
        String::new(),
        String::new(),
    ]);
    table
}

fn stage_table(document: &Document) -> Table {
    let mut table = Table::new(["stage", "xtask codegen, ms", "progenitor alone, ms"]);
    for (name, time) in &document.ours.stages {
        let alone = alone(document, name);
        let alone = alone.map_or_else(String::new, |time| number(time.median));
        table.row([name.clone(), number(time.median), alone]);
    }
    table
}

const INTRODUCTION: &str = include_str!("codegen.md");

const COMPILER: &str = "
## What the code costs a compiler

`cargo bench -p xtask --bench generated_crate` has `cargo check` compile letta-api, whole and by single features, and the code that
progenitor gives of the same description by itself, in turns. With `LETTA_UPSTREAM_DESCRIPTION=FILE` it does so for the service's
published description too. It takes up to ten minutes, and so is no part of this.
";
